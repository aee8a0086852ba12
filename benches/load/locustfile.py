"""The same mix for those who use Locust: `locust -f benches/load/locustfile.py --host http://127.0.0.1:8000`.

A closed loop: a user waits for an answer before asking again, so that a server which stalls is asked less. For latency
under a given rate, `make load-test`. ROWS names another CSV, MODEL another model, TOKEN a bearer token.
"""

import os
import pathlib
import random
import sys

from locust import HttpUser, between, events, task

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from bodies import MIX, bodies, default_model, features, rows_of  # noqa: E402

DATA = pathlib.Path(__file__).resolve().parents[2] / "data/boston.csv"
PREPARED = {}


@events.test_start.add_listener
def prepare(environment, **_):
    """What is asked, once the host is known."""
    token = os.environ.get("TOKEN")
    url = environment.host.rstrip("/")
    model = os.environ.get("MODEL") or default_model(url, token)
    PREPARED.update(bodies(rows_of(os.environ.get("ROWS", DATA), features(url, model, token)), model))


class Client(HttpUser):
    """One client: asks by the mix's weights, ten times a second at most."""

    wait_time = between(0.1, 0.3)

    @task
    def ask(self):
        name, _, right = random.choices(MIX, [weight for _, weight, _ in MIX])[0]
        path, kind, body = random.choice(PREPARED[name])
        headers = {"Content-Type": kind}
        if os.environ.get("TOKEN"):
            headers["Authorization"] = f"Bearer {os.environ['TOKEN']}"
        with self.client.post(path, body, headers=headers, name=name, catch_response=True) as answer:
            if answer.status_code == right:
                answer.success()
            else:
                answer.failure(f"{answer.status_code}, not {right}")

"""Rules, dashboard and what starts them, judged by promtool, a real Prometheus and two real servers.

    monitoring_test.py [--documents]     the second alone, with what `promtool check` says; a second

1. `promtool` checks the rules and runs tests/monitoring/rules_test.yaml. Each alert has a case that fires and one that
   does not: with alerts that always fire and with alerts that never do, a case of each must fail.
2. Each alert has its chapter in docs/operations.md, and each chapter its alert.
3. Two servers get a load whose counts are known; one has no model, then a broken file. `promtool check metrics` judges
   what they expose. Prometheus must count the load, record every rule, have a series for each query of the dashboard
   and each selector of the alerts, and fire just the alerts that the load asks for.

The program is SMARTSERVE's, or the debug build's; `prometheus` and `promtool` are those in PATH.
"""

import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/clients"))

from prometheus import DRIFT_RULES, Prometheus  # noqa: E402
from server import Server  # noqa: E402

DEPLOY = ROOT / "deploy/monitoring"
CASES = ROOT / "tests/monitoring/rules_test.yaml"
RULES = [DEPLOY / "rules.yaml", DRIFT_RULES]
# What the load makes fire: the server without a model answers 503 and is given a broken file.
FIRING = {"SmartserveErrorBudgetBurn", "SmartserveReloadFailed", "SmartserveFeatureDrift", "SmartservePredictionDrift"}
# A busy machine makes this one fire.
MAY_FIRE = {"SmartserveLatencyBudgetBurn"}
ROWS, SINGLE, WRONG, WITHOUT_MODEL = 1_500, 20, 5, 6


def rules():
    """All rules of both files."""
    files = [yaml.safe_load(file.read_text()) for file in RULES]
    return [rule for file in files for group in file["groups"] for rule in group["rules"]]


def alerts():
    return {rule["alert"] for rule in rules() if "alert" in rule}


def promtool(*words, **options):
    command = ["promtool", *map(str, words)]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def passes(*words, **options):
    ran = promtool(*words, **options)
    assert ran.returncode == 0, ran.stdout


def failing(folder, expression):
    """The alerts that a case notices when each alert asks this instead."""
    paths = []
    for file in RULES:
        document = yaml.safe_load(file.read_text())
        for group in document["groups"]:
            # What is recorded costs time and matters no more.
            group["rules"] = [rule | {"expr": expression} for rule in group["rules"] if "alert" in rule]
            for rule in group["rules"]:
                rule.pop("for", None)
        paths.append(folder / file.name)
        paths[-1].write_text(yaml.safe_dump(document))
    cases = yaml.safe_load(CASES.read_text())
    (folder / CASES.name).write_text(yaml.safe_dump(cases | {"rule_files": [path.name for path in paths]}))
    ran = promtool("test", "rules", folder / CASES.name)
    return set(re.findall(r"alertname: (\w+)", ran.stdout))


def check_files():
    passes("check", "rules", *RULES)
    for name in ("prometheus.yml", "local.yml"):
        passes("check", "config", DEPLOY / name)


def judge_rules(folder):
    check_files()
    passes("test", "rules", CASES)
    for expression, what in (("vector(1) > 2", "fires"), ("vector(1)", "does not fire")):
        unnoticed = alerts() - failing(folder, expression)
        assert not unnoticed, f"{CASES.name} has no case in which it {what}: {sorted(unnoticed)}"


def judge_documents():
    text = (ROOT / "docs/operations.md").read_text()
    chapters = set(re.findall(r"^### (Smartserve\w+)$", text, re.M))
    assert chapters == alerts(), f"docs/operations.md and the rules differ: {sorted(chapters ^ alerts())}"
    for rule in rules():
        if "alert" in rule:
            expected = f"docs/operations.md#{rule['alert'].lower()}"
            assert rule["annotations"]["runbook"] == expected, f"{rule['alert']}'s runbook is not {expected}"
    scraped, local = ((DEPLOY / name).read_text().partition("\nglobal:")[2] for name in ("prometheus.yml", "local.yml"))
    assert scraped.replace("smartserve:9090", "127.0.0.1:9091") == local, "local.yml is not prometheus.yml of one machine"
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            assert (DEPLOY / volume.split(":")[0]).is_file(), f"compose.yaml, {name}: there is no {volume}"
    version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    image = compose["services"]["smartserve"]["image"]
    assert image == f"smartserve:{version}", f"compose.yaml has {image}, Cargo.toml {version}"


def table(n, shift=0.0):
    """Rows of a number, a category and their target."""
    draw = random.Random(1)
    rows = [(draw.gauss(shift, 1), draw.choice("ab")) for _ in range(n)]
    return [f"{amount},{shop},{2 * amount + (shop == 'a')}" for amount, shop in rows]


def post(address, body):
    """The status of a prediction of these rows of CSV."""
    request = urllib.request.Request(f"http://{address}/predict", body.encode(), {"Content-Type": "text/csv"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def load(serving, empty):
    """Half of the known load; drifted, with a category that training has not seen."""
    rows = [line.rsplit(",", 1)[0] for line in table(ROWS // 2 - SINGLE // 2, shift=3.0)]
    assert post(serving.address, "\n".join(["amount,shop", *rows[:-1], "9,z", ""])) == 200
    for _ in range(SINGLE // 2):
        assert post(serving.address, "amount,shop\n3,a\n") == 200
    for _ in range(WRONG):
        assert post(serving.address, "amount,shop\n3,a,more\n") in (400, 422)
    for _ in range(WITHOUT_MODEL):
        assert post(empty.address, "amount,shop\n3,a\n") == 503


def scrape(server):
    with urllib.request.urlopen(f"http://{server.admin}/metrics", timeout=10) as answer:
        return answer.read().decode()


def dashboard_queries():
    """(where, expression) of each panel's queries and each variable, with the variables' values for all."""
    dashboard = json.loads((DEPLOY / "dashboard.json").read_text())
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            metric, label = re.fullmatch(r"label_values\((\w+), (\w+)\)", variable["definition"]).groups()
            yield f"variable {variable['name']}", f'{metric}{{{label}!=""}}'
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            expression = target["expr"].replace("$__rate_interval", "5m")
            yield f"panel {panel['title']}", re.sub(r"\$(job|model)\b", ".*", expression)


def selectors(expression):
    """The selectors of series in an expression, each with its labels; those of recorded rules too."""
    named = r"\b(?:smartserve[\w:]+|process_\w+|up)\b(?:\{[^}]*\})?"
    return [re.sub(r"\s+", " ", text) for text in re.findall(named, expression)]


def has_number(found):
    return any(not math.isnan(value) for _, value in found)


def counts(prometheus):
    """The load, as Prometheus has it."""
    requests = 'sum(smartserve_http_requests_total{route="/predict", status=~"%s"})'
    for expression, expected in [
        (requests % "200", SINGLE + 2),
        (requests % "4..", 2 * WRONG),
        (requests % "503", 2 * WITHOUT_MODEL),
        ("sum(smartserve_prediction_rows_total)", ROWS),
        ('sum(smartserve_feature_unseen_category_total{feature="shop"})', 2),
        ('sum(smartserve_model_reloads_total{result="error"})', 1),
        ("sum(smartserve_panics_total)", 0),
        ("sum(up)", 2),
    ]:
        prometheus.wait_for(expression, lambda found, expected=expected: found and found[0][1] == expected)


def judge_live(folder):
    models = folder / "models"
    models.mkdir()
    training = "\n".join(["amount,shop,y", *table(400), ""])
    words = ("--algorithm", "ridge", "--folds", "0", "--categorical", "shop", "--unknown", "other")
    serving = Server({"shops": (training, "y", *words)})
    empty = Server({}, "--models", str(models), "--reload-interval", "1s")
    prometheus = Prometheus(folder, [serving, empty], RULES)
    prometheus.wait_for("sum(smartserve_panics_total + 1)", lambda found: found and found[0][1] == 2)
    load(serving, empty)
    (models / "broken.model").write_text("not a model\n")
    # A series that came with its first count has a rate from its second scrape on.
    seen = 'smartserve_http_requests_total{route="/predict", status="%s"}'
    for status in ("200", "503"):
        prometheus.wait_for(seen % status, bool)
    load(serving, empty)
    counts(prometheus)
    for server in (serving, empty):
        passes("check", "metrics", input=scrape(server))
    asked = [(f"rule {rule['record']}", rule["record"]) for rule in rules() if "record" in rule]
    for rule in rules():
        if "alert" in rule:
            asked += [(f"alert {rule['alert']}", selector) for selector in selectors(rule["expr"])]
    asked += dashboard_queries()
    for where, expression in asked:
        try:
            prometheus.wait_for(expression, has_number)
        except RuntimeError as error:
            raise RuntimeError(f"{where}: no series of {error}") from error
    # Those that wait ten minutes are pending.
    state = 'count by (alertname) (ALERTS{alertstate=~"pending|firing"})'
    prometheus.wait_for(state, lambda found: {labels["alertname"] for labels, _ in found} >= FIRING)
    without = {labels["alertname"] for labels, _ in prometheus.query(state)} - FIRING - MAY_FIRE
    assert not without, f"fires without a cause: {sorted(without)}"
    prometheus.stop()
    for server in (serving, empty):
        server.stop()
    return len(asked)


def main():
    began = time.monotonic()
    judge_documents()
    if sys.argv[1:] == ["--documents"]:
        if shutil.which("promtool"):
            check_files()
        else:
            print("*** SKIPPED: promtool check. There is no prometheus (Debian: prometheus). ***")
        return
    with tempfile.TemporaryDirectory() as name:
        judge_rules(pathlib.Path(name))
    with tempfile.TemporaryDirectory() as name:
        n = judge_live(pathlib.Path(name))
    took = time.monotonic() - began
    print(f"monitoring: {len(alerts())} alerts fire and do not, {n} queries have their series ({took:.0f} s)")


if __name__ == "__main__":
    main()

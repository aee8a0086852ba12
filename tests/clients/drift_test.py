"""Drift as NumPy computes it and as a real Prometheus adds it up over two servers.

    drift_test.py

Two servers of one model get different rows. The PSI of each by `smartserve drift --json` and by its own gauges is
NumPy's; Prometheus scrapes both, and docs/drift.md's expression, over the counts themselves, gives the PSI of all rows
together. The rules in docs/examples/drift-rules.yaml are loaded and give it too, within what `increase` extrapolates.
The program is SMARTSERVE's, or the debug build's; `prometheus` and `promtool` are those in PATH.
"""

import json
import pathlib
import re
import subprocess
import tempfile
import urllib.request

import numpy
from prometheus import Prometheus
from server import BINARY, ROOT, Server

FEATURES = ["amount", "age", "shop"]


def table(random, n, shift=0.0):
    """Rows of a number, a whole number with ties and missing cells, and a category; the target behind them."""
    amount = random.lognormal(3, 0.5, n) * (1 + shift)
    age = random.integers(18, 30, n)
    shop = random.choice(["a", "b", "c"], n, p=[0.6, 0.3 - shift / 5, 0.1 + shift / 5])
    rows = zip(amount, age, shop, amount + 2.0 * age, random.random(n), strict=True)
    lines = [f"{a},{'' if gap < 0.05 else b},{c},{y}" for a, b, c, y, gap in rows]
    return "\n".join(["amount,age,shop,y", *lines]) + "\n"


def without_target(text):
    return "\n".join(line.rsplit(",", 1)[0] for line in text.splitlines()) + "\n"


def psi(counts, expected):
    """As docs/drift.md has it."""
    actual = numpy.array(counts) / numpy.sum(counts)
    expected = numpy.array(expected)
    return float(numpy.sum((actual - expected) * numpy.log((actual + 1e-4) / (expected + 1e-4))))


def of_report(column):
    return psi([b["count"] for b in column["bins"]], [b["expected_ratio"] for b in column["bins"]])


def report(model, rows):
    command = [BINARY, "drift", "--model", model, "--input", "-", "--threshold", "100", "--json"]
    ran = subprocess.run(command, input=rows, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ran.stdout)


def metrics(address):
    with urllib.request.urlopen(f"http://{address}/metrics", timeout=10) as answer:
        return answer.read().decode()


def close(found, expected, within, what):
    assert abs(found - expected) <= within, f"{what}: {found!r}, expected {expected!r}"


def documented():
    """The expression of docs/drift.md over the counts themselves."""
    text = (ROOT / "docs/drift.md").read_text()
    expression = re.search(r"```promql\n(.*?)```", text, re.DOTALL).group(1)
    return re.sub(r"increase\((\w+)\[1h\]\)", r"\1", expression)


def main():
    random = numpy.random.default_rng(1)
    training = table(random, 2_000)
    parts = [without_target(table(random, n, shift)) for n, shift in [(1_100, 0.0), (1_700, 0.6)]]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        words = ["--algorithm", "ridge", "--folds", "0", "--categorical", "shop"]
        servers = [Server({"shops": (training, "y", *words)}) for _ in parts]
        prometheus = Prometheus(folder, servers)
        both = 'count(smartserve_feature_values_total{bin="missing"})'
        prometheus.wait_for(both, lambda found: found and found[0][1] == 2 * len(FEATURES))
        model = str(pathlib.Path(servers[0]._folder.name, "shops.model"))
        for server, rows in zip(servers, parts, strict=True):
            server.ask("/predict", rows, "text/csv")
            columns = report(model, rows)
            text = metrics(server.admin)
            for column in [*columns["features"], columns["prediction"]]:
                close(column["psi"], of_report(column), 1e-12, f"drift of {column['name']}")
                start = f'smartserve_feature_drift_psi{{model="shops",feature="{column["name"]}"}} '
                if column is columns["prediction"]:
                    start = 'smartserve_prediction_drift_psi{model="shops"} '
                gauge = next(line for line in text.splitlines() if line.startswith(start))
                close(float(gauge[len(start) :]), of_report(column), 1e-12, start)
        pooled = report(model, parts[0] + parts[1].split("\n", 1)[1])
        expected = {column["name"]: of_report(column) for column in pooled["features"]}
        n_rows = float(pooled["rows"])
        rows = "sum(smartserve_prediction_rows_total)"
        prometheus.wait_for(rows, lambda found: found and found[0][1] == n_rows)
        found = {labels["feature"]: value for labels, value in prometheus.query(documented())}
        assert sorted(found) == sorted(FEATURES), found
        for feature, value in found.items():
            close(value, expected[feature], 1e-12, f"pooled {feature}")
        # `increase` extrapolates each server's counts; the more scrapes, the less.
        def is_near(value, expected):
            return abs(value - expected) <= 0.05 * max(expected, 0.01)

        prometheus.wait_for(
            "smartserve:feature_drift_psi",
            lambda found: len(found) == len(FEATURES)
            and all(is_near(value, expected[labels["feature"]]) for labels, value in found),
        )
        predicted = of_report(pooled["prediction"])
        by_rules = "smartserve:prediction_drift_psi"
        prometheus.wait_for(by_rules, lambda found: found and is_near(found[0][1], predicted))
        served = prometheus.query("count by (model) (smartserve_model_info)")
        assert served[0][1] == 2, served
        prometheus.stop()
        for server in servers:
            server.stop()
    print(f"drift of {len(FEATURES)} features: two servers, {int(n_rows)} rows, NumPy and Prometheus agree")


if __name__ == "__main__":
    main()

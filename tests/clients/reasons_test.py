"""Contributions of models that the libraries fit on the spot: equal to XGBoost's `pred_contribs`, LightGBM's
`pred_contrib` and, for scikit-learn, to `shap`'s formula (path-dependent TreeSHAP), computed here by its definition.

    reasons_test.py

Each model goes through `smartserve import` and `smartserve predict --explain`. Differences are measured in shares of the
row's sum of |terms|; the bound of each library is its own rounding: XGBoost adds in 32 bits and has its covers in 32
bits. The program is SMARTSERVE's, or the debug build's.
"""

import csv
import itertools
import math
import os
import pathlib
import subprocess
import sys
import tempfile

import lightgbm
import numpy
import xgboost
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor

PROGRAM = os.environ.get("SMARTSERVE", str(pathlib.Path(__file__).parents[2] / "target/debug/smartserve"))
ROWS, COLUMNS = 400, 5

# What the libraries' own rounding makes of a row's sum of |terms|.
OF_XGBOOST, OF_LIGHTGBM, OF_DEFINITION = 2e-6, 1e-12, 1e-12


def table(seed):
    """Rows with ties, missing cells and a column of categories."""
    random = numpy.random.default_rng(seed)
    x = numpy.round(random.normal(size=(ROWS, COLUMNS)), 1)
    x[:, 4] = random.integers(0, 6, ROWS)
    y = x[:, 0] * 2 + numpy.where(x[:, 1] > 0, x[:, 2], -1) + (x[:, 4] == 3) * 1.5 + random.normal(size=ROWS) / 10
    return x, y


def explained(model, rows, folder, *flags):
    """Baselines `[n, scores]` and contributions `[n, scores, features]` that `predict --explain` gives."""
    artifact, table = folder / "m.model", folder / "rows.csv"
    run(["import", str(model), "-o", str(artifact), *flags])
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"Column_{i}" if model.suffix == ".txt" else f"f{i}" for i in range(rows.shape[1])])
        writer.writerows([["" if math.isnan(cell) else repr(float(cell)) for cell in row] for row in rows])
    names = subprocess.run([PROGRAM, "inspect", "--json", str(artifact)], check=True, capture_output=True, text=True)
    features = [feature["name"] for feature in __import__("json").loads(names.stdout)["features"]]
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join([",".join(features) + "\n", *lines[1:]]))
    text = run(["predict", "--model", str(artifact), "--input", str(table), "--explain"])
    head, *answers = list(csv.reader(text.splitlines()))
    baselines = [i for i, name in enumerate(head) if name.startswith("baseline")]
    contributions = [i for i, name in enumerate(head) if name.startswith("contribution_")]
    numbers = numpy.array([[float(cell or "nan") for cell in row] for row in answers if row], dtype=object)
    pick = lambda columns: numpy.array(numbers[:, columns], dtype=float)
    return pick(baselines), pick(contributions).reshape(len(answers), len(baselines), rows.shape[1])


def run(arguments):
    """What the program prints."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{arguments}: {done.stderr}")
    return done.stdout


def compare(name, got, expected, bound):
    """Fails where contributions differ by more than `bound` of the row's sum of |terms|."""
    (baseline, contributions), (their_baseline, theirs) = got, expected
    terms = numpy.abs(theirs).sum(axis=2, keepdims=True) + numpy.abs(their_baseline)[:, :, None]
    worst = max(
        (numpy.abs(contributions - theirs) / terms).max(),
        (numpy.abs(baseline - their_baseline)[:, :, None] / terms).max(),
    )
    print(f"{name}: {worst:.1e} of the terms (at most {bound:.0e})")
    if not worst <= bound:
        sys.exit(f"{name}: contributions differ by {worst:.2e} of the terms")


def split_off(theirs, n_scores):
    """A library's table of contributions with the baseline last in each score: baselines and contributions."""
    theirs = numpy.asarray(theirs, dtype=float).reshape(len(theirs), n_scores, -1)
    return theirs[:, :, -1], theirs[:, :, :-1]


def of_xgboost(folder):
    x, y = table(1)
    classes = numpy.digitize(y, [-1.5, 1.5])
    for name, objective, target, more, n_scores in [
        ("squares", "reg:squarederror", y, {}, 1),
        ("log-odds", "binary:logistic", (y > 0).astype(int), {}, 1),
        ("three classes", "multi:softprob", classes, {"num_class": 3}, 3),
    ]:
        holed = x.copy()
        holed[::7, 2] = numpy.nan
        data = xgboost.DMatrix(holed, target)
        booster = xgboost.train({"objective": objective, "max_depth": 5, "seed": 1, **more}, data, 20)
        path = folder / "m.json"
        booster.save_model(path)
        theirs = booster.predict(data, pred_contribs=True)
        compare(f"XGBoost, {name}", explained(path, holed, folder), split_off(theirs, n_scores), OF_XGBOOST)


def of_lightgbm(folder):
    x, y = table(2)
    classes = numpy.digitize(y, [-1.5, 1.5])
    quiet = {"verbose": -1, "num_leaves": 20, "min_data_in_leaf": 5, "deterministic": True, "num_threads": 1}
    for name, objective, target, more, n_scores in [
        ("squares and categories", "regression", y, {}, 1),
        ("log-odds", "binary", (y > 0).astype(int), {}, 1),
        ("three classes", "multiclass", classes, {"num_class": 3}, 3),
    ]:
        data = lightgbm.Dataset(x, target, categorical_feature=[4])
        booster = lightgbm.train({"objective": objective, **quiet, **more}, data, 20)
        path = folder / "m.txt"
        booster.save_model(path)
        theirs = booster.predict(x, pred_contrib=True)
        compare(f"LightGBM, {name}", explained(path, x, folder), split_off(theirs, n_scores), OF_LIGHTGBM)


def shapley(nodes, row, n_outputs):
    """Baseline and Shapley values of one tree by their definition; `nodes` has (goes_left, column, left, right,
    weight, value) a node."""

    def expectation(at, known):
        test, column, left, right, _, value = nodes[at]
        if test is None:
            return value
        if column in known:
            return expectation(left if test(row[column]) else right, known)
        weights = nodes[left][4], nodes[right][4]
        below = expectation(left, known), expectation(right, known)
        return (weights[0] * below[0] + weights[1] * below[1]) / (weights[0] + weights[1])

    subsets = {s: expectation(0, s) for n in range(COLUMNS + 1) for s in map(frozenset, itertools.combinations(range(COLUMNS), n))}
    values = numpy.zeros((n_outputs, COLUMNS))
    for column in range(COLUMNS):
        for subset, value in subsets.items():
            if column not in subset:
                n = len(subset)
                weight = math.factorial(n) * math.factorial(COLUMNS - n - 1) / math.factorial(COLUMNS)
                values[:, column] += weight * (subsets[subset | {column}] - value)
    return subsets[frozenset()], values


def of_tree(tree, value):
    """A scikit-learn tree's nodes for `shapley`: cells are compared in 32 bits."""
    def node(at):
        if tree.children_left[at] == -1:
            return None, None, None, None, tree.weighted_n_node_samples[at], value(at)
        threshold = tree.threshold[at]
        test = lambda cell: float(numpy.float32(cell)) <= threshold
        return test, tree.feature[at], tree.children_left[at], tree.children_right[at], tree.weighted_n_node_samples[at], None
    return [node(at) for at in range(tree.node_count)]


def of_sklearn(folder):
    import skops.io

    x, y = table(3)
    classes = numpy.digitize(y, [-1.5, 1.5])
    rows = x[:12]
    forest = RandomForestRegressor(6, max_depth=4, random_state=1).fit(x, y)
    trees = [(of_tree(e.tree_, lambda at, t=e.tree_: t.value[at, 0]), 1 / 6) for e in forest.estimators_]
    of_classes = RandomForestClassifier(6, max_depth=4, random_state=1).fit(x, classes)
    shares = [(of_tree(e.tree_, lambda at, t=e.tree_: t.value[at, 0] / t.value[at, 0].sum()), 1 / 6) for e in of_classes.estimators_]
    boosted = GradientBoostingRegressor(n_estimators=8, max_depth=3, random_state=1).fit(x, y)
    stages = [(of_tree(e[0].tree_, lambda at, t=e[0].tree_: t.value[at, 0]), boosted.learning_rate) for e in boosted.estimators_]
    start = float(boosted.init_.constant_.ravel()[0])
    for name, model, parts, n_outputs, start in [
        ("random forest", forest, trees, 1, 0.0),
        ("random forest of classes", of_classes, shares, 3, 0.0),
        ("gradient boosting", boosted, stages, 1, start),
    ]:
        path = folder / "m.skops"
        skops.io.dump(model, path)
        baselines, values = [], []
        for row in rows:
            found = [(w, *shapley(nodes, row, n_outputs)) for nodes, w in parts]
            baselines.append(start + sum(w * b for w, b, _ in found))
            values.append(sum(w * v for w, _, v in found))
        expected = numpy.array(baselines).reshape(len(rows), n_outputs), numpy.array(values)
        compare(f"scikit-learn, {name}", explained(path, rows, folder), expected, OF_DEFINITION)
    # Its counts are there too: baseline and contributions add up to the prediction.
    hist = HistGradientBoostingRegressor(max_iter=10, random_state=1).fit(x, y)
    path = folder / "m.skops"
    skops.io.dump(hist, path)
    baseline, contributions = explained(path, rows, folder)
    sums = baseline[:, 0] + contributions[:, 0].sum(axis=1)
    if not numpy.allclose(sums, hist.predict(rows), rtol=1e-12, atol=1e-12):
        sys.exit("scikit-learn, hist: contributions do not add up to the prediction")


def main():
    with tempfile.TemporaryDirectory() as folder:
        for library in (of_xgboost, of_lightgbm, of_sklearn):
            library(pathlib.Path(folder))


if __name__ == "__main__":
    main()

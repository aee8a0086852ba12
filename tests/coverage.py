#!/usr/bin/env python3
"""How often intervals and sets of classes hold the truth, over random splits, beside MAPIE's.

    tests/coverage.py BINARY DOCUMENT [--splits 50] [--only WORD]...

Each split sets a fifth of the rows aside. `smartserve train` is given the rest as --data and those as --test-data, and
tells coverage and width at 80, 90 and 95 %; MAPIE's CrossConformalRegressor (method "plus") and CrossConformalClassifier
(score "lac") wrap scikit-learn's closest estimator, with as many folds and the same rows. What was measured with this
binary and this script is kept in target/coverage, so that a run can be broken off and gone on with. Writes DOCUMENT (not
with --only); fails where the coverage of an algorithm, the mean over its tables, is more than 2 % off the level, for
classes more than 2 % below.
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
import tempfile
import warnings

import joblib
import mapie
import numpy as np
import sklearn
from mapie.classification import CrossConformalClassifier
from mapie.regression import CrossConformalRegressor

import accuracy

ROOT = pathlib.Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "coverage"
LEVELS = (0.8, 0.9, 0.95)
FOLDS = 10
BAR = 0.02
TABLES = (
    ("boston", "MEDV", accuracy.REGRESSION),
    ("diabetes", "target", accuracy.REGRESSION),
    ("flats", "rent", accuracy.REGRESSION),
    ("iris", "species", accuracy.CLASSIFICATION),
)
# MAPIE's numbers come from tables of numbers.
OF_NUMBERS = ("boston", "diabetes", "iris")


def rows_of(name):
    with open(ROOT / f"data/{name}.csv", newline="") as file:
        header, *rows = csv.reader(file)
    return header, rows


def held_out(n_rows, split):
    """The rows that are set aside."""
    return np.random.default_rng(split).permutation(n_rows)[: round(n_rows / 5)]


def ours(binary, name, target, algorithm, split):
    """Coverage and mean width (of classes the mean size of a set) at each level."""
    header, rows = rows_of(name)
    held = set(held_out(len(rows), split).tolist())
    with tempfile.TemporaryDirectory() as folder:
        files = {}
        for part in ("train", "test"):
            files[part] = pathlib.Path(folder) / f"{part}.csv"
            with open(files[part], "w", newline="") as file:
                csv.writer(file).writerows([header, *(row for i, row in enumerate(rows) if (i in held) == (part == "test"))])
        command = [binary, "train", "--json", "--data", files["train"], "--test-data", files["test"], "--target", target,
                   "--algorithm", algorithm, "--folds", str(FOLDS), "--seed", str(split), "-o", files["test"].with_suffix(".model")]
        ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if ran.returncode:
            sys.exit(f"{name}, {algorithm}, split {split}: {ran.stderr}")
    intervals = json.loads(ran.stdout)["intervals"]
    found = {line["level"]: (line["coverage"], line.get("mean_width", line.get("mean_set_size"))) for line in intervals}
    return [found[level] for level in LEVELS]


def theirs(name, target, make, split):
    """The same of MAPIE."""
    header, rows = rows_of(name)
    at = header.index(target)
    is_class = name == "iris"
    x = np.array([[float(cell) for i, cell in enumerate(row) if i != at] for row in rows])
    y = np.array([row[at] if is_class else float(row[at]) for row in rows])
    held = np.zeros(len(rows), dtype=bool)
    held[held_out(len(rows), split)] = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        words = {"confidence_level": list(LEVELS), "cv": FOLDS, "random_state": split}
        if is_class:
            model = CrossConformalClassifier(make(split), conformity_score="lac", **words)
            _, sets = model.fit_conformalize(x[~held], y[~held]).predict_set(x[held])
            # Its classes are in numpy's order.
            column = np.searchsorted(np.unique(y), y[held])
            holds = [sets[np.arange(held.sum()), column, i] for i in range(len(LEVELS))]
            widths = [sets[:, :, i].sum(axis=1) for i in range(len(LEVELS))]
        else:
            model = CrossConformalRegressor(make(split), method="plus", **words)
            _, bounds = model.fit_conformalize(x[~held], y[~held]).predict_interval(x[held])
            holds = [(bounds[:, 0, i] <= y[held]) & (y[held] <= bounds[:, 1, i]) for i in range(len(LEVELS))]
            widths = [bounds[:, 1, i] - bounds[:, 0, i] for i in range(len(LEVELS))]
    return [(float(hold.mean()), float(width.mean())) for hold, width in zip(holds, widths)]


def mean(figures):
    """The mean over the splits, for each level coverage and width."""
    return np.array(figures).mean(axis=0).tolist() if figures else None


def measure(binary, table, algorithm, splits):
    name, target, estimators = table
    mine = [ours(binary, name, target, algorithm, split) for split in range(splits)]
    others = []
    # MAPIE asks for probabilities, which a support vector machine has not.
    if name in OF_NUMBERS and algorithm != "svc":
        make = estimators[algorithm][0]
        others = joblib.Parallel(n_jobs=-1)(joblib.delayed(theirs)(name, target, make, split) for split in range(splits))
    return [mean(mine), mean(others)]


def document(lines, splits):
    yield "# How often intervals hold the truth"
    yield ""
    yield (
        f"Each algorithm with its defaults on the tables of data/, {splits} random splits: four fifths to `train` with "
        f"{FOLDS} folds, a fifth set aside. Coverage is the share of the rows set aside whose interval (of classes: whose "
        "set) holds the truth, the mean over the splits; width is that of an interval in the target's unit, of classes how "
        f"many a set has. Beside it MAPIE {mapie.__version__} on the same rows with the closest estimator of scikit-learn "
        f"{sklearn.__version__} and as many folds: `CrossConformalRegressor`, method plus, and `CrossConformalClassifier`, "
        "score lac. *flats* has text, and 60 rows."
    )
    yield ""
    yield (
        f"Made by `make coverage`, which fails where an algorithm's mean over its tables is more than {BAR:.0%} off the level "
        f"(classes: below it). This run: Python {platform.python_version()}, {os.cpu_count()} cores, {accuracy.processor()}."
    )
    for name, *_ in TABLES:
        yield ""
        yield f"## {name}"
        yield ""
        yield "| algorithm | " + " | ".join(f"{level:.0%} | width | MAPIE | width" for level in LEVELS) + " |"
        yield "|---|" + "---|" * (4 * len(LEVELS))
        for table, algorithm, mine, others in lines:
            if table == name:
                cells = [f"`{algorithm}`"]
                for i in range(len(LEVELS)):
                    cells += [f"{mine[i][0]:.1%}", f"{mine[i][1]:.4g}"]
                    cells += [f"{others[i][0]:.1%}", f"{others[i][1]:.4g}"] if others else ["–", "–"]
                yield "| " + " | ".join(cells) + " |"


def failures(lines):
    for algorithm in dict.fromkeys(line[1] for line in lines):
        for is_class in (False, True):
            of = [mine for name, a, mine, _ in lines if a == algorithm and (name == "iris") == is_class]
            for i, level in enumerate(LEVELS if of else ()):
                coverage = float(np.mean([mine[i][0] for mine in of]))
                if coverage < level - BAR or (not is_class and coverage > level + BAR):
                    yield f"{algorithm}: {coverage:.1%} where {level:.0%} was asked"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("--splits", type=int, default=50)
    parser.add_argument("--only", action="append", default=[])
    asked = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    identity = hashlib.sha256(asked.binary.read_bytes() + pathlib.Path(__file__).read_bytes()).hexdigest()[:12]
    path = WORK / f"kept-{identity}-{asked.splits}.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    lines = []
    for table in TABLES:
        name, _, estimators = table
        for algorithm in estimators:
            key = f"{name}/{algorithm}"
            if asked.only and not any(word in key for word in asked.only):
                continue
            if key not in kept:
                kept[key] = measure(asked.binary.absolute(), table, algorithm, asked.splits)
                path.write_text(json.dumps(kept))
            mine, others = kept[key]
            lines.append((name, algorithm, mine, others))
            beside = "  ".join(f"{c:.1%}" for c, _ in others) if others else "none"
            print(f"{key:34} {'  '.join(f'{c:.1%}' for c, _ in mine)}   MAPIE {beside}", flush=True)
    wrong = list(failures(lines))
    if not asked.only:
        asked.document.write_text("\n".join(document(lines, asked.splits)) + "\n")
    for line in wrong:
        print(f"*** {line}", file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

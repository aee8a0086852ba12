#!/usr/bin/env python3
"""How often intervals and sets of classes hold the truth, over random splits, beside MAPIE's.

    tests/coverage.py BINARY DOCUMENT [--splits 50] [--peer-splits 10] [--only WORD]...

Each split sets a fifth of the rows aside. `smartserve train` is given the rest as --data and those as --test-data, and
tells coverage and width at 80, 90 and 95 %; MAPIE's CrossConformalRegressor (method "plus") and
CrossConformalClassifier (score "lac") wrap scikit-learn's closest estimator, with as many folds, on the first splits
(--peer-splits 10): it takes some times as long. What was measured with this script and, of ours, with this binary is
kept in target/coverage, so that a run can be broken off and gone on with. Writes DOCUMENT (not with --only); fails
where the coverage of an algorithm, the mean over its tables, is more than 2 % off the level, for classes more than 2 %
below.
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


def is_of_classes(estimators):
    return estimators is accuracy.CLASSIFICATION


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


def theirs(name, target, make, is_class, split):
    """The same of MAPIE."""
    header, rows = rows_of(name)
    at = header.index(target)
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
    return np.array(figures).mean(axis=0).tolist()


class Kept:
    """What was measured, by name, in a file."""

    def __init__(self, what, *contents):
        identity = hashlib.sha256(b"".join([*contents, pathlib.Path(__file__).read_bytes()])).hexdigest()[:12]
        self.path = WORK / f"{what}-{identity}.json"
        self.figures = json.loads(self.path.read_text()) if self.path.exists() else {}

    def get(self, name, measure):
        if name not in self.figures:
            self.figures[name] = measure()
            self.path.write_text(json.dumps(self.figures))
        return self.figures[name]


def measure_theirs(table, algorithm, splits):
    name, target, estimators = table
    # MAPIE asks for probabilities, which a support vector machine has not.
    if name not in OF_NUMBERS or algorithm == "svc":
        return None
    make, is_class = estimators[algorithm][0], is_of_classes(estimators)
    jobs = (joblib.delayed(theirs)(name, target, make, is_class, split) for split in range(splits))
    return mean(joblib.Parallel(n_jobs=-1)(jobs))


def document(lines, splits, peer_splits):
    yield "# How often intervals hold the truth"
    yield ""
    yield (
        f"Each algorithm with its defaults on the tables of data/, {splits} random splits: four fifths to `train` with "
        f"{FOLDS} folds, a fifth set aside. Coverage is the share of the rows set aside whose interval (of classes: whose "
        "set) holds the truth, the mean over the splits; width is that of an interval in the target's unit, of classes how "
        f"many a set has. Beside it MAPIE {mapie.__version__} on the first {peer_splits} of these splits with the closest "
        f"estimator of scikit-learn {sklearn.__version__} and as many folds: `CrossConformalRegressor`, method plus, and "
        "`CrossConformalClassifier`, score lac, which asks for probabilities. *flats* has text, and 60 rows."
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
    classes = {name for name, _, estimators in TABLES if is_of_classes(estimators)}
    for algorithm in dict.fromkeys(line[1] for line in lines):
        for is_class in (False, True):
            of = [mine for name, a, mine, _ in lines if a == algorithm and (name in classes) == is_class]
            for i, level in enumerate(LEVELS if of else ()):
                coverage = float(np.mean([mine[i][0] for mine in of]))
                if coverage < level - BAR or (not is_class and coverage > level + BAR):
                    yield f"{algorithm}: {coverage:.1%} where {level:.0%} was asked"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", type=pathlib.Path)
    parser.add_argument("document", type=pathlib.Path)
    parser.add_argument("--splits", type=int, default=50)
    parser.add_argument("--peer-splits", type=int, default=10)
    parser.add_argument("--only", action="append", default=[])
    asked = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    mine_kept = Kept(f"ours-{asked.splits}", asked.binary.read_bytes())
    others_kept = Kept(f"mapie-{asked.peer_splits}", mapie.__version__.encode(), sklearn.__version__.encode())
    lines = []
    for table in TABLES:
        name, target, estimators = table
        for algorithm in estimators:
            key = f"{name}/{algorithm}"
            if asked.only and not any(word in key for word in asked.only):
                continue
            splits, binary = range(asked.splits), asked.binary.absolute()
            mine = mine_kept.get(key, lambda: mean([ours(binary, name, target, algorithm, split) for split in splits]))
            others = others_kept.get(key, lambda: measure_theirs(table, algorithm, asked.peer_splits))
            lines.append((name, algorithm, mine, others))
            beside = "  ".join(f"{c:.1%}" for c, _ in others) if others else "none"
            print(f"{key:34} {'  '.join(f'{c:.1%}' for c, _ in mine)}   MAPIE {beside}", flush=True)
    wrong = list(failures(lines))
    if not asked.only:
        asked.document.write_text("\n".join(document(lines, asked.splits, asked.peer_splits)) + "\n")
    for line in wrong:
        print(f"*** {line}", file=sys.stderr)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""CPU time and memory of boosting beside XGBoost's and LightGBM's, on the same table.

    benches/train/peers.py BINARY [ROWS]...

Makes tables of ROWS (100,000 and 1,000,000 if none are given) by 20 columns, two of them of 50 categories, a tenth of the
cells missing, and prints for each: the CPU seconds of 100 rounds of depth 6 (learning rate 0.1, 255 bins, ours without
early stopping) with two threads and with one, and the peak memory; and what a whole `train` with 5 folds takes. Rounds:
a process that fits 100, less one that fits 1, so that reading and cutting into bins are in neither; ours also answers
all rows. Of 100,000 rows it also compares R² on a fifth that is set aside, of `train` and of LightGBM without any option,
for five seeds. Each process is started by a small one, since the peak of a child begins with that of its parent.
"""

import json
import pathlib
import subprocess
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from launch import used  # noqa: E402

WORK = pathlib.Path(__file__).resolve().parents[2] / "target" / "bench-train"
PEER = """
import sys
import numpy as np
library, table, rounds, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
rows = np.load(table)
x, y = rows[:, :-1], rows[:, -1]
if library == "xgboost":
    import xgboost
    data = xgboost.QuantileDMatrix(
        x, y, max_bin=256, feature_types=["q"] * 18 + ["c"] * 2, enable_categorical=True, nthread=threads
    )
    xgboost.train({"tree_method": "hist", "max_depth": 6, "eta": 0.1, "max_bin": 256, "nthread": threads}, data, rounds)
else:
    import lightgbm
    options = {"max_bin": 256, "num_threads": threads, "verbose": -1}
    data = lightgbm.Dataset(x, y, categorical_feature=[18, 19], params=options)
    options |= {"objective": "regression", "max_depth": 6, "num_leaves": 64, "learning_rate": 0.1}
    lightgbm.train(options, data, rounds)
"""


def make(n_rows):
    """The table as CSV for us and as an array for the peers."""
    WORK.mkdir(parents=True, exist_ok=True)
    text, array = WORK / f"{n_rows}.csv", WORK / f"{n_rows}.npy"
    if text.exists() and array.exists():
        return text, array
    random = np.random.default_rng(0)
    x = random.normal(size=(n_rows, 18)).round(6)
    groups = random.integers(0, 50, (n_rows, 2))
    worth = random.normal(size=(2, 50))
    y = 2 * x[:, 0] + np.sin(3 * x[:, 1]) + x[:, 2] * x[:, 3] + (x[:, 4] > 0.3) * x[:, 5]
    y += worth[0][groups[:, 0]] + worth[1][groups[:, 1]] * x[:, 6].clip(-1, 1) + random.normal(size=n_rows)
    cells = np.column_stack([x, groups])
    cells[random.random(cells.shape) < 0.1] = np.nan
    rows = np.column_stack([cells, y.round(6)])
    np.save(array, rows)
    with open(text, "w") as file:
        file.write(",".join([f"x{i}" for i in range(18)] + ["a", "b", "y"]) + "\n")
        for row in rows:
            numbers = ["" if np.isnan(v) else repr(float(v)) for v in row[:18]]
            names = ["" if np.isnan(v) else f"k{int(v)}" for v in row[18:20]]
            file.write(",".join([*numbers, *names, repr(float(row[20]))]) + "\n")
    return text, array


def ours(binary, table, rounds, threads):
    command = ["--algorithm", "hist-gradient-boosting", "--folds", "0", "--test-size", "0", "--early-stopping", "0"]
    command += ["--trees", rounds, "--max-depth", "6", "--max-leaves", "64", "-o", WORK / "fit.model"]
    cores = "0" if threads == 1 else "0,1"
    return used("taskset", "-c", cores, binary, "train", "--data", table, "--target", "y", *command)


def r2(binary, text, array, seed):
    """R² of ours and of LightGBM's on a fifth of the rows, both with their defaults."""
    import lightgbm
    from sklearn.metrics import r2_score

    head, *lines = text.read_text().splitlines()
    rows = np.load(array)
    order = np.random.default_rng(seed).permutation(len(rows))
    rest, aside = order[len(rows) // 5:], order[: len(rows) // 5]
    for name, part in (("rest", rest), ("aside", aside)):
        (WORK / f"{name}.csv").write_text("\n".join([head, *(lines[i] for i in part)]) + "\n")
    command = ["train", "--json", "--data", WORK / "rest.csv", "--test-data", WORK / "aside.csv", "--target", "y"]
    command += ["--folds", "0", "--seed", seed, "-o", WORK / "whole.model"]
    ran = subprocess.run([binary, *map(str, command)], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    theirs = lightgbm.LGBMRegressor(random_state=seed, verbose=-1)
    theirs.fit(rows[rest, :-1], rows[rest, -1], categorical_feature=[18, 19])
    report = json.loads(ran.stdout)["evaluation"]["holdout"]
    return report.get("metrics", report)["r2"], r2_score(rows[aside, -1], theirs.predict(rows[aside, :-1]))


def main():
    binary, sizes = pathlib.Path(sys.argv[1]).resolve(), [int(n) for n in sys.argv[2:]] or [100_000, 1_000_000]
    for n_rows in sizes:
        text, array = make(n_rows)
        print(f"{n_rows:,} rows of 20 columns, {n_rows * 20 * 8 / 2**20:.0f} MiB as numbers of 64 bits", flush=True)
        for threads in (2, 1):
            fits = {
                "smartserve": lambda rounds: ours(binary, text, rounds, threads),
                "XGBoost": lambda rounds: used(sys.executable, "-c", PEER, "xgboost", array, rounds, threads),
                "LightGBM": lambda rounds: used(sys.executable, "-c", PEER, "lightgbm", array, rounds, threads),
            }
            for name, fit in fits.items():
                (one, _), (many, peak) = fit(1), fit(100)
                print(f"  {name:10} {threads} threads: {many - one:6.2f} s of CPU, {peak:5.0f} MiB", flush=True)
        whole = used(binary, "train", "--data", text, "--target", "y", "--folds", "5", "-o", WORK / "whole.model")
        print(f"  train with 5 folds: {whole[0]:.1f} s of CPU, {whole[1]:.0f} MiB", flush=True)
        if n_rows == 100_000:
            pairs = [r2(binary, text, array, seed) for seed in range(5)]
            ours_r2, theirs = np.median([a for a, _ in pairs]), np.median([b for _, b in pairs])
            print(f"  R², median of 5 seeds: {ours_r2:.4f}, LightGBM {theirs:.4f}", flush=True)


if __name__ == "__main__":
    main()

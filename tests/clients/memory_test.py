"""What `smartserve import` holds while it reads large models that the libraries themselves have just fitted: at most
6 times the bytes of JSON, UBJSON and text, at most 64 times those of a pickle or a skops file, inflated.

    memory_test.py [--seed N]

Prints the highest resident memory and the CPU time of each import, less those of a small model. The program is
SMARTSERVE's, or the debug build's.
"""

import argparse
import gzip
import pathlib
import pickle
import subprocess
import sys
import tempfile
import warnings
import zlib

import joblib
import lightgbm
import numpy
import skops.io
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor

from server import BINARY

ROWS, COLUMNS = 20_000, 20


def models(random, small):
    """Files by name: the bytes, their inflated length, and how many times that an import may hold."""
    x = random.normal(size=(2_000 if small else ROWS, COLUMNS))
    y = x[:, 0] * x[:, 1] + x[:, 2] ** 2 + random.normal(size=len(x))
    trees = 2 if small else 100

    settings = {"max_depth": 10, "eta": 0.1, "seed": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(x, y), trees)
    for form in ("json", "ubj"):
        raw = bytes(booster.save_raw(form))
        yield f"xgboost.{form}", raw, len(raw), 6

    settings = {"num_leaves": 500, "verbose": -1, "seed": 1}
    text = lightgbm.train(settings, lightgbm.Dataset(x, y), trees).model_to_string().encode()
    yield "lightgbm.txt", text, len(text), 6

    forest = RandomForestRegressor(max(2, trees // 10), random_state=1).fit(x, y)
    boosting = HistGradientBoostingRegressor(max_iter=trees, max_leaf_nodes=500, early_stopping=False).fit(x, y)
    for name, model in (("forest", forest), ("boosting", boosting)):
        raw = pickle.dumps(model)
        yield f"{name}.pkl", raw, len(raw), 64
        yield f"{name}.pkl.gz", gzip.compress(raw, 1), len(raw), 64
        packed = tempfile.NamedTemporaryFile()
        joblib.dump(model, packed.name, compress=("zlib", 1))
        raw = pathlib.Path(packed.name).read_bytes()
        yield f"{name}.joblib", raw, len(zlib.decompress(raw)), 64
        raw = skops.io.dumps(model)
        # Stored as they are in the ZIP archive.
        yield f"{name}.skops", raw, len(raw), 64


# A process counts what the one that began it held then: this one, with the libraries in it, begins a small one.
LAUNCHER = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss * 1024, usage.ru_utime + usage.ru_stime)
"""


def import_of(source, artifact):
    """The highest resident bytes and the CPU seconds of an import."""
    words = [BINARY, "import", str(source), "-o", str(artifact), "--name", "large"]
    run = subprocess.run([sys.executable, "-S", "-c", LAUNCHER, *words], capture_output=True, text=True, check=True)
    code, highest, seconds = run.stdout.split()
    if code != "0":
        raise SystemExit(f"{source.name}: exit {code}: {run.stderr}")
    return int(highest), float(seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    seed = parser.parse_args().seed
    warnings.simplefilter("ignore")
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)

        def measured(name, raw):
            source = folder / name
            source.write_bytes(raw)
            return import_of(source, folder / "m.model")

        small = {name: measured(name, raw) for name, raw, *_ in models(numpy.random.default_rng(seed), True)}
        for name, raw, inflated, most in models(numpy.random.default_rng(seed), False):
            highest, seconds = measured(name, raw)
            base, base_seconds = small[name]
            times = (highest - base) / inflated
            wrong = "" if times <= most else f"  FAILED: at most {most}"
            failed += bool(wrong)
            print(
                f"{name:16} {inflated / 1e6:6.1f} MB: held {times:5.2f} times its bytes,"
                f" {(seconds - base_seconds) * 1e7 / inflated:5.2f} s of CPU for 10 MB{wrong}",
                flush=True,
            )
    if failed:
        sys.exit(f"{failed} held more than they may")
    print("all imports held what they may")


if __name__ == "__main__":
    main()

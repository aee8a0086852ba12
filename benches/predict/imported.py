"""The other side of `make bench-import`: fits models with XGBoost, LightGBM and scikit-learn, and times their own
predictions (the first two through their C libraries), and those of lleaves and tl2cgen, which compile such models.

Talks in lines. `fit small|large QUICK` is answered by what was fitted; `answers PEER` by a file of its answers;
`time PEER many|one` by seconds of processor time a row; `document` by a file of XGBoost's JSON of some 10 MB.
"""

import os

# One thread, as the benchmark's own side has.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[name] = "1"

import ctypes
import json
import pathlib
import pickle
import sys
import time
import warnings

import lightgbm
import lleaves
import numpy as np
import tl2cgen
import treelite
import xgboost
from sklearn.ensemble import HistGradientBoostingRegressor

warnings.filterwarnings("ignore")
FOLDER = pathlib.Path("target/bench-import")
SINGLES = 200
SIZES = {
    "small": {"trees": 100, "depth": 6, "missing": 0.0, "categories": 0},
    "large": {"trees": 500, "depth": 8, "missing": 0.1, "categories": 40},
}


def data(n_rows, size, random):
    """Rows of 20 columns, and what is to be predicted."""
    x = random.normal(size=(n_rows, 20))
    y = 10 * np.sin(x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    if size["categories"]:
        x[:, 19] = random.integers(0, size["categories"], n_rows)
        y += 7 * (x[:, 19] * 7 % 11)
    x[random.random(x.shape) < size["missing"]] = np.nan
    return x, y + random.normal(size=n_rows)


class Peer:
    """What answers for a model: many rows at once, and one by the library's own Python call."""

    def __init__(self, name, called, many, one, bars):
        self.name, self.called, self.many, self.one, self.bars = name, called, many, one, bars

    def told(self):
        return {"name": self.name, "called": self.called, "many": self.bars[0], "one": self.bars[1]}


def seconds(work):
    """Of processor time, of this thread."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def of_xgboost(size, x, y, rows):
    """XGBoost and tl2cgen."""
    is_set = size["categories"] > 0
    types = ["q"] * 19 + ["c" if is_set else "q"]
    matrix = lambda values, y=None: xgboost.DMatrix(values, label=y, feature_types=types, enable_categorical=True)
    settings = {"max_depth": size["depth"], "eta": 0.1, "nthread": 1, "tree_method": "hist", "seed": 1}
    booster = xgboost.train(settings, matrix(x, y), size["trees"])
    booster.set_param({"nthread": 1})
    file = FOLDER / f"xgboost-{size['trees']}.json"
    booster.save_model(file)
    predict = xgboost.core._LIB.XGBoosterPredictFromDMatrix
    asked = json.dumps(
        {"type": 0, "training": False, "iteration_begin": 0, "iteration_end": 0, "strict_shape": False}
    ).encode()
    shape, dimension = ctypes.POINTER(ctypes.c_uint64)(), ctypes.c_uint64()
    out = ctypes.POINTER(ctypes.c_float)()

    def c_library():
        # It keeps the answers of a matrix: a new one each time, made before.
        given = matrix(rows)
        given.num_row()
        taken = seconds(
            lambda: predict(
                booster.handle,
                given.handle,
                asked,
                ctypes.byref(shape),
                ctypes.byref(dimension),
                ctypes.byref(out),
            )
        )
        return taken, np.ctypeslib.as_array(out, (len(rows),)).astype(float)

    def python_call():
        for row in rows[:SINGLES]:
            booster.inplace_predict(row[None, :], validate_features=False)

    peers = [Peer("xgboost", "XGBoost", c_library, python_call, (3, 20))]
    try:
        peers.append(compiled(file, size, rows))
    except Exception as error:
        print(f"tl2cgen: {error}", file=sys.stderr)
    return file, peers


def compiled(file, size, rows):
    """The XGBoost model by treelite and tl2cgen, gcc -O3."""
    model = treelite.frontend.load_xgboost_model(str(file), format_choice="use_suffix")
    library = FOLDER.absolute() / f"tl2cgen-{size['trees']}.so"
    settings = {"parallel_comp": 8}
    if not library.exists():
        tl2cgen.export_lib(model, toolchain="gcc", libpath=str(library), params=settings, nthread=2, options=["-O3"])
    predictor = tl2cgen.Predictor(str(library), nthread=1)
    given = tl2cgen.DMatrix(rows.astype(np.float32), dtype="float32")
    singles = [tl2cgen.DMatrix(row[None, :].astype(np.float32), dtype="float32") for row in rows[:SINGLES]]

    def many():
        answers = []
        taken = seconds(lambda: answers.append(predictor.predict(given)))
        return taken, np.ravel(answers[0]).astype(float)

    return Peer("tl2cgen", "tl2cgen", many, lambda: [predictor.predict(row) for row in singles], (1.2, None))


def of_lightgbm(size, x, y, rows):
    """LightGBM and lleaves."""
    settings = {
        "max_depth": size["depth"],
        "num_leaves": 2 ** size["depth"],
        "learning_rate": 0.1,
        "num_threads": 1,
        "verbose": -1,
        "seed": 1,
    }
    categorical = [19] if size["categories"] else []
    booster = lightgbm.train(settings, lightgbm.Dataset(x, y, categorical_feature=categorical), size["trees"])
    file = FOLDER / f"lightgbm-{size['trees']}.txt"
    booster.save_model(file)
    booster = lightgbm.Booster(model_file=file, params={"num_threads": 1})
    predict = lightgbm.basic._LIB.LGBM_BoosterPredictForMat
    given, out, length = np.ascontiguousarray(rows), np.zeros(len(rows)), ctypes.c_int64()

    def c_library():
        # Doubles, row-major, a normal prediction of all rounds.
        words = [ctypes.c_int(word) for word in (1, *given.shape, 1, 0, 0, -1)]
        at = (given.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.POINTER(ctypes.c_double)))
        taken = seconds(
            lambda: predict(
                booster._handle, at[0], *words, ctypes.c_char_p(b"num_threads=1"), ctypes.byref(length), at[1]
            )
        )
        return taken, out.copy()

    def python_call():
        for row in rows[:SINGLES]:
            booster.predict(row[None, :], num_threads=1)

    model = lleaves.Model(model_file=str(file))
    model.compile(cache=str(FOLDER / f"lleaves-{size['trees']}.bin"))

    def many():
        answers = []
        taken = seconds(lambda: answers.append(model.predict(given, n_jobs=1)))
        return taken, answers[0]

    one = lambda: [model.predict(row[None, :], n_jobs=1) for row in rows[:SINGLES]]
    peers = [Peer("lightgbm", "LightGBM", c_library, python_call, (3, 20))]
    return file, [*peers, Peer("lleaves", "lleaves", many, one, (1.2, None))]


def of_sklearn(size, x, y, rows):
    """scikit-learn's HistGradientBoosting."""
    model = HistGradientBoostingRegressor(
        max_iter=size["trees"],
        max_depth=size["depth"],
        max_leaf_nodes=2 ** size["depth"],
        learning_rate=0.1,
        early_stopping=False,
        random_state=1,
        categorical_features=[19] if size["categories"] else None,
    ).fit(x, y)
    file = FOLDER / f"sklearn-{size['trees']}.pkl"
    file.write_bytes(pickle.dumps(model))

    def many():
        answers = []
        taken = seconds(lambda: answers.append(model.predict(rows)))
        return taken, answers[0]

    one = lambda: [model.predict(row[None, :]) for row in rows[:SINGLES]]
    return file, [Peer("sklearn", "scikit-learn's HistGradientBoosting", many, one, (5, 20))]


def fit(name, is_quick):
    """Fits a model with each library."""
    size, random = dict(SIZES[name]), np.random.default_rng(5)
    n_fitted, n_rows = 20_000, 10_000
    if is_quick:
        size["trees"] //= 5
        n_fitted, n_rows = 2_000, 1_000
    FOLDER.mkdir(parents=True, exist_ok=True)
    x, y = data(n_fitted, size, random)
    rows, _ = data(n_rows, size, random)
    told, peers = [], {}
    for of in (of_xgboost, of_lightgbm, of_sklearn):
        file, found = of(size, x, y, rows)
        prefix = "Column_" if of is of_lightgbm else "f"
        table = FOLDER / f"rows-{prefix}{size['trees']}.csv"
        lines = [",".join("" if np.isnan(v) else repr(float(v)) for v in row) for row in rows]
        table.write_text("\n".join([",".join(f"{prefix}{i}" for i in range(20)), *lines]) + "\n")
        told.append({"file": str(file.absolute()), "rows": str(table.absolute()), "peers": [p.told() for p in found]})
        peers |= {peer.name: peer for peer in found}
    called = f"{size['trees']} trees of depth {size['depth']}"
    called += f", a tenth missing, {size['categories']} categories" if size["categories"] else ""
    return peers, {"name": called, "fitted": told}


def document():
    """XGBoost's JSON of some 10 MB."""
    random = np.random.default_rng(6)
    x, y = data(20_000, SIZES["small"], random)
    n_trees, settings = 300, {"max_depth": 10, "eta": 0.1, "nthread": 1}
    booster = xgboost.train(settings, xgboost.DMatrix(x, y), n_trees)
    length = len(booster.save_raw("json"))
    n_trees = max(1, min(n_trees, round(n_trees * 10e6 / length)))
    file = FOLDER / "document.json"
    booster[:n_trees].save_model(file)
    return {"file": str(file.absolute()), "trees": n_trees}


def main():
    # Answers go where standard output went; what libraries print there, treelite's C++ too, goes to standard error.
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    peers = {}
    for line in sys.stdin:
        word, *rest = line.rstrip("\n").split("\t")
        if word == "fit":
            peers, told = fit(rest[0], rest[1] == "true")
            answer = json.dumps(told)
        elif word == "answers":
            answer = (FOLDER / f"answers-{rest[0]}.f64").absolute()
            peers[rest[0]].many()[1].astype("<f8").tofile(answer)
        elif word == "document":
            answer = json.dumps(document())
        elif rest[1] == "many":
            taken, answers = peers[rest[0]].many()
            answer = taken / len(answers)
        else:
            answer = seconds(peers[rest[0]].one) / SINGLES
        print(answer, file=replies, flush=True)


if __name__ == "__main__":
    main()

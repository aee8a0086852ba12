"""Small models of XGBoost, LightGBM and scikit-learn, as the libraries write them: what the fuzzer of the readers starts
from. Written into tests/corpus/import-*; run with the interpreter that has the libraries:

    make target/venv-import/installed && target/venv-import/bin/python tests/fuzz/import_seeds.py
"""

import io
import json
import logging
import pickle
import warnings
import zipfile
import zlib
from pathlib import Path

import joblib
import lightgbm as lgb
import numpy as np
import pandas as pd
import skops.io
import xgboost as xgb
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

CORPUS = Path(__file__).parents[1] / "corpus"
warnings.filterwarnings("ignore")
logging.disable(logging.CRITICAL)
random = np.random.default_rng(14)

N = 200
NUMBERS = random.normal(size=(N, 3))
WITH_MISSING = np.where(random.random(NUMBERS.shape) < 0.1, np.nan, NUMBERS)
Y = NUMBERS[:, 0] * 2 + NUMBERS[:, 1] ** 2
CLASSES = np.digitize(Y, [0, 2])
NAMES = np.array(["low", "mid", "high"])[CLASSES]
TABLE = pd.DataFrame(WITH_MISSING[:, :2], columns=["a", "b"])
TABLE["c"] = random.choice(["red", "green", "blue"], N)
CODES = NUMBERS.copy()
CODES[:, 2] = random.integers(0, 6, N)
CATEGORIES = TABLE.assign(c=TABLE["c"].astype("category"))


def write(form: str, name: str, content: bytes) -> None:
    """A seed of a form."""
    folder = CORPUS / f"import-{form}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


def xgboost() -> None:
    """JSON and UBJSON."""

    def one(name: str, parameters: dict, label: np.ndarray, rows=WITH_MISSING, n: int = 2, **kind: object) -> None:
        data = xgb.DMatrix(rows, label=label, enable_categorical=True, **kind)
        model = xgb.train({"max_depth": 2, "nthread": 1, **parameters}, data, n)
        for form in ("json", "ubjson"):
            write(form, name, bytes(model.save_raw(raw_format="ubj" if form == "ubjson" else form)))

    one("regressor", {"objective": "reg:squarederror"}, Y)
    one("binary", {"objective": "binary:logistic"}, CLASSES > 1)
    one("multiclass", {"objective": "multi:softprob", "num_class": 3, "max_depth": 1}, CLASSES, n=1)
    one("codes", {"max_cat_to_onehot": 2}, Y + (CODES[:, 2] > 3), rows=CODES, feature_types=["q", "q", "c"])
    one("names", {"max_cat_to_onehot": 2}, Y + 9 * (TABLE["c"] == "red"), rows=CATEGORIES)
    one("dart", {"booster": "dart", "rate_drop": 0.5, "objective": "count:poisson"}, CLASSES, n=2)
    one("forest", {"num_parallel_tree": 2, "subsample": 0.5}, Y, n=1)
    one("targets", {"max_depth": 1}, np.c_[Y, -Y], n=1)


def lightgbm() -> None:
    """Text."""
    few = {"verbose": -1, "num_threads": 1, "num_leaves": 4, "min_data_in_leaf": 5}

    def one(name: str, parameters: dict, label: np.ndarray, rows=WITH_MISSING, n: int = 2, **kind: object) -> None:
        text = lgb.train({**few, **parameters}, lgb.Dataset(rows, label=label, **kind), n).model_to_string()
        head, rest = text.split("parameters:\n")
        settings, tail = rest.split("end of parameters")
        kept = [line for line in settings.splitlines() if line.startswith(("[learning_rate", "[num_leaves", "[seed"))]
        write("text", name, "\n".join([head + "parameters:", *kept, "", "end of parameters"]).encode() + tail.encode())

    one("regressor", {"objective": "regression"}, Y)
    one("binary", {"objective": "binary"}, CLASSES > 1)
    one("multiclass", {"objective": "multiclass", "num_class": 3}, CLASSES, n=1)
    one("categories", {"objective": "poisson"}, CLASSES, rows=CATEGORIES)
    one("linear", {"objective": "regression", "linear_tree": True}, Y, rows=NUMBERS)
    one("zero", {"zero_as_missing": True, "objective": "quantile"}, Y)


def sklearn_models() -> dict[str, object]:
    """Models of scikit-learn, and the boosters' own estimators."""
    rows, prepare = NUMBERS, Pipeline([("impute", SimpleImputer(add_indicator=True)), ("scale", StandardScaler())])
    columns = ColumnTransformer(
        [
            ("numbers", prepare, ["a", "b"]),
            ("texts", OneHotEncoder(handle_unknown="ignore"), ["c"]),
        ]
    )
    ordinal = ColumnTransformer(
        [("c", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["c"])], remainder="passthrough"
    )
    small = {"max_leaf_nodes": 4, "random_state": 0}
    few = {"n_estimators": 2, "max_depth": 2, "random_state": 0}
    return {
        "tree": DecisionTreeRegressor(**small).fit(rows, Y),
        "tree-classes": DecisionTreeClassifier(**small).fit(WITH_MISSING, NAMES),
        "forest": RandomForestRegressor(**few).fit(rows, Y),
        "forest-classes": RandomForestClassifier(**few).fit(rows, CLASSES),
        "boosting": GradientBoostingRegressor(**few).fit(rows, Y),
        "boosting-classes": GradientBoostingClassifier(**{**few, "n_estimators": 1}).fit(rows, CLASSES),
        "hist": HistGradientBoostingRegressor(max_iter=2, max_bins=8, **small).fit(WITH_MISSING, Y),
        "hist-classes": HistGradientBoostingClassifier(
            max_iter=1, max_bins=8, categorical_features=[2], **small
        ).fit(CODES, CLASSES > 1),
        "linear": LinearRegression().fit(rows, Y),
        "logistic": LogisticRegression().fit(rows, NAMES),
        "pipeline": Pipeline([("prepare", prepare), ("model", LogisticRegression())]).fit(WITH_MISSING, CLASSES > 1),
        "columns": Pipeline([("columns", columns), ("model", LinearRegression())]).fit(TABLE, Y),
        "ordinal": Pipeline([("columns", ordinal), ("model", DecisionTreeRegressor(**small))]).fit(TABLE, Y),
        "scaled": Pipeline([("scale", MinMaxScaler(clip=True)), ("model", DecisionTreeRegressor(**small))]).fit(rows, Y),
    }


def objects() -> None:
    """Pickles of several protocols, joblib's, compressed ones, and skops archives."""
    models = sklearn_models()
    boosters = {
        "xgboost": xgb.XGBClassifier(n_estimators=1, max_depth=1, n_jobs=1).fit(NUMBERS, CLASSES > 1),
        "lightgbm": lgb.LGBMRegressor(n_estimators=1, num_leaves=3, verbose=-1, n_jobs=1).fit(NUMBERS, Y),
    }
    for number, (name, model) in enumerate({**models, **boosters}.items()):
        write("pickle", name, pickle.dumps(model, protocol=[5, 4, 2, 3][number % 4]))
    for name in ("tree", "columns"):
        joblib.dump(models[name], CORPUS / "import-pickle" / f"{name}-joblib")
        write("pickle", f"{name}-protocol-0", pickle.dumps(models[name], protocol=0))
    write("pickle", "forest-zlib", zlib.compress(pickle.dumps(models["forest"], protocol=5)))
    joblib.dump(models["logistic"], CORPUS / "import-pickle" / "logistic-gzip", compress=("gzip", 3))
    for name, model in {**models, "xgboost": boosters["xgboost"]}.items():
        write("skops", name, shortened(skops.io.dumps(model)))


def shortened(archive: bytes) -> bytes:
    """A skops archive without what no reader looks at, two thirds of it: white space, the types of keys. Numbers of
    objects are addresses in memory there; here they count from 1."""
    numbers: dict[int, int] = {}

    def short(value: object) -> object:
        match value:
            case dict():
                kept = {key: short(inner) for key, inner in value.items() if key != "key_types"}
                if "__id__" in kept:
                    kept["__id__"] = numbers.setdefault(kept["__id__"], len(numbers) + 1)
                return kept
            case list():
                return [short(inner) for inner in value]
        return value

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            content = old.read(member)
            if member.filename == "schema.json":
                content = json.dumps(short(json.loads(content)), separators=(",", ":")).encode()
            new.writestr(zipfile.ZipInfo(member.filename), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


if __name__ == "__main__":
    xgboost()
    lightgbm()
    objects()

"""LightGBM's models: objective × missing × categories × types of columns, and what else changes a model's text."""

import itertools
import pickle

import lightgbm
import numpy

from imported import tables
from imported.case import Answer, Case, texts

REGRESSIONS = {
    "regression": {},
    "sqrt": {"objective": "regression", "reg_sqrt": True},
    "l1": {"objective": "regression_l1"},
    "huber": {"objective": "huber"},
    "fair": {"objective": "fair"},
    "poisson": {"objective": "poisson"},
    "quantile": {"objective": "quantile", "alpha": 0.8},
    "mape": {"objective": "mape"},
    "gamma": {"objective": "gamma"},
    "tweedie": {"objective": "tweedie", "tweedie_variance_power": 1.3},
}
OBJECTIVES = {
    **REGRESSIONS,
    "binary": {"objective": "binary"},
    "sigmoid": {"objective": "binary", "sigmoid": 1.234567},
    "unbalanced": {"objective": "binary", "is_unbalance": True},
    "multiclass": {"objective": "multiclass", "num_class": 4},
    "ova": {"objective": "multiclassova", "num_class": 4, "sigmoid": 0.7},
    "cross_entropy": {"objective": "cross_entropy"},
    "cross_entropy_lambda": {"objective": "cross_entropy_lambda"},
    "lambdarank": {"objective": "lambdarank"},
    "xendcg": {"objective": "rank_xendcg", "objective_seed": 3},
    "custom": {},
}
MISSING = {"nan": {}, "zero": {"zero_as_missing": True}, "none": {"use_missing": False}}
OTHERS = {
    "rf": {"objective": "binary", "boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6},
    "rf-multiclass": {
        "objective": "multiclass",
        "num_class": 4,
        "boosting": "rf",
        "bagging_freq": 1,
        "bagging_fraction": 0.6,
    },
    "dart": {"objective": "binary", "boosting": "dart", "drop_rate": 0.3},
    "goss": {"data_sample_strategy": "goss"},
    "linear": {"linear_tree": True},
    "linear-binary": {"linear_tree": True, "objective": "binary"},
    "deep": {"num_leaves": 500, "min_data_in_leaf": 1},
    "one-leaf": {"min_data_in_leaf": 5000},
    "one-hot": {"max_cat_to_onehot": 60},
    "monotone": {"monotone_constraints": [1, -1, 0, 0, 0, 0]},
    "extra": {"extra_trees": True},
    "quantized": {"use_quantized_grad": True},
    "early": {"objective": "binary", "early_stopping_round": 3},
}
VERSION = tuple(int(part) for part in lightgbm.__version__.split(".")[:2])
if VERSION < (4, 2):
    # 4.0 has it; 4.1 ends the process where one thread fits such a model.
    del OTHERS["quantized"]
if VERSION < (4, 0):
    # 4.0 has this.
    del OBJECTIVES["custom"]
    OTHERS["goss"] = {"boosting": "goss"}
# scikit-learn's interface, in its pickles.
WRAPPED = ("pickle-regressor", "pickle-binary", "pickle-multiclass", "pickle-ranker", "pickle-early", "pickle-booster")
# What `make test` has.
SHORT = (
    "regression-nan-mixed-f64", "poisson-none-codes-f32", "binary-nan-text-typed", "multiclass-zero-text-f64",
    "linear", "pickle-multiclass",
)  # fmt: skip
# Of these, what is asked in every dialect of `serve` too.
SERVED = ("multiclass-zero-text-f64", "poisson-none-codes-f32", "pickle-multiclass")
N_CLASSES = {"binary": 2, "multiclass": 4, "multiclassova": 4}
BASE = {"verbose": -1, "num_threads": 1, "num_leaves": 15, "seed": 7, "deterministic": True}


def names():
    """The names of all models."""
    grid = itertools.product(OBJECTIVES, MISSING, tables.CATEGORIES, tables.TYPES)
    return ["-".join(words) for words in grid] + [*OTHERS, *WRAPPED]


def task(objective):
    """The kind of target."""
    if objective in ("multiclass", "multiclassova", "lambdarank", "rank_xendcg"):
        return "class"
    return "flag" if objective in ("binary", "cross_entropy", "cross_entropy_lambda") else "positive"


def fitted(name, n_rows, random):
    """Fits a model, and asks it."""
    if name in WRAPPED:
        return wrapped(name, n_rows, random)
    objective_name, missing, kind, types = (name, "nan", "text", "f64") if name in OTHERS else name.split("-")
    if name in ("linear", "linear-binary", "one-hot"):
        kind = "codes"
    parameters = {**OTHERS, **OBJECTIVES}[objective_name] | MISSING[missing]
    frame = tables.columns(n_rows, kind, types, True, random)
    if VERSION < (4, 0):
        # 4.0 takes integers that may be missing.
        frame = frame.astype({column: float for column in frame if str(frame[column].dtype) == "Int64"})
    y = tables.target(frame, task(parameters.get("objective")), random)
    group = [20] * (n_rows // 20) if objective_name in ("lambdarank", "xendcg") else None
    if objective_name == "custom":
        parameters = parameters | {
            "objective": lambda predicted, data: (predicted - data.get_label(), numpy.ones(len(y)))
        }
    categorical = ["many", "few"] if kind == "codes" else "auto"
    data = lightgbm.Dataset(frame, label=y, group=group, categorical_feature=categorical)
    valid = [data.create_valid(frame[:200], label=y[:200][::-1])] if objective_name == "early" else None
    booster = lightgbm.train(BASE | parameters, data, 20, valid_sets=valid)
    text = booster.model_to_string()
    # Asked is what was written, not what is in memory: the text rounds a sigmoid.
    booster = lightgbm.Booster(model_str=text)
    rows = edges(frame, booster, kind, "linear" in name, random)
    if VERSION < (4, 0) and types == "typed":
        # It makes singles of a frame that has a boolean, in Python: the model does not know of that.
        rows = rows.astype({column: "float32" for column in tables.numeric(rows) if rows[column].dtype != bool})
    n_classes = N_CLASSES.get(parameters.get("objective"), 0) if objective_name != "custom" else 0
    answers = asked(booster, rows, n_classes)
    printed = {key: value for key, value in parameters.items() if not callable(value)}
    return Case("lightgbm", name, printed | {"columns": kind, "types": types}, {"txt": text.encode()}, rows, answers)


def asked(booster, rows, n_classes):
    """What `Booster.predict` answers, and the labels that are beside it."""
    predicted = numpy.asarray(booster.predict(rows))
    raw = Answer("raw", booster.predict(rows, raw_score=True))
    answers = {"library": [Answer("prediction", predicted), raw]}
    if n_classes:
        shares = numpy.stack([1 - predicted, predicted], axis=1) if predicted.ndim == 1 else predicted
        labels = Answer("prediction", texts(shares.argmax(axis=1)))
        answers["label"] = [labels, Answer("probability", shares), raw]
    return answers


def wrapped(name, n_rows, random):
    """An estimator of scikit-learn's interface, or a Booster, in a pickle."""
    kind = name.split("-")[1]
    is_classifier = kind in ("binary", "multiclass", "early")
    frame = tables.columns(n_rows, "text", "f64", True, random)
    y = tables.target(
        frame, {"regressor": "number", "multiclass": "class", "ranker": "class"}.get(kind, "flag"), random
    )
    settings = {"n_estimators": 20, "num_leaves": 15, "n_jobs": 1, "random_state": 7, "verbose": -1}
    if is_classifier:
        y = numpy.array(["no", "ÿes", "3", "b c"], dtype=object)[y]
    more = {"group": [20] * (n_rows // 20)} if kind == "ranker" else {}
    if kind == "early":
        more = {"eval_set": [(frame[:200], y[:200][::-1])], "callbacks": [lightgbm.early_stopping(3, verbose=False)]}
    estimators = {"regressor": lightgbm.LGBMRegressor, "booster": lightgbm.LGBMRegressor, "ranker": lightgbm.LGBMRanker}
    model = estimators.get(kind, lightgbm.LGBMClassifier)(**settings).fit(frame, y, **more)
    rows = edges(frame, model.booster_, "text", False, random)
    files = {"pkl": pickle.dumps(model.booster_ if kind == "booster" else model)}
    raw = Answer("raw", model.predict(rows, raw_score=True))
    if is_classifier:
        labels = Answer("prediction", texts(model.predict(rows)))
        shares = [Answer("probability", model.predict_proba(rows))]
        answers = {"label": [labels, *shares, raw], "library": [labels, raw]}
    else:
        answers = {"library": [Answer("prediction", model.predict(rows)), raw]}
    return Case("lightgbm", name, settings, files, rows, answers)


def edges(frame, booster, kind, is_linear, random):
    """The rows, of which some get what is at an edge: thresholds, zeros, infinities, categories that are not listed."""
    rows = frame.copy()
    numbers = [*tables.NUMBERS] if is_linear else [*tables.NUMBERS, numpy.inf, -numpy.inf, 1e300, 1.7e308]
    tree = booster.trees_to_dataframe()
    splits = tree[tree["decision_type"] == "<="]
    for column in tables.numeric(rows):
        if kind == "codes" and column in ("many", "few"):
            values = [*tables.CODES, *numbers]
        else:
            thresholds = splits["threshold"][splits["split_feature"] == column]
            values = [*numbers, *tables.near(thresholds, False)]
        if is_linear:
            # A split of missing cells from all others has the greatest number, which linear leaves do not take.
            values = [value for value in values if abs(value) <= 1e150]
        rows[column] = tables.put(rows[column], values, random)
    for column in rows:
        if tables.is_categorical(rows[column]):
            unlisted = {"i": 12345, "f": 0.75}.get(rows[column].cat.categories.dtype.kind, "never seen")
            rows[column] = rows[column].cat.add_categories([unlisted])
            rows.loc[random.random(len(rows)) < 0.05, column] = unlisted
        if rows[column].dtype.kind == "f" or tables.is_categorical(rows[column]):
            rows.loc[0, column] = numpy.nan
    return rows

"""XGBoost's models: objective × missing × categories × types of columns, and what else changes a model's file."""

import itertools
import json
import pickle
import tempfile

import numpy
import scipy.sparse
import xgboost

from imported import tables
from imported.case import BITS, Answer, Case, texts

OBJECTIVES = {
    "squarederror": {"objective": "reg:squarederror"},
    "squaredlogerror": {"objective": "reg:squaredlogerror"},
    "logistic": {"objective": "reg:logistic"},
    "pseudohuber": {"objective": "reg:pseudohubererror"},
    "absoluteerror": {"objective": "reg:absoluteerror"},
    "quantile": {"objective": "reg:quantileerror", "quantile_alpha": 0.7},
    "quantiles": {"objective": "reg:quantileerror", "quantile_alpha": [0.1, 0.5, 0.9]},
    "binary": {"objective": "binary:logistic"},
    "unbalanced": {"objective": "binary:logistic", "scale_pos_weight": 3},
    "logitraw": {"objective": "binary:logitraw"},
    "hinge": {"objective": "binary:hinge"},
    "poisson": {"objective": "count:poisson"},
    "cox": {"objective": "survival:cox"},
    "aft": {"objective": "survival:aft"},
    "aftlogistic": {"objective": "survival:aft", "aft_loss_distribution": "logistic"},
    "aftextreme": {"objective": "survival:aft", "aft_loss_distribution": "extreme"},
    "softmax": {"objective": "multi:softmax", "num_class": 4},
    "softprob": {"objective": "multi:softprob", "num_class": 4},
    "ndcg": {"objective": "rank:ndcg"},
    "map": {"objective": "rank:map"},
    "pairwise": {"objective": "rank:pairwise"},
    "gamma": {"objective": "reg:gamma"},
    "tweedie": {"objective": "reg:tweedie", "tweedie_variance_power": 1.3},
    "custom": {},
}
# Cells that are missing while it is fitted; none; zeros, which a sparse matrix leaves out.
MISSING = ("nan", "none", "zero")
DART = {"booster": "dart", "rate_drop": 0.3}
LINEAR = {"booster": "gblinear"}
BINARY, SOFTPROB = OBJECTIVES["binary"], OBJECTIVES["softprob"]
OTHERS = {
    "dart": DART,
    "dart-binary": DART | BINARY,
    "dart-softprob": DART | SOFTPROB | {"normalize_type": "forest", "one_drop": 1},
    "dart-quantiles": DART | OBJECTIVES["quantiles"],
    "gblinear": LINEAR,
    "gblinear-binary": LINEAR | BINARY,
    "gblinear-softprob": LINEAR | SOFTPROB,
    "forest": BINARY | {"num_parallel_tree": 7, "subsample": 0.5},
    "forest-softprob": SOFTPROB | {"num_parallel_tree": 3, "subsample": 0.5},
    "base-score": BINARY | {"base_score": 0.3},
    "base-score-poisson": OBJECTIVES["poisson"] | {"base_score": 2.5},
    "targets": {},
    "targets-binary": BINARY,
    "vector": {"multi_strategy": "multi_output_tree"},
    "vector-absolute": {"multi_strategy": "multi_output_tree", "objective": "reg:absoluteerror"},
    "vector-binary": BINARY | {"multi_strategy": "multi_output_tree"},
    "vector-softprob": SOFTPROB | {"multi_strategy": "multi_output_tree"},
    "vector-quantiles": OBJECTIVES["quantiles"] | {"multi_strategy": "multi_output_tree"},
    "vector-forest": {"multi_strategy": "multi_output_tree", "num_parallel_tree": 3, "subsample": 0.5},
    "deep": {"tree_method": "hist", "max_depth": 0, "grow_policy": "lossguide", "max_leaves": 400, "min_child_weight": 0},
    "one-leaf": {"gamma": 1e9},
    "one-hot": {"max_cat_to_onehot": 60},
    "monotone": {"monotone_constraints": "(1,-1,0,0,0,0)"},
    "interactions": {"interaction_constraints": "[[0,1],[2,3,4,5]]"},
    "exact": {"tree_method": "exact"},
    "approx": BINARY | {"tree_method": "approx"},
    "pruned": {"tree_method": "exact", "gamma": 3.0},
    "coarse": {"max_bin": 4},
    "not-ascii": {},
}
WRAPPED = {
    "pickle-regressor": "XGBRegressor",
    "pickle-binary": "XGBClassifier",
    "pickle-multiclass": "XGBClassifier",
    "pickle-softmax": "XGBClassifier",
    "pickle-ranker": "XGBRanker",
    "pickle-forest": "XGBRFClassifier",
    "pickle-forest-regressor": "XGBRFRegressor",
    "pickle-early": "XGBClassifier",
    "pickle-zero": "XGBRegressor",
    "pickle-cox": "XGBRegressor",
    "pickle-vector": "XGBRegressor",
    "pickle-booster": "XGBRegressor",
}
VERSION = tuple(int(part) for part in xgboost.__version__.split(".")[:2])
if VERSION < (2, 0):
    # 2.0 has these; before, pickles hold the binary format, which is refused.
    OTHERS = {name: of for name, of in OTHERS.items() if "vector" not in name and "quantile" not in name}
    OBJECTIVES = {name: of for name, of in OBJECTIVES.items() if not name.startswith("quantile")}
    WRAPPED = {}
if VERSION < (3, 1):
    # "Update tree leaf support for multi-target tree is not yet implemented", says XGBoost.
    OTHERS = {name: of for name, of in OTHERS.items() if name not in ("vector-absolute", "vector-quantiles")}
# What `make test` has.
SHORT = (
    "squarederror-nan-text-f64", "binary-none-codes-f32", "softprob-zero-numbers-f64", "aft-nan-mixed-typed",
    "vector", "vector-softprob", "dart-binary", "pickle-multiclass",
)  # fmt: skip
# Of these, what is asked in every dialect of `serve` too.
SERVED = ("squarederror-nan-text-f64", "binary-none-codes-f32", "softprob-zero-numbers-f64", "vector")
# XGBoost 3.2 stores wrongly names that are not ASCII.
ASCII = [word.replace("ü", "u").replace("ï", "i") for word in tables.WORDS]
BASE = {"nthread": 1, "max_depth": 4, "seed": 7, "verbosity": 0}
INFINITE = [numpy.inf, -numpy.inf, 1e300, -1e300, 3.4028236e38]


def names():
    """The names of all models."""
    grid = itertools.product(OBJECTIVES, MISSING, tables.CATEGORIES, tables.TYPES)
    # A sparse matrix has numbers alone.
    grid = [words for words in grid if words[1] != "zero" or words[2:] in (("numbers", "f64"), ("codes", "f32"))]
    return ["-".join(words) for words in grid] + [*OTHERS, *WRAPPED]


def task(objective):
    """The kind of target."""
    if objective.startswith(("multi:", "rank:")):
        return "flag" if objective == "rank:map" else "class"
    if objective in ("binary:logistic", "binary:logitraw", "binary:hinge", "reg:logistic"):
        return "flag"
    return "number" if objective in ("", "reg:squarederror", "reg:absoluteerror") else "positive"


def matrix(rows, missing, kind, label=None, marked=numpy.nan):
    """The rows as XGBoost takes them. `marked` is missing, beside NaN."""
    if missing == "zero":
        types = ["q"] * 4 + (["c"] * 2 if kind == "codes" else ["q"] * 2)
        of = {"feature_names": list(rows.columns), "feature_types": types}
        return xgboost.DMatrix(scipy.sparse.csr_matrix(rows.to_numpy(float)), label=label, missing=marked, **of)
    types = None
    if kind == "codes":
        types = [{"f": "float", "b": "i"}.get(rows[name].dtype.kind, "int") for name in rows]
        types[4:] = ["c", "c"]
        whole = rows.astype(float).to_numpy()
        if all(rows[name].dtype == "float32" for name in rows):
            whole = whole.astype("float32")
        names = list(rows.columns)
        return xgboost.DMatrix(whole, label=label, missing=marked, feature_names=names, feature_types=types)
    return xgboost.DMatrix(rows, label=label, missing=marked, enable_categorical=True)


def fitted(name, n_rows, random):
    """Fits a model, and asks it."""
    if name in WRAPPED:
        return wrapped(name, n_rows, random)
    words = (name, "nan", "text", "f64") if name in OTHERS else name.split("-")
    objective_name, missing, kind, types = words
    if name in ("exact", "pruned") or name.startswith(("gblinear", "vector")):
        kind = "numbers"
    parameters = {**OTHERS, **OBJECTIVES}[objective_name]
    vocabulary = tables.WORDS if name == "not-ascii" else ASCII
    frame = tables.columns(n_rows, kind, types, missing != "none", random, vocabulary, (-3, 8))
    objective = parameters.get("objective", "")
    y = tables.target(frame, task(objective), random)
    if name.startswith(("targets", "vector")) and "softprob" not in name and "quantiles" not in name:
        y = numpy.stack([y, tables.target(frame, task(objective), random) + (task(objective) == "number")], axis=1)
    data = matrix(frame, missing, kind, None if objective == "survival:aft" else y)
    if objective == "survival:aft":
        data.set_float_info("label_lower_bound", y)
        data.set_float_info("label_upper_bound", y * numpy.where(random.random(n_rows) < 0.2, numpy.inf, 1.0))
    if objective.startswith("rank:"):
        data.set_group([20] * (n_rows // 20))
    custom = (
        (lambda margin, _: (margin.reshape(y.shape) - y, numpy.ones(y.shape))) if objective_name == "custom" else None
    )
    booster = xgboost.train(BASE | parameters, data, 12, obj=custom)
    files = {encoding: bytes(booster.save_raw(encoding)) for encoding in ("json", "ubj")}
    if name not in OTHERS:
        # Of the grid one or the other.
        files = dict([list(files.items())[random.integers(2)]])
    rows = edges(frame, json.loads(booster.save_raw("json")), missing, kind, random)
    answers = asked(lambda **words: predicted(booster, rows, missing, kind, **words), objective)
    rows = sent(rows, name)
    flags = ("--zero-as-missing",) if missing == "zero" else ()
    return Case("xgboost", name, parameters | {"columns": kind, "types": types}, files, rows, answers, flags)


def sent(rows, name):
    """The rows as they are sent: as codes where XGBoost stores names wrongly, or has none of them in its file."""
    coded = ["few"] if name == "not-ascii" else []
    if VERSION < (3, 1):
        coded = [column for column in rows if tables.is_categorical(rows[column])]
    codes = {column: rows[column].cat.codes.astype(float) for column in coded}
    return rows.assign(**{column: code.where(code >= 0) for column, code in codes.items()})


def predicted(booster, rows, missing, kind, **words):
    """`Booster.predict`: a DMatrix takes infinite cells only where infinity of the other sign is called missing."""
    with numpy.errstate(over="ignore"):
        singles = numpy.stack([rows[name].astype(float).astype("float32") for name in tables.numeric(rows)], axis=1)
    is_positive = numpy.isposinf(singles).any(axis=1)
    answers = None
    for chosen, marked in ((~is_positive, numpy.inf), (is_positive, -numpy.inf)):
        if chosen.any():
            part = booster.predict(matrix(rows[chosen], missing, kind, marked=marked), **words)
            answers = numpy.zeros((len(rows), *part.shape[1:]), part.dtype) if answers is None else answers
            answers[chosen] = part
    return answers


def asked(predict, objective):
    """What `Booster.predict` answers, and the labels and probabilities that are beside it."""
    answer, margins = predict(), Answer("raw", predict(output_margin=True))
    answers = {"library": [Answer("prediction", answer), margins]}
    if answer.ndim > 1 and objective == "binary:logistic":
        return answers
    if objective in ("multi:softmax", "binary:hinge"):
        answers["label"] = [Answer("prediction", texts(answer)), margins]
    elif objective in ("binary:logistic", "multi:softprob"):
        one = numpy.float32(1)
        shares = numpy.stack([one - answer, answer], axis=1) if answer.ndim == 1 else answer
        labels = (answer > 0.5).astype(int) if answer.ndim == 1 else answer.argmax(axis=1)
        answers["label"] = [Answer("prediction", texts(labels)), Answer("probability", shares), margins]
    return answers


def wrapped(name, n_rows, random):
    """An estimator of scikit-learn's interface in a pickle."""
    estimator = getattr(xgboost, WRAPPED[name])
    settings = {"n_estimators": 12, "max_depth": 4, "n_jobs": 1, "random_state": 7}
    is_classifier, kind = WRAPPED[name].endswith("Classifier"), "text"
    goal = {"binary": "flag", "multiclass": "class", "softmax": "class", "ranker": "class", "cox": "positive"}
    more, word = {}, name.removeprefix("pickle-")
    if word == "zero":
        settings["missing"], kind = 0.0, "numbers"
    if word == "softmax":
        settings["objective"] = "multi:softmax"
    if word == "cox":
        settings["objective"] = "survival:cox"
    if word == "vector":
        settings["multi_strategy"], kind = "multi_output_tree", "numbers"
    frame = tables.columns(n_rows, kind, "f64", True, random, ASCII, (-3, 8))
    y = tables.target(frame, goal.get(word, "flag" if is_classifier else "number"), random)
    if word == "vector":
        y = numpy.stack([y, y[::-1]], axis=1)
    if word == "early":
        settings |= {"early_stopping_rounds": 2, "n_estimators": 60, "learning_rate": 0.9}
        more = {"eval_set": [(frame[:300], y[:300][::-1])], "verbose": False}
    if word == "ranker":
        more["group"] = [20] * (n_rows // 20)
    if kind == "text":
        settings["enable_categorical"] = True
    model = estimator(**settings).fit(frame, y, **more)
    booster = model.get_booster()
    rows = edges(frame, json.loads(booster.save_raw("json")), "none", kind, random, infinite=False)
    if word == "zero":
        # No f32 number but 0 is so small: the estimator takes it for a 0, so for missing, smartserve for a number.
        rows = rows.where(~((rows != 0) & (rows.abs() < 2.0**-149)), 1.0)
    files = {"pkl": pickle.dumps(booster if word == "booster" else model)}
    if word in ("regressor", "multiclass", "early"):
        with tempfile.NamedTemporaryFile(suffix=".json") as file:
            model.save_model(file.name)
            files["json"] = file.read()
    margins = Answer("raw", model.predict(rows, output_margin=True))
    if is_classifier:
        labels = Answer("prediction", texts(model.predict(rows)))
        # Of multi:softmax the estimator makes its probabilities itself, from the margins.
        within = 1.2e-7 if word == "softmax" else BITS
        answers = {"label": [labels, Answer("probability", model.predict_proba(rows), within), margins]}
    else:
        answers = {"library": [Answer("prediction", model.predict(rows)), margins]}
    return Case("xgboost", name, settings, files, sent(rows, name), answers)


def thresholds(document):
    """The numbers that each column is compared with."""
    booster = document["learner"]["gradient_booster"]
    booster = booster.get("gbtree", booster)
    found = {}
    for tree in booster["model"].get("trees", ()):
        nodes = zip(
            tree["left_children"], tree["split_indices"], tree["split_conditions"], tree["split_type"], strict=True
        )
        for left, column, condition, is_set in nodes:
            if left >= 0 and not is_set:
                found.setdefault(column, []).append(condition)
    return found


def edges(frame, document, missing, kind, random, infinite=True):
    """The rows, of which some get what is at an edge: thresholds, zeros, infinities, codes that were not seen."""
    rows, at = frame.copy(), thresholds(document)
    is_linear = document["learner"]["gradient_booster"]["name"] == "gblinear"
    # A linear function of large numbers is not finite.
    numbers = [number for number in tables.NUMBERS if abs(number) < 1e8] if is_linear else [*tables.NUMBERS]
    if infinite and not is_linear:
        numbers += INFINITE
    for index, column in enumerate(rows):
        if tables.is_categorical(rows[column]):
            continue
        if kind == "codes" and column in ("many", "few"):
            values = tables.CODES
        else:
            values = [*numbers, *tables.near(at.get(index, [0.0]), True)]
        rows[column] = tables.put(rows[column], values, random)
    with numpy.errstate(over="ignore"):
        singles = {name: rows[name].astype(float).astype("float32") for name in tables.numeric(rows)}
    # One row has infinities of one sign.
    positive = numpy.any([numpy.isposinf(column) for column in singles.values()], axis=0)
    for name, column in singles.items():
        if numpy.isinf(column).any():
            rows.loc[positive & numpy.isneginf(column), name] = 0.0
    for column in rows:
        if missing != "zero" and (rows[column].dtype.kind == "f" or tables.is_categorical(rows[column])):
            rows.loc[0, column] = numpy.nan
    return rows

"""scikit-learn's models: estimator × missing × what stands before it, in every format of its files.

What is equal to the last bit, and what only within a bound, is docs/import.md's table.
"""

import dataclasses
import gzip
import io
import itertools
import pickle

import joblib
import numpy
import scipy.sparse
import sklearn
from sklearn import ensemble, linear_model, tree
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    RobustScaler,
    StandardScaler,
)

from imported import tables
from imported.case import BITS, Answer, Case, texts

VERSION = tuple(int(part) for part in sklearn.__version__.split(".")[:2])
EPSILON = numpy.finfo(float).eps


@dataclasses.dataclass
class Estimator:
    """An estimator to be fitted."""

    make: object
    # As tables.target has it, or `numbers` for three targets.
    task: str
    # The version from which it takes missing cells; none does before.
    missing_since: tuple = (99,)
    # How its probabilities, or a regressor's answers, may differ.
    within: object = BITS
    is_linear: bool = False


def small(kind, **settings):
    """A maker of an ensemble of few trees."""
    return lambda: kind(n_estimators=8, max_depth=6, random_state=7, **settings)


def hist(kind, **settings):
    """A maker of gradient boosting by histograms."""
    return lambda: kind(max_iter=12, max_leaf_nodes=15, random_state=7, **settings)


TREE, FOREST, EXTRA, HIST = (1, 3), (1, 4), (1, 6), (0, 22)
ESTIMATORS = {
    "tree": Estimator(lambda: tree.DecisionTreeRegressor(max_depth=8), "number", TREE),
    "tree_numbers": Estimator(lambda: tree.DecisionTreeRegressor(max_depth=6), "numbers", TREE),
    "tree_flag": Estimator(lambda: tree.DecisionTreeClassifier(min_samples_leaf=3), "flag", TREE),
    "tree_class": Estimator(lambda: tree.DecisionTreeClassifier(max_depth=8), "class", TREE),
    "extra": Estimator(lambda: tree.ExtraTreeRegressor(max_depth=8, random_state=7), "number", EXTRA),
    "extra_class": Estimator(lambda: tree.ExtraTreeClassifier(max_depth=8, random_state=7), "class", EXTRA),
    "forest": Estimator(small(ensemble.RandomForestRegressor), "number", FOREST),
    "forest_numbers": Estimator(small(ensemble.RandomForestRegressor), "numbers", FOREST),
    "forest_flag": Estimator(small(ensemble.RandomForestClassifier), "flag", FOREST),
    "forest_class": Estimator(small(ensemble.RandomForestClassifier, criterion="entropy"), "class", FOREST),
    "extras": Estimator(small(ensemble.ExtraTreesRegressor), "number", EXTRA),
    "extras_class": Estimator(small(ensemble.ExtraTreesClassifier, bootstrap=True), "class", EXTRA),
    "boosting": Estimator(small(ensemble.GradientBoostingRegressor), "number"),
    "boosting_absolute": Estimator(small(ensemble.GradientBoostingRegressor, loss="absolute_error"), "number"),
    "boosting_huber": Estimator(small(ensemble.GradientBoostingRegressor, loss="huber"), "number"),
    "boosting_quantile": Estimator(small(ensemble.GradientBoostingRegressor, loss="quantile"), "number"),
    "boosting_flag": Estimator(small(ensemble.GradientBoostingClassifier), "flag"),
    "boosting_exponential": Estimator(small(ensemble.GradientBoostingClassifier, loss="exponential"), "flag"),
    "boosting_class": Estimator(small(ensemble.GradientBoostingClassifier), "class", within=4),
    "hist": Estimator(hist(ensemble.HistGradientBoostingRegressor), "number", HIST),
    "hist_absolute": Estimator(hist(ensemble.HistGradientBoostingRegressor, loss="absolute_error"), "number", HIST),
    "hist_poisson": Estimator(hist(ensemble.HistGradientBoostingRegressor, loss="poisson"), "positive", HIST, 2),
    "hist_flag": Estimator(hist(ensemble.HistGradientBoostingClassifier), "flag", HIST),
    "hist_class": Estimator(hist(ensemble.HistGradientBoostingClassifier), "class", HIST, 4),
    "linear": Estimator(linear_model.LinearRegression, "number", is_linear=True),
    "linear_numbers": Estimator(linear_model.LinearRegression, "numbers", is_linear=True),
    "ridge": Estimator(linear_model.Ridge, "number", is_linear=True),
    "ridge_cv": Estimator(linear_model.RidgeCV, "number", is_linear=True),
    "lasso": Estimator(lambda: linear_model.Lasso(0.05), "number", is_linear=True),
    "lasso_cv": Estimator(lambda: linear_model.LassoCV(cv=3), "number", is_linear=True),
    "net": Estimator(lambda: linear_model.ElasticNet(0.05), "number", is_linear=True),
    "net_cv": Estimator(lambda: linear_model.ElasticNetCV(cv=3), "number", is_linear=True),
    "lasso_numbers": Estimator(lambda: linear_model.MultiTaskLasso(0.05), "numbers", is_linear=True),
    "net_numbers": Estimator(lambda: linear_model.MultiTaskElasticNet(0.05), "numbers", is_linear=True),
    "sgd": Estimator(lambda: linear_model.SGDRegressor(random_state=7), "number", is_linear=True),
    "logistic_flag": Estimator(linear_model.LogisticRegression, "flag", is_linear=True),
    "logistic_class": Estimator(linear_model.LogisticRegression, "class", is_linear=True),
    "logistic_liblinear": Estimator(
        lambda: linear_model.LogisticRegression(solver="liblinear"), "flag", is_linear=True
    ),
    "logistic_cv": Estimator(lambda: linear_model.LogisticRegressionCV(cv=3), "class", is_linear=True),
    "sgd_flag": Estimator(lambda: sgd("log_loss"), "flag", is_linear=True),
    "sgd_class": Estimator(lambda: sgd("log_loss"), "class", is_linear=True),
    "sgd_hinge": Estimator(lambda: sgd("hinge"), "class", is_linear=True),
    "sgd_huber": Estimator(lambda: sgd("modified_huber"), "flag", is_linear=True),
}
if VERSION >= (1, 3):
    ESTIMATORS |= {
        "hist_gamma": Estimator(hist(ensemble.HistGradientBoostingRegressor, loss="gamma"), "positive", HIST, 2),
    }
if VERSION >= (1, 1):
    quantile = hist(ensemble.HistGradientBoostingRegressor, loss="quantile", quantile=0.8)
    ESTIMATORS |= {"hist_quantile": Estimator(quantile, "number", HIST)}
MISSING = ("nan", "none")
# What stands before the estimator: nothing (a frame, a matrix), a scaler, transformers of columns.
BEFORE = ("frame", "matrix", "standard", "minmax", "maxabs", "robust", "columns", "ordinal", "functions", "categories")
FORMATS = ("joblib", "zlib", "gzip", "pickle0", "pickle1", "pickle2", "pickle3", "pickle4", "pickle5", "skops")
# What `make test` has.
SHORT = (
    "forest_class-nan-columns", "hist_class-nan-categories", "hist_poisson-nan-frame", "boosting_flag-none-ordinal",
    "extras-none-matrix", "logistic_class-nan-columns", "tree_numbers-none-robust", "linear-none-functions",
)  # fmt: skip
# Of these, what is asked in every dialect of `serve` too.
SERVED = ("forest_class-nan-columns", "hist_class-nan-categories", "logistic_class-nan-columns")


def sgd(loss):
    """A linear classifier; 1.0 called the logarithmic loss `log`."""
    if loss == "log_loss" and VERSION < (1, 1):
        loss = "log"
    return linear_model.SGDClassifier(loss=loss, random_state=7)


def names():
    """The names of all models."""
    return ["-".join(words) for words in itertools.product(ESTIMATORS, MISSING, BEFORE) if is_possible(*words)]


def is_possible(name, missing, before):
    """True where scikit-learn takes such cells."""
    if before == "categories":
        return name.startswith("hist") and VERSION >= (1, 0)
    if before in ("columns", "ordinal"):
        return True
    return missing == "none" or VERSION >= ESTIMATORS[name].missing_since


def model_of(name, before):
    """The estimator, and what stands before it."""
    estimator = ESTIMATORS[name].make()
    scalers = {"standard": StandardScaler, "minmax": MinMaxScaler, "maxabs": MaxAbsScaler, "robust": RobustScaler}
    numbers = ["a", "b", "rounded", "zeros"]
    if before in scalers:
        return make_pipeline(scalers[before](), estimator)
    if before == "columns":
        fill = SimpleImputer(strategy="median", add_indicator=True)
        words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
        steps = [("n", make_pipeline(fill, StandardScaler()), numbers), ("w", words, ["few"])]
        steps.append(("m", OneHotEncoder(handle_unknown="ignore"), ["many"]))
        return make_pipeline(ColumnTransformer(steps, sparse_threshold=0), estimator)
    if before == "ordinal":
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, **missing_code())
        steps = [("w", encoder, ["few", "many"]), ("n", SimpleImputer(), slice(0, 3))]
        return make_pipeline(ColumnTransformer(steps, remainder="drop"), estimator)
    if before == "functions":
        # Trees have no answer for the logarithm of what has none.
        function = numpy.log1p if ESTIMATORS[name].is_linear else numpy.square
        steps = [("f", FunctionTransformer(function), ["zeros"]), ("abs", FunctionTransformer(numpy.abs), ["a"])]
        return make_pipeline(ColumnTransformer(steps, remainder="passthrough"), estimator)
    if before == "categories":
        words = [4, 5] if VERSION < (1, 4) else "from_dtype"
        return estimator.set_params(categorical_features=words)
    return estimator


def missing_code():
    """Missing cells have a code of their own, where the encoder can."""
    return {"encoded_missing_value": -2} if VERSION >= (1, 1) else {}


def fitted(name, n_rows, random):
    """Fits a model, and asks it."""
    estimator_name, missing, before = name.split("-")
    estimator = ESTIMATORS[estimator_name]
    kind = "text" if before in ("columns", "ordinal", "categories") else "numbers"
    if before == "categories" and VERSION < (1, 4):
        kind = "codes"
    types = tables.TYPES[random.integers(2)]
    frame = tables.columns(n_rows, kind, types, missing == "nan", random)
    if before == "functions":
        frame["zeros"] = frame["zeros"].abs()
    if before in ("columns", "ordinal"):
        # Texts and numbers, as a CSV file has them.
        frame["few"] = frame["few"].astype(object)
        frame["many"] = frame["many"].astype(float)
    y = targets(frame, estimator.task, random)
    if estimator.task in ("flag", "class") and random.integers(2):
        y = numpy.array(["no", "ÿes", "3", "b c"], dtype=object)[y]
    model = model_of(estimator_name, before).fit(as_given(frame, before), y)
    if estimator.is_linear or before not in ("frame", "matrix", "categories"):
        # Of singles numpy's arithmetic is another; served are doubles.
        frame = frame.astype({column: float for column in frame if frame[column].dtype == "float32"})
    rows = edges(frame, model, estimator, missing, before, kind, random)
    with numpy.errstate(all="ignore"):
        answers = asked(model, as_given(rows, before), estimator)
    written = FORMATS[random.integers(len(FORMATS))]
    if written == "skops" and not has_skops():
        written = "joblib"
    sent = rows if before != "matrix" else rows.set_axis([f"f{i}" for i in range(rows.shape[1])], axis=1)
    return Case(
        "sklearn",
        name,
        {"model": " ".join(str(model).split()), "types": types},
        {written: dumped(model, written)},
        sent,
        answers,
    )


def as_given(frame, before):
    """As the estimator takes it: a matrix has no names."""
    return frame.to_numpy() if before == "matrix" else frame


def targets(frame, task, random):
    """What is to be predicted."""
    if task != "numbers":
        return tables.target(frame.assign(zeros=frame["zeros"].fillna(0)), task, random)
    return numpy.stack([tables.target(frame, "number", random) * scale for scale in (1, -3, 0.01)], axis=1)


def final(model):
    """The estimator alone, and what stands before it."""
    return (model[-1], model[:-1]) if hasattr(model, "steps") else (model, None)


def thresholds(estimator):
    """The numbers that each column of the estimator is compared with."""
    found = {}
    if hasattr(estimator, "_predictors"):
        for predictor in itertools.chain.from_iterable(estimator._predictors):
            for node in predictor.nodes[predictor.nodes["is_leaf"] == 0]:
                found.setdefault(int(node["feature_idx"]), []).append(float(node["num_threshold"]))
        return found
    trees = numpy.ravel(estimator.estimators_) if hasattr(estimator, "estimators_") else [estimator]
    for one in trees:
        if hasattr(one, "tree_"):
            for column, threshold in zip(one.tree_.feature, one.tree_.threshold, strict=True):
                if column >= 0:
                    found.setdefault(int(column), []).append(float(threshold))
    return found


def edges(frame, model, estimator, missing, before, kind, random):
    """The rows, of which some get what is at an edge: thresholds, zeros, infinities, categories that are not listed."""
    rows, at = frame.copy(), thresholds(final(model)[0])
    is_hist = hasattr(final(model)[0], "_predictors")
    numbers = [*tables.NUMBERS]
    if estimator.is_linear or before not in ("frame", "matrix", "categories"):
        numbers = [number for number in numbers if abs(number) < 1e8]
    elif is_hist and before == "frame":
        # Only these are let through by scikit-learn's own check.
        numbers += [1e300, 1.7e308] if all(rows[name].dtype == float for name in tables.numeric(rows)) else []
    if before == "functions":
        numbers = [number for number in numbers if number > -1]
    for index, column in enumerate(rows):
        if rows[column].dtype.kind != "f" or (kind == "text" and column == "many"):
            continue
        if kind == "codes" and column in ("many", "few"):
            values = [-1.0, 3.0, 39.0, 40.0, 99.0]
        else:
            position = index if before in ("frame", "matrix") else -1
            values = [*numbers, *tables.near(at.get(position, [0.0]), not is_hist)]
        rows[column] = tables.put(rows[column], values, random)
        if before == "functions" and column == "zeros":
            rows[column] = rows[column].abs()
    if before in ("columns", "ordinal"):
        rows.loc[random.random(len(rows)) < 0.05, "few"] = "never seen"
        rows.loc[random.random(len(rows)) < 0.05, "many"] = 12345.0
    if missing == "nan":
        for column in rows:
            rows.loc[0, column] = numpy.nan
    return rows


def asked(model, rows, estimator):
    """What `predict` and its companions answer, and how far we may be off."""
    last, steps = final(model)
    is_classifier = estimator.task in ("flag", "class")
    decision = model.decision_function(rows) if hasattr(model, "decision_function") else None
    bound = linear_bound(last, steps.transform(rows) if steps is not None else rows) if estimator.is_linear else None
    if not is_classifier:
        within = estimator.within if bound is None else bound
        return {"library": [Answer("prediction", model.predict(rows), within)]}
    labels, answers = model.predict(rows), []
    if decision is not None:
        raw_within = bound if bound is not None else start_within(estimator, last)
        answers.append(Answer("raw", decision, raw_within))
    sure = numpy.ones(len(labels), bool) if bound is None else is_sure(decision, bound)
    texts_of = texts(labels)
    texts_of[~sure] = None
    answers.append(Answer("prediction", texts_of))
    if hasattr(model, "predict_proba") and getattr(last, "loss", "") != "modified_huber":
        shares, within = model.predict_proba(rows), estimator.within
        if bound is not None:
            within = 2 * bound.max(axis=1, keepdims=True) + 4 * EPSILON
        elif start_within(estimator, last) != BITS:
            within = numpy.full(shares.shape, 2e-15)
        return {"label": [*answers, Answer("probability", shares, within)], "library": answers}
    return {"label": answers, "library": answers}


def start_within(estimator, last):
    """Boosting starts from scipy's logit, whose bits older scipys have otherwise, or from numpy's logarithm."""
    import scipy

    is_old = tuple(int(part) for part in scipy.__version__.split(".")[:2]) < (1, 12)
    is_by_logit = estimator.task == "flag" and VERSION >= (1, 4) and is_old
    is_boosting = type(last).__name__ == "GradientBoostingClassifier"
    return 1e-15 if is_boosting and (is_by_logit or estimator.task == "class") else BITS


def linear_bound(last, x):
    """n · ε · (Σ|x · w| + |b|): [n_rows, n_outputs]."""
    x = x.toarray() if scipy.sparse.issparse(x) else numpy.asarray(x, dtype=float)
    weights = numpy.atleast_2d(numpy.asarray(last.coef_, dtype=float))
    terms = numpy.abs(x) @ numpy.abs(weights).T + numpy.abs(numpy.atleast_1d(last.intercept_))
    return (x.shape[1] + 1) * EPSILON * terms


def is_sure(decision, bound):
    """Rows whose label does not hang on the bound."""
    if decision.ndim == 1:
        return numpy.abs(decision) > bound[:, 0]
    ordered = numpy.sort(decision, axis=1)
    return ordered[:, -1] - ordered[:, -2] > 2 * bound.max(axis=1)


def has_skops():
    """True where skops is installed."""
    try:
        import skops.io  # noqa: F401
    except ImportError:
        return False
    return True


def dumped(model, written):
    """The bytes of a file."""
    if written.startswith("pickle"):
        return pickle.dumps(model, protocol=int(written[-1]))
    if written == "skops":
        import skops.io

        return skops.io.dumps(model)
    file = io.BytesIO()
    joblib.dump(model, file, compress=3 if written == "zlib" else 0)
    return gzip.compress(file.getvalue()) if written == "gzip" else file.getvalue()

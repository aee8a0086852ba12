"""LightGBM models for import_test.py: objective × missing × categories, and what else changes a model's text."""

import dataclasses
import itertools

import lightgbm
import numpy
import pandas

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
CATEGORIES = ("numbers", "codes", "text", "mixed")
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
# What `make test` has.
SHORT = (
    "regression-nan-mixed", "sqrt-zero-numbers", "poisson-none-codes", "binary-nan-text", "sigmoid-zero-mixed",
    "multiclass-nan-text", "ova-none-codes", "custom-zero-text", "rf", "linear",
)  # fmt: skip
WORDS = ["zed", "ünï", "a, b", 'q"uote', "x y", "Zed", "0", "-1", "nan ü", "end"]


@dataclasses.dataclass
class Fitted:
    """A model's text, rows, and the library's answers: [n_rows] or [n_rows, n_outputs]."""

    name: str
    source: bytes
    rows: pandas.DataFrame
    predict: numpy.ndarray
    raw: numpy.ndarray
    n_classes: int


def models(every, n_rows, seed):
    """The models, fitted one by one."""
    grid = [
        f"{objective}-{missing}-{kind}"
        for objective, missing, kind in itertools.product(OBJECTIVES, MISSING, CATEGORIES)
    ]
    for name in [*grid, *OTHERS] if every else SHORT:
        yield fitted(name, n_rows, numpy.random.default_rng([seed, *name.encode()]))


def columns(n_rows, kind, random):
    """Six columns of numbers, of which the last two may be categories."""
    x = random.normal(size=(n_rows, 6))
    x[:, 2] = numpy.round(x[:, 2], 1)
    x[random.random(n_rows) < 0.3, 3] = 0
    frame = pandas.DataFrame(x, columns=["a", "b", "rounded", "zeros", "many", "few"])
    if kind != "numbers":
        frame["many"] = random.integers(0, 40, n_rows)
        frame["few"] = random.integers(0, len(WORDS), n_rows)
    frame = frame.astype(float).mask(random.random(x.shape) < 0.1)
    if kind == "text":
        frame["few"] = pandas.Categorical.from_codes(frame["few"].fillna(-1).astype(int), WORDS)
    if kind in ("text", "mixed"):
        many = [10 * number - 3 for number in range(40)]
        frame["many"] = pandas.Categorical.from_codes(frame["many"].fillna(-1).astype(int), many)
    if kind == "mixed":
        flags = pandas.Categorical.from_codes((frame["few"].fillna(-2) % 2).astype(int).clip(-1), [0.5, 2.25])
        frame["few"] = flags
    return frame


def labels(frame, objective, random):
    """What is to be predicted."""
    numbers = frame[["a", "b", "zeros"]].fillna(0).to_numpy()
    y = numbers[:, 0] * 2 + numbers[:, 1] ** 2 + (numbers[:, 2] == 0) + random.normal(size=len(frame)) * 0.2
    if objective in ("multiclass", "multiclassova", "lambdarank", "rank_xendcg"):
        return numpy.digitize(y, [0, 1, 2])
    if objective in ("binary", "cross_entropy", "cross_entropy_lambda"):
        return (y > 1).astype(int)
    return numpy.abs(y) + 0.1


def fitted(name, n_rows, random):
    """Fits a model, and asks it."""
    objective_name, missing, kind = [*name.rsplit("-", 2), "", ""][:3] if name not in OTHERS else (name, "nan", "text")
    if name in ("linear", "linear-binary", "one-hot"):
        kind = "codes"
    parameters = {**OTHERS, **OBJECTIVES}[objective_name] | MISSING[missing]
    frame = columns(n_rows, kind, random)
    y = labels(frame, parameters.get("objective"), random)
    categorical = ["many", "few"] if kind == "codes" else "auto"
    group = [20] * (n_rows // 20) if objective_name in ("lambdarank", "xendcg") else None
    base = {"verbose": -1, "num_threads": 1, "num_leaves": 15, "seed": 7, "deterministic": True}
    if objective_name == "custom":
        parameters = parameters | {
            "objective": lambda predicted, data: (predicted - data.get_label(), numpy.ones(len(y)))
        }
    data = lightgbm.Dataset(frame, label=y, group=group, categorical_feature=categorical)
    valid = [data.create_valid(frame[:200], label=y[:200][::-1])] if objective_name == "early" else None
    booster = lightgbm.train(base | parameters, data, 20, valid_sets=valid)
    text = booster.model_to_string()
    # Asked is what was written, not what is in memory: the text rounds a sigmoid.
    booster = lightgbm.Booster(model_str=text)
    rows = edges(frame, booster, kind, "linear" in name, random)
    n_classes = (
        {"binary": 2, "multiclass": 4, "multiclassova": 4}.get(parameters.get("objective"), 0)
        if objective_name != "custom"
        else 0
    )
    return Fitted(
        name,
        text.encode(),
        rows,
        booster.predict(rows),
        booster.predict(rows, raw_score=True),
        n_classes,
    )


def edges(frame, booster, kind, is_linear, random):
    """The rows, of which some get what is at an edge: thresholds, zeros, infinities, categories that are not listed."""
    rows = frame.copy()
    numbers = [0.0, -0.0, 1e-35, float(numpy.float32(1e-35)), 1e-36, -1e-36, 5e-324, 1e15, -1e15]
    if not is_linear:
        numbers += [numpy.inf, -numpy.inf, 1e300, 1.7e308]
    tree = booster.trees_to_dataframe()
    splits = tree[tree["decision_type"] == "<="]
    numeric = [column for column in rows if not isinstance(rows[column].dtype, pandas.CategoricalDtype)]
    for column in numeric:
        if kind == "codes" and column in ("many", "few"):
            values = [-1.0, -0.5, 0.5, 3.7, 39.0, 40.0, 99.0, 1e9, 16777216.0, 3e9, *numbers]
        else:
            at = splits["threshold"][splits["split_feature"] == column].astype(float).to_numpy()[:200]
            values = [*numbers, *at, *numpy.nextafter(at, -numpy.inf), *numpy.nextafter(at, numpy.inf)]
        chosen = random.random(len(rows)) < 0.3
        rows.loc[chosen, column] = random.choice(values, chosen.sum())
    for column in rows:
        if column not in numeric:
            unlisted = (
                12345
                if rows[column].cat.categories.dtype.kind == "i"
                else 0.75
                if rows[column].cat.categories.dtype.kind == "f"
                else "never seen"
            )
            rows[column] = rows[column].cat.add_categories([unlisted])
            rows.loc[random.random(len(rows)) < 0.05, column] = unlisted
    rows.loc[0, :] = numpy.nan
    return rows

"""The other side of `make bench-peers`: fits the closest estimators of scikit-learn and Yggdrasil Decision Forests, and
ONNX Runtime's form of scikit-learn's, and times their predictions.

Talks in lines. `fit PEER COLUMNS ROWS_FILE TARGETS_FILE PROBES_FILE` is answered by what was fitted; `time` by seconds
of processor time for one prediction of all probes, the least of several.
"""

import os
import sys
import time

# One thread, as the benchmark's own side has.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np
import onnxruntime
import skl2onnx
import ydf
from sklearn import ensemble, linear_model, neighbors, svm

ydf.verbose(0)


def forest():
    return ensemble.RandomForestRegressor(100, max_features="sqrt", random_state=1)


def nodes(model):
    trees = np.ravel(model.estimators_)
    return f"{sum(tree.tree_.node_count for tree in trees):,} nodes"


def vectors(model):
    return f"{len(model.support_):,} support vectors"


# What is fitted, and what is told of it.
SCIKIT_LEARN = {
    "random-forest": (forest, nodes),
    "gradient-boosting": (lambda: ensemble.GradientBoostingRegressor(max_depth=6, random_state=1), nodes),
    "linear": (linear_model.LinearRegression, lambda _: ""),
    "knn": (lambda: neighbors.KNeighborsRegressor(5), lambda model: model._fit_method),
    "svr": (lambda: svm.SVR(gamma=float(os.environ["GAMMA"])), vectors),
    "svc": (lambda: svm.SVC(gamma=float(os.environ["GAMMA"])), vectors),
}


def scikit_learn(algorithm, x, y, probes):
    make, told = SCIKIT_LEARN[algorithm]
    model = make().fit(x, y)
    return told(model), lambda: model.predict(probes)


def onnx(algorithm, x, y, probes):
    make, told = SCIKIT_LEARN[algorithm]
    model = make().fit(x, y)
    as_bytes = skl2onnx.to_onnx(model, x[:1].astype(np.float32)).SerializeToString()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(as_bytes, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: probes.astype(np.float32)}
    return f"{told(model)}, f32", lambda: session.run(None, feed)


def columns(x):
    return {f"x{i}": x[:, i] for i in range(x.shape[1])}


def yggdrasil(algorithm, x, y, probes):
    """Its engine without the reading of rows: its own benchmark."""
    table = columns(x) | {"y": y}
    if algorithm == "gradient-boosting":
        # Its depth counts nodes, ours splits.
        learner = ydf.GradientBoostedTreesLearner(
            "y",
            task=ydf.Task.REGRESSION,
            num_trees=100,
            max_depth=7,
            min_examples=1,
            shrinkage=0.1,
            early_stopping="NONE",
            validation_ratio=0.0,
        )
    else:
        learner = ydf.RandomForestLearner("y", task=ydf.Task.REGRESSION, num_trees=100, max_depth=-1, min_examples=1)
    model = learner.train(table)
    told = f"{sum(count(tree.root) for tree in model.iter_trees()):,} nodes"

    def seconds():
        result = model.benchmark(columns(probes), benchmark_duration=0.5, warmup_duration=0.1, num_threads=1)
        return result.duration_per_example * len(probes)

    return told, seconds


def count(node):
    return 1 if node.is_leaf else 1 + count(node.neg_child) + count(node.pos_child)


PEERS = {"scikit-learn": scikit_learn, "ONNX Runtime": onnx, "Yggdrasil": yggdrasil}


def least(work):
    """Of calls that take a tenth of a second together or more."""
    times = []
    while len(times) < 3 or sum(times) < 0.1:
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return min(times)


def main():
    timed = lambda: 0.0
    for line in sys.stdin:
        word, *rest = line.rstrip("\n").split("\t")
        if word == "fit":
            peer, algorithm, n_columns, gamma, *files = rest
            os.environ["GAMMA"] = gamma
            x, y, probes = (np.fromfile(file) for file in files)
            x, probes = x.reshape(-1, int(n_columns)), probes.reshape(-1, int(n_columns))
            answer, work = PEERS[peer](algorithm, x, y, probes)
            timed = work if peer == "Yggdrasil" else lambda: least(work)
        else:
            answer = timed()
        print(answer, flush=True)


if __name__ == "__main__":
    main()

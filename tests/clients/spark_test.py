"""docs/examples/spark scores on real executors, one of which is killed midway, and gives the bits of one `predict`.

1. Two executors of a local cluster score six files; the first attempt at one partition kills its executor after a
   batch. Another executor must make it again, every row come out once, with the prediction of one `predict`, and no server
   may be left.
2. `spark-submit score.py`, as its first lines say, scores with a classifier: the label and each probability.
3. A model that is not the driver's ends the job.

The program is SMARTSERVE's, or the debug build's. Needs Java 17.
"""

import importlib
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

import pyarrow
import pyarrow.csv
import pyarrow.parquet
from pyspark import TaskContext
from pyspark.sql import SparkSession

from server import BINARY, ROOT

EXAMPLE = ROOT / "docs/examples/spark"
PROGRAM = str(pathlib.Path(BINARY).resolve())
PARTS, COPIES = 6, 40


def example():
    """score.py as a module, which the executors find too."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["PYTHONPATH"] = f"{EXAMPLE}:{os.environ.get('PYTHONPATH', '')}"
    sys.path.insert(0, str(EXAMPLE))
    return importlib.import_module("score")


def trained(data, target, algorithm, model):
    words = ["train", "--data", data, "--target", target, "--algorithm", algorithm, "--folds", "0", "-o", model]
    subprocess.run([PROGRAM, *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return str(model)


def parted(table, folder):
    """The rows, each with its number, as PARTS files."""
    table = table.append_column("id", pyarrow.array(range(table.num_rows)))
    folder.mkdir()
    size = -(-table.num_rows // PARTS)
    for i in range(PARTS):
        pyarrow.parquet.write_table(table.slice(i * size, size), folder / f"part-{i}.parquet")


def judge(rows, model, scores, work):
    """Each row of `rows` is once in `scores`, with the bits of one `predict`; gives their number."""
    alone = work / "alone.parquet"
    words = ["predict", "--model", model, "--input", f"{rows}/part-*.parquet", "-o", alone]
    subprocess.run([PROGRAM, *map(str, words)], check=True)
    expected, found = (pyarrow.parquet.read_table(place).sort_by("id") for place in (alone, scores))
    assert found["id"].to_pylist() == list(range(expected.num_rows)), "rows are lost or doubled"
    assert found.column_names == expected.column_names, (found.column_names, expected.column_names)
    for name in expected.column_names:
        same = found[name].cast(expected[name].type).combine_chunks().equals(expected[name].combine_chunks())
        assert same, f"{name} is not what predict gives"
    return expected.num_rows


def executor():
    """The process of this task's executor: the parent of the daemon whose child the worker is."""
    stat = pathlib.Path(f"/proc/{os.getppid()}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[1])


def once_killed(score, marks):
    """The mapper, but that the first attempt at partition 1 kills its executor after a batch."""
    def run(batches):
        context = TaskContext.get()
        (marks / f"{context.partitionId()}-{context.taskAttemptId()}").write_text(str(executor()))
        for batch in score(batches):
            yield batch
            if context.partitionId() == 1 and not (marks / "killed").exists():
                (marks / "killed").write_text(str(executor()))
                os.kill(executor(), signal.SIGKILL)
                os._exit(1)
    return run


def with_a_killed_executor(score, folder):
    """The first case; gives the number of rows."""
    data, model = ROOT / "data/boston.csv", folder / "own.model"
    trained(data, "MEDV", "extra-trees", model)
    other = trained(data, "MEDV", "ridge", folder / "other.model")
    parted(pyarrow.concat_tables([pyarrow.csv.read_csv(data).drop_columns(["MEDV"])] * COPIES), folder / "rows")
    marks = folder / "marks"
    marks.mkdir()
    spark = (SparkSession.builder.master("local-cluster[2,1,1024]").config("spark.ui.enabled", "false")
             .config("spark.executor.memory", "512m").config("spark.driver.host", "127.0.0.1")
             .config("spark.driver.bindAddress", "127.0.0.1")
             .config("spark.sql.execution.arrow.maxRecordsPerBatch", "1000")
             .config("spark.sql.files.openCostInBytes", str(128 << 20)).getOrCreate())
    spark.sparkContext.setLogLevel("OFF")
    frame = spark.read.parquet(str(folder / "rows"))
    whole, version = score.schema(frame, PROGRAM, str(model))
    mapper = once_killed(score.mapper(PROGRAM, str(model), version), marks)
    frame.mapInArrow(mapper, whole).write.parquet(str(folder / "scores"))
    assert (marks / "killed").exists(), "no executor was killed"
    again = {mark.read_text() for mark in marks.glob("1-*")}
    assert len(again) == 2, f"partition 1 was not made again by another executor: {again}"
    n = judge(folder / "rows", model, folder / "scores", folder)
    try:
        frame.mapInArrow(score.mapper(PROGRAM, other, version), whole).collect()
    except Exception as error:
        assert f"and {version} at the driver" in str(error), error
    else:
        raise AssertionError("executors scored with another model than the driver's")
    spark.stop()
    return n


def with_a_classifier(folder):
    """The second case."""
    data = ROOT / "data/iris.csv"
    model = trained(data, "species", "logistic", folder / "iris.model")
    parted(pyarrow.csv.read_csv(data).drop_columns(["species"]), folder / "flowers")
    submit = pathlib.Path(sys.executable).with_name("spark-submit")
    words = [submit, "--master", "local[2]", "--conf", "spark.driver.host=127.0.0.1", EXAMPLE / "score.py",
             model, folder / "flowers", folder / "species", PROGRAM]
    env = os.environ | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
    ran = subprocess.run([*map(str, words)], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert ran.returncode == 0, ran.stdout[-5000:]
    judge(folder / "flowers", model, folder / "species", folder)


def servers_of(folder):
    """The processes that serve a model of this folder."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f"model={folder}/".encode() in words:
            found.append(process.name)
    return found


def main():
    began = time.monotonic()
    score = example()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        with_a_classifier(folder)
        n = with_a_killed_executor(score, folder)
        # The driver's own server ends with this process: it is the one of both models that may be left.
        for _ in range(100):
            left = servers_of(folder)
            if len(left) <= 1:
                break
            time.sleep(0.1)
        assert len(left) <= 1, f"servers are left: {left}"
    print(f"spark: {n} rows on executors, one killed: one predict's bits ({time.monotonic() - began:.0f} s)")


if __name__ == "__main__":
    main()

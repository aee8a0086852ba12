"""The function of docs/batch.md scores a table, and gives the bits of `smartserve predict` on the same rows.

The program is SMARTSERVE's, or the debug build's.
"""

import os
import pathlib
import re
import subprocess
import tempfile

import pyarrow
import pyarrow.csv

from server import BINARY, ROOT


def main():
    shown = re.search(r"^```python\n(.*?)^```$", (ROOT / "docs/batch.md").read_text(), re.M | re.S).group(1)
    names = {}
    exec(shown, names)  # what the document shows
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "smartserve").symlink_to(pathlib.Path(BINARY).resolve())
        os.environ["PATH"] = f"{folder}:{os.environ['PATH']}"
        os.chdir(folder)
        data = ROOT / "data/boston.csv"
        words = ["train", "--data", str(data), "--target", "MEDV", "--algorithm", "ridge", "--folds", "0"]
        subprocess.run(["smartserve", *words, "-o", "own.model"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        table = pyarrow.csv.read_csv(data)
        scored = names["score"](table)
        assert scored.schema.names == [*table.schema.names, "prediction"], scored.schema
        words = ["predict", "--model", "own.model", "--input", str(data), "--output", "scores.csv"]
        subprocess.run(["smartserve", *words], check=True)
        alone = pyarrow.csv.read_csv("scores.csv")
        assert scored["prediction"].equals(alone["prediction"].cast(scored["prediction"].type)), "other predictions"
        os.chdir(ROOT)
    print(f"batch: the documented function scores {scored.num_rows} rows as one predict")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""The Indexed Job of k8s/jobs/predict, its pods played by the program itself.

    batch_test.py

The container's words are those of the rendered manifest, expanded as the kubelet does; the claims are directories. The
rows are parted by the lines of docs/kubernetes.md. Pods are killed in the middle of their shard, two pods of one index
run at once, one shard is invalid: no output is ever in part there, and all shards together are what one `predict` gives.

The program is SMARTSERVE's, or the debug build's.
"""

import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SMARTSERVE") or str(ROOT / "target/debug/smartserve")
ROWS, SHARDS = 4_000, 8
KILLED = (2, 5)


def job():
    ran = subprocess.run(["kubectl", "kustomize", str(ROOT / "k8s/jobs/predict")], stdout=subprocess.PIPE, text=True,
                         check=True)
    return yaml.safe_load(ran.stdout)["spec"]


class Claims:
    """The volumes of the Job as directories, and its pods as processes."""

    def __init__(self, spec, folder):
        self.box = spec["template"]["spec"]["containers"][0]
        self.folder = folder
        self.places = [m["mountPath"] for m in self.box["volumeMounts"]]
        for place in self.places:
            self.at(place).mkdir()

    def at(self, path):
        return self.folder / path.lstrip("/")

    def pod(self, index):
        """The process of this index's pod."""
        assert [e["name"] for e in self.box["env"]] == ["SHARD"]
        words = [word.replace("$(SHARD)", str(index)) for word in self.box["args"]]
        for place in self.places:
            words = [word.replace(f"={place}/", f"={self.at(place)}/") for word in words]
        return subprocess.Popen([BINARY, *words], stderr=subprocess.PIPE, text=True)

    def output(self, index):
        return self.at(f"/scores/part-{index}.csv")


def ended(process):
    """The exit code and the last line of a process that ends by itself."""
    _, text = process.communicate(timeout=60)
    return process.returncode, text.strip()


def make(claims, folder):
    """A model, and rows parted by the documented lines."""
    draw = random.Random(1)
    def row(i): return [i, round(draw.gauss(0, 1), 4), draw.choice("abc")]
    training = ["id,amount,shop,y", *(f"{i},{x},{s},{2 * x + (s == 'a')}" for i, x, s in map(row, range(300)))]
    (folder / "training.csv").write_text("\n".join(training) + "\n")
    words = ["train", "--data", folder / "training.csv", "--target", "y", "--features", "amount,shop", "--algorithm",
             "ridge", "--folds", "0", "-o", claims.at("/models/own.model")]
    subprocess.run([BINARY, *map(str, words)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    rows = ["id,amount,shop", *(f"{i},{x},{s}" for i, x, s in map(row, range(ROWS)))]
    (claims.at("/rows") / "rows.csv").write_text("\n".join(rows) + "\n")
    shown = re.search(r"^n=8 .*$", (ROOT / "docs/kubernetes.md").read_text(), re.M).group()
    subprocess.run(["bash", "-euc", shown], cwd=claims.at("/rows"), check=True)
    parts = sorted(claims.at("/rows").glob("part-*.csv"))
    assert len(parts) == SHARDS, parts


def kill_in_the_middle(claims, index):
    """A pod that has read half of its shard, and waits for the rest, is killed: there is no output."""
    part = claims.at(f"/rows/part-{index}.csv")
    whole = part.read_bytes()
    part.unlink()
    os.mkfifo(part)
    process = claims.pod(index)
    with open(part, "wb", buffering=0) as pipe:
        # More than a pipe holds: once this is written, the pod has read most of it.
        pipe.write(whole + whole.partition(b"\n")[2] * 40)
        assert not claims.output(index).exists(), f"shard {index} has an output before it is read"
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    process.stderr.close()
    assert process.returncode == -signal.SIGKILL, process.returncode
    assert not claims.output(index).exists(), f"shard {index} of a killed pod has an output"
    part.unlink()
    part.write_bytes(whole)


def refuse(claims, spec):
    """A shard that the model cannot take ends as the Job's policy expects, with nothing written."""
    part = claims.at("/rows/part-99.csv")
    part.write_text("id,amount\n1,2\n")
    code, text = ended(claims.pod(99))
    fails = next(r for r in spec["podFailurePolicy"]["rules"] if r["action"] == "FailIndex")
    assert code in fails["onExitCodes"]["values"] and code == 65, (code, text)
    part.unlink()
    code, text = ended(claims.pod(99))
    assert code in fails["onExitCodes"]["values"] and code == 66, (code, text)
    assert not claims.output(99).exists()


def main():
    began = time.monotonic()
    spec = job()
    assert spec["completions"] == SHARDS
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        claims = Claims(spec, folder)
        make(claims, folder)
        for index in KILLED:
            kill_in_the_middle(claims, index)
        refuse(claims, spec)
        twins = [claims.pod(0), claims.pod(0)]
        assert [ended(p)[0] for p in twins] == [0, 0]
        first = claims.output(0).read_bytes()
        for index in range(SHARDS):
            code, text = ended(claims.pod(index))
            assert code == 0, f"shard {index}: {text}"
        assert claims.output(0).read_bytes() == first, "another try wrote other bytes"
        left = sorted(p.name for p in claims.at("/scores").iterdir() if not p.name.startswith("."))
        assert left == [f"part-{i}.csv" for i in range(SHARDS)], left
        scored = [claims.output(i).read_text().splitlines() for i in range(SHARDS)]
        words = ["predict", "--model", claims.at("/models/own.model"), "--input", claims.at("/rows/rows.csv")]
        alone = subprocess.run([BINARY, *map(str, words)], check=True, stdout=subprocess.PIPE, text=True).stdout
        head, *rows = alone.splitlines()
        assert all(lines[0] == head for lines in scored)
        assert sorted(rows) == sorted(row for lines in scored for row in lines[1:]), "the shards are not the whole"
        assert len(rows) == ROWS
        shutil.rmtree(claims.at("/scores"))
    print(f"batch: {SHARDS} shards are one predict, {len(KILLED)} pods killed ({time.monotonic() - began:.1f} s)")


if __name__ == "__main__":
    sys.exit(main())

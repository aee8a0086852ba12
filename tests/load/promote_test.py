#!/usr/bin/env python3
"""deploy/gitops/promote.sh lets a model through that answers as the served one, and none that does not.

The program is SMARTSERVE's, or the debug build's.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("SMARTSERVE") or str(ROOT / "target/debug/smartserve")
ROWS = ROOT / "data/boston.csv"
LOAD = "--rate 20 --most 20 --seconds 1 --p99 8000"


def train(folder, name, *words):
    path = folder / f"{name}.model"
    command = [BINARY, "train", "--data", ROWS, "--target", "MEDV", "--folds", "0", *words, "-o", path]
    subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return path


def promote(new, old, tolerance, load=LOAD):
    env = os.environ | {"SMARTSERVE": BINARY, "TOLERANCE": tolerance, "LOAD": load}
    ran = subprocess.run([str(ROOT / "deploy/gitops/promote.sh"), str(new), str(old), str(ROWS)], env=env, text=True,
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120)
    return ran.returncode, ran.stdout


def usage():
    """Without its three arguments it says how it is used, to the last line of its head."""
    ran = subprocess.run([str(ROOT / "deploy/gitops/promote.sh")], text=True, capture_output=True, timeout=120)
    assert (ran.returncode, ran.stdout) == (2, ""), ran
    lines = ran.stderr.splitlines()
    assert lines[0].startswith("The gate in front of a new model") and "  promote.sh NEW OLD ROWS" in lines, ran.stderr
    assert lines[-1].startswith("Exit: 0 all pass"), ran.stderr


def main():
    usage()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        old = train(folder, "old", "--algorithm", "ridge", "--alpha", "1")
        near = train(folder, "near", "--algorithm", "ridge", "--alpha", "1.1")
        far = train(folder, "far", "--algorithm", "ridge", "--alpha", "10000")
        code, text = promote(near, old, "0.5")
        assert code == 0 and text.count("=== ") == 4 and "the level holds" in text, text
        code, text = promote(far, old, "0.5")
        assert code == 1 and "=== replay" in text and "=== load test" not in text, text
        broken = folder / "broken.model"
        broken.write_bytes(near.read_bytes()[:-1] + b"x")
        code, text = promote(broken, old, "0.5")
        assert code == 65 and "=== replay" not in text, text
        code, text = promote(near, old, "", "--rate 20 --most 20 --seconds 1 --p99 0.001")
        # The generator cannot tell a microsecond: a gate that cannot tell does not open.
        assert code in (1, 3) and "may take the place" not in text, text
    print("promotion: one model passes the gate, three do not")


if __name__ == "__main__":
    sys.exit(main())

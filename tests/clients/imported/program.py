"""smartserve's commands, asked with a case's files and rows."""

import csv
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("SMARTSERVE", str(ROOT / "target/debug/smartserve"))


class Refused(Exception):
    """What the program said when it did not do what it was asked."""


def run(*words):
    """What it prints."""
    done = subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise Refused(f"smartserve {words[0]} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def artifact(folder, source, *flags):
    """The path of what `import` makes of a file's bytes."""
    (folder / "source").write_bytes(source)
    run("import", folder / "source", "-o", folder / "imported.model", *flags)
    return folder / "imported.model"


def predict(model, rows, *flags):
    """The columns that `predict` makes of the rows of a CSV file: name to texts."""
    lines = list(csv.DictReader(run("predict", *flags, "--model", model, "--input", rows).splitlines()))
    return {name: [line[name] for line in lines] for name in lines[0]}


def answered(columns, answer):
    """The columns that hold an answer."""
    exact = [answer.column] if answer.column in columns else []
    return [columns[name] for name in exact or columns if exact or name.startswith(f"{answer.column}_")]

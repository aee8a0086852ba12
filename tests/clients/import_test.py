"""Models that the libraries themselves fit on the spot: smartserve's answers have the libraries' own bits, or are
within the bounds of docs/import.md.

    import_test.py [--all [--share 1/N]] [--library NAME]... [--only WORD] [--seed N] [--jobs N]

Each model goes through `smartserve import` and `smartserve predict --raw` with 2,000 rows, edges among them: once as
the library's `predict` answers, once with labels, and raw scores beside them. Ten go through `serve` and every dialect.
Without --all some models of each library. With --share 1/4 a quarter of all, which the seed chooses: each objective or
estimator, rule for missing cells, kind of category and type of column is among them. The program is SMARTSERVE's, or the debug build's.
"""

import argparse
import concurrent.futures
import importlib
import itertools
import multiprocessing
import os
import pathlib
import sys
import tempfile
import time
import traceback
import warnings

import numpy

from imported import share

ROWS = 2_000
LIBRARIES = ("lightgbm", "xgboost", "sklearn")


def module(library):
    """The module that fits its models."""
    return importlib.import_module(f"imported.of_{library}")


def by_command(case, folder):
    """What `import` and `predict` answer otherwise than the library: a line an answer, and its worst rows."""
    from imported import program, tables
    from imported.compare import wrong_rows

    rows, found = folder / "rows.csv", []
    rows.write_text(tables.text(case.rows))
    for (written, source), (choice, answers) in itertools.product(case.files.items(), case.answers.items()):
        model = program.artifact(folder, source, "--answer", choice, *case.flags)
        raw = ["--raw"] if any(answer.column == "raw" for answer in answers) else []
        columns = program.predict(model, rows, *raw)
        for answer in answers:
            wrong, lines = wrong_rows(answer, program.answered(columns, answer))
            if wrong:
                found.append(f"{written}, --answer {choice}: {answer.column}: {len(wrong)} rows differ")
            for row, line in zip(wrong, lines, strict=False):
                found += [f"    row {row}: {line}", f"      {case.rows.iloc[row].to_dict()}"]
    return found


def by_dialects(case, folder):
    """The same of `serve`, of the first file as it is."""
    from imported import dialects

    source = folder / "served"
    source.write_bytes(next(iter(case.files.values())))
    return [f"served, {problem}" for problem in dialects.problems(case, source, min(case.answers))]


def checked(library, name, seed):
    """The files compared, whether it was served too, and what is wrong with a model's answers; empty if nothing."""
    warnings.simplefilter("ignore")
    case, found, is_served = None, [], name in module(library).SERVED
    try:
        case = module(library).fitted(name, ROWS, numpy.random.default_rng([seed, *name.encode()]))
        with tempfile.TemporaryDirectory() as folder:
            found = by_command(case, pathlib.Path(folder))
            found += by_dialects(case, pathlib.Path(folder)) if is_served else []
    except Exception:
        # Some libraries put the whole table into an error.
        found.append(traceback.format_exc(limit=-3)[:2_000])
    if not found:
        return len(case.files), is_served, ""
    parameters = f": {case.parameters}" if case else ""
    return 0, False, "\n  ".join([f"{library} {name} (--seed {seed}){parameters}", *found])


def chosen(library, arguments):
    """The names of the models to be fitted."""
    if not (arguments.all or arguments.only):
        return module(library).SHORT
    names = [name for name in module(library).names() if arguments.only in name]
    return share.of(names, module(library).SERVED, arguments.share, arguments.seed) if arguments.share > 1 else names


def parts(text):
    """Of `1/4`: 4."""
    one, _, parts = text.partition("/")
    if one != "1" or not parts.isascii() or not parts.isdecimal() or not int(parts):
        raise argparse.ArgumentTypeError(f"{text} is not 1/4, 1/5, …")
    return int(parts)


def main():
    """Fits, asks, and tells what differs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--library", action="append", choices=LIBRARIES)
    parser.add_argument("--only", default="", help="models with this in their names")
    parser.add_argument("--share", type=parts, default=1, help="with --all or --only: a part of these, as 1/4")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    arguments = parser.parse_args()
    if arguments.share > 1 and not (arguments.all or arguments.only):
        parser.error("--share is a part of all models: add --all")
    start, failures, counts = time.monotonic(), [], {}
    n_served = 0
    with concurrent.futures.ProcessPoolExecutor(arguments.jobs, multiprocessing.get_context("spawn")) as pool:
        for library in arguments.library or LIBRARIES:
            names = chosen(library, arguments)
            began, n_files = time.monotonic(), 0
            tasks = [pool.submit(checked, library, name, arguments.seed) for name in names]
            for done, task in enumerate(concurrent.futures.as_completed(tasks), 1):
                files, is_served, problem = task.result()
                n_files += files
                n_served += is_served
                if problem:
                    failures.append(problem)
                    print(problem, file=sys.stderr, flush=True)
                if done % 100 == 0:
                    print(f"{library}: {done} of {len(names)} models, {time.monotonic() - began:.0f} s", flush=True)
            counts[library] = len(names)
            took = time.monotonic() - began
            print(f"{library}: {len(names)} models in {n_files} files, {ROWS} rows each, {took:.0f} s", flush=True)
    told = ", ".join(f"{n} of {library}" for library, n in counts.items())
    n_right, took = sum(counts.values()) - len(failures), time.monotonic() - start
    print(f"{told}: {n_right} answer as their library does (--seed {arguments.seed}, {took:.0f} s)")
    print(f"{n_served} of them were served too, and asked in every dialect")
    for failure in failures:
        print(f"differs: {failure.splitlines()[0][:200]}", file=sys.stderr)
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()

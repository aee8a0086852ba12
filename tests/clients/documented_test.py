#!/usr/bin/env python3
"""Runs every snippet of docs/clients.md against a running server; each must print exactly what stands below it.

    documented_test.py [--all] [--write]

A snippet whose tools are not here is skipped, loudly; with --all that fails. --write puts what they print into the
document.
"""

import importlib.util
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

from server import BINARY, ROOT, Server

DOCUMENT = ROOT / "docs/clients.md"
# A snippet, and what it prints.
SNIPPET = re.compile(r"^```(sh|python|javascript|java)\n(.*?)^```\n```text\n(.*?)^```\n", re.M | re.S)
# The Unix socket of the document.
SOCKET = "/run/smartserve.sock"
COMMANDS = {
    "sh": ("bash", "-euo", "pipefail", "-c"),
    "python": (sys.executable, "-B", "-W", "ignore", "-c"),
    "javascript": ("node", "--input-type=module", "-e"),
    # Compiles and runs a file of one class.
    "java": ("java",),
}
# Programs of the first words of a shell snippet's lines that are not always there.
PROGRAMS = ("curl", "mlserver")


def demo():
    """The demo model's data, target and other words of `train`, as the Makefile has them."""
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", " ")
    words = shlex.split(re.search(r"^DEMO := (.*)$", makefile, re.M)[1])
    flags = dict(zip(words[::2], words[1::2]))
    data, target = flags.pop("--data"), flags.pop("--target")
    flags.pop("--name")
    return (data, target, *(word for pair in flags.items() for word in pair))


MODELS = {
    "boston": demo(),
    "iris": ("data/iris.csv", "species", "--algorithm", "logistic"),
    "flats": ("data/flats.csv", "rent", "--algorithm", "ridge"),
}
PATH = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])


def missing(language, code):
    """What a snippet needs and is not here."""
    programs = [COMMANDS[language][0]]
    modules = []
    if language == "sh":
        programs += [program for program in PROGRAMS if re.search(rf"^\s*{program} ", code, re.M)]
    if language == "python":
        modules = re.findall(r"^(?:import|from) (\w+)", code, re.M)
    return [name for name in programs if not shutil.which(name, path=PATH)] + [
        name for name in modules if not importlib.util.find_spec(name)
    ]


class Neighbour:
    """A server of the first model on a Unix socket."""

    def __init__(self, model):
        self._folder = tempfile.TemporaryDirectory()
        self.path = str(pathlib.Path(self._folder.name, "s.sock"))
        words = ["--bind", f"unix:{self.path}", "--admin-bind", "127.0.0.1:0", "--log-format", "json", "--model", model]
        self._process = subprocess.Popen([BINARY, "serve", *words], stdout=subprocess.PIPE, text=True)
        while "listening on" not in (line := self._process.stdout.readline()):
            if not line:
                raise RuntimeError("it ended before it listened")

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()


def run(language, code, address, socket):
    """What a snippet prints; what it says of an error too, when it fails."""
    host, port = address.split(":")
    code = code.replace("localhost:8000", address).replace('"localhost", 8000', f'"{host}", {port}')
    code = code.replace(SOCKET, socket)
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "data").symlink_to(ROOT / "data")
        if language == "java":
            pathlib.Path(folder, "Predict.java").write_text(code)
            code = "Predict.java"
        done = subprocess.run(
            [*COMMANDS[language], code], cwd=folder, env={**os.environ, "PATH": PATH}, capture_output=True, text=True,
            timeout=120,
        )
    printed = done.stdout + (f"exit {done.returncode}\n{done.stderr}" if done.returncode else "")
    # An answer of one line has no line end.
    return printed if printed.endswith("\n") else printed + "\n"


def main():
    document, server = DOCUMENT.read_text(), Server(MODELS)
    neighbour = Neighbour(server.path("boston"))
    ran, skipped, wrong = 0, [], 0

    def check(match):
        nonlocal ran, wrong
        language, code, expected = match.groups()
        line = document.count("\n", 0, match.start()) + 1
        if needs := missing(language, code):
            skipped.append(f"line {line}: {', '.join(needs)} not here")
            return match[0]
        printed = run(language, code, server.address, neighbour.path)
        ran += 1
        if printed != expected and "--write" not in sys.argv:
            wrong += 1
            print(f"{DOCUMENT.name}, line {line}: expected\n{expected}but it prints\n{printed}")
        return f"```{language}\n{code}```\n```text\n{printed}```\n"

    try:
        written = SNIPPET.sub(check, document)
    finally:
        neighbour.stop()
        server.stop()
    if "--write" in sys.argv:
        DOCUMENT.write_text(written)
    untested = len(re.findall(r"^```(?:sh|python|javascript|java)$", document, re.M)) - ran - len(skipped)
    print(f"{ran} snippets ran, {wrong} printed something else; {untested} show no output")
    for reason in skipped:
        print(f"*** SKIPPED: {reason} ***")
    return bool(wrong or untested or (skipped and "--all" in sys.argv))


if __name__ == "__main__":
    sys.exit(main())

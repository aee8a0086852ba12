#!/usr/bin/env python3
"""Clients that generators make of our OpenAPI document: each must compile, and get the prediction of POST /predict.

openapi-generator's Python, TypeScript and Go, and openapi-python-client's Python. What each asks is in `generated/`;
what they are made of and compiled in is in target/generated, anew each time.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

from server import BINARY, ROOT, Server

HERE = pathlib.Path(__file__).resolve().parent / "generated"
MADE = ROOT / "target/generated"
TOOLS = pathlib.Path(sys.executable).parent
TSC = ROOT / "target/typescript/node_modules/.bin/tsc"
# Where Debian puts the packages that Go clients import.
GO_PACKAGES = "/usr/share/gocode"

# Rooms, tax (sometimes missing), colour; and zones whose names are a number, a fraction and a text.
COLOURS, ZONES = ["blue", "green", "red"], ["1", "1.5", "outer"]
ROWS = [
    (3.5 + i % 6, "" if i % 10 == 3 else 200 + 10 * i, COLOURS[i // 7 % 3], 10.25 + 5 * (i % 6)) for i in range(60)
]
HOUSES = "RM,TAX,colour,MEDV\n" + "".join(",".join(map(str, row)) + "\n" for row in ROWS)
ZONED = "zone,MEDV\n" + "".join(f"{ZONES[i % 3]},{i % 3}\n" for i in range(60))
MODELS = {
    "houses": (HOUSES, "MEDV", "--algorithm", "random-forest", "--trees", "5"),
    "iris": ("data/iris.csv", "species", "--algorithm", "logistic"),
    # Compiled, and asked by nobody: openapi-generator's TypeScript takes a record of such names for columns.
    "zones": (ZONED, "MEDV", "--algorithm", "decision-tree"),
    "boston": ("data/boston.csv", "MEDV", "--algorithm", "ridge"),
}
HOUSE = {"RM": 6.123456789012345, "TAX": None, "colour": "red"}
IRIS = {"sepal_length": 5.1, "sepal_width": 3.5, "petal_length": 1.4, "petal_width": 0.2}


def run(*words, cwd=None, **environment):
    """What a command prints; what it says when it fails."""
    done = subprocess.run(
        [str(word) for word in words], cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True,
        timeout=600,
    )
    if done.returncode:
        raise AssertionError(f"{words[0]} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout


class Generated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(MODELS)
        cls.url = f"http://{cls.server.address}"
        shutil.rmtree(MADE, ignore_errors=True)
        MADE.mkdir(parents=True)
        cls.document = MADE / "openapi.json"
        cls.document.write_text(json.dumps(cls.server.ask("/openapi.json")))

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def expect(self, printed):
        """The predictions that a client printed, a line each, are those of /predict."""
        houses = self.server.ask("/models/houses/predict", [HOUSE, {**HOUSE, "TAX": 296}])["prediction"]
        iris = self.server.ask("/models/iris/predict", IRIS)["prediction"][0]
        told = [json.loads(line) for line in printed.splitlines()]
        self.assertEqual(told, [*houses, iris])

    def generate(self, generator, **properties):
        """openapi-generator's client."""
        made = MADE / generator
        words = [f"{name}={value}" for name, value in properties.items()]
        more = ["--additional-properties", ",".join(words)] if words else []
        run(TOOLS / "openapi-generator-cli", "generate", "-g", generator, "-i", self.document, "-o", made, *more)
        return made

    def test_openapi_generators_python(self):
        made = self.generate("python", packageName="smartserve_client")
        self.expect(run(sys.executable, "-B", HERE / "openapi_generator.py", self.url, PYTHONPATH=str(made)))

    def test_openapi_python_client(self):
        made = MADE / "openapi_python_client/smartserve_client"
        made.parent.mkdir()
        words = ["generate", "--path", self.document, "--output-path", made, "--meta", "none"]
        said = run(TOOLS / "openapi-python-client", *words)
        # CSV and NDJSON it does not know; it must have left nothing else out.
        left_out = [line for line in said.splitlines() if line.startswith(("Unable", "Could", "cannot"))]
        self.assertEqual(left_out, [], said)
        self.expect(run(sys.executable, "-B", HERE / "openapi_python_client.py", self.url, PYTHONPATH=str(made.parent)))

    def test_openapi_generators_typescript(self):
        made = self.generate("typescript-fetch")
        shutil.copy(HERE / "typescript/main.ts", made)
        flags = ["--target", "es2022", "--lib", "es2022,dom", "--module", "commonjs", "--strict"]
        run(TOOLS / "node", TSC, *flags, "--outDir", made / "built", made / "main.ts")
        self.expect(run(TOOLS / "node", made / "built/main.js", self.url))

    def test_openapi_generators_go(self):
        made = self.generate("go", packageName="smartserve_client")
        source = made / "gopath/src"
        shutil.copytree(made, source / "smartserve_client", ignore=shutil.ignore_patterns("gopath", "test", "docs"))
        shutil.copytree(HERE / "go", source / "ask")
        # Without modules: the packages are Debian's, and nothing is fetched.
        paths = f"{made / 'gopath'}{os.pathsep}{GO_PACKAGES}"
        run("go", "build", "-o", made / "ask", ".", cwd=source / "ask", GO111MODULE="off", GOPATH=paths, GOFLAGS="")
        self.expect(run(made / "ask", self.url))


if __name__ == "__main__":
    print(BINARY, flush=True)
    unittest.main()

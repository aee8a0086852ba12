#!/usr/bin/env python3
"""The wheel of target/wheels is installed without a network in an empty environment; what it installs trains and serves.

    tests/wheel.py [FOLDER]
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request
import venv

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main(folder):
    version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    with tempfile.TemporaryDirectory() as name:
        place = pathlib.Path(name)
        venv.create(place / "env", with_pip=True)
        pip = [place / "env/bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        command = [*pip, "--no-index", "--find-links", folder, f"smartserve=={version}"]
        subprocess.run([str(word) for word in command], check=True)
        program = str(place / "env/bin/smartserve")
        # Nothing of this machine's PATH or settings helps it.
        env = {"PATH": str(place / "env/bin"), "HOME": name}
        said = subprocess.run([program, "--version"], check=True, stdout=subprocess.PIPE, text=True, env=env).stdout
        assert said.split() == ["smartserve", version], said
        model = place / "iris.model"
        words = ["train", "--data", ROOT / "data/iris.csv", "--target", "species", "--algorithm", "logistic", "-o", model]
        subprocess.run([program, *map(str, words)], check=True, env=env, stdout=subprocess.DEVNULL)
        words = ["serve", "--model", model, "--bind", "127.0.0.1:0", "--log-format", "json"]
        server = subprocess.Popen([program, *map(str, words)], stdout=subprocess.PIPE, text=True, env=env)
        try:
            line = next(line for line in server.stdout if "listening on" in line)
            url = json.loads(line)["message"].removeprefix("listening on ")
            body = b'{"sepal_length":5.9,"sepal_width":3,"petal_length":5.1,"petal_width":1.8}'
            with urllib.request.urlopen(f"{url}/predict", body, timeout=10) as answer:
                assert json.load(answer)["prediction"] == ["virginica"]
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
    print(f"wheel: smartserve {version} is installed, trains and serves")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "target/wheels"))

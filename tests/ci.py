#!/usr/bin/env python3
"""The pipeline is the Makefile's: each step of .circleci/config.yml is a target, each job is run, each image is pinned.

Each rule is shown to fail on a pipeline that breaks it.
"""

import copy
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent


def targets():
    return set(re.findall(r"^([a-z][a-z0-9-]*):", (ROOT / "Makefile").read_text(), re.M))


def wrong(config, known):
    """What stands against a pipeline."""
    for name, version in config.get("orbs", {}).items():
        if not re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+@\d+\.\d+\.\d+", version):
            yield f"the orb {name} is not pinned: {version}"
    for name, executor in config["executors"].items():
        images = [box["image"] for box in executor.get("docker", [])] + [executor.get("machine", {}).get("image")]
        for image in filter(None, images):
            if not re.search(r":(?=.*\d)(?!.*(latest|current|edge|default)).+$", image):
                yield f"the executor {name} is not pinned: {image}"
    for name, job in config["jobs"].items():
        for step in job["steps"]:
            command = step.get("run") if isinstance(step, dict) else None
            if command is None:
                continue
            found = re.fullmatch(r"(?:[A-Z_]+=\S+ )*make ([a-z0-9-]+)", str(command))
            if not found or found.group(1) not in known:
                yield f"a step of {name} is no target of the Makefile: {command}"
    called = {}
    for workflow in (w for w in config["workflows"].values() if isinstance(w, dict)):
        for job in workflow["jobs"]:
            name, words = (job, {}) if isinstance(job, str) else next(iter(job.items()))
            called[words.get("name", name)] = (name, words)
    for name in config["jobs"].keys() - {job for job, _ in called.values()}:
        yield f"no workflow runs {name}"
    for name, (job, words) in called.items():
        if job not in config["jobs"]:
            yield f"there is no job {job}"
        for needed in words.get("requires", []):
            if needed not in called:
                yield f"{name} requires {needed}, which does not run"
            elif "ignore" in called[needed][1].get("filters", {}).get("tags", {}) and name == "release":
                yield f"{name} waits for {needed}, which no tag runs"


def mutants(config):
    """(what must be said, a pipeline with that mistake)."""
    for said, change in [
        ("not pinned", lambda c: c.update(orbs={"node": "circleci/node@5"})),
        ("not pinned", lambda c: c["executors"]["rust"]["docker"][0].update(image="rust:latest")),
        ("not pinned", lambda c: c["executors"]["machine"]["machine"].update(image="ubuntu-2404:current")),
        ("no target", lambda c: c["jobs"]["lint"]["steps"].append({"run": "cargo test"})),
        ("no target", lambda c: c["jobs"]["lint"]["steps"].append({"run": "make no-such-target"})),
        ("no workflow runs", lambda c: c["jobs"].update(other={"steps": []})),
        ("which does not run", lambda c: c["workflows"]["check"]["jobs"].append({"fuzz": {"requires": ["x"]}})),
        ("there is no job", lambda c: c["workflows"]["check"]["jobs"].append("x")),
        ("which no tag runs", lambda c: next(j["image"] for j in c["workflows"]["check"]["jobs"] if "image" in j).update(
            filters={"tags": {"ignore": "/.*/"}})),
    ]:
        mutant = copy.deepcopy(config)
        change(mutant)
        yield said, mutant


def main():
    config, known = yaml.safe_load((ROOT / ".circleci/config.yml").read_text()), targets()
    failed = list(wrong(config, known))
    for said, mutant in mutants(config):
        if not any(said in text for text in wrong(mutant, known)):
            failed.append(f"a pipeline passes of which is to be said: {said}")
    for text in failed:
        print(text, file=sys.stderr)
    print(f"pipeline: {len(config['jobs'])} jobs, {len(failed)} mistakes")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

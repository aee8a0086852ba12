#!/usr/bin/env python3
"""Judges deploy/cloudrun/service.yaml by the strict schema of Knative's Service; for `make lint`."""

import copy
import pathlib
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/k8s"))

from schemas import wrong  # noqa: E402


def main():
    service = yaml.safe_load((ROOT / "deploy/cloudrun/service.yaml").read_text())
    failed = wrong(service, "1.36")
    mutant = copy.deepcopy(service)
    mutant["spec"]["template"]["spec"]["containerConcurency"] = 1
    if not wrong(mutant, "1.36"):
        failed.append("a misspelt field passes")
    for text in failed:
        print(text, file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

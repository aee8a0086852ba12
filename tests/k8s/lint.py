#!/usr/bin/env python3
"""Judges every set of manifests of k8s/: it builds, fits strict schemas, and keeps the policy.

    tests/k8s/lint.py 1.30 1.31 …          all sets, by these versions of Kubernetes; writes target/manifests
    tests/k8s/lint.py --release FILE       one file that is to be shipped: an image by digest among the rest
    tests/k8s/lint.py --rules              writes k8s/components/monitoring/prometheusrule.yaml

Each rule is shown to bite by a mutant, and each schema of tests/fixtures/crds by a field that nothing knows.
"""

import pathlib
import sys

import yaml

from judge import ROOT
from policy import MARKER, POLICY, RULE_FILES
from runtimes import GITOPS, JOB, KNATIVE, KSERVE, LOAD
from schemas import crd_file, lax, wrong
from sets import every, minor

RULES = ROOT / "k8s/components/monitoring/prometheusrule.yaml"
HEAD = """\
# Written by `make prometheus-rule` from deploy/monitoring/rules.yaml and docs/examples/drift-rules.yaml: change those.
# yamllint disable rule:line-length
# Kustomize cannot put one file's content into a field of another; `make lint` fails where the two differ.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: smartserve
  labels:
    app.kubernetes.io/name: smartserve
spec:
  groups:
"""


def prometheus_rule():
    """The rules of both files as the Prometheus operator's kind, without their comments."""
    lines = [line for file in RULE_FILES for line in file.read_text().partition("\ngroups:\n")[2].splitlines()]
    return HEAD + "".join(f"  {line}\n" for line in lines if not line.lstrip().startswith("#"))


def policy_of(documents):
    """The rules for what a set holds."""
    if any(d["kind"] == "Application" for d in documents):
        return GITOPS
    if any(d["metadata"]["name"] == "load" for d in documents):
        return LOAD
    kinds = {(d["apiVersion"].partition("/")[0], d["kind"]) for d in documents}
    if ("apps", "Deployment") in kinds:
        return POLICY
    if ("serving.knative.dev", "Service") in kinds:
        return KNATIVE
    return KSERVE if ("serving.kserve.io", "ClusterServingRuntime") in kinds else JOB


def judge_all(versions):
    passed, failed, seen = 0, [], {}
    out = ROOT / "target/manifests"
    out.mkdir(parents=True, exist_ok=True)
    if RULES.read_text() != prometheus_rule():
        failed.append(f"{RULES.relative_to(ROOT)} is not what the rules make: run make prometheus-rule")
    ksets = list(every(versions[0]))
    for kset, text in ksets:
        (out / f"{kset.name}.yaml").write_text(text)
        for version in versions:
            if minor(version) < minor(kset.lowest):
                continue
            for document in kset.documents:
                key = (yaml.safe_dump(document), version)
                if key not in seen:
                    seen[key] = wrong(document, version)
                    passed += not seen[key]
                failed += [f"{kset.name}: {text}" for text in seen[key]]
        newest = versions[-1]
        for document in kset.documents:
            key = (yaml.safe_dump(document), "lax")
            if crd_file(document).is_file() and key not in seen:
                seen[key] = lax(document, newest)
                passed += not seen[key]
                failed += seen[key]
        n, texts = policy_of(kset.documents).judge(kset.name, kset.documents, kset.context())
        passed, failed = passed + n, failed + texts
    # 1.30 does not know the field that the component asks for.
    image_volume = next(k for k, _ in ksets if k.name == "component-model-image")
    if minor(image_volume.lowest) <= 30 or not any(wrong(d, "1.30") for d in image_volume.documents):
        failed.append("model-image fits a Kubernetes that has no image volumes")
    unknown = {"apiVersion": "example.com/v1", "kind": "Unknown", "metadata": {"name": "x"}}
    if not wrong(unknown, versions[-1]):
        failed.append("a kind without a schema passes")
    return passed, failed + [t for p in (POLICY, KNATIVE, KSERVE, JOB, LOAD, GITOPS) for t in p.unproven()]


def judge_release(file):
    """What stands against shipping a rendered file."""
    text = pathlib.Path(file).read_text()
    documents = [d for d in yaml.safe_load_all(text) if d]
    context = {"name": "production", "components": ["auth", "monitoring", "gateway"], "release": True}
    found = POLICY.violations(documents, context)
    return found + ([f"{file} still has the marker {MARKER}"] if MARKER in text else [])


def main(words):
    if words[:1] == ["--rules"]:
        RULES.write_text(prometheus_rule())
        return 0
    if words[:1] == ["--release"]:
        failed = judge_release(words[1])
        passed = 0 if failed else len(POLICY.rules)
    else:
        passed, failed = judge_all(words)
    for text in failed:
        print(text, file=sys.stderr)
    print(f"manifests: {passed} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

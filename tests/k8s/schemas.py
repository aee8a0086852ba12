"""Strict validation: Kubernetes' own kinds by its schemas, others by tests/fixtures/crds, and a kind of neither fails.

The schemas in tests/fixtures/crds are written from the kinds' public API documentation: the fields that are used here,
and none besides, so that a misspelt one fails. A part that is a pod's refers to Kubernetes' own definitions, of the
version that is asked for.
"""

import copy
import functools
import json
import re

import importlib_resources
import jsonschema
import referencing

from judge import ROOT

CRDS = ROOT / "tests/fixtures/crds"
# Places whose keys are free.
FREE = {"labels", "annotations", "matchLabels", "data", "stringData", "nodeSelector", "requests", "limits"}


@functools.lru_cache
def registry(version):
    """The folder of a version's strict schemas, and its definitions."""
    folder = importlib_resources.files("kubernetes_validate") / "kubernetes-json-schema" / f"v{version}.0-local-strict"
    definitions = referencing.Resource.from_contents(json.loads((folder / "_definitions.json").read_text()))
    return folder, definitions @ referencing.Registry()


def crd_file(document):
    group, _, version = document["apiVersion"].rpartition("/")
    return CRDS / f"{group}-{version}-{document['kind'].lower()}.json"


@functools.lru_cache
def validator(api_version, kind, version):
    """None for a kind that neither Kubernetes of this version nor tests/fixtures/crds has."""
    folder, definitions = registry(version)
    crd = crd_file({"apiVersion": api_version, "kind": kind})
    short = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    own = folder / f"{kind.lower()}-{short}.json"
    # `Service` of Knative and of Kubernetes differ in their group alone, which the name of the latter's file lacks.
    file = crd if crd.is_file() else own
    if not file.is_file():
        return None
    schema = json.loads(file.read_text())
    if file is crd:
        schema["$id"] = f"https://kubernetes.io/api/{crd.name}"
    jsonschema.Draft202012Validator.check_schema(schema)
    resource = referencing.Resource.from_contents(schema)
    return jsonschema.Draft202012Validator(schema, registry=resource @ definitions)


def wrong(document, version):
    """What the schema of this version of Kubernetes says against a document."""
    judge = validator(document["apiVersion"], document["kind"], version)
    who = f"{document['kind']} {document['metadata']['name']}, Kubernetes {version}"
    if judge is None:
        return [f"{who}: no schema of {document['apiVersion']}; write {crd_file(document).relative_to(ROOT)}"]
    return [f"{who}: {e.json_path}: {e.message[:300]}" for e in judge.iter_errors(document)]


def places(node, path=()):
    """Every mapping of a document whose keys are not free."""
    if isinstance(node, dict):
        yield path
        for key, value in node.items():
            if key not in FREE:
                yield from places(value, path + (key,))
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield from places(value, path + (i,))


def lax(document, version):
    """Where a field that no one knows would be taken."""
    found = []
    for path in places(document):
        mutant = copy.deepcopy(document)
        place = mutant
        for step in path:
            place = place[step]
        place["misspelt"] = "x"
        if not wrong(mutant, version):
            where = "/".join(map(str, path)) or "the top"
            found.append(f"{crd_file(document).name}: an unknown field is taken at {where}")
    return found

"""The sets of manifests: those of k8s/, each component on the base, and the overlay that docs/kubernetes.md shows.

A component says the lowest Kubernetes that it needs in an annotation of its kustomization; a set needs the highest of
its components', and is validated from there on.
"""

import dataclasses
import pathlib
import re
import subprocess
import tempfile

import yaml

from judge import ROOT

K8S = ROOT / "k8s"
LOWEST = "smartserve/lowest-kubernetes"
# Needs another component to be what it is for.
TOGETHER = {"autoscaling-keda": ["monitoring"], "autoscaling-adapter": ["monitoring"]}


@dataclasses.dataclass
class KSet:
    """A rendered set: its documents, the components in it, and the lowest Kubernetes."""

    name: str
    documents: list
    components: list
    lowest: str

    def context(self, release=False):
        return {"name": self.name, "components": self.components, "release": release}


def kustomization(folder):
    return yaml.safe_load((folder / "kustomization.yaml").read_text())


def closure(folder):
    """The kustomizations that one is made of, itself among them."""
    own = kustomization(folder)
    found = [folder]
    for word in own.get("resources", []) + own.get("components", []):
        place = (folder / word).resolve()
        if place.is_dir():
            found += closure(place)
    return found


def minor(version):
    return int(version.partition(".")[2])


def lowest(folders, first):
    stated = [kustomization(f).get("metadata", {}).get("annotations", {}).get(LOWEST) for f in folders]
    return max([s for s in stated if s] + [first], key=minor)


def render(folder):
    ran = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True)
    if ran.returncode:
        raise SystemExit(f"kubectl kustomize {folder.relative_to(ROOT)}: {ran.stderr.strip()}")
    return ran.stdout


def every(first):
    """(set, what kubectl printed) of each; `first` is the lowest Kubernetes of all."""
    folders = [K8S / "base", *sorted((K8S / "overlays").glob("[!.]*")), *sorted((K8S / "jobs").iterdir())]
    for folder in folders:
        yield made(folder.name, folder, first)
    components = [c.name for c in sorted((K8S / "components").iterdir())]
    for c in components:
        assert LOWEST in kustomization(K8S / "components" / c)["metadata"]["annotations"], f"{c} states no {LOWEST}"
        used = [f"../../components/{n}" for n in [c, *TOGETHER.get(c, [])]]
        text = {"namespace": "smartserve", "resources": ["../../base"], "components": used}
        yield in_passing(f"component-{c}", yaml.safe_dump(text), first)
    shown, = re.findall(r"^```yaml\n(.*?)^```$", (ROOT / "docs/kubernetes.md").read_text(), re.M | re.S)
    yield in_passing("documented", shown, first)
    for name, files in (("gitops", (ROOT / "deploy/gitops").glob("*.yaml")), ("e2e", (ROOT / "tests/e2e").glob("*.yaml"))):
        text = "---\n".join(file.read_text() for file in sorted(files))
        yield KSet(name, [d for d in yaml.safe_load_all(text) if d], [], first), text


def in_passing(name, text, first):
    """The set of a kustomization that is an overlay for as long as it is rendered."""
    with tempfile.TemporaryDirectory(prefix=".lint.", dir=K8S / "overlays") as place:
        folder = pathlib.Path(place)
        (folder / "kustomization.yaml").write_text(text)
        return made(name, folder, first)


def made(name, folder, first):
    text = render(folder)
    folders = closure(folder)
    components = [f.name for f in folders if f.parent == K8S / "components"]
    documents = [d for d in yaml.safe_load_all(text) if d]
    components.sort()
    return KSet(name, documents, components, lowest(folders, first)), text

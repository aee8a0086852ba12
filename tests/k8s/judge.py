"""How rules judge a set of manifests, and how each rule is shown to bite.

A rule is a function that yields (holds, what is wrong when it does not). A mutant changes one field, and the rule that
it names must then fail; one whose field a set does not have is left out there, and must bite in another set.
"""

import copy
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]


def default_seconds(flag):
    """The default of a flag of `serve`, from the table that a test compares with the program."""
    table = (ROOT / "docs/flags.md").read_text()
    return int(re.search(rf"^\| `--{flag}` \| `(\d+)s` \|", table, re.M).group(1))


# Seconds from SIGTERM: the server accepts until LAME_DUCK, and stops by force at HARD_STOP.
LAME_DUCK, HARD_STOP = default_seconds("lame-duck"), default_seconds("hard-stop")
# The most that the server's printed memory bound comes to with its default limits and a model of ConfigMap size.
MEMORY_BOUND = 148 * 2**20
DROP = object()  # a mutant that takes the field away


class Policy:
    """Rules, their mutants, and what a rule looks at: made from a set's documents by `view`."""

    def __init__(self, view):
        self.view, self.rules, self.mutants, self.bitten = view, {}, [], set()

    def rule(self, check):
        self.rules[check.__name__] = check
        return check

    def violations(self, documents, context, only=None):
        """Texts of the rules that fail; a rule that cannot even be evaluated fails too."""
        found = []
        for name, check in self.rules.items():
            if only in (None, name):
                try:
                    found += [f"{name}: {text}" for holds, text in check(self.view(documents, context)) if not holds]
                except (KeyError, IndexError, TypeError, AttributeError, StopIteration) as error:
                    found.append(f"{name}: cannot be evaluated, {error!r}")
        return found

    def judge(self, label, documents, context):
        """How many checks passed, and what failed: every rule holds, and each mutant breaks its own."""
        wrong = self.violations(documents, context)
        passed, failed = 0 if wrong else len(self.rules), [f"{label}: {text}" for text in wrong]
        for i, (name, field, value) in enumerate(self.mutants):
            mutant = mutate(documents, field, value)
            if mutant is None or mutant == documents:
                continue
            if self.violations(mutant, context, only=name):
                self.bitten.add(i)
                passed += 1
            else:
                failed.append(f"{label}: rule {name} does not notice {field} = {'(gone)' if value is DROP else value}")
        return passed, failed

    def unproven(self):
        """What was never shown to bite, once every set has been judged."""
        idle = [m for i, m in enumerate(self.mutants) if i not in self.bitten]
        return [f"rule {name} has no mutant" for name in self.rules.keys() - {m[0] for m in self.mutants}] \
            + [f"no set has the field of the mutant {name}, {field}" for name, field, _ in idle]


def mutate(documents, field, value):
    """A copy with one field changed; None where there is none. Dots part the path; a tilde stands for a dot in a key.

    The first word is a kind, or KIND/NAME. The last step may name a field that is not there yet.
    """
    documents = copy.deepcopy(documents)
    first, *path = field.split(".")
    kind, _, name = first.partition("/")
    place = next((d for d in documents if d["kind"] == kind and name in ("", d["metadata"]["name"])), None)
    *path, last = [int(p) if p.isdigit() else p.replace("~", ".") for p in path]
    try:
        for step in path:
            place = place[step]
        if value is DROP:
            del place[last]
        else:
            place[last] = value
    except (KeyError, IndexError, TypeError):
        return None
    return documents


def quantity(text):
    """A Kubernetes memory quantity in bytes."""
    number, unit = re.fullmatch(r"(\d+)(Ki|Mi|Gi)?", str(text)).groups()
    return int(number) * {None: 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[unit]


def dockerfile():
    return (ROOT / "Dockerfile").read_text()


def version():
    return re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)


def image_user():
    return int(re.search(r"^USER (\d+):\d+$", dockerfile(), re.M).group(1))


def image_port(variable):
    return int(re.search(rf"\b{variable}=[\d.]+:(\d+)", dockerfile()).group(1))


def environment(container):
    return {e["name"]: e.get("value") for e in container.get("env", [])}


def confined(container):
    """The rules of Pod Security "restricted" that stand in a container, and a read-only root."""
    own, who = container.get("securityContext", {}), container["name"]
    yield own.get("allowPrivilegeEscalation") is False, f"{who}: privilege escalation is allowed"
    yield own.get("readOnlyRootFilesystem") is True, f"{who}: the root file system is writable"
    yield own.get("capabilities") == {"drop": ["ALL"]}, f"{who}: capabilities are kept"
    yield not own.get("privileged"), f"{who}: the container is privileged"

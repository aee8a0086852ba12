#!/usr/bin/env python3
"""Policy of the Kubernetes manifests: the relations between fields that no schema can check.

    tests/manifests.py RENDERED.yaml...      each one file as `kubectl kustomize` prints it

Every rule must hold for each file. Then each rule is shown to bite: the mutants below change one field each, and the
rule they name must fail. A rule without a mutant is an error. KServe's two files, whose kinds no schema here knows,
have rules of their own.
"""

import copy
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Seconds from SIGTERM, the server's defaults: accepts until LAME_DUCK, stops by force at HARD_STOP.
LAME_DUCK, HARD_STOP = 5, 15
# The most that the server's printed memory bound comes to with its default limits and a model of ConfigMap size.
MEMORY_BOUND = 148 * 2**20
KINDS = ["Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"]
RULES = {}


class Set:
    """One rendered set of manifests, with the parts that several rules look at."""

    def __init__(self, documents):
        self.kinds = sorted(d["kind"] for d in documents)
        by_kind = {d["kind"]: d for d in documents}
        self.by_kind = by_kind
        self.deployment = by_kind["Deployment"]["spec"]
        self.template = self.deployment["template"]
        self.pod = self.template["spec"]
        self.container = self.pod["containers"][0]
        self.ports = {p["name"]: p["containerPort"] for p in self.container["ports"]}
        self.service, self.hpa, self.pdb, self.network = (
            by_kind[k]["spec"] for k in ("Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy"))

    def probe(self, name):
        return {"periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3} | self.container[name]


def rule(check):
    """Registers a rule: a function that yields (holds, what is wrong when it does not)."""
    RULES[check.__name__] = check
    return check


def violations(documents, only=None):
    """Texts of the rules that fail; a rule that cannot even be evaluated fails too."""
    found = []
    for name, check in RULES.items():
        if only in (None, name):
            try:
                found += [f"{name}: {text}" for holds, text in check(Set(documents)) if not holds]
            except (KeyError, IndexError, TypeError, AttributeError) as error:
                found.append(f"{name}: cannot be evaluated, {error!r}")
    return found


def quantity(text):
    """A Kubernetes memory quantity in bytes."""
    number, unit = re.fullmatch(r"(\d+)(Ki|Mi|Gi)?", str(text)).groups()
    return int(number) * {None: 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}[unit]


def dockerfile():
    return (ROOT / "Dockerfile").read_text()


@rule
def complete(s):
    yield s.kinds == KINDS, f"one of each kind is expected, found {s.kinds}"
    for kind, document in s.by_kind.items():
        yield document["metadata"]["name"] == "smartserve", f"{kind} is not named smartserve"
        yield document["metadata"]["labels"].get("app.kubernetes.io/name") == "smartserve", f"{kind} lacks its label"


@rule
def selectors_match(s):
    labels = s.template["metadata"]["labels"].items()
    selectors = {"Deployment": s.deployment["selector"]["matchLabels"], "Service": s.service["selector"],
                 "PodDisruptionBudget": s.pdb["selector"]["matchLabels"],
                 "NetworkPolicy": s.network["podSelector"]["matchLabels"]}
    for i, spread in enumerate(s.pod["topologySpreadConstraints"]):
        selectors[f"topology spread {i}"] = spread["labelSelector"]["matchLabels"]
    for who, selector in selectors.items():
        yield selector and selector.items() <= labels, f"{who}'s selector does not match the pods"


@rule
def ports_exist(s):
    yield [(p["port"], p["targetPort"]) for p in s.service["ports"]] == [(80, "http")], "the Service is not 80 → http"
    for ingress in s.network["ingress"]:
        for p in ingress["ports"]:
            yield p["port"] in s.ports, f"NetworkPolicy names the unknown port {p['port']}"
    notes = s.template["metadata"]["annotations"]
    yield notes["prometheus.io/scrape"] == "true", "scraping is off"
    yield notes["prometheus.io/port"] == str(s.ports["admin"]), "the scrape annotation names another port than admin"
    for name, variable in (("http", "SMARTSERVE_BIND"), ("admin", "SMARTSERVE_ADMIN_BIND")):
        bound = re.search(rf"\b{variable}=[\d.]+:(\d+)", dockerfile()).group(1)
        yield str(s.ports[name]) == bound, f"{name} is not the image's port {bound}"


@rule
def probes(s):
    for name, path in (("startupProbe", "/readyz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
        get = s.probe(name)["httpGet"]
        yield get["path"] == path, f"{name} asks {get['path']}, not {path}"
        yield get["port"] == "admin", f"{name} is not on the admin port, by name"
    ready, alive, start = (s.probe(f"{n}Probe") for n in ("readiness", "liveness", "startup"))
    yield ready["periodSeconds"] * ready["failureThreshold"] < LAME_DUCK, "readiness is lost after the lame duck ends"
    yield alive["periodSeconds"] * alive["failureThreshold"] >= 30, "liveness kills sooner than 30 s"
    yield start["periodSeconds"] == 1 and start["failureThreshold"] >= 10, "start-up is not judged each second for 10 s"


@rule
def drains(s):
    yield s.pod["terminationGracePeriodSeconds"] > LAME_DUCK + HARD_STOP, "the grace period cuts the drain"
    yield "lifecycle" not in s.container, "a preStop hook doubles the in-app lame duck"


@rule
def restricted(s):
    pod, identity = s.pod["securityContext"], s.by_kind["ServiceAccount"]
    user = int(re.search(r"^USER (\d+):\d+$", dockerfile(), re.M).group(1))
    yield pod["runAsNonRoot"] is True and pod["runAsUser"] == user, f"not run as the image's user {user}"
    yield pod["seccompProfile"] == {"type": "RuntimeDefault"}, "no RuntimeDefault seccomp profile"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        yield not s.pod.get(field), f"{field} is set"
    for volume in s.pod.get("volumes", []):
        yield not {"hostPath"} & volume.keys(), f"volume {volume['name']} is a hostPath"
    yield len(s.pod["containers"]) == 1 and "initContainers" not in s.pod, "one container is expected"
    own = s.container["securityContext"]
    yield own["allowPrivilegeEscalation"] is False, "privilege escalation is allowed"
    yield own["readOnlyRootFilesystem"] is True, "the root file system is writable"
    yield own["capabilities"] == {"drop": ["ALL"]}, "capabilities are kept"
    yield not own.get("privileged"), "the container is privileged"
    yield s.pod["serviceAccountName"] == identity["metadata"]["name"], "another ServiceAccount"
    yield s.pod["automountServiceAccountToken"] is False, "the pod mounts a token"
    yield identity["automountServiceAccountToken"] is False, "the ServiceAccount hands out its token"


@rule
def resources(s):
    requests, limits = s.container["resources"]["requests"], s.container["resources"]["limits"]
    yield "cpu" in requests and "memory" in requests, "requests are missing"
    yield "cpu" not in limits, "a CPU limit throttles"
    yield quantity(limits["memory"]) > MEMORY_BOUND, "the memory limit is below the server's own bound"
    yield quantity(requests["memory"]) <= quantity(limits["memory"]), "the request is above the limit"


@rule
def autoscaled(s):
    yield "replicas" not in s.deployment, "the Deployment resets the autoscaler's count"
    target = s.hpa["scaleTargetRef"]
    yield target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "smartserve"}, f"scales {target}"
    yield (s.hpa["minReplicas"], s.hpa["maxReplicas"]) == (2, 10), "not 2 to 10 pods"
    yield [m["resource"]["name"] for m in s.hpa["metrics"]] == ["cpu"], "not by CPU"
    for way in ("scaleUp", "scaleDown"):
        yield "stabilizationWindowSeconds" in s.hpa["behavior"][way], f"{way} has no stated window"
        yield s.hpa["behavior"][way]["policies"], f"{way} has no stated policy"


@rule
def rolls_without_loss(s):
    yield s.deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0, "a rollout takes capacity away"
    yield s.deployment["strategy"]["rollingUpdate"]["maxSurge"] not in (0, "0%"), "a rollout could never start"
    yield 0 < s.deployment["minReadySeconds"] < s.deployment["progressDeadlineSeconds"], "no time to prove readiness"


@rule
def spread(s):
    constraints = s.pod["topologySpreadConstraints"]
    keys = {c["topologyKey"] for c in constraints}
    yield keys == {"topology.kubernetes.io/zone", "kubernetes.io/hostname"}, f"spread over {keys}"
    yield all(c["whenUnsatisfiable"] == "ScheduleAnyway" for c in constraints), "a one-node cluster cannot schedule"


@rule
def disruptions(s):
    yield 0 < s.pdb["maxUnavailable"] < s.hpa["minReplicas"], "a node drain is blocked, or may take every pod"
    yield s.pdb["unhealthyPodEvictionPolicy"] == "AlwaysAllow", "a broken pod blocks node drains"


@rule
def network(s):
    yield sorted(s.network["policyTypes"]) == ["Egress", "Ingress"], "one direction is left open"
    yield "egress" not in s.network, "egress is allowed, or an empty list that `kubectl diff` shows for ever"
    doors = {tuple(p["port"] for p in i["ports"]): i["from"] for i in s.network["ingress"]}
    yield doors.keys() == {("http",), ("admin",)}, "not one door each for http and admin"
    yield doors[("http",)] == [{"namespaceSelector": {}}], "http is not open to any pod"
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    yield doors[("admin",)] == [monitoring], "admin is not for the monitoring namespace alone"
    env = {e["name"]: e.get("value") for e in s.container["env"]}
    yield env.get("SMARTSERVE_PRIVATE_METRICS") == "true", "metrics are on the port that is open to any pod"


@rule
def image(s):
    version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    yield s.container["image"] == f"smartserve:{version}", f"the image is not smartserve:{version} (Cargo.toml)"
    yield s.container["imagePullPolicy"] == "IfNotPresent", "a locally loaded image would be pulled"
    yield s.pod["enableServiceLinks"] is False, "Kubernetes injects SMARTSERVE_PORT"


@rule
def volumes_exist(s):
    volumes = {v["name"] for v in s.pod.get("volumes", [])}
    mounts = {m["name"]: m["mountPath"] for m in s.container.get("volumeMounts", [])}
    yield volumes == mounts.keys(), "volumes and mounts differ"
    env = {e["name"]: e.get("value") for e in s.container["env"]}
    if mounts:
        yield any(env["SMARTSERVE_MODEL"].startswith(m + "/") for m in mounts.values()), "the model is not in a mount"


KSERVE = {}


def kserve_rule(check):
    """Registers a rule of k8s/kserve: a function of its ClusterServingRuntime and its InferenceService."""
    KSERVE[check.__name__] = check
    return check


@kserve_rule
def names_agree(runtime, service):
    model = service["predictor"]["model"]
    formats = {supported["name"] for supported in runtime["supportedModelFormats"]}
    yield model["runtime"] == "smartserve", "the InferenceService names another runtime"
    yield formats == {"xgboost", "lightgbm", "sklearn", "mlflow"}, f"formats are {formats}"
    yield model["modelFormat"]["name"] in formats, "the InferenceService's format is not among them"
    yield {"v1", "v2"} == set(runtime["protocolVersions"]), "not v1 and v2"
    yield model["protocolVersion"] in runtime["protocolVersions"], "the InferenceService asks by another protocol"
    yield not any(f.get("autoSelect") for f in runtime["supportedModelFormats"]), "others' models come here"


@kserve_rule
def answers_as_kserve_does(runtime, _):
    box = runtime["containers"][0]
    env = {e["name"]: e["value"] for e in box["env"]}
    yield box["name"] == "kserve-container", "KServe looks for kserve-container"
    yield env == {"MODEL_NAME": "{{.Name}}", "SMARTSERVE_ANSWER": "library"}, f"the environment is {env}"
    # The model comes by the image's SMARTSERVE_MODEL_FALLBACK, which the words of `serve` would leave in place.
    yield "args" not in box and "command" not in box, "the image's own command is replaced"
    places = re.search(r"SMARTSERVE_MODEL_FALLBACK=(\S+)", dockerfile()).group(1).split(":")
    yield places[:2] == ["/mnt/models", "/opt/ml/model"] and len(places) == 3, f"the image looks at {places}"
    yield "SMARTSERVE_MODEL=" not in dockerfile(), "the image names a model: nothing that is mounted is served"


@kserve_rule
def runs_as_the_image_does(runtime, _):
    box = runtime["containers"][0]
    version = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
    yield box["image"] == f"smartserve:{version}", f"the image is not smartserve:{version} (Cargo.toml)"
    bound = int(re.search(r"\bSMARTSERVE_BIND=[\d.]+:(\d+)", dockerfile()).group(1))
    yield [p["containerPort"] for p in box["ports"]] == [bound], f"not the image's port {bound} alone"
    for name, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
        yield box[name]["httpGet"] == {"path": path, "port": bound}, f"{name} is not {path} on {bound}"
    ready = box["readinessProbe"]
    yield ready["periodSeconds"] * ready["failureThreshold"] < LAME_DUCK, "readiness is lost after the lame duck ends"
    own, user = box["securityContext"], int(re.search(r"^USER (\d+):\d+$", dockerfile(), re.M).group(1))
    yield own["runAsNonRoot"] is True and own["runAsUser"] == user, f"not run as the image's user {user}"
    yield own["allowPrivilegeEscalation"] is False and own["capabilities"] == {"drop": ["ALL"]}, "privileges are kept"
    yield own["readOnlyRootFilesystem"] is True, "the root file system is writable"
    limit = quantity(box["resources"]["limits"]["memory"])
    yield limit > MEMORY_BOUND, "the memory limit is below the server's own bound"


KSERVE_BOX = "ClusterServingRuntime.spec.containers.0."
KSERVE_MUTANTS = [
    ("names_agree", "InferenceService.spec.predictor.model.runtime", "kserve-xgbserver"),
    ("names_agree", "InferenceService.spec.predictor.model.modelFormat.name", "onnx"),
    ("names_agree", "ClusterServingRuntime.spec.protocolVersions", ["v2"]),
    ("names_agree", "ClusterServingRuntime.spec.supportedModelFormats.0.autoSelect", True),
    ("answers_as_kserve_does", KSERVE_BOX + "env.1.value", "label"),
    ("answers_as_kserve_does", KSERVE_BOX + "name", "smartserve"),
    ("answers_as_kserve_does", KSERVE_BOX + "args", ["serve", "--model", "/models/boston.model"]),
    ("runs_as_the_image_does", KSERVE_BOX + "image", "smartserve:latest"),
    ("runs_as_the_image_does", KSERVE_BOX + "readinessProbe.httpGet.port", 9090),
    ("runs_as_the_image_does", KSERVE_BOX + "securityContext.runAsUser", 1000),
    ("runs_as_the_image_does", KSERVE_BOX + "resources.limits.memory", "128Mi"),
]


def kserve_violations(documents, only=None):
    """As `violations`, of k8s/kserve."""
    found = []
    kinds = ("ClusterServingRuntime", "InferenceService")
    specs = [next(d["spec"] for d in documents if d["kind"] == kind) for kind in kinds]
    for name, check in KSERVE.items():
        if only in (None, name):
            try:
                found += [f"{name}: {text}" for holds, text in check(*specs) if not holds]
            except (KeyError, IndexError, TypeError, AttributeError) as error:
                found.append(f"{name}: cannot be evaluated, {error!r}")
    return found


POD = "Deployment.spec.template.spec."
BOX = POD + "containers.0."
DROP = object()  # a mutant that takes the field away
MUTANTS = [  # (rule that must fail, field, its new value)
    ("complete", "Service.metadata.name", "other"),
    ("complete", "PodDisruptionBudget.metadata.labels", {}),
    ("selectors_match", "Service.spec.selector", {"app": "other"}),
    ("selectors_match", "Deployment.spec.template.metadata.labels", {"app.kubernetes.io/name": "other"}),
    ("selectors_match", "PodDisruptionBudget.spec.selector.matchLabels", {"app": "x"}),
    ("selectors_match", "NetworkPolicy.spec.podSelector.matchLabels", {"app": "x"}),
    ("selectors_match", POD + "topologySpreadConstraints.1.labelSelector.matchLabels", {"app": "x"}),
    ("ports_exist", "Service.spec.ports.0.targetPort", "web"),
    ("ports_exist", "Service.spec.ports.0.port", 8080),
    ("ports_exist", "NetworkPolicy.spec.ingress.1.ports.0.port", "metrics"),
    ("ports_exist", BOX + "ports.0.containerPort", 8000),
    ("ports_exist", BOX + "ports.1.containerPort", 9091),
    ("ports_exist", "Deployment.spec.template.metadata.annotations.prometheus~io/port", "8080"),
    ("probes", BOX + "readinessProbe.httpGet.port", "http"),
    ("probes", BOX + "startupProbe.httpGet.port", 9090),
    ("probes", BOX + "livenessProbe.httpGet.path", "/readyz"),
    ("probes", BOX + "readinessProbe.periodSeconds", 3),
    ("probes", BOX + "livenessProbe.failureThreshold", 1),
    ("probes", BOX + "startupProbe.failureThreshold", 3),
    ("probes", BOX + "startupProbe", DROP),
    ("drains", POD + "terminationGracePeriodSeconds", 20),
    ("drains", POD + "terminationGracePeriodSeconds", DROP),
    ("drains", BOX + "lifecycle", {"preStop": {"sleep": {"seconds": 5}}}),
    ("restricted", POD + "securityContext.runAsNonRoot", DROP),
    ("restricted", POD + "securityContext.runAsUser", 0),
    ("restricted", POD + "securityContext.seccompProfile.type", "Unconfined"),
    ("restricted", POD + "hostNetwork", True),
    ("restricted", POD + "volumes", [{"name": "host", "hostPath": {"path": "/"}}]),
    ("restricted", POD + "initContainers", [{"name": "more", "image": "other"}]),
    ("restricted", BOX + "securityContext.allowPrivilegeEscalation", True),
    ("restricted", BOX + "securityContext.readOnlyRootFilesystem", False),
    ("restricted", BOX + "securityContext.capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    ("restricted", BOX + "securityContext.privileged", True),
    ("restricted", POD + "serviceAccountName", "default"),
    ("restricted", POD + "automountServiceAccountToken", True),
    ("restricted", "ServiceAccount.automountServiceAccountToken", DROP),
    ("resources", BOX + "resources.limits.memory", "128Mi"),
    ("resources", BOX + "resources.limits.cpu", "1"),
    ("resources", BOX + "resources.requests.cpu", DROP),
    ("resources", BOX + "resources.requests.memory", "1Gi"),
    ("autoscaled", "Deployment.spec.replicas", 2),
    ("autoscaled", "HorizontalPodAutoscaler.spec.scaleTargetRef.name", "other"),
    ("autoscaled", "HorizontalPodAutoscaler.spec.minReplicas", 1),
    ("autoscaled", "HorizontalPodAutoscaler.spec.metrics.0.resource.name", "memory"),
    ("autoscaled", "HorizontalPodAutoscaler.spec.behavior.scaleDown", DROP),
    ("rolls_without_loss", "Deployment.spec.strategy.rollingUpdate.maxUnavailable", 1),
    ("rolls_without_loss", "Deployment.spec.strategy.rollingUpdate.maxSurge", 0),
    ("rolls_without_loss", "Deployment.spec.minReadySeconds", 0),
    ("spread", POD + "topologySpreadConstraints.0.whenUnsatisfiable", "DoNotSchedule"),
    ("spread", POD + "topologySpreadConstraints.0.topologyKey", "kubernetes.io/os"),
    ("disruptions", "PodDisruptionBudget.spec.maxUnavailable", 0),
    ("disruptions", "PodDisruptionBudget.spec.maxUnavailable", 2),
    ("disruptions", "PodDisruptionBudget.spec.unhealthyPodEvictionPolicy", DROP),
    ("network", "NetworkPolicy.spec.policyTypes", ["Ingress"]),
    ("network", "NetworkPolicy.spec.egress", [{}]),
    ("network", "NetworkPolicy.spec.egress", []),
    ("network", "NetworkPolicy.spec.ingress.1.from", [{"namespaceSelector": {}}]),
    ("network", "NetworkPolicy.spec.ingress.0.from", [{"podSelector": {}}]),
    ("network", BOX + "env", []),
    ("image", BOX + "image", "smartserve:latest"),
    ("image", BOX + "imagePullPolicy", "Always"),
    ("image", POD + "enableServiceLinks", DROP),
    ("volumes_exist", POD + "volumes", [{"name": "unused", "emptyDir": {}}]),
    ("volumes_exist", BOX + "volumeMounts", [{"name": "unknown", "mountPath": "/models"}]),
]


def mutate(documents, field, value):
    """A copy with one field changed. Dots part the path; a tilde stands for a dot inside a key."""
    documents = copy.deepcopy(documents)
    kind, *path = field.split(".")
    place = next(d for d in documents if d["kind"] == kind)
    *path, last = [int(p) if p.isdigit() else p.replace("~", ".") for p in path]
    for step in path:
        place = place[step]
    if value is DROP:
        del place[last]
    else:
        place[last] = value
    return documents


def judged(label, documents, of, rules, mutants):
    """How many checks passed, and what failed: every rule holds, and each mutant breaks its own."""
    wrong = of(documents)
    passed, failed = 0 if wrong else len(rules), [f"{label}: {text}" for text in wrong]
    for name, field, value in mutants:
        if of(mutate(documents, field, value), only=name):
            passed += 1
        else:
            failed.append(f"{label}: rule {name} does not notice {field} = {'(gone)' if value is DROP else value}")
    return passed, failed


def main(files):
    checks = []
    for file in files:
        documents = [d for d in yaml.safe_load_all(pathlib.Path(file).read_text()) if d]
        checks.append(judged(file, documents, violations, RULES, MUTANTS))
    kserve = [yaml.safe_load(file.read_text()) for file in sorted((ROOT / "k8s/kserve").glob("*.yaml"))]
    checks.append(judged("k8s/kserve", kserve, kserve_violations, KSERVE, KSERVE_MUTANTS))
    passed, failed = sum(n for n, _ in checks), [text for _, texts in checks for text in texts]
    rules, mutants = RULES.keys() | KSERVE.keys(), {m[0] for m in MUTANTS + KSERVE_MUTANTS}
    failed += [f"rule {name} has no mutant" for name in rules - mutants]
    for text in failed:
        print(text, file=sys.stderr)
    print(f"manifests: {passed} passed, {len(failed)} failed")
    return 1 if failed or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

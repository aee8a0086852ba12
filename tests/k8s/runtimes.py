"""Policy of what has no Deployment: the Knative Service, KServe's runtime and a model on it, Jobs, GitOps."""

import re

from judge import (DROP, HARD_STOP, LAME_DUCK, MEMORY_BOUND, ROOT, Policy, confined, dockerfile, environment, image_port,
                   image_user, quantity, version)

# What Knative's queue-proxy listens on in the same pod.
KNATIVE_PORTS = {8008, 8012, 8013, 8022, 8112, 9090, 9091}


def specs(*kinds):
    """A view of a set: its `spec`s of these kinds, in order."""
    return lambda documents, _: [next(d["spec"] for d in documents if d["kind"] == kind) for kind in kinds]


def probed(box, get):
    """Both probes ask their paths in time."""
    for name, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/livez")):
        yield box[name]["httpGet"] == {"path": path} | get, f"{name} is not {path}"
    ready, alive = box["readinessProbe"], box["livenessProbe"]
    yield ready["periodSeconds"] * ready["failureThreshold"] < LAME_DUCK, "readiness is lost after the lame duck ends"
    yield alive["periodSeconds"] * alive["failureThreshold"] >= 30, "liveness kills sooner than 30 s"


def sized(box):
    limit = quantity(box["resources"]["limits"]["memory"])
    yield limit > MEMORY_BOUND, "the memory limit is below the server's own bound"
    yield "cpu" not in box["resources"]["limits"], "a CPU limit throttles"


def beside_the_proxy(box):
    """The image's admin listener is moved off the ports that Knative's proxy takes."""
    yield image_port("SMARTSERVE_ADMIN_BIND") in KNATIVE_PORTS, "the image's admin port is none of them now"
    address, _, port = environment(box).get("SMARTSERVE_ADMIN_BIND", ":9090").rpartition(":")
    yield int(port) not in KNATIVE_PORTS, f"Knative's proxy has {port}"
    yield address == "127.0.0.1", "the admin listener is open to every pod"


KSERVE = Policy(specs("ClusterServingRuntime", "InferenceService"))


@KSERVE.rule
def names_agree(sets):
    runtime, service = sets
    model = service["predictor"]["model"]
    formats = {supported["name"] for supported in runtime["supportedModelFormats"]}
    yield model["runtime"] == "smartserve", "the InferenceService names another runtime"
    yield formats == {"smartserve", "xgboost", "lightgbm", "sklearn", "mlflow"}, f"formats are {formats}"
    yield model["modelFormat"]["name"] in formats, "the InferenceService's format is not among them"
    yield {"v1", "v2"} == set(runtime["protocolVersions"]), "not v1 and v2"
    yield model["protocolVersion"] in runtime["protocolVersions"], "the InferenceService asks by another protocol"
    yield not any(f.get("autoSelect") for f in runtime["supportedModelFormats"]), "others' models come here"


@KSERVE.rule
def answers_as_kserve_does(sets):
    box = sets[0]["containers"][0]
    env = environment(box)
    yield box["name"] == "kserve-container", "KServe looks for kserve-container"
    yield env["MODEL_NAME"] == "{{.Name}}" and env["SMARTSERVE_ANSWER"] == "library", f"the environment is {env}"
    yield from beside_the_proxy(box)
    # The model comes by the image's SMARTSERVE_MODEL_FALLBACK, which the words of `serve` would leave in place.
    yield "args" not in box and "command" not in box, "the image's own command is replaced"
    places = re.search(r"SMARTSERVE_MODEL_FALLBACK=(\S+)", dockerfile()).group(1).split(":")
    yield places[:2] == ["/mnt/models", "/opt/ml/model"] and len(places) == 3, f"the image looks at {places}"
    yield "SMARTSERVE_MODEL=" not in dockerfile(), "the image names a model: nothing that is mounted is served"


@KSERVE.rule
def runs_as_the_image_does(sets):
    box, bound = sets[0]["containers"][0], image_port("SMARTSERVE_BIND")
    yield box["image"] == f"smartserve:{version()}", f"the image is not smartserve:{version()} (Cargo.toml)"
    yield [p["containerPort"] for p in box["ports"]] == [bound], f"not the image's port {bound} alone"
    yield from probed(box, {"port": bound})
    own = box["securityContext"]
    yield own["runAsNonRoot"] is True and own["runAsUser"] == image_user(), f"not run as the user {image_user()}"
    yield from confined(box)
    yield from sized(box)


RUNTIME = "ClusterServingRuntime.spec.containers.0."
KSERVE.mutants = [
    ("names_agree", "InferenceService.spec.predictor.model.runtime", "kserve-xgbserver"),
    ("names_agree", "InferenceService.spec.predictor.model.modelFormat.name", "onnx"),
    ("names_agree", "ClusterServingRuntime.spec.protocolVersions", ["v2"]),
    ("names_agree", "ClusterServingRuntime.spec.supportedModelFormats.0.autoSelect", True),
    ("answers_as_kserve_does", RUNTIME + "env.1.value", "label"),
    ("answers_as_kserve_does", RUNTIME + "env.2.value", "127.0.0.1:9090"),
    ("answers_as_kserve_does", RUNTIME + "env.2.value", "0.0.0.0:9093"),
    ("answers_as_kserve_does", RUNTIME + "env.2", DROP),
    ("answers_as_kserve_does", RUNTIME + "name", "smartserve"),
    ("answers_as_kserve_does", RUNTIME + "args", ["serve", "--model", "/models/boston.model"]),
    ("runs_as_the_image_does", RUNTIME + "image", "smartserve:latest"),
    ("runs_as_the_image_does", RUNTIME + "readinessProbe.httpGet.port", 9090),
    ("runs_as_the_image_does", RUNTIME + "securityContext.runAsUser", 1000),
    ("runs_as_the_image_does", RUNTIME + "securityContext.readOnlyRootFilesystem", False),
    ("runs_as_the_image_does", RUNTIME + "resources.limits.memory", "128Mi"),
]

KNATIVE = Policy(specs("Service"))


@KNATIVE.rule
def scales_to_zero(sets):
    service, = sets
    notes = service["template"]["metadata"]["annotations"]
    key = "autoscaling.knative.dev/"
    yield notes[key + "min-scale"] == "0" and 0 < int(notes[key + "max-scale"]) <= 20, "not 0 to 20 pods"
    yield notes[key + "metric"] == "concurrency" and notes[key + "target"] == "4", "not by 4 requests in flight"
    yield service["template"]["spec"]["containerConcurrency"] == 0, "Knative queues what the server would refuse"


@KNATIVE.rule
def runs_beside_the_proxy(sets):
    service, = sets
    pod = service["template"]["spec"]
    box, = pod["containers"]
    bound = image_port("SMARTSERVE_BIND")
    yield [(p["name"], p["containerPort"]) for p in box["ports"]] == [("http1", bound)], f"not port {bound}, by HTTP/1"
    yield from beside_the_proxy(box)
    yield pod["timeoutSeconds"] > LAME_DUCK + HARD_STOP, "the grace period, which is timeoutSeconds, cuts the drain"
    yield from probed(box, {"port": bound})
    yield box["image"] == f"smartserve:{version()}", f"the image is not smartserve:{version()} (Cargo.toml)"
    yield pod["enableServiceLinks"] is False, "Kubernetes injects SMARTSERVE_PORT"
    yield pod["automountServiceAccountToken"] is False, "the pod mounts a token"
    own = box["securityContext"]
    yield own["runAsNonRoot"] is True and own["runAsUser"] == image_user(), f"not run as the user {image_user()}"
    yield own["seccompProfile"] == {"type": "RuntimeDefault"}, "no RuntimeDefault seccomp profile"
    # Knative refuses these unless an operator has switched a feature on; the group is the image's.
    yield not {"runAsGroup", "privileged", "seLinuxOptions"} & own.keys(), "Knative refuses a field by default"
    yield "securityContext" not in pod and "nodeSelector" not in pod, "Knative refuses a field of the pod by default"
    yield from confined(box)
    yield from sized(box)


REVISION = "Service.spec.template."
KNATIVE_BOX = REVISION + "spec.containers.0."
KNATIVE.mutants = [
    ("scales_to_zero", REVISION + "metadata.annotations.autoscaling~knative~dev/min-scale", "1"),
    ("scales_to_zero", REVISION + "metadata.annotations.autoscaling~knative~dev/metric", "cpu"),
    ("scales_to_zero", REVISION + "spec.containerConcurrency", 1),
    ("runs_beside_the_proxy", KNATIVE_BOX + "env", []),
    ("runs_beside_the_proxy", KNATIVE_BOX + "env.0.value", "127.0.0.1:9091"),
    ("runs_beside_the_proxy", KNATIVE_BOX + "env.0.value", "0.0.0.0:9093"),
    ("runs_beside_the_proxy", REVISION + "spec.timeoutSeconds", 20),
    ("runs_beside_the_proxy", REVISION + "spec.enableServiceLinks", True),
    ("runs_beside_the_proxy", KNATIVE_BOX + "ports.0.name", "h2c"),
    ("runs_beside_the_proxy", KNATIVE_BOX + "readinessProbe.httpGet.path", "/livez"),
    ("runs_beside_the_proxy", KNATIVE_BOX + "readinessProbe.periodSeconds", 5),
    ("runs_beside_the_proxy", KNATIVE_BOX + "securityContext.seccompProfile", DROP),
    ("runs_beside_the_proxy", KNATIVE_BOX + "securityContext.capabilities", DROP),
    ("runs_beside_the_proxy", KNATIVE_BOX + "securityContext.runAsGroup", 65532),
    ("runs_beside_the_proxy", REVISION + "spec.securityContext", {"fsGroup": 65532}),
    ("runs_beside_the_proxy", KNATIVE_BOX + "image", "smartserve:latest"),
    ("runs_beside_the_proxy", KNATIVE_BOX + "resources.limits.memory", "128Mi"),
]

JOB = Policy(specs("Job"))


@JOB.rule
def a_shard_an_index(sets):
    job, = sets
    box, = job["template"]["spec"]["containers"]
    yield job["completionMode"] == "Indexed" and job["completions"] >= job["parallelism"] > 0, "not indexed"
    source = {e["name"]: e.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") for e in box["env"]}
    yield source == {"SHARD": "metadata.annotations['batch.kubernetes.io/job-completion-index']"}, f"shards by {source}"
    options = dict(word.split("=", 1) for word in box["args"][1:])
    yield box["args"][0] == "predict" and options.keys() == {"--model", "--input", "--output"}, f"it is {box['args']}"
    for option in ("--input", "--output"):
        yield "-$(SHARD)." in options[option], f"{option} is the same for every shard"
    places = {m["mountPath"]: m.get("readOnly", False) for m in box["volumeMounts"]}
    for option, writes in (("--model", False), ("--input", False), ("--output", True)):
        inside = next(p for p in places if options[option].startswith(p + "/"))
        yield places[inside] is not writes, f"{inside} is {'not ' if writes else ''}written"


@JOB.rule
def tries_again_what_may_pass(sets):
    job, = sets
    yield job["template"]["spec"]["restartPolicy"] == "Never", "a container that is started again hides its failures"
    yield job["backoffLimitPerIndex"] > 0, "a pod that is killed is the end of its shard"
    yield "backoffLimit" not in job, "one shard's failures end the others"
    rules = {r["action"]: r for r in job["podFailurePolicy"]["rules"]}
    yield rules["Ignore"]["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}], "evictions count"
    yield rules["FailIndex"]["onExitCodes"]["values"] == [2, 65, 66, 78], "what never passes is tried again"


@JOB.rule
def is_restricted(sets):
    pod = sets[0]["template"]["spec"]
    own, (box,) = pod["securityContext"], pod["containers"]
    yield own["runAsNonRoot"] is True and own["runAsUser"] == image_user(), f"not run as the user {image_user()}"
    yield own["seccompProfile"] == {"type": "RuntimeDefault"}, "no RuntimeDefault seccomp profile"
    yield own["fsGroup"] == own["runAsGroup"], "the claim belongs to root"
    yield pod["automountServiceAccountToken"] is False, "the pod mounts a token"
    yield box["image"] == f"smartserve:{version()}", f"the image is not smartserve:{version()} (Cargo.toml)"
    yield from confined(box)
    requests, limits = box["resources"]["requests"], box["resources"]["limits"]
    yield quantity(requests["memory"]) <= quantity(limits["memory"]), "the request is above the limit"


SHARD = "Job.spec.template.spec."
JOB.mutants = [
    ("a_shard_an_index", "Job.spec.completionMode", "NonIndexed"),
    ("a_shard_an_index", SHARD + "containers.0.env", []),
    ("a_shard_an_index", SHARD + "containers.0.args.3", "--output=/scores/all.csv"),
    ("a_shard_an_index", SHARD + "containers.0.volumeMounts.2.readOnly", True),
    ("a_shard_an_index", SHARD + "containers.0.volumeMounts.1.readOnly", DROP),
    ("tries_again_what_may_pass", SHARD + "restartPolicy", "OnFailure"),
    ("tries_again_what_may_pass", "Job.spec.backoffLimitPerIndex", 0),
    ("tries_again_what_may_pass", "Job.spec.podFailurePolicy.rules.0.onPodConditions", []),
    ("tries_again_what_may_pass", "Job.spec.podFailurePolicy.rules.1.onExitCodes.values", [1]),
    ("is_restricted", SHARD + "securityContext.fsGroup", DROP),
    ("is_restricted", SHARD + "securityContext.runAsUser", 0),
    ("is_restricted", SHARD + "automountServiceAccountToken", DROP),
    ("is_restricted", SHARD + "containers.0.securityContext.allowPrivilegeEscalation", DROP),
    ("is_restricted", SHARD + "containers.0.image", "smartserve:latest"),
]

# The load of `make e2e`, which runs in the overlay `local`.
LOAD = Policy(specs("Job"))


@LOAD.rule
def is_admitted(sets):
    job, = sets
    pod = job["template"]["spec"]
    own, (box,) = pod["securityContext"], pod["containers"]
    yield own["runAsNonRoot"] is True and own["seccompProfile"] == {"type": "RuntimeDefault"}, "not restricted"
    yield job["backoffLimit"] == 0, "a failed load is made again"
    yield from confined(box)


LOAD.mutants = [
    ("is_admitted", "Job.spec.backoffLimit", 6),
    ("is_admitted", SHARD + "securityContext.runAsNonRoot", DROP),
    ("is_admitted", SHARD + "containers.0.securityContext.capabilities", DROP),
]

GITOPS = Policy(specs("Application", "GitRepository", "Kustomization"))


@GITOPS.rule
def both_say_the_same(sets):
    argo, repository, flux = sets
    yield argo["source"]["repoURL"] == repository["url"], "two repositories"
    yield argo["source"]["targetRevision"] == repository["ref"]["branch"], "two branches"
    yield argo["source"]["path"] == flux["path"].removeprefix("./"), "two paths"
    yield (ROOT / argo["source"]["path"] / "kustomization.yaml").is_file(), "the path holds no kustomization"
    yield argo["syncPolicy"]["automated"] == {"prune": True, "selfHeal": True} and flux["prune"], "the cluster drifts"
    yield flux["wait"] is True, "a commit counts as applied before its rollout"
    yield "ServerSideApply=true" in argo["syncPolicy"]["syncOptions"], "a ConfigMap of 256 KiB cannot be applied"


GITOPS.mutants = [
    ("both_say_the_same", "Application.spec.source.repoURL", "https://example.com/other.git"),
    ("both_say_the_same", "Application.spec.source.path", "k8s/overlays/other"),
    ("both_say_the_same", "Application.spec.syncPolicy.syncOptions", []),
    ("both_say_the_same", "GitRepository.spec.ref.branch", "dev"),
    ("both_say_the_same", "Kustomization.spec.wait", DROP),
    ("both_say_the_same", "Kustomization.spec.prune", False),
]

"""Policy of the sets that have the Deployment: the relations between fields that no schema can check."""

import re

import yaml

from judge import (DROP, HARD_STOP, LAME_DUCK, MEMORY_BOUND, ROOT, Policy, confined, environment, image_port,
                   image_user, quantity, version)

EXPECTED = ["Deployment", "NetworkPolicy", "PodDisruptionBudget", "Service", "ServiceAccount"]
AUTOSCALERS = ["HorizontalPodAutoscaler", "ScaledObject"]
# What no one can ship: the release puts a digest in its place.
MARKER = "smartserve@sha256:SET-BY-THE-RELEASE"
RULE_FILES = [ROOT / "deploy/monitoring/rules.yaml", ROOT / "docs/examples/drift-rules.yaml"]


class Set:
    """One rendered set of manifests, with the parts that several rules look at.

    `context` is what its kustomization says: its `name`, the `components` that it is made of, and whether it is a
    `release`.
    """

    def __init__(self, documents, context):
        self.documents, self.context = documents, context
        self.named = {(d["kind"], d["metadata"]["name"]): d for d in documents}
        self.deployment = self.named["Deployment", "smartserve"]["spec"]
        self.template = self.deployment["template"]
        self.pod = self.template["spec"]
        self.container = self.pod["containers"][0]
        self.ports = {p["name"]: p["containerPort"] for p in self.container["ports"]}
        self.service, self.pdb, self.network = (
            self.named[kind, "smartserve"]["spec"] for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy"))
        self.env = environment(self.container)

    def spec(self, kind, name="smartserve"):
        """The `spec` of one that a set may have."""
        return self.named.get((kind, name), {}).get("spec")

    def probe(self, name):
        return {"periodSeconds": 10, "timeoutSeconds": 1, "failureThreshold": 3} | self.container[name]

    def replicas(self):
        """The fewest and the most pods, of whichever autoscaler there is."""
        hpa, keda = self.spec("HorizontalPodAutoscaler"), self.spec("ScaledObject")
        return (hpa["minReplicas"], hpa["maxReplicas"]) if hpa else (keda["minReplicaCount"], keda["maxReplicaCount"])

    def boxes(self):
        return self.pod.get("initContainers", []) + self.pod["containers"]


POLICY = Policy(Set)
rule = POLICY.rule


@rule
def complete(s):
    for kind in EXPECTED:
        yield (kind, "smartserve") in s.named, f"there is no {kind}"
    yield len(s.named) == len(s.documents), "two of one kind and name"
    places = {d["metadata"].get("namespace") for d in s.documents if d["kind"] != "Namespace"}
    yield len(places) == 1, f"namespaces differ: {places}"
    for d in s.documents:
        who = f"{d['kind']} {d['metadata']['name']}"
        yield d["metadata"]["name"].startswith("smartserve"), f"{who} is not named smartserve"
        yield d["metadata"]["labels"].get("app.kubernetes.io/name") == "smartserve", f"{who} lacks its label"
        if d["kind"] == "Namespace":
            enforced = d["metadata"]["labels"].get("pod-security.kubernetes.io/enforce")
            yield enforced == "restricted" and places == {d["metadata"]["name"]}, f"{who} enforces {enforced}"


@rule
def selectors_match(s):
    labels = s.template["metadata"]["labels"].items()
    selectors = {"Deployment": s.deployment["selector"]["matchLabels"],
                 "PodDisruptionBudget": s.pdb["selector"]["matchLabels"],
                 "NetworkPolicy": s.network["podSelector"]["matchLabels"]}
    selectors |= {name: d["spec"]["selector"] for (kind, name), d in s.named.items() if kind == "Service"}
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
        yield s.ports[name] == image_port(variable), f"{name} is not the image's port {image_port(variable)}"


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
    pod, identity, user = s.pod["securityContext"], s.named["ServiceAccount", "smartserve"], image_user()
    yield pod["runAsNonRoot"] is True and pod["runAsUser"] == user, f"not run as the image's user {user}"
    yield pod["seccompProfile"] == {"type": "RuntimeDefault"}, "no RuntimeDefault seccomp profile"
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        yield not s.pod.get(field), f"{field} is set"
    fetches = ["fetch-model"] if "model-bucket" in s.context["components"] else []
    yield [b["name"] for b in s.boxes()] == [*fetches, "smartserve"], "one container is expected"
    for box in s.boxes():
        yield from confined(box)
    yield s.pod["serviceAccountName"] == identity["metadata"]["name"], "another ServiceAccount"
    yield s.pod["automountServiceAccountToken"] is False, "the pod mounts a token"
    yield identity["automountServiceAccountToken"] is False, "the ServiceAccount hands out its token"


@rule
def resources(s):
    for box in s.boxes():
        requests, limits = box["resources"]["requests"], box["resources"]["limits"]
        yield "cpu" in requests and "memory" in requests, "requests are missing"
        yield quantity(requests["memory"]) <= quantity(limits["memory"]), "the request is above the limit"
    if "cpu-quota" in s.context["components"]:
        yield str(limits["cpu"]).isdigit() and int(limits["cpu"]) > 0, "the CPU limit is not in whole cores"
    else:
        yield "cpu" not in limits, "a CPU limit throttles"
    yield quantity(limits["memory"]) > MEMORY_BOUND, "the memory limit is below the server's own bound"


@rule
def autoscaled(s):
    yield "replicas" not in s.deployment, "the Deployment resets the autoscaler's count"
    hpa, keda = s.spec("HorizontalPodAutoscaler"), s.spec("ScaledObject")
    yield (hpa is None) != (keda is None), "not one autoscaler"
    fewest, most = s.replicas()
    yield 2 <= fewest < most <= 20, f"{fewest} to {most} pods"
    target = (hpa or keda)["scaleTargetRef"]
    yield target == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "smartserve"}, f"scales {target}"
    behavior = (hpa or keda["advanced"]["horizontalPodAutoscalerConfig"])["behavior"]
    for way in ("scaleUp", "scaleDown"):
        yield "stabilizationWindowSeconds" in behavior[way], f"{way} has no stated window"
        yield behavior[way]["policies"], f"{way} has no stated policy"


RECORDED = "smartserve:requests_in_flight:avg1m"


@rule
def scales_by_load(s):
    recorded = {r.get("record") for file in RULE_FILES for g in yaml.safe_load(file.read_text())["groups"]
                for r in g["rules"]}
    yield RECORDED in recorded, f"no rule records {RECORDED}"
    hpa, keda = s.spec("HorizontalPodAutoscaler"), s.spec("ScaledObject")
    if hpa:
        metric = {m["type"]: m for m in hpa["metrics"]}
        if "autoscaling-adapter" not in s.context["components"]:
            yield list(metric) == ["Resource"] and metric["Resource"]["resource"]["name"] == "cpu", "not by CPU"
            return
        values = yaml.safe_load((ROOT / "k8s/components/autoscaling-adapter/adapter-values.yaml").read_text())
        made = values["rules"]["custom"][0]
        yield made["seriesQuery"].startswith(RECORDED + "{"), "the adapter asks another series"
        yield re.match(made["name"]["matches"], RECORDED), "the adapter's name matches another series"
        yield list(metric) == ["Pods"], f"by {list(metric)}"
        pods = metric["Pods"]["pods"]
        yield pods["metric"]["name"] == made["name"]["as"], "not the metric that the adapter makes"
        yield pods["target"] == {"type": "AverageValue", "averageValue": "4"}, f"the target is {pods['target']}"
    else:
        trigger, = keda["triggers"]
        place = s.named["Deployment", "smartserve"]["metadata"]["namespace"]
        asked = trigger["metadata"]
        yield asked["query"] == f'sum({RECORDED}{{namespace="{place}"}})', f"the query is {asked['query']}"
        yield (trigger["metricType"], asked["threshold"]) == ("AverageValue", "4"), "not 4 a pod"
        yield asked["ignoreNullValues"] == "false", "a Prometheus without series is a load of zero"
        fewest, most = s.replicas()
        yield fewest < keda["fallback"]["replicas"] <= most, "the fallback is the fewest pods, or more than the most"


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
    yield 0 < s.pdb["maxUnavailable"] < s.replicas()[0], "a node drain is blocked, or may take every pod"
    yield s.pdb["unhealthyPodEvictionPolicy"] == "AlwaysAllow", "a broken pod blocks node drains"


@rule
def network(s):
    yield sorted(s.network["policyTypes"]) == ["Egress", "Ingress"], "one direction is left open"
    if "model-bucket" in s.context["components"]:
        out = [sorted((p["protocol"], p["port"]) for p in e["ports"]) for e in s.network["egress"]]
        yield out == [[("TCP", 53), ("TCP", 443), ("UDP", 53)]], f"egress is {out}"
    else:
        yield "egress" not in s.network, "egress is allowed, or an empty list that `kubectl diff` shows for ever"
    doors = {tuple(p["port"] for p in i["ports"]): i["from"] for i in s.network["ingress"]}
    yield doors.keys() == {("http",), ("admin",)}, "not one door each for http and admin"
    yield doors[("http",)] == [{"namespaceSelector": {}}], "http is not open to any pod"
    monitoring = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
    yield doors[("admin",)] == [monitoring], "admin is not for the monitoring namespace alone"
    yield s.env.get("SMARTSERVE_PRIVATE_METRICS") == "true", "metrics are on the port that is open to any pod"


@rule
def image(s):
    found = s.container["image"]
    if s.context["release"] or s.context["name"] == "documented":
        yield re.fullmatch(r"[a-z0-9][a-z0-9._:/-]*@sha256:[0-9a-f]{64}", found), f"{found} is not named by digest"
    elif s.context["name"] == "production":
        yield found == MARKER, f"the image is not the marker {MARKER}, which nobody can ship, but {found}"
    else:
        yield found == f"smartserve:{version()}", f"the image is not smartserve:{version()} (Cargo.toml)"
    yield s.container["imagePullPolicy"] == "IfNotPresent", "a locally loaded image would be pulled"
    yield s.pod["enableServiceLinks"] is False, "Kubernetes injects SMARTSERVE_PORT"


@rule
def volumes_exist(s):
    volumes = {v["name"]: v for v in s.pod.get("volumes", [])}
    mounted = {m["name"] for box in s.boxes() for m in box.get("volumeMounts", [])}
    yield volumes.keys() == mounted, "volumes and mounts differ"
    for name, volume in volumes.items():
        kind = next(k for k in volume if k != "name")
        yield kind in ("configMap", "secret", "persistentVolumeClaim", "image", "emptyDir"), f"{name} is a {kind}"
        yield kind != "emptyDir" or volume[kind].get("sizeLimit"), f"{name} may fill the node"
        yield kind != "persistentVolumeClaim" or volume[kind].get("readOnly"), f"{name} is claimed to be written"
        yield kind != "secret" or s.pod["securityContext"].get("fsGroup"), f"{name} is root's: it cannot be read"
    places = {}
    for m in s.container.get("volumeMounts", []):
        yield m.get("readOnly") is True, f"the server may write {m['mountPath']}"
        yield "subPath" not in m, f"{m['mountPath']} would never see an update"
        places[m["name"]] = m["mountPath"]
    served = s.env.get("SMARTSERVE_MODEL", "") or s.env.get("SMARTSERVE_MODELS", "") + "/"
    if "model" in places:
        yield served.startswith(places["model"] + "/"), f"the model {served} is not in its mount"
    if "tokens" in places:
        yield s.env["SMARTSERVE_TOKEN_FILE"].startswith(places["tokens"] + "/"), "the tokens are not in their mount"
    if "auth" in s.context["components"]:
        yield "tokens" in places and s.env.get("SMARTSERVE_TOKEN_FILE"), "nobody is asked for a token"


@rule
def monitored(s):
    if "monitoring" not in s.context["components"]:
        return
    service, monitor = s.named["Service", "smartserve-metrics"], s.spec("ServiceMonitor")
    labels = service["metadata"]["labels"]
    chosen = monitor["selector"]["matchLabels"].items()
    services = {name: d["metadata"]["labels"].items() for (kind, name), d in s.named.items() if kind == "Service"}
    hit = [name for name, own in services.items() if chosen <= own]
    yield hit == ["smartserve-metrics"], f"the ServiceMonitor chooses {hit}"
    yield labels[monitor["jobLabel"]] == "smartserve", "the job is not called smartserve, which the alerts ask for"
    ports = {p["name"]: p["targetPort"] for p in service["spec"]["ports"]}
    asked = [(ports[e["port"]], e["path"]) for e in monitor["endpoints"]]
    yield asked == [("admin", "/metrics")], f"{asked} is scraped"
    yield service["spec"]["clusterIP"] == "None", "one address for all pods is scraped"
    yield service["spec"]["publishNotReadyAddresses"] is True, "a pod that is not ready is not watched"
    groups = [g for file in RULE_FILES for g in yaml.safe_load(file.read_text())["groups"]]
    yield s.spec("PrometheusRule")["groups"] == groups, "the rules are others: run make prometheus-rule"
    board = s.named["ConfigMap", "smartserve-dashboard"]
    yield board["metadata"]["labels"]["grafana_dashboard"] == "1", "Grafana's sidecar does not take the dashboard"
    file = (ROOT / "deploy/monitoring/dashboard.json").read_text()
    yield list(board["data"].values()) == [file], "the dashboard is another"


@rule
def routed(s):
    if "gateway" not in s.context["components"]:
        return
    route = s.spec("HTTPRoute")
    yield route["parentRefs"] and all(p.get("sectionName") for p in route["parentRefs"]), "every listener takes it"
    for r in route["rules"]:
        ends = [(b["name"], b["port"]) for b in r["backendRefs"]]
        yield ends == [("smartserve", s.service["ports"][0]["port"])], f"it leads to {ends}"
        yield int(r["timeouts"]["request"].removesuffix("s")) > 20, "it ends before the server's 408 and 504"
    if s.context["name"] == "production":
        yield "SMARTSERVE_TOKEN_FILE" in s.env, "it is open to the world without tokens"


POD = "Deployment.spec.template.spec."
BOX = POD + "containers.0."
INIT = POD + "initContainers.0."
HPA, KEDA = "HorizontalPodAutoscaler.spec.", "ScaledObject.spec."
POLICY.mutants = [  # (rule that must fail, field, its new value)
    ("complete", "Service/smartserve.metadata.name", "other"),
    ("complete", "PodDisruptionBudget.metadata.labels", {}),
    ("complete", "Service/smartserve.metadata.namespace", "other"),
    ("complete", "Namespace.metadata.labels.pod-security~kubernetes~io/enforce", "baseline"),
    ("selectors_match", "Service/smartserve.spec.selector", {"app": "other"}),
    ("selectors_match", "Service/smartserve-metrics.spec.selector", {"app": "other"}),
    ("selectors_match", "Deployment.spec.template.metadata.labels", {"app.kubernetes.io/name": "other"}),
    ("selectors_match", "PodDisruptionBudget.spec.selector.matchLabels", {"app": "x"}),
    ("selectors_match", "NetworkPolicy.spec.podSelector.matchLabels", {"app": "x"}),
    ("selectors_match", POD + "topologySpreadConstraints.1.labelSelector.matchLabels", {"app": "x"}),
    ("ports_exist", "Service/smartserve.spec.ports.0.targetPort", "web"),
    ("ports_exist", "Service/smartserve.spec.ports.0.port", 8080),
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
    ("restricted", POD + "initContainers", [{"name": "more", "image": "other"}]),
    ("restricted", BOX + "securityContext.allowPrivilegeEscalation", True),
    ("restricted", BOX + "securityContext.readOnlyRootFilesystem", False),
    ("restricted", BOX + "securityContext.capabilities", {"drop": ["ALL"], "add": ["NET_ADMIN"]}),
    ("restricted", BOX + "securityContext.privileged", True),
    ("restricted", INIT + "securityContext.allowPrivilegeEscalation", DROP),
    ("restricted", INIT + "securityContext.readOnlyRootFilesystem", False),
    ("restricted", POD + "serviceAccountName", "default"),
    ("restricted", POD + "automountServiceAccountToken", True),
    ("restricted", "ServiceAccount.automountServiceAccountToken", DROP),
    ("resources", BOX + "resources.limits.memory", "128Mi"),
    ("resources", BOX + "resources.limits.cpu", "500m"),
    ("resources", BOX + "resources.requests.cpu", DROP),
    ("resources", BOX + "resources.requests.memory", "1Gi"),
    ("resources", INIT + "resources.requests.memory", "1Gi"),
    ("autoscaled", "Deployment.spec.replicas", 2),
    ("autoscaled", HPA + "scaleTargetRef.name", "other"),
    ("autoscaled", HPA + "minReplicas", 1),
    ("autoscaled", HPA + "behavior.scaleDown", DROP),
    ("autoscaled", KEDA + "scaleTargetRef.name", "other"),
    ("autoscaled", KEDA + "minReplicaCount", 0),
    ("autoscaled", KEDA + "advanced.horizontalPodAutoscalerConfig.behavior.scaleUp", DROP),
    ("scales_by_load", HPA + "metrics.0.resource.name", "memory"),
    ("scales_by_load", HPA + "metrics.0.pods.metric.name", "smartserve_http_requests_in_flight"),
    ("scales_by_load", HPA + "metrics.0.pods.target.averageValue", "40"),
    ("scales_by_load", KEDA + "triggers.0.metadata.query", "sum(smartserve_http_requests_in_flight)"),
    ("scales_by_load", KEDA + "triggers.0.metadata.ignoreNullValues", DROP),
    ("scales_by_load", KEDA + "triggers.0.metadata.threshold", "400"),
    ("scales_by_load", KEDA + "fallback", DROP),
    ("rolls_without_loss", "Deployment.spec.strategy.rollingUpdate.maxUnavailable", 1),
    ("rolls_without_loss", "Deployment.spec.strategy.rollingUpdate.maxSurge", 0),
    ("rolls_without_loss", "Deployment.spec.minReadySeconds", 0),
    ("spread", POD + "topologySpreadConstraints.0.whenUnsatisfiable", "DoNotSchedule"),
    ("spread", POD + "topologySpreadConstraints.0.topologyKey", "kubernetes.io/os"),
    ("disruptions", "PodDisruptionBudget.spec.maxUnavailable", 0),
    ("disruptions", "PodDisruptionBudget.spec.maxUnavailable", 3),
    ("disruptions", "PodDisruptionBudget.spec.unhealthyPodEvictionPolicy", DROP),
    ("network", "NetworkPolicy.spec.policyTypes", ["Ingress"]),
    ("network", "NetworkPolicy.spec.egress", [{}]),
    ("network", "NetworkPolicy.spec.egress", []),
    ("network", "NetworkPolicy.spec.ingress.1.from", [{"namespaceSelector": {}}]),
    ("network", "NetworkPolicy.spec.ingress.0.from", [{"podSelector": {}}]),
    ("network", BOX + "env", []),
    ("image", BOX + "image", "smartserve:latest"),
    ("image", BOX + "image", "registry.example.com/smartserve:1"),
    ("image", BOX + "imagePullPolicy", "Always"),
    ("image", POD + "enableServiceLinks", DROP),
    ("volumes_exist", POD + "volumes", [{"name": "unused", "emptyDir": {}}]),
    ("volumes_exist", POD + "volumes.0", {"name": "model", "hostPath": {"path": "/"}}),
    ("volumes_exist", POD + "volumes.0.persistentVolumeClaim.readOnly", DROP),
    ("volumes_exist", POD + "volumes.0.emptyDir.sizeLimit", DROP),
    ("volumes_exist", POD + "securityContext.fsGroup", DROP),
    ("volumes_exist", BOX + "volumeMounts", [{"name": "unknown", "mountPath": "/models"}]),
    ("volumes_exist", BOX + "volumeMounts.0.readOnly", DROP),
    ("volumes_exist", BOX + "volumeMounts.0.subPath", "own.model"),
    ("volumes_exist", BOX + "volumeMounts.0.mountPath", "/elsewhere"),
    ("monitored", "ServiceMonitor.spec.jobLabel", DROP),
    ("monitored", "ServiceMonitor.spec.selector.matchLabels", {"app.kubernetes.io/name": "smartserve"}),
    ("monitored", "ServiceMonitor.spec.endpoints.0.port", "http"),
    ("monitored", "Service/smartserve-metrics.spec.clusterIP", DROP),
    ("monitored", "Service/smartserve-metrics.spec.ports.0.targetPort", "http"),
    ("monitored", "PrometheusRule.spec.groups.0.rules.0.expr", "1"),
    ("monitored", "ConfigMap.metadata.labels.grafana_dashboard", DROP),
    ("monitored", "ConfigMap.data", {"smartserve.json": "{}"}),
    ("routed", "HTTPRoute.spec.rules.0.backendRefs.0.port", 9090),
    ("routed", "HTTPRoute.spec.rules.0.backendRefs.0.name", "smartserve-metrics"),
    ("routed", "HTTPRoute.spec.rules.0.timeouts.request", "10s"),
    ("routed", "HTTPRoute.spec.parentRefs.0.sectionName", DROP),
]

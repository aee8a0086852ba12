"""What each file of deploy/ for a cloud must say, by the image and by what that cloud asks of a container."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "k8s"))

from judge import (DROP, HARD_STOP, MEMORY_BOUND, Policy, environment, image_port, image_user,  # noqa: E402
                   quantity)

PORT, ADMIN = image_port("SMARTSERVE_BIND"), image_port("SMARTSERVE_ADMIN_BIND")
# Seconds from SIGTERM to SIGKILL: https://cloud.google.com/run/docs/container-contract
CLOUD_RUN_GRACE = 10


def whole(documents, _):
    return documents[0]


def seconds(text):
    return float(text.removesuffix("s"))


# --- AWS Lambda ---
LAMBDA = Policy(whole)


@LAMBDA.rule
def a_message_is_lost_by_nothing(template):
    parts = {name: r["Properties"] for name, r in template["Resources"].items()}
    source, rows, dead = parts["Predict"]["Events"]["Queue"]["Properties"], parts["Rows"], parts["DeadRows"]
    yield source["FunctionResponseTypes"] == ["ReportBatchItemFailures"], "one bad message repeats its batch"
    yield rows["VisibilityTimeout"] >= 6 * parts["Predict"]["Timeout"], "a batch is given again while it is tried"
    yield rows["RedrivePolicy"]["maxReceiveCount"] >= 5, "a throttled poller spends a message's tries"
    yield rows["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["DeadRows", "Arn"]}, "no dead-letter queue"
    yield dead["MessageRetentionPeriod"] > rows["MessageRetentionPeriod"], "a dead message keeps its first time"
    yield rows["SqsManagedSseEnabled"] and dead["SqsManagedSseEnabled"], "a queue is not encrypted"


@LAMBDA.rule
def nobody_asks_without_a_signature(template):
    auth = template["Resources"]["Api"]["Properties"]["Auth"]
    yield auth == {"EnableIamAuthorizer": True, "DefaultAuthorizer": "AWS_IAM"}, "the API is open"


@LAMBDA.rule
def runs_the_image(template):
    function = template["Resources"]["Predict"]["Properties"]
    memory = template["Parameters"]["MemorySize"]
    yield function["PackageType"] == "Image" and function["ImageUri"] == {"Ref": "ImageUri"}, "not the image"
    yield "ImageConfig" not in function, "the image's own command is replaced"
    yield function["Timeout"] < 30, "an HTTP API ends at 30 s"
    yield memory["MinValue"] * 2**20 > MEMORY_BOUND, "the least memory is below the server's own bound"


@LAMBDA.rule
def alarms_tell(template):
    alarms = [r["Properties"] for r in template["Resources"].values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    watched = {alarm["MetricName"] for alarm in alarms}
    yield watched == {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "Errors", "Throttles",
                      "5xx"}, f"watched: {watched}"
    for alarm in alarms:
        yield alarm["TreatMissingData"] == "notBreaching", f"{alarm['MetricName']}: no traffic is an alarm"
        yield alarm["AlarmActions"]["Fn::If"][0] == "Tells", f"{alarm['MetricName']} tells nothing"


FUNCTION = "Template.Resources.Predict.Properties."
LAMBDA.mutants = [
    ("a_message_is_lost_by_nothing", FUNCTION + "Events.Queue.Properties.FunctionResponseTypes", DROP),
    ("a_message_is_lost_by_nothing", FUNCTION + "Timeout", 30),
    ("a_message_is_lost_by_nothing", "Template.Resources.Rows.Properties.RedrivePolicy", DROP),
    ("a_message_is_lost_by_nothing", "Template.Resources.Rows.Properties.RedrivePolicy.maxReceiveCount", 1),
    ("a_message_is_lost_by_nothing", "Template.Resources.DeadRows.Properties.MessageRetentionPeriod", 60),
    ("nobody_asks_without_a_signature", "Template.Resources.Api.Properties.Auth.DefaultAuthorizer", "NONE"),
    ("runs_the_image", FUNCTION + "ImageConfig", {"Command": ["serve"]}),
    ("runs_the_image", FUNCTION + "Timeout", 60),
    ("runs_the_image", "Template.Parameters.MemorySize.MinValue", 128),
    ("alarms_tell", "Template.Resources.ErrorsAlarm", DROP),
    ("alarms_tell", "Template.Resources.DeadRowsAlarm.Properties.AlarmActions", []),
    ("alarms_tell", "Template.Resources.LateRowsAlarm.Properties.TreatMissingData", "breaching"),
]

# --- AWS Fargate ---
FARGATE = Policy(whole)


@FARGATE.rule
def the_task_is_the_image(template):
    task = template["Resources"]["Task"]["Properties"]
    box, = task["ContainerDefinitions"]
    yield [p["ContainerPort"] for p in box["PortMappings"]] == [PORT, ADMIN], "not the image's ports"
    yield box["User"].split(":")[0] == str(image_user()), "another user than the image's"
    yield box["ReadonlyRootFilesystem"] is True, "the root file system is writable"
    yield box["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}, "capabilities are kept"
    yield box["HealthCheck"]["Command"] == ["CMD", "/usr/local/bin/smartserve", "healthcheck"], "no health check"
    yield HARD_STOP < box["StopTimeout"] <= 120, "the drain is cut, or Fargate takes no such time"
    yield int(task["Memory"]) * 2**20 > MEMORY_BOUND, "the memory is below the server's own bound"


@FARGATE.rule
def the_balancer_probes_the_admin_port(template):
    parts = {name: r.get("Properties") for name, r in template["Resources"].items()}
    group, balancer = parts["Tasks"], parts["Balancer"]
    yield (group["Port"], group["HealthCheckPort"]) == (PORT, str(ADMIN)), "not the image's ports"
    yield group["HealthCheckPath"] == "/readyz", "a task that drains is asked"
    attributes = {a["Key"]: a["Value"] for a in balancer["LoadBalancerAttributes"]}
    yield int(attributes["idle_timeout.timeout_seconds"]) < 75, "the server closes connections before the balancer"
    yield balancer["Scheme"] == "internal", "the internet may ask, and no token is asked for"
    opened = {rule["FromPort"]: rule for rule in parts["TaskGroup"]["SecurityGroupIngress"]}
    yield opened.keys() == {PORT, ADMIN}, f"tasks are asked on {sorted(opened)}"
    yield all("SourceSecurityGroupId" in rule for rule in opened.values()), "tasks are open"


BOX = "Template.Resources.Task.Properties.ContainerDefinitions.0."
FARGATE.mutants = [
    ("the_task_is_the_image", BOX + "StopTimeout", 10),
    ("the_task_is_the_image", BOX + "PortMappings.0.ContainerPort", 80),
    ("the_task_is_the_image", BOX + "ReadonlyRootFilesystem", DROP),
    ("the_task_is_the_image", BOX + "HealthCheck.Command", ["CMD-SHELL", "curl localhost"]),
    ("the_balancer_probes_the_admin_port", "Template.Resources.Tasks.Properties.HealthCheckPath", "/livez"),
    ("the_balancer_probes_the_admin_port", "Template.Resources.Balancer.Properties.Scheme", "internet-facing"),
    ("the_balancer_probes_the_admin_port",
     "Template.Resources.Balancer.Properties.LoadBalancerAttributes.0.Value", "80"),
]

# --- Cloud Run ---
CLOUD_RUN = Policy(whole)


@CLOUD_RUN.rule
def the_drain_fits(service):
    env = environment(service["spec"]["template"]["spec"]["containers"][0])
    yield seconds(env["SMARTSERVE_HARD_STOP"]) < CLOUD_RUN_GRACE, "the drain is cut"
    yield seconds(env["SMARTSERVE_LAME_DUCK"]) < seconds(env["SMARTSERVE_HARD_STOP"]), "there is no time to drain"
    yield env["SMARTSERVE_IDLE_TIMEOUT"] == "1h", "a connection ends while there is no CPU"


@CLOUD_RUN.rule
def costs_nothing_unasked(service):
    notes = service["spec"]["template"]["metadata"]["annotations"]
    yield notes["autoscaling.knative.dev/minScale"] == "0", "an instance is kept"
    yield notes["run.googleapis.com/cpu-throttling"] == "true", "CPU is paid while nothing is asked"


@CLOUD_RUN.rule
def one_port_is_served(service):
    box, = service["spec"]["template"]["spec"]["containers"]
    yield box["image"] == "IMAGE", "cloudbuild.yaml replaces IMAGE"
    yield box["ports"] == [{"name": "http1", "containerPort": PORT}], f"not {PORT} by HTTP/1"
    probes = [(name, box[name]["httpGet"]) for name in ("startupProbe", "livenessProbe")]
    yield probes == [("startupProbe", {"path": "/readyz", "port": PORT}),
                     ("livenessProbe", {"path": "/livez", "port": PORT})], f"probes are {probes}"
    yield quantity(box["resources"]["limits"]["memory"]) >= max(2**29, MEMORY_BOUND), "gen2 has 512 MiB at least"


RUN_BOX = "Service.spec.template.spec.containers.0."
CLOUD_RUN.mutants = [
    ("the_drain_fits", RUN_BOX + "env", []),
    ("the_drain_fits", RUN_BOX + "env.1.value", "15s"),
    ("the_drain_fits", RUN_BOX + "env.0.value", "9s"),
    ("costs_nothing_unasked", "Service.spec.template.metadata.annotations.autoscaling~knative~dev/minScale", "1"),
    ("costs_nothing_unasked", "Service.spec.template.metadata.annotations.run~googleapis~com/cpu-throttling", "false"),
    ("one_port_is_served", RUN_BOX + "ports.0.name", "h2c"),
    ("one_port_is_served", RUN_BOX + "startupProbe.httpGet.path", "/"),
    ("one_port_is_served", RUN_BOX + "resources.limits.memory", "256Mi"),
    ("one_port_is_served", RUN_BOX + "image", "smartserve"),
]

BUILD = Policy(whole)


@BUILD.rule
def what_is_deployed_was_verified(build):
    order = [step["id"] for step in build["steps"]]
    yield order == ["build", "verify", "push", "deploy"], f"the order is {order}"
    image = "${_IMAGE}:$SHORT_SHA"
    for step in build["steps"]:
        yield any(image in word for word in step["args"]), f"{step['id']} takes another image"
    yield build["images"] == [image], "another image is kept"


BUILD.mutants = [
    ("what_is_deployed_was_verified", "Build.steps.1", {"id": "push", "args": ["push", "${_IMAGE}:$SHORT_SHA"]}),
    ("what_is_deployed_was_verified", "Build.images", ["${_IMAGE}:latest"]),
]

# --- App Engine, flexible environment ---
APP_ENGINE = Policy(whole)


@APP_ENGINE.rule
def google_probes_it(app):
    yield (app["runtime"], app["env"]) == ("custom", "flex"), "not the flexible environment"
    yield (app["readiness_check"]["path"], app["liveness_check"]["path"]) == ("/readyz", "/livez"), "not our probes"
    # Google sends to 8080 and sets PORT so.
    yield PORT == 8080, "App Engine asks port 8080"
    yield app["resources"]["memory_gb"] * 2**30 > MEMORY_BOUND, "the memory is below the server's own bound"
    scaling = app["automatic_scaling"]
    yield 1 <= scaling["min_num_instances"] <= scaling["max_num_instances"], "no instances"


APP_ENGINE.mutants = [
    ("google_probes_it", "App.env", "standard"),
    ("google_probes_it", "App.readiness_check.path", "/livez"),
    ("google_probes_it", "App.automatic_scaling.min_num_instances", 0),
]

# --- Azure Container Apps ---


def container_app(documents, _):
    return next(r for r in documents[0]["resources"] if r["type"] == "Microsoft.App/containerApps")["properties"]


AZURE = Policy(container_app)


@AZURE.rule
def envoy_asks_the_image(app):
    box, = app["template"]["containers"]
    ingress = app["configuration"]["ingress"]
    yield (ingress["targetPort"], ingress["transport"]) == (PORT, "http"), f"not {PORT} by HTTP/1"
    yield ingress["allowInsecure"] is False, "HTTP without TLS is taken"
    probes = {p["type"]: (p["httpGet"]["path"], p["httpGet"]["port"]) for p in box["probes"]}
    yield probes == {"Startup": ("/readyz", ADMIN), "Readiness": ("/readyz", ADMIN),
                     "Liveness": ("/livez", ADMIN)}, f"probes are {probes}"
    yield app["template"]["terminationGracePeriodSeconds"] > HARD_STOP, "the drain is cut"


@AZURE.rule
def azure_has_such_sizes(app):
    size = app["template"]["containers"][0]["resources"]
    memory = float(size["memory"].removesuffix("Gi"))
    yield memory == 2 * size["cpu"] and size["cpu"] % 0.25 == 0, "the consumption plan pairs each core with 2 GiB"
    yield memory * 2**30 > MEMORY_BOUND, "the memory is below the server's own bound"


@AZURE.rule
def scales_to_nothing(app):
    scale = app["template"]["scale"]
    yield scale["minReplicas"] == 0 < scale["maxReplicas"], "a replica is kept"
    yield "http" in scale["rules"][0], "it does not scale by requests"


APP = "Deployment.resources.2.properties."
AZURE.mutants = [
    ("envoy_asks_the_image", APP + "configuration.ingress.targetPort", 80),
    ("envoy_asks_the_image", APP + "configuration.ingress.allowInsecure", True),
    ("envoy_asks_the_image", APP + "template.containers.0.probes.1.httpGet.path", "/livez"),
    ("envoy_asks_the_image", APP + "template.terminationGracePeriodSeconds", 10),
    ("azure_has_such_sizes", APP + "template.containers.0.resources.memory", "1Gi"),
    ("scales_to_nothing", APP + "template.scale.minReplicas", 1),
]

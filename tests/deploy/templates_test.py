#!/usr/bin/env python3
"""What stands under deploy/ for the clouds, judged without one.

    templates_test.py

1. `cfn-lint` and `sam validate --lint` judge what is AWS's, Azure's own models what is Azure's; `terraform fmt` the
   module, where there is a terraform. Each is shown to notice a mistake. (`make lint` has the schemas for Cloud Run.)
2. The Terraform module has the resources of the SAM template, as SAM's translator makes them, and their settings.
3. Rules hold each file to the image and to what its cloud asks of a container; each rule is shown to bite by a mutant.
4. The last step of cloudbuild.yaml is run with a stand-in for gcloud.
"""

import collections
import copy
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import hcl2
import yaml
from azure.mgmt.appcontainers import models as azure
from samtranslator.translator.managed_policy_translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/k8s"))

from rules import APP_ENGINE, AZURE, BUILD, CLOUD_RUN, FARGATE, LAMBDA  # noqa: E402

DEPLOY = ROOT / "deploy"
TOOLS = pathlib.Path(sys.executable).parent
# Resources of CloudFormation, and what they are called in Terraform.
KINDS = {
    "AWS::Lambda::Function": "aws_lambda_function",
    "AWS::Lambda::Permission": "aws_lambda_permission",
    "AWS::Lambda::EventSourceMapping": "aws_lambda_event_source_mapping",
    "AWS::IAM::Role": "aws_iam_role",
    "AWS::Logs::LogGroup": "aws_cloudwatch_log_group",
    "AWS::ApiGatewayV2::Api": "aws_apigatewayv2_api",
    "AWS::ApiGatewayV2::Stage": "aws_apigatewayv2_stage",
    "AWS::SQS::Queue": "aws_sqs_queue",
    "AWS::CloudWatch::Alarm": "aws_cloudwatch_metric_alarm",
}
# What CloudFormation has inside of these.
PARTS = {"aws_apigatewayv2_integration", "aws_apigatewayv2_route", "aws_iam_role_policy_attachment"}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, which become {"Ref": …} and {"Fn::…": …}."""


def short_form(loader, suffix, node):
    make = {yaml.ScalarNode: loader.construct_scalar, yaml.SequenceNode: lambda n: loader.construct_sequence(n, True),
            yaml.MappingNode: lambda n: loader.construct_mapping(n, True)}[type(node)]
    value = make(node)
    if suffix == "GetAtt":
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


Loader.add_multi_constructor("!", short_form)


def template(name):
    return yaml.load((DEPLOY / "aws" / name).read_text(), Loader)


def run(*words, **options):
    environment = os.environ | {"SAM_CLI_TELEMETRY": "0", "NO_COLOR": "1"}
    return subprocess.run([str(word) for word in words], env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)


def judge_aws(folder):
    """Both templates pass; one with a misspelt property does not."""
    good = run(TOOLS / "cfn-lint", "--regions", "eu-west-1", "--", *sorted((DEPLOY / "aws").glob("*.yaml")))
    assert good.returncode == 0, good.stdout
    sam = [TOOLS / "sam", "validate", "--lint", "--region", "eu-west-1", "--template-file"]
    good = run(*sam, DEPLOY / "aws/template.yaml", cwd=folder)
    assert good.returncode == 0, good.stdout
    bad = folder / "template.yaml"
    bad.write_text((DEPLOY / "aws/template.yaml").read_text().replace("VisibilityTimeout", "VisibilityTimeouts"))
    assert run(*sam, bad, cwd=folder).returncode != 0, "sam validate --lint takes a misspelt property"


def translated():
    """The SAM template's resources as CloudFormation's."""
    managed = {f"AWSLambda{name}": f"arn:aws:iam::aws:policy/service-role/AWSLambda{name}"
               for name in ("BasicExecutionRole", "SQSQueueExecutionRole")}
    loader = ManagedPolicyLoader(None)
    loader._policy_map = managed
    source = template("template.yaml")
    values = {name: given.get("Default", "123456789012.dkr.ecr.eu-west-1.amazonaws.com/smartserve:1")
              for name, given in source["Parameters"].items()}
    return transform(source, values, loader)["Resources"]


def plain(value):
    """HCL as its reader gives it, without quotes and single-element lists of blocks."""
    if isinstance(value, str):
        return value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items() if not key.startswith("__")}
    return value


def terraform():
    """{kind: {name: resource}}, and the alarms of `locals`."""
    read = plain(hcl2.loads((DEPLOY / "terraform/main.tf").read_text()))
    found = collections.defaultdict(dict)
    for block in read["resource"]:
        for kind, named in block.items():
            found[kind].update(named)
    return found, read["locals"][0]["alarms"]


def compare(resources, module, alarms):
    """What the SAM template and the Terraform module say differently."""
    of_kind = collections.defaultdict(list)
    for resource in resources.values():
        of_kind[KINDS.get(resource["Type"], resource["Type"])].append(resource["Properties"])
    theirs = {kind: len(named) for kind, named in module.items() if kind not in PARTS}
    theirs["aws_cloudwatch_metric_alarm"] = len(alarms)
    ours = {kind: len(found) for kind, found in of_kind.items()}
    # SAM permits each route of an API, the module the API.
    if ours != theirs:
        yield f"the template makes {ours}, the module {theirs}"
        return

    def block(value):
        return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else value

    function, mine = of_kind["aws_lambda_function"][0], module["aws_lambda_function"]["predict"]
    mapping = of_kind["aws_lambda_event_source_mapping"][0]
    my_mapping = module["aws_lambda_event_source_mapping"]["rows"]
    stage, my_stage = of_kind["aws_apigatewayv2_stage"][0], module["aws_apigatewayv2_stage"]["default"]
    route, integration = module["aws_apigatewayv2_route"]["default"], module["aws_apigatewayv2_integration"]["predict"]
    body = of_kind["aws_apigatewayv2_api"][0]["Body"]["paths"]["$default"]["x-amazon-apigateway-any-method"]
    settings = block(my_stage["default_route_settings"])
    yield from differ([
        ("timeout", function["Timeout"], mine["timeout"]),
        ("package", function["PackageType"], mine["package_type"]),
        ("batch", mapping["BatchSize"], my_mapping["batch_size"]),
        ("responses", mapping["FunctionResponseTypes"], my_mapping["function_response_types"]),
        ("concurrency", mapping["ScalingConfig"]["MaximumConcurrency"],
         block(my_mapping["scaling_config"])["maximum_concurrency"]),
        ("burst", stage["DefaultRouteSettings"]["ThrottlingBurstLimit"], settings["throttling_burst_limit"]),
        ("rate", stage["DefaultRouteSettings"]["ThrottlingRateLimit"], settings["throttling_rate_limit"]),
        ("callers", list(body["security"][0]), [route["authorization_type"]]),
        ("payload", body["x-amazon-apigateway-integration"]["payloadFormatVersion"],
         integration["payload_format_version"]),
        ("logs", of_kind["aws_cloudwatch_log_group"][0]["RetentionInDays"],
         module["aws_cloudwatch_log_group"]["logs"]["retention_in_days"]),
        ("policies", sorted(str(arn).rpartition("/")[2] for arn in of_kind["aws_iam_role"][0]["ManagedPolicyArns"]),
         sorted(a["policy_arn"].rpartition("/")[2] for a in module["aws_iam_role_policy_attachment"].values())),
    ])
    for name, key in (("rows", "Rows"), ("dead_rows", "DeadRows")):
        queue, other = resources[key]["Properties"], module["aws_sqs_queue"][name]
        yield from differ([
            (f"{name}, visibility", queue.get("VisibilityTimeout"), other.get("visibility_timeout_seconds")),
            (f"{name}, retention", queue["MessageRetentionPeriod"], other["message_retention_seconds"]),
            (f"{name}, encryption", queue["SqsManagedSseEnabled"], other["sqs_managed_sse_enabled"]),
        ])
    tries = re.search(r"maxReceiveCount\W+(\d+)", str(module["aws_sqs_queue"]["rows"]["redrive_policy"])).group(1)
    yield from differ([("tries", resources["Rows"]["Properties"]["RedrivePolicy"]["maxReceiveCount"], int(tries))])
    fields = {"AlarmDescription": "description", "Namespace": "namespace", "MetricName": "metric",
              "Statistic": "statistic", "EvaluationPeriods": "periods", "Threshold": "threshold",
              "ComparisonOperator": "comparison"}
    told = {alarm["description"]: alarm for alarm in alarms.values()}
    for alarm in of_kind["aws_cloudwatch_metric_alarm"]:
        other = told.get(alarm["AlarmDescription"], {})
        yield from differ([(f"alarm {alarm['MetricName']}", [alarm[field] for field in fields],
                            [other.get(name) for name in fields.values()])])


def differ(triples):
    for what, ours, theirs in triples:
        if ours != theirs:
            yield f"{what}: {ours} in the template, {theirs} in the module"


def judge_terraform():
    resources, (module, alarms) = translated(), terraform()
    differences = list(compare(resources, module, alarms))
    assert not differences, "\n".join(differences)
    for kind, name, field in [("aws_sqs_queue", "rows", "visibility_timeout_seconds"),
                              ("aws_lambda_function", "predict", "timeout"),
                              ("aws_apigatewayv2_route", "default", "authorization_type")]:
        mutant = copy.deepcopy(module)
        mutant[kind][name][field] = "another"
        assert list(compare(resources, mutant, alarms)), f"another {kind}.{name}.{field} is not noticed"
    without = {name: alarm for name, alarm in alarms.items() if name != "errors"}
    assert list(compare(resources, module, without)), "an alarm that is not there is not noticed"
    if not shutil.which("terraform"):
        return "no terraform: its format is not checked"
    checked = run("terraform", "fmt", "-check", "-diff", DEPLOY / "terraform")
    assert checked.returncode == 0, checked.stdout
    return "terraform fmt"


def unknown(value, model, place):
    """Keys of a JSON that a model of Azure's client does not have."""
    known = {}
    for base in model.__mro__:
        fields = {name: field for name, field in vars(base).items() if hasattr(field, "_rest_name_input")}
        known |= {field._rest_name_input or name: str(base.__annotations__[name]) for name, field in fields.items()}
    for key, item in value.items():
        if key not in known:
            yield f"{place}.{key}"
            continue
        inner = [getattr(azure, name) for name in re.findall(r"_models\.(\w+)", known[key])]
        for one in item if isinstance(item, list) else [item]:
            if isinstance(one, dict) and inner:
                yield from unknown(one, inner[0], f"{place}.{key}")


def judge_azure():
    document = json.loads((DEPLOY / "azure/containerapp.json").read_text())
    app = next(r for r in document["resources"] if r["type"] == "Microsoft.App/containerApps")

    def wrong(properties):
        models = (("configuration", azure.Configuration), ("template", azure.Template))
        return [text for part, model in models for text in unknown(properties[part], model, part)]
    assert not wrong(app["properties"]), f"Azure knows no {wrong(app['properties'])}"
    mutant = copy.deepcopy(app["properties"])
    mutant["template"]["containers"][0]["probes"][0]["httpGet"]["paths"] = "/readyz"
    assert wrong(mutant), "a misspelt property of Azure's is not noticed"
    # Each name in an expression is a parameter.
    named = set(re.findall(r"parameters\('(\w+)'\)", json.dumps(document)))
    assert named == document["parameters"].keys(), f"parameters: {named ^ document['parameters'].keys()}"


def judge_rules():
    """How many rules and mutants held."""
    def read(path):
        return yaml.safe_load((DEPLOY / path).read_text())
    named = {"metadata": {"name": "file"}}
    passed, failed = 0, []
    for policy, label, document in [
        (LAMBDA, "aws/template.yaml", template("template.yaml") | {"kind": "Template"} | named),
        (FARGATE, "aws/fargate.yaml", template("fargate.yaml") | {"kind": "Template"} | named),
        (CLOUD_RUN, "cloudrun/service.yaml", read("cloudrun/service.yaml")),
        (BUILD, "cloudrun/cloudbuild.yaml", read("cloudrun/cloudbuild.yaml") | {"kind": "Build"} | named),
        (APP_ENGINE, "appengine/app.yaml", read("appengine/app.yaml") | {"kind": "App"} | named),
        (AZURE, "azure/containerapp.json", read("azure/containerapp.json") | {"kind": "Deployment"} | named),
    ]:
        held, wrong = policy.judge(label, [document], None)
        passed, failed = passed + held, failed + wrong + policy.unproven()
    assert not failed, "\n".join(failed)
    return passed


def judge_build(folder):
    """The last step puts the built image into the Service, and nothing else."""
    build = yaml.safe_load((DEPLOY / "cloudrun/cloudbuild.yaml").read_text())
    script = build["steps"][-1]["args"][1]
    for name, value in (("${_IMAGE}", "registry/smartserve"), ("$SHORT_SHA", "abc1234"), ("${_REGION}", "europe-west1"),
                        ("/workspace", str(folder))):
        script = script.replace(name, value)
    called = folder / "called"
    (folder / "gcloud").write_text(f'#!/bin/sh\necho "$@" > {called}\n')
    (folder / "gcloud").chmod(0o755)
    subprocess.run(["bash", "-euc", script], cwd=ROOT, check=True,
                   env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"})
    said = called.read_text()
    assert said == f"run services replace {folder}/service.yaml --region europe-west1\n", said
    expected = yaml.safe_load((DEPLOY / "cloudrun/service.yaml").read_text())
    expected["spec"]["template"]["spec"]["containers"][0]["image"] = "registry/smartserve:abc1234"
    assert yaml.safe_load((folder / "service.yaml").read_text()) == expected, "the Service is not the one of the file"


def judge_documents():
    """README.md and deploy/README.md name the same files, all of which are there."""
    files = {str(path.relative_to(ROOT)) for folder in ("aws", "cloudrun", "appengine", "azure")
             for path in (DEPLOY / folder).iterdir()} | {"deploy/terraform"}
    for document, given in (("README.md", files - {"deploy/cloudrun/service.yaml"}),
                            ("deploy/README.md", files - {"deploy/cloudrun/service.yaml"})):
        pattern = r"(?:--[\w-]*file |--config |-chdir=|app deploy )(deploy/[\w./]+)"
        named = set(re.findall(pattern, (ROOT / document).read_text()))
        assert named == given, f"{document} names {sorted(named ^ given)}, or not"
    for name, path in re.findall(r"\[([^]]*)\]\(((?!http)[^)#]+)\)", (DEPLOY / "README.md").read_text()):
        assert (DEPLOY / path).exists(), f"deploy/README.md: there is no {path} ({name})"


def main():
    began = time.monotonic()
    # SAM's translator asks for one.
    os.environ["AWS_DEFAULT_REGION"] = "eu-west-1"
    with tempfile.TemporaryDirectory() as name:
        judge_aws(pathlib.Path(name))
    formatted = judge_terraform()
    judge_documents()
    judge_azure()
    passed = judge_rules()
    with tempfile.TemporaryDirectory() as name:
        judge_build(pathlib.Path(name))
    took = time.monotonic() - began
    print(f"deploy: templates fit their clouds, {passed} rules and mutants hold, {formatted} ({took:.0f} s)")


if __name__ == "__main__":
    main()

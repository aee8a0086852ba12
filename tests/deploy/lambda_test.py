#!/usr/bin/env python3
"""The program as a function in AWS's own runtime interface emulator, beside the same program on a socket.

    lambda_test.py

1. Each kind of event carries requests that are right, wrong and odd: status, type and body are the socket's, byte for
   byte. Direct invocations answer so too, or end in a function error.
2. Batches of SQS: what fails is named, what SNS and EventBridge wrap is opened, a FIFO group stops at its first failure.
3. Work longer than the function's time is a 504 in time; a process that hangs or dies costs its own invocation alone.
4. 1,000 invocations on one instance do not make it grow, and each writes a line of CloudWatch's embedded metric format.
"""

import http.client
import json
import os
import signal
import sys
import time
import unittest
import urllib.parse

from emulator import ROOT, Emulator
from events import KINDS, Request, answer, bridged, gateway_v1, gateway_v2, load_balancer, message, notification

sys.path.insert(0, str(ROOT / "tests/clients"))

from server import Server  # noqa: E402

FEATURES = "CHAS,RM,TAX,PTRATIO,B,LSTAT"
ROW = {"CHAS": 0, "RM": 6.575, "TAX": 296, "PTRATIO": 15.3, "B": 396.9, "LSTAT": 4.98}
CSV = FEATURES + "\n" + ",".join(map(str, ROW.values())) + "\n"
JSON_TYPE, CSV_TYPE = [("content-type", "application/json")], [("content-type", "text/csv")]
TENSOR = {"inputs": [{"name": name, "shape": [1], "datatype": "FP64", "data": [value]} for name, value in ROW.items()]}
# What a request to the server with its binary answer asks for.
BINARY_ANSWER = {"parameters": {"binary_data_output": True}}
REQUESTS = {
    "a row": Request("POST", "/predict", headers=JSON_TYPE, body=json.dumps(ROW).encode()),
    "columns": Request("POST", "/models/boston/predict", headers=JSON_TYPE, body=json.dumps(
        {name: [value] * 3 for name, value in ROW.items()}).encode()),
    "CSV": Request("POST", "/predict", headers=CSV_TYPE, body=CSV.encode()),
    "another model": Request("POST", "/models/iris/predict", headers=JSON_TYPE, body=json.dumps(
        {"sepal_length": 5.9, "sepal_width": 3, "petal_length": 5.1, "petal_width": 1.8}).encode()),
    "a query": Request("POST", "/predict", [("explain", "true")], JSON_TYPE, json.dumps(ROW).encode()),
    "a header": Request("POST", "/predict", headers=[*JSON_TYPE, ("x-request-id", "mine")], body=b'{"RMX":1}'),
    "a wrong row": Request("POST", "/predict", headers=[*JSON_TYPE, ("x-request-id", "mine")], body=json.dumps(
        ROW | {"TAX": "ä"}).encode()),
    "no JSON": Request("POST", "/predict", headers=[*JSON_TYPE, ("x-request-id", "mine")], body=b"{"),
    "bytes": Request("POST", "/predict", headers=[*CSV_TYPE, ("x-request-id", "mine")], body=b"CHAS,RM\n\xff\xfe,1\n"),
    "no body": Request("POST", "/predict", headers=[*JSON_TYPE, ("x-request-id", "mine")]),
    "models": Request("GET", "/models"),
    "a model": Request("GET", "/models/boston"),
    "no route": Request("GET", "/nothing", headers=[("x-request-id", "mine")]),
    "no method": Request("DELETE", "/predict", headers=[("x-request-id", "mine")]),
    "v1": Request("POST", "/v1/models/boston:predict", headers=JSON_TYPE,
                  body=json.dumps({"instances": [ROW]}).encode()),
    "v2": Request("POST", "/v2/models/boston/infer", headers=JSON_TYPE, body=json.dumps(TENSOR).encode()),
    "v2, bytes": Request("POST", "/v2/models/boston/infer", headers=JSON_TYPE,
                         body=json.dumps(TENSOR | BINARY_ANSWER).encode()),
    "SageMaker": Request("POST", "/invocations", headers=CSV_TYPE, body=CSV.encode()),
}
GOOD = REQUESTS["a row"]


def train(*words):
    return ("data/boston.csv", "MEDV", "--features", FEATURES, "--folds", "0", *words)


class Function(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server({
            "boston": train("--algorithm", "ridge"),
            "iris": ("data/iris.csv", "species", "--algorithm", "logistic", "--folds", "0"),
        })
        cls.slow = cls.server.train("slow", *train("--algorithm", "random-forest", "--trees", "300"))
        cls.models = [f"{name}={cls.server.path(name)}" for name in ("boston", "iris")]
        cls.emulator = Emulator(*cls.models)

    @classmethod
    def tearDownClass(cls):
        cls.emulator.__exit__()
        cls.server.stop()

    def of_socket(self, request):
        """(status, headers, body) of the server on a socket."""
        connection = http.client.HTTPConnection(self.server.address, timeout=30)
        query = "?" + urllib.parse.urlencode(request.query) if request.query else ""
        connection.request(request.method, request.path + query, request.body or None, dict(request.headers))
        found = connection.getresponse()
        body = found.read()
        connection.close()
        return found.status, {name.lower(): value for name, value in found.getheaders()}, body

    def assert_same(self, found, request):
        expected = self.of_socket(request)
        self.assertEqual(found[0], expected[0], found[2])
        self.assertEqual(found[2], expected[2])
        for name in ("content-type", "x-request-id", "allow", "inference-header-content-length"):
            if name != "x-request-id" or ("x-request-id", "mine") in request.headers:
                self.assertEqual(found[1].get(name), expected[1].get(name), name)

    def test_each_kind_of_event_is_answered_as_a_socket_is(self):
        for kind, made in KINDS.items():
            for what, request in REQUESTS.items():
                with self.subTest(f"{kind}: {what}"):
                    self.assert_same(answer(self.emulator.ask(made(request))), request)

    def test_answers_have_the_form_that_their_service_reads(self):
        found = self.emulator.ask(gateway_v1(GOOD))
        self.assertTrue({"statusCode", "body", "isBase64Encoded"} <= found.keys(), found)
        self.assertIsInstance(found["body"], str)
        self.assertTrue(found.get("headers") or found.get("multiValueHeaders"), found)
        multi = self.emulator.ask(load_balancer(GOOD, is_multi=True))
        self.assertIn("multiValueHeaders", multi)
        self.assertTrue(all(isinstance(values, list) for values in multi["multiValueHeaders"].values()), multi)
        plain = self.emulator.ask(load_balancer(GOOD))
        self.assertTrue(all(isinstance(value, str) for value in plain["headers"].values()), plain)
        self.assertIs(self.emulator.ask(KINDS["gateway_v2"](REQUESTS["v2, bytes"]))["isBase64Encoded"], True)

    def test_a_stage_in_front_of_the_path_is_taken_off(self):
        self.assert_same(answer(self.emulator.ask(gateway_v2(GOOD, stage="prod"))), GOOD)
        self.assert_same(answer(self.emulator.ask(gateway_v1(GOOD, prefix="/prod"))), GOOD)

    def test_a_direct_event_is_a_body_of_predict(self):
        self.assertEqual(self.emulator.invoke(GOOD.body), self.of_socket(GOOD)[2].rstrip(b"\n"))
        # An event that has one key of an envelope is none.
        for body in (b"[]", b'{"RMX": 1}', b'{"httpMethod": "POST"}', b'{"Records": []}', b'"text"'):
            with self.subTest(body):
                failed = self.emulator.ask(body)
                self.assertEqual(failed.keys() & {"errorType", "errorMessage"}, {"errorType", "errorMessage"}, failed)
                self.assertIn(failed["errorType"], ("UnprocessableEntity", "BadRequest", "UnprocessableContent"))

    def test_messages_that_fail_are_named(self):
        good = [message(body) for body in (
            ROW, [ROW, ROW], CSV, json.dumps(ROW) + "\n" + json.dumps(ROW), notification(json.dumps(ROW)),
            bridged(ROW), notification(json.dumps(bridged(ROW))))]
        bad = [message(body) for body in ("{", {"RMX": 1}, "", ROW | {"TAX": "x"}, notification("text"))]
        batch = [one for pair in zip(good, bad) for one in pair] + good[len(bad):]
        failures = self.emulator.ask({"Records": batch})
        expected = [{"itemIdentifier": one["messageId"]} for one in bad]
        self.assertEqual(failures, {"batchItemFailures": expected})
        self.assertEqual(self.emulator.ask({"Records": good}), {"batchItemFailures": []})

    def test_a_fifo_group_stops_at_its_first_failure(self):
        names = {}
        batch = [("a", ROW), ("b", ROW), ("a", "{"), ("a", ROW), ("b", ROW), ("c", "{"), ("b", ROW), ("c", ROW)]
        for group, body in batch:
            names[f"{group}{len(names)}"] = message(body, group)
        failures = self.emulator.ask({"Records": list(names.values())})["batchItemFailures"]
        returned = {failure["itemIdentifier"] for failure in failures}
        failed = sorted(name for name, one in names.items() if one["messageId"] in returned)
        self.assertEqual(failed, ["a2", "a3", "c5", "c7"])

    def test_work_beyond_the_functions_time_is_a_504(self):
        rows = json.dumps({name: [value] * 10_000 for name, value in ROW.items()}).encode()
        long = Request("POST", "/models/slow/predict", [("explain", "true")], JSON_TYPE, rows)
        with Emulator(*self.models, f"slow={self.slow}", timeout=4) as emulator:
            emulator.ask(gateway_v2(GOOD))
            began, pid = time.monotonic(), emulator.pid
            status, _, body = answer(emulator.ask(gateway_v2(long)))
            took = time.monotonic() - began
            self.assertEqual(status, 504, body)
            self.assertLess(took, 4)
            self.assert_same(answer(emulator.ask(gateway_v2(GOOD))), GOOD)
            self.assertEqual(emulator.pid, pid)

    def test_a_process_that_hangs_or_dies_costs_one_invocation(self):
        with Emulator(*self.models, timeout=3) as emulator:
            self.assert_same(answer(emulator.ask(gateway_v2(GOOD))), GOOD)
            os.kill(emulator.pid, signal.SIGSTOP)
            self.assertIn(b"timed out", emulator.invoke(gateway_v2(GOOD)))
            self.assert_same(answer(emulator.ask(gateway_v2(GOOD))), GOOD)
            os.kill(emulator.pid, signal.SIGKILL)
            # The emulator may see the end before it hands on the next event.
            emulator.invoke(gateway_v2(GOOD))
            self.assert_same(answer(emulator.ask(gateway_v2(GOOD))), GOOD)

    def test_a_thousand_invocations_do_not_make_it_grow(self):
        made, requests = list(KINDS.values()), list(REQUESTS.values())
        with Emulator(*self.models) as emulator:
            def invoke(i):
                emulator.invoke(made[i % len(made)](requests[i % len(requests)]))
            for i in range(200):
                invoke(i)
            before, cpu = emulator.resident(), emulator.cpu()
            for i in range(1_000):
                invoke(i)
            grown = emulator.resident() - before
            cost = (emulator.cpu() - cpu) / 1_000
            self.assertLess(grown, 2 * 2**20)
            print(f"1,000 invocations: {grown / 1024:.0f} KiB more, {cost * 1e6:.0f} µs of CPU each")
            lines = [line for line in emulator.lines() if "_aws" in line]
            self.assertEqual(len(lines), 1_200)
            self.assertEqual([line["coldStart"] for line in lines], [True] + [False] * 1_199)
            for line in lines:
                of, = line["_aws"]["CloudWatchMetrics"]
                for metric in of["Metrics"]:
                    self.assertIsInstance(line[metric["Name"]], (int, float), metric)
                for dimension in of["Dimensions"][0]:
                    self.assertIsInstance(line[dimension], str)
            self.assertEqual(sum(line["ServerErrors"] for line in lines), 0)


if __name__ == "__main__":
    unittest.main()

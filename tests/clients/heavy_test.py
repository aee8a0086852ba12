#!/usr/bin/env python3
"""MLflow's client for its scoring server, MLServer's codecs and its `mlserver infer`, against a running server.

Each answer must be the one that POST /predict gives for the same rows, to the last bit. Stands apart from the clients of
every run because these packages take a gigabyte: `make clients` installs .ci/clients-heavy.txt.
"""

import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pandas
import requests
from mlflow.pyfunc.scoring_server import parse_csv_input
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from mlserver.codecs import NumpyRequestCodec, PandasCodec
from mlserver.types import InferenceResponse, MetadataModelResponse, MetadataServerResponse, RequestOutput

from server import ROOT, Server

BOSTON = pandas.read_csv(ROOT / "data/boston.csv").drop(columns="MEDV")
IRIS = pandas.read_csv(ROOT / "data/iris.csv").drop(columns="species")
MLSERVER = pathlib.Path(sys.executable).with_name("mlserver")

# Rooms, tax (sometimes missing) and colour; as objects: MLServer's codecs do not know pandas' own text.
COLOURS = ["blue", "green", "red"]
HOUSES = pandas.DataFrame({
    "RM": [3.5 + i % 6 for i in range(60)],
    "TAX": [None if i % 10 == 3 else 200.0 + 10 * i for i in range(60)],
    "colour": [COLOURS[i // 7 % 3] for i in range(60)],
}).astype({"colour": object})

MODELS = {
    "boston": ("data/boston.csv", "MEDV", "--algorithm", "extra-trees", "--trees", "10"),
    "iris": ("data/iris.csv", "species", "--algorithm", "logistic"),
    "houses": (HOUSES.assign(MEDV=HOUSES["RM"] * 5).to_csv(index=False), "MEDV", "--algorithm", "decision-tree"),
}


def setUpModule():
    global SERVER
    SERVER = Server(MODELS)


def tearDownModule():
    SERVER.stop()


def predicted(model, frame):
    """What /predict answers."""
    return SERVER.ask(f"/models/{model}/predict", frame.to_json(orient="records", double_precision=15))["prediction"]


class MLflow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        host, port = SERVER.address.split(":")
        cls.client = ScoringServerClient(host, int(port))
        cls.expected = predicted("boston", BOSTON)

    def test_it_waits_until_the_server_is_ready(self):
        self.client.wait_server_ready(timeout=5)
        self.assertRegex(self.client.get_version(), r"^\d+\.\d+\.\d+$")

    def test_it_scores_a_frame(self):
        answer = self.client.invoke(BOSTON)
        self.assertEqual(answer["predictions"], self.expected)
        self.assertEqual(answer.get_predictions()[0].tolist(), self.expected)

    def test_it_scores_arrays_and_lists(self):
        for data in (BOSTON.to_numpy(), BOSTON.to_numpy().tolist(), BOSTON.to_dict("records")):
            self.assertEqual(self.client.invoke(data).get_predictions("ndarray").tolist(), self.expected)

    def test_it_scores_every_documented_payload(self):
        for form, value in [
            ("dataframe_split", BOSTON.to_dict("split")), ("dataframe_records", BOSTON.to_dict("records")),
            ("instances", BOSTON.to_dict("records")), ("inputs", BOSTON.to_dict("list")),
        ]:
            self.assertEqual(self.client.invoke(json.dumps({form: value}))["predictions"], self.expected, form)

    def test_it_scores_csv_as_its_own_server_reads_it(self):
        text = BOSTON.to_csv(index=False)
        pandas.testing.assert_frame_equal(parse_csv_input(io.StringIO(text)), BOSTON, check_dtype=False)
        url = f"http://{SERVER.address}/invocations"
        answer = requests.post(url, text, headers={"Content-Type": "text/csv"}, timeout=10)
        self.assertEqual(answer.json()["predictions"], self.expected)

    def test_it_shows_why_a_body_was_refused(self):
        self.client.invoke(BOSTON, params={})
        with self.assertRaisesRegex(Exception, "422.*temperature"):
            self.client.invoke(BOSTON, params={"temperature": 1})
        with self.assertRaisesRegex(Exception, "422.*RM is missing"):
            self.client.invoke(BOSTON.drop(columns="RM"))


class MLServer(unittest.TestCase):
    def infer(self, model, request):
        # As its clients send it: with a null for everything that is not there.
        answer = SERVER.ask(f"/v2/models/{model}/infer", request.model_dump_json())
        return InferenceResponse.model_validate(answer)

    def test_a_data_frame_goes_and_comes(self):
        for model, frame in (("iris", IRIS), ("houses", HOUSES)):
            request = PandasCodec.encode_request(frame, use_bytes=False)
            request.outputs = [RequestOutput(name="predict")]
            back = PandasCodec.decode_response(self.infer(model, request))
            self.assertEqual(back["predict"].tolist(), predicted(model, frame))

    def test_an_array_goes_and_all_outputs_come(self):
        response = self.infer("iris", NumpyRequestCodec.encode_request(IRIS.to_numpy()))
        shapes = [(output.name, output.shape) for output in response.outputs]
        self.assertEqual(shapes, [("predict", [150, 1]), ("predict_proba", [150, 3])])
        self.assertEqual(list(response.outputs[0].data), predicted("iris", IRIS))

    def test_its_types_read_our_metadata(self):
        MetadataServerResponse.model_validate(SERVER.ask("/v2"))
        model = MetadataModelResponse.model_validate(SERVER.ask("/v2/models/houses"))
        self.assertEqual([tensor.name for tensor in model.inputs], list(HOUSES.columns))

    def test_its_command_line_infers_a_file_of_requests(self):
        for model, frame in (("iris", IRIS), ("boston", BOSTON)):
            parts = [frame[i:i + 50] for i in range(0, len(frame), 50)]
            answers = self.run_file(model, [PandasCodec.encode_request(part, use_bytes=False) for part in parts])
            values = [value for answer in answers for value in answer["outputs"][0]["data"]]
            self.assertEqual(values, predicted(model, frame))

    def run_file(self, model, questions):
        """The answers of `mlserver infer` to these requests, in their order."""
        with tempfile.TemporaryDirectory() as folder:
            asked, answered = (pathlib.Path(folder, name) for name in ("in", "out"))
            asked.write_text("".join(question.model_dump_json() + "\n" for question in questions))
            command = [MLSERVER, "infer", "-u", SERVER.address, "-m", model, "-i", asked, "-o", answered]
            done = subprocess.run(command, capture_output=True, text=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            answers = [json.loads(line) for line in answered.read_text().splitlines()]
        self.assertEqual(len(answers), len(questions), done.stderr)
        return sorted(answers, key=lambda answer: answer["parameters"]["batch_index"])


if __name__ == "__main__":
    unittest.main()

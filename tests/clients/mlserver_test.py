#!/usr/bin/env python3
"""MLServer's codecs and its `mlserver infer`, against a running server.

Needs `pip install mlserver pandas`, which is too much for every run.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pandas
from mlserver.codecs import NumpyRequestCodec, PandasCodec
from mlserver.types import InferenceResponse, MetadataModelResponse, MetadataServerResponse, RequestOutput

from server import ROOT, Server

IRIS = pandas.read_csv(ROOT / "data/iris.csv").drop(columns="species")

# Rooms, tax (sometimes missing) and colour; as objects: the codecs do not know pandas' own text.
COLOURS = ["blue", "green", "red"]
HOUSES = pandas.DataFrame({
    "RM": [3.5 + i % 6 for i in range(60)],
    "TAX": [None if i % 10 == 3 else 200.0 + 10 * i for i in range(60)],
    "colour": [COLOURS[i // 7 % 3] for i in range(60)],
}).astype({"colour": object})

MODELS = {
    "iris": ("data/iris.csv", "species", "--algorithm", "logistic"),
    "houses": (HOUSES.assign(MEDV=HOUSES["RM"] * 5).to_csv(index=False), "MEDV", "--algorithm", "decision-tree"),
}


class MLServer(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(MODELS)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def predicted(self, model, frame):
        """What /predict answers."""
        return self.server.ask(f"/models/{model}/predict", frame.to_json(orient="records"))["prediction"]

    def infer(self, model, request):
        # As its clients send it: with a null for everything that is not there.
        answer = self.server.ask(f"/v2/models/{model}/infer", request.model_dump_json())
        return InferenceResponse.model_validate(answer)

    def test_a_data_frame_goes_and_comes(self):
        for model, frame in (("iris", IRIS), ("houses", HOUSES)):
            request = PandasCodec.encode_request(frame, use_bytes=False)
            request.outputs = [RequestOutput(name="predict")]
            back = PandasCodec.decode_response(self.infer(model, request))
            self.assertEqual(back["predict"].tolist(), self.predicted(model, frame))

    def test_an_array_goes_and_all_outputs_come(self):
        response = self.infer("iris", NumpyRequestCodec.encode_request(IRIS.to_numpy()))
        self.assertEqual([(o.name, o.shape) for o in response.outputs], [("predict", [150, 1]), ("predict_proba", [150, 3])])
        self.assertEqual(list(response.outputs[0].data), self.predicted("iris", IRIS))

    def test_its_types_read_our_metadata(self):
        MetadataServerResponse.model_validate(self.server.ask("/v2"))
        model = MetadataModelResponse.model_validate(self.server.ask("/v2/models/houses"))
        self.assertEqual([i.name for i in model.inputs], list(HOUSES.columns))

    def test_its_command_line_infers_a_file_of_requests(self):
        with tempfile.TemporaryDirectory() as folder:
            questions, answers = (pathlib.Path(folder, name) for name in ("in", "out"))
            parts = [IRIS[i:i + 5] for i in range(0, len(IRIS), 5)]
            lines = [PandasCodec.encode_request(part, use_bytes=False).model_dump_json() for part in parts]
            questions.write_text("\n".join(lines) + "\n")
            command = [pathlib.Path(sys.executable).with_name("mlserver"), "infer", "-u", self.server.address]
            subprocess.run([*command, "-m", "iris", "-i", questions, "-o", answers], check=True, timeout=120)
            responses = [json.loads(line) for line in answers.read_text().splitlines()]
        responses.sort(key=lambda response: response["parameters"]["batch_index"])
        labels = [label for response in responses for label in response["outputs"][0]["data"]]
        self.assertEqual(labels, self.predicted("iris", IRIS))


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""NVIDIA's client for the Open Inference Protocol, and pandas, against a running server.

Each answer must be the one that POST /predict gives for the same rows, to the last bit.
"""

import asyncio
import unittest

import numpy
import pandas
import tritonclient.http
import tritonclient.http.aio
from tritonclient.http import InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

from server import ROOT, Server

BOSTON = pandas.read_csv(ROOT / "data/boston.csv").drop(columns="MEDV")
IRIS = pandas.read_csv(ROOT / "data/iris.csv").drop(columns="species")

# Rooms, tax (sometimes missing) and colour.
COLOURS = ["blue", "green", "red"]
HOUSES = pandas.DataFrame({
    "RM": [3.5 + i % 6 for i in range(60)],
    "TAX": [None if i % 10 == 3 else 200.0 + 10 * i for i in range(60)],
    "colour": [COLOURS[i // 7 % 3] for i in range(60)],
})
PRICES = [10.25 + 5 * (i % 6) + (2 if i // 7 % 3 == 1 else 0) for i in range(60)]

MODELS = {
    "boston": ("data/boston.csv", "MEDV", "--algorithm", "extra-trees", "--trees", "10"),
    "iris": ("data/iris.csv", "species", "--algorithm", "logistic"),
    "houses": (HOUSES.assign(MEDV=PRICES).to_csv(index=False), "MEDV", "--algorithm", "random-forest", "--trees", "5"),
}


def tensor(name, values, binary=True, columns=1):
    """An input of `columns` columns with these values."""
    array = numpy.asarray(values).reshape(-1, columns)
    given = InferInput(name, list(array.shape), np_to_triton_dtype(array.dtype))
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def tensors(frame, binary=True):
    """A data frame as one input per column."""
    array = lambda column: column.to_numpy(dtype=object if column.dtype == "str" else None)
    return [tensor(name, array(frame[name]), binary) for name in frame.columns]


class Client(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(MODELS)
        cls.client = tritonclient.http.InferenceServerClient(cls.server.address)

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        cls.server.stop()

    def predicted(self, model, frame, key="prediction"):
        """What /predict answers."""
        return self.server.ask(f"/models/{model}/predict", frame.to_dict(orient="list"))[key]

    def assert_same(self, result, model, frame):
        answer = result.as_numpy("predict")
        self.assertEqual(answer.shape, (len(frame), 1))
        texts = [v.decode() if isinstance(v, bytes) else v for v in answer.ravel().tolist()]
        self.assertEqual(texts, self.predicted(model, frame))

    def test_server_and_models_are_live_and_ready(self):
        self.assertTrue(self.client.is_server_live())
        self.assertTrue(self.client.is_server_ready())
        self.assertTrue(self.client.is_model_ready("iris"))
        version = self.client.get_model_metadata("iris")["versions"][0]
        self.assertTrue(self.client.is_model_ready("iris", version))
        self.assertFalse(self.client.is_model_ready("iris", "1"))
        self.assertFalse(self.client.is_model_ready("nobody"))

    def test_metadata_names_every_feature_and_output(self):
        server = self.client.get_server_metadata()
        self.assertEqual(server["name"], "smartserve")
        self.assertIn("binary_tensor_data", server["extensions"])
        houses = self.client.get_model_metadata("houses")
        told = [(i["name"], i["datatype"], i["shape"]) for i in houses["inputs"]]
        self.assertEqual(told, [("RM", "FP64", [-1, 1]), ("TAX", "FP64", [-1, 1]), ("colour", "BYTES", [-1, 1])])
        iris = self.client.get_model_metadata("iris")
        told = [(o["name"], o["datatype"], o["shape"]) for o in iris["outputs"]]
        self.assertEqual(told, [("predict", "BYTES", [-1, 1]), ("predict_proba", "FP64", [-1, 3])])

    def test_the_repository_lists_the_models_and_lets_nobody_change_them(self):
        index = self.client.get_model_repository_index()
        self.assertEqual([(m["name"], m["state"]) for m in index], [(name, "READY") for name in MODELS])
        for change in (self.client.load_model, self.client.unload_model):
            with self.assertRaisesRegex(InferenceServerException, "--token-file"):
                change("iris")

    def test_on_the_admin_listener_models_are_loaded_and_unloaded(self):
        with tritonclient.http.InferenceServerClient(self.server.admin) as admin:
            self.assertTrue(admin.is_server_ready())
            admin.unload_model("houses")
            self.assertFalse(self.client.is_model_ready("houses"))
            self.assertEqual([m["name"] for m in admin.get_model_repository_index()], ["boston", "iris"])
            admin.load_model("houses")
            self.assertTrue(self.client.is_model_ready("houses"))
            with self.assertRaisesRegex(InferenceServerException, "default model"):
                admin.unload_model("boston")

    def test_columns_give_the_bits_of_predict(self):
        for binary in (True, False):
            for outputs in (None, [InferRequestedOutput("predict", binary_data=binary)]):
                result = self.client.infer("boston", tensors(BOSTON, binary), outputs=outputs, request_id="r 1")
                self.assert_same(result, "boston", BOSTON)
                self.assertEqual(result.get_response()["id"], "r 1")

    def test_a_matrix_gives_the_bits_of_predict(self):
        for binary in (True, False):
            matrix = tensor("input-0", BOSTON.to_numpy(float), binary, len(BOSTON.columns))
            self.assert_same(self.client.infer("boston", [matrix]), "boston", BOSTON)

    def test_narrow_types_are_read_as_what_they_hold(self):
        types = {"CHAS": bool, "RAD": "uint8", "TAX": "int16", "ZN": "float32", "RM": "float16", "B": "float32"}
        narrow = BOSTON.astype(types)
        wide = narrow.astype({name: float for name in types})
        for binary in (True, False):
            self.assert_same(self.client.infer("boston", tensors(narrow, binary)), "boston", wide)

    def test_categories_are_bytes_and_a_missing_number_is_nan(self):
        for binary in (True, False):
            # JSON has no NaN: there, only rows without a missing cell.
            frame = HOUSES if binary else HOUSES.dropna()
            result = self.client.infer("houses", tensors(frame, binary))
            answer = result.as_numpy("predict").ravel().tolist()
            records = frame.astype(object).where(frame.notna(), None).to_dict(orient="records")
            self.assertEqual(answer, self.server.ask("/models/houses/predict", records)["prediction"])

    def test_a_classifier_answers_labels_and_probabilities(self):
        expected = self.predicted("iris", IRIS, "probability")
        for binary in (True, False):
            outputs = [InferRequestedOutput(name, binary_data=binary) for name in ("predict_proba", "predict")]
            result = self.client.infer("iris", tensors(IRIS, binary), outputs=outputs)
            self.assert_same(result, "iris", IRIS)
            probability = result.as_numpy("predict_proba")
            self.assertEqual(probability.tolist(), [list(row.values()) for row in expected])

    def test_bodies_may_be_compressed_both_ways(self):
        gzip = {"request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"}
        for binary in (True, False):
            outputs = [InferRequestedOutput("predict", binary_data=binary)]
            result = self.client.infer("iris", tensors(IRIS, binary), outputs=outputs, **gzip)
            self.assert_same(result, "iris", IRIS)

    def test_errors_tell_what_to_change(self):
        with self.assertRaisesRegex(InferenceServerException, 'did you mean "sepal_width"'):
            self.client.infer("iris", tensors(IRIS.rename(columns={"sepal_width": "sepal_with"})))
        with self.assertRaisesRegex(InferenceServerException, 'did you mean "predict_proba"'):
            self.client.infer("iris", tensors(IRIS), outputs=[InferRequestedOutput("predict_probas")])
        with self.assertRaisesRegex(InferenceServerException, 'has no category "rde"; did you mean "red"'):
            self.client.infer("houses", tensors(HOUSES.assign(colour="rde")))
        with self.assertRaisesRegex(InferenceServerException, 'is served in version'):
            self.client.infer("iris", tensors(IRIS), model_version="1")

    def test_the_client_that_does_not_wait_gets_the_same(self):
        self.assert_same(self.client.async_infer("iris", tensors(IRIS)).get_result(), "iris", IRIS)

        async def ask():
            async with tritonclient.http.aio.InferenceServerClient(self.server.address) as client:
                self.assertTrue(await client.is_server_ready())
                return await client.infer("iris", tensors(IRIS))

        self.assert_same(asyncio.run(ask()), "iris", IRIS)


class Pandas(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(MODELS)

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()

    def test_a_data_frame_goes_out_in_every_orientation_and_comes_back_a_column(self):
        bodies = {orient: BOSTON.to_json(orient=orient) for orient in ("columns", "records", "split")}
        bodies["dict"] = BOSTON.to_dict()
        bodies["list"] = BOSTON.to_dict(orient="list")
        answers = {orient: self.server.ask("/models/boston/predict", body) for orient, body in bodies.items()}
        answers["csv"] = self.server.ask("/models/boston/predict", BOSTON.to_csv(index=False), "text/csv")
        expected = pandas.Series(answers["list"]["prediction"], index=BOSTON.index)
        self.assertEqual(len(expected), len(BOSTON))
        for orient, answer in answers.items():
            back = pandas.Series(answer["prediction"], index=BOSTON.index)
            pandas.testing.assert_series_equal(back, expected, check_exact=True, obj=orient)

    def test_missing_cells_and_categories_survive(self):
        by_json = self.server.ask("/models/houses/predict", HOUSES.to_json())
        by_csv = self.server.ask("/models/houses/predict", HOUSES.to_csv(index=False), "text/csv")
        self.assertEqual(by_json["prediction"], by_csv["prediction"])

    def test_an_answer_of_the_protocol_becomes_a_data_frame(self):
        inputs = [
            {"name": name, "shape": [len(IRIS), 1], "datatype": "FP64", "data": IRIS[name].tolist()} for name in IRIS
        ]
        outputs = self.server.ask("/v2/models/iris/infer", {"inputs": inputs})["outputs"]
        frame = pandas.DataFrame({o["name"]: numpy.reshape(o["data"], o["shape"]).tolist() for o in outputs})
        expected = self.server.ask("/models/iris/predict", IRIS.to_dict(orient="list"))
        self.assertEqual(frame["predict"].map(lambda row: row[0]).tolist(), expected["prediction"])
        self.assertEqual(frame["predict_proba"].tolist(), [list(row.values()) for row in expected["probability"]])


if __name__ == "__main__":
    unittest.main()

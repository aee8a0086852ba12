"""Asks a server for two houses and an iris by openapi-generator's Python client; prints a prediction a line."""

import json
import sys

import smartserve_client as client

house = client.HousesRecord(RM=6.123456789012345, TAX=None, colour="red")
iris = client.IrisRecord(sepal_length=5.1, sepal_width=3.5, petal_length=1.4, petal_width=0.2)
columns = client.HousesColumns(RM=[6.123456789012345], TAX=[296], colour=["red"])
with client.ApiClient(client.Configuration(host=sys.argv[1])) as connection:
    api = client.PredictApi(connection)
    for answer in (
        api.post_models_houses_predict(client.HousesBody(house)),
        api.post_models_houses_predict(client.HousesBody(columns)),
        api.post_models_iris_predict(client.IrisBody(iris)),
    ):
        print(json.dumps(answer.prediction[0]))

"""Asks a server for two houses and an iris by openapi-python-client's client; prints a prediction a line."""

import json
import sys

from smartserve_client import Client
from smartserve_client.api.predict import postmodelshousespredict, postmodelsirispredict
from smartserve_client.models import HousesRecord, HousesRecordColour, IrisRecord

house = HousesRecord(rm=6.123456789012345, tax=None, colour=HousesRecordColour.RED)
other = HousesRecord(rm=6.123456789012345, tax=296, colour=HousesRecordColour.RED)
iris = IrisRecord(sepal_length=5.1, sepal_width=3.5, petal_length=1.4, petal_width=0.2)
with Client(base_url=sys.argv[1]) as client:
    for answer in (
        postmodelshousespredict.sync(client=client, body=house),
        postmodelshousespredict.sync(client=client, body=[other]),
        postmodelsirispredict.sync(client=client, body=iris),
    ):
        print(json.dumps(answer.prediction[0]))

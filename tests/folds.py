"""The fold of every row, read from an artifact's calibration section."""

import json
import struct

import numpy as np


def varints(data):
    """postcard's integers: 7 bits a byte, the lowest first."""
    value, shift = 0, 0
    for byte in data:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            yield value
            value, shift = 0, 0


def of_rows(model, n_folds):
    """The section begins with the number of folds and the list of each row's."""
    data = model.read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    at = 8 + length
    for section in json.loads(data[8:at])["payload"]["sections"]:
        if section["name"] == "calibration":
            integers = varints(data[at : at + section["bytes"]])
            assert next(integers) == n_folds
            return np.array([next(integers) for _ in range(next(integers))])
        at += section["bytes"]
    raise SystemExit(f"{model} has no calibration section")

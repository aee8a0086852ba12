#!/usr/bin/env python3
"""The replies of README's second screen are what the libraries themselves predict from the same files, every bit.

`tests/readme.py` checks that smartserve prints them.
"""

import pathlib
import unittest

import lightgbm
import pandas
import skops.io
import xgboost

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs/examples"
README = (ROOT / "README.md").read_text()


class Examples(unittest.TestCase):
    def shows(self, name, predictions):
        """README shows these below the command that scores the file."""
        command = f"predict --model docs/examples/{name} --input docs/examples/rows.csv\n"
        shown = README.split(command)[1].splitlines()[1 : 1 + len(predictions)]
        # In full, as f64: single precision too.
        self.assertEqual([line.rsplit(",", 1)[1] for line in shown], [repr(float(p)) for p in predictions])

    def test_replies_are_the_libraries_own(self):
        rows = pandas.read_csv(EXAMPLES / "rows.csv")
        boosted = xgboost.XGBRegressor()
        boosted.load_model(EXAMPLES / "xgboost.ubj")
        self.shows("xgboost.ubj", boosted.predict(rows))
        self.shows("lightgbm.txt", lightgbm.Booster(model_file=EXAMPLES / "lightgbm.txt").predict(rows))
        pipeline = EXAMPLES / "sklearn.skops"
        types = skops.io.get_untrusted_types(file=pipeline)
        self.shows("sklearn.skops", skops.io.load(pipeline, trusted=types).predict(rows))


if __name__ == "__main__":
    unittest.main()

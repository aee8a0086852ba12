"""Fits the three models of README's second screen on data/diabetes.csv, with the libraries themselves.

    python make.py        (pip install lightgbm pandas scikit-learn skops xgboost-cpu)

Writes them beside this file, and prints what each library's own `predict` gives for the rows of rows.csv.
"""

import pathlib
import zipfile

import lightgbm
import pandas
import skops.io
import xgboost
from sklearn.ensemble import RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

HERE = pathlib.Path(__file__).resolve().parent
rows = pandas.read_csv(HERE / "rows.csv")
patients = pandas.read_csv(HERE.parents[1] / "data/diabetes.csv")
columns, target = patients[list(rows)], patients["target"]

boosted = xgboost.XGBRegressor(n_estimators=20, max_depth=3).fit(columns, target)
boosted.save_model(HERE / "xgboost.ubj")

light = lightgbm.LGBMRegressor(n_estimators=20, num_leaves=8, verbose=-1).fit(columns, target)
light.booster_.save_model(HERE / "lightgbm.txt")

forest = RandomForestRegressor(n_estimators=10, max_depth=3, random_state=1)
pipeline = make_pipeline(SimpleImputer(strategy="median"), forest).fit(columns, target)
skops.io.dump(pipeline, HERE / "sklearn.skops", compression=zipfile.ZIP_DEFLATED)

for name, model in {"xgboost": boosted, "lightgbm": light, "sklearn": pipeline}.items():
    print(name, *model.predict(rows))

//! The tensors that `infer` accepts of a model, and examples of them.
//!
//! JSON Schema cannot say that shapes agree with their data, or with each other; the descriptions do.

use serde_json::{Value, json};

use crate::http::tensor::Datatype;
use crate::model::schema::{Feature, Kind, Schema};
use crate::serve::registry::Snapshot;

use super::examples::Rows;
use super::features;
use super::template::{Filling, Values, fill};

/// Adds the values of `model.json` that are tensors to those that are known; `template` is that of one tensor.
pub(super) fn add_values<'a>(values: &mut Values<'a>, template: &'a Value, served: &'a Snapshot, rows: &'a Rows<'a>) {
    let schema = served.model.schema();
    let features = schema.features();
    let frame = Frame { template, known: values };
    let any_name = || json!({ "type": "string" });
    let number = frame.of_numbers(&any_name(), 1, "column_shape", false);
    let number_or_null = frame.of_numbers(&any_name(), 1, "column_shape", true);
    let is_numeric = features.iter().all(|feature| feature.kind == Kind::Numeric);
    let matrix = is_numeric.then(|| {
        let name = json!({ "type": "string", "description": "Any name that is no feature's." });
        let accepts_missing = features.iter().all(Feature::accepts_missing);
        let tensor = frame.of_numbers(&name, schema.n_features(), "matrix_shape", accepts_missing);
        json!({ "type": "array", "minItems": 1, "maxItems": 1, "prefixItems": [tensor] })
    });
    // The words that a tensor of categories is made with: its other values are known.
    let of_words = frame.tensor(&json!("{name}"), 1, "column_shape", &json!({ "const": "BYTES" }), &json!("{element}"));
    let column = move |i: usize| {
        let feature = &features[i];
        let reference = match (feature.kind, feature.accepts_missing()) {
            (Kind::Numeric, false) => "NumberInput",
            (Kind::Numeric, true) => "NumberOrNullInput",
            (Kind::Categorical, _) => return fill(&of_words, &words(feature)),
        };
        let reference = format!("#/components/schemas/{}.{reference}", served.name);
        json!({ "allOf": [{ "$ref": reference }], "properties": { "name": { "const": feature.name } } })
    };
    let example = move |i: usize| example_tensor(&features[i], rows.len(), &rows.column(i));
    let example_matrix = if is_numeric { example_matrix(schema, rows) } else { Value::Null };
    values.extend([
        ("number_input", Filling::Json(number)),
        ("number_or_null_input", Filling::Json(number_or_null)),
        ("tensors", Filling::List(features.len(), Box::new(column))),
        ("matrix", Filling::Json(matrix.unwrap_or_default())),
        ("example_tensors", Filling::List(features.len(), Box::new(example))),
        ("example_matrix", Filling::Json(example_matrix)),
    ]);
}

/// A tensor's template, with the values that all tensors share.
struct Frame<'f, 'v> {
    template: &'f Value,
    known: &'f Values<'v>,
}

impl Frame<'_, '_> {
    /// Numbers, or for `BOOL` truths too.
    fn of_numbers(&self, name: &Value, width: usize, shape: &str, accepts_missing: bool) -> Value {
        let null = accepts_missing.then_some(Value::Null);
        let truths: Vec<Value> = [json!(true), json!(false), json!(1), json!(0)].into_iter().chain(null).collect();
        let datatypes = json!({ "enum": numeric(), "description": "Elements must be of it." });
        let bool_type = json!({ "const": Datatype::Bool.as_str() });
        let numbers = self.tensor(name, width, shape, &datatypes, &features::number_reference(accepts_missing));
        let truths = self.tensor(name, width, shape, &bool_type, &json!({ "enum": truths }));
        json!({ "anyOf": [numbers, truths] })
    }

    fn tensor(&self, name: &Value, width: usize, shape: &str, datatype: &Value, element: &Value) -> Value {
        let max_rows = number(self.known, "max_rows");
        let shape = fill(&Value::String(format!("{{{shape}}}")), self.known);
        let values = [
            ("max_rows", json!(max_rows)),
            ("name", name.clone()),
            ("shape", shape),
            ("width", json!(width)),
            ("cells", json!(max_rows.saturating_mul(width as u64))),
            ("datatype", datatype.clone()),
            ("element", element.clone()),
        ];
        fill(self.template, &values.map(|(name, value)| (name, Filling::Json(value))).into())
    }
}

fn number(values: &Values<'_>, name: &str) -> u64 {
    match values.get(name) {
        Some(Filling::Json(value)) => value.as_u64().unwrap_or_default(),
        _ => 0,
    }
}

/// The name of a tensor of categories, and their names.
fn words(feature: &Feature) -> Values<'static> {
    let null = feature.accepts_missing().then_some(Value::Null);
    let words: Vec<Value> = feature.categories.iter().map(|category| json!(category)).chain(null).collect();
    let values = [("name", json!({ "const": feature.name })), ("element", json!({ "enum": words }))];
    values.map(|(name, value)| (name, Filling::Json(value))).into()
}

/// Every datatype of numbers but `BOOL`, the usual one first.
fn numeric() -> Vec<&'static str> {
    let others = Datatype::ALL.into_iter().filter(|d| !matches!(d, Datatype::Fp64 | Datatype::Bool | Datatype::Bytes));
    std::iter::once(Datatype::Fp64).chain(others).map(Datatype::as_str).collect()
}

/// A feature's tensor, of the datatype that metadata tells.
fn example_tensor(feature: &Feature, rows: usize, data: &Value) -> Value {
    let datatype = match feature.kind {
        Kind::Numeric => Datatype::Fp64,
        Kind::Categorical => Datatype::Bytes,
    };
    json!({ "name": feature.name, "shape": [rows, 1], "datatype": datatype.as_str(), "data": data })
}

/// One tensor of all features, as an example with its summary.
fn example_matrix(schema: &Schema, rows: &Rows<'_>) -> Value {
    let shape = [rows.len(), schema.n_features()];
    let tensor = json!({ "name": "rows", "shape": shape, "datatype": Datatype::Fp64.as_str(), "data": rows.lists() });
    json!({ "summary": "One tensor of all features", "value": { "inputs": [tensor] } })
}

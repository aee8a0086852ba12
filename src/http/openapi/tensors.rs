//! The tensors that `infer` accepts of a model, and examples of them.
//!
//! JSON Schema cannot say that shapes agree with their data, or with each other; the descriptions do.

use serde_json::{Map, Value, json};

use crate::http::tensor::Datatype;
use crate::model::schema::{Feature, Kind, Schema};

use super::examples::Rows;
use super::features;
use super::template::fill;

/// The values of `model.json` that are tensors; `template` is that of one tensor, `values` what is known so far.
pub(super) fn values(
    template: &Value,
    values: &Map<String, Value>,
    schema: &Schema,
    rows: &Rows<'_>,
) -> Map<String, Value> {
    let max_rows = values["max_rows"].as_u64().unwrap_or_default();
    let frame = |name: Value, shape: &str, width: usize| {
        let members = [
            ("max_rows", json!(max_rows)),
            ("name", name),
            ("shape", values[shape].clone()),
            ("width", json!(width)),
            ("cells", json!(max_rows.saturating_mul(width as u64))),
        ];
        Frame { template, values: members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect() }
    };
    let column = |feature: &Feature| {
        let frame = frame(json!({ "const": feature.name }), "column_shape", 1);
        match feature.kind {
            Kind::Numeric => frame.of_numbers(feature.accepts_missing()),
            Kind::Categorical => frame.of_words(feature),
        }
    };
    let matrix = || {
        let name = json!({ "type": "string", "description": "Any name that is no feature's." });
        let tensor = frame(name, "matrix_shape", schema.n_features())
            .of_numbers(schema.features().iter().all(Feature::accepts_missing));
        json!({ "type": "array", "minItems": 1, "maxItems": 1, "prefixItems": [tensor] })
    };
    let is_numeric = schema.features().iter().all(|feature| feature.kind == Kind::Numeric);
    Map::from_iter([
        ("tensors".to_owned(), schema.features().iter().map(column).collect()),
        ("matrix".to_owned(), if is_numeric { matrix() } else { Value::Null }),
        ("example_tensors".to_owned(), example_tensors(schema, rows)),
        ("example_matrix".to_owned(), if is_numeric { example_matrix(schema, rows) } else { Value::Null }),
    ])
}

/// A tensor's template, with what does not depend on the type of its elements.
struct Frame<'a> {
    template: &'a Value,
    values: Map<String, Value>,
}

impl Frame<'_> {
    /// Numbers, or for `BOOL` truths too.
    fn of_numbers(mut self, accepts_missing: bool) -> Value {
        let null = accepts_missing.then_some(Value::Null);
        let truths: Vec<Value> = [json!(true), json!(false), json!(1), json!(0)].into_iter().chain(null).collect();
        let datatypes = json!({ "enum": numeric(), "description": "Elements must be of it." });
        let numbers = self.tensor(datatypes, features::number_reference(accepts_missing));
        let truths = self.tensor(json!({ "const": Datatype::Bool.as_str() }), json!({ "enum": truths }));
        json!({ "anyOf": [numbers, truths] })
    }

    /// The names of categories.
    fn of_words(mut self, feature: &Feature) -> Value {
        let null = feature.accepts_missing().then_some(Value::Null);
        let words: Vec<Value> = feature.categories.iter().map(|category| json!(category)).chain(null).collect();
        self.tensor(json!({ "const": Datatype::Bytes.as_str() }), json!({ "enum": words }))
    }

    fn tensor(&mut self, datatype: Value, element: Value) -> Value {
        self.values.insert("datatype".to_owned(), datatype);
        self.values.insert("element".to_owned(), element);
        fill(self.template, &self.values)
    }
}

/// Every datatype of numbers but `BOOL`, the usual one first.
fn numeric() -> Vec<&'static str> {
    let others = Datatype::ALL.into_iter().filter(|d| !matches!(d, Datatype::Fp64 | Datatype::Bool | Datatype::Bytes));
    std::iter::once(Datatype::Fp64).chain(others).map(Datatype::as_str).collect()
}

/// A tensor a feature, of the datatype that metadata tells.
fn example_tensors(schema: &Schema, rows: &Rows<'_>) -> Value {
    let columns = rows.columns();
    let tensor = |feature: &Feature| {
        let datatype = match feature.kind {
            Kind::Numeric => Datatype::Fp64,
            Kind::Categorical => Datatype::Bytes,
        };
        let shape = [rows.len(), 1];
        json!({ "name": feature.name, "shape": shape, "datatype": datatype.as_str(), "data": columns[&feature.name] })
    };
    schema.features().iter().map(tensor).collect()
}

/// One tensor of all features, as an example with its summary.
fn example_matrix(schema: &Schema, rows: &Rows<'_>) -> Value {
    let shape = [rows.len(), schema.n_features()];
    let tensor = json!({ "name": "rows", "shape": shape, "datatype": Datatype::Fp64.as_str(), "data": rows.lists() });
    json!({ "summary": "One tensor of all features", "value": { "inputs": [tensor] } })
}

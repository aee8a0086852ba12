//! The tensors that `infer` accepts of a model, and examples of them.
//!
//! JSON Schema cannot say that shapes agree with their data, or with each other; the descriptions do.

use serde_json::{Value, json};

use crate::http::tensor::Datatype;
use crate::model::schema::{Feature, FeatureKind, Schema};
use crate::serve::registry::Snapshot;

use super::examples::Rows;
use super::features;
use super::template::{Filling, Values, fill};

/// Adds the values of `template`, which is `model.json`, that are tensors to those that are known.
pub(super) fn add_values<'a>(values: &mut Values<'a>, template: &'a Value, served: &'a Snapshot, rows: &'a Rows<'a>) {
    let schema = served.model.schema();
    let features = schema.features();
    let frame = Frame { template, known: values };
    let any_name = json!({ "type": "string" });
    let is_number = |accepts_missing| {
        move |feature: &Feature| feature.kind == FeatureKind::Numeric && feature.accepts_missing() == accepts_missing
    };
    let input = |accepts_missing| {
        let mut numbers = features.iter().filter(|feature| is_number(accepts_missing)(feature)).peekable();
        let is_there = numbers.peek().is_some();
        // All of them have one schema: that of the narrower ones.
        let number = features::number(accepts_missing, numbers.any(|feature| !feature.unbounded));
        let input = is_there
            .then(|| json!({ "anyOf": frame.of_numbers(&any_name, 1, "column_shape", &number, accepts_missing) }));
        Filling::Json(input.unwrap_or_default())
    };
    let (number, number_or_null) = (input(false), input(true));
    let is_numeric = features.iter().all(|feature| feature.kind == FeatureKind::Numeric);
    let matrix = is_numeric.then(|| {
        let name = json!({ "type": "string", "description": "Any name that is no feature's." });
        let accepts_missing = features.iter().all(Feature::accepts_missing);
        let number = features::number(accepts_missing, features.iter().any(|feature| !feature.unbounded));
        let tensors = frame.of_numbers(&name, schema.n_features(), "matrix_shape", &number, accepts_missing);
        let any = json!({ "$ref": "#/components/schemas/V2InputTensor" });
        json!({ "type": "array", "minItems": 1, "maxItems": 1, "prefixItems": [{ "anyOf": tensors }], "items": any })
    });
    // What a tensor of categories is made of: its other values are known.
    let datatype = constant(Datatype::Bytes.as_str());
    let of_words = json!({
        "anyOf": frame.tensors(&json!("{name}"), 1, "column_shape", &datatype, &json!("{element}"))
    });
    let column = move |i: usize| {
        let feature = &features[i];
        let reference = match (feature.kind, feature.accepts_missing()) {
            (FeatureKind::Numeric, false) => "NumberInput",
            (FeatureKind::Numeric, true) => "NumberOrNullInput",
            (FeatureKind::Categorical | FeatureKind::Date(_), _) => return fill(&of_words, &words(feature)),
        };
        let reference = format!("#/components/schemas/{}.{reference}", served.name);
        json!({ "allOf": [{ "$ref": reference }], "properties": { "name": constant(&feature.name) } })
    };
    let example = move |i: usize| example_tensor(&features[i], rows.len(), &rows.column(i));
    let example_matrix = if is_numeric { example_matrix(schema, rows) } else { Value::Null };
    values.extend([
        ("number_input", number),
        ("number_or_null_input", number_or_null),
        ("tensors", Filling::List(features.len(), Box::new(column))),
        ("matrix", Filling::Json(matrix.unwrap_or_default())),
        ("example_tensors", Filling::List(features.len(), Box::new(example))),
        ("example_matrix", Filling::Json(example_matrix)),
    ]);
}

/// A text and no other.
fn constant(text: &str) -> Value {
    json!({ "type": "string", "const": text })
}

/// The templates of tensors, with the values that all tensors share.
struct Frame<'f, 'v> {
    template: &'f Value,
    known: &'f Values<'v>,
}

impl Frame<'_, '_> {
    /// Numbers, or for `BOOL` truths too.
    fn of_numbers(&self, name: &Value, width: usize, shape: &str, number: &Value, accepts_missing: bool) -> Vec<Value> {
        let bits = if accepts_missing { json!(["integer", "null"]) } else { json!("integer") };
        let truth = json!({ "anyOf": [{ "type": "boolean" }, { "type": bits, "minimum": 0, "maximum": 1 }] });
        let datatypes = json!({ "type": "string", "enum": numeric(), "description": "Elements must be of it." });
        let mut tensors = self.tensors(name, width, shape, &datatypes, number);
        tensors.extend(self.tensors(name, width, shape, &constant(Datatype::Bool.as_str()), &truth));
        tensors
    }

    /// Two schemas: its elements in one list, and nested as the shape. A choice inside one schema generates Go code
    /// that does not compile.
    fn tensors(&self, name: &Value, width: usize, shape: &str, datatype: &Value, element: &Value) -> Vec<Value> {
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
        let mut values: Values<'_> = values.map(|(name, value)| (name, Filling::Json(value))).into();
        let forms = ["flat", "nested"].map(|form| fill(&self.template["data"][form], &values));
        let with_data = |data| {
            values.insert("data", Filling::Json(data));
            fill(&self.template["tensor"], &values)
        };
        forms.into_iter().map(with_data).collect()
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
    if feature.kind.is_date() {
        let values = [("name", constant(&feature.name)), ("element", features::value(feature))];
        return values.map(|(name, value)| (name, Filling::Json(value))).into();
    }
    let words: Vec<Value> = feature.categories.iter().map(|category| json!(category)).chain(null).collect();
    let text = if feature.accepts_missing() { json!(["string", "null"]) } else { json!("string") };
    let element = if feature.unknown { json!({ "type": text }) } else { features::one_of(&words) };
    let values = [("name", constant(&feature.name)), ("element", element)];
    values.map(|(name, value)| (name, Filling::Json(value))).into()
}

/// Every datatype of numbers but `BOOL`, the usual one first.
fn numeric() -> Vec<&'static str> {
    let others = Datatype::ALL.into_iter().filter(|d| !matches!(d, Datatype::Fp64 | Datatype::Bool | Datatype::Bytes));
    std::iter::once(Datatype::Fp64).chain(others).map(Datatype::as_str).collect()
}

/// A feature's tensor, with the datatype that the metadata route gives.
fn example_tensor(feature: &Feature, rows: usize, data: &Value) -> Value {
    let datatype = match feature.kind {
        FeatureKind::Numeric => Datatype::Fp64,
        FeatureKind::Categorical | FeatureKind::Date(_) => Datatype::Bytes,
    };
    json!({ "name": feature.name, "shape": [rows, 1], "datatype": datatype.as_str(), "data": data })
}

/// One tensor of all features, as an example with its summary.
fn example_matrix(schema: &Schema, rows: &Rows<'_>) -> Value {
    let shape = [rows.len(), schema.n_features()];
    let tensor = json!({ "name": "rows", "shape": shape, "datatype": Datatype::Fp64.as_str(), "data": rows.lists() });
    json!({ "summary": "One tensor of all features", "value": { "inputs": [tensor] } })
}

//! `infer`: tensors in, tensors out.
//!
//! Stands apart as the mirror of `v2::request`. JSON Schema cannot say that shapes agree with their data, or with each
//! other; the descriptions do.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::http::openapi::components::Components;
use crate::http::openapi::examples::Rows;
use crate::http::openapi::operation::{Operation, response};
use crate::http::openapi::{Subject, answers, predict, reference};
use crate::http::tensor::{Datatype, Output};
use crate::model::schema::{Feature, Kind, Schema};
use crate::serve::registry::Snapshot;

use super::TAG;

/// An inference with a model.
pub(super) fn operation(route: &'static str, summary: String, served: Option<&Snapshot>) -> Operation {
    let (body, answer) = match served {
        Some(served) => {
            let name = format!("{}.infer", served.name);
            (reference("requestBodies", &name), reference("responses", &name))
        }
        None => (body_of(&json!({ "type": "object" }), None), answer_of(&reference("schemas", "V2Answer"))),
    };
    Operation::post(route, TAG, summary)
        .description(
            "A tensor a feature, or one tensor of all. With `binary_data_output`, or `binary_data` of an output, the \
             answer's elements stand behind its JSON; with `binary_data_size` of an input and \
             `Inference-Header-Content-Length`, so do the request's.",
        )
        .parameter(predict::explain())
        .parameter(reference("parameters", "JsonLength"))
        .body(body)
        .answers(200, answer)
        .fails(&predict::FAILURES)
}

/// What a model brings.
pub(in crate::http::openapi) fn add(subject: &Subject<'_>, served: &Snapshot, all: &mut Components) {
    let (schema, name) = (served.model.schema(), format!("{}.infer", served.name));
    let request = format!("{}.Infer", served.name);
    all.schemas.insert(request.clone(), request_schema(subject, served));
    let answer = json!({
        "allOf": [reference("schemas", "V2Answer")],
        "properties": { "model_name": { "const": served.name } },
    });
    let rows = Rows::new(schema, subject.shows_statistics());
    let examples = examples_of(schema, &rows);
    all.bodies.insert(name.clone(), body_of(&reference("schemas", &request), Some(examples)));
    all.responses.insert(name, answer_of(&answer));
}

fn body_of(schema: &Value, examples: Option<Value>) -> Value {
    let mut json_content = json!({ "schema": schema });
    if let Some(examples) = examples {
        json_content["examples"] = examples;
    }
    json!({
        "required": true,
        "content": {
            "application/json": json_content,
            "application/octet-stream": {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "description": "`Inference-Header-Content-Length` bytes of JSON, then the elements of the inputs \
                        that say `binary_data_size`, in their order: little-endian numbers, or texts each behind its \
                        length in four bytes.",
                },
            },
        },
    })
}

fn answer_of(schema: &Value) -> Value {
    let mut answer = answers::timed(response("The outputs.", "application/json", schema, None));
    answer["headers"]["Inference-Header-Content-Length"] = reference("headers", "JsonLength");
    answer["content"]["application/octet-stream"] = json!({ "schema": { "type": "string", "format": "binary" } });
    answer
}

/// An example of each form.
fn examples_of(schema: &Schema, rows: &Rows<'_>) -> Value {
    let columns = rows.columns();
    let tensors: Vec<Value> = schema
        .features()
        .iter()
        .map(|feature| {
            let data = &columns[&feature.name];
            let n = data.as_array().map_or(0, Vec::len);
            json!({ "name": feature.name, "shape": [n, 1], "datatype": usual(feature), "data": data })
        })
        .collect();
    let mut examples = json!({
        "tensors": { "summary": "A tensor a feature", "value": { "inputs": tensors } },
    });
    if is_numeric(schema) {
        let data = rows.lists();
        let shape = [data.as_array().map_or(0, Vec::len), schema.n_features()];
        let matrix = json!({ "name": "rows", "shape": shape, "datatype": Datatype::Fp64.as_str(), "data": data });
        examples["matrix"] = json!({ "summary": "One tensor of all features", "value": { "inputs": [matrix] } });
    }
    examples
}

/// The datatype that metadata tells.
fn usual(feature: &Feature) -> &'static str {
    match feature.kind {
        Kind::Numeric => Datatype::Fp64.as_str(),
        Kind::Categorical => Datatype::Bytes.as_str(),
    }
}

fn is_numeric(schema: &Schema) -> bool {
    schema.features().iter().all(|feature| feature.kind == Kind::Numeric)
}

fn request_schema(subject: &Subject<'_>, served: &Snapshot) -> Value {
    let schema = served.model.schema();
    let tensors: Vec<Value> = schema.features().iter().map(|f| column(subject, f)).collect();
    let mut forms = vec![json!({
        "type": "array",
        "description": "A tensor a feature, in any order, all of the same number of rows.",
        "minItems": tensors.len(),
        "maxItems": tensors.len(),
        "prefixItems": tensors,
    })];
    if is_numeric(schema) {
        let matrix = matrix(subject, schema);
        forms.push(json!({ "type": "array", "minItems": 1, "maxItems": 1, "prefixItems": [matrix] }));
    }
    let offered = Output::of(&served.model);
    let outputs: Vec<&str> = offered.iter().map(|output| output.as_str()).collect();
    let output = json!({
        "type": "object",
        "required": ["name"],
        "properties": { "name": { "enum": outputs }, "parameters": reference("schemas", "V2Parameters") },
        "additionalProperties": false,
    });
    let text = || json!({ "type": ["string", "null"] });
    json!({
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": { "type": ["string", "null"], "description": "Repeated in the answer." },
            "parameters": reference("schemas", "V2Parameters"),
            "inputs": { "anyOf": forms },
            "outputs": {
                "type": ["array", "null"],
                "description": "The outputs wanted, each once; all when there are none.",
                "maxItems": outputs.len(),
                "items": output,
            },
            "model_name": text(),
            "model_version": text(),
        },
        "additionalProperties": false,
    })
}

/// The tensor of a feature.
fn column(subject: &Subject<'_>, feature: &Feature) -> Value {
    let shape = json!({
        "type": "array",
        "description": "`[rows]` or `[rows, 1]`.",
        "minItems": 1,
        "maxItems": 2,
        "prefixItems": [rows(subject), { "const": 1 }],
    });
    let frame = Frame { name: json!({ "const": feature.name }), shape, width: 1, max_rows: subject.max_rows };
    match feature.kind {
        Kind::Numeric => frame.of_numbers(feature.accepts_missing()),
        Kind::Categorical => {
            let null = feature.accepts_missing().then_some(Value::Null);
            let words: Vec<Value> = feature.categories.iter().map(|category| json!(category)).chain(null).collect();
            frame.tensor(&json!({ "const": Datatype::Bytes.as_str() }), &json!({ "enum": words }))
        }
    }
}

/// The tensor of all features.
fn matrix(subject: &Subject<'_>, schema: &Schema) -> Value {
    let width = schema.n_features();
    let shape = json!({
        "type": "array",
        "minItems": 2,
        "maxItems": 2,
        "prefixItems": [rows(subject), { "const": width }],
    });
    let name = json!({ "type": "string", "description": "Any name that is no feature's." });
    let frame = Frame { name, shape, width, max_rows: subject.max_rows };
    frame.of_numbers(schema.features().iter().all(Feature::accepts_missing))
}

/// What a tensor's schema has whatever its elements are.
struct Frame {
    name: Value,
    shape: Value,
    width: usize,
    max_rows: usize,
}

impl Frame {
    /// Numbers, or for `BOOL` truths too.
    fn of_numbers(&self, accepts_missing: bool) -> Value {
        let number = reference("schemas", if accepts_missing { "NumberOrNull" } else { "Number" });
        let null = accepts_missing.then_some(Value::Null);
        let truths: Vec<Value> = [json!(true), json!(false), json!(1), json!(0)].into_iter().chain(null).collect();
        let datatypes = json!({ "enum": numeric(), "description": "Elements must be of it." });
        json!({ "anyOf": [
            self.tensor(&datatypes, &number),
            self.tensor(&json!({ "const": Datatype::Bool.as_str() }), &json!({ "enum": truths })),
        ] })
    }

    fn tensor(&self, datatype: &Value, element: &Value) -> Value {
        let list = |items: &Value, least: usize, most: usize| json!({ "type": "array", "minItems": least, "maxItems": most, "items": items });
        let (width, max_rows) = (self.width, self.max_rows);
        let flat = list(element, width, max_rows.saturating_mul(width));
        let nested = list(&list(element, width, width), 1, max_rows);
        json!({
            "type": "object",
            "required": ["name", "shape", "datatype", "data"],
            "properties": {
                "name": self.name,
                "shape": self.shape,
                "datatype": datatype,
                "parameters": reference("schemas", "V2InputParameters"),
                "data": { "description": "Flat, row-major, or nested as the shape.", "anyOf": [flat, nested] },
            },
            "additionalProperties": false,
        })
    }
}

fn rows(subject: &Subject<'_>) -> Value {
    json!({ "type": "integer", "minimum": 1, "maximum": subject.max_rows })
}

/// Every datatype of numbers but `BOOL`, the usual one first.
fn numeric() -> Vec<&'static str> {
    let others = Datatype::ALL.into_iter().filter(|d| !matches!(d, Datatype::Fp64 | Datatype::Bool | Datatype::Bytes));
    std::iter::once(Datatype::Fp64).chain(others).map(Datatype::as_str).collect()
}

/// The schemas that are the same for all models.
pub(super) fn schemas() -> Map<String, Value> {
    let truth = || json!({ "type": ["boolean", "null"] });
    let nothing = || json!({ "type": "null" });
    let parameters = |size: Value| {
        json!({
            "type": ["object", "null"],
            "description": "What other servers and clients put here does not matter.",
            "properties": {
                "binary_data_output": truth(),
                "binary_data": truth(),
                "binary_data_size": size,
                "content_type": { "enum": ["pd", "np", "str", null] },
                "classification": { "enum": [0, null] },
                "shared_memory_region": nothing(),
                "shared_memory_byte_size": nothing(),
                "shared_memory_offset": nothing(),
            },
        })
    };
    let output = json!({
        "type": "object",
        "required": ["name", "shape", "datatype"],
        "properties": {
            "name": { "enum": [Output::Predict.as_str(), Output::PredictProba.as_str()] },
            "shape": { "type": "array", "items": { "type": "integer", "minimum": 0 } },
            "datatype": { "enum": [Datatype::Fp64.as_str(), Datatype::Bytes.as_str()] },
            "parameters": { "type": "object" },
            "data": { "type": "array", "items": { "type": ["number", "string"] } },
        },
    });
    let answer = json!({
        "type": "object",
        "required": ["model_name", "model_version", "outputs"],
        "properties": {
            "model_name": { "type": "string" },
            "model_version": answers::version(),
            "id": { "type": "string" },
            "outputs": { "type": "array", "minItems": 1, "items": output },
        },
    });
    let size = json!({ "type": ["integer", "null"], "minimum": 0, "maximum": (1_u64 << 53) - 1 });
    let all = [("V2Parameters", parameters(size)), ("V2InputParameters", parameters(nothing())), ("V2Answer", answer)];
    all.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

//! The request bodies of prediction routes: each media type with its examples.
//!
//! Stands apart from `bodies`, which says what the JSON may be: CSV and NDJSON are the same on every route.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use super::bodies::Bodies;
use super::examples::Rows;

/// A body: JSON of this schema with these examples, CSV or NDJSON.
pub(super) fn request_body(bodies: &Bodies<'_>, rows: &Rows<'_>, schema: &Value, examples: &Value) -> Value {
    let names = bodies.names().join(", ");
    let csv = format!(
        "A header line that names {names}, in any order, then a line a row. Without a header line (`header=absent`, or \
         when the first line is all numbers) the order is this one."
    );
    let lines = format!("A row a line: a record, or the values of {names} in this order.");
    json!({
        "required": true,
        "content": {
            "application/json": { "schema": schema, "examples": examples },
            "text/csv": {
                "schema": { "type": "string", "description": csv },
                "examples": { "csv": { "summary": "CSV", "value": rows.csv() } },
            },
            "application/x-ndjson": {
                "schema": { "type": "string", "description": lines },
                "examples": { "ndjson": { "summary": "NDJSON, a record a line", "value": rows.lines() } },
            },
        },
    })
}

/// The body of a route for a model that is not known.
pub(super) fn any(schema: &Value) -> Value {
    json!({
        "required": true,
        "content": {
            "application/json": { "schema": schema },
            "text/csv": { "schema": { "type": "string" } },
            "application/x-ndjson": { "schema": { "type": "string" } },
        },
    })
}

/// The forms without a wrapping key.
pub(super) fn bare(rows: &Rows<'_>) -> Map<String, Value> {
    let all = [
        ("record", "One record", rows.record()),
        ("records", "Records", rows.records()),
        ("columns", "Columns of lists", rows.columns()),
        ("labelled_columns", "Columns of labelled values (pandas' to_dict())", rows.labelled_columns()),
    ];
    all.into_iter().map(example).collect()
}

/// The forms with one of these keys.
pub(super) fn wrapped(rows: &Rows<'_>, keys: &[&str]) -> Map<String, Value> {
    let all = [
        ("columns", "A table", rows.table()),
        ("dataframe_split", "MLflow's table", json!({ "dataframe_split": rows.table() })),
        ("dataframe_records", "MLflow's records", json!({ "dataframe_records": rows.records() })),
        ("instances", "TensorFlow Serving's rows", json!({ "instances": rows.lists() })),
        ("inputs", "MLflow's and TensorFlow Serving's columns", json!({ "inputs": rows.columns() })),
    ];
    let wanted = all.into_iter().filter(|(key, ..)| keys.contains(key));
    wanted
        .map(|(key, summary, value)| example((if key == "columns" { "table" } else { key }, summary, value)))
        .collect()
}

fn example((name, summary, value): (&str, &str, Value)) -> (String, Value) {
    (name.to_owned(), json!({ "summary": summary, "value": value }))
}

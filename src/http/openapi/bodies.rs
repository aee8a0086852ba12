//! What a prediction's body may be: the dialects of one model as schemas, with an example of each.
//!
//! Stands apart as the mirror of `predict::dialect`. JSON Schema cannot say that columns are equally long or that
//! their labels agree; the descriptions do.

use serde_json::{Map, Value, json};

use crate::config::ExtraFeatures;
use crate::model::schema::Schema;
use crate::serve::registry::{Served, Snapshot};

use super::examples::Rows;
use super::{Subject, features, reference};

/// The keys that wrap rows. A feature that bears one makes the object columns.
const WRAPPERS: [&str; 6] = ["columns", "data", "dataframe_split", "dataframe_records", "instances", "inputs"];

/// Adds the schemas of a model's bodies: `NAME.Record` and so on, `NAME.Body` for all of them.
pub(super) fn schemas(subject: &Subject<'_>, served: &Served, schemas: &mut Map<String, Value>) {
    let (schema, name) = (served.model.schema(), served.name.as_str());
    let part = |part: &str| reference("schemas", &format!("{name}.{part}"));
    let rows = |items: Value| json!({ "type": "array", "minItems": 1, "maxItems": subject.max_rows, "items": items });
    let column = |feature: &_| rows(features::value(feature));
    let labelled = |feature: &_| {
        json!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": subject.max_rows,
            "additionalProperties": features::value(feature),
        })
    };
    let shows = subject.shows_statistics();
    let all = [
        ("Record", object(subject, schema, "One row, by feature.", |f| features::property(f, shows))),
        ("Records", rows(part("Record"))),
        ("Row", row(schema)),
        ("Columns", object(subject, schema, "A list of values a feature, all equally long.", column)),
        (
            "LabelledColumns",
            object(
                subject,
                schema,
                "Values by row label, as pandas' `to_dict()` writes them: every feature has the same labels. Rows are \
                 answered in the order of the first feature's labels.",
                labelled,
            ),
        ),
        ("Table", table(schema, &rows(part("Row")))),
        ("Body", body(schema, &part, &rows)),
    ];
    schemas.extend(all.map(|(kind, schema)| (format!("{name}.{kind}"), schema)));
}

/// An object with a member a feature.
fn object(
    subject: &Subject<'_>,
    schema: &Schema,
    description: &str,
    member: impl Fn(&crate::model::schema::Feature) -> Value,
) -> Value {
    let properties: Map<String, Value> = schema.features().iter().map(|f| (f.name.clone(), member(f))).collect();
    let mut object = json!({
        "type": "object",
        "description": description,
        "required": names(schema),
        "properties": properties,
    });
    match subject.extra {
        ExtraFeatures::Reject => object["additionalProperties"] = json!(false),
        ExtraFeatures::Ignore => {
            let reserved: Vec<&str> = WRAPPERS.into_iter().filter(|key| wraps(schema, key)).collect();
            object["propertyNames"] = json!({ "not": { "enum": reserved } });
        }
    }
    object
}

/// The values of a row, in schema order.
fn row(schema: &Schema) -> Value {
    let values: Vec<Value> = schema.features().iter().map(features::value).collect();
    json!({
        "type": "array",
        "description": format!("One row: the values of {}, in this order.", names(schema).join(", ")),
        "minItems": values.len(),
        "maxItems": values.len(),
        "prefixItems": values,
    })
}

/// `{"columns": […], "data": [[…], …]}`.
fn table(schema: &Schema, rows: &Value) -> Value {
    let columns: Vec<Value> = names(schema).into_iter().map(|name| json!({ "const": name })).collect();
    json!({
        "type": "object",
        "description": "Column names and rows of values, as pandas' `to_dict(orient=\"split\")` writes them. Any order \
            of the columns will do as long as the values follow it.",
        "required": ["columns", "data"],
        "properties": {
            "columns": {
                "type": "array",
                "minItems": columns.len(),
                "maxItems": columns.len(),
                "prefixItems": columns,
            },
            "data": rows,
            "index": { "description": "Not looked at." },
        },
        "additionalProperties": false,
    })
}

/// All that a body may be.
fn body(schema: &Schema, part: &impl Fn(&str) -> Value, rows: &impl Fn(Value) -> Value) -> Value {
    let under = |key: &'static str, inner: Value| {
        let object = json!({
            "type": "object",
            "required": [key],
            "properties": { key: inner },
            "additionalProperties": false,
        });
        wraps(schema, key).then_some(object)
    };
    let either = || rows(json!({ "anyOf": [part("Record"), part("Row")] }));
    let bare = ["Record", "Records", "Columns", "LabelledColumns"].map(|kind| Some(part(kind)));
    let table = (wraps(schema, "columns") && wraps(schema, "data")).then(|| part("Table"));
    let inputs = json!({ "anyOf": [either(), part("Record"), part("Columns"), part("LabelledColumns")] });
    let wrapped = [
        table,
        under("dataframe_split", part("Table")),
        under("dataframe_records", part("Records")),
        under("instances", either()),
        under("inputs", inputs),
    ];
    let forms: Vec<Value> = bare.into_iter().chain(wrapped).flatten().collect();
    json!({ "description": "Rows, in any of these forms; all get the same bits.", "anyOf": forms })
}

/// The request body of a model's prediction routes.
pub(super) fn request_body(subject: &Subject<'_>, served: &Snapshot) -> Value {
    let rows = Rows::new(served.model.schema(), subject.shows_statistics());
    let example = |summary: &str, value: Value| json!({ "summary": summary, "value": value });
    let mut examples = json!({
        "record": example("One record", rows.record()),
        "records": example("Records", rows.records()),
        "columns": example("Columns of lists", rows.columns()),
        "labelled_columns": example("Columns of labelled values (pandas' to_dict())", rows.labelled_columns()),
    });
    let schema = served.model.schema();
    let wrapped = [
        ("columns", "table", "A table", rows.table()),
        ("dataframe_split", "dataframe_split", "MLflow's table", json!({ "dataframe_split": rows.table() })),
        ("dataframe_records", "dataframe_records", "MLflow's records", json!({ "dataframe_records": rows.records() })),
        ("instances", "instances", "TensorFlow Serving's rows", json!({ "instances": rows.lists() })),
        ("inputs", "inputs", "MLflow's and TensorFlow Serving's columns", json!({ "inputs": rows.columns() })),
    ];
    for (key, name, summary, value) in wrapped {
        if wraps(schema, key) && (key != "columns" || wraps(schema, "data")) {
            examples[name] = example(summary, value);
        }
    }
    json!({
        "required": true,
        "content": {
            "application/json": {
                "schema": reference("schemas", &format!("{}.Body", served.name)),
                "examples": examples,
            },
            "text/csv": {
                "schema": {
                    "type": "string",
                    "description": format!(
                        "A header line that names {}, in any order, then a line a row. Without a header line \
                         (`header=absent`, or when the first line is all numbers) the order is this one.",
                        names(schema).join(", "),
                    ),
                },
                "examples": { "csv": example("CSV", json!(rows.csv())) },
            },
        },
    })
}

/// The body of a model that is not known.
pub(super) fn any() -> Value {
    json!({
        "description": "Rows of the model's features: a record, a list of records, columns of values, or a table.",
        "type": ["object", "array"],
    })
}

fn names(schema: &Schema) -> Vec<&str> {
    schema.features().iter().map(|f| f.name.as_str()).collect()
}

/// True when the key wraps rows of this schema: no feature bears it.
fn wraps(schema: &Schema, key: &str) -> bool {
    schema.position(key).is_none()
}

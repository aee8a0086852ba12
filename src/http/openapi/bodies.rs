//! What a prediction's body may be: the dialects of one model as schemas.
//!
//! Stands apart as the mirror of `predict::dialect`. JSON Schema cannot say that columns are equally long or that
//! their labels agree; the descriptions do.

use serde_json::{Map, Value};

use crate::http::openapi::json::json;

use crate::config::ExtraFeatures;
use crate::model::schema::{Feature, Schema};
use crate::serve::registry::ServedModel;

use super::{Subject, features, reference};

/// The keys that wrap rows. On `/predict` a feature that bears one makes the object columns.
const WRAPPERS: [&str; 6] = ["columns", "data", "dataframe_split", "dataframe_records", "instances", "inputs"];

/// The schemas of one model's bodies.
pub(super) struct Bodies<'a> {
    subject: &'a Subject<'a>,
    schema: &'a Schema,
    name: &'a str,
}

impl<'a> Bodies<'a> {
    /// Of this model.
    pub(super) fn new(subject: &'a Subject<'a>, served: &'a ServedModel) -> Self {
        Self { subject, schema: served.model.schema(), name: &served.name }
    }

    /// The parts that bodies are made of, `NAME.Record` and so on, and `NAME.Body` for all that `/predict` reads.
    pub(super) fn schemas(&self) -> Map<String, Value> {
        let shows = self.subject.shows_statistics();
        let labelled = "Values by row label, as pandas' `to_dict()` writes them: every feature has the same labels. Rows \
            are answered in the order of the first feature's labels.";
        let all = [
            ("Record", self.object("One row, by feature.", |f| features::property(f, shows))),
            ("Records", self.rows(&self.part("Record"))),
            ("Row", self.row()),
            ("Columns", self.object("A list of values a feature, all equally long.", |f| self.column(f))),
            ("LabelledColumns", self.object(labelled, |f| self.labelled(f))),
            ("Table", self.table()),
            ("Body", self.body()),
        ];
        all.into_iter().map(|(kind, schema)| (format!("{}.{kind}", self.name), schema)).collect()
    }

    /// An object with one of the wrapping keys, and what else a protocol has beside it.
    pub(super) fn wrapped(&self, keys: &[&str], beside: &Map<String, Value>) -> Value {
        let forms: Vec<Value> = keys.iter().map(|key| self.under(key, beside)).collect();
        json!({ "anyOf": forms })
    }

    /// True when the key wraps rows on `/predict`: no feature bears it.
    pub(super) fn wraps(&self, key: &str) -> bool {
        self.schema.position(key).is_none()
    }

    /// The features' names, in schema order.
    pub(super) fn names(&self) -> Vec<&'a str> {
        self.schema.features().iter().map(|f| f.name.as_str()).collect()
    }

    fn part(&self, part: &str) -> Value {
        reference("schemas", &format!("{}.{part}", self.name))
    }

    fn rows(&self, items: &Value) -> Value {
        json!({ "type": "array", "minItems": 1, "maxItems": self.subject.max_rows, "items": items })
    }

    fn column(&self, feature: &Feature) -> Value {
        self.rows(&features::value(feature))
    }

    fn labelled(&self, feature: &Feature) -> Value {
        json!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": self.subject.max_rows,
            "additionalProperties": features::value(feature),
        })
    }

    /// An object with a member a feature.
    fn object(&self, description: &str, member: impl Fn(&Feature) -> Value) -> Value {
        let properties: Map<String, Value> =
            self.schema.features().iter().map(|f| (f.name.clone(), member(f))).collect();
        let mut object = json!({
            "type": "object",
            "description": description,
            "required": self.names(),
            "properties": properties,
        });
        match self.subject.extra {
            ExtraFeatures::Reject => object["additionalProperties"] = json!(false),
            ExtraFeatures::Ignore => {
                let reserved: Vec<&str> = WRAPPERS.into_iter().filter(|key| self.wraps(key)).collect();
                object["propertyNames"] = json!({ "not": { "enum": reserved } });
            }
        }
        object
    }

    /// The values of a row, in schema order.
    fn row(&self) -> Value {
        let values: Vec<Value> = self.schema.features().iter().map(features::value).collect();
        json!({
            "type": "array",
            "description": format!("One row: the values of {}, in this order.", self.names().join(", ")),
            "minItems": values.len(),
            "maxItems": values.len(),
            "prefixItems": values,
        })
    }

    /// `{"columns": […], "data": [[…], …]}`.
    fn table(&self) -> Value {
        let columns: Vec<Value> = self.names().into_iter().map(|name| json!({ "const": name })).collect();
        json!({
            "type": "object",
            "description": "Column names and rows of values, as pandas' `to_dict(orient=\"split\")` writes them. Any \
                order of the columns will do as long as the values follow it.",
            "required": ["columns", "data"],
            "properties": {
                "columns": {
                    "type": "array",
                    "minItems": columns.len(),
                    "maxItems": columns.len(),
                    "prefixItems": columns,
                },
                "data": self.rows(&self.part("Row")),
                "index": { "description": "Not looked at." },
            },
            "additionalProperties": false,
        })
    }

    /// All that a body of `/predict` may be.
    fn body(&self) -> Value {
        let bare = ["Record", "Records", "Columns", "LabelledColumns"].map(|kind| self.part(kind));
        let table = (self.wraps("columns") && self.wraps("data")).then(|| self.part("Table"));
        let wrapping = WRAPPERS[2..].iter().filter(|key| self.wraps(key)).map(|key| self.under(key, &Map::new()));
        let forms: Vec<Value> = bare.into_iter().chain(table).chain(wrapping).collect();
        json!({ "description": "Rows, in any of these forms; all get the same bits.", "anyOf": forms })
    }

    fn under(&self, key: &str, beside: &Map<String, Value>) -> Value {
        let either = || self.rows(&json!({ "anyOf": [self.part("Record"), self.part("Row")] }));
        let held = match key {
            "dataframe_split" => self.part("Table"),
            "dataframe_records" => self.part("Records"),
            "inputs" => {
                json!({ "anyOf": [either(), self.part("Record"), self.part("Columns"), self.part("LabelledColumns")] })
            }
            _ => either(),
        };
        let mut properties = json!({ key: held });
        for (name, schema) in beside {
            properties[name] = schema.clone();
        }
        json!({ "type": "object", "required": [key], "properties": properties, "additionalProperties": false })
    }
}

/// The body of a model that is not known.
pub(super) fn any() -> Value {
    json!({
        "description": "Rows of the model's features: a record, a list of records, columns of values, or a table.",
        "type": ["object", "array"],
    })
}

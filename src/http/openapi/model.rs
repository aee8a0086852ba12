//! What one model adds to the components: `model.json`, filled with its features, classes and examples.
//!
//! JSON Schema cannot say that columns are equally long or that their labels agree; the descriptions do.

use serde::ser::SerializeMap;
use serde_json::{Map, Value, json};

use crate::config::ExtraFeatures;
use crate::http::tensor::Output;
use crate::model::labels::LabelKind;
use crate::model::schema::{Feature, Schema, Target};
use crate::serve::registry::Snapshot;

use super::examples::Rows;
use super::subject::Subject;
use super::template::{Filled, Filling, Values, is_dropped};
use super::{beside, features, tensors};

const TEMPLATE: &str = include_str!("model.json");

/// The keys that wrap rows. On `/predict` a feature of such a name makes the object columns.
const WRAPPERS: [&str; 6] = ["columns", "data", "dataframe_split", "dataframe_records", "instances", "inputs"];

/// The model's schemas, request bodies and responses, named after it.
pub(super) struct ModelComponents<'a> {
    subject: &'a Subject<'a>,
    served: &'a Snapshot,
    /// `model.json`, with the forms that this model has.
    template: Value,
    rows: Rows<'a>,
}

impl<'a> ModelComponents<'a> {
    /// Of this model.
    pub(super) fn new(subject: &'a Subject<'a>, served: &'a Snapshot) -> Self {
        let mut template: Value = serde_json::from_str(TEMPLATE).expect("model.json is JSON");
        let schema = served.model.schema();
        let bodies = template["requestBodies"].as_object_mut().expect("model.json has request bodies");
        if !served.is_default {
            bodies.shift_remove("{model}.mlflow");
        }
        if !served.is_default || subject.vertex.predict.is_none() {
            bodies.shift_remove("{model}.vertex");
        }
        for key in WRAPPERS.into_iter().filter(|key| !wraps(schema, key)) {
            remove_form(&mut template, key);
        }
        Self { subject, served, template, rows: Rows::new(&served.model, subject.shows_statistics()) }
    }

    /// Writes those of a kind (`schemas`, `requestBodies`, `responses`) into the map of all of them.
    pub(super) fn write<M: SerializeMap>(&self, kind: &str, all: &mut M) -> Result<(), M::Error> {
        let values = self.values();
        let templates = self.template[kind].as_object().into_iter().flatten();
        for (name, template) in templates.filter(|(_, template)| !is_dropped(template, &values)) {
            all.serialize_entry(&name.replace("{model}", &self.served.name), &Filled { template, values: &values })?;
        }
        Ok(())
    }

    /// What takes the place of the template's names.
    fn values(&self) -> Values<'_> {
        let schema = self.served.model.schema();
        let mut values = Values::new();
        values.extend(limits(self.subject, schema));
        values.extend(of_features(self.subject, schema, self.rows.plain));
        values.extend(of_answer(self.subject, self.served, &self.rows));
        values.extend(self.rows.values());
        let parts = self.template["parts"].as_object().into_iter().flatten();
        values.extend(parts.map(|(name, part)| (name.as_str(), Filling::Part(part))));
        tensors::add_values(&mut values, &self.template, self.served, &self.rows);
        values
    }
}

/// True when the key wraps rows on `/predict`: no feature is called so.
fn wraps(schema: &Schema, key: &str) -> bool {
    schema.position(key).is_none()
}

/// Removes the form of a wrapping key from what `/predict` accepts, with its example.
fn remove_form(template: &mut Value, key: &str) {
    let is_table = matches!(key, "columns" | "data");
    let is_form = |form: &Value| {
        if is_table { form["$ref"] == "#/components/schemas/{model}.Table" } else { form["required"][0] == key }
    };
    if let Value::Array(forms) = &mut template["schemas"]["{model}.Body"]["anyOf"] {
        forms.retain(|form| !is_form(form));
    }
    let body = &mut template["requestBodies"]["{model}.predict"]["content"]["application/json"];
    if let Value::Object(examples) = &mut body["examples"] {
        examples.shift_remove(if is_table { "table" } else { key });
    }
}

/// How much a body may hold, and what else may stand in it.
fn limits<'a>(subject: &Subject<'_>, schema: &Schema) -> [(&'a str, Filling<'a>); 4] {
    let (additional, property_names) = match subject.extra {
        ExtraFeatures::Reject => (json!(false), Value::Null),
        ExtraFeatures::Ignore => {
            let reserved: Vec<&str> = WRAPPERS.into_iter().filter(|key| wraps(schema, key)).collect();
            (Value::Null, json!({ "not": { "enum": reserved } }))
        }
    };
    [
        ("max_rows", Filling::Json(subject.max_rows.into())),
        ("width", Filling::Json(schema.n_features().into())),
        ("additional", Filling::Json(additional)),
        ("property_names", Filling::Json(property_names)),
    ]
}

/// The description of each feature: as a value, in a record, in columns.
fn of_features<'a>(subject: &'a Subject<'_>, schema: &'a Schema, plain: f64) -> [(&'a str, Filling<'a>); 8] {
    let (features, most) = (schema.features(), subject.max_rows);
    let list = |make: fn(&Feature) -> Value| Filling::List(features.len(), Box::new(move |i| make(&features[i])));
    let object = |make: Box<dyn Fn(&Feature) -> Value + 'a>| {
        Filling::Object(features.len(), Box::new(move |i| (features[i].name.as_str(), make(&features[i]))))
    };
    let column =
        move |f: &Feature| json!({ "type": "array", "minItems": 1, "maxItems": most, "items": features::value(f) });
    let labels = move |f: &Feature| {
        json!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": most,
            "additionalProperties": features::value(f),
        })
    };
    let shows_statistics = subject.shows_statistics();
    // What the model has its own rule for may be left out, but not everything.
    let needed: Vec<&str> = features.iter().filter(|f| !f.missing).map(|f| f.name.as_str()).collect();
    let (needed, least) = match needed.len() {
        0 => (Filling::Json(Value::Null), json!(1)),
        n => (Filling::List(n, Box::new(move |i| json!(needed[i]))), Value::Null),
    };
    [
        ("needed", needed),
        ("least", Filling::Json(least)),
        ("names", list(|f| json!(f.name))),
        ("constants", list(|f| json!({ "type": "string", "const": f.name }))),
        ("values", list(features::value)),
        ("property_of_each", object(Box::new(move |f| features::property(f, shows_statistics, plain)))),
        ("list_of_each", object(Box::new(column))),
        ("labels_of_each", object(Box::new(labels))),
    ]
}

/// What the model answers.
fn of_answer<'a>(subject: &Subject<'_>, served: &Snapshot, rows: &Rows<'_>) -> [(&'a str, Filling<'a>); 18] {
    let target = served.model.schema().target();
    let unit = target.unit.as_ref().map_or_else(String::new, |unit| format!(", in {unit}"));
    let is_classifier = !target.classes.is_empty();
    let has_probability = served.model.has_probability();
    let number = || json!({ "type": "number", "format": "double" });
    let outputs: Vec<&str> = Output::offered(&served.model).iter().map(|output| output.as_str()).collect();
    // An answer tells of the training data: only those with a token may see one.
    let answer = if subject.asks_tokens { None } else { rows.answer(served) };
    let schema = served.model.schema();
    let mut prediction = match schema.label_kind() {
        LabelKind::Integers | LabelKind::Text if is_classifier => features::one_of(&beside::labels(schema)),
        _ => beside::several(target.n_outputs(), number()),
    };
    if let Some(sentence) = served.model.header().threshold_sentence() {
        prediction["description"] = json!(format!("{sentence}."));
    }
    let raw = served.model.n_raw().map(|n_raw| {
        let text = "Raw scores, before the link: one a row, or a list of one a class or output; with `raw=true` alone.";
        json!({ "type": "array", "description": text, "items": beside::several(n_raw, number()) })
    });
    let [baseline, contributions, explanations] = beside::reasons(&served.model);
    let [interval, set] = beside::intervals(&served.model);
    let [raw_parameter, explain_parameter, interval_parameter] = beside::parameters(&served.model);
    [
        ("model", Filling::Json(json!(served.name))),
        ("target", Filling::Json(json!(format!("{}{unit}", target.name)))),
        ("prediction", Filling::Json(prediction)),
        ("probability", Filling::Json(if has_probability { probability(target) } else { Value::Null })),
        ("raw", Filling::Json(raw.unwrap_or_default())),
        ("interval", Filling::Json(interval)),
        ("set", Filling::Json(set)),
        ("baseline", Filling::Json(baseline)),
        ("contributions", Filling::Json(contributions)),
        ("explanations", Filling::Json(explanations)),
        ("raw_parameter", Filling::Json(raw_parameter)),
        ("explain_parameter", Filling::Json(explain_parameter)),
        ("interval_parameter", Filling::Json(interval_parameter)),
        ("answer_columns", Filling::Json(json!(beside::columns(&served.model)))),
        ("answer_members", Filling::Json(json!(beside::members(&served.model)))),
        ("answer", Filling::Json(answer.unwrap_or_default())),
        ("n_outputs", Filling::Json(outputs.len().into())),
        ("outputs", Filling::Json(json!(outputs))),
    ]
}

fn probability(target: &Target) -> Value {
    let share = || json!({ "type": "number", "format": "double", "minimum": 0, "maximum": 1 });
    let classes: Map<String, Value> = target.classes.iter().map(|class| (class.clone(), share())).collect();
    json!({
        "type": "array",
        "description": "Each row's probability of each class.",
        "items": { "type": "object", "required": target.classes, "properties": classes },
    })
}

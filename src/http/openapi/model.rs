//! What one model adds to the components: `model.json`, filled with its features, classes and examples.
//!
//! JSON Schema cannot say that columns are equally long or that their labels agree; the descriptions do.

use serde_json::{Map, Value, json};

use crate::config::ExtraFeatures;
use crate::http::tensor::Output;
use crate::model::schema::{Feature, Schema, Target};
use crate::serve::registry::Snapshot;

use super::examples::Rows;
use super::subject::Subject;
use super::template::fill;
use super::{features, tensors};

const TEMPLATE: &str = include_str!("model.json");

/// The keys that wrap rows. On `/predict` a feature of such a name makes the object columns.
const WRAPPERS: [&str; 6] = ["columns", "data", "dataframe_split", "dataframe_records", "instances", "inputs"];

/// The model's schemas, request bodies and responses, named after it.
pub(super) fn components(subject: &Subject<'_>, served: &Snapshot) -> Value {
    let mut template: Value = serde_json::from_str(TEMPLATE).expect("model.json is JSON");
    let (schema, name) = (served.model.schema(), &served.name);
    let rows = Rows::new(schema, subject.shows_statistics());
    let mut values = Map::new();
    values.extend(limits(subject, schema));
    values.extend(of_features(subject, schema));
    values.extend(of_answer(subject, served, &rows));
    values.extend(of_examples(&rows));
    for (name, part) in template["parts"].as_object().into_iter().flatten() {
        let filled = fill(part, &values);
        values.insert(name.clone(), filled);
    }
    values.extend(tensors::values(&template["tensor"], &values, schema, &rows));
    let bodies = template["requestBodies"].as_object_mut().expect("model.json has request bodies");
    if !served.is_default {
        bodies.shift_remove("{model}.mlflow");
    }
    if !served.is_default || subject.vertex.predict.is_none() {
        bodies.shift_remove("{model}.vertex");
    }
    let mut components = json!({});
    for kind in ["schemas", "requestBodies", "responses"] {
        components[kind] = fill(&template[kind], &values);
    }
    for key in WRAPPERS.into_iter().filter(|key| !wraps(schema, key)) {
        remove_form(&mut components, name, key);
    }
    components
}

/// True when the key wraps rows on `/predict`: no feature is called so.
fn wraps(schema: &Schema, key: &str) -> bool {
    schema.position(key).is_none()
}

/// Removes the form of a wrapping key from what `/predict` accepts, with its example.
fn remove_form(components: &mut Value, model: &str, key: &str) {
    let table = format!("#/components/schemas/{model}.Table");
    let is_table = matches!(key, "columns" | "data");
    let is_form = |form: &Value| if is_table { form["$ref"] == table } else { form["required"][0] == key };
    if let Value::Array(forms) = &mut components["schemas"][format!("{model}.Body")]["anyOf"] {
        forms.retain(|form| !is_form(form));
    }
    if let Value::Object(examples) = &mut components["requestBodies"][model]["content"]["application/json"]["examples"]
    {
        examples.shift_remove(if is_table { "table" } else { key });
    }
}

/// How much a body may hold, and what else may stand in it.
fn limits(subject: &Subject<'_>, schema: &Schema) -> Map<String, Value> {
    let (additional, property_names) = match subject.extra {
        ExtraFeatures::Reject => (json!(false), Value::Null),
        ExtraFeatures::Ignore => {
            let reserved: Vec<&str> = WRAPPERS.into_iter().filter(|key| wraps(schema, key)).collect();
            (Value::Null, json!({ "not": { "enum": reserved } }))
        }
    };
    Map::from_iter([
        ("max_rows".to_owned(), subject.max_rows.into()),
        ("width".to_owned(), schema.n_features().into()),
        ("additional".to_owned(), additional),
        ("property_names".to_owned(), property_names),
    ])
}

/// What is said of each feature: as a value, in a record, in columns.
fn of_features(subject: &Subject<'_>, schema: &Schema) -> Map<String, Value> {
    let each = |make: &dyn Fn(&Feature) -> Value| -> Value {
        schema.features().iter().map(|f| (f.name.clone(), make(f))).collect::<Map<_, _>>().into()
    };
    let list = |f: &Feature| json!({ "type": "array", "minItems": 1, "maxItems": subject.max_rows, "items": features::value(f) });
    let labels = |f: &Feature| {
        json!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": subject.max_rows,
            "additionalProperties": features::value(f),
        })
    };
    Map::from_iter([
        ("names".to_owned(), schema.features().iter().map(|f| json!(f.name)).collect()),
        ("constants".to_owned(), schema.features().iter().map(|f| json!({ "const": f.name })).collect()),
        ("values".to_owned(), schema.features().iter().map(features::value).collect()),
        ("property_of_each".to_owned(), each(&|f| features::property(f, subject.shows_statistics()))),
        ("list_of_each".to_owned(), each(&list)),
        ("labels_of_each".to_owned(), each(&labels)),
    ])
}

/// What the model answers.
fn of_answer(subject: &Subject<'_>, served: &Snapshot, rows: &Rows<'_>) -> Map<String, Value> {
    let target = served.model.schema().target();
    let unit = target.unit.as_ref().map_or_else(String::new, |unit| format!(", in {unit}"));
    let is_classifier = !target.classes.is_empty();
    let outputs: Vec<&str> = Output::of(&served.model).iter().map(|output| output.as_str()).collect();
    // An answer tells of the training data: only those with a token may see one.
    let answer = if subject.asks_tokens { None } else { rows.answer(served) };
    Map::from_iter([
        ("model".to_owned(), json!(served.name)),
        ("target".to_owned(), json!(format!("{}{unit}", target.name))),
        (
            "prediction".to_owned(),
            if is_classifier { json!({ "enum": target.classes }) } else { json!({ "type": "number" }) },
        ),
        ("probability".to_owned(), if is_classifier { probability(target) } else { Value::Null }),
        ("answer".to_owned(), answer.unwrap_or_default()),
        ("n_outputs".to_owned(), outputs.len().into()),
        ("outputs".to_owned(), json!(outputs)),
    ])
}

fn probability(target: &Target) -> Value {
    let share = || json!({ "type": "number", "minimum": 0, "maximum": 1 });
    let classes: Map<String, Value> = target.classes.iter().map(|class| (class.clone(), share())).collect();
    json!({
        "type": "array",
        "description": "Each row's probability of each class, where the method has them.",
        "items": { "type": "object", "required": target.classes, "properties": classes },
    })
}

fn of_examples(rows: &Rows<'_>) -> Map<String, Value> {
    Map::from_iter([
        ("record".to_owned(), rows.record()),
        ("records".to_owned(), rows.records()),
        ("columns".to_owned(), rows.columns()),
        ("labelled_columns".to_owned(), rows.labelled_columns()),
        ("table".to_owned(), rows.table()),
        ("lists".to_owned(), rows.lists()),
        ("csv".to_owned(), rows.csv().into()),
        ("ndjson".to_owned(), rows.lines().into()),
    ])
}

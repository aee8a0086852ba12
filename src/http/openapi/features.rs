//! A feature as JSON Schema: what the server accepts of it, and, apart from that, what training saw.
//!
//! What is accepted is exact, so that a client may validate by it; ranges of training are hints, because the server
//! answers rows beyond them too.

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use crate::model::cell::{Cell, MAX_ABS};
use crate::model::date;
use crate::model::labels;
use crate::model::schema::{Feature, FeatureKind, Impute};
use crate::model::statistics::Stats;
use crate::text::date::DateForm;
use crate::text::number::{MAX_EXACT, is_integer, parse_number};
use crate::text::shorten::quoted;

use super::examples;

/// The feature as a property of a record, described; with what training saw of it if that may be shown. `plain` is an
/// example of a number whose range is not known.
pub(super) fn property(feature: &Feature, shows_statistics: bool, plain: f64) -> Value {
    let mut schema = match feature.kind {
        FeatureKind::Numeric => {
            let mut schema = any_number(feature.accepts_missing());
            if !feature.unbounded {
                (schema["minimum"], schema["maximum"]) = (json!(-MAX_ABS), json!(MAX_ABS));
            }
            schema
        }
        FeatureKind::Categorical => category(feature),
        FeatureKind::Date(form) => date_text(form, feature.accepts_missing()),
    };
    let description = description(feature, shows_statistics);
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema["examples"] = json!([examples::cell(feature, shows_statistics, Stats::MEDIAN, plain)]);
    if let Some(unit) = &feature.unit {
        schema["x-unit"] = json!(unit);
    }
    if feature.sensitive {
        schema["x-sensitive"] = json!(true);
    }
    if shows_statistics && feature.stats.is_some() {
        schema["x-training"] = training(feature);
    }
    schema
}

/// The accepted values, in a few words.
pub(super) fn value(feature: &Feature) -> Value {
    match (feature.kind, feature.accepts_missing()) {
        (FeatureKind::Numeric, accepts_missing) => number(accepts_missing, !feature.unbounded),
        (FeatureKind::Categorical, _) => category(feature),
        (FeatureKind::Date(form), accepts_missing) => date_text(form, accepts_missing),
    }
}

/// What names a category: anything, where the model has a rule for those that are not listed.
fn category(feature: &Feature) -> Value {
    if !feature.unknown {
        return one_of(&words(feature));
    }
    let text = if feature.accepts_missing() { json!(["string", "null"]) } else { json!("string") };
    let others = [json!({ "type": "number", "format": "double" }), json!({ "type": "boolean" })];
    json!({ "anyOf": [{ "type": text }, others[0], others[1]] })
}

/// A date as text. In OpenAPI 3.1 `format` is a hint for generators and people, `pattern` says what is accepted.
fn date_text(form: DateForm, accepts_missing: bool) -> Value {
    let kinds = if accepts_missing { json!(["string", "null"]) } else { json!("string") };
    json!({ "type": kinds, "format": "date-time", "pattern": form.pattern() })
}

/// These values and no others. Values of several types are listed type by type, and a fraction as a range of itself:
/// generators of clients give up on other lists.
pub(super) fn one_of(values: &[Value]) -> Value {
    let of = |is: fn(&Value) -> bool| values.iter().filter(|value| is(value)).collect::<Vec<&Value>>();
    let (texts, truths, fractions) = (of(Value::is_string), of(Value::is_boolean), of(Value::is_f64));
    let integers = of(|value| value.is_i64() || value.is_u64());
    let list = |kind: &str, values: &[&Value]| (!values.is_empty()).then(|| json!({ "type": kind, "enum": values }));
    let mut kinds: Vec<Value> = list("string", &texts).into_iter().chain(list("integer", &integers)).collect();
    kinds.extend(fractions.iter().map(|v| json!({ "type": "number", "format": "double", "minimum": v, "maximum": v })));
    match truths.as_slice() {
        [] => {}
        [truth] => kinds.push(json!({ "type": "boolean", "const": truth })),
        _ => kinds.push(json!({ "type": "boolean" })),
    }
    if let (Some(first), true) = (kinds.first_mut(), values.contains(&Value::Null)) {
        first["type"] = json!([first["type"], "null"]);
        first["enum"].as_array_mut().into_iter().for_each(|list| list.push(Value::Null));
    }
    if kinds.len() == 1 { kinds.remove(0) } else { json!({ "anyOf": kinds }) }
}

/// A number; a reference where its range is that of most.
pub(super) fn number(accepts_missing: bool, is_bounded: bool) -> Value {
    match (is_bounded, accepts_missing) {
        (false, _) => any_number(accepts_missing),
        (true, true) => json!({ "$ref": "#/components/schemas/NumberOrNull" }),
        (true, false) => json!({ "$ref": "#/components/schemas/Number" }),
    }
}

/// A number of 64 bits, whatever its size.
fn any_number(accepts_missing: bool) -> Value {
    let kinds = if accepts_missing { json!(["number", "null"]) } else { json!("number") };
    json!({ "type": kinds, "format": "double" })
}

/// Everything that names a category: its text, the number whose digits it is, the boolean it spells, null where missing
/// cells are filled.
fn words(feature: &Feature) -> Vec<Value> {
    let mut words: Vec<Value> = feature.categories.iter().map(|category| json!(category)).collect();
    let mut seen = HashSet::new();
    let numbers = feature.categories.iter().filter_map(|category| spelled_number(feature, category));
    words.extend(numbers.filter(|number| seen.insert(number.to_string())));
    let is_spelled = |truth: &bool| feature.read(Cell::Bool(*truth)).is_ok();
    words.extend([false, true].into_iter().filter(is_spelled).map(Value::from));
    if feature.accepts_missing() {
        words.push(Value::Null);
    }
    words
}

/// The JSON number that names this category, if every JSON writer spells it so, or any spelling will do.
fn spelled_number(feature: &Feature, category: &str) -> Option<Value> {
    if feature.numbers && matches!(category, "True" | "False") {
        return Some(json!(u8::from(category == "True")));
    }
    match category.strip_suffix(".0") {
        Some(digits) => labels::integer(digits).filter(|whole| whole.unsigned_abs() < MAX_EXACT).map(Value::from),
        None if is_integer(category) => labels::integer(category).map(Value::from),
        None => {
            let is_spelled = |v: &f64| v.is_finite() && (feature.numbers || format!("{v}") == category);
            parse_number(category).filter(is_spelled).map(Value::from)
        }
    }
}

fn description(feature: &Feature, shows_statistics: bool) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(text) = &feature.description {
        parts.push(text.trim_end_matches('.').to_owned());
    }
    if let Some(unit) = &feature.unit {
        parts.push(format!("In {unit}"));
    }
    if let (true, Some(min), Some(max)) = (shows_statistics, feature.stats().min, feature.stats().max) {
        let saw = if feature.is_imported { "Its data had" } else { "Training saw" };
        parts.push(format!(
            "{saw} {} to {}; other values are answered too",
            feature_value(feature, min),
            feature_value(feature, max)
        ));
    }
    if let FeatureKind::Date(form) = feature.kind {
        parts.push(format!("A date as text: {}; without an offset it is UTC", form.examples()));
    }
    if feature.unknown {
        let listed = quoted(&feature.categories);
        parts.push(format!("The model knows {listed}; it has a rule for other categories"));
    }
    match &feature.impute {
        None => {}
        Some(Impute::Median(v)) if shows_statistics => {
            parts.push(format!("null counts as {}", feature_value(feature, *v)));
        }
        Some(Impute::MostFrequent(c)) if shows_statistics => parts.push(format!("null counts as {c:?}")),
        Some(_) => parts.push("null is filled as in training".to_owned()),
    }
    if feature.missing {
        parts.push("null, or left out, where it is missing".to_owned());
    }
    if feature.sensitive {
        parts.push("Encodes a protected attribute".to_owned());
    }
    parts.iter().map(|part| format!("{part}.")).collect::<Vec<_>>().join(" ")
}

fn training(feature: &Feature) -> Value {
    let stats = feature.stats();
    let mut saw = Map::new();
    saw.insert("count".to_owned(), stats.count.into());
    saw.insert("missing".to_owned(), stats.missing.into());
    let numbers =
        [("min", stats.min), ("max", stats.max), ("median", stats.median()), ("mean", stats.mean), ("sd", stats.sd)];
    // The spread of dates is in seconds; the others are dates.
    let value = |name: &str, v: f64| match feature.kind {
        FeatureKind::Date(_) if name != "sd" => date::shown(v).into(),
        _ => examples::number(v),
    };
    saw.extend(numbers.into_iter().filter_map(|(name, v)| Some((name.to_owned(), value(name, v?)))));
    if let Some(category) = examples::most_frequent(feature) {
        saw.insert("most_frequent".to_owned(), category.into());
    }
    saw.into()
}

/// A number of a feature for people.
fn feature_value(feature: &Feature, value: f64) -> String {
    if feature.kind.is_date() { date::shown(value) } else { shown(value) }
}

/// A number for people: no hundred zeros.
fn shown(value: f64) -> String {
    if value == 0.0 || (1e-4..1e15).contains(&value.abs()) { format!("{value}") } else { format!("{value:e}") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::words;
    use crate::model::schema::{Feature, FeatureKind, Impute};
    use crate::model::statistics::{Bins, Stats};

    fn categorical(categories: &[&str]) -> Feature {
        let bins = Bins { edges: Vec::new(), categories: vec![0], counts: vec![1, 0, 0] };
        let (mean, sd, min, max, histogram) = (None, None, None, None, None);
        let stats = Stats { count: 1, missing: 0, mean, sd, min, max, quantiles: Vec::new(), histogram, bins };
        Feature {
            name: "f".to_owned(),
            kind: FeatureKind::Categorical,
            unit: None,
            description: None,
            sensitive: false,
            categories: categories.iter().map(|c| (*c).to_owned()).collect(),
            impute: None,
            missing: false,
            unknown: false,
            untrimmed: false,
            numbers: false,
            blanks: false,
            unbounded: false,
            is_imported: false,
            stats: Some(stats),
        }
    }

    #[test]
    fn a_category_is_also_the_number_or_boolean_that_it_spells() {
        let mut feature = categorical(&["001", "1", "1.0", "1.5", "123456789012345679", "2e1", "True", "a"]);
        let expected = json!([
            "001",
            "1",
            "1.0",
            "1.5",
            "123456789012345679",
            "2e1",
            "True",
            "a",
            1,
            1.5,
            123_456_789_012_345_679_i64,
            true
        ]);
        assert_eq!(json!(words(&feature)), expected);
        feature.impute = Some(Impute::MostFrequent("a".to_owned()));
        assert_eq!(words(&feature).last(), Some(&json!(null)));
    }
}

//! JSON templates: values in place of `"{name}"`, and members that depend on whether the server asks for tokens.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// Members that an object of the static document has where the server asks for tokens, `null` for those that it has
/// not; `null` in place of all of them for an object that is left out.
const WITH_TOKENS: &str = "x-with-tokens";

/// The same where it asks for none.
const WITHOUT_TOKENS: &str = "x-without-tokens";

/// What takes the place of a name in braces. What may be long is made a piece at a time, while the document is written.
pub(super) enum Filling<'a> {
    /// A small value; null leaves out the member or element that it fills.
    Json(Value),
    /// A template, filled with the same values.
    Part(&'a Value),
    /// A list of this many elements, each made from its index.
    List(usize, Box<dyn Fn(usize) -> Value + 'a>),
    /// An object of this many members, each made from its index.
    Object(usize, Box<dyn Fn(usize) -> (&'a str, Value) + 'a>),
}

/// What takes the place of each name.
pub(super) type Values<'a> = HashMap<&'a str, Filling<'a>>;

/// A template with values in place of their names in braces, as it is written: `"{width}"` becomes the value, and a
/// longer text or a key gets the value's text. A member or element whose value is null is left out.
pub(super) struct Filled<'t, 'v> {
    /// The template.
    pub(super) template: &'t Value,
    /// The values.
    pub(super) values: &'t Values<'v>,
}

impl Serialize for Filled<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { template, values } = *self;
        let with = |template| Filled { template, values };
        match template {
            Value::String(text) => match only_name(text).and_then(|name| values.get(name)) {
                Some(Filling::Json(value)) => value.serialize(serializer),
                Some(Filling::Part(part)) => with(part).serialize(serializer),
                Some(Filling::List(length, make)) => serializer.collect_seq((0..*length).map(make)),
                Some(Filling::Object(length, make)) => serializer.collect_map((0..*length).map(make)),
                None => serializer.serialize_str(&fill_text(text, values)),
            },
            Value::Array(elements) => {
                serializer.collect_seq(elements.iter().filter(|e| !is_dropped(e, values)).map(with))
            }
            Value::Object(members) => {
                let kept = members.iter().filter(|(_, member)| !is_dropped(member, values));
                serializer.collect_map(kept.map(|(key, member)| (fill_text(key, values), with(member))))
            }
            other => other.serialize(serializer),
        }
    }
}

/// A small template, filled.
pub(super) fn fill(template: &Value, values: &Values<'_>) -> Value {
    serde_json::to_value(Filled { template, values }).expect("keys are texts and values are JSON")
}

/// True for a template that is nothing but the name of a value that is null.
pub(super) fn is_dropped(template: &Value, values: &Values<'_>) -> bool {
    let value = template.as_str().and_then(only_name).and_then(|name| values.get(name));
    matches!(value, Some(Filling::Json(Value::Null)))
}

/// The name in a text that is nothing but a name in braces.
fn only_name(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

/// The text with values in place of their names. What a value brings is not read again: a feature may be called `{x}`.
fn fill_text<'t>(text: &'t str, values: &Values<'_>) -> Cow<'t, str> {
    if !text.contains('{') {
        return text.into();
    }
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(name, tail)| Some((values.get(name)?, tail)));
        if let Some((value, tail)) = value {
            push_text(&mut filled, value);
            rest = tail;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    (filled + rest).into()
}

/// Appends a value inside of a longer text: a list with commas between.
fn push_text(filled: &mut String, value: &Filling<'_>) {
    let mut push = |value: &Value| match value {
        Value::String(text) => filled.push_str(text),
        other => filled.push_str(&other.to_string()),
    };
    match value {
        Filling::Json(value) => push(value),
        Filling::List(length, make) => {
            for i in 0..*length {
                push(&make(i));
                if i + 1 < *length {
                    push(&", ".into());
                }
            }
        }
        Filling::Part(_) | Filling::Object(..) => {}
    }
}

/// Applies the members of `x-with-tokens` or `x-without-tokens` to the objects that hold them.
pub(super) fn decide_tokens(value: &mut Value, asks_tokens: bool) {
    let (chosen, other) = if asks_tokens { (WITH_TOKENS, WITHOUT_TOKENS) } else { (WITHOUT_TOKENS, WITH_TOKENS) };
    match value {
        Value::Object(members) => {
            members.shift_remove(other);
            if let Some(Value::Object(changes)) = members.shift_remove(chosen) {
                apply(changes, members);
            }
            members.retain(|_, member| member.get(chosen) != Some(&Value::Null));
            members.values_mut().for_each(|member| decide_tokens(member, asks_tokens));
        }
        Value::Array(elements) => elements.iter_mut().for_each(|element| decide_tokens(element, asks_tokens)),
        _ => {}
    }
}

fn apply(changes: Map<String, Value>, members: &mut Map<String, Value>) {
    for (name, change) in changes {
        match change {
            Value::Null => drop(members.shift_remove(&name)),
            change => drop(members.insert(name, change)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Filling, Values, decide_tokens, fill};

    #[test]
    fn names_in_braces_become_values_once() {
        let values = Values::from([
            ("names", Filling::List(2, Box::new(|i| json!(["a", "{width}"][i])))),
            ("width", Filling::Json(json!(2))),
            ("none", Filling::Json(json!(null))),
        ]);
        let template = json!({
            "{width}.x": "{names}", "text": "of {names}: {width}, {other}", "left out": "{none}", "list": ["{none}", 1],
        });
        let filled = json!({ "2.x": ["a", "{width}"], "text": "of a, {width}: 2, {other}", "list": [1] });
        assert_eq!(fill(&template, &values), filled);
    }

    #[test]
    fn one_of_two_forms_is_taken() {
        let document = json!({
            "a": 1, "b": 2, "d": { "x-with-tokens": null, "e": 1 },
            "x-with-tokens": { "a": 3 }, "x-without-tokens": { "b": null, "c": [{ "x-with-tokens": {} }] },
        });
        let decided = |asks_tokens| {
            let mut document = document.clone();
            decide_tokens(&mut document, asks_tokens);
            document
        };
        assert_eq!(decided(true), json!({ "a": 3, "b": 2 }));
        assert_eq!(decided(false), json!({ "a": 1, "d": { "e": 1 }, "c": [{}] }));
    }
}

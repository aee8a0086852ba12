//! JSON templates: values in place of `"{name}"`, and members that depend on whether the server asks for tokens.

use serde_json::{Map, Value};

/// Members that an object of the static document has where the server asks for tokens, `null` for those that it has
/// not; `null` in place of all of them for an object that is left out.
const WITH_TOKENS: &str = "x-with-tokens";

/// The same where it asks for none.
const WITHOUT_TOKENS: &str = "x-without-tokens";

/// A copy of a template with `values` in place of their names in braces: `"{width}"` becomes the value, and a longer
/// text or a key gets the value's text. A member or element whose value is `null` is left out.
pub(super) fn fill(template: &Value, values: &Map<String, Value>) -> Value {
    match template {
        Value::String(text) => match only_name(text).and_then(|name| values.get(name)) {
            Some(value) => value.clone(),
            None => fill_text(text, values).into(),
        },
        Value::Array(elements) => elements.iter().filter_map(|element| fill_or_drop(element, values)).collect(),
        Value::Object(members) => {
            let filled =
                |(key, member): (&String, &Value)| Some((fill_text(key, values), fill_or_drop(member, values)?));
            members.iter().filter_map(filled).collect::<Map<_, _>>().into()
        }
        other => other.clone(),
    }
}

fn fill_or_drop(template: &Value, values: &Map<String, Value>) -> Option<Value> {
    let is_dropped = template.as_str().and_then(only_name).and_then(|name| values.get(name)) == Some(&Value::Null);
    (!is_dropped).then(|| fill(template, values))
}

/// The name in a text that is nothing but a name in braces.
fn only_name(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}')
}

/// The text with values in place of their names. What a value brings is not read again: a feature may be called `{x}`.
fn fill_text(text: &str, values: &Map<String, Value>) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(name, tail)| Some((values.get(name)?, tail)));
        if let Some((value, tail)) = value {
            filled.push_str(&as_text(value));
            rest = tail;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled + rest
}

/// A value inside of a longer text: a list with commas between.
fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => elements.iter().map(as_text).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
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

    use super::{decide_tokens, fill};

    #[test]
    fn names_in_braces_become_values_once() {
        let values = json!({ "names": ["a", "{width}"], "width": 2, "none": null });
        let template = json!({
            "{width}.x": "{names}", "text": "of {names}: {width}, {other}", "left out": "{none}", "list": ["{none}", 1],
        });
        let filled = json!({ "2.x": ["a", "{width}"], "text": "of a, {width}: 2, {other}", "list": [1] });
        assert_eq!(fill(&template, values.as_object().unwrap()), filled);
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

//! Tells in words how one schema differs from another.

use super::schema::{Feature, Schema};
use crate::text::shorten::quoted;

/// Most differences listed.
const MAX_SHOWN: usize = 8;

/// What `new` asks of a row, or answers, otherwise than `old`: `no longer "RM"; new "AGE"; "CHAS" is numeric, was
/// categorical`. Empty when there is nothing.
pub fn difference(old: &Schema, new: &Schema) -> String {
    let mut differences = Vec::new();
    let absent = |from: &Schema, of: &Schema| {
        let names = from.features().iter().map(|f| &f.name).filter(|name| of.position(name).is_none());
        names.cloned().collect::<Vec<String>>()
    };
    let (gone, added) = (absent(old, new), absent(new, old));
    if !gone.is_empty() {
        differences.push(format!("no longer {}", quoted(&gone)));
    }
    if !added.is_empty() {
        differences.push(format!("new {}", quoted(&added)));
    }
    for feature in new.features() {
        if let Some(position) = old.position(&feature.name) {
            differences.extend(of_feature(&old.features()[position], feature));
        }
    }
    let order = |schema: &Schema| schema.features().iter().map(|f| f.name.clone()).collect::<Vec<String>>();
    if gone.is_empty() && added.is_empty() && order(old) != order(new) {
        differences.push("the columns are in another order".to_owned());
    }
    let (before, after) = (old.target(), new.target());
    if before.name != after.name {
        differences.push(format!("the target is {:?}, was {:?}", after.name, before.name));
    }
    if old.task() != new.task() {
        differences.push(format!("the task is {}, was {}", new.task().as_str(), old.task().as_str()));
    } else if before.classes != after.classes {
        differences.push(words("the classes", &before.classes, &after.classes));
    }
    let more = differences.len().saturating_sub(MAX_SHOWN);
    differences.truncate(MAX_SHOWN);
    let differences = differences.join("; ");
    if more == 0 { differences } else { format!("{differences}; and {more} more") }
}

fn of_feature(old: &Feature, new: &Feature) -> Option<String> {
    let name = &new.name;
    if old.kind != new.kind {
        return Some(format!("{name:?} is {}, was {}", new.kind, old.kind));
    }
    if old.categories != new.categories {
        return Some(words(&format!("{name:?}"), &old.categories, &new.categories));
    }
    let rule = |rule: fn(&Feature) -> bool| (rule(old), rule(new));
    let rules = [
        (rule(Feature::accepts_missing), "may no longer be missing", "may be missing"),
        (rule(|f| f.missing), "may no longer be left out", "may be left out"),
        (rule(|f| f.unknown), "takes listed categories alone", "takes categories that are not listed"),
        (rule(|f| f.untrimmed), "is compared without blanks around it", "is compared with the blanks around it"),
        (rule(|f| f.numbers), "compares categories as texts", "compares categories as numbers"),
        (rule(|f| f.blanks), "no longer goes by its name with blanks", "goes by its name with blanks too"),
    ];
    let what = rules.into_iter().find_map(|((was, is), gone, came)| match (was, is) {
        (true, false) => Some(gone),
        (false, true) => Some(came),
        _ => None,
    });
    what.map(|what| format!("{name:?} {what}"))
}

/// How a list of words differs from what it was.
fn words(what: &str, old: &[String], new: &[String]) -> String {
    let absent = |from: &[String], of: &[String]| {
        let known: std::collections::HashSet<&String> = of.iter().collect();
        from.iter().filter(|word| !known.contains(word)).cloned().collect::<Vec<String>>()
    };
    let parts = [("without", absent(old, new)), ("with", absent(new, old))];
    let parts = parts.iter().filter(|(_, words)| !words.is_empty());
    let parts: Vec<String> = parts.map(|(how, words)| format!("{how} {}", quoted(words))).collect();
    if parts.is_empty() { format!("{what} in another order") } else { format!("{what} {}", parts.join(", ")) }
}

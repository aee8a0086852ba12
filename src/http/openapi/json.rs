//! `json!`, as `serde_json` spells it, in less machine code.
//!
//! Stands apart because the document is thousands of literals: `serde_json`'s macro writes an insertion and a conversion
//! out for each of them, which made a tenth of this program. Here each is a call: 180 kB less.

use serde::Serialize;
use serde_json::{Map, Value};

/// A [`Value`] written as JSON; keys are literals or expressions in parentheses, values literals, JSON or expressions.
macro_rules! json {
    (@members $map:ident) => {};
    (@members $map:ident $key:tt : null $(, $($rest:tt)*)?) => {
        $crate::http::openapi::json::put(&mut $map, AsRef::<str>::as_ref(&$key), ::serde_json::Value::Null);
        $($crate::http::openapi::json::json!(@members $map $($rest)*);)?
    };
    (@members $map:ident $key:tt : { $($value:tt)* } $(, $($rest:tt)*)?) => {
        $crate::http::openapi::json::put(
            &mut $map, AsRef::<str>::as_ref(&$key), $crate::http::openapi::json::json!({ $($value)* }));
        $($crate::http::openapi::json::json!(@members $map $($rest)*);)?
    };
    (@members $map:ident $key:tt : [ $($value:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::http::openapi::json::put(
            &mut $map, AsRef::<str>::as_ref(&$key), $crate::http::openapi::json::json!([ $($value)* ]));
        $($crate::http::openapi::json::json!(@members $map $($rest)*);)?
    };
    (@members $map:ident $key:tt : $value:expr $(, $($rest:tt)*)?) => {
        $crate::http::openapi::json::put(
            &mut $map, AsRef::<str>::as_ref(&$key), $crate::http::openapi::json::value(&$value));
        $($crate::http::openapi::json::json!(@members $map $($rest)*);)?
    };
    (@elements $list:ident) => {};
    (@elements $list:ident null $(, $($rest:tt)*)?) => {
        $crate::http::openapi::json::add(&mut $list, ::serde_json::Value::Null);
        $($crate::http::openapi::json::json!(@elements $list $($rest)*);)?
    };
    (@elements $list:ident { $($value:tt)* } $(, $($rest:tt)*)?) => {
        $crate::http::openapi::json::add(&mut $list, $crate::http::openapi::json::json!({ $($value)* }));
        $($crate::http::openapi::json::json!(@elements $list $($rest)*);)?
    };
    (@elements $list:ident [ $($value:tt)* ] $(, $($rest:tt)*)?) => {
        $crate::http::openapi::json::add(&mut $list, $crate::http::openapi::json::json!([ $($value)* ]));
        $($crate::http::openapi::json::json!(@elements $list $($rest)*);)?
    };
    (@elements $list:ident $value:expr $(, $($rest:tt)*)?) => {
        $crate::http::openapi::json::add(&mut $list, $crate::http::openapi::json::value(&$value));
        $($crate::http::openapi::json::json!(@elements $list $($rest)*);)?
    };
    (null) => { ::serde_json::Value::Null };
    ([]) => { ::serde_json::Value::Array(Vec::new()) };
    ({}) => { ::serde_json::Value::Object(::serde_json::Map::new()) };
    ([ $($value:tt)+ ]) => {{
        let mut list: Vec<::serde_json::Value> = Vec::new();
        $crate::http::openapi::json::json!(@elements list $($value)+);
        ::serde_json::Value::Array(list)
    }};
    ({ $($value:tt)+ }) => {{
        let mut map = ::serde_json::Map::new();
        $crate::http::openapi::json::json!(@members map $($value)+);
        ::serde_json::Value::Object(map)
    }};
    ($value:expr) => { $crate::http::openapi::json::value(&$value) };
}

pub(in crate::http::openapi) use json;

/// Sets a member.
#[inline(never)]
pub(in crate::http::openapi) fn put(map: &mut Map<String, Value>, key: &str, value: Value) {
    map.insert(key.to_owned(), value);
}

/// Adds an element.
#[inline(never)]
pub(in crate::http::openapi) fn add(list: &mut Vec<Value>, value: Value) {
    list.push(value);
}

/// Anything that can be written as JSON, as a value.
#[inline(never)]
pub(in crate::http::openapi) fn value<T: Serialize + ?Sized>(value: &T) -> Value {
    serde_json::to_value(value).expect("strings, numbers, lists and maps with text keys can be written")
}

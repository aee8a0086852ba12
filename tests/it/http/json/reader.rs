//! The pull parser against texts that are not JSON, and against `serde_json`.

use proptest::prelude::*;

use smartserve::http::json::{JsonReader, SyntaxError, Value};

/// Reads a whole text and keeps nothing.
fn check(bytes: &[u8]) -> Result<(), SyntaxError> {
    let mut reader = JsonReader::new(bytes)?;
    let value = reader.next_value()?;
    reader.skip_rest(&value)?;
    reader.finish()
}

#[test]
fn syntax_errors_tell_line_and_column() {
    let cases = [
        ("", "the body ends where a value should be at line 1, column 1"),
        ("{\"a\":1}\n x", "the body goes on after its end at line 2, column 2"),
        ("[1,]", "expected a value at line 1, column 4"),
        ("{\"a\":1,}", "expected a key in double quotes at line 1, column 8"),
        ("{\"é\" 1}", "expected a colon at line 1, column 6"),
        ("[1 2]", "expected a comma or the end of the array at line 1, column 4"),
        ("[1}", "expected a comma or the end of the array at line 1, column 3"),
        ("{\"a\":NaN}", "JSON has no NaN and no Infinity; a missing value is null at line 1, column 6"),
        ("{\"a\":1,\"a\":2}", "\"a\" is given twice at line 1, column 12"),
        ("[\"\\ud800\"]", "half of a surrogate pair at line 1, column 3"),
        ("[\"a\nb\"]", "a control character in a string must be escaped at line 1, column 4"),
        ("[", "the body ends inside an array at line 1, column 2"),
        ("{", "the body ends inside an object at line 1, column 2"),
        ("\u{feff}{}", "JSON does not start with a byte order mark at line 1, column 1"),
        ("[,1]", "expected a value at line 1, column 2"),
        ("{,}", "expected a key in double quotes at line 1, column 2"),
    ];
    for (text, expected) in cases {
        assert_eq!(check(text.as_bytes()).unwrap_err().to_string(), expected, "{text}");
    }
    assert_eq!(check(b"[\"a\xff\"]").unwrap_err().to_string(), "not UTF-8 at line 1, column 4");
}

#[test]
fn a_guessed_key_follows_a_comma_unless_it_is_the_first() {
    let guess = |text: &str| {
        let mut reader = JsonReader::new(text.as_bytes()).unwrap();
        reader.next_value().unwrap();
        let first = reader.next_key_is(b"a");
        reader.next_value().unwrap();
        (first, reader.next_key_is(b"b"))
    };
    assert_eq!(guess(r#"{"a": 1 , "b": 2}"#), (true, true));
    assert_eq!(guess(r#"{"a": 1 "b": 2}"#), (true, false));
    assert_eq!(guess(r#"{"a": 1 ,, "b": 2}"#), (true, false));
    assert!(!JsonReader::new(b"{, \"a\": 1}").map(|mut r| r.next_value().is_ok() && r.next_key_is(b"a")).unwrap());
}

#[test]
fn thirty_two_containers_may_be_open_and_no_more() {
    let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(check(nested(32).as_bytes()).is_ok());
    assert!(check(nested(33).as_bytes()).unwrap_err().to_string().starts_with("more than 32"));
    assert!(check(&vec![b'['; 2 << 20]).is_err());
    assert!(check(format!("[{}]", vec!["[]"; 100].join(",")).as_bytes()).is_ok());
}

#[test]
fn strings_decode_every_escape() {
    let text = r#""\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00é""#;
    let value = JsonReader::new(text.as_bytes()).unwrap().next_value().unwrap();
    assert_eq!(value, Value::Text("\"\\/\u{8}\u{c}\n\r\té😀é".into()));
    for bad in [r#""\x""#, r#""\u12""#, r#""\u12G4""#, r#""\udc00""#, r#""\ud800\u0041""#, r#""\ud800x""#, "\"\\"] {
        assert!(JsonReader::new(bad.as_bytes()).unwrap().next_value().is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn what_serde_json_accepts_is_accepted_and_nothing_else(text in r#"[\[\]\{\}",:0-9eE.+\-truefalsn \\a]{0,24}"#) {
        let ours = check(text.as_bytes());
        match serde_json::from_str::<serde_json::Value>(&text) {
            Ok(_) => prop_assert!(ours.is_ok() || ours.unwrap_err().to_string().contains("twice"), "{}", text),
            Err(_) => prop_assert!(ours.is_err(), "{}", text),
        }
    }
}

#[test]
fn an_expected_key_is_taken_where_a_key_may_stand_and_nowhere_else() {
    // No comma after the opening brace, exactly one after a member.
    for (text, is_taken) in [
        ("{\"a\":", true),
        ("{ \"a\" :", true),
        ("{,\"a\":", false),
        ("{\"a\"", false),
        ("{\"ab\":", false),
        ("{\"b\":", false),
    ] {
        let mut reader = JsonReader::new(text.as_bytes()).unwrap();
        reader.next_value().unwrap();
        assert_eq!(reader.next_key_is(b"a"), is_taken, "{text}");
    }
    for (text, is_taken) in [(" , \"b\":2", true), (" \"b\":2", false), ("\"b\":2", false), (",,\"b\":2", false)] {
        let text = format!("{{\"a\":1{text}}}");
        let mut reader = JsonReader::new(text.as_bytes()).unwrap();
        reader.next_value().unwrap();
        assert!(reader.next_key_is(b"a"));
        reader.next_value().unwrap();
        assert_eq!(reader.next_key_is(b"b"), is_taken, "{text}");
    }
}

//! Numbers, read as std reads them.

use proptest::prelude::*;

use smartserve::http::json::{JsonReader, Value};

fn read(text: &str) -> Result<f64, String> {
    let mut reader = JsonReader::new(text.as_bytes()).map_err(|e| e.to_string())?;
    let value = reader.next_value().map_err(|e| e.to_string())?;
    reader.finish().map_err(|e| e.to_string())?;
    match value {
        Value::Number(number) => Ok(number),
        other => Err(format!("{other:?}")),
    }
}

#[test]
fn numbers_outside_the_grammar_are_refused() {
    for text in ["01", "-", "+1", "1.", ".5", "1e", "1e+", "--1", "1.e3", "0x10", "1_000", "NaN", "Infinity", "-00"] {
        assert!(read(text).is_err(), "{text}");
    }
}

#[test]
fn a_number_over_the_range_is_refused_and_one_under_it_is_zero() {
    for text in ["1e999", "-1e309", "1e99999999999999999999", "179769313486231580793e289"] {
        assert!(read(text).unwrap_err().contains("beyond the range"), "{text}");
    }
    assert_eq!(read("1e-400"), Ok(0.0));
    assert_eq!(read("0e99999999999999999999"), Ok(0.0));
    assert_eq!(read("1e-99999999999999999999"), Ok(0.0));
    assert_eq!(read("-0").map(f64::to_bits), Ok((-0.0_f64).to_bits()));
}

proptest! {
    #[test]
    fn every_spelling_reads_as_std_reads_it(
        text in r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?"
    ) {
        let expected: f64 = text.parse().unwrap();
        match read(&text) {
            Ok(value) => prop_assert_eq!(value.to_bits(), expected.to_bits(), "{}", text),
            Err(_) => prop_assert!(expected.is_infinite(), "{}", text),
        }
    }

    #[test]
    fn every_float_survives_its_shortest_spelling(bits in any::<u64>()) {
        let value = f64::from_bits(bits);
        if value.is_finite() {
            prop_assert_eq!(read(&serde_json::to_string(&value).unwrap()).map(f64::to_bits), Ok(bits));
        }
    }
}

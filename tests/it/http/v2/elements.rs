//! Single elements and single tensors: what each datatype holds, and that sizes agree to the byte.

use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::decode::tensors::read;
use smartserve::http::decode::{DecodeError, DecodeOptions};
use smartserve::http::problem::Problem;
use smartserve::http::tensor::Output;

use crate::support::router::serving;

/// The value that `line` (features: x) gets for one element of this type, or the error's pointers and details.
fn element(datatype: &str, bytes: &[u8]) -> Result<u64, Vec<(String, String)>> {
    let head = format!(
        r#"{{"inputs":[{{"name":"x","shape":[1,1],"datatype":"{datatype}","parameters":{{"binary_data_size":{}}}}}]}}"#,
        bytes.len()
    );
    told(&[head.as_bytes(), bytes].concat(), Some(head.len()))
}

fn element_of_json(datatype: &str, text: &str) -> Result<u64, Vec<(String, String)>> {
    let body = format!(r#"{{"inputs":[{{"name":"x","shape":[1],"datatype":"{datatype}","data":[{text}]}}]}}"#);
    told(body.as_bytes(), None)
}

fn told(body: &[u8], json_length: Option<usize>) -> Result<u64, Vec<(String, String)>> {
    let server = serving(Limits::default());
    let snapshot = server.registry.get("line").unwrap();
    let rules =
        DecodeOptions { schema: snapshot.model.schema(), model: "line", max_rows: 3, extra: ExtraFeatures::Reject };
    match read(body, json_length, &rules, &[Output::Predict]) {
        Ok(asked) => Ok(asked.batch.values()[0].to_bits()),
        Err(DecodeError::Schema(faults)) => {
            Err(faults.into_errors().0.into_iter().map(|e| (e.pointer, e.detail)).collect())
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn json_and_binary_read_the_same() {
    let cases: [(&str, &str, Vec<u8>); 14] = [
        ("BOOL", "true", vec![1]),
        ("BOOL", "0", vec![0]),
        ("UINT8", "255", vec![255]),
        ("INT8", "-128", vec![128]),
        ("UINT16", "65535", u16::MAX.to_le_bytes().to_vec()),
        ("INT16", "-2", (-2_i16).to_le_bytes().to_vec()),
        ("UINT32", "4294967295", u32::MAX.to_le_bytes().to_vec()),
        ("INT32", "-2147483648", i32::MIN.to_le_bytes().to_vec()),
        ("UINT64", "18446744073709551615", u64::MAX.to_le_bytes().to_vec()),
        ("INT64", "-9223372036854775808", i64::MIN.to_le_bytes().to_vec()),
        ("INT64", "9007199254740993", 9_007_199_254_740_993_i64.to_le_bytes().to_vec()),
        ("FP16", "0.1", vec![0x66, 0x2E]),
        ("FP32", "0.1", 0.1_f32.to_le_bytes().to_vec()),
        ("FP64", "-0.1", (-0.1_f64).to_le_bytes().to_vec()),
    ];
    for (datatype, text, bytes) in cases {
        assert_eq!(element(datatype, &bytes), element_of_json(datatype, text), "{datatype} {text}");
        assert!(element_of_json(datatype, text).is_ok(), "{datatype} {text}");
    }
}

#[test]
fn elements_out_of_range_are_refused() {
    for (datatype, text) in [
        ("UINT8", "256"),
        ("UINT8", "-1"),
        ("INT16", "1.5"),
        ("INT64", "9223372036854775808"),
        ("INT64", "1e300"),
        ("UINT64", "18446744073709551616"),
        ("FP16", "65520"),
        ("FP32", "1e39"),
        ("BOOL", "2"),
        ("BOOL", "\"true\""),
        ("FP64", "\"1\""),
        ("FP64", "true"),
        ("FP64", "[[1]]"),
        ("BYTES", "1"),
        ("BYTES", "\"1\""),
        ("FP64", "null"),
    ] {
        let errors = element_of_json(datatype, text).unwrap_err();
        assert_eq!(errors.len(), 1, "{datatype} {text}: {errors:?}");
        assert!(errors[0].0.starts_with("/inputs/0/data"), "{datatype} {text}: {errors:?}");
    }
    let cases: [(&str, &[u8], &str); 8] = [
        ("BOOL", &[2], "/inputs/0"),
        ("FP64", &f64::NAN.to_le_bytes(), "/inputs/0"),
        ("FP32", &f32::INFINITY.to_le_bytes(), "/inputs/0"),
        ("FP64", &[0; 7], "/inputs/0/parameters/binary_data_size"),
        ("INT16", &[0; 4], "/inputs/0/parameters/binary_data_size"),
        ("BYTES", &[1, 0, 0, 0, 0xFF], "/inputs/0"),
        ("BYTES", &[2, 0, 0, 0, b'a'], "/inputs/0/parameters/binary_data_size"),
        ("BYTES", &[0xFF, 0xFF, 0xFF, 0xFF], "/inputs/0/parameters/binary_data_size"),
    ];
    for (datatype, bytes, pointer) in cases {
        let errors = element(datatype, bytes).unwrap_err();
        assert_eq!(errors.iter().map(|e| e.0.as_str()).collect::<Vec<_>>(), [pointer], "{datatype}: {errors:?}");
    }
}

#[test]
fn binary_sizes_must_match() {
    const SIZE: &str = "/inputs/0/parameters/binary_data_size";
    let ask = |sizes: &str, tail: usize| {
        let head = format!(
            r#"{{"inputs":[{{"name":"x","shape":[1],"datatype":"FP64","parameters":{{"binary_data_size":{sizes}}}}}]}}"#
        );
        let errors = told(&[head.as_bytes(), &vec![0; tail]].concat(), Some(head.len()));
        errors.map_or_else(|errors| errors.into_iter().map(|e| e.0).collect(), |_| Vec::new())
    };
    assert_eq!(ask("8", 8), Vec::<String>::new());
    assert_eq!(ask("8", 9), [""]);
    assert_eq!(ask("8", 7), [SIZE, ""]);
    assert_eq!(ask("9", 8), [SIZE, ""]);
    assert_eq!(ask("9007199254740991", 8), [SIZE, ""]);
    for wrong in ["-8", "8.5", "true", "\"8\"", "9007199254740992", "1e300"] {
        assert_eq!(ask(wrong, 8)[0], SIZE, "{wrong}");
    }
}

#[test]
fn shapes_cost_no_memory_of_their_own() {
    let server = serving(Limits::default());
    let snapshot = server.registry.get("line").unwrap();
    let max_rows = usize::MAX;
    let rules =
        DecodeOptions { schema: snapshot.model.schema(), model: "line", max_rows, extra: ExtraFeatures::Reject };
    for input in [
        r#"{"name":"x","shape":[9007199254740992,1],"datatype":"FP64","data":[1]}"#,
        r#"{"name":"x","shape":[9007199254740992,1],"datatype":"FP64","parameters":{"binary_data_size":8}}"#,
        r#"{"name":"x","shape":[9007199254740992,1],"datatype":"BYTES","parameters":{"binary_data_size":8}}"#,
    ] {
        let head = format!(r#"{{"inputs":[{input}]}}"#);
        let length = input.contains("size").then_some(head.len());
        let body = if length.is_some() { [head.as_bytes(), &[0; 8]].concat() } else { head.into_bytes() };
        let refusal = read(&body, length, &rules, &[Output::Predict]).unwrap_err();
        assert_eq!(Problem::from(refusal).kind().status(), 422, "{input}");
    }
}

#[test]
fn unknown_tensors_are_ignored_when_asked() {
    let server = serving(Limits::default());
    let snapshot = server.registry.get("line").unwrap();
    let rules =
        DecodeOptions { schema: snapshot.model.schema(), model: "line", max_rows: 3, extra: ExtraFeatures::Ignore };
    let note = r#"{"name":"note","shape":[2],"datatype":"BYTES","data":["a",7]}"#;
    let x = r#"{"name":"x","shape":[2],"datatype":"FP64","data":[1,2]}"#;
    for inputs in [format!("{note},{x}"), format!("{x},{note}")] {
        let body = format!(r#"{{"inputs":[{inputs}]}}"#);
        assert_eq!(read(body.as_bytes(), None, &rules, &[Output::Predict]).unwrap().batch.values(), [1.0, 2.0]);
    }
    let note = r#"{"name":"note","shape":[2],"datatype":"BYTES","parameters":{"binary_data_size":3}}"#;
    let x = r#"{"name":"x","shape":[1],"datatype":"FP64","parameters":{"binary_data_size":8}}"#;
    let head = format!(r#"{{"inputs":[{note},{x}]}}"#);
    let body = [head.as_bytes(), b"...", &5_f64.to_le_bytes()].concat();
    assert_eq!(read(&body, Some(head.len()), &rules, &[Output::Predict]).unwrap().batch.values(), [5.0]);
}

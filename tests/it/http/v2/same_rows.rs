//! The same rows, however their tensors are written; and anything else, without a panic.

use axum::body::Body;
use http::Request;
use proptest::prelude::*;
use serde_json::{Value, json};
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::decode::DecodeOptions;
use smartserve::http::decode::tensors::read;
use smartserve::http::tensor::{Datatype, Output};

use crate::support::router::{Answer, post, public, request, send, serving};

/// Rooms, tax (sometimes missing), the colour's position.
pub(crate) type Row = (f64, Option<f64>, usize);

const COLOURS: [&str; 3] = ["blue", "green", "red"];

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((-1e150..1e150_f64, prop::option::of(-1e3..1e3_f64), 0..3_usize), 1..30)
}

/// One way of writing a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    is_nested: bool,
    is_binary: bool,
    /// Data before what says how to read it.
    is_turned: bool,
}

pub(crate) const STYLES: [Style; 5] = [
    Style { is_nested: false, is_binary: false, is_turned: false },
    Style { is_nested: true, is_binary: false, is_turned: false },
    Style { is_nested: false, is_binary: false, is_turned: true },
    Style { is_nested: true, is_binary: false, is_turned: true },
    Style { is_nested: false, is_binary: true, is_turned: false },
];

/// A tensor's elements in JSON and in binary.
pub(crate) struct Elements {
    datatype: &'static str,
    width: usize,
    json: Vec<Value>,
    bytes: Vec<u8>,
}

impl Elements {
    fn numbers(width: usize, values: impl Iterator<Item = Option<f64>> + Clone) -> Self {
        let json = values.clone().map(|v| json!(v)).collect();
        let bytes = values.flat_map(|v| v.unwrap_or(f64::NAN).to_le_bytes()).collect();
        Self { datatype: "FP64", width, json, bytes }
    }

    fn texts<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Self {
        let bytes = |text: &str| [&u32::try_from(text.len()).unwrap().to_le_bytes(), text.as_bytes()].concat();
        Self {
            datatype: "BYTES",
            width: 1,
            json: values.clone().map(|v| json!(v)).collect(),
            bytes: values.flat_map(bytes).collect(),
        }
    }

    /// The input's JSON, and what stands behind it.
    fn write(&self, name: &str, style: Style) -> (String, &[u8]) {
        let (n, width) = (self.json.len() / self.width, self.width);
        let shape = if style.is_turned && width == 1 { json!([n]) } else { json!([n, width]) };
        let head = format!(r#""name":{},"shape":{shape},"datatype":{}"#, json!(name), json!(self.datatype));
        if style.is_binary {
            let size = self.bytes.len();
            return (format!(r#"{{{head},"parameters":{{"binary_data_size":{size}}}}}"#), &self.bytes);
        }
        let data = if style.is_nested { json!(self.json.chunks(width).collect::<Vec<_>>()) } else { json!(self.json) };
        let text = if style.is_turned {
            format!(r#"{{"data":{data},{head}}}"#)
        } else {
            format!(r#"{{{head},"data":{data}}}"#)
        };
        (text, &[])
    }
}

/// A body and the bytes of it that are JSON.
pub(crate) fn body(inputs: &[(&str, Elements)], style: Style, more: &str) -> (Vec<u8>, Option<usize>) {
    let written: Vec<(String, &[u8])> = inputs.iter().map(|(name, elements)| elements.write(name, style)).collect();
    let texts: Vec<&str> = written.iter().map(|(text, _)| text.as_str()).collect();
    let mut body = format!(r#"{{"inputs":[{}]{more}}}"#, texts.join(",")).into_bytes();
    let length = body.len();
    body.extend(written.iter().flat_map(|(_, bytes)| bytes.iter()));
    (body, style.is_binary.then_some(length))
}

pub(crate) fn houses(rows: &[Row]) -> Vec<(&'static str, Elements)> {
    vec![
        ("colour", Elements::texts(rows.iter().map(|r| COLOURS[r.2]))),
        ("RM", Elements::numbers(1, rows.iter().map(|r| Some(r.0)))),
        ("TAX", Elements::numbers(1, rows.iter().map(|r| r.1))),
    ]
}

/// Two columns as one matrix.
pub(crate) fn kinds(rows: &[Row]) -> Vec<(&'static str, Elements)> {
    vec![("input-0", Elements::numbers(2, rows.iter().flat_map(|r| [Some(r.0), Some(r.1.unwrap_or(0.5))])))]
}

pub(crate) fn infer(path: &str, (body, json_length): (Vec<u8>, Option<usize>)) -> Request<Body> {
    let mut request = request("POST", path, body);
    if let Some(length) = json_length {
        request.headers_mut().insert("inference-header-content-length", length.to_string().parse().unwrap());
        request.headers_mut().insert("content-type", "application/octet-stream".parse().unwrap());
    }
    request
}

/// An output's elements as text: of JSON as they are, of binary as JSON would write them.
fn output(answer: &Answer, name: &str) -> String {
    let length: usize = answer.header("inference-header-content-length").parse().unwrap_or(answer.body.len());
    let (head, mut tail) = answer.body.split_at(length);
    let head: Value = serde_json::from_slice(head).unwrap_or_else(|e| panic!("{e}: {answer:?}"));
    for output in head["outputs"].as_array().unwrap_or_else(|| panic!("{head}")) {
        let Some(size) = output["parameters"]["binary_data_size"].as_u64() else {
            if output["name"] == name {
                return output["data"].to_string();
            }
            continue;
        };
        let (mut bytes, after) = tail.split_at(usize::try_from(size).unwrap());
        tail = after;
        if output["name"] == name {
            let mut elements = Vec::new();
            while !bytes.is_empty() {
                let size = if output["datatype"] == "BYTES" {
                    let (length, rest) = bytes.split_at(4);
                    bytes = rest;
                    usize::try_from(u32::from_le_bytes(length.try_into().unwrap())).unwrap()
                } else {
                    8
                };
                let (element, rest) = bytes.split_at(size);
                bytes = rest;
                elements.push(match output["datatype"].as_str() {
                    Some("BYTES") => json!(std::str::from_utf8(element).unwrap()),
                    _ => json!(f64::from_le_bytes(element.try_into().unwrap())),
                });
            }
            return json!(elements).to_string();
        }
    }
    panic!("no output {name} in {head}");
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

proptest! {
    #[test]
    fn tensor_styles_give_the_same_bits(rows in rows()) {
        let server = serving(Limits::default());
        for (model, inputs) in [("houses", houses(&rows)), ("kinds", kinds(&rows))] {
            let snapshot = server.registry.get(model).unwrap();
            let rules = DecodeOptions { schema: snapshot.model.schema(), model, max_rows: 100, extra: ExtraFeatures::Reject };
            let cells = |r: &Row| match model {
                "houses" => vec![r.0, r.1.unwrap_or(f64::NAN), f64::from(u8::try_from(r.2).unwrap())],
                _ => vec![r.0, r.1.unwrap_or(0.5)],
            };
            let expected: Vec<u64> = rows.iter().flat_map(cells).map(f64::to_bits).collect();
            for style in STYLES {
                let (body, json_length) = body(&inputs, style, "");
                let asked = read(&body, json_length, &rules, &[Output::Predict])
                    .map_err(|e| TestCaseError::fail(format!("{e:?}: {style:?}")))?;
                let bits: Vec<u64> = asked.batch.values().iter().map(|v| v.to_bits()).collect();
                prop_assert_eq!(&bits, &expected, "{:?}", style);
            }
        }
    }

    #[test]
    fn infer_answers_as_predict_does(rows in rows()) {
        let router = public(Limits::default());
        let houses_record = |r: &Row| json!({"RM": r.0, "TAX": r.1, "colour": COLOURS[r.2]});
        let kinds_record = |r: &Row| json!({"x": r.0, "z": r.1.unwrap_or(0.5)});
        let cases = [
            ("houses", houses(&rows), rows.iter().map(houses_record).collect::<Vec<_>>()),
            ("kinds", kinds(&rows), rows.iter().map(kinds_record).collect()),
        ];
        for (model, inputs, records) in cases {
            let answered = block_on(post(&router, &format!("/models/{model}/predict"), json!(records).to_string()));
            let (expected, text) = (answered.json(), answered.text());
            let written = &text["{\"prediction\":".len()..=text.find(']').unwrap()];
            let path = format!("/v2/models/{model}/infer");
            for style in STYLES {
                for more in ["", r#","parameters":{"binary_data_output":true}"#] {
                    let answer = block_on(send(&router, infer(&path, body(&inputs, style, more))));
                    prop_assert_eq!(output(&answer, "predict"), expected["prediction"].to_string(), "{:?}", style);
                    if more.is_empty() {
                        prop_assert!(answer.text().contains(&format!("\"data\":{written}")), "{}", answer.text());
                    }
                    if let Some(rows) = expected["probability"].as_array() {
                        let flat: Vec<&Value> =
                            rows.iter().flat_map(|row| ["no \"a\"", "yes"].map(|class| &row[class])).collect();
                        prop_assert_eq!(output(&answer, "predict_proba"), json!(flat).to_string(), "{:?}", style);
                    }
                }
            }
        }
    }

    #[test]
    fn no_tensor_makes_the_reader_panic(
        datatype in prop::sample::select(Datatype::ALL.map(Datatype::as_str).to_vec()),
        name in prop::sample::select(vec!["RM", "TAX", "colour", "all"]),
        shape in prop::collection::vec(0..5_i64, 0..4),
        size in prop::option::of(0..40_usize),
        data in prop::option::of(r#"\[[0-9,\[\]"a-z\-\.]{0,12}\]"#),
        tail in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), Just(3), any::<u8>()], 0..40),
    ) {
        let mut input = json!({"name": name, "shape": shape, "datatype": datatype, "parameters": {"binary_data_size": size}});
        if size.is_none() {
            input.as_object_mut().unwrap().remove("parameters");
        }
        let data = data.map_or_else(String::new, |data| format!(r#","data":{data}"#));
        let input = input.to_string();
        let mut body = format!(r#"{{"inputs":[{}{data}}}]}}"#, &input[..input.len() - 1]).into_bytes();
        let length = body.len();
        body.extend(&tail);
        let server = serving(Limits::default());
        let snapshot = server.registry.default_model().unwrap();
        let rules = DecodeOptions { schema: snapshot.model.schema(), model: "houses", max_rows: 3, extra: ExtraFeatures::Ignore };
        for json_length in [None, Some(length), Some(length / 2), Some(usize::MAX)] {
            let _ = read(&body, json_length, &rules, &[Output::Predict]);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in r#"[\[\]\{\}",:0-9\-a-z /]{0,60}"#) {
        let server = serving(Limits::default());
        let snapshot = server.registry.default_model().unwrap();
        let rules = DecodeOptions { schema: snapshot.model.schema(), model: "houses", max_rows: 3, extra: ExtraFeatures::Reject };
        let _ = read(text.as_bytes(), None, &rules, &[Output::Predict]);
    }
}

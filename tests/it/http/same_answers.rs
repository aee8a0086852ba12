//! The same rows through every dialect: the same bits in the batch, the same bytes in the answer. By another protocol's
//! route, as CSV or as NDJSON: the same text for each number.

use crate::support::router::{Answer, public, request, send, serving, streamed};
use axum::body::Body;
use http::Request;
use proptest::prelude::*;
use serde_json::json;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::decode::{DecodeOptions, read};

/// Rooms, tax (sometimes missing), the colour's position.
type Row = (f64, Option<f64>, usize);

/// An object written as its members stand (`serde_json`'s sorts them).
fn object(members: impl IntoIterator<Item = (String, String)>) -> String {
    let members: Vec<String> = members.into_iter().map(|(key, value)| format!("{}: {value}", json!(key))).collect();
    format!("{{{}}}", members.join(","))
}

fn list(elements: impl IntoIterator<Item = String>) -> String {
    format!("[{}]", elements.into_iter().collect::<Vec<_>>().join(", "))
}

/// The same rows in every JSON dialect.
fn spellings(rows: &[Row]) -> Vec<String> {
    const NAMES: [&str; 3] = ["RM", "TAX", "colour"];
    let cell = |row: &Row, feature: usize| match feature {
        0 => json!(row.0).to_string(),
        1 => json!(row.1).to_string(),
        _ => json!(["blue", "green", "red"][row.2]).to_string(),
    };
    let labelled = |feature: usize, label: &dyn Fn(usize) -> String, is_turned: bool| {
        let mut cells: Vec<_> = rows.iter().enumerate().map(|(i, row)| (label(i), cell(row, feature))).collect();
        if is_turned {
            cells.reverse();
        }
        object(cells)
    };
    let column = |feature: usize| list(rows.iter().map(|row| cell(row, feature)));
    let columns = |of: &dyn Fn(usize) -> String| object((0..3).map(|f| (NAMES[f].to_owned(), of(f))));
    let record = |row: &Row| columns(&|feature| cell(row, feature));
    let lists = |order: [usize; 3]| list(rows.iter().map(|row| list(order.map(|feature| cell(row, feature)))));
    let wrap = |key: &str, value: &str| object([(key.to_owned(), value.to_owned())]);
    let records = list(rows.iter().map(record));
    let split = format!(r#"{{"columns":["colour","RM","TAX"],"index":[],"data":{}}}"#, lists([2, 0, 1]));
    let mut all = vec![
        columns(&|feature| labelled(feature, &|i| i.to_string(), false)),
        columns(&|feature| labelled(feature, &|i| format!("r\u{e9}\t{i}"), feature == 1)),
        columns(&|feature| labelled(feature, &|i| (2 * i).to_string(), feature == 2)),
        columns(&column),
        wrap("dataframe_split", &split),
        split,
        wrap("dataframe_records", &records),
        wrap("instances", &records),
        records,
        wrap("instances", &lists([0, 1, 2])),
        wrap("inputs", &lists([0, 1, 2])),
        wrap("inputs", &columns(&column)),
    ];
    if let [row] = rows {
        all.push(record(row));
    }
    all
}

/// The same rows as CSV, with a header in another order than the schema's.
fn csv(rows: &[Row]) -> String {
    let tax = |tax: Option<f64>| tax.map_or_else(String::new, |v| json!(v).to_string());
    let line = |row: &Row| format!("{},{},{}\n", tax(row.1), ["blue", "green", "red"][row.2], json!(row.0));
    std::iter::once("TAX,colour,RM\n".to_owned()).chain(rows.iter().map(line)).collect()
}

fn as_csv(body: String) -> Request<Body> {
    typed("/predict", "text/csv", "*/*", body)
}

/// A request with a type, that wants a type.
fn typed(target: &str, content_type: &str, accept: &str, body: impl Into<Body>) -> Request<Body> {
    let mut request = request("POST", target, body);
    request.headers_mut().insert("content-type", content_type.parse().unwrap());
    request.headers_mut().insert("accept", accept.parse().unwrap());
    request
}

/// The same rows a record a line, and a list a line.
fn ndjson(rows: &[Row]) -> [String; 2] {
    let colour = |row: &Row| ["blue", "green", "red"][row.2];
    let record = |row: &Row| json!({"TAX": row.1, "RM": row.0, "colour": colour(row)}).to_string() + "\r\n";
    let list = |row: &Row| json!([row.0, row.1, colour(row)]).to_string() + "\n\n";
    [rows.iter().map(record).collect(), rows.iter().map(list).collect()]
}

/// What each route of other protocols reads, with the rows written in its way.
fn foreign(rows: &[Row]) -> Vec<Request<Body>> {
    const JSON: &str = "application/json";
    let mut all = Vec::new();
    for body in spellings(rows) {
        let holds = |key: &str| body.starts_with(&format!("{{\"{key}\":"));
        if holds("instances") || holds("inputs") {
            all.push(typed("/v1/models/houses:predict", JSON, "*/*", body.clone()));
        }
        if holds("instances") || holds("inputs") || holds("dataframe_split") || holds("dataframe_records") {
            all.push(typed("/invocations", JSON, "*/*", body));
        }
    }
    all.push(typed("/invocations", "text/csv", "*/*", csv(rows)));
    all.extend(ndjson(rows).map(|body| typed("/invocations", "application/jsonlines", JSON, body)));
    all
}

/// A stream of these bytes, cut into pieces of `n`, whose length nobody told.
fn pieces(body: &str, n: usize) -> Body {
    let (sender, streamed) = streamed();
    for chunk in body.as_bytes().chunks(n) {
        sender.send(chunk.to_vec()).unwrap();
    }
    streamed
}

/// The text of each prediction of an answer, whatever its form.
fn numbers(answer: &Answer) -> Vec<String> {
    let text = answer.text();
    let inside = |from: &str, to: char| {
        let rest = text.split_once(from).unwrap_or_else(|| panic!("{text}")).1;
        rest.split_once(to).unwrap().0.split(',').map(str::to_owned).collect()
    };
    match answer.header("content-type") {
        "application/json" if text.starts_with("{\"predictions\"") => inside("{\"predictions\":[", ']'),
        "application/json" => inside("{\"prediction\":[", ']'),
        "application/x-ndjson" => text
            .lines()
            .map(|line| line.strip_prefix("{\"prediction\":").unwrap().strip_suffix('}').unwrap().to_owned())
            .collect(),
        _ => text.lines().filter(|line| *line != "prediction").map(str::to_owned).collect(),
    }
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec((-1e150..1e150_f64, prop::option::of(-1e3..1e3_f64), 0..3_usize), 1..30)
}

#[test]
fn what_is_not_json_is_refused() {
    let server = serving(Limits::default());
    let snapshot = server.registry.default_model().unwrap();
    let (schema, extra) = (snapshot.model.schema(), ExtraFeatures::Reject);
    let rules = DecodeOptions { schema, model: "houses", max_rows: 100, extra };
    let few: [Row; 3] = [(6.5, Some(300.0), 0), (4.25, None, 1), (-0.5, Some(2.0), 2)];
    let refused_and_not = |text: &[u8]| {
        let is_json = serde_json::from_slice::<serde_json::Value>(text).is_ok();
        let shown = String::from_utf8_lossy(text);
        assert!(is_json || read(text, &rules).is_err(), "{shown}");
        is_json
    };
    for text in spellings(&few).into_iter().chain(spellings(&few[..1])) {
        for at in 0..text.len() {
            assert!(!refused_and_not(&text.as_bytes()[..at]), "a part of a body is no body: {text}");
            let mut bytes = text.clone().into_bytes();
            for other in *b" \n,:\"{}[]0-.e" {
                bytes[at] = other;
                refused_and_not(&bytes);
            }
            bytes.remove(at);
            refused_and_not(&bytes);
        }
    }
}

proptest! {
    #[test]
    fn dialects_give_the_same_bits(rows in rows()) {
        let server = serving(Limits::default());
        let snapshot = server.registry.default_model().unwrap();
        let (schema, extra) = (snapshot.model.schema(), ExtraFeatures::Reject);
        let rules = DecodeOptions { schema, model: "houses", max_rows: 100, extra };
        let cells = rows.iter().flat_map(|r| [r.0, r.1.unwrap_or(f64::NAN), f64::from(u8::try_from(r.2).unwrap())]);
        let expected: Vec<u64> = cells.map(f64::to_bits).collect();
        for text in spellings(&rows) {
            let batch = read(text.as_bytes(), &rules).map(|decoded| decoded.batch).map_err(|e| TestCaseError::fail(format!("{e:?}: {text}")))?;
            let bits: Vec<u64> = batch.values().iter().map(|v| v.to_bits()).collect();
            prop_assert_eq!(&bits, &expected, "{}", text);
        }
    }

    #[test]
    fn routes_and_forms_give_the_same_numbers(rows in rows(), n in 1..200_usize) {
        let router = public(Limits::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers: Vec<Answer> = runtime.block_on(async {
            let mut answers = vec![send(&router, as_csv(csv(&rows))).await];
            for request in foreign(&rows) {
                answers.push(send(&router, request).await);
            }
            let [records, lists] = ndjson(&rows);
            for accept in ["application/json", "application/x-ndjson", "text/csv", "text/csv; header=absent"] {
                answers.push(send(&router, typed("/predict", "text/csv", accept, csv(&rows))).await);
                answers.push(send(&router, typed("/predict", "application/x-ndjson", accept, records.clone())).await);
                let streamed = pieces(&lists, n);
                answers.push(send(&router, typed("/predict", "application/x-ndjson", accept, streamed)).await);
            }
            answers
        });
        let expected = numbers(&answers[0]);
        prop_assert_eq!(expected.len(), rows.len());
        for answer in &answers {
            prop_assert_eq!(answer.status.as_u16(), 200, "{}", answer.text());
            prop_assert_eq!(&numbers(answer), &expected, "{}", answer.text());
        }
    }

    #[test]
    fn dialects_get_the_same_answer(rows in rows()) {
        let router = public(Limits::default());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let answers: Vec<String> = runtime.block_on(async {
            let mut answers = Vec::new();
            for body in spellings(&rows) {
                answers.push(send(&router, request("POST", "/predict", body)).await.text().to_owned());
            }
            answers.push(send(&router, as_csv(csv(&rows))).await.text().to_owned());
            answers
        });
        prop_assert!(answers[0].starts_with("{\"prediction\":["), "{}", answers[0]);
        for answer in &answers {
            prop_assert_eq!(answer, &answers[0]);
        }
    }
}

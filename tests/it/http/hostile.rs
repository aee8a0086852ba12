//! Bodies made to cost more than they are long: work for messages, and answers that are longer than what was sent.

use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::decode::{DecodeOptions, read};
use smartserve::http::problem::Problem;
use smartserve::model::schema::{Feature, Schema, Target, Task};
use smartserve::table::{Head, RowReader};

use crate::support::router::{public, request, send};

fn schema(names: impl IntoIterator<Item = String>) -> Schema {
    let target = Target { name: "y".to_owned(), unit: None, classes: vec![], outputs: None };
    Schema::new(names.into_iter().map(|name| Feature::imported(name, false)).collect(), target, Task::Regression)
        .unwrap()
}

/// Refuses a JSON body; the envelope.
fn refused(schema: &Schema, body: &str) -> Vec<u8> {
    let options = DecodeOptions { schema, model: "m", max_rows: 100, extra: ExtraFeatures::Reject };
    Problem::from(read(body.as_bytes(), &options).unwrap_err()).render("r")
}

#[test]
fn names_that_are_not_told_are_not_compared() {
    let schema = schema((0..5_000).map(|i| format!("feature_{i}")));
    let start = Instant::now();
    let header: Vec<String> = (0..60_000).map(|i| format!("{i:x}")).collect();
    let body = format!("{}\n1\n", header.join(","));
    assert!(RowReader::new(body.as_bytes(), "body", &schema, Head::Guess).is_err());
    let names: Vec<String> = (0..60_000).map(|i| format!("\"feature_{i:x}\"")).collect();
    refused(&schema, &format!("{{\"columns\":[{}],\"data\":[[1]]}}", names.join(",")));
    // With each name compared it would take some 10 s; the rest is for a loaded machine.
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn an_error_takes_16_kib_at_most_however_long_names_are() {
    let schema = schema(('a'..='l').map(|c| c.to_string().repeat(4_000)));
    let unknown: Vec<String> = (0..25).map(|i| format!("\"z{i}\":[1]")).collect();
    let of_json = refused(&schema, &format!("{{{}}}", unknown.join(",")));
    let controls: Vec<String> = (0..25).map(|i| format!("\"{}{i}\":[1]", "\\u0001".repeat(60))).collect();
    let of_controls = refused(&schema, &format!("{{{}}}", controls.join(",")));
    for envelope in [of_json, of_controls] {
        assert!((1_000..=16 << 10).contains(&envelope.len()), "{}", envelope.len());
        serde_json::from_slice::<serde_json::Value>(&envelope).unwrap();
    }
    let header: Vec<String> = (0..20).map(|i| format!("{}{i}", "k".repeat(50_000))).collect();
    let body = format!("{}\n1\n", header.join(","));
    let error = RowReader::new(body.as_bytes(), "body", &schema, Head::Guess).unwrap_err().to_string();
    assert!(error.len() < 2_000, "{}", error.len());
}

#[tokio::test]
async fn a_compressed_body_is_as_short_as_it_must_be_inflated() {
    let member = GzEncoder::new(Vec::new(), Compression::default()).finish().unwrap();
    let ask = |members: usize| {
        let mut request = request("POST", "/v2/repository/index", member.repeat(members));
        request.headers_mut().insert("content-encoding", "gzip".parse().unwrap());
        async move { send(&public(Limits::default()), request).await.status.as_u16() }
    };
    assert_eq!(ask(10).await, 200);
    assert_eq!(ask(400).await, 413);
}

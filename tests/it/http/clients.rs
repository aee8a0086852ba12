//! What clients of other servers send, and how answers end.

use std::io::Write as _;

use axum::body::Body;
use flate2::Compression;
use flate2::write::{DeflateEncoder, ZlibEncoder};
use http::Request;
use smartserve::config::Limits;

use crate::support::router::{get, post, public, request, send};

const RECORDS: &str = r#"[{"RM":6.5,"TAX":296,"colour":"red"},{"RM":3.5,"TAX":null,"colour":"blue"}]"#;
const LISTS: &str = r#"[[6.5,296,"red"],[3.5,null,"blue"]]"#;

fn with(mut request: Request<Body>, headers: &[(&'static str, &str)]) -> Request<Body> {
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    request
}

#[tokio::test]
async fn a_bare_array_of_lists_is_rows() {
    let service = public(Limits::default());
    let expected = post(&service, "/predict", RECORDS).await;
    assert_eq!(post(&service, "/predict", LISTS).await.text(), expected.text());
    for body in [LISTS, RECORDS] {
        let answer = post(&service, "/invocations", body).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["predictions"]), (200, &expected.json()["prediction"]));
    }
    let wrong = post(&service, "/predict", r#"[[6.5,296,"red"],[3.5,"x"]]"#).await;
    assert_eq!((wrong.status.as_u16(), &wrong.json()["errors"][0]["pointer"]), (422, &"/1/1".into()));
}

#[tokio::test]
async fn parameters_of_the_service_are_taken() {
    let service = public(Limits::default());
    for target in ["/predict", "/invocations", "/v1/models/houses:predict"] {
        let expected = post(&service, target, format!(r#"{{"instances":{LISTS}}}"#)).await;
        for parameters in ["null", "{}", r#"{"sampleCount":1,"of":["x"]}"#] {
            for body in [
                format!(r#"{{"instances":{LISTS},"parameters":{parameters}}}"#),
                format!(r#"{{"parameters":{parameters},"instances":{LISTS}}}"#),
            ] {
                assert_eq!(post(&service, target, body.clone()).await.text(), expected.text(), "{target} {body}");
            }
        }
        let wrong = post(&service, target, format!(r#"{{"instances":{LISTS},"parameters":[1]}}"#)).await;
        assert_eq!(wrong.status, 422, "{target}");
    }
    let columns = post(&service, "/predict", r#"{"RM":6.5,"TAX":296,"colour":"red","parameters":{}}"#).await;
    assert_eq!(columns.status, 422, "{}", columns.text());
}

#[tokio::test]
async fn lines_of_features_are_rows_and_jsonlines_is_answered_by_its_name() {
    let service = public(Limits::default());
    let kinds = ["application/jsonlines", "application/x-ndjson"];
    let lines = "{\"features\":[6.5,296,\"red\"]}\n{ \"features\" : [3.5,null,\"blue\"] }\n[6.5,296,\"red\"]\n";
    for accept in kinds {
        let ask = |body: &'static str| {
            with(request("POST", "/invocations", body), &[("content-type", kinds[0]), ("accept", accept)])
        };
        let answer = send(&service, ask(lines)).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, accept), "{}", answer.text());
        let told: Vec<&str> = answer.text().lines().collect();
        assert!(told.len() == 3 && told[0] == told[2] && told[0] != told[1], "{told:?}");
        let extra = send(&service, ask("{\"features\":[6.5,296,\"red\"],\"id\":1}\n")).await;
        assert_eq!((extra.status.as_u16(), &extra.json()["errors"][0]["pointer"]), (422, &"/0/id".into()));
    }
}

#[tokio::test]
async fn deflate_is_read_as_gzip_is() {
    let service = public(Limits::default());
    let expected = post(&service, "/predict", RECORDS).await;
    let zlib = |bytes: &[u8]| {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let bare = |bytes: &[u8]| {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    let ask = |body: Vec<u8>| with(request("POST", "/predict", body), &[("content-encoding", "Deflate")]);
    for body in [zlib(RECORDS.as_bytes()), bare(RECORDS.as_bytes())] {
        assert_eq!(send(&service, ask(body.clone())).await.text(), expected.text());
        let cut = send(&service, ask(body[..body.len() - 1].to_vec())).await;
        assert_eq!(cut.status, 400, "{}", cut.text());
    }
    let bomb = vec![b' '; 64 << 20];
    for body in [zlib(&bomb), bare(&bomb)] {
        assert_eq!(send(&service, ask(body)).await.status, 413);
    }
}

#[tokio::test]
async fn json_answers_end_with_one_line_end() {
    let service = public(Limits::default());
    let infer = r#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[1]}]}"#;
    let mut answers = vec![
        post(&service, "/predict", RECORDS).await,
        post(&service, "/predict", "{").await,
        post(&service, "/invocations", LISTS).await,
        post(&service, "/v2/models/line/infer", infer).await,
        post(&service, "/v2/repository/index", "").await,
    ];
    for target in [
        "/livez",
        "/readyz",
        "/models",
        "/models/houses",
        "/openapi.json",
        "/v1/models",
        "/v1/models/line",
        "/v2",
        "/v2/health/ready",
        "/v2/models/line",
        "/v2/models/line/ready",
        "/nothing",
    ] {
        answers.push(get(&service, target).await);
    }
    for answer in answers {
        let text = answer.text();
        assert!(text.ends_with("}\n") || text.ends_with("]\n"), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}

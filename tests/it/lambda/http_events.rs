//! Events of HTTP, in the shapes that AWS documents, are answered as a socket's requests are.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::requests::Request;
use super::runtime_api::Function;
use super::{function, model, row};
use crate::support::process::Server;

/// Status and body of an answer to a service.
fn status_and_body(answer: &Value) -> (u16, Vec<u8>) {
    let body = answer["body"].as_str().unwrap();
    let is_base64 = answer["isBase64Encoded"].as_bool().unwrap();
    let body = if is_base64 { STANDARD.decode(body).unwrap() } else { body.as_bytes().to_vec() };
    (answer["statusCode"].as_u64().unwrap().try_into().unwrap(), body)
}

/// The value of a field of an answer, in either form.
fn field(answer: &Value, name: &str) -> Option<String> {
    let many = answer["multiValueHeaders"][name].as_array().map(|values| values[0].as_str().unwrap().to_owned());
    many.or_else(|| answer["headers"][name].as_str().map(str::to_owned))
}

/// What a gateway lets in by the beginning of its route is not another path for that.
#[test]
fn what_a_custom_domain_maps_is_taken_off_in_front_of_the_route_of_every_path_alone() {
    let mut function = function(&[]);
    let request = Request::post("/predict", &row());
    let mut asked = |path: &str, route: &str, domain: &str, proxy: &str| {
        let mut event = request.gateway_v2(path, "$default", domain);
        event["routeKey"] = route.into();
        event["pathParameters"] = json!({"proxy": proxy});
        function.invoke(&event).json()["statusCode"].as_u64().unwrap()
    };
    let own = "abcdefghij.execute-api.us-east-1.amazonaws.com";
    assert_eq!(asked("/ml/predict", "ANY /{proxy+}", "api.example.com", "predict"), 200);
    assert_eq!(asked("/predict", "ANY /{proxy+}", own, "predict"), 200);
    assert_eq!(asked("/open/predict", "POST /open/{proxy+}", own, "predict"), 404);
    assert_eq!(asked("/open/predict", "POST /open/{proxy+}", "api.example.com", "predict"), 404);
    assert_eq!(asked("/open/predict", "ANY /{proxy+}", own, "predict"), 404);
}

#[test]
fn every_service_gets_the_bytes_that_a_socket_gets() {
    let server = Server::start(&["--model", &model()]);
    let mut function = function(&[]);
    let rows = json!([row(), row()]);
    let csv = "CHAS,RM,TAX,LSTAT\n0,6.5,296,5\n";
    let id = ("x-request-id", "of-the-client");
    let mut requests = vec![
        Request::post("/predict", &rows),
        Request::post("/models/ridge/predict", &row()),
        Request::post("/predict", &json!({"RM": "six"})),
        Request { query: vec![("raw", "true")], ..Request::post("/predict", &rows) },
        Request { query: vec![("a%26b", "c%20d")], ..Request::post("/predict", &rows) },
        Request {
            headers: vec![("content-type", "text/csv"), ("accept", "text/csv")],
            body: csv.into(),
            ..Request::post("/predict", &rows)
        },
        Request {
            headers: vec![("content-type", "application/x-ndjson")],
            body: format!("{}\n{}\n", row(), row()).into(),
            ..Request::post("/predict", &rows)
        },
        Request {
            headers: vec![("accept", "application/vnd.apache.arrow.stream")],
            ..Request::post("/predict", &rows)
        },
        Request { headers: vec![("user-agent", "Zürich")], ..Request::post("/predict", &rows) },
        Request {
            headers: vec![("content-encoding", "gzip")],
            body: gzipped(&rows.to_string()),
            ..Request::post("/predict", &rows)
        },
        Request { method: "GET", body: vec![], ..Request::post("/models", &rows) },
        Request { method: "GET", body: vec![], ..Request::post("/nowhere", &rows) },
        Request { method: "DELETE", body: vec![], ..Request::post("/predict", &rows) },
    ];
    for request in &mut requests {
        request.headers.push(id);
        let expected = request.by_socket(&server);
        for event in request.everywhere() {
            let answer = function.invoke(&event).json();
            assert_eq!(status_and_body(&answer), expected, "{event}\n{answer}");
            assert_eq!(field(&answer, "x-request-id").as_deref(), Some("of-the-client"));
        }
    }
}

fn gzipped(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// An event of a Function URL.
fn url(path: &'static str, body: &Value) -> Value {
    Request::post(path, body).gateway_v2(path, "$default", "abcdefghij.lambda-url.us-east-1.on.aws")
}

#[test]
fn what_is_compressed_goes_as_base64() {
    let mut function = function(&[]);
    let rows: Value = (0..200).map(|_| row()).collect();
    let mut event = url("/predict", &rows);
    event["headers"]["accept-encoding"] = "gzip".into();
    let answer = function.invoke(&event).json();
    assert_eq!((&answer["isBase64Encoded"], &answer["headers"]["content-encoding"]), (&json!(true), &json!("gzip")));
    let mut text = String::new();
    flate2::read::GzDecoder::new(&*status_and_body(&answer).1).read_to_string(&mut text).unwrap();
    let plain = function.invoke(&url("/predict", &rows)).json();
    assert_eq!(text, plain["body"].as_str().unwrap());
}

#[test]
fn an_answer_that_is_too_long_asks_for_fewer_rows() {
    let mut function = function(&["--max-rows", "200000", "--max-body-bytes", "6MiB"]);
    let columns = row();
    let csv: String = columns.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(",");
    let line: String = columns.as_object().unwrap().values().map(Value::to_string).collect::<Vec<_>>().join(",");
    let body = |n: usize| format!("{csv}\n{}", format!("{line}\n").repeat(n)).into_bytes();
    let headers = || vec![("content-type", "text/csv")];
    let raw = vec![("raw", "true")];
    let long = Request { query: raw, headers: headers(), body: body(40_000), ..Request::post("/predict", &json!(0)) };
    let elb = function.invoke(&long.load_balancer(false)).json();
    assert_eq!((&elb["statusCode"], &elb["statusDescription"]), (&json!(422), &json!("422 Unprocessable Entity")));
    let detail = "The answer is longer than the 1048576 bytes that can be sent here; ask for fewer rows at once";
    let envelope: Value = serde_json::from_str(elb["body"].as_str().unwrap()).unwrap();
    assert_eq!((&envelope["detail"], &envelope["status"]), (&json!(detail), &json!(422)));
    assert_eq!(function.metrics()["status"], 422);
    let explained = Request { query: vec![("explain", "true")], body: body(60_000), ..long };
    let answer = function.invoke(&explained.gateway_v1("/predict", None)).json();
    assert_eq!(answer["statusCode"], 422);
    assert!(answer["body"].as_str().unwrap().contains("6291456 bytes"), "{}", answer["body"]);
}

#[test]
fn a_request_that_is_none_is_a_400() {
    let mut function = function(&[]);
    let mut odd = url("/predict", &row());
    odd["headers"]["a b"] = "c".into();
    let mut not_base64 = url("/predict", &row());
    not_base64["isBase64Encoded"] = true.into();
    for (event, said) in
        [(odd, "\"a b\" is no header field of HTTP"), (not_base64, "the body is said to be base64 and is not")]
    {
        let answer = function.invoke(&event).json();
        assert_eq!(answer["statusCode"], 400);
        assert!(answer["body"].as_str().unwrap().contains(&said.replace('"', "\\\"")), "{answer}");
    }
}

#[test]
fn an_id_that_cannot_be_one_gives_way_to_lambdas() {
    let mut function = function(&[]);
    for (sent, is_kept) in [("mine-1", true), ("not one!", false), ("", false)] {
        let event = Request { headers: vec![("x-request-id", sent)], ..Request::post("/predict", &row()) };
        let answer = function.invoke(&event.gateway_v2("/predict", "$default", "example.com")).json();
        let expected = if is_kept { sent.to_owned() } else { function.id() };
        assert_eq!(field(&answer, "x-request-id"), Some(expected), "{sent:?}");
    }
}

#[test]
fn an_envelope_with_a_value_of_another_type_says_which() {
    let mut function = function(&[]);
    for (key, value) in [("body", json!({"RM": "six"})), ("rawPath", json!(5)), ("isBase64Encoded", json!("maybe"))] {
        let mut event = url("/predict", &row());
        event[key] = value;
        let ended = function.invoke(&event);
        assert!(!ended.is_answered, "{key}");
        let error = ended.json();
        assert_eq!(error["errorType"], "BadRequest");
        let text = error["errorMessage"].as_str().unwrap();
        assert!(text.contains("The event has the keys of a request of HTTP, but "), "{text}");
        let log = function.log();
        assert!(!log.iter().any(|line| line.to_string().contains("six")), "{log:?}");
        assert_eq!((&log.last().unwrap()["event"], &log.last().unwrap()["status"]), (&json!("unknown"), &json!(400)));
    }
}

#[test]
fn what_belongs_to_a_socket_is_not_offered() {
    let mut function = function(&[]);
    for path in
        ["/metrics", "/livez", "/readyz", "/ping", "/health", "/v2/health/ready", "/v2/repository/models/ridge/load"]
    {
        let mut event = url("/", &json!({}));
        event["rawPath"] = path.into();
        if !path.ends_with("load") {
            event["requestContext"]["http"]["method"] = "GET".into();
        }
        assert_eq!(function.invoke(&event).json()["statusCode"], 404, "{path}");
    }
    let mut event = url("/openapi.json", &json!({}));
    event["requestContext"]["http"]["method"] = "GET".into();
    let document: Value = serde_json::from_str(function.invoke(&event).json()["body"].as_str().unwrap()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    assert!(paths.contains_key("/predict") && !paths.contains_key("/livez") && !paths.contains_key("/metrics"));
    assert!(!paths.keys().any(|path| path.ends_with("/load")), "{:?}", paths.keys());
}

#[test]
fn http_events_need_the_token_that_sockets_need() {
    let folder = crate::support::folder::Folder::new();
    let tokens = folder.write("tokens", "secret\n");
    let mut function: Function = function(&["--token-file", &tokens]);
    assert_eq!(function.invoke(&url("/predict", &row())).json()["statusCode"], 401);
    let mut event = url("/predict", &row());
    event["headers"]["authorization"] = "Bearer secret".into();
    assert_eq!(function.invoke(&event).json()["statusCode"], 200);
    // IAM let these in.
    assert!(function.invoke(&row()).is_answered);
}

#[test]
fn the_invocations_time_bounds_the_work() {
    let mut function = function(&["--max-rows", "1000000", "--max-body-bytes", "6MiB"]);
    let slow = Request {
        headers: vec![("content-type", "application/json")],
        ..Request::post("/predict", &Value::Array(vec![row(); 20_000]))
    };
    let event = slow.lattice_v2().to_string();
    let answer = function.invoke_text(&event, Duration::from_millis(1)).json();
    assert_eq!(answer["statusCode"], 504, "{answer}");
    assert!(answer["body"].as_str().unwrap().contains("no time left to answer"));
    // The next one is answered.
    assert_eq!(function.invoke(&url("/predict", &row())).json()["statusCode"], 200);
}

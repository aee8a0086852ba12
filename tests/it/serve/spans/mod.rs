//! Spans of requests, as a collector receives them from the program.

mod collector;
mod down;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use serde_json::Value;

use crate::support::path;
use crate::support::process::{Server, run_with};

use collector::{Answers, Collector, Post, hex, texts};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const CALLER: &str = "b7ad6b7169203331";
const ROW: &str = r#"{"CHAS":0,"RM":6.575,"TAX":296,"LSTAT":4.98}"#;

/// A server of one model that sends its spans to `collector`; `others` are variables besides.
fn start(collector: &Collector, others: &str) -> Server {
    let model = path("tests/fixtures/artifacts/boston-ridge.model");
    let words = ["--model", model.to_str().unwrap(), "--lame-duck", "1ms"];
    Server::start_by_shell(&collector.variables(others), Stdio::null(), &words)
}

/// The log line of the next request.
fn line(server: &mut Server, message: &str) -> Value {
    serde_json::from_str(server.wait_for(message).last().unwrap()).unwrap()
}

#[test]
fn a_request_is_a_span_of_its_callers_trace() {
    let collector = Collector::start(Answers::Taken);
    let others = "OTEL_EXPORTER_OTLP_HEADERS=x-api-key=a%20secret OTEL_EXPORTER_OTLP_COMPRESSION=gzip \
                  OTEL_SERVICE_NAME=houses OTEL_RESOURCE_ATTRIBUTES=service.name=no,deployment.environment.name=a%2Cb";
    let mut server = start(&collector, others);
    let headers = format!("traceparent: 00-{TRACE}-{CALLER}-01\r\ntracestate: ot=th:8\r\nX-Request-Id: one\r\n");
    let (status, _) = server.exchange("POST /models/ridge/predict?raw=true", &headers, ROW);
    assert_eq!(status, 200);
    let Post { line: first, headers, resource, spans } = collector.post();
    assert_eq!(first, "POST /v1/traces HTTP/1.1");
    assert_eq!(headers["x-api-key"], "a secret");
    assert_eq!(headers["content-type"], "application/x-protobuf");
    assert_eq!(headers["content-encoding"], "gzip");
    assert_eq!(format!("http://{}", headers["host"]), collector.endpoint);
    assert_eq!(resource["service.name"], "houses");
    assert_eq!(resource["service.version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(resource["deployment.environment.name"], "a,b");
    assert_eq!(resource["telemetry.sdk.language"], "rust");
    let [span] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!(span.name, "POST /models/{name}/predict");
    assert_eq!((hex(&span.trace_id), hex(&span.parent_span_id)), (TRACE.to_owned(), CALLER.to_owned()));
    assert_eq!((span.kind(), span.trace_state.as_str()), (SpanKind::Server, "ot=th:8"));
    assert!(span.start_time_unix_nano < span.end_time_unix_nano);
    assert_eq!(span.status.as_ref().map_or(0, |status| status.code), StatusCode::Unset as i32);
    let attributes = texts(&span.attributes);
    for (name, value) in [
        ("http.request.method", "POST"),
        ("http.route", "/models/{name}/predict"),
        ("http.response.status_code", "200"),
        ("url.path", "/models/ridge/predict"),
        ("url.scheme", "http"),
        ("server.address", "x"),
        ("smartserve.request_id", "one"),
        ("smartserve.model.name", "ridge"),
        ("smartserve.rows", "1"),
    ] {
        assert_eq!(attributes[name], value, "{name}");
    }
    assert_eq!(attributes["smartserve.model.version"].len(), 12);
    let line = line(&mut server, "POST /models/{name}/predict 200");
    assert_eq!((&line["trace_id"], &line["span_id"]), (&TRACE.into(), &hex(&span.span_id).into()));
    for step in ["parse_ms", "predict_ms", "encode_ms"] {
        assert_eq!(attributes[&format!("smartserve.{step}")], line[step].as_f64().unwrap().to_string(), "{step}");
    }
    assert_eq!(attributes.len(), 13, "{attributes:?}");
}

#[test]
fn what_a_caller_does_not_sample_is_not_sent_and_what_has_no_caller_begins_a_trace() {
    let mut collector = Collector::start(Answers::Taken);
    let mut server = start(&collector, "");
    server.exchange("POST /predict", &format!("traceparent: 00-{TRACE}-{CALLER}-00\r\n"), ROW);
    let unsampled = line(&mut server, "POST /predict 200");
    assert_eq!((&unsampled["trace_id"], unsampled.get("span_id")), (&TRACE.into(), None));
    // Probes and scrapes have no span.
    server.exchange("GET /readyz", &format!("traceparent: 00-{TRACE}-{CALLER}-01\r\n"), "");
    server.exchange("GET /metrics", "", "");
    server.exchange("POST /predict", "", ROW);
    let logged = line(&mut server, "POST /predict 200");
    let span = collector.span();
    assert_eq!((hex(&span.trace_id), hex(&span.span_id)), (text(&logged["trace_id"]), text(&logged["span_id"])));
    assert_eq!((span.trace_id.len(), span.parent_span_id.len()), (16, 0));
    // What is no traceparent counts as none.
    let long = format!("00-{TRACE}-{CALLER}-01-more");
    let upper = format!("00-{}-{CALLER}-01", TRACE.to_uppercase());
    let zero = format!("00-{}-{CALLER}-01", "0".repeat(32));
    let nobody = format!("00-{TRACE}-{}-01", "0".repeat(16));
    let short = format!("00-{TRACE}-{CALLER}-1");
    let version = format!("ff-{TRACE}-{CALLER}-01");
    for wrong in [&long, &upper, &zero, &nobody, &short, &version, "", "00-é"] {
        server.exchange("POST /predict", &format!("traceparent: {wrong}\r\n"), ROW);
        let span = collector.span();
        assert!(span.parent_span_id.is_empty() && hex(&span.trace_id) != TRACE, "{wrong}");
    }
    // A version to come may have more fields, and other flags than that of sampling.
    server.exchange("POST /predict", &format!("traceparent: 01-{TRACE}-{CALLER}-03-more\r\n"), ROW);
    assert_eq!(hex(&collector.span().parent_span_id), CALLER);
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn only_a_servers_fault_is_the_spans_error() {
    let mut collector = Collector::start(Answers::Taken);
    let folder = tempfile::tempdir().unwrap();
    let words = ["--models", folder.path().to_str().unwrap()];
    let server = Server::start_by_shell(&collector.variables(""), Stdio::null(), &words);
    let mut asked = |request: &str| {
        server.exchange(request, "", "{}");
        let span = collector.span();
        let status = span.status.as_ref().map_or(0, |status| status.code);
        let attributes = texts(&span.attributes);
        let of = |name: &str| attributes.get(name).map_or(String::new(), String::clone);
        (span.name.clone(), of("http.response.status_code"), status, of("error.type"), of("http.request.method"))
    };
    let is = |name: &str, code: &str, status: StatusCode, error: &str, method: &str| {
        (name.to_owned(), code.to_owned(), status as i32, error.to_owned(), method.to_owned())
    };
    assert_eq!(asked("POST /predict"), is("POST /predict", "503", StatusCode::Error, "503", "POST"));
    assert_eq!(asked("GET /nowhere"), is("GET", "404", StatusCode::Unset, "", "GET"));
    assert_eq!(asked("BREW /predict"), is("HTTP /predict", "405", StatusCode::Unset, "", "_OTHER"));
}

#[test]
fn a_streams_span_ends_with_the_stream() {
    let mut collector = Collector::start(Answers::Taken);
    let mut server = start(&collector, "");
    for (rows, end) in [([ROW, ROW], "200"), ([ROW, "{}"], "422")] {
        stream(&server, rows);
        let span = collector.span();
        let attributes = texts(&span.attributes);
        let began = line(&mut server, "POST /predict 200");
        assert_eq!(began["span_id"], hex(&span.span_id));
        assert_eq!(attributes["http.response.status_code"], "200");
        assert_eq!((&attributes["smartserve.rows"][..], &attributes["smartserve.stream.status"][..]), ("2", end));
        assert_eq!(attributes["smartserve.model.name"], "ridge");
    }
}

/// Sends two rows, the second one when the first is answered, and reads to the end.
fn stream(server: &Server, rows: [&str; 2]) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    let types = "Content-Type: application/x-ndjson\r\nAccept: application/x-ndjson";
    let chunk = |row: &str| format!("{:x}\r\n{row}\n\r\n", row.len() + 1);
    let [first, second] = rows.map(chunk);
    let head =
        format!("POST /predict HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{types}\r\nTransfer-Encoding: chunked");
    write!(stream, "{head}\r\n\r\n{first}").unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"}\n\r\n") {
        let mut bytes = [0; 1_024];
        let n = stream.read(&mut bytes).unwrap();
        assert_ne!(n, 0, "{}", String::from_utf8_lossy(&answer));
        answer.extend_from_slice(&bytes[..n]);
    }
    write!(stream, "{second}0\r\n\r\n").unwrap();
    stream.read_to_end(&mut answer).unwrap();
}

#[test]
fn a_drain_sends_what_waits() {
    let collector = Collector::start(Answers::Taken);
    let mut server = start(&collector, "OTEL_BSP_SCHEDULE_DELAY=600000");
    for _ in 0..3 {
        server.exchange("POST /predict", "", ROW);
    }
    assert!(collector.is_silent(Duration::ZERO));
    server.signal("TERM");
    assert_eq!(collector.post().spans.len(), 3);
    assert_eq!(server.exit_code(), 0);
    assert!(!server.rest_of_log().contains("were not sent"));
}

#[test]
fn a_sampler_is_obeyed() {
    let mut collector = Collector::start(Answers::Taken);
    let server = start(&collector, "OTEL_TRACES_SAMPLER=parentbased_always_off");
    server.exchange("POST /predict", "", ROW);
    server.exchange("POST /predict", &format!("traceparent: 00-{TRACE}-{CALLER}-01\r\n"), ROW);
    assert_eq!(hex(&collector.span().parent_span_id), CALLER);
}

#[test]
fn without_an_endpoint_or_when_turned_off_there_is_no_thread_and_no_connection() {
    let collector = Collector::start(Answers::Taken);
    let endpoint = collector.variables("");
    for before in [
        "",
        &format!("{endpoint} export OTEL_SDK_DISABLED=True;"),
        &format!("{endpoint} export OTEL_TRACES_EXPORTER=none;"),
        "export OTEL_EXPORTER_OTLP_ENDPOINT= OTEL_TRACES_SAMPLER=xray;",
    ] {
        let model = path("tests/fixtures/artifacts/boston-ridge.model");
        let mut server =
            Server::start_by_shell(before, Stdio::null(), &["--model", model.to_str().unwrap(), "--lame-duck", "1ms"]);
        server.exchange("POST /predict", &format!("traceparent: 00-{TRACE}-{CALLER}-01\r\n"), ROW);
        let logged = line(&mut server, "POST /predict 200");
        assert_eq!((&logged["trace_id"], logged.get("span_id")), (&TRACE.into(), None));
        let threads = std::fs::read_dir(format!("/proc/{}/task", server.child.id())).unwrap();
        let names = threads.map(|thread| std::fs::read_to_string(thread.unwrap().path().join("comm")).unwrap());
        assert!(!names.into_iter().any(|name| name.starts_with("OpenTelemetry")), "{before}");
        server.signal("TERM");
        assert_eq!(server.exit_code(), 0);
        assert!(collector.is_silent(Duration::ZERO), "{before}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_before_a_port_is_open() {
    let model = path("tests/fixtures/artifacts/boston-ridge.model");
    let refused = |variables: &[(&str, &str)]| {
        let ran = run_with(variables, &["serve", "--bind", ":0", "--model", model.to_str().unwrap()]);
        assert_eq!(ran.code, Some(78), "{}", ran.err);
        ran.err
    };
    let tls = refused(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318")]);
    assert!(tls.contains("speaks no TLS: run a collector beside it"), "{tls}");
    let all = refused(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317"),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "xray"),
        ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer\nsecret"),
        ("SMARTSERVE_LAME_DUCK", "30s"),
    ]);
    for part in [
        "PROTOCOL is \"grpc\"",
        "SAMPLER is \"xray\", expected one of always_on",
        "--lame-duck",
        "OTLP_HEADERS: the value",
    ] {
        assert!(all.contains(part), "{part}: {all}");
    }
    assert!(!all.contains("secret"), "{all}");
}

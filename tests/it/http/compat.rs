//! Routes of other servers' clients beyond what fixtures show: versions, Vertex AI's names, tokens, extra features.

use std::io::Write as _;
use std::sync::Arc;

use crate::support::router::{empty_serving, get, post, request, send, serving, serving_with};
use smartserve::config::{ExtraFeatures, Limits, Vertex};
use smartserve::http::app::Options;
use smartserve::http::auth::Tokens;
use smartserve::http::router::{check, router};
use smartserve::http::service::Service;
use smartserve::serve::listener::Role;

const ROW: &str = r#"{"RM":6.5,"TAX":296,"colour":"red"}"#;

fn options(predict: &str, health: &str) -> Options {
    let of = |path: &str| (!path.is_empty()).then(|| path.to_owned());
    Options { vertex: Vertex { predict: of(predict), health: of(health) }, ..Options::default() }
}

fn public(options: Options) -> Service {
    router(serving(Limits::default()), Role::Main, options)
}

#[tokio::test]
async fn a_version_is_asked_by_its_name() {
    let server = serving(Limits::default());
    let version = server.registry.get("line").unwrap().model.version().to_owned();
    let router = router(server, Role::Main, Options::default());
    let target = format!("/v1/models/line/versions/{version}");
    let state = get(&router, &target).await;
    assert_eq!(state.json()["model_version_status"][0]["version"], version.as_str());
    let answer = post(&router, &format!("{target}:predict"), r#"{"instances":[[2]]}"#).await;
    assert_eq!(answer.text(), "{\"predictions\":[5.999999999999993]}\n");
    assert_eq!(post(&router, "/v1/models/line%3Apredict", r#"{"instances":[[2]]}"#).await.status, 200);
    assert_eq!(post(&router, "/v1/models/%ff:predict", "{}").await.status, 404);
}

#[tokio::test]
async fn vertex_asks_the_routes_that_it_names() {
    let endpoint = "/v1/endpoints/12/deployedModels/34";
    for (predict, health) in [
        (format!("{endpoint}:predict"), endpoint),
        ("/predict".to_owned(), "/ping"),
        ("/v1/models/houses:predict".to_owned(), "/v1/models/houses/health"),
    ] {
        let options = options(&predict, health);
        check(&options).unwrap();
        let router = public(options);
        let body = format!(r#"{{"instances":[{ROW}],"parameters":{{}}}}"#);
        assert_eq!(post(&router, &predict, body).await.text(), "{\"predictions\":[25.25]}\n", "{predict}");
        let body = format!(r#"{{"instances":[{ROW}],"parameters":{{"top":1}}}}"#);
        assert_eq!(post(&router, &predict, body).await.text(), "{\"predictions\":[25.25]}\n", "{predict}");
        assert_eq!(post(&router, &predict, r#"{"inputs":[[1,2,"red"]]}"#).await.status, 422);
        assert_eq!(get(&router, health).await.status, 200, "{health}");
        assert_eq!(get(&router, &predict).await.header("allow"), "POST, OPTIONS");
        let metrics = get(&router, "/metrics").await;
        let counted = format!(r#"route="{predict}",status="200"}} 2"#);
        assert!(metrics.text().contains(&counted), "{}", metrics.text());
    }
}

#[test]
fn vertex_routes_may_not_hide_ours() {
    for (predict, health) in [("/ping", ""), ("/metrics", ""), ("/", ""), ("", "/models"), ("", "/predict")] {
        assert!(check(&options(predict, health)).is_err(), "{predict} {health}");
    }
    for (predict, health) in [("", ""), ("/predict", "/healthz"), ("/invocations", "/health"), ("/a/b", "/a")] {
        check(&options(predict, health)).unwrap();
    }
}

#[tokio::test]
async fn tokens_cover_these_routes_too() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "secret").unwrap();
    let tokens = Some(Arc::new(Tokens::load(file.path()).unwrap()));
    let router = public(Options { tokens, ..options("/vertex", "/vertex/health") });
    let closed = ["/invocations", "/vertex", "/v1/models/houses:predict", "/v1/models/houses/versions/1:predict"];
    for target in closed {
        assert_eq!(post(&router, target, "{}").await.status, 401, "{target}");
        let mut request = request("POST", target, "{}");
        request.headers_mut().insert("authorization", "Bearer secret".parse().unwrap());
        assert_ne!(send(&router, request).await.status, 401, "{target}");
    }
    for target in ["/v1/models", "/v1/models/houses", "/version", "/invocations"] {
        assert_eq!(get(&router, target).await.status, 401, "{target}");
    }
    for open in ["/ping", "/health", "/vertex/health"] {
        assert_eq!(get(&router, open).await.status, 200, "{open}");
    }
}

#[tokio::test]
async fn extra_features_are_dropped_when_asked() {
    let server = serving_with(Limits::default(), ExtraFeatures::Ignore);
    let router = router(server, Role::Main, Options::default());
    let row = r#"{"id":[1],"RM":6.5,"TAX":296,"colour":"red"}"#;
    let split = r#"{"columns":["id","RM","TAX","colour"],"data":[[{},6.5,296,"red"]]}"#;
    for (target, content_type, body) in [
        ("/v1/models/houses:predict", "", format!("{{\"instances\":[{row}]}}")),
        ("/v1/models/houses:predict", "", r#"{"inputs":{"id":{},"RM":[6.5],"TAX":[296],"colour":["red"]}}"#.to_owned()),
        ("/invocations", "", format!("{{\"dataframe_records\":[{row}]}}")),
        ("/invocations", "", format!("{{\"dataframe_split\":{split}}}")),
        ("/invocations", "text/csv", "id,colour,RM,TAX\na,red,6.5,296\n".to_owned()),
        ("/invocations", "application/jsonlines", row.to_owned()),
    ] {
        let mut request = request("POST", target, body.clone());
        request.headers_mut().insert("content-type", content_type.parse().unwrap());
        let answer = send(&router, request).await;
        assert!(answer.status == 200 && answer.text().contains("25.25"), "{body}: {}", answer.text());
    }
}

#[tokio::test]
async fn without_a_model_nothing_is_ready() {
    let router = router(empty_serving(), Role::Main, options("/vertex", "/vertex/health"));
    for target in ["/invocations", "/vertex"] {
        assert_eq!(post(&router, target, "{}").await.status, 503, "{target}");
    }
    for target in ["/ping", "/health", "/vertex/health"] {
        assert_eq!(get(&router, target).await.status, 503, "{target}");
    }
    assert_eq!(get(&router, "/v1/models").await.text(), "{\"models\":[]}\n");
}

#[tokio::test]
async fn slashes_too_many_lead_to_the_same_route() {
    let router = public(Options::default());
    let row = r#"{"RM":6.5,"TAX":296,"colour":"red"}"#;
    for target in ["/predict/", "//predict", "//models//houses/predict/", "/v1/models/houses:predict//"] {
        let body = if target.contains("v1") { format!("{{\"instances\":[{row}]}}") } else { row.to_owned() };
        let answer = post(&router, target, body).await;
        assert_eq!(answer.status, 200, "{target}: {}", answer.text());
    }
    assert_eq!(get(&router, "/v2/").await.body, get(&router, "/v2").await.body);
    assert_eq!(get(&router, "/predict/predict").await.status, 404);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "secret").unwrap();
    let tokens = Some(Arc::new(Tokens::load(file.path()).unwrap()));
    assert_eq!(post(&public(Options { tokens, ..Options::default() }), "//predict/", row).await.status, 401);
}

#[tokio::test]
async fn the_protocols_routes_tell_errors_as_plain_json() {
    let router = public(Options::default());
    for (target, status) in [
        ("/v2/models/nobody/infer", 404),
        ("/v2/models/houses/infer", 422),
        ("/v1/models/houses:predict", 422),
        ("/v1/models/nobody:predict", 404),
        ("/v2/nowhere", 404),
        ("/v2", 405),
    ] {
        let answer = post(&router, target, "{}").await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"), "{target}");
        let told = answer.json();
        assert_eq!((&told["status"], &told["error"]), (&status.into(), &told["detail"]), "{target}");
    }
    for target in ["/predict", "/invocations", "/models/nobody/predict", "/nowhere", "/v3"] {
        assert_eq!(post(&router, target, "{}").await.header("content-type"), "application/problem+json", "{target}");
    }
    assert_eq!(post(&router, "/predict", "{}").await.json()["title"], "Unprocessable Content");
}

#[tokio::test]
async fn the_page_is_json_for_those_who_ask_for_it() {
    let router = public(Options::default());
    for (accept, kind) in [
        ("application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("text/html;q=0.5, application/json", "application/json"),
        ("*/*", "text/html; charset=utf-8"),
    ] {
        let mut request = request("GET", "/", "");
        request.headers_mut().insert("accept", accept.parse().unwrap());
        let answer = send(&router, request).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, kind), "{accept}");
        if kind == "application/json" {
            assert_eq!(answer.json(), serde_json::json!({ "status": "alive" }));
        }
    }
}

//! The repository extension: models from files, loaded and unloaded by who may.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;

use serde_json::json;
use smartserve::config::{ExtraFeatures, Limits};
use smartserve::http::app::Options;
use smartserve::http::auth::Tokens;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::ServerState;
use smartserve::serve::listener::Role;
use smartserve::serve::reload::{ModelFile, Sources, Trigger};

use crate::support::model_folder::{ModelFolder, reload};
use crate::support::router::{Answer, artifact, get, post, public, request, send};

const INDEX: &str = "/v2/repository/index";
const LOAD: &str = "/v2/repository/models/line/load";
const UNLOAD: &str = "/v2/repository/models/line/unload";
const LINE: &str = r#"{"inputs":[{"name":"x","shape":[1],"datatype":"FP64","data":[2]}]}"#;

/// y = `slope` x, under the feature's name.
fn line(feature: &str, slope: u32) -> Vec<u8> {
    let rows = (1..30).map(|x| format!("{x},{}\n", slope * x)).collect::<Vec<_>>().concat();
    artifact("line", &format!("{feature},y\n{rows}"), "y", Algorithm::Linear)
}

/// `first` (the default) and `line`, from files.
fn folder() -> ModelFolder {
    let folder = ModelFolder::new();
    let file = |name: &str, slope: u32| {
        let path = folder.write(name, &line("x", slope));
        ModelFile { name: Some(name.to_owned()), path, options: Default::default() }
    };
    folder.open(&Sources { files: vec![file("first", 2), file("line", 3)], ..Sources::default() });
    folder
}

fn routes(folder: &ModelFolder, role: Role, options: Options) -> Service {
    router(Arc::clone(&folder.server), role, options)
}

fn admin(folder: &ModelFolder) -> Service {
    routes(folder, Role::Admin, Options::default())
}

fn version(folder: &ModelFolder) -> String {
    folder.version("line").unwrap()
}

async fn ask(router: &Service, path: &str, body: &str) -> (u16, Answer) {
    let answer = post(router, path, body.to_owned()).await;
    (answer.status.as_u16(), answer)
}

#[tokio::test]
async fn a_load_serves_the_file_or_a_version() {
    let folder = folder();
    let admin = admin(&folder);
    let first = version(&folder);
    let (status, answer) = ask(&admin, LOAD, "").await;
    assert_eq!((status, answer.json()["version"].as_str().unwrap()), (200, first.as_str()));
    fs::write(folder.path("line"), line("x", 4)).unwrap();
    assert_eq!(ask(&admin, LOAD, "{}").await.0, 200);
    let second = version(&folder);
    assert_ne!(second, first);
    let back = json!({"parameters": {"version": first}}).to_string();
    let (status, answer) = ask(&admin, LOAD, &back).await;
    assert_eq!(
        (status, answer.json()),
        (200, json!({"name": "line", "version": first, "state": "READY", "reason": ""}))
    );
    assert_eq!(version(&folder), first);
    let (status, answer) = ask(&admin, LOAD, r#"{"parameters":{"version":"1"}}"#).await;
    assert_eq!(status, 404);
    assert!(answer.text().contains(&first) && answer.text().contains(&second), "{}", answer.text());
}

#[tokio::test]
async fn a_failed_load_leaves_the_model() {
    let folder = folder();
    let admin = admin(&folder);
    let first = version(&folder);
    fs::write(folder.path("line"), line("z", 3)).unwrap();
    assert_eq!(ask(&admin, LOAD, "").await.0, 409);
    fs::write(folder.path("line"), b"not a model").unwrap();
    assert_eq!(ask(&admin, LOAD, "").await.0, 422);
    fs::remove_file(folder.path("line")).unwrap();
    assert_eq!(ask(&admin, LOAD, "").await.0, 422);
    assert_eq!(ask(&admin, "/v2/repository/models/nobody/load", "").await.0, 404);
    for (body, expected) in [
        ("{", 400),
        ("\t", 400),
        ("[]", 422),
        (r#"{"parameters":{"version":1}}"#, 422),
        (r#"{"parameters":{"config":"{}"}}"#, 422),
        (r#"{"parameters":null}"#, 422),
    ] {
        assert_eq!(ask(&admin, LOAD, body).await.0, expected, "{body}");
    }
    assert_eq!(version(&folder), first);
    let metrics = folder.server.metrics.render();
    assert!(metrics.contains(r#"smartserve_requests_rejected_total{reason="schema"} 3"#), "{metrics}");
}

#[tokio::test]
async fn what_a_load_asks_for_is_not_echoed_whole() {
    let folder = folder();
    let admin = admin(&folder);
    let long = format!("\u{202e}{}", "x".repeat(4000));
    for body in
        [json!({"parameters": {"version": long}}), json!({"parameters": {&long: 1}}), json!({"parameters": long})]
    {
        let (_, answer) = ask(&admin, LOAD, &body.to_string()).await;
        assert!(answer.body.len() < 1000 && !answer.text().contains('\u{202e}'), "{}", answer.text());
        assert!(answer.json()["detail"].as_str().unwrap().contains("u{202e}xxx"), "{}", answer.text());
    }
    let (status, answer) = ask(&admin, &format!("/v2/repository/models/{}/load", "x".repeat(4000)), "").await;
    assert!(status == 404 && answer.body.len() < 1000, "{}", answer.text());
    for path in [INDEX, LOAD, UNLOAD] {
        for (n, expected) in [(4096, 200), (4097, 413)] {
            let (status, answer) = ask(&admin, path, &format!("{{}}{}", " ".repeat(n - 2))).await;
            assert_eq!(status, expected, "{path} {n}: {}", answer.text());
        }
    }
}

#[tokio::test]
async fn an_unloaded_model_is_gone() {
    let folder = folder();
    let (admin, public) = (admin(&folder), routes(&folder, Role::Main, Options::default()));
    let held = folder.server.registry.get("line").unwrap();
    assert_eq!(ask(&admin, UNLOAD, r#"{"parameters":{"unload_dependents":false}}"#).await.0, 200);
    held.model.check_golden().unwrap();
    for trigger in [Trigger::Request, Trigger::Timer] {
        folder.server.reloader.poll(trigger);
        assert_eq!(get(&public, "/v2/models/line/ready").await.status, 404);
        assert_eq!(ask(&public, "/v2/models/line/infer", LINE).await.0, 404);
    }
    assert_eq!(get(&public, "/v2/models/first/ready").await.status, 200);
    assert_eq!(ask(&admin, INDEX, "").await.1.json().as_array().unwrap().len(), 1);
    assert_eq!(ask(&admin, UNLOAD, "").await.0, 404);
    assert_eq!(ask(&admin, LOAD, "").await.0, 200);
    assert_eq!(ask(&public, "/v2/models/line/infer", LINE).await.0, 200);
    let (status, answer) = ask(&admin, "/v2/repository/models/first/unload", "").await;
    assert_eq!(status, 422, "{}", answer.text());
}

#[tokio::test]
async fn an_unloaded_model_stays_unloaded() {
    let directory = tempfile::tempdir().unwrap();
    for (file, slope) in [("a", 2), ("b", 3)] {
        let rows = (1..30).map(|x| format!("{x},{}\n", slope * x)).collect::<Vec<_>>().concat();
        let bytes = artifact(file, &format!("x,y\n{rows}"), "y", Algorithm::Linear);
        fs::write(directory.path().join(file).with_extension("model"), bytes).unwrap();
    }
    let server = Arc::new(ServerState::new(Vec::new(), Limits::default(), ExtraFeatures::Reject));
    server.reloader.open(&Sources { directory: Some(directory.path().to_owned()), ..Sources::default() }).unwrap();
    server.reloader.unload("b").unwrap();
    server.reloader.poll(Trigger::Request);
    assert_eq!(server.registry.list().len(), 1);
    reload(&server, "b", None).await.unwrap();
    assert_eq!(server.registry.list().len(), 2);
    server.reloader.unload("b").unwrap();
    fs::remove_file(directory.path().join("b.model")).unwrap();
    server.reloader.poll(Trigger::Timer);
    assert!(reload(&server, "b", None).await.is_err());
}

async fn status(router: &Service, method: &str, path: &str, token: &str) -> u16 {
    let mut request = request(method, path, if path.ends_with("infer") { LINE } else { "" });
    if !token.is_empty() {
        request.headers_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    send(router, request).await.status.as_u16()
}

#[tokio::test]
async fn loading_needs_a_token_or_admin() {
    let folder = folder();
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "secret").unwrap();
    let tokens = Some(Arc::new(Tokens::load(file.path()).unwrap()));
    let with_tokens = || Options { tokens: tokens.clone(), ..Options::default() };
    let open = public(Limits::default());
    assert_eq!((status(&open, "POST", LOAD, "").await, status(&open, "POST", UNLOAD, "").await), (403, 403));
    assert_eq!(status(&open, "POST", INDEX, "").await, 200);
    let guarded = routes(&folder, Role::Main, with_tokens());
    for path in [LOAD, INDEX, "/v2/models/line/infer", UNLOAD] {
        assert_eq!(status(&guarded, "POST", path, "").await, 401, "{path}");
        assert_eq!(status(&guarded, "POST", path, "wrong").await, 401, "{path}");
        assert_eq!(status(&guarded, "POST", path, "secret").await, 200, "{path}");
    }
    for path in ["/v2", "/v2/models/first", "/v2/models/first/ready"] {
        assert_eq!(status(&guarded, "GET", path, "").await, 401, "{path}");
    }
    for path in ["/v2/health/live", "/v2/health/ready"] {
        assert_eq!(status(&guarded, "GET", path, "").await, 200, "{path}");
    }
    for (admin, token) in [(routes(&folder, Role::Admin, with_tokens()), "secret"), (admin(&folder), "")] {
        for path in [LOAD, INDEX, UNLOAD] {
            assert_eq!(status(&admin, "POST", path, token).await, 200, "{path}");
        }
        assert_eq!(status(&admin, "GET", "/v2/health/ready", "").await, 200);
        assert_eq!(status(&admin, "POST", "/v2/models/line/infer", "").await, 404);
    }
}

//! Who is let in besides tokens: pages of other sites, names of other hosts, the admin listener's changes, metrics.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use http::StatusCode;
use smartserve::config::Limits;
use smartserve::http::allowed_hosts::AllowedHosts;
use smartserve::http::app::Options;
use smartserve::http::auth::Tokens;
use smartserve::http::router::router;
use smartserve::http::service::Service;
use smartserve::serve::listener::Role;
use smartserve::serve::reload::{ModelFile, Sources};

use crate::support::model_folder::ModelFolder;
use crate::support::path;
use crate::support::process::{Server, run_with};
use crate::support::router::{Answer, artifacts, public, request, send, serving};

const LOAD: &str = "/v2/repository/models/line/load";
const UNLOAD: &str = "/v2/repository/models/line/unload";
const FORM: &str = "application/x-www-form-urlencoded";
const ELSEWHERE: [(&str, &str); 5] = [
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("origin", "https://evil.example"),
    ("origin", "http://localhost:81"),
    ("origin", "null"),
];
const HERE: [(&str, &str); 5] = [
    ("sec-fetch-site", "same-origin"),
    ("sec-fetch-site", "none"),
    ("origin", "http://localhost"),
    ("origin", "https://LOCALHOST:443"),
    ("x-none", ""),
];

fn folder() -> ModelFolder {
    let folder = ModelFolder::new();
    let file = |name: &str| ModelFile {
        name: Some(name.to_owned()),
        path: folder.write(name, &artifacts()[1].1),
        options: Default::default(),
    };
    folder.open(&Sources { files: vec![file("first"), file("line")], ..Sources::default() });
    folder
}

async fn post(router: &Service, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = request("POST", path, body.to_owned());
    for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
        request.headers_mut().append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    send(router, request).await
}

async fn status(router: &Service, path: &str, headers: &[(&str, &str)], body: &str) -> u16 {
    post(router, path, headers, body).await.status.as_u16()
}

fn tokens() -> (tempfile::NamedTempFile, Options) {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), "secret\n").unwrap();
    let tokens = Some(Arc::new(Tokens::load(file.path()).unwrap()));
    (file, Options { tokens, ..Options::default() })
}

#[tokio::test]
async fn a_page_from_elsewhere_changes_nothing() {
    let folder = folder();
    let admin = router(Arc::clone(&folder.server), Role::Admin, Options::default());
    let (_file, options) = tokens();
    let main = router(Arc::clone(&folder.server), Role::Main, options);
    let token = ("authorization", "Bearer secret");
    for path in [LOAD, UNLOAD] {
        for site in ELSEWHERE {
            for kind in ["", "application/json"] {
                let headers = [site, ("content-type", kind), token];
                assert_eq!(status(&admin, path, &headers, "{}").await, 403, "{path} {headers:?}");
                assert_eq!(status(&main, path, &headers, "{}").await, 403, "{path} {headers:?}");
            }
        }
        for kind in [FORM, "text/plain", "text/plain;charset=UTF-8", "text/csv", "multipart/form-data; boundary=x"] {
            assert_eq!(status(&admin, path, &[("content-type", kind)], "{}").await, 415, "{path} {kind}");
            assert_eq!(status(&main, path, &[("content-type", kind), token], "{}").await, 415, "{path} {kind}");
        }
    }
    for site in HERE {
        for kind in ["", "application/json"] {
            for path in [UNLOAD, LOAD] {
                assert_eq!(status(&admin, path, &[site, ("content-type", kind)], "{}").await, 200, "{path} {site:?}");
            }
        }
    }
}

#[tokio::test]
async fn who_may_not_load_is_told_so_first() {
    let folder = folder();
    let main = router(Arc::clone(&folder.server), Role::Main, Options::default());
    let (_file, options) = tokens();
    let with_tokens = router(Arc::clone(&folder.server), Role::Main, options);
    for path in [LOAD, UNLOAD] {
        for kind in ["", FORM, "text/csv", "application/json"] {
            for body in ["{}", "no JSON"] {
                assert_eq!(status(&main, path, &[("content-type", kind)], body).await, 403, "{path} {kind}");
                assert_eq!(status(&with_tokens, path, &[("content-type", kind)], body).await, 401, "{path} {kind}");
            }
        }
    }
}

#[tokio::test]
async fn a_page_from_elsewhere_predicts_nothing_by_a_form() {
    let router = public(Limits::default());
    for path in ["/models/line/predict", "/v2/models/line/infer", "/invocations", "/predict"] {
        for site in ELSEWHERE {
            for kind in ["", FORM, "text/plain", "multipart/form-data; boundary=x"] {
                let answer = post(&router, path, &[site, ("content-type", kind)], r#"{"x":2}"#).await;
                assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path} {site:?} {kind}");
                assert!(answer.text().contains("send Content-Type: application/json"), "{}", answer.text());
            }
        }
    }
    let predict = "/models/line/predict";
    for site in ELSEWHERE {
        // A browser asks before it sends these, and is never let.
        assert_eq!(status(&router, predict, &[site, ("content-type", "application/json")], r#"{"x":2}"#).await, 200);
        assert_eq!(status(&router, predict, &[site, ("content-type", "text/csv")], "x\n2\n").await, 200);
    }
    for site in HERE {
        for kind in ["", FORM, "application/json"] {
            let got = status(&router, predict, &[site, ("content-type", kind)], r#"{"x":2}"#).await;
            assert_eq!(got, 200, "{site:?} {kind}");
        }
    }
}

#[tokio::test]
async fn with_tokens_changes_on_the_admin_listener_need_one() {
    let folder = folder();
    let (_file, options) = tokens();
    let admin = router(Arc::clone(&folder.server), Role::Admin, options);
    for path in [LOAD, UNLOAD] {
        assert_eq!(status(&admin, path, &[], "").await, 401, "{path}");
        assert_eq!(status(&admin, path, &[("authorization", "Bearer other")], "").await, 401, "{path}");
        assert_eq!(status(&admin, path, &[("authorization", "Bearer secret")], "").await, 200, "{path}");
    }
    assert_eq!(status(&admin, "/v2/repository/index", &[], "").await, 200);
    for open in ["/livez", "/readyz", "/metrics", "/v2/health/ready"] {
        assert_eq!(send(&admin, request("GET", open, "")).await.status, StatusCode::OK, "{open}");
    }
}

#[tokio::test]
async fn without_a_token_metrics_tell_no_bins() {
    let (_file, options) = tokens();
    let metrics = |router: Service, token: &'static str| async move {
        let mut request = request("GET", "/metrics", "");
        request.headers_mut().insert("authorization", token.parse().unwrap());
        let answer = send(&router, request).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.text().to_owned()
    };
    let shows_bins = |text: &str| text.contains("bin=") || text.contains("expected_ratio");
    let of = |role, options: &Options| router(serving(Limits::default()), role, options.clone());
    let open = metrics(of(Role::Main, &options), "Bearer other").await;
    assert!(!shows_bins(&open) && open.contains("smartserve_model_info{"), "{open}");
    assert!(open.contains("smartserve_http_requests_in_flight"), "{open}");
    assert!(shows_bins(&metrics(of(Role::Main, &options), "Bearer secret").await));
    assert!(shows_bins(&metrics(of(Role::Admin, &options), "Bearer other").await));
    assert!(shows_bins(&metrics(of(Role::Main, &Options::default()), "Bearer other").await));
}

#[tokio::test]
async fn a_host_of_another_name_is_421() {
    let names = AllowedHosts::new(["models.example.com", "Smartserve.Default.svc."]).unwrap();
    for role in [Role::Main, Role::Admin] {
        let options = Options { allowed_hosts: names.clone(), ..Options::default() };
        let router = router(serving(Limits::default()), role, options);
        let ask = |target: &str, host: &str| {
            let mut request = request("GET", target, "");
            request.headers_mut().insert("host", host.parse().unwrap());
            let router = router.clone();
            async move { send(&router, request).await.status.as_u16() }
        };
        // As probes, Services and ingresses name it.
        for host in [
            "10.1.2.3:9090",
            "127.0.0.1",
            "[::1]:8000",
            "[2001:db8::1]",
            "localhost:8000",
            "models.example.com",
            "MODELS.example.com.:443",
            "smartserve.default.svc:80",
        ] {
            assert_eq!(ask("/livez", host).await, 200, "{host}");
        }
        for host in
            ["evil.example", "evil.example:8000", "models.example.com.evil.example", "localhost.evil", "127.1", ""]
        {
            assert_eq!(ask("/livez", host).await, 421, "{host}");
        }
        for host in ["[::1].evil", "[::1]evil:80", "localhost:80.evil", "localhost:evil"] {
            assert_eq!(ask("/livez", host).await, 421, "{host}");
        }
        assert_eq!(ask("http://evil.example/livez", "localhost").await, 421);
        assert_eq!(ask("http://models.example.com/livez", "localhost").await, 200);
    }
}

#[test]
fn allowed_hosts_are_flags_or_lines_of_a_variable() {
    let model = path("tests/fixtures/artifacts/boston-ridge.model").display().to_string();
    let server = Server::start_by_shell(
        "export SMARTSERVE_ALLOWED_HOST='a.example\nb.example';",
        std::process::Stdio::null(),
        &["--model", &model],
    );
    for (host, expected) in [("a.example", 200), ("b.example:80", 200), ("c.example", 421), ("127.0.0.1:1", 200)] {
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{host}: {answer}");
    }
    for bad in ["http://a.example", "a.example:80", "*"] {
        let ran = run_with(&[], &["serve", "--model", &model, "--allowed-host", bad]);
        assert!(ran.code == Some(78) && ran.err.contains("is not a host's name"), "{}", ran.err);
    }
}

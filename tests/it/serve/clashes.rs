//! A directory whose models come and go: two of one name, and the default one.

use serde_json::Value;
use smartserve::serve::reload::Sources;

use crate::support::model_folder::{ModelFolder, version};
use crate::support::path;
use crate::support::process::Server;

fn directory(folder: &ModelFolder) -> Sources {
    Sources { directory: Some(folder.directory.path().to_owned()), ..Sources::default() }
}

#[tokio::test]
async fn a_model_is_served_once_its_name_is_free() {
    let folder = ModelFolder::new();
    let first = folder.write("a.model", &version(1));
    folder.write("b.model", &version(2));
    folder.open(&directory(&folder));
    let of_first = folder.version("boston").unwrap();
    let errors = folder.counted().1;
    for _ in 0..4 {
        folder.look();
    }
    assert_eq!((folder.version("boston").unwrap(), folder.counted().1), (of_first.clone(), errors), "it is told once");
    std::fs::remove_file(&first).unwrap();
    folder.look();
    let of_second = folder.version("boston").unwrap();
    assert_ne!(of_second, of_first);
    assert!(folder.server.registry.default_model().is_some(), "the name is the default one's");
    // The first one comes back, and waits in its turn.
    folder.write("a.model", &version(1));
    folder.look();
    assert_eq!((folder.version("boston").unwrap(), folder.names().len()), (of_second, 1));
    std::fs::remove_file(folder.path("b.model")).unwrap();
    folder.look();
    assert_eq!(folder.version("boston").unwrap(), of_first);
}

#[test]
fn a_clash_is_told_as_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let good = path("tests/fixtures/artifacts/boston-ridge.model");
    for name in ["a.model", "b.model"] {
        std::fs::copy(&good, folder.path().join(name)).unwrap();
    }
    let server = Server::start(&["--models", folder.path().to_str().unwrap()]);
    let lines = server.head_of_log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<Value> = lines.filter(|line| line["level"] == "ERROR").collect();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["message"], "not served as long as another model has its name");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (first, second) = (at("a.model"), at("b.model"));
    let expected = format!(
        "{first} and {second} are both called \"ridge\"; move one of them out of the directory and give it by itself: \
         --model OTHER={second}"
    );
    assert_eq!(told[0]["error"], expected);
}

#[test]
fn without_its_default_model_a_server_stays_ready_for_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let put = |from: &str, name: &str| std::fs::copy(path(from), folder.path().join(name)).unwrap();
    put("tests/fixtures/artifacts/boston-ridge.model", "a.model");
    put("docs/examples/xgboost.ubj", "other.ubj");
    let mut server = Server::start(&["--models", folder.path().to_str().unwrap(), "--reload-interval", "20ms"]);
    let row = r#"{"CHAS":0,"RM":6.5,"TAX":296,"LSTAT":4.98}"#;
    assert_eq!(server.ask("POST", "/predict", row).0, 200);
    std::fs::remove_file(folder.path().join("a.model")).unwrap();
    server.wait_for("its file has gone");
    // The log's line comes before the model goes.
    while server.ask("GET", "/models/ridge", "").0 == 200 {}
    for probe in ["/readyz", "/ping", "/v2/health/ready", "/models/other"] {
        assert_eq!(server.ask("GET", probe, "").0, 200, "{probe}");
    }
    for route in ["/predict", "/invocations"] {
        let (status, problem) = server.ask("POST", route, row);
        let expected = "The default model is not served; GET /models lists those that are";
        assert_eq!((status, problem["detail"].as_str()), (404, Some(expected)), "{route}");
    }
    assert_eq!(server.ask("GET", "/openapi.json", "").0, 200);
    assert_eq!(server.ask("GET", "/", "").0, 200);
    std::fs::remove_file(folder.path().join("other.ubj")).unwrap();
    server.wait_for("its file has gone");
    while server.ask("GET", "/models/other", "").0 == 200 {}
    assert_eq!((server.ask("GET", "/readyz", "").0, server.ask("POST", "/predict", row).0), (503, 503));
    put("tests/fixtures/artifacts/boston-ridge.model", "a.model");
    server.wait_for("serving ridge");
    while server.ask("GET", "/models/ridge", "").0 != 200 {}
    assert_eq!(server.ask("POST", "/predict", row).0, 200);
}

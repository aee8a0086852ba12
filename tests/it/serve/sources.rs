//! Where models come from at the start, and from a directory.

use std::fs;
use std::path::Path;

use smartserve::config::{ExtraFeatures, Limits};
use smartserve::serve::Serving;
use smartserve::serve::error::LoadError;
use smartserve::serve::reload::{ModelFile, Sources};

use crate::support::model_folder::{ModelFolder, one, version};
use crate::support::models::{QUICK, artifact};

#[tokio::test]
async fn a_model_keeps_its_registered_name() {
    let house = ModelFolder::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    fs::write(&path, artifact(QUICK, "renamed", 2)).unwrap();
    house.look();
    assert_eq!(house.names(), ["m"]);
    assert_eq!(house.serving.registry.get("m").unwrap().model.header().name, "renamed");
    assert!(house.serving.registry.default_model().is_some());
}

#[tokio::test]
async fn the_first_model_is_the_default() {
    for (default, expected) in [(None, "a"), (Some("b"), "b")] {
        let house = ModelFolder::new();
        let file = |name: &str| ModelFile {
            name: Some(name.to_owned()),
            path: house.write(name, &version(1)),
            options: Default::default(),
        };
        let files = vec![file("a"), file("b")];
        house.open(&Sources { files, default: default.map(str::to_owned), ..Sources::default() });
        assert_eq!(house.serving.registry.default_model().unwrap().name, expected);
        assert_eq!(house.names(), ["a", "b"]);
    }
}

#[tokio::test]
async fn bad_models_are_told_apart() {
    let house = ModelFolder::new();
    let good = house.write("good.model", &version(1));
    let bad = house.write("bad.model", b"nonsense");
    let file = |name: Option<&str>, path: &Path| ModelFile {
        name: name.map(str::to_owned),
        path: path.to_owned(),
        options: Default::default(),
    };
    let open = |files: Vec<ModelFile>, default: Option<&str>| {
        let serving = Serving::new(Vec::new(), Limits::default(), ExtraFeatures::Reject);
        serving
            .reloader
            .open(&Sources { files, default: default.map(str::to_owned), ..Sources::default() })
            .unwrap_err()
            .remove(0)
    };
    assert!(matches!(open(vec![file(None, &house.path("none.model"))], None), LoadError::Missing { .. }));
    assert!(matches!(open(vec![file(None, &bad)], None), LoadError::Invalid { .. }));
    assert!(matches!(open(vec![file(None, house.directory.path())], None), LoadError::Invalid { .. }));
    assert!(matches!(open(vec![file(Some("a/b"), &good)], None), LoadError::BadName(_)));
    assert!(matches!(open(vec![file(None, &good), file(None, &good)], None), LoadError::SameName { .. }));
    let no_default = open(vec![file(None, &good)], Some("x"));
    assert_eq!(no_default.to_string(), "--default-model \"x\" is not served; the models are boston");
}

#[tokio::test]
async fn models_of_a_directory_come_and_go() {
    let house = ModelFolder::new();
    house.open(&Sources { directory: Some(house.directory.path().to_owned()), ..Sources::default() });
    assert!(house.serving.registry.is_empty());
    house.write("b.model", &artifact(QUICK, "b", 1));
    house.write("bad.model", b"nonsense");
    house.write("notes.txt", b"nonsense");
    house.write(".hidden.model", b"nonsense");
    (0..3).for_each(|_| house.look());
    assert_eq!((house.names(), house.counted()), (vec!["b".to_owned()], (1, 1)));
    assert!(house.serving.registry.default_model().is_some());

    house.write("a.model", &artifact(QUICK, "a", 1));
    house.write("same.model", &artifact(QUICK, "b", 2));
    house.write("bad.model", &artifact(QUICK, "good-now", 1));
    house.look();
    let mut names = house.names();
    names.sort();
    assert_eq!(names, ["a", "b", "good-now"]);
    assert_eq!(house.counted(), (3, 2), "the second b is refused");

    fs::remove_file(house.path("b.model")).unwrap();
    house.look();
    assert!(house.version("a").is_some());
    assert_eq!(house.names().len(), 2);
}

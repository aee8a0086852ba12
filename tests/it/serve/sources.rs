//! Where models come from at the start, and from a directory.

use std::fs;
use std::path::Path;

use smartserve::config::{ExtraFeatures, Limits};
use smartserve::import::{Answers, ImportChoices};
use smartserve::serve::ServerState;
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
    assert_eq!(house.server.registry.get("m").unwrap().model.header().name, "renamed");
    assert!(house.server.registry.default_model().is_some());
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
        assert_eq!(house.server.registry.default_model().unwrap().name, expected);
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
        let server = ServerState::new(Vec::new(), Limits::default(), ExtraFeatures::Reject);
        server
            .reloader
            .open(&Sources { files, default: default.map(str::to_owned), ..Sources::default() })
            .unwrap_err()
            .remove(0)
    };
    assert!(matches!(open(vec![file(None, &house.path("none.model"))], None), LoadError::Missing { .. }));
    assert!(matches!(open(vec![file(None, &bad)], None), LoadError::Invalid { .. }));
    assert!(matches!(open(vec![file(None, Path::new("/dev/null"))], None), LoadError::Invalid { .. }));
    assert!(matches!(open(vec![file(Some("a/b"), &good)], None), LoadError::BadName(_)));
    assert!(matches!(open(vec![file(None, &good), file(None, &good)], None), LoadError::SameName { .. }));
    let no_default = open(vec![file(None, &good)], Some("x"));
    assert_eq!(no_default.to_string(), "--default-model \"x\" is not served; the models are boston");
}

#[tokio::test]
async fn models_of_a_directory_come_and_go() {
    let house = ModelFolder::new();
    house.open(&Sources { directory: Some(house.directory.path().to_owned()), ..Sources::default() });
    assert!(house.server.registry.is_empty());
    house.write("b.model", &artifact(QUICK, "b", 1));
    house.write("bad.model", b"nonsense");
    house.write("notes.txt", b"nonsense");
    house.write(".hidden.model", b"nonsense");
    (0..3).for_each(|_| house.look());
    assert_eq!((house.names(), house.counted()), (vec!["b".to_owned()], (1, 1)));
    assert!(house.server.registry.default_model().is_some());

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
    assert_eq!(house.names().len(), 3, "the second b has the name now");
    assert_eq!(house.server.registry.default_model().unwrap().name, "b");
}

/// A file of the cases of other libraries.
fn case(file: &str) -> Vec<u8> {
    fs::read(crate::import::cases::folder().join(file)).unwrap()
}

#[tokio::test]
async fn a_foreign_file_that_is_empty_for_a_moment_goes_on_as_it_was() {
    let house = ModelFolder::new();
    let whole = case("xgb-sqerr/model.ubj");
    house.write("price.bst", &whole);
    house.open(&Sources { directory: Some(house.directory.path().to_owned()), ..Sources::default() });
    let first = house.version("price").unwrap();
    for short in [&[][..], &whole[..1], &whole[..whole.len() / 2]] {
        house.write("price.bst", short);
        (0..3).for_each(|_| house.look());
        assert_eq!(house.version("price").as_ref(), Some(&first));
        assert!(house.server.registry.default_model().is_some());
    }
    assert_eq!(house.counted(), (1, 3), "each is told once");
    house.write("price.bst", &case("xgb-poisson/model.ubj"));
    house.look();
    assert_ne!(house.version("price").unwrap(), first);
    fs::remove_file(house.path("price.bst")).unwrap();
    house.look();
    assert!(house.version("price").is_none());
}

#[tokio::test]
async fn entries_of_a_directory_are_artifacts_files_and_directories() {
    let house = ModelFolder::new();
    house.write("own.model", &artifact(QUICK, "own", 1));
    house.write("price.bst", &case("xgb-sqerr/model.ubj"));
    for (folder, files) in [
        ("flower", &[("MLmodel", "mlflow/sk-default/MLmodel"), ("model.skops", "mlflow/sk-default/model.skops")][..]),
        ("light", &[("model.bst", "lgb-l2/model.txt")]),
        ("two", &[("a.bst", "lgb-l2/model.txt"), ("b.bst", "xgb-sqerr/model.ubj")]),
        ("data", &[("rows.csv", "lgb-l2/rows.csv")]),
        ("named", &[("model.bst", "xgb-sqerr/model.ubj")]),
    ] {
        fs::create_dir(house.path(folder)).unwrap();
        files.iter().for_each(|(name, file)| drop(house.write(&format!("{folder}/{name}"), &case(file))));
    }
    house.write("named/model-settings.json", br#"{"name": "settled"}"#);
    fs::create_dir(house.path("lost+found")).unwrap();
    house.open(&Sources { directory: Some(house.directory.path().to_owned()), ..Sources::default() });
    assert_eq!(house.names(), ["flower", "light", "settled", "own", "price"]);
    assert_eq!(house.counted(), (5, 1), "the one with two models");
    (0..3).for_each(|_| house.look());
    assert_eq!(house.counted(), (5, 1));
    fs::remove_dir_all(house.path("light")).unwrap();
    house.look();
    assert!(house.version("light").is_none());
}

#[tokio::test]
async fn a_choice_for_all_leaves_the_artifacts_of_a_directory_as_they_are() {
    let house = ModelFolder::new();
    house.write("own.model", &artifact(QUICK, "own", 1));
    house.write("churn.json", &case("xgb-logistic/model.json"));
    let mut choices = ImportChoices::default();
    choices.of_mut(None).answers = Answers::Library;
    let directory = Some(house.directory.path().to_owned());
    house.open(&Sources { directory: directory.clone(), choices: choices.clone(), ..Sources::default() });
    assert_eq!(house.names(), ["churn", "own"]);
    assert_eq!(house.server.registry.get("churn").unwrap().model.schema().task().as_str(), "regression");
    // One for an artifact by its name is a mistake.
    let other = ModelFolder::new();
    choices.of_mut(Some("own")).zero_as_missing = true;
    other.open(&Sources { directory, choices, ..Sources::default() });
    assert_eq!((other.names(), other.counted()), (vec!["churn".to_owned()], (1, 1)));
}

#[tokio::test]
async fn a_changed_file_of_a_directory_is_noticed_and_so_is_a_configmap_that_was_swapped() {
    let house = ModelFolder::new();
    for (data, file) in [("..one", "xgb-sqerr/model.ubj"), ("..two", "xgb-poisson/model.ubj"), ("..three", "README.md")]
    {
        fs::create_dir_all(house.path(&format!("mounted/{data}"))).unwrap();
        house.write(&format!("mounted/{data}/model.ubj"), &case(file));
    }
    let link = |to: &str| {
        std::os::unix::fs::symlink(to, house.path("mounted/..tmp")).unwrap();
        fs::rename(house.path("mounted/..tmp"), house.path("mounted/..data")).unwrap();
    };
    link("..one");
    std::os::unix::fs::symlink("..data/model.ubj", house.path("mounted/model.ubj")).unwrap();
    house.open(&one(&house.path("mounted")));
    let first = house.version("m").unwrap();
    // Long enough for the directory to be taken for untouched.
    (0..4).for_each(|_| house.look());
    link("..two");
    house.look();
    let second = house.version("m").unwrap();
    assert_ne!(second, first);
    // What is no model is told once, and the model before goes on.
    link("..three");
    (0..4).for_each(|_| house.look());
    assert_eq!((house.version("m").unwrap(), house.counted()), (second.clone(), (1, 1)));
    link("..one");
    house.look();
    assert_eq!(house.version("m").unwrap(), first);
    (0..4).for_each(|_| house.look());
    // In place, in a folder that `model-settings.json` names.
    fs::create_dir(house.path("mounted/inner")).unwrap();
    house.write("mounted/inner/model.ubj", &case("xgb-sqerr/model.ubj"));
    house.write("mounted/model-settings.json", br#"{"parameters": {"uri": "inner/model.ubj"}}"#);
    (0..4).for_each(|_| house.look());
    assert_eq!(house.version("m").unwrap(), first);
    house.write("mounted/inner/model.ubj", &case("xgb-poisson/model.ubj"));
    house.look();
    assert_eq!(house.version("m").unwrap(), second);
}

#[tokio::test]
async fn a_file_over_the_limit_is_not_read() {
    let house = ModelFolder::new();
    let path = house.write("m.model", &version(1));
    let limit = fs::read(&path).unwrap().len();
    house.open(&Sources { max_model_bytes: Some(limit), ..one(&path) });
    let (first, memory) = (house.version("m"), house.server.reloader.load_memory());
    let mut longer = version(2);
    longer.resize(limit + 1, 0);
    fs::write(&path, longer).unwrap();
    house.look();
    assert_eq!((house.version("m"), house.counted()), (first, (0, 1)));
    let error = house.server.registry.get("m").unwrap().reload_error().unwrap();
    assert!(error.contains(&format!("its {} bytes are more than {limit}", limit + 1)), "{error}");
    assert_eq!(house.server.reloader.load_memory(), memory, "nothing was reserved for it");
    // The files of a directory that holds a model, too.
    fs::create_dir(house.path("d")).unwrap();
    house.write("d/model.ubj", &case("xgb-sqerr/model.ubj"));
    let server = ServerState::new(Vec::new(), Limits::default(), ExtraFeatures::Reject);
    let errors = server.reloader.open(&Sources { max_model_bytes: Some(100), ..one(&house.path("d")) }).unwrap_err();
    assert!(errors[0].to_string().contains("bytes are more than 100, the most that is read"), "{errors:?}");
}

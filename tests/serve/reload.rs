//! Models whose files change: whatever happens to a file, what is served is a whole, checked model.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use smartserve::config::{ExtraFeatures, Limits};
use smartserve::model::algorithm::Algorithm;
use smartserve::model::compiled::Scratch;
use smartserve::serve::Serving;
use smartserve::serve::reload::{ModelFile, ReloadError, Sources, watch};
use tempfile::TempDir;

use crate::helpers::until;
use crate::models::{CLASSES, QUICK, Recipe, artifact};

/// A directory with files, and a server of them.
struct House {
    directory: TempDir,
    serving: Arc<Serving>,
}

impl House {
    fn new() -> Self {
        let serving = Arc::new(Serving::new(Vec::new(), Limits::default(), ExtraFeatures::Reject));
        Self { directory: tempfile::tempdir().unwrap(), serving }
    }

    fn path(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    fn write(&self, file: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(file);
        fs::write(&path, bytes).unwrap();
        path
    }

    fn open(&self, sources: &Sources) {
        self.serving.open(sources).unwrap();
    }

    fn look(&self) {
        self.serving.look_at_models(false);
    }

    fn version(&self, name: &str) -> Option<String> {
        self.serving.registry.get(name).map(|served| served.model.version().to_owned())
    }

    fn names(&self) -> Vec<String> {
        self.serving.registry.list().iter().map(|served| served.name.clone()).collect()
    }

    /// Reloads counted so far: (ok, error).
    fn counted(&self) -> (u64, u64) {
        let text = self.serving.metrics.render();
        let of = |result: &str| {
            let series = format!("smartserve_model_reloads_total{{result=\"{result}\"}} ");
            text.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
        };
        (of("ok"), of("error"))
    }
}

fn one(path: &Path) -> Sources {
    let file = ModelFile { name: Some("m".to_owned()), path: path.to_owned() };
    Sources { files: vec![file], ..Sources::default() }
}

/// Version `seed` of a model.
fn version(seed: u64) -> Vec<u8> {
    artifact(QUICK, "boston", seed)
}

#[tokio::test]
async fn a_file_that_has_changed_is_served_and_one_that_has_not_is_not_counted() {
    let house = House::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = house.version("m").unwrap();
    house.look();
    house.look();
    assert_eq!((house.version("m").unwrap(), house.counted()), (first.clone(), (0, 0)));
    fs::write(&path, version(2)).unwrap();
    house.look();
    assert_ne!(house.version("m").unwrap(), first);
    assert_eq!(house.counted(), (1, 0));
}

#[tokio::test]
async fn a_request_keeps_the_snapshot_it_has_taken() {
    let house = House::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let held = house.serving.registry.get("m").unwrap();
    fs::write(&path, version(2)).unwrap();
    house.look();
    assert_ne!(held.model.version(), house.version("m").unwrap());
    held.model.check_golden().unwrap();
}

#[tokio::test]
async fn a_symlink_that_is_swapped_as_a_config_map_does_it_is_followed() {
    let house = House::new();
    for (directory, seed) in [("one", 1), ("two", 2)] {
        fs::create_dir(house.path(directory)).unwrap();
        house.write(&format!("{directory}/m.model"), &version(seed));
    }
    let link = |to: &str| {
        std::os::unix::fs::symlink(to, house.path("..tmp")).unwrap();
        fs::rename(house.path("..tmp"), house.path("..data")).unwrap();
    };
    link("one");
    std::os::unix::fs::symlink("..data/m.model", house.path("m.model")).unwrap();
    house.open(&one(&house.path("m.model")));
    let first = house.version("m").unwrap();
    // Long enough for the file to be taken for untouched.
    (0..4).for_each(|_| house.look());
    link("two");
    house.look();
    assert_ne!(house.version("m").unwrap(), first);
}

#[tokio::test]
async fn half_a_file_leaves_the_old_model_and_the_whole_of_it_is_served_then() {
    let house = House::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = house.version("m").unwrap();
    let new = version(2);
    fs::write(&path, &new[..new.len() / 2]).unwrap();
    house.look();
    house.look();
    assert_eq!((house.version("m").unwrap(), house.counted()), (first.clone(), (0, 1)));
    fs::write(&path, &new).unwrap();
    house.look();
    assert_ne!(house.version("m").unwrap(), first);
    assert_eq!(house.counted(), (1, 1));
}

#[tokio::test]
async fn a_file_that_goes_leaves_its_model_and_is_reported_once() {
    let house = House::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    fs::remove_file(&path).unwrap();
    (0..3).for_each(|_| house.look());
    assert!(house.version("m").is_some());
    assert_eq!(house.counted(), (0, 1));
    fs::write(&path, version(1)).unwrap();
    house.look();
    assert!(house.version("m").is_some());
}

#[tokio::test]
async fn another_schema_is_refused_unless_that_is_allowed() {
    for allowed in [false, true] {
        let house = House::new();
        let path = house.write("m.model", &version(1));
        house.open(&Sources { allow_schema_change: allowed, ..one(&path) });
        let first = house.version("m").unwrap();
        fs::write(&path, artifact(CLASSES, "iris", 1)).unwrap();
        if allowed {
            house.look();
            assert_eq!(house.serving.registry.get("m").unwrap().model.header().name, "iris");
        } else {
            assert!(matches!(house.serving.reload("m", None), Err(ReloadError::SchemaDiffers { .. })));
            assert_eq!((house.version("m").unwrap(), house.counted()), (first, (0, 1)));
        }
    }
}

#[tokio::test]
async fn the_version_before_can_be_chosen_and_stays_until_the_file_changes() {
    let house = House::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = house.version("m").unwrap();
    fs::write(&path, version(2)).unwrap();
    house.look();
    let second = house.version("m").unwrap();

    let outcome = house.serving.reload("m", Some(&first)).unwrap();
    assert!(outcome.changed && outcome.version == first);
    house.look();
    assert_eq!(house.version("m").unwrap(), first, "chosen, so it stays");
    assert!(!house.serving.reload("m", Some(&first)).unwrap().changed);
    assert_eq!(house.serving.reload("m", Some(&second)).unwrap().version, second);
    assert_eq!(house.serving.reload("m", Some(&first)).unwrap().version, first);

    fs::write(&path, version(3)).unwrap();
    house.look();
    let third = house.version("m").unwrap();
    assert!(third != first && third != second);
    let unknown = house.serving.reload("m", Some(&second)).unwrap_err();
    assert_eq!(unknown.to_string(), format!("m has no version {second:?}; it has {third}, {first}"));
}

#[tokio::test]
async fn asking_without_a_version_serves_what_the_file_holds() {
    let house = House::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = house.version("m").unwrap();
    assert!(!house.serving.reload("m", None).unwrap().changed);
    fs::write(&path, version(2)).unwrap();
    assert!(house.serving.reload("m", None).unwrap().changed);
    house.serving.reload("m", Some(&first)).unwrap();
    assert_ne!(house.serving.reload("m", None).unwrap().version, first);
    fs::write(&path, b"nonsense").unwrap();
    for _ in 0..2 {
        assert!(matches!(house.serving.reload("m", None), Err(ReloadError::Load(_))));
    }
    assert!(matches!(house.serving.reload("other", None), Err(ReloadError::UnknownModel(_))));
    assert_eq!(house.counted(), (4, 2));
}

#[tokio::test]
async fn a_model_keeps_the_name_it_is_registered_by() {
    let house = House::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    fs::write(&path, artifact(QUICK, "renamed", 2)).unwrap();
    house.look();
    assert_eq!(house.names(), ["m"]);
    assert_eq!(house.serving.registry.get("m").unwrap().model.header().name, "renamed");
    assert!(house.serving.registry.default_model().is_some());
}

#[tokio::test]
async fn the_first_model_is_the_default_unless_another_is_named() {
    for (default, expected) in [(None, "a"), (Some("b"), "b")] {
        let house = House::new();
        let file = |name: &str| ModelFile { name: Some(name.to_owned()), path: house.write(name, &version(1)) };
        let files = vec![file("a"), file("b")];
        house.open(&Sources { files, default: default.map(str::to_owned), ..Sources::default() });
        assert_eq!(house.serving.registry.default_model().unwrap().name, expected);
        assert_eq!(house.names(), ["a", "b"]);
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_model_at_the_start_is_said_with_its_exit_code() {
    let house = House::new();
    let good = house.write("good.model", &version(1));
    let bad = house.write("bad.model", b"nonsense");
    let file = |name: Option<&str>, path: &Path| ModelFile { name: name.map(str::to_owned), path: path.to_owned() };
    let open = |files: Vec<ModelFile>, default: Option<&str>| {
        let serving = Serving::new(Vec::new(), Limits::default(), ExtraFeatures::Reject);
        serving.open(&Sources { files, default: default.map(str::to_owned), ..Sources::default() }).unwrap_err()
    };
    assert_eq!(open(vec![file(None, &house.path("none.model"))], None).exit_code(), 66);
    assert_eq!(open(vec![file(None, &bad)], None).exit_code(), 65);
    assert_eq!(open(vec![file(None, house.directory.path())], None).exit_code(), 65);
    assert_eq!(open(vec![file(Some("a/b"), &good)], None).exit_code(), 78);
    assert_eq!(open(vec![file(None, &good), file(None, &good)], None).exit_code(), 78);
    let no_default = open(vec![file(None, &good)], Some("x"));
    assert_eq!(no_default.to_string(), "--default-model \"x\" is not served; the models are boston");
}

#[tokio::test]
async fn models_of_a_directory_come_and_go_and_bad_ones_are_skipped() {
    let house = House::new();
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

#[tokio::test]
async fn the_clock_and_a_request_for_it_make_the_watch_look() {
    let house = House::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = house.version("m");
    let clock = tokio::spawn(watch(Arc::clone(&house.serving), Duration::from_millis(20)));
    fs::write(&path, version(2)).unwrap();
    until(|| house.version("m") != first).await;
    clock.abort();

    let second = house.version("m");
    let asked = tokio::spawn(watch(Arc::clone(&house.serving), Duration::from_secs(3600)));
    fs::write(&path, version(3)).unwrap();
    house.serving.life.request_reload();
    until(|| house.version("m") != second).await;
    asked.abort();
}

#[tokio::test]
async fn requests_under_a_thousand_swaps_all_get_the_answer_of_their_version() {
    let house = House::new();
    let recipe = Recipe { algorithm: Algorithm::Linear, ..QUICK };
    let path = house.write("m.model", &artifact(recipe, "m", 1));
    house.open(&one(&path));
    fs::write(&path, artifact(QUICK, "m", 1)).unwrap();
    house.look();
    let versions: Vec<String> = {
        let serving = &house.serving;
        let second = serving.registry.get("m").unwrap().model.version().to_owned();
        let unknown = serving.reload("m", Some("?")).unwrap_err().to_string();
        let first = unknown.rsplit(' ').next().unwrap().to_owned();
        vec![first, second]
    };
    let asking = tokio::spawn({
        let serving = Arc::clone(&house.serving);
        async move {
            let mut asked = 0_u32;
            while !serving.life.is_draining() {
                let served = serving.registry.get("m").unwrap();
                let batch = crate::models::rows(&served, 64);
                let (answer, _) = serving.compute.predict(&served, batch.clone()).await.unwrap();
                assert_eq!(answer, served.model.predict(&batch, &mut Scratch::default()).unwrap());
                asked += 1;
                tokio::task::yield_now().await;
            }
            asked
        }
    });
    let serving = Arc::clone(&house.serving);
    tokio::task::spawn_blocking(move || {
        for i in 0..1000 {
            assert!(serving.reload("m", Some(&versions[i % 2])).unwrap().changed);
        }
        serving.life.drain(smartserve::serve::lifecycle::Schedule::new(
            std::time::Instant::now(),
            &Limits::default(),
            false,
        ));
    })
    .await
    .unwrap();
    assert!(asking.await.unwrap() > 0);
}

//! Models whose files change: whatever happens to a file, what is served is a whole, checked model.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use smartserve::config::Limits;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::compiled::Scratch;
use smartserve::serve::error::ReloadError;
use smartserve::serve::reload::{Sources, watch};

use crate::support::model_folder::{ModelFolder, one, reload, version};
use crate::support::models::{CLASSES, QUICK, Recipe, artifact};
use crate::support::server::until;

#[tokio::test]
async fn a_changed_file_is_served() {
    let house = ModelFolder::new();
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
async fn a_request_keeps_its_snapshot() {
    let house = ModelFolder::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let held = house.server.registry.get("m").unwrap();
    fs::write(&path, version(2)).unwrap();
    house.look();
    assert_ne!(held.model.version(), house.version("m").unwrap());
    held.model.check_golden().unwrap();
}

#[tokio::test]
async fn a_config_maps_symlink_is_followed() {
    let house = ModelFolder::new();
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
async fn half_a_file_leaves_the_old_model() {
    let house = ModelFolder::new();
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
async fn a_removed_file_leaves_its_model() {
    let house = ModelFolder::new();
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
async fn another_schema_needs_permission() {
    for allowed in [false, true] {
        let house = ModelFolder::new();
        let path = house.write("m.model", &version(1));
        house.open(&Sources { allow_schema_change: allowed, ..one(&path) });
        let first = house.version("m").unwrap();
        fs::write(&path, artifact(CLASSES, "iris", 1)).unwrap();
        if allowed {
            house.look();
            assert_eq!(house.server.registry.get("m").unwrap().model.header().name, "iris");
        } else {
            assert!(matches!(reload(&house.server, "m", None).await, Err(ReloadError::SchemaDiffers { .. })));
            assert_eq!((house.version("m").unwrap(), house.counted()), (first, (0, 1)));
            let noted = house.server.registry.get("m").unwrap().reload_error().unwrap();
            assert!(noted.contains("(no longer \"CRIM\", \"ZN\""), "{noted}");
            assert!(noted.contains("new \"sepal_length\""), "{noted}");
            fs::write(&path, version(1)).unwrap();
            house.look();
            assert_eq!(house.server.registry.get("m").unwrap().reload_error(), None);
        }
    }
}

#[tokio::test]
async fn the_version_before_can_be_chosen() {
    let house = ModelFolder::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = house.version("m").unwrap();
    fs::write(&path, version(2)).unwrap();
    house.look();
    let second = house.version("m").unwrap();

    let outcome = reload(&house.server, "m", Some(&first)).await.unwrap();
    assert!(outcome.changed && outcome.version == first);
    house.look();
    assert_eq!(house.version("m").unwrap(), first, "chosen, so it stays");
    assert!(!reload(&house.server, "m", Some(&first)).await.unwrap().changed);
    assert_eq!(reload(&house.server, "m", Some(&second)).await.unwrap().version, second);
    assert_eq!(reload(&house.server, "m", Some(&first)).await.unwrap().version, first);

    fs::write(&path, version(3)).unwrap();
    house.look();
    let third = house.version("m").unwrap();
    assert!(third != first && third != second);
    let unknown = reload(&house.server, "m", Some(&second)).await.unwrap_err();
    assert_eq!(unknown.to_string(), format!("m has no version {second:?}; it has {third}, {first}"));
}

#[tokio::test]
async fn without_a_version_the_file_is_served() {
    let house = ModelFolder::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = house.version("m").unwrap();
    assert!(!reload(&house.server, "m", None).await.unwrap().changed);
    fs::write(&path, version(2)).unwrap();
    assert!(reload(&house.server, "m", None).await.unwrap().changed);
    reload(&house.server, "m", Some(&first)).await.unwrap();
    assert_ne!(reload(&house.server, "m", None).await.unwrap().version, first);
    fs::write(&path, b"nonsense").unwrap();
    for _ in 0..2 {
        assert!(matches!(reload(&house.server, "m", None).await, Err(ReloadError::Load(_))));
    }
    assert!(matches!(reload(&house.server, "other", None).await, Err(ReloadError::UnknownModel(_))));
    assert_eq!(house.counted(), (4, 2));
}

#[tokio::test]
async fn clock_and_request_make_it_look() {
    let house = ModelFolder::new();
    let path = house.write("m.model", &version(1));
    house.open(&one(&path));
    let first = house.version("m");
    let clock = tokio::spawn(watch(
        Arc::clone(&house.server.reloader),
        house.server.lifecycle.clone(),
        Duration::from_millis(20),
    ));
    fs::write(&path, version(2)).unwrap();
    until(|| house.version("m") != first).await;
    clock.abort();

    let second = house.version("m");
    let asked = tokio::spawn(watch(
        Arc::clone(&house.server.reloader),
        house.server.lifecycle.clone(),
        Duration::from_hours(1),
    ));
    fs::write(&path, version(3)).unwrap();
    house.server.lifecycle.request_reload();
    until(|| house.version("m") != second).await;
    asked.abort();
}

#[tokio::test]
async fn swaps_never_mix_versions() {
    let house = ModelFolder::new();
    let recipe = Recipe { algorithm: Algorithm::Linear, ..QUICK };
    let path = house.write("m.model", &artifact(recipe, "m", 1));
    house.open(&one(&path));
    fs::write(&path, artifact(QUICK, "m", 1)).unwrap();
    house.look();
    let versions: Vec<String> = {
        let server = &house.server;
        let second = server.registry.get("m").unwrap().model.version().to_owned();
        let unknown = reload(server, "m", Some("?")).await.unwrap_err().to_string();
        let first = unknown.rsplit(' ').next().unwrap().to_owned();
        vec![first, second]
    };
    let asking = tokio::spawn({
        let server = Arc::clone(&house.server);
        async move {
            let mut asked = 0_u32;
            while !server.lifecycle.is_draining() {
                let served = server.registry.get("m").unwrap();
                let batch = crate::support::models::rows(&served, 64);
                let (answer, _) = server.compute.compute(&server.memory.lease(), &served, batch.clone()).await.unwrap();
                assert_eq!(answer.prediction, served.model.predict(&batch, &mut Scratch::default()).unwrap());
                asked += 1;
                tokio::task::yield_now().await;
            }
            asked
        }
    });
    let server = Arc::clone(&house.server);
    tokio::spawn(async move {
        for i in 0..1000 {
            assert!(reload(&server, "m", Some(&versions[i % 2])).await.unwrap().changed);
        }
        server.lifecycle.drain(smartserve::serve::lifecycle::Schedule::new(
            std::time::Instant::now(),
            &Limits::default(),
            false,
        ));
    })
    .await
    .unwrap();
    assert!(asking.await.unwrap() > 0);
}

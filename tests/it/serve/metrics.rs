//! What is counted, as Prometheus reads it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use smartserve::config::{ExtraFeatures, Limits};
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::model::batch::Batch;
use smartserve::model::cell::Cell;
use smartserve::serve::ServerState;
use smartserve::serve::metrics::{METRICS, Metrics, Reason, ReloadResult};
use smartserve::serve::registry::ServedModel;
use smartserve::table::TableFile;
use smartserve::train::{TrainSpec, UnknownCategories, train};

use crate::support::models::{classes, quick, rows};
use crate::support::router::artifacts;

/// The value of the series that is written like this.
fn value(text: &str, series: &str) -> Option<f64> {
    let line = text.lines().find(|line| line.strip_prefix(series).is_some_and(|rest| rest.starts_with(' ')))?;
    line.rsplit(' ').next().unwrap().parse().ok()
}

/// The values of all series of a family whose labels include these.
fn values(text: &str, family: &str, labels: &str) -> Vec<f64> {
    let of_family = |line: &&str| line.starts_with(&format!("{family}{{")) && line.contains(labels);
    text.lines().filter(of_family).map(|line| line.rsplit(' ').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn label_sets_exist_from_the_start() {
    let text = Metrics::new().render();
    for (i, (reason, label)) in Reason::LABELS.into_iter().enumerate() {
        let series = format!("smartserve_requests_rejected_total{{reason=\"{label}\"}}");
        assert_eq!((value(&text, &series), reason as usize), (Some(0.0), i), "{series}");
    }
    for (i, (result, label)) in ReloadResult::LABELS.into_iter().enumerate() {
        let series = format!("smartserve_model_reloads_total{{result=\"{label}\"}}");
        assert_eq!((value(&text, &series), result as usize), (Some(0.0), i));
    }
    assert!(value(&text, "process_resident_memory_bytes").unwrap() > 0.0);
}

#[tokio::test]
async fn every_family_is_shown() {
    let houses = Model::load(&artifacts()[0].1).unwrap();
    let houses = Arc::new(ServedModel::new("houses", houses, true));
    let server = ServerState::new(vec![houses], Limits::default(), ExtraFeatures::Reject);
    let served = server.registry.get("houses").unwrap();
    server.compute.compute(&server.memory.lease(), &served, rows(&served, 3)).await.unwrap();
    server.metrics.answered("GET", "/metrics", 200, Duration::from_micros(30));
    let text = server.metrics.render();
    for family in METRICS {
        assert!(text.contains(&format!("# HELP {} {}\n", family.name, family.help)), "{}", family.name);
    }
    let shown: BTreeSet<_> = text
        .lines()
        .filter_map(|l| l.strip_prefix("# TYPE ")?.split(' ').next())
        .filter(|n| n.starts_with("smart"))
        .collect();
    assert_eq!(shown, METRICS.iter().map(|f| f.name).collect());
}

#[test]
fn requests_are_counted_by_labels() {
    let metrics = Metrics::new();
    metrics.answered("POST", "/predict", 200, Duration::from_micros(40));
    metrics.answered("POST", "/predict", 200, Duration::from_millis(4));
    metrics.answered("POST", "/predict", 422, Duration::from_micros(40));
    let text = metrics.render();
    let total =
        |status| format!("smartserve_http_requests_total{{method=\"POST\",route=\"/predict\",status=\"{status}\"}}");
    assert_eq!(value(&text, &total(200)), Some(2.0));
    assert_eq!(value(&text, &total(422)), Some(1.0));
    let bucket = |le| format!("smartserve_http_request_duration_seconds_bucket{{route=\"/predict\",le=\"{le}\"}}");
    assert_eq!(value(&text, &bucket("0.000025")), Some(0.0));
    assert_eq!(value(&text, &bucket("0.00005")), Some(2.0));
    assert_eq!(value(&text, &bucket("0.005")), Some(3.0));
}

#[test]
fn odd_methods_add_no_series() {
    let metrics = Metrics::new();
    for n in 0..1000 {
        metrics.answered(&format!("M{n}"), "other", 404, Duration::ZERO);
    }
    let text = metrics.render();
    assert_eq!(values(&text, "smartserve_http_requests_total", ""), [1000.0]);
    assert!(text.contains("method=\"OTHER\""));
}

#[test]
fn concurrent_requests_are_all_counted() {
    let metrics = Metrics::new();
    std::thread::scope(|scope| {
        for status in [200, 404, 422, 503] {
            let metrics = &metrics;
            scope.spawn(move || (0..1000).for_each(|_| metrics.answered("GET", "/predict", status, Duration::ZERO)));
        }
    });
    assert_eq!(values(&metrics.render(), "smartserve_http_requests_total", ""), [1000.0; 4]);
}

#[test]
fn gauges_go_down() {
    let metrics = Metrics::new();
    let present = (metrics.in_flight(), metrics.connection());
    assert_eq!(value(&metrics.render(), "smartserve_http_requests_in_flight"), Some(1.0));
    assert_eq!(value(&metrics.render(), "smartserve_http_connections"), Some(1.0));
    drop(present);
    assert_eq!(value(&metrics.render(), "smartserve_http_requests_in_flight"), Some(0.0));
    assert_eq!(value(&metrics.render(), "smartserve_http_connections"), Some(0.0));
}

#[tokio::test]
async fn every_value_is_in_one_bin() {
    let server = ServerState::new(vec![quick("boston", 1), classes()], Limits::default(), ExtraFeatures::Reject);
    for served in server.registry.list() {
        let n = 1_000_u32;
        server.compute.compute(&server.memory.lease(), &served, rows(&served, n as usize)).await.unwrap();
        let text = server.metrics.render();
        for feature in served.model.schema().features() {
            let labels = format!(
                "model=\"{}\",version=\"{}\",feature=\"{}\"",
                served.name,
                served.model.version(),
                feature.name
            );
            let seen: f64 = values(&text, "smartserve_feature_values_total", &labels).iter().sum();
            let expected: f64 = values(&text, "smartserve_feature_expected_ratio", &labels).iter().sum();
            assert!((seen - f64::from(n)).abs() < 0.5, "{labels}: {seen}");
            assert!((expected - 1.0).abs() < 1e-9, "{labels}: {expected}");
        }
        let labels = format!("model=\"{}\"", served.name);
        let predicted: f64 = values(&text, "smartserve_prediction_values_total", &labels).iter().sum();
        assert!((predicted - f64::from(n)).abs() < 0.5);
        assert_eq!(values(&text, "smartserve_prediction_rows_total", &labels), [1_000.0]);
        assert_eq!(values(&text, "smartserve_prediction_duration_seconds_count", &labels), [1.0]);
        let outside = values(&text, "smartserve_feature_out_of_range_total", &labels);
        assert!(outside.iter().all(|n| *n < 0.5), "{outside:?}");
    }
}

#[tokio::test]
async fn a_class_is_counted_under_its_label() {
    let server = ServerState::new(vec![classes()], Limits::default(), ExtraFeatures::Reject);
    let served = server.registry.get("iris").unwrap();
    server.compute.compute(&server.memory.lease(), &served, rows(&served, 64)).await.unwrap();
    let text = server.metrics.render();
    for class in &served.model.schema().target().classes {
        let seen = values(&text, "smartserve_prediction_values_total", &format!("bin=\"{class}\""));
        assert!(seen.len() == 1 && seen[0] > 0.0, "{class}: {seen:?}");
    }
}

#[tokio::test]
async fn values_out_of_range_are_counted() {
    let server = ServerState::new(vec![quick("boston", 1)], Limits::default(), ExtraFeatures::Reject);
    let served = server.registry.get("boston").unwrap();
    let schema = served.model.schema();
    let mut cells = served.model.golden_batch().row(0).to_vec();
    let rm = schema.position("RM").unwrap();
    cells[rm] = 1e6;
    let batch = Batch::from_rows(schema, cells).unwrap();
    server.compute.compute(&server.memory.lease(), &served, batch).await.unwrap();
    let text = server.metrics.render();
    let series = |f| format!("smartserve_feature_out_of_range_total{{feature=\"{f}\",model=\"boston\"}}");
    assert_eq!(value(&text, &series("RM")), Some(1.0));
    assert_eq!(value(&text, &series("TAX")), Some(0.0));
}

#[tokio::test]
async fn categories_that_training_did_not_see_are_counted_where_they_are_taken() {
    let rows = (0..40).map(|i| format!("{i},{},{i}\n", ["blue", "green", "red"][i % 3]));
    let csv = rows.fold("x,colour,y\n".to_owned(), |csv, row| csv + &row);
    let spec = TrainSpec {
        folds: Some(0),
        min_frequency: Some(2),
        unknown: UnknownCategories::Other,
        ..TrainSpec::new("mixed", "y", Algorithm::Ridge)
    };
    let trained = train(&spec, &TableFile::from_bytes("t.csv", csv.into_bytes()), &()).unwrap();
    let served = Arc::new(ServedModel::new("mixed", Model::load(&trained.artifact).unwrap(), true));
    let server = ServerState::new(vec![Arc::clone(&served)], Limits::default(), ExtraFeatures::Reject);
    let schema = served.model.schema();
    let place = schema.features().iter().position(|feature| feature.unknown).unwrap();
    let name = &schema.features()[place].name;
    let mut cells = served.model.golden_batch().row(0).to_vec();
    cells[place] = schema.features()[place].read(Cell::Text("nowhere")).unwrap();
    let batch = Batch::from_rows(schema, cells).unwrap();
    server.compute.compute(&server.memory.lease(), &served, batch).await.unwrap();
    let text = server.metrics.render();
    let series = format!("smartserve_feature_unseen_category_total{{feature=\"{name}\",model=\"mixed\"}}");
    assert_eq!(value(&text, &series), Some(1.0), "{text}");
    assert!(!text.contains(&format!("smartserve_feature_out_of_range_total{{feature=\"{name}\"")), "{text}");
}

#[tokio::test]
async fn a_replaced_version_keeps_its_counts() {
    let (old, new) = (quick("boston", 1), quick("boston", 2));
    assert_ne!(old.model.version(), new.model.version());
    let server = ServerState::new(vec![Arc::clone(&old)], Limits::default(), ExtraFeatures::Reject);
    server.compute.compute(&server.memory.lease(), &old, rows(&old, 5)).await.unwrap();
    server.registry.replace(vec![Arc::clone(&new)], &server.metrics);
    server.compute.compute(&server.memory.lease(), &new, rows(&new, 7)).await.unwrap();
    let rows_seen = |text: &str, served: &ServedModel| {
        let labels = format!("version=\"{}\"", served.model.version());
        values(text, "smartserve_prediction_values_total", &labels).iter().sum::<f64>()
    };
    let text = server.metrics.render();
    assert_eq!((rows_seen(&text, &old), rows_seen(&text, &new)), (5.0, 7.0));
    // Two at one time would break every query that joins by it.
    assert_eq!(values(&text, "smartserve_model_info", "model=\"boston\""), [1.0]);
    assert!(text.contains(&format!("smartserve_model_info{{model=\"boston\",version=\"{}\"", new.model.version())));
    assert_eq!(values(&text, "smartserve_prediction_rows_total", "boston"), [12.0]);
    server.registry.replace(vec![Arc::clone(&old)], &server.metrics);
    server.compute.compute(&server.memory.lease(), &old, rows(&old, 1)).await.unwrap();
    assert!((rows_seen(&server.metrics.render(), &old) - 6.0).abs() < 0.5);
}

#[test]
fn the_exposition_is_well_formed() {
    let server = ServerState::new(vec![quick("boston", 1)], Limits::default(), ExtraFeatures::Reject);
    server.metrics.answered("GET", "/metrics", 200, Duration::from_micros(30));
    let text = server.metrics.render();
    let mut seen = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, number) = line.rsplit_once(' ').unwrap();
        assert!(number.parse::<f64>().is_ok(), "{line}");
        assert!(seen.insert(series), "twice: {series}");
    }
}

//! `inspect`: print what a model file holds, for a person, as JSON or as a page.

use std::fmt::Write;
use std::sync::Arc;

use serde_json::Value;

use crate::cli::InspectArgs;
use crate::config::{ExtraFeatures, Limits};
use crate::http::app::Options;
use crate::http::router::router;
use crate::model::Model;
use crate::model::artifact::Header;
use crate::model::schema::{Feature, NO_STATISTICS};
use crate::serve::ServerState;
use crate::serve::listener::Role;
use crate::serve::memory_estimate::MemoryEstimate;
use crate::serve::reload::{ModelFile, Sources};
use crate::text::printable::printable;
use crate::train::{CoverageText, FeatureEffectsText};

use super::card;
use super::failure::{Exit, Failure};
use super::files::{self, OpenedModel};
use super::shown::{described, shown, shown_feature};

/// Runs the command.
///
/// # Errors
/// 66 no such file, 65 not a valid model, 2 two forms at one time.
pub fn run(args: &InspectArgs) -> Result<(), Failure> {
    if args.json && args.html {
        return Err(Failure::new(Exit::Usage, "--json or --html, not both"));
    }
    let OpenedModel { model, artifact, .. } = files::opened(&args.file, &args.source)?;
    if args.html {
        return files::print_raw(&card::page(&model, &artifact)?);
    }
    if args.json {
        return files::print_json(&json(&model)?);
    }
    files::print(&human(&model, memory(args).as_deref()))
}

/// The memory bound of a server with this model alone, with the default limits and the threads of this machine; none
/// for a model that is not served.
fn memory(args: &InspectArgs) -> Option<String> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let server = Arc::new(ServerState::new(Vec::new(), Limits::default(), ExtraFeatures::Reject));
    let file = ModelFile { name: None, path: args.file.clone(), options: (&args.source).into() };
    server.reloader.open(&Sources { files: vec![file], ..Sources::default() }).ok()?;
    // Building the router reserves the memory of its pages, which the estimate includes.
    let _router = router(Arc::clone(&server), Role::Main, Options::default());
    let mib = MemoryEstimate::of(&server, workers).total().div_ceil(1 << 20);
    Some(format!("served alone it stays below {mib} MiB, with the default limits on {workers} cores"))
}

/// The header without golden rows (they are training rows), with the version.
fn json(model: &Model) -> Result<Value, Failure> {
    let failed = |e| Failure::new(Exit::Failed, format_args!("the header cannot be printed: {e}"));
    let mut value = serde_json::to_value(model.header()).map_err(failed)?;
    if let Some(map) = value.as_object_mut() {
        map.shift_remove("golden");
        map.insert("version".to_owned(), model.version().into());
        if let Some(kind) = model.probabilities() {
            map.insert("probability".to_owned(), kind.as_str().into());
        }
    }
    Ok(value)
}

fn human(model: &Model, memory: Option<&str>) -> String {
    let header = model.header();
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<16} {}", printable(value));
    };
    line("model", &header.name);
    if let Some(description) = &header.description {
        line("", description);
    }
    line("version", model.version());
    line("task", header.task.as_str());
    line("algorithm", header.algorithm.as_str());
    let settings: Vec<String> = header.hyperparameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
    line("hyperparameters", &settings.join(", "));
    line("target", &target(header));
    if let Some(kind) = model.probabilities() {
        line("probability", described(kind));
    }
    if let Some(method) = &header.calibrator {
        line("calibrated", method);
    }
    if let Some(sentence) = header.threshold_sentence() {
        line("threshold", &sentence);
    }
    if let Some(origin) = &header.source {
        let version = origin.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        line("source", &format!("{}{version}, {}", origin.library, origin.format));
        origin.notes.iter().for_each(|note| line("", note));
    }
    if let Some(created) = &header.created {
        line("created", created);
    }
    let evaluation = header.evaluation.clone().unwrap_or_default();
    if let Some(figures) = &evaluation.holdout {
        line(if header.source.is_some() { "on --data" } else { "holdout" }, &shown(figures));
    }
    if let Some(k_fold) = &evaluation.k_fold {
        line(&format!("{}-fold", k_fold.folds), &shown(&k_fold.mean));
    }
    if let Some(text) = CoverageText::new(&header.intervals) {
        line(text.what(), &text.to_string());
    }
    if header.prediction_stats.is_none() {
        line("statistics", NO_STATISTICS);
    }
    line("golden rows", &header.golden.len().to_string());
    let bytes: Vec<String> = header.payload.sections.iter().map(|s| format!("{} {} B", s.name, s.bytes)).collect();
    line("payload", &bytes.join(", "));
    if let Some(memory) = memory {
        line("memory", memory);
    }
    format!("{text}\n{}{}", features(&header.features), FeatureEffectsText::of(header))
}

fn target(header: &Header) -> String {
    let target = &header.target;
    let unit = target.unit.as_ref().map(|u| format!(" [{u}]")).unwrap_or_default();
    if target.classes.is_empty() {
        return format!("{}{unit}", target.name);
    }
    format!("{}: {}", target.name, target.classes.join(", "))
}

/// Prints a table of the input columns.
fn features(features: &[Feature]) -> String {
    let saw = if features.iter().any(|feature| feature.is_imported) { "its data had" } else { "training saw" };
    let mut rows = vec![["feature", "kind", saw, "missing", ""].map(str::to_owned)];
    for feature in features {
        let [saw, missing] = shown_feature(feature);
        let kind = feature.kind.name();
        let mark = if feature.sensitive { "sensitive" } else { "" };
        let cells = [&feature.name, kind, &saw, &missing, mark];
        rows.push(cells.map(|cell| printable(cell).into_owned()));
    }
    files::aligned(&rows)
}

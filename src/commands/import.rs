//! `import`: read a model of another library and write it as an artifact, with what data say of it.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::cli::ImportArgs;
use crate::import::{DataFindings, ImportOptions, Reached, check, with_data};
use crate::model::artifact::Setting;
use crate::model::compiled::Scratch;
use crate::model::prediction::PredictError;
use crate::model::{Model, check_name};
use crate::serve::contents::Contents;
use crate::serve::loader;
use crate::text::printable::printable;
use crate::train::{Description, FeatureEffectsText, describe};

use super::failure::{Exit, Failure};
use super::files;
use super::labelled::Labelled;
use super::output::Destination;
use super::shown::shown;

/// Runs the command.
///
/// # Errors
/// 66: no such file. 65: an artifact, not a model that can be read, or data that do not fit it. 2: an invalid `--name`
/// or choice, a target of a model of several outputs, or an output that is the source or the data. 1: the compiled
/// predictor and the plain walk disagree, or the output cannot be written.
pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    if let Some(name) = &args.name {
        check_name(name).map_err(|e| Failure::new(Exit::Usage, e))?;
    }
    files::check_writable(&args.output)?;
    let data = files::expanded(&args.data)?;
    files::keep("the --data", &data, &args.output)?;
    let path = args.file.display();
    let options = ImportOptions { name: args.name.clone(), ..ImportOptions::from(&args.source) };
    let contents = Contents::read(&args.file)?;
    files::keep("the source", &contents.paths(&args.file), &args.output)?;
    let artifact = loader::artifact_bytes(&args.file, &contents, &options, &|_| {})?;
    let Cow::Owned(mut artifact) = artifact else {
        let what = match Model::load(&contents.bytes) {
            Ok(_) => "it is an artifact of smartserve already: there is nothing to import".to_owned(),
            Err(e) => e,
        };
        return Err(Failure::new(Exit::Data, format_args!("{path}: {what}")));
    };
    let mut model = load(&args.file, &artifact)?;
    if !data.is_empty() {
        artifact = describe_by(&model, &artifact, &data, args)?;
        model = load(&args.file, &artifact)?;
    }
    let reached = check(&artifact, &model);
    let reached = reached.map_err(|e| Failure::new(Exit::Failed, format_args!("{path}: {e}")))?;
    files::write_atomically(&args.output, &artifact)?;
    let report = report(&model, args, reached);
    // Behind the artifact it would be bytes of it.
    if matches!(Destination::of(&args.output), Ok(Destination::Stdout)) {
        files::print_aside(&report);
        return Ok(());
    }
    files::print(&report)
}

/// Loads the artifact and checks that the kernels answer the golden rows as the plain walk does.
fn load(path: &Path, artifact: &[u8]) -> Result<Model, Failure> {
    let path = path.display();
    let model = Model::load(artifact).map_err(|e| Failure::new(Exit::Data, format_args!("{path}: {e}")))?;
    match model.check_golden() {
        Ok(()) => Ok(model),
        Err(differences) => {
            let first = differences.first().map(ToString::to_string).unwrap_or_default();
            let what = format_args!("{path}: it is not answered as a plain walk through it says: {first}");
            Err(Failure::new(Exit::Failed, what))
        }
    }
}

/// The artifact with what the rows of a file say of the model.
fn describe_by(model: &Model, artifact: &[u8], data: &[PathBuf], args: &ImportArgs) -> Result<Vec<u8>, Failure> {
    let target = args.target.as_deref();
    let n_outputs = model.schema().target().n_outputs();
    if let (Some(target), 2..) = (target, n_outputs) {
        let what = format_args!("--target {target}: {}; leave it out", no_figures(n_outputs));
        return Err(Failure::new(Exit::Usage, what));
    }
    let inputs = files::tables(data)?;
    let name = inputs.first().map_or_else(String::new, |first| first.name().to_owned());
    let labelled = Labelled::read(model, inputs, target, &[], files::text_options(&args.table)?)?;
    let Labelled { rows, observed, .. } = &labelled;
    let answers = model.predict(rows, &mut Scratch::default()).map_err(|PredictError { row, cells }| {
        let why: Vec<String> = cells.into_iter().map(|cell| cell.detail).collect();
        let why = if why.is_empty() { "the model has no finite answer".to_owned() } else { why.join("; ") };
        Failure::new(Exit::Data, format_args!("{}: {why}; remove the row", labelled.place(row)))
    })?;
    let Description { stats, prediction_stats, golden, evaluation, importance, out_of_fold, calibration } =
        describe(model, rows, &answers, observed.as_ref());
    let findings =
        DataFindings { rows, stats, prediction_stats, golden, evaluation, importance, out_of_fold, calibration };
    with_data(artifact, findings).map_err(|e| Failure::new(Exit::Data, format_args!("{name}: {e}")))
}

/// Why a model of several outputs has no figures.
fn no_figures(n_outputs: usize) -> String {
    format!("figures and calibration are of one target column, and a row of the model has {n_outputs} outputs")
}

fn report(model: &Model, args: &ImportArgs, reached: Option<Reached>) -> String {
    let header = model.header();
    let output = args.output.display().to_string();
    let (output, algorithm, version) = (printable(&output), &header.algorithm, model.version());
    let (n_features, n_golden) = (header.features.len(), header.golden.len());
    let mut text = format!(
        "{output}: model {}, version {version}, {algorithm}, {}, {n_features} features, {n_golden} golden rows\n",
        header.name,
        header.task.as_str()
    );
    if let Some(reached) = reached {
        let _ = writeln!(text, "checked: {reached}");
    }
    if let Some(figures) = header.evaluation.as_ref().and_then(|evaluation| evaluation.holdout.as_ref()) {
        let _ = writeln!(text, "figures: {}", shown(figures));
        if let Some(Setting::Word(objective)) = header.hyperparameters.get("objective")
            && (objective.starts_with("rank") || objective.starts_with("lambdarank"))
        {
            let _ = writeln!(text, "warning: the model ranks ({objective}): R², RMSE and MAE of its scores say little");
        }
    }
    if header.prediction_stats.is_some() && header.evaluation.is_none() {
        let why = match header.target.n_outputs() {
            1 => "--target gives them".to_owned(),
            several => no_figures(several),
        };
        let _ = writeln!(text, "figures: none; {why}");
    }
    if let Some(calibration) = &header.calibration {
        let _ = writeln!(text, "calibration: {} rows", calibration.n);
    }
    if header.prediction_stats.is_none() {
        let _ = writeln!(text, "statistics: none, so no ranges, no drift metrics and no figures; --data gives them");
    }
    for note in header.source.iter().flat_map(|origin| &origin.notes) {
        let _ = writeln!(text, "note: {}", printable(note));
    }
    let _ = write!(text, "{}", FeatureEffectsText::of(header));
    text
}

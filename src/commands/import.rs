//! `import`: read a model of another library and write it as an artifact.

use std::borrow::Cow;
use std::fmt::Write;

use crate::cli::ImportArgs;
use crate::import::{ImportOptions, Reached, check_thresholds};
use crate::model::{Model, check_name};
use crate::serve::contents::Contents;
use crate::serve::loader;

use super::failure::{Exit, Failure};
use super::files;

/// Runs the command.
///
/// # Errors
/// 66: no such file. 65: an artifact, or not a model that can be read. 2: an invalid `--name` or choice. 1: the compiled
/// predictor and the reference walk disagree, or the output cannot be written.
pub fn run(args: &ImportArgs) -> Result<(), Failure> {
    if let Some(name) = &args.name {
        check_name(name).map_err(|e| Failure::new(Exit::Usage, e))?;
    }
    let path = args.file.display();
    let options = ImportOptions { name: args.name.clone(), ..ImportOptions::from(&args.source) };
    let contents = Contents::read(&args.file)?;
    let artifact = loader::artifact_of(&args.file, &contents, &options)?;
    let Cow::Owned(artifact) = artifact else {
        let what = match Model::load(&contents.bytes) {
            Ok(_) => "it is an artifact of smartserve already: there is nothing to import".to_owned(),
            Err(e) => e,
        };
        return Err(Failure::new(Exit::Data, format_args!("{path}: {what}")));
    };
    let model = Model::load(&artifact).map_err(|e| Failure::new(Exit::Data, format_args!("{path}: {e}")))?;
    if let Err(differences) = model.check_golden() {
        let first = differences.first().map(ToString::to_string).unwrap_or_default();
        let what = format_args!("{path}: it is not answered as a plain walk through it says: {first}");
        return Err(Failure::new(Exit::Failed, what));
    }
    let reached = check_thresholds(&artifact, &model);
    let reached = reached.map_err(|e| Failure::new(Exit::Failed, format_args!("{path}: {e}")))?;
    files::write_atomically(&args.output, &artifact)?;
    files::print(&report(&model, args, reached))
}

fn report(model: &Model, args: &ImportArgs, reached: Option<Reached>) -> String {
    let header = model.header();
    let (output, algorithm, version) = (args.output.display(), &header.algorithm, model.version());
    let (n_features, n_golden) = (header.features.len(), header.golden.len());
    let mut text = format!(
        "{output}: model {}, version {version}, {algorithm}, {}, {n_features} features, {n_golden} golden rows\n",
        header.name,
        header.task.as_str()
    );
    if let Some(Reached { sides, of }) = reached {
        let _ = writeln!(text, "thresholds: {sides} of {of} sides of splits were asked, all as a plain walk answers");
    }
    for note in header.source.iter().flat_map(|origin| &origin.notes) {
        let _ = writeln!(text, "note: {note}");
    }
    text
}

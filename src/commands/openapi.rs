//! `openapi`: print the OpenAPI document that `serve` would serve for these models.

use std::sync::Arc;

use crate::cli::OpenapiArgs;
use crate::http::openapi::{Document, Subject};
use crate::serve::loader::load;
use crate::serve::registry::{ServedModel, Snapshot};
use crate::serve::reload::ModelFile;

use super::failure::{Exit, Failure};
use super::sources::{choices, entries};
use super::{files, serve_settings};

/// Runs the command.
///
/// # Errors
/// 66 no such file, 65 not a valid model, 78 two models of one name.
pub fn run(args: &OpenapiArgs) -> Result<(), Failure> {
    let choices = choices(&args.source).map_err(|e| Failure::new(Exit::Config, e))?;
    let mut models: Vec<Snapshot> = Vec::new();
    let files: Vec<ModelFile> = entries(&args.model)
        .map(|spec| serve_settings::split(spec, &choices))
        .collect::<Result<_, _>>()
        .map_err(|e| Failure::new(Exit::Config, e))?;
    serve_settings::check_names(&files, &choices).map_err(|e| Failure::new(Exit::Config, e))?;
    for file in files {
        let served = served(file, models.is_empty())?;
        if models.iter().any(|earlier| earlier.name == served.name) {
            let detail = format_args!("two models are called {:?}; give one of them as NAME=PATH", served.name);
            return Err(Failure::new(Exit::Config, detail));
        }
        models.push(served);
    }
    files::print_json(&Document::new(&Subject::by_default(&models)))
}

fn served(file: ModelFile, is_default: bool) -> Result<Snapshot, Failure> {
    let model = load(&file.path, &file.options)?;
    let name = file.name.unwrap_or_else(|| model.header().name.clone());
    Ok(Arc::new(ServedModel::new(name, model, is_default)))
}

//! What the flags of `serve` and the environment mean: resolved all together, so that everything that is wrong is reported
//! at once.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::ServeArgs;
use crate::config::{BindAddress, Lambda, SpanExport, Vertex, port_of, resolve_bind};
use crate::http::allowed_hosts::AllowedHosts;
use crate::http::app::Options;
use crate::http::auth::Tokens;
use crate::http::router::check;
use crate::import::ImportChoices;
use crate::model::check_name;
use crate::serve::reload::{ModelFile, Sources};
use crate::serve::systemd::InheritedSockets;

use super::failure::{Exit, Failure};
use super::fallback;
use super::sources::{choices, entries};

/// What the flags and the environment mean.
pub(super) struct Settings {
    pub(super) options: Options,
    pub(super) sources: Sources,
    /// A warning about where the model comes from.
    pub(super) warning: Option<String>,
    pub(super) address: BindAddress,
    pub(super) sockets: InheritedSockets,
    /// The function that the process is, if AWS Lambda runs it: it listens on no port then.
    pub(super) lambda: Option<Lambda>,
    /// Where spans go.
    pub(super) spans: Option<SpanExport>,
}

impl Settings {
    /// Resolves all of them, so that everything that is wrong is reported at once.
    pub(super) fn resolve(args: &ServeArgs) -> Result<Self, Failure> {
        let mut wrong = args.limits.check().err().unwrap_or_default();
        let port = noted(&mut wrong, port_of(environment));
        let address = resolve_bind(&args.bind, args.bind_typed, port.flatten());
        let tokens = noted(&mut wrong, args.token_file.as_deref().map(Tokens::load).transpose());
        let vertex = noted(&mut wrong, Vertex::from_env(environment));
        let lambda = noted(&mut wrong, Lambda::from_env(environment)).flatten();
        let spans = SpanExport::from_env(environment).unwrap_or_else(|mistakes| {
            wrong.extend(mistakes);
            None
        });
        let allowed_hosts = noted(&mut wrong, AllowedHosts::new(entries(&args.allowed_host)));
        let (sources, warning) = sources(args, lambda.is_some(), &mut wrong);
        let sockets = noted(&mut wrong, InheritedSockets::take());
        let options = Options {
            tokens: tokens.flatten().map(Arc::new),
            allowed_hosts: allowed_hosts.unwrap_or_default(),
            private_metrics: args.private_metrics,
            no_ui: args.no_ui,
            on_lambda: lambda.is_some(),
            vertex: vertex.unwrap_or_default(),
        };
        noted(&mut wrong, check(&options));
        match sockets {
            Some(sockets) if wrong.is_empty() => {
                Ok(Self { options, sources, warning, address, sockets, lambda, spans })
            }
            _ => Err(Failure { exit: Exit::Config, messages: wrong }),
        }
    }
}

/// The value; an error is added to `wrong`.
fn noted<T>(wrong: &mut Vec<String>, outcome: Result<T, impl std::fmt::Display>) -> Option<T> {
    outcome.map_err(|what| wrong.push(what.to_string())).ok()
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// The sources of models: every `--model` in order, and the directory of `--models`; without either, the first place of
/// `--model-fallback`, and what is to be said of it. On Lambda a cold start does not wait for what explains answers.
fn sources(args: &ServeArgs, on_lambda: bool, wrong: &mut Vec<String>) -> (Sources, Option<String>) {
    let choices = noted(wrong, choices(&args.source)).unwrap_or_default();
    let mut files: Vec<ModelFile> =
        entries(&args.model).filter_map(|spec| noted(wrong, split(spec, &choices))).collect();
    let mut warning = None;
    if entries(&args.model).next().is_none() && args.models.is_none() {
        match &args.model_fallback {
            Some(places) => {
                if let Some(found) = noted(wrong, fallback::find(places, environment, &choices)) {
                    files.push(found.file);
                    warning = found.warning;
                }
            }
            None => wrong.push("no model to serve; give --model F.model or --models DIR".to_owned()),
        }
    }
    if args.models.is_none() {
        noted(wrong, check_names(&files, &choices));
    }
    let sources = Sources {
        files,
        directory: args.models.clone(),
        choices,
        default: args.default_model.clone(),
        allow_schema_change: args.allow_schema_change,
        max_model_bytes: Some(args.max_model_bytes),
        explains_late: on_lambda,
    };
    (sources, warning)
}

/// Checks that each model named by a choice is given as `--model NAME=PATH`: the choice would be ignored otherwise.
pub(super) fn check_names(files: &[ModelFile], choices: &ImportChoices) -> Result<(), String> {
    let names: Vec<&str> = files.iter().filter_map(|file| file.name.as_deref()).collect();
    choices.unused(&names).next().map_or(Ok(()), |name| {
        Err(format!(
            "--answer, --iterations or --zero-as-missing is for the model {name:?}, which no --model gives that name; \
             write --model {name}=PATH"
        ))
    })
}

/// Splits `[NAME=]PATH`. A path with `=` needs a name in front of it, unless its part before the sign cannot be a name.
pub(super) fn split(spec: &str, choices: &ImportChoices) -> Result<ModelFile, String> {
    let (name, path) = match spec.split_once('=') {
        Some((name, path)) if !name.contains('/') && !path.is_empty() => {
            check_name(name)?;
            (Some(name), path)
        }
        _ => (None, spec),
    };
    Ok(ModelFile { name: name.map(str::to_owned), path: PathBuf::from(path), options: choices.of(name) })
}

//! `--models DIR`: the files that are in it at each look.

use std::path::{Path, PathBuf};

use crate::serve::Serving;

use super::State;
use super::model_source::ModelSource;

/// What a model's file ends in.
const EXTENSION: &str = "model";

/// Adds what has come, drops what has gone, tries again what could not be served and has changed.
pub(super) fn look(state: &mut State, serving: &Serving) {
    let Some(directory) = state.directory.clone() else { return };
    let files = match list(&directory) {
        Ok(files) => files,
        Err(error) => {
            // A directory that cannot be read says nothing about its files: they stay.
            tracing::error!(directory = %directory.display(), %error, "cannot read the models' directory");
            return;
        }
    };
    drop_gone(state, &files);
    for path in files {
        if !state.sources.iter().any(|source| source.path == path) {
            state.sources.push(ModelSource::in_directory(path));
        }
    }
    enter(state, serving);
}

fn list(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn drop_gone(state: &mut State, files: &[PathBuf]) {
    state.sources.retain(|source| {
        let stays = !source.in_directory || files.contains(&source.path);
        if !stays && source.is_served() {
            tracing::info!(model = source.name, path = %source.path.display(), "its file has gone: no longer served");
        }
        stays
    });
}

/// Serves those of which nothing was served yet.
fn enter(state: &mut State, serving: &Serving) {
    for i in 0..state.sources.len() {
        if state.sources[i].is_named() {
            continue;
        }
        let taken: Vec<(String, PathBuf)> =
            state.sources.iter().filter(|s| s.is_named()).map(|s| (s.name.clone(), s.path.clone())).collect();
        let is_taken = |name: &str| taken.iter().find(|(taken, _)| taken == name).map(|(_, path)| path.clone());
        let look = state.sources[i].enter(is_taken, &mut state.policy);
        let name = state.sources[i].name.clone();
        serving.tell(&name, look);
    }
}

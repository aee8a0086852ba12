//! `--models DIR`: follows the files that come and go in a directory.

use std::path::{Path, PathBuf};

use super::model_source::{ModelSource, Polled, ReloadPolicy};

/// The ending of a model's file.
const EXTENSION: &str = "model";

/// The paths of the models in a directory, in order; hidden files are left out.
///
/// # Errors
/// When the directory cannot be read.
pub(super) fn list(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
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

/// Removes the sources whose files have gone from the directory and adds its new files.
pub(super) fn update(sources: &mut Vec<ModelSource>, files: Vec<PathBuf>) {
    sources.retain(|source| {
        let stays = !source.in_directory || files.contains(&source.path);
        if !stays && source.is_served() {
            tracing::info!(model = source.name, path = %source.path.display(), "its file has gone: no longer served");
        }
        stays
    });
    for path in files {
        if !sources.iter().any(|source| source.path == path) {
            sources.push(ModelSource::in_directory(path));
        }
    }
}

/// Loads the sources that have never been served. Gives each one's name and result.
pub(super) fn load_new(sources: &mut [ModelSource], policy: &mut ReloadPolicy) -> Vec<(String, Polled)> {
    let mut results = Vec::new();
    for i in 0..sources.len() {
        if sources[i].is_named() {
            continue;
        }
        let named: Vec<(String, PathBuf)> =
            sources.iter().filter(|s| s.is_named()).map(|s| (s.name.clone(), s.path.clone())).collect();
        let named_so = |name: &str| named.iter().find(|(taken, _)| taken == name).map(|(_, path)| path.clone());
        let result = sources[i].load_new(named_so, policy);
        results.push((sources[i].name.clone(), result));
    }
    results
}

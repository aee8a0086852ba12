//! Paths that a source's files name.

use crate::import::error::ImportError;

/// A path inside the source, from what stands in one of its files: relative, parts joined by `/`, none of them `..`.
/// Empty for the folder itself (`.`).
///
/// # Errors
/// [`ImportError`] for a path that may lead elsewhere.
pub(super) fn inside(path: &str) -> Result<String, ImportError> {
    let refused = |why: &str| Err(ImportError::new(format_args!("the path {path:?} {why}")));
    if path.starts_with('/') {
        return refused("is absolute: only files of the directory itself are read");
    }
    if path.contains(['\\', '\0', ':']) {
        return refused("is no path of a file in the directory");
    }
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    if parts.contains(&"..") {
        return refused("leads out of its folder: only files of the directory itself are read");
    }
    Ok(parts.join("/"))
}

/// A path in a folder of the source.
pub(super) fn join(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.is_empty() { format!("{folder}{path}") } else { format!("{folder}/{path}") }
}

//! An artifact is written whole or not at all, and nothing is left beside it.

use std::path::Path;

use smartserve::commands::files::write_atomically;

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(directory).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_is_replaced_whole() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("m.model");
    for text in ["first", "second, longer"] {
        write_atomically(&path, text.as_bytes()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(names(directory.path()), ["m.model"]);
    }
}

#[test]
fn a_failure_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("no/m.model");
    let error = write_atomically(&missing, b"x").unwrap_err().messages.remove(0);
    assert!(error.starts_with(&format!("{}: cannot be written: ", missing.display())), "{error}");

    let error = write_atomically(directory.path(), b"x").unwrap_err().messages.remove(0);
    assert!(error.ends_with("cannot be written: it is a directory"), "{error}");
    assert_eq!(names(directory.path()), [""; 0]);
}

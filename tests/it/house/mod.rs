//! How `src` is built: no two files use each other, folders use what the drawing in `src/lib.rs` allows, files are short.

mod arrows;
mod source;
mod tokens;

use std::collections::BTreeSet;
use std::path::Path;

use arrows::{arrows, between_folders, circles};

use crate::support::path;

/// Lines that a file may have.
const LONGEST: usize = 300;

/// The files of `src`: name and text.
fn sources() -> Vec<(String, String)> {
    let root = path("src");
    let mut files = Vec::new();
    add(&root, &root, &mut files);
    files
}

fn add(directory: &Path, root: &Path, files: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            add(&entry, root, files);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let name = entry.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            files.push((name, std::fs::read_to_string(&entry).unwrap()));
        }
    }
}

/// The drawing's arrows: each folder, and what it may use.
fn drawn(text: &str) -> Vec<(String, BTreeSet<String>)> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! ")?.split_once('→'));
    let is_folder = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
    let rows = rows.filter(|(from, _)| is_folder(&from.trim()));
    let targets = |row: &str| {
        let list = row.trim_start_matches(' ').split("  ").next().unwrap_or_default();
        let is_empty = row.starts_with("  ");
        let words = list.split(',').map(str::trim).filter(|word| is_folder(word) && !is_empty);
        words.map(str::to_owned).collect()
    };
    rows.map(|(from, row)| (from.trim().to_owned(), targets(row))).collect()
}

#[test]
fn no_two_files_use_each_other() {
    let arrows = arrows(&sources());
    let circles = circles(&arrows);
    let shown = |circle: &BTreeSet<String>| {
        let within = circle.iter().flat_map(|from| arrows[from].iter().map(move |(to, name)| (from, to, name)));
        within
            .filter(|(_, to, _)| circle.contains(*to))
            .fold(String::new(), |shown, (from, to, name)| format!("{shown}\n  {from} → {to} by {name}"))
    };
    assert!(circles.is_empty(), "circles:{}", circles.iter().map(shown).collect::<Vec<_>>().join("\n"));
}

#[test]
fn folders_use_what_the_drawing_allows() {
    let files = sources();
    let drawn = drawn(&std::fs::read_to_string(path("src/lib.rs")).unwrap());
    assert_eq!(drawn.len(), 12, "{drawn:?}");
    let allowed = |from: &String, to: &String| drawn.iter().any(|(folder, may)| folder == from && may.contains(to));
    let found = between_folders(&files);
    let forbidden: Vec<_> = found.iter().filter(|((from, to), _)| !allowed(from, to)).collect();
    assert!(forbidden.is_empty(), "{forbidden:?}");
}

/// The places of one prediction, as a numbered list with bold names tells them.
fn places(text: &str) -> Vec<String> {
    let name = |line: &str| {
        let (number, rest) = line.trim_start_matches("//! ").split_once(". **")?;
        number.parse::<u8>().ok().and(rest.split_once("**")).map(|(name, _)| format!("{number} {name}"))
    };
    let section = text.split("# One prediction").nth(1).unwrap();
    section.split("\n//! # ").next().unwrap().split("\n## ").next().unwrap().lines().filter_map(name).collect()
}

#[test]
fn both_maps_name_the_same_ten_places() {
    let [crate_docs, page] = ["src/lib.rs", "docs/architecture.md"].map(|f| std::fs::read_to_string(path(f)).unwrap());
    let places_of_crate = places(&crate_docs);
    assert_eq!(places_of_crate, places(&page));
    assert_eq!(places_of_crate.len(), 10);
}

#[test]
fn no_file_is_long() {
    let long = |(name, text): (String, String)| (text.lines().count() > LONGEST).then_some(name);
    let long: Vec<String> = sources().into_iter().filter_map(long).collect();
    assert!(long.is_empty(), "over {LONGEST} lines: {long:?}");
}

/// The arrows between some files, as `from→to`.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let owned: Vec<_> = files.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect();
    let arrows = arrows(&owned);
    arrows.iter().flat_map(|(from, to)| to.keys().map(move |to| format!("{from}→{to}"))).collect()
}

#[test]
fn paths_lead_to_the_file_that_defines() {
    const LIB: (&str, &str) = ("lib.rs", "pub mod a; pub mod b;");
    for (a, b, expected) in [
        ("use crate::b::B;", "pub struct B;", "a.rs→b.rs"),
        ("use crate::b::{self, c::{D, E as F}};", "", "a.rs→b/c.rs"),
        ("use crate::b; fn f() { b::g() }", "pub fn g() {}", "a.rs→b.rs"),
        ("use crate::b; fn f() { b::c::g() }", "", "a.rs→b/c.rs"),
        ("fn f() -> super::b::c::D { todo!() }", "", "a.rs→b/c.rs"),
        ("use super::b::D;", "pub use c::D;", "a.rs→b/c.rs"),
        ("use super::b::D;", "pub use self::c::*;", "a.rs→b/c.rs"),
        ("use crate::b::B as X;", "pub use c::D as B;", "a.rs→b/c.rs"),
        ("mod inner { use super::super::b::B; }", "pub enum B {}", "a.rs→b.rs"),
        ("fn f() { two!() }", "macro_rules! two { () => {} }", "a.rs→b.rs"),
        ("pub use crate::b::B;", "pub struct B;", ""),
        ("use crate::b;", "pub struct B;", ""),
        ("#[cfg(test)] mod tests { use crate::b::B; }", "pub struct B;", ""),
        ("#[cfg(test)] use crate::b::{B};", "pub struct B;", ""),
        (
            "// use crate::b::B;\n/* /* */ use crate::b::B; */ const A: &str = \"use crate::b::B;\";",
            "pub struct B;",
            "",
        ),
        ("const A: &str = r#\"\" crate::b::B\"#; const C: char = '\"'; fn f<'a>(_: &'a u8) {}", "pub struct B;", ""),
        ("use std::fmt::B; use b::c::D;", "pub struct B;", ""),
        ("pub(in crate::b) struct A;", "pub struct B;", ""),
    ] {
        let files = [
            LIB,
            ("a.rs", a),
            ("b.rs", &format!("pub mod c; {b}")),
            ("b/c.rs", "pub struct D; pub struct E; pub fn g() {}"),
        ];
        let others: Vec<String> = found(&files).into_iter().filter(|arrow| arrow.starts_with('a')).collect();
        assert_eq!(others.join(" "), expected, "{a} | {b}");
    }
}

#[test]
fn circles_of_any_length_are_found() {
    let files = [
        ("lib.rs", "mod a; mod b; mod c; mod d;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "fn f() { crate::a::A }; pub struct C;"),
        ("d.rs", "use crate::a::A; use crate::b::B;"),
    ];
    let files: Vec<_> = files.map(|(file, text)| (file.to_owned(), text.to_owned())).to_vec();
    let circles = circles(&arrows(&files));
    assert_eq!(circles, [BTreeSet::from(["a.rs", "b.rs", "c.rs"].map(str::to_owned))]);
}

#[test]
fn folder_arrows_count_re_exports() {
    let files = [("a/mod.rs", "pub use crate::b::B; use super::c::C;"), ("b.rs", "use smartserve::a; use std::b;")];
    let files = files.map(|(file, text)| (file.to_owned(), text.to_owned()));
    let found: Vec<_> = between_folders(&files).into_keys().collect();
    assert_eq!(found, [("a", "b"), ("a", "c"), ("b", "a")].map(|(from, to)| (from.to_owned(), to.to_owned())));
}

#[test]
fn the_drawing_is_read() {
    let drawn = drawn("//! a    → b, c    text → more\n//! b    →         nothing, at all\n//! A way → of, words");
    let of = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(drawn, [("a".to_owned(), of(&["b", "c"])), ("b".to_owned(), of(&[]))]);
}

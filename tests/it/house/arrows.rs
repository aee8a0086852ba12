//! Which file uses which: every path is followed to the file that defines its last name.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Module, Path, parse};

/// A re-export that leads back to itself ends here.
const FARTHEST: usize = 16;

/// File → the files that it uses, each with a name that it uses it by.
pub(crate) type Arrows = BTreeMap<String, BTreeMap<String, String>>;

/// Arrows between files, given as a name relative to `src` and a text.
pub(crate) fn arrows(files: &[(String, String)]) -> Arrows {
    let parsed = files.iter().flat_map(|(file, text)| parse(file, module_path(file), text));
    let tree = Tree { modules: parsed.map(|module| (module.path.clone(), module)).collect() };
    let mut arrows: Arrows = files.iter().map(|(file, _)| (file.clone(), BTreeMap::new())).collect();
    for module in tree.modules.values() {
        for (target, name) in tree.uses(module) {
            if target != module.file {
                arrows.entry(module.file.clone()).or_default().entry(target).or_insert(name);
            }
        }
    }
    arrows
}

/// Where a file's module is: `serve/mod.rs` is `serve`, `lib.rs` the root. The program is beside the library.
fn module_path(file: &str) -> Path {
    let stem = file.strip_suffix(".rs").unwrap_or(file);
    match stem {
        "lib" => Vec::new(),
        "main" => vec!["(program)".to_owned()],
        _ => stem.strip_suffix("/mod").unwrap_or(stem).split('/').map(str::to_owned).collect(),
    }
}

/// What a path leads to.
enum Place {
    Module(Path),
    /// The file that defines it.
    Item(String),
    /// Not ours.
    Elsewhere,
}

struct Tree {
    modules: BTreeMap<Path, Module>,
}

impl Tree {
    /// The files that a module uses, with a name.
    fn uses(&self, module: &Module) -> Vec<(String, String)> {
        let mut uses = Vec::new();
        for path in &module.named {
            if let Place::Item(file) = self.follow(module, path, 0) {
                uses.push((file, path.join("::")));
            }
        }
        for path in &module.globs {
            if let Place::Module(of) = self.follow(module, path, 0)
                && module.named.contains(path)
            {
                uses.push((self.modules[&of].file.clone(), format!("{}::*", path.join("::"))));
            }
        }
        for defining in self.modules.values() {
            for name in defining.macros.intersection(&module.calls) {
                uses.push((defining.file.clone(), format!("{name}!")));
            }
        }
        uses
    }

    /// Follows a path that stands in a module.
    fn follow(&self, module: &Module, path: &[String], steps: usize) -> Place {
        let Some((first, rest)) = path.split_first() else { return Place::Module(module.path.clone()) };
        match first.as_str() {
            "crate" | "smartserve" => self.descend(&[], rest, steps),
            "self" => self.descend(&module.path, rest, steps),
            "super" => {
                let parent = &module.path[..module.path.len().saturating_sub(1)];
                match self.modules.get(parent) {
                    Some(parent) if rest.first().is_some_and(|word| word == "super") => {
                        self.follow(parent, rest, steps)
                    }
                    _ => self.descend(parent, rest, steps),
                }
            }
            // A name alone that is not imported is of another crate, or of the language.
            _ if self.has(module, first) && !is_itself(module, path) => self.descend(&module.path, path, steps),
            _ => Place::Elsewhere,
        }
    }

    fn has(&self, module: &Module, name: &str) -> bool {
        module.children.contains(name) || module.imports.contains_key(name)
    }

    /// Goes down from a module.
    fn descend(&self, from: &[String], path: &[String], steps: usize) -> Place {
        let Some(module) = self.modules.get(from) else { return Place::Elsewhere };
        let Some((first, rest)) = path.split_first() else { return Place::Module(module.path.clone()) };
        if steps > FARTHEST {
            return Place::Elsewhere;
        }
        let child = [from, std::slice::from_ref(first)].concat();
        if module.children.contains(first) && self.modules.contains_key(&child) {
            return self.descend(&child, rest, steps);
        }
        if module.items.contains(first) || module.macros.contains(first) {
            return Place::Item(module.file.clone());
        }
        if let Some(import) = module.imports.get(first) {
            return match self.follow(module, import, steps + 1) {
                Place::Module(of) => self.descend(&of, rest, steps + 1),
                found => found,
            };
        }
        for glob in &module.globs {
            if let Place::Module(of) = self.follow(module, glob, steps + 1)
                && let found @ (Place::Item(_) | Place::Module(_)) = self.descend_strictly(&of, path, steps + 1)
            {
                return found;
            }
        }
        Place::Item(module.file.clone())
    }

    /// The same, where an unknown name is not there.
    fn descend_strictly(&self, from: &[String], path: &[String], steps: usize) -> Place {
        let module = &self.modules[from];
        let first = &path[0];
        let is_there = module.items.contains(first) || self.has(module, first) || !module.globs.is_empty();
        if is_there { self.descend(from, path, steps) } else { Place::Elsewhere }
    }
}

/// `use tokio::…` brings in a name that is not to be looked for among the imports when it names its own crate.
fn is_itself(module: &Module, path: &[String]) -> bool {
    module.imports.get(&path[0]).is_some_and(|import| import[0] == path[0])
}

/// Sets of files that use each other, directly or by way of others.
pub(crate) fn circles(arrows: &Arrows) -> Vec<BTreeSet<String>> {
    let reach: BTreeMap<&String, BTreeSet<&String>> = arrows.keys().map(|file| (file, reached(arrows, file))).collect();
    let mut circles: Vec<BTreeSet<String>> = Vec::new();
    for (file, others) in &reach {
        let is_known = circles.iter().any(|circle| circle.contains(*file));
        if others.contains(*file) && !is_known {
            let together = others.iter().filter(|other| reach[**other].contains(*file));
            circles.push(together.map(|other| (*other).clone()).collect());
        }
    }
    circles
}

fn reached<'a>(arrows: &'a Arrows, from: &'a String) -> BTreeSet<&'a String> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(file) = waiting.pop() {
        for target in arrows.get(file).into_iter().flat_map(BTreeMap::keys) {
            if reached.insert(target) {
                waiting.push(target);
            }
        }
    }
    reached
}

/// From one folder to another, with a file and a path that show it.
pub(crate) type FolderArrows = BTreeMap<(String, String), (String, String)>;

/// Which folder's paths name which folder, `pub use` among them. A file of `src` itself is a folder of its own.
pub(crate) fn between_folders(files: &[(String, String)]) -> FolderArrows {
    let mut found = BTreeMap::new();
    for (file, text) in files {
        let from = file.split('/').next().unwrap_or(file).trim_end_matches(".rs");
        for module in parse(file, module_path(file), text) {
            for path in module.named.iter().chain(module.imports.values()).chain(&module.globs) {
                let to = absolute(&module, path).into_iter().next();
                if let Some(to) = to.filter(|to| to != from) {
                    let shown = (file.clone(), path.join("::"));
                    found.entry((from.to_owned(), to)).or_insert(shown);
                }
            }
        }
    }
    found
}

/// A path from the crate's root; empty where it is not ours.
fn absolute(module: &Module, path: &[String]) -> Path {
    let supers = path.iter().take_while(|word| *word == "super").count();
    match path[0].as_str() {
        "crate" | "smartserve" => path[1..].to_vec(),
        "super" => [&module.path[..module.path.len().saturating_sub(supers)], &path[supers..]].concat(),
        _ => Vec::new(),
    }
}

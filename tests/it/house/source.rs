//! What one file of source defines, imports and names.

use std::collections::{BTreeMap, BTreeSet};

use super::tokens::tokens;

/// A path, segment by segment.
pub(crate) type Path = Vec<String>;

/// A module: a file's own, or one that is written inside of it.
#[derive(Debug, Default)]
pub(crate) struct Module {
    /// Where it is, from the crate's root.
    pub(crate) path: Path,
    /// The file that holds its text.
    pub(crate) file: String,
    /// Modules declared in it.
    pub(crate) children: BTreeSet<String>,
    /// Items defined in it.
    pub(crate) items: BTreeSet<String>,
    /// `use` by the name that it brings, public or not.
    pub(crate) imports: BTreeMap<String, Path>,
    /// The paths of `use …::*`.
    pub(crate) globs: Vec<Path>,
    /// Paths that make an arrow: `use` that is not `pub`, and paths inside code.
    pub(crate) named: Vec<Path>,
    /// Macros defined in it.
    pub(crate) macros: BTreeSet<String>,
    /// Names of macros that it calls.
    pub(crate) calls: BTreeSet<String>,
}

/// The modules of a file: first its own, then those that are written inside of it. What is for tests alone is left out.
pub(crate) fn parse(file: &str, path: Path, text: &str) -> Vec<Module> {
    let tokens = without_tests(&tokens(text));
    let first = Module { path, file: file.to_owned(), ..Module::default() };
    let mut reader = Reader { tokens: &tokens, at: 0, modules: vec![first], open: vec![(0, 0)], depth: 0 };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.modules
}

/// Leaves out each item under `#[cfg(test)]`.
fn without_tests(tokens: &[String]) -> Vec<String> {
    const TEST: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let mut kept = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        if tokens[i..].iter().map(String::as_str).take(TEST.len()).eq(TEST) {
            i += TEST.len() + item_length(&tokens[i + TEST.len()..]);
        } else {
            kept.push(tokens[i].clone());
            i += 1;
        }
    }
    kept
}

/// How many tokens an item has, its other attributes included: up to its `;`, or to the `}` of its body.
fn item_length(tokens: &[String]) -> usize {
    let is_use = tokens.iter().take(5).any(|token| token == "use");
    let mut depth = 0;
    for (i, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" => depth -= 1,
            "}" if depth == 1 && !is_use => return i + 1,
            "}" => depth -= 1,
            ";" if depth == 0 => return i + 1,
            _ => {}
        }
    }
    tokens.len()
}

struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
    modules: Vec<Module>,
    /// The modules that are open here: their index, and the depth of braces inside of them.
    open: Vec<(usize, usize)>,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self, k: usize) -> &str {
        self.tokens.get(self.at + k).map_or("", String::as_str)
    }

    fn before(&self) -> &str {
        self.at.checked_sub(1).map_or("", |i| self.tokens[i].as_str())
    }

    fn module(&mut self) -> &mut Module {
        let (index, _) = *self.open.last().expect("the file's own module never closes");
        &mut self.modules[index]
    }

    fn step(&mut self) {
        let is_item = self.open.last().is_some_and(|(_, depth)| *depth == self.depth);
        let (first, second) = (self.peek(0).to_owned(), self.peek(1).to_owned());
        match first.as_str() {
            "{" => self.depth += 1,
            "}" => self.close(),
            "mod" if is_item && is_word(&second) => return self.declare(&second),
            "use" if is_word(&second) || second == "::" || second == "{" => return self.import(),
            "struct" | "enum" | "union" | "trait" | "type" | "fn" | "static" | "const"
                if is_item && is_word(&second) && second != "fn" =>
            {
                self.module().items.insert(second);
            }
            "macro_rules" if second == "!" => {
                let name = self.peek(2).to_owned();
                self.module().macros.insert(name);
            }
            word if is_word(word) && second == "!" && self.before() != "::" => {
                self.module().calls.insert(first);
            }
            word if is_word(word) && second == "::" && !matches!(self.before(), "::" | "." | "in") => {
                return self.path();
            }
            _ => {}
        }
        self.at += 1;
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.open.len() > 1 && self.open.last().is_some_and(|(_, depth)| self.depth < *depth) {
            self.open.pop();
        }
    }

    /// `mod name;` or `mod name {`.
    fn declare(&mut self, name: &str) {
        self.module().children.insert(name.to_owned());
        if self.peek(2) == "{" {
            let parent = self.module();
            let path = [parent.path.as_slice(), &[name.to_owned()]].concat();
            let file = parent.file.clone();
            self.modules.push(Module { path, file, ..Module::default() });
            self.depth += 1;
            self.open.push((self.modules.len() - 1, self.depth));
        }
        self.at += 3;
    }

    /// A path inside code.
    fn path(&mut self) {
        let mut path = vec![self.peek(0).to_owned()];
        self.at += 1;
        while self.peek(0) == "::" && is_word(self.peek(1)) {
            path.push(self.peek(1).to_owned());
            self.at += 2;
        }
        self.module().named.push(path);
    }

    /// `use` and its tree. One that is `pub` hands names on and makes no arrow.
    fn import(&mut self) {
        let is_public = self.before() == "pub" || self.before() == ")";
        self.at += 1;
        let mut leaves = Vec::new();
        self.tree(&Vec::new(), &mut leaves);
        self.at += 1;
        let module = self.module();
        for (path, name) in leaves {
            if !is_public {
                module.named.push(path.clone());
            }
            if name == "*" {
                module.globs.push(path);
            } else {
                module.imports.insert(name, path);
            }
        }
    }

    /// Adds the leaves of a `use` tree under `prefix`: a path and the name that it gets.
    fn tree(&mut self, prefix: &Path, leaves: &mut Vec<(Path, String)>) {
        let mut path = prefix.clone();
        loop {
            match self.peek(0).to_owned().as_str() {
                "::" => self.at += 1,
                "*" => {
                    self.at += 1;
                    return leaves.push((path, "*".to_owned()));
                }
                "{" => {
                    self.at += 1;
                    while self.peek(0) != "}" {
                        self.tree(&path, leaves);
                        self.at += usize::from(self.peek(0) == ",");
                    }
                    self.at += 1;
                    return;
                }
                "as" => {
                    leaves.push((path, self.peek(1).to_owned()));
                    self.at += 2;
                    return;
                }
                word if is_word(word) => {
                    if word != "self" || path.is_empty() {
                        path.push(word.to_owned());
                    }
                    self.at += 1;
                }
                _ => {
                    let name = path.last().cloned().unwrap_or_default();
                    return leaves.push((path, name));
                }
            }
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

//! The head of a text: the lines before its first tree.

use super::lines::{Line, Lines};
use super::numbers::{number, short};
use crate::import::error::ImportError;
use crate::model::schema::{MAX_CLASSES, MAX_COLUMNS};

/// What the head says.
#[derive(Debug, Clone)]
pub(super) struct Header<'a> {
    /// `v2`, `v3` or `v4`: the format's, not the library's.
    pub(super) version: &'a str,
    /// Trees that are fitted in a round: one per output.
    pub(super) n_outputs: usize,
    /// The objective and its parameters, where it is not the user's own.
    pub(super) objective: Option<Line<'a>>,
    /// True where the answer is the mean over rounds, not their sum.
    pub(super) average_output: bool,
    /// The columns' names.
    pub(super) names: Vec<&'a str>,
    /// Of each column `[lowest:highest]`, its categories with `:` between them, or `none`.
    pub(super) infos: Vec<&'a str>,
    /// How many bytes each tree has; not to be trusted.
    pub(super) tree_sizes: Option<&'a str>,
}

/// Lines that end the trees; `LightGBM` 2.1 wrote no line of its own for it.
const ENDS: [&str; 3] = ["end of trees", "feature_importances:", "feature importances:"];

/// True for the line behind the last tree.
pub(super) fn ends_trees(line: &Line<'_>) -> bool {
    ENDS.contains(&line.text)
}

/// What the lines give, before it is known that all are there.
#[derive(Default)]
struct Found<'a> {
    version: Option<&'a str>,
    num_class: Option<usize>,
    num_tree_per_iteration: Option<usize>,
    max_feature_idx: Option<usize>,
    objective: Option<Line<'a>>,
    average_output: bool,
    names: Option<Vec<&'a str>>,
    infos: Option<Vec<&'a str>>,
    tree_sizes: Option<&'a str>,
}

impl<'a> Header<'a> {
    /// Reads the head, and gives the line behind it.
    ///
    /// # Errors
    /// A line is missing, contradicts another, is not known, or says a version that is not read.
    pub(super) fn read(lines: &mut Lines<'a>) -> Result<(Self, Line<'a>), ImportError> {
        match lines.next()? {
            Some(line) if line.text.trim() == "tree" => {}
            _ => return Err(ImportError::new("the first line is not `tree`").within("line 1")),
        }
        let mut found = Found::default();
        while let Some(line) = lines.next()? {
            if line.text.starts_with("Tree=") || ends_trees(&line) {
                return Ok((found.complete().map_err(|error| error.within("the head"))?, line));
            }
            found.take(line).map_err(|error| line.wrong(error))?;
        }
        Err(ImportError::new("the text ends before its first tree: the file is cut off"))
    }
}

impl<'a> Found<'a> {
    fn take(&mut self, line: Line<'a>) -> Result<(), ImportError> {
        let (key, value) = line.entry();
        let words = |value: &'a str| value.split_ascii_whitespace().take(MAX_COLUMNS + 1).collect();
        match (key, value) {
            ("version", Some(value)) => once(&mut self.version, key, value),
            ("num_class", Some(value)) => once(&mut self.num_class, key, number(value)?),
            ("num_tree_per_iteration", Some(value)) => once(&mut self.num_tree_per_iteration, key, number(value)?),
            ("max_feature_idx", Some(value)) => once(&mut self.max_feature_idx, key, number(value)?),
            ("objective", Some(_)) => once(&mut self.objective, key, line),
            ("feature_names", Some(value)) => once(&mut self.names, key, words(value)),
            ("feature_infos", Some(value)) => once(&mut self.infos, key, words(value)),
            ("tree_sizes", Some(value)) => once(&mut self.tree_sizes, key, value),
            ("average_output", None) => {
                self.average_output = true;
                Ok(())
            }
            // The label's column in the training file, and what the fit was held to: nothing that an answer needs.
            ("label_index" | "monotone_constraints", Some(_)) => Ok(()),
            _ => Err(ImportError::new(format_args!("`{}` is not known in the head of LightGBM's text", short(key)))),
        }
    }

    fn complete(self) -> Result<Header<'a>, ImportError> {
        let missing = |key: &str| ImportError::new(format_args!("the line `{key}=` is missing"));
        let version = match self.version {
            Some(version @ ("v2" | "v3" | "v4")) => version,
            Some(other) => {
                let other = short(other);
                return Err(ImportError::new(format_args!("version {other:?} is not read; v2, v3 and v4 are")));
            }
            None => {
                let why = "no version: LightGBM before 2.1 wrote none, and its text is not read; fit the model again";
                return Err(ImportError::new(why));
            }
        };
        let num_class = self.num_class.ok_or_else(|| missing("num_class"))?;
        let n_outputs = self.num_tree_per_iteration.unwrap_or(num_class);
        if n_outputs == 0 || n_outputs > MAX_CLASSES {
            return Err(ImportError::new(format_args!("{n_outputs} outputs, expected 1 to {MAX_CLASSES}")));
        }
        if n_outputs != num_class {
            let what = format_args!("num_class is {num_class}, and num_tree_per_iteration {n_outputs}");
            return Err(ImportError::new(what));
        }
        let last = self.max_feature_idx.ok_or_else(|| missing("max_feature_idx"))?;
        if last >= MAX_COLUMNS {
            return Err(ImportError::new(format_args!("max_feature_idx is {last}: over {MAX_COLUMNS} columns")));
        }
        let names = self.names.ok_or_else(|| missing("feature_names"))?;
        let infos = self.infos.ok_or_else(|| missing("feature_infos"))?;
        for (key, found) in [("feature_names", names.len()), ("feature_infos", infos.len())] {
            if found != last + 1 {
                let n = last + 1;
                return Err(ImportError::new(format_args!("`{key}` has {found} entries, max_feature_idx says {n}")));
            }
        }
        let Self { objective, average_output, tree_sizes, .. } = self;
        Ok(Header { version, n_outputs, objective, average_output, names, infos, tree_sizes })
    }
}

/// Sets what a key says.
///
/// # Errors
/// It is there already.
pub(super) fn once<T>(place: &mut Option<T>, key: &str, value: T) -> Result<(), ImportError> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(ImportError::new(format_args!("`{key}` is given twice"))),
    }
}

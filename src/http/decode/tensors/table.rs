//! From tensors to rows: which features a tensor holds, and whether all tensors make one table.
//!
//! There are two forms: a tensor per feature, `[n]` or `[n, 1]`, named as the feature; or one tensor `[n, n_features]`
//! of any name, features in schema order.

use std::fmt;

use crate::config::ExtraFeatures;
use crate::http::decode::absent::{NONE_GIVEN, check_sparse_rows, note_needed};
use crate::http::decode::diagnostics::{Diagnostics, MAX_REPORTED, unknown_feature};
use crate::http::decode::options::{DecodeError, DecodeOptions};
use crate::http::decode::places::Places;
use crate::http::decode::pointer::Step;
use crate::http::tensor::Datatype;
use crate::model::batch::Batch;
use crate::model::schema::Feature;
use crate::text::did_you_mean::nearest;

/// A tensor's shape, its first two dimensions kept.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shape {
    dims: [usize; 2],
    rank: usize,
}

impl Shape {
    /// Adds a dimension.
    pub(super) fn push(&mut self, dim: usize) {
        if let Some(place) = self.dims.get_mut(self.rank) {
            *place = dim;
        }
        self.rank += 1;
    }

    /// The dimensions, of a vector or a matrix.
    fn known(&self) -> &[usize] {
        if self.rank <= self.dims.len() { &self.dims[..self.rank] } else { &[] }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            [n] => write!(f, "[{n}]"),
            [n, m] => write!(f, "[{n}, {m}]"),
            _ => write!(f, "one of {} dimensions", self.rank),
        }
    }
}

/// A tensor whose place in the table is known: its elements, row-major, are cells of `features`.
#[derive(Debug, Clone, Copy)]
pub(super) struct InputLayout<'s> {
    /// The features of a row of the tensor: one, or all.
    pub(super) features: &'s [Feature],
    /// Rows; at least 1, at most what a request may hold.
    pub(super) n_rows: usize,
    /// What its elements are.
    pub(super) datatype: Datatype,
    /// Its shape, for people.
    pub(super) shape: Shape,
    /// Its position among the inputs.
    pub(super) index: usize,
    contents: Contents,
}

impl InputLayout<'_> {
    /// Elements: rows × features.
    pub(super) fn len(&self) -> usize {
        self.n_rows.saturating_mul(self.features.len())
    }
}

/// What a tensor holds.
#[derive(Debug, Clone, Copy)]
enum Contents {
    /// The column of one feature.
    Feature(usize),
    /// The matrix of all.
    All,
}

/// The state of a feature's cells, or of the matrix.
#[derive(Debug, Clone)]
enum CellsState {
    Absent,
    /// Announced; if its cells never come, an error was noted.
    Announced,
    Read(Vec<f64>),
}

/// The table so far.
#[derive(Debug)]
pub(super) struct InputTable<'s> {
    options: DecodeOptions<'s>,
    columns: Vec<CellsState>,
    matrix: CellsState,
    /// The rows of the first tensor, and its position among the inputs.
    first: Option<(usize, usize)>,
    /// One tensor per feature, each at its feature's position.
    is_in_order: bool,
    /// A tensor meant as a matrix did not fit: then no feature is reported as missing.
    is_matrix_wrong: bool,
    /// How many names were looked for among the features' to tell a matrix from a misspelt feature.
    n_searches: usize,
}

impl<'s> InputTable<'s> {
    /// Nothing so far.
    pub(super) fn new(options: &DecodeOptions<'s>) -> Self {
        let columns = vec![CellsState::Absent; options.schema.n_features()];
        Self {
            options: *options,
            columns,
            matrix: CellsState::Absent,
            first: None,
            is_in_order: true,
            is_matrix_wrong: false,
            n_searches: 0,
        }
    }

    /// The model's features.
    pub(super) fn n_features(&self) -> usize {
        self.columns.len()
    }

    /// The place of a tensor of this head; none when its elements are not wanted: an error was noted, or features
    /// that the model does not know are ignored.
    ///
    /// # Errors
    /// More rows than a request may hold.
    pub(super) fn layout(
        &mut self,
        (name, shape, datatype): (&str, Shape, Datatype),
        index: usize,
        diagnostics: &mut Diagnostics,
    ) -> Result<Option<InputLayout<'s>>, DecodeError> {
        let Some(contents) = self.contents(name, shape, index, diagnostics) else { return Ok(None) };
        let n_rows = shape.dims[0];
        if n_rows > self.options.max_rows {
            return Err(DecodeError::TooManyRows(self.options.max_rows));
        }
        let is_again = !matches!(std::mem::replace(self.part(contents), CellsState::Announced), CellsState::Absent);
        self.is_in_order &= matches!(contents, Contents::Feature(feature) if feature == index);
        let (first_rows, first) = *self.first.get_or_insert((n_rows, index));
        let place = |member| [Step::Key("inputs"), Step::Index(index), Step::Key(member)];
        if is_again {
            diagnostics.add(&place("name"), || match contents {
                Contents::Feature(_) => format!("{name} is given twice"),
                Contents::All => "a tensor of all features is given twice".to_owned(),
            });
        } else if n_rows == 0 {
            diagnostics.add(&place("shape"), || "no rows".to_owned());
        } else if n_rows != first_rows {
            diagnostics.add(&place("shape"), || format!("{name} has {n_rows} rows, input {first} has {first_rows}"));
        } else {
            let all = self.options.schema.features();
            let features = if let Contents::Feature(feature) = contents { &all[feature..=feature] } else { all };
            return Ok(Some(InputLayout { features, n_rows, datatype, shape, index, contents }));
        }
        Ok(None)
    }

    /// Where cells stand.
    pub(super) fn places(&self) -> Places {
        Places::Tensors { in_order: self.is_in_order }
    }

    /// Notes that the feature `name` came, in a tensor that cannot be read.
    pub(super) fn announce(&mut self, name: &str) {
        match self.options.schema.position(name) {
            Some(feature) => self.columns[feature] = CellsState::Announced,
            None => self.is_matrix_wrong = true,
        }
    }

    /// Takes a tensor's cells, [`InputLayout::len`] of them.
    pub(super) fn put(&mut self, layout: &InputLayout<'s>, cells: Vec<f64>) {
        *self.part(layout.contents) = CellsState::Read(cells);
    }

    fn part(&mut self, contents: Contents) -> &mut CellsState {
        match contents {
            Contents::Feature(feature) => &mut self.columns[feature],
            Contents::All => &mut self.matrix,
        }
    }

    /// The feature of a tensor: tried first at its own position, since most requests keep the schema's order.
    fn position(&self, name: &str, index: usize) -> Option<usize> {
        let schema = self.options.schema;
        let is_next = schema.features().get(index).is_some_and(|feature| feature.name == name);
        if is_next { Some(index) } else { schema.position(name) }
    }

    /// What a tensor of this name and shape holds; none when nothing, and an error was noted if it should.
    fn contents(&mut self, name: &str, shape: Shape, index: usize, diagnostics: &mut Diagnostics) -> Option<Contents> {
        let width = self.n_features();
        let place = |member| [Step::Key("inputs"), Step::Index(index), Step::Key(member)];
        match (self.position(name, index), shape.known()) {
            (Some(feature), [_] | [_, 1]) => Some(Contents::Feature(feature)),
            (_, [_, columns]) if *columns == width => Some(Contents::All),
            (Some(feature), _) => {
                self.columns[feature] = CellsState::Announced;
                diagnostics.add(&place("shape"), || {
                    let matrix = format!("a single tensor of all features has [n, {width}]");
                    format!("{name} has shape [n] or [n, 1], not {shape}; {matrix}")
                });
                None
            }
            (None, dims) if self.is_meant_as_matrix(name, dims) => {
                self.is_matrix_wrong = true;
                diagnostics
                    .add(&place("shape"), || format!("a tensor of all features has shape [n, {width}], not {shape}"));
                None
            }
            (None, _) if self.options.extra == ExtraFeatures::Ignore => None,
            (None, _) => {
                diagnostics.add(&place("name"), || unknown_feature(self.options.schema, name));
                None
            }
        }
    }

    /// True when a tensor of an unknown name looks like a matrix of the wrong width, or a row without brackets, rather
    /// than a misspelt feature. After [`MAX_REPORTED`] searches all are taken for matrices.
    fn is_meant_as_matrix(&mut self, name: &str, dims: &[usize]) -> bool {
        let schema = self.options.schema;
        let is_wide = match dims {
            [cells] => *cells > 1 && *cells == schema.n_features(),
            [_, columns] => *columns > 1,
            _ => false,
        };
        self.n_searches += usize::from(is_wide);
        let is_near = || nearest(name, schema.features().iter().map(|f| f.name.as_str())).is_some();
        is_wide && (self.n_searches > MAX_REPORTED || !is_near())
    }

    /// The batch, if every feature that is needed came and nothing was wrong; a feature that did not come is missing in
    /// every row. `is_expected`: there were inputs, in a body of this many bytes.
    ///
    /// # Errors
    /// All that was wrong.
    pub(super) fn finish(
        self,
        is_expected: bool,
        body_bytes: usize,
        mut diagnostics: Diagnostics,
    ) -> Result<Batch, DecodeError> {
        let schema = self.options.schema;
        let has_matrix = !matches!(self.matrix, CellsState::Absent);
        if has_matrix && self.columns.iter().any(|part| !matches!(part, CellsState::Absent)) {
            diagnostics.add(&[Step::Key("inputs")], || "a tensor of all features stands alone".to_owned());
        }
        if is_expected && !has_matrix && !self.is_matrix_wrong {
            let is_given = |feature: usize| !matches!(self.columns[feature], CellsState::Absent);
            let needs_others = note_needed(schema, is_given, &mut diagnostics, |_| vec![Step::Key("inputs")]);
            if !needs_others && !(0..self.columns.len()).any(is_given) {
                diagnostics.add(&[Step::Key("inputs")], || NONE_GIVEN.to_owned());
            }
        }
        if diagnostics.is_empty() {
            let n_rows = self.first.map_or(0, |(n_rows, _)| n_rows);
            if !has_matrix && self.columns.iter().any(|part| matches!(part, CellsState::Absent)) {
                check_sparse_rows(n_rows, body_bytes, self.columns.len())?;
            }
            let cells = |part| if let CellsState::Read(cells) = part { cells } else { vec![f64::NAN; n_rows] };
            let batch = if has_matrix {
                Batch::from_rows(schema, cells(self.matrix))
            } else {
                Batch::from_columns(schema, &self.columns.into_iter().map(cells).collect::<Vec<_>>())
            };
            match batch {
                Ok(batch) => return Ok(batch),
                Err(text) => diagnostics.add(&[Step::Key("inputs")], || text),
            }
        }
        Err(DecodeError::Schema(diagnostics))
    }
}

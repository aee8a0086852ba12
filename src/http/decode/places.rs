//! Where the cells of a batch stand in its body: for what is wrong with one that only the model itself finds.

use crate::model::schema::Schema;

use super::pointer::{self, Step};

/// The steps from a body's root to its rows.
type Root = &'static [Step<'static>];

/// How a body holds its rows. It keeps nothing of the body, so a pointer leads to what surrounds the cell where its own
/// place is not known any more.
#[derive(Debug, Clone, Copy, Default)]
pub enum Places {
    /// Nothing is known of them.
    #[default]
    Unknown,
    /// A record's values under their names.
    Record(Root),
    /// Records, in an array or in lines; pointers into a CSV have this form too.
    Records(Root),
    /// Lists of values, perhaps with records among them.
    Lists {
        /// The array of rows.
        root: Root,
        /// Values are in schema order, and no row is a record.
        in_order: bool,
    },
    /// Columns of lists, or of cells labelled `0`, `1`, ….
    Columns(Root),
    /// Columns of cells labelled otherwise.
    Labelled(Root),
    /// Tensors; those of features in schema order, or one of them all.
    Tensors {
        /// The position of a feature's tensor is that of the feature.
        in_order: bool,
    },
}

/// Which kinds of rows came in an array.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct RowKinds {
    pub(super) has_records: bool,
    pub(super) has_lists: bool,
    /// Rows of a model with one feature, as values without brackets.
    pub(super) has_values: bool,
}

impl RowKinds {
    /// Where cells stand in the array at `root`, with the feature of each position of a list.
    pub(super) fn places(self, root: Root, mapping: &[Option<usize>]) -> Places {
        if !self.has_lists && !self.has_values {
            return Places::Records(root);
        }
        let is_in_order = mapping.iter().enumerate().all(|(at, feature)| *feature == Some(at));
        Places::Lists { root, in_order: is_in_order && !self.has_records && !self.has_values }
    }
}

impl Places {
    /// The pointer to the cell of a row, or to what surrounds it.
    pub(in crate::http) fn pointer(self, row: usize, feature: usize, schema: &Schema) -> String {
        let name = Step::Key(&schema.features()[feature].name);
        let row = Step::Index(row);
        let inputs = Step::Key("inputs");
        let (root, within): (Root, &[Step<'_>]) = match self {
            Self::Unknown => (&[], &[]),
            Self::Record(root) | Self::Labelled(root) => (root, &[name]),
            Self::Records(root) => (root, &[row, name]),
            Self::Lists { root, in_order: true } => (root, &[row, Step::Index(feature)]),
            Self::Lists { root, in_order: false } => (root, &[row]),
            Self::Columns(root) => (root, &[name, row]),
            Self::Tensors { in_order: true } => (&[], &[inputs, Step::Index(feature)]),
            Self::Tensors { in_order: false } => (&[], &[inputs]),
        };
        let steps: Vec<Step<'_>> = root.iter().chain(within).copied().collect();
        pointer::to(&steps)
    }
}

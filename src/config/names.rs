//! Lists of columns' names.

/// A list of names as one flag gives it: a CSV record, so that a name with a comma is quoted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names(pub Vec<String>);

impl Names {
    /// The names of several lists, in order.
    pub fn all(lists: &[Self]) -> Vec<String> {
        lists.iter().flat_map(|list| list.0.iter().cloned()).collect()
    }
}

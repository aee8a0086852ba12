//! JSON pointers (RFC 6901): how errors name a place in a body, CSV included.

/// The most bytes of a step; a longer one (a key that a client made up) is left out, and the pointer names its parent.
const LONGEST_STEP: usize = 64;

/// One step of a pointer.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A member of an object.
    Key(&'a str),
    /// An element of an array, from 0.
    Index(usize),
}

/// The pointer of these steps from the body's root, up to the first step that is too long.
pub(super) fn to(steps: &[Step<'_>]) -> String {
    let mut text = String::new();
    for step in steps {
        match step {
            Step::Index(index) => {
                text.push('/');
                text.push_str(&index.to_string());
            }
            Step::Key(key) if key.len() > LONGEST_STEP => break,
            Step::Key(key) => {
                text.push('/');
                text.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
        }
    }
    text
}

/// The pointer of a cell in an array of records; of the row when it has no name.
pub(in crate::http) fn of_cell(row: usize, name: &str) -> String {
    let steps = [Step::Index(row), Step::Key(name)];
    to(if name.is_empty() { &steps[..1] } else { &steps })
}

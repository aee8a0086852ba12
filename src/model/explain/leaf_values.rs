//! What leaves add to the outputs of an ensemble.

use crate::model::ir::Shares;

/// What a leaf's number is.
#[derive(Debug)]
pub(super) enum LeafValues {
    /// A value.
    Values,
    /// The position of a class: 1 for it.
    Votes,
    /// A position among row-major vectors, `[n_leaves, n_outputs]`.
    Vectors(Vec<f64>, usize),
    /// A position among the shares of classes.
    Shares(Shares),
}

impl LeafValues {
    /// What a leaf adds to an output.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "what is not inlined is compiled for the smallest CPU")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a checked position")]
    pub(super) fn of(&self, number: f64, output: usize) -> f64 {
        match self {
            Self::Values => number,
            Self::Votes => f64::from(u8::from(number as usize == output)),
            Self::Vectors(values, n_outputs) => values[number as usize * n_outputs + output],
            Self::Shares(shares) => {
                shares.of_leaf(number as usize).find(|(class, _)| *class == output).map_or(0.0, |(_, share)| share)
            }
        }
    }

    /// True where a tree's leaves add to all outputs.
    pub(super) fn are_of_all_outputs(&self) -> bool {
        !matches!(self, Self::Values)
    }

    /// Bytes that it occupies, beside itself.
    pub(super) fn resident_bytes(&self) -> usize {
        match self {
            Self::Values | Self::Votes => 0,
            Self::Vectors(values, _) => size_of_val(values.as_slice()),
            Self::Shares(shares) => shares.resident_bytes(),
        }
    }
}

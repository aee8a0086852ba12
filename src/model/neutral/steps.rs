//! From features to a predictor's columns, one column after the other, each step in its source's arithmetic.
//!
//! Columns are numbered: the features in schema order, then what each step makes, in order. A step reads one column
//! that is before its own. At last some of them are put together: the predictor's columns.

use crate::model::date::DatePart;

/// The steps of a model. Not checked: [`Steps::check`].
#[derive(Debug, Clone, PartialEq)]
pub struct Steps {
    /// How many features there are.
    pub n_features: u32,
    /// The steps.
    pub steps: Vec<Step>,
    /// The columns that the predictor takes, in its order.
    pub outputs: Vec<u32>,
}

/// One step.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The number of the column that it reads.
    pub input: u32,
    /// What it makes of it.
    pub operation: Operation,
}

/// What a step makes of a column x. NaN, a missing cell, stays NaN where nothing else is said.
#[derive(Debug, Clone, PartialEq)]
pub enum Operation {
    /// The number of a category, of a categorical feature, whose cells are positions in the schema's list: `codes` has
    /// one a position; NaN there and in `unknown` makes the cell missing.
    Codes {
        /// One number a category of the feature.
        codes: Vec<f64>,
        /// The number of a category that is not listed; only for features that accept those.
        unknown: f64,
    },
    /// NaN where x equals this, else x: a value that stands for missing.
    AsMissing(f64),
    /// This where x is NaN, else x.
    Fill(f64),
    /// 1 where x is NaN, else 0.
    IsMissing,
    /// A column for each of these values: 1 where x equals it, else 0; a NaN among them is equal to NaN.
    OneHot(Vec<f64>),
    /// (x − offset) / divisor
    Standardize {
        /// What is taken off.
        offset: f64,
        /// What the rest is divided by; not 0.
        divisor: f64,
    },
    /// x · factor + offset
    Affine {
        /// What x is multiplied by.
        factor: f64,
        /// What is added then.
        offset: f64,
    },
    /// x, but at least `low` and at most `high`.
    Clip {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// A function that numpy has by this name.
    Function(Function),
    /// x rounded to f32.
    Narrow,
    /// A part of the date x, which is in seconds since 1970; NaN where x is no date.
    DatePart(DatePart),
}

/// A function of numpy, by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    /// `abs`, `absolute`, `fabs`
    Abs,
    /// `exp`
    Exp,
    /// `expm1`
    Expm1,
    /// `log`
    Log,
    /// `log1p`
    Log1p,
    /// `log2`
    Log2,
    /// `log10`
    Log10,
    /// `sqrt`
    Sqrt,
    /// `cbrt`
    Cbrt,
    /// `square`
    Square,
    /// `negative`
    Negative,
    /// `reciprocal`
    Reciprocal,
    /// `sign`
    Sign,
    /// `floor`
    Floor,
    /// `ceil`
    Ceil,
    /// `sin`
    Sin,
    /// `cos`
    Cos,
    /// `tanh`
    Tanh,
}

/// Columns at most, features and those of all steps together.
const MAX_SLOTS: usize = 1 << 20;

impl Steps {
    /// No steps: the predictor takes the features as they are.
    pub fn none(n_features: u32) -> Self {
        Self { n_features, steps: Vec::new(), outputs: (0..n_features).collect() }
    }

    /// True when the predictor takes the features as they are.
    pub fn is_identity(&self) -> bool {
        self.outputs.len() == self.n_features as usize && self.outputs.iter().zip(0..).all(|(from, i)| *from == i)
    }

    /// Columns before the last choice: the features, and what steps make.
    pub fn n_slots(&self) -> usize {
        self.n_features as usize + self.steps.iter().map(|step| step.operation.n_made()).sum::<usize>()
    }

    /// Checks that every number of a column is in range and before its reader, and every parameter a number that the
    /// step can compute with. `n_categories` has the number of categories of each feature, 0 for a numeric one.
    ///
    /// # Errors
    /// One sentence: what is wrong.
    pub fn check(&self, n_categories: &[usize]) -> Result<(), String> {
        if self.n_features as usize != n_categories.len() {
            let (declared, got) = (self.n_features, n_categories.len());
            return Err(format!("the steps are of {declared} features, the header lists {got}"));
        }
        let mut there = n_categories.len();
        for (i, step) in self.steps.iter().enumerate() {
            let input = step.input as usize;
            if input >= there {
                return Err(format!("step {i} reads column {input} of the {there} before it"));
            }
            step.operation.check(n_categories.get(input).copied()).map_err(|e| format!("step {i}: {e}"))?;
            there += step.operation.n_made();
            if there > MAX_SLOTS {
                return Err(format!("the steps make more than {MAX_SLOTS} columns"));
            }
        }
        match self.outputs.iter().find(|column| **column as usize >= there) {
            Some(column) => Err(format!("the predictor takes column {column} of {there}")),
            None => Ok(()),
        }
    }
}

impl Operation {
    /// How many columns it makes.
    pub fn n_made(&self) -> usize {
        match self {
            Self::OneHot(values) => values.len(),
            _ => 1,
        }
    }

    /// `n_categories` is that of the feature it reads; `None` for a column that is none.
    fn check(&self, n_categories: Option<usize>) -> Result<(), String> {
        match self {
            Self::Codes { codes, .. } if Some(codes.len()) != n_categories.filter(|n| *n > 0) => {
                Err(format!("{} codes are not one a category of a feature", codes.len()))
            }
            Self::Fill(fill) if !fill.is_finite() => Err(format!("it fills with {fill}")),
            Self::Standardize { offset, divisor } if !offset.is_finite() || !divisor.is_finite() || *divisor == 0.0 => {
                Err(format!("it takes off {offset} and divides by {divisor}"))
            }
            Self::Affine { factor, offset } if !factor.is_finite() || !offset.is_finite() => {
                Err(format!("it multiplies by {factor} and adds {offset}"))
            }
            Self::Clip { low, high } if low.is_nan() || high.is_nan() || low > high => {
                Err(format!("it clips to {low} and {high}"))
            }
            _ => Ok(()),
        }
    }
}

impl Function {
    /// All of them.
    pub const ALL: [(Self, &'static str); 18] = [
        (Self::Abs, "abs"),
        (Self::Exp, "exp"),
        (Self::Expm1, "expm1"),
        (Self::Log, "log"),
        (Self::Log1p, "log1p"),
        (Self::Log2, "log2"),
        (Self::Log10, "log10"),
        (Self::Sqrt, "sqrt"),
        (Self::Cbrt, "cbrt"),
        (Self::Square, "square"),
        (Self::Negative, "negative"),
        (Self::Reciprocal, "reciprocal"),
        (Self::Sign, "sign"),
        (Self::Floor, "floor"),
        (Self::Ceil, "ceil"),
        (Self::Sin, "sin"),
        (Self::Cos, "cos"),
        (Self::Tanh, "tanh"),
    ];

    /// The function that numpy calls so.
    pub fn named(name: &str) -> Option<Self> {
        let name = if matches!(name, "absolute" | "fabs") { "abs" } else { name };
        Self::ALL.iter().find(|(_, own)| *own == name).map(|(function, _)| *function)
    }

    /// What numpy calls it.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(own, _)| *own == self).map_or("", |(_, name)| *name)
    }

    /// Its value.
    pub fn of(self, x: f64) -> f64 {
        match self {
            Self::Abs => x.abs(),
            Self::Exp => x.exp(),
            Self::Expm1 => x.exp_m1(),
            Self::Log => x.ln(),
            Self::Log1p => x.ln_1p(),
            Self::Log2 => x.log2(),
            Self::Log10 => x.log10(),
            Self::Sqrt => x.sqrt(),
            Self::Cbrt => x.cbrt(),
            Self::Square => x * x,
            Self::Negative => -x,
            Self::Reciprocal => 1.0 / x,
            // numpy's sign of 0 is 0.
            Self::Sign if x == 0.0 || x.is_nan() => x + 0.0,
            Self::Sign => x.signum(),
            Self::Floor => x.floor(),
            Self::Ceil => x.ceil(),
            Self::Sin => x.sin(),
            Self::Cos => x.cos(),
            Self::Tanh => x.tanh(),
        }
    }
}

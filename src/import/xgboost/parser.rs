//! What the readers of `XGBoost`'s two encodings have in common: a document is walked once, by what is expected next,
//! and never held as a tree. What is not asked for is skipped without recursion.

use crate::import::error::ImportError;

/// A walk through a document.
pub(super) trait Parser {
    /// Begins an object that must come next.
    fn begin_object(&mut self) -> Result<(), ImportError>;

    /// The next key of the object that was begun last; `None` at its end.
    fn next_key(&mut self) -> Result<Option<String>, ImportError>;

    /// Begins an array that must come next.
    fn begin_array(&mut self) -> Result<(), ImportError>;

    /// True when another element of the array that was begun last follows.
    fn next_element(&mut self) -> Result<bool, ImportError>;

    /// A text that must come next.
    fn text(&mut self) -> Result<String, ImportError>;

    /// An array of numbers that must come next, appended to `out`.
    fn numbers<T: Element>(&mut self, out: &mut Vec<T>) -> Result<(), ImportError>;

    /// The place of what comes next, for [`Parser::numbers_at`].
    fn place(&self) -> usize;

    /// Goes to a place that was passed over; gives the one that it leaves.
    fn go_to(&mut self, place: usize) -> usize;

    /// As [`Parser::numbers`], of the array at a place that was passed over.
    fn numbers_at<T: Element>(&mut self, place: usize, out: &mut Vec<T>) -> Result<(), ImportError> {
        let here = self.go_to(place);
        self.numbers(out)?;
        self.go_to(here);
        Ok(())
    }

    /// Passes over whatever comes next.
    fn skip(&mut self) -> Result<(), ImportError>;

    /// The document must end here.
    fn end(&mut self) -> Result<(), ImportError>;
}

/// An element type of a numeric array. Each conversion gives `None` if the value is not of the type.
pub(super) trait Element: Copy {
    /// From its text.
    fn of_text(text: &str) -> Option<Self>;
    /// From an integer.
    fn of_integer(value: i64) -> Option<Self>;
    /// From a float.
    fn of_float(value: f64) -> Option<Self>;
}

impl Element for f32 {
    fn of_text(text: &str) -> Option<Self> {
        match text {
            "NaN" => Some(Self::NAN),
            "Infinity" => Some(Self::INFINITY),
            "-Infinity" => Some(Self::NEG_INFINITY),
            _ => text.parse().ok(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "an integer where a float is expected is small")]
    fn of_integer(value: i64) -> Option<Self> {
        Some(value as Self)
    }

    #[expect(clippy::cast_possible_truncation, reason = "XGBoost holds 32 bits")]
    fn of_float(value: f64) -> Option<Self> {
        Some(value as Self)
    }
}

impl Element for i32 {
    fn of_text(text: &str) -> Option<Self> {
        match text {
            "true" => Some(1),
            "false" => Some(0),
            _ => text.parse().ok(),
        }
    }

    fn of_integer(value: i64) -> Option<Self> {
        Self::try_from(value).ok()
    }

    fn of_float(_: f64) -> Option<Self> {
        None
    }
}

/// A number as its text: for categories, which are named by it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Plain {
    /// An integer.
    Integer(i64),
    /// Another number.
    Float(f64),
}

impl Element for Plain {
    fn of_text(text: &str) -> Option<Self> {
        text.parse().ok().map(Self::Integer).or_else(|| text.parse().ok().map(Self::Float))
    }

    fn of_integer(value: i64) -> Option<Self> {
        Some(Self::Integer(value))
    }

    fn of_float(value: f64) -> Option<Self> {
        Some(Self::Float(value))
    }
}

/// Keys of one object that were seen: one that means something may not come twice.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<String>);

impl Keys {
    /// Notes a key, if it is one of `known`.
    pub(super) fn note(&mut self, key: &str, known: &[&str]) -> Result<(), ImportError> {
        if !known.contains(&key) {
            return Ok(());
        }
        if self.0.iter().any(|seen| seen == key) {
            return Err(ImportError::new(format_args!("the key {key:?} is there twice")));
        }
        self.0.push(key.to_owned());
        Ok(())
    }
}

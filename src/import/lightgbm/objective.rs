//! The objective that a model was fitted for: what its raw scores go through, and whether they are of classes.

use super::lines::Line;
use super::numbers::{by_digits, number, short};
use crate::import::error::ImportError;
use crate::model::ir::Link;

/// What an objective makes of raw scores.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Objective<'a> {
    /// Its name; none for one of the user's own.
    pub(super) name: Option<&'a str>,
    /// What raw scores go through.
    pub(super) link: Link,
    /// How many classes it is of; `None` for numbers.
    pub(super) n_classes: Option<usize>,
}

impl<'a> Objective<'a> {
    /// Reads the line of the objective; `n_outputs` is the number of trees a round.
    ///
    /// # Errors
    /// The objective is not known, lacks a parameter, or does not fit the number of outputs.
    pub(super) fn read(line: Option<Line<'a>>, n_outputs: usize) -> Result<Self, ImportError> {
        let Some(line) = line else { return Ok(Self { name: None, link: Link::Identity, n_classes: None }) };
        let (_, value) = line.entry();
        of(value.unwrap_or_default(), n_outputs).map_err(|error| line.wrong(error.within("objective")))
    }
}

fn of(text: &str, n_outputs: usize) -> Result<Objective<'_>, ImportError> {
    let mut words = text.split_ascii_whitespace();
    let name = words.next().unwrap_or_default();
    let parameters = Parameters::read(words)?;
    let (link, n_classes) = match name {
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" if parameters.sqrt => {
            (Link::SignedSquare, None)
        }
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank" | "rank_xendcg" => {
            (Link::Identity, None)
        }
        "poisson" | "gamma" | "tweedie" => (Link::Exp, None),
        "binary" => (Link::Logistic { slope: parameters.slope()? }, Some(2)),
        "multiclass" => (Link::Softmax, Some(parameters.n_classes()?)),
        "multiclassova" => (Link::Logistic { slope: parameters.slope()? }, Some(parameters.n_classes()?)),
        // LightGBM 2 called it xentropy.
        "cross_entropy" | "xentropy" => (Link::Logistic { slope: 1.0 }, None),
        "cross_entropy_lambda" => (Link::SoftPlus, None),
        "custom" => return Ok(Objective { name: None, link: Link::Identity, n_classes: None }),
        _ => return Err(ImportError::new(format_args!("{:?} is not an objective that is read", short(name)))),
    };
    let expected = match (name, n_classes) {
        ("multiclass" | "multiclassova", Some(n_classes)) => n_classes,
        _ => 1,
    };
    if n_outputs != expected {
        return Err(ImportError::new(format_args!("{name} has {expected} trees a round, the head says {n_outputs}")));
    }
    Ok(Objective { name: Some(name), link, n_classes })
}

/// What stands behind an objective's name.
#[derive(Default)]
struct Parameters {
    sqrt: bool,
    sigmoid: Option<f64>,
    num_class: Option<usize>,
}

impl Parameters {
    fn read<'a>(words: impl Iterator<Item = &'a str>) -> Result<Self, ImportError> {
        let mut parameters = Self::default();
        for word in words {
            match word.split_once(':') {
                None if word == "sqrt" => parameters.sqrt = true,
                Some(("sigmoid", value)) => {
                    let sigmoid = by_digits(value);
                    let not_above = || ImportError::new(format_args!("sigmoid is {:?}, not above 0", short(value)));
                    parameters.sigmoid = Some(sigmoid.ok_or_else(not_above)?);
                }
                Some(("num_class", value)) => parameters.num_class = Some(number(value)?),
                // Parameters of the loss, which answers do not depend on: `alpha:0.9`, `tweedie_variance_power:1.5`.
                Some((_, value)) if by_digits(value.trim_start_matches('-')).is_some() || is_zero(value) => {}
                _ => return Err(ImportError::new(format_args!("the parameter {:?} is not known", short(word)))),
            }
        }
        Ok(parameters)
    }

    fn slope(&self) -> Result<f64, ImportError> {
        self.sigmoid.ok_or_else(|| ImportError::new("its parameter `sigmoid` is missing"))
    }

    fn n_classes(&self) -> Result<usize, ImportError> {
        match self.num_class {
            Some(n) if n >= 2 => Ok(n),
            Some(n) => Err(ImportError::new(format_args!("{n} classes, expected two or more"))),
            None => Err(ImportError::new("its parameter `num_class` is missing")),
        }
    }
}

fn is_zero(value: &str) -> bool {
    value.parse() == Ok(0.0)
}

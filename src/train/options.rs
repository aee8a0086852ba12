//! Hyperparameters: as given, and resolved against the table of options.
//!
//! Nothing is taken and ignored: an option that the algorithm, or the chosen kernel, does not have is an error.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::error::TrainError;
use super::option_table::OPTIONS;
use crate::model::algorithm::Algorithm;
use crate::model::artifact::Setting;
use crate::model::smartcore::Kernel;

/// Hyperparameters as given; `None` is the algorithm's default.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// Trees of an ensemble.
    pub trees: Option<u64>,
    /// Splits between a tree's root and its farthest leaf.
    pub max_depth: Option<u64>,
    /// Training rows that each leaf holds at least.
    pub min_samples_leaf: Option<u64>,
    /// Columns that each split considers.
    pub max_features: Option<MaxFeatures>,
    /// Share of each boosted tree's answer that is added.
    pub learning_rate: Option<f64>,
    /// Strength of the penalty on coefficients.
    pub alpha: Option<f64>,
    /// Share of the L1 penalty in it.
    pub l1_ratio: Option<f64>,
    /// Neighbours that are asked.
    pub neighbors: Option<u64>,
    /// Kernel of a support vector machine.
    pub kernel: Option<KernelName>,
    /// What a row costs that a support vector machine gets wrong.
    pub c: Option<f64>,
    /// Error that support vector regression does not count.
    pub epsilon: Option<f64>,
    /// Gain that a boosted split must bring at least; or γ of a kernel.
    pub gamma: Option<f64>,
    /// Degree of the polynomial kernel.
    pub degree: Option<u64>,
    /// Constant term of the polynomial and the sigmoid kernel.
    pub coef0: Option<f64>,
}

/// A kernel by the name users type; formulas at [`Kernel`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KernelName {
    /// [`Kernel::Rbf`].
    Rbf,
    /// [`Kernel::Linear`].
    Linear,
    /// [`Kernel::Polynomial`].
    Poly,
    /// [`Kernel::Sigmoid`].
    Sigmoid,
}

/// How many of p encoded columns a split considers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxFeatures {
    /// ⌊√p⌋.
    Sqrt,
    /// ⌈p / 3⌉.
    Third,
    /// All.
    All,
    /// So many; all when there are fewer.
    Count(u64),
}

/// Every hyperparameter of one fit, defaults included.
#[derive(Debug, Clone, PartialEq)]
pub struct Hyperparameters(BTreeMap<&'static str, Setting>);

impl Options {
    /// Checks what was given and fills in the algorithm's defaults.
    ///
    /// # Errors
    /// [`TrainError::Usage`]: an option that the algorithm does not have, or a value out of range.
    pub fn resolve(&self, algorithm: Algorithm) -> Result<Hyperparameters, TrainError> {
        let given = self.given();
        let mut resolved = BTreeMap::new();
        for option in OPTIONS {
            let default = option.default_for(algorithm);
            let chosen = match (given.get(option.name), default) {
                (None, None) => continue,
                (None, Some(default)) => default,
                (Some(_), None) => return Err(TrainError::Usage(does_not_apply(option.name, algorithm))),
                (Some(value), Some(_)) if (option.accepts)(algorithm, value) => value.clone(),
                (Some(value), Some(_)) => {
                    let (name, range) = (option.name, option.range);
                    return Err(TrainError::Usage(format!("--{name} {value} is out of range: it is {range}")));
                }
            };
            resolved.insert(option.name, chosen);
        }
        keep_the_kernels_own(&given, &mut resolved)?;
        Ok(Hyperparameters(resolved))
    }

    /// What was given, by flag name.
    pub(super) fn given(&self) -> BTreeMap<&'static str, Setting> {
        let max_features = self.max_features.map(|m| match m {
            MaxFeatures::Sqrt => Setting::Word("sqrt".to_owned()),
            MaxFeatures::Third => Setting::Word("third".to_owned()),
            MaxFeatures::All => Setting::Word("all".to_owned()),
            MaxFeatures::Count(n) => Setting::Count(n),
        });
        [
            ("trees", self.trees.map(Setting::Count)),
            ("max-depth", self.max_depth.map(Setting::Count)),
            ("min-samples-leaf", self.min_samples_leaf.map(Setting::Count)),
            ("max-features", max_features),
            ("learning-rate", self.learning_rate.map(Setting::Number)),
            ("alpha", self.alpha.map(Setting::Number)),
            ("l1-ratio", self.l1_ratio.map(Setting::Number)),
            ("neighbors", self.neighbors.map(Setting::Count)),
            ("kernel", self.kernel.map(|k| Setting::Word(k.as_str().to_owned()))),
            ("c", self.c.map(Setting::Number)),
            ("epsilon", self.epsilon.map(Setting::Number)),
            ("gamma", self.gamma.map(Setting::Number)),
            ("degree", self.degree.map(Setting::Count)),
            ("coef0", self.coef0.map(Setting::Number)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
}

/// Takes away the options that the chosen kernel does not have.
fn keep_the_kernels_own(
    given: &BTreeMap<&'static str, Setting>,
    resolved: &mut BTreeMap<&'static str, Setting>,
) -> Result<(), TrainError> {
    let Some(Setting::Word(kernel)) = resolved.get("kernel").cloned() else { return Ok(()) };
    for (name, kernels) in [
        ("gamma", ["rbf", "poly", "sigmoid"].as_slice()),
        ("degree", ["poly"].as_slice()),
        ("coef0", ["poly", "sigmoid"].as_slice()),
    ] {
        if kernels.contains(&kernel.as_str()) {
            continue;
        }
        if given.contains_key(name) {
            let own = kernels.join(" and ");
            return Err(TrainError::Usage(format!("--{name} does not apply to the kernel {kernel}, but to {own}")));
        }
        resolved.remove(name);
    }
    Ok(())
}

fn does_not_apply(name: &str, algorithm: Algorithm) -> String {
    let own: Vec<String> =
        OPTIONS.iter().filter(|o| o.default_for(algorithm).is_some()).map(|o| format!("--{}", o.name)).collect();
    let own = if own.is_empty() { "it has none".to_owned() } else { format!("it has {}", own.join(", ")) };
    format!("--{name} does not apply to {algorithm}; {own}")
}

impl Hyperparameters {
    /// By flag name, as the artifact keeps them.
    pub fn to_map(&self) -> BTreeMap<String, Setting> {
        self.0.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
    }

    /// The value of an option; `None` when the algorithm has none of that name.
    pub(super) fn get(&self, name: &str) -> Option<&Setting> {
        self.0.get(name)
    }

    /// The same with some values replaced.
    pub(super) fn with(&self, replaced: BTreeMap<&'static str, Setting>) -> Self {
        let mut all = self.0.clone();
        all.extend(replaced);
        Self(all)
    }

    /// A count; `None` when it is unset or the algorithm has no such option.
    pub fn count(&self, name: &str) -> Option<usize> {
        match self.0.get(name) {
            Some(Setting::Count(n)) => usize::try_from(*n).ok(),
            _ => None,
        }
    }

    /// A real number; `None` when the algorithm has no such option.
    pub fn number(&self, name: &str) -> Option<f64> {
        match self.0.get(name) {
            Some(Setting::Number(v)) => Some(*v),
            _ => None,
        }
    }

    /// The kernel; γ defaults to 1 / (columns × population variance of all cells of the encoded `matrix`), as
    /// scikit-learn's `scale`. `None` when the algorithm has none.
    pub fn kernel(&self, matrix: &[f64], n_columns: usize) -> Option<Kernel> {
        let Some(Setting::Word(name)) = self.0.get("kernel") else { return None };
        let gamma = self.number("gamma").unwrap_or_else(|| spread_gamma(matrix, n_columns));
        let coef0 = self.number("coef0").unwrap_or(0.0);
        match name.as_str() {
            "linear" => Some(Kernel::Linear),
            "poly" => {
                let degree = self.count("degree").and_then(|d| u32::try_from(d).ok()).map_or(3.0, f64::from);
                Some(Kernel::Polynomial { degree, gamma, coef0 })
            }
            "sigmoid" => Some(Kernel::Sigmoid { gamma, coef0 }),
            _ => Some(Kernel::Rbf { gamma }),
        }
    }

    /// How many of `n_columns` (at least 1) each split considers: 1 to `n_columns`.
    pub fn columns_per_split(&self, n_columns: usize) -> usize {
        match self.0.get("max-features") {
            Some(Setting::Word(word)) if word == "sqrt" => n_columns.isqrt().max(1),
            Some(Setting::Word(word)) if word == "third" => n_columns.div_ceil(3),
            Some(Setting::Count(n)) => usize::try_from(*n).unwrap_or(n_columns).clamp(1, n_columns),
            _ => n_columns,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "cell counts stay far below 2^53")]
fn spread_gamma(matrix: &[f64], n_columns: usize) -> f64 {
    let n = matrix.len() as f64;
    let mean = matrix.iter().sum::<f64>() / n;
    let variance = matrix.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n;
    1.0 / (n_columns as f64 * variance)
}

impl KernelName {
    /// The word users type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rbf => "rbf",
            Self::Linear => "linear",
            Self::Poly => "poly",
            Self::Sigmoid => "sigmoid",
        }
    }
}

impl FromStr for KernelName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Rbf, Self::Linear, Self::Poly, Self::Sigmoid]
            .into_iter()
            .find(|k| k.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not rbf, linear, poly or sigmoid"))
    }
}

impl FromStr for MaxFeatures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sqrt" => Ok(Self::Sqrt),
            "third" => Ok(Self::Third),
            "all" => Ok(Self::All),
            _ => text
                .parse()
                .map(Self::Count)
                .map_err(|_| format!("{text:?} is not sqrt, third, all, or a whole number")),
        }
    }
}

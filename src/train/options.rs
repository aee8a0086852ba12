//! Hyperparameters: which option belongs to which algorithm, its default and its range, in one table.
//!
//! Nothing is taken and ignored: an option that the algorithm does not have is an error that names those it has.

use std::collections::BTreeMap;
use std::str::FromStr;

use super::error::TrainError;
use crate::model::algorithm::Algorithm;
use crate::model::artifact::Setting;

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
    /// Strength of the L2 penalty.
    pub alpha: Option<f64>,
    /// Gain that a boosted split must bring at least.
    pub gamma: Option<f64>,
}

/// How many of p encoded columns a split considers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxFeatures {
    /// ⌊√p⌋.
    Sqrt,
    /// All.
    All,
    /// So many; all when there are fewer.
    Count(u64),
}

/// One option: a row of the table.
#[derive(Debug, Clone, Copy)]
pub struct OptionInfo {
    /// The flag's name without dashes.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// What values it takes, in words.
    pub range: &'static str,
    default: fn(Algorithm) -> Option<Setting>,
    accepts: fn(Algorithm, &Setting) -> bool,
}

/// The table: every option, in the order of `--help`.
pub const OPTIONS: [OptionInfo; 7] = [
    OptionInfo {
        name: "trees",
        help: "trees of an ensemble",
        range: "1 to 10000",
        default: |a| (a.is_averaged() || a == Algorithm::GradientBoosting).then_some(Setting::Count(100)),
        accepts: |_, v| matches!(v, Setting::Count(1..=10_000)),
    },
    OptionInfo {
        name: "max-depth",
        help: "splits between the root and the farthest leaf",
        range: "1 to 65534, or to 64 for gradient-boosting",
        default: |a| match a {
            Algorithm::GradientBoosting => Some(Setting::Count(6)),
            _ => a.is_trees().then_some(Setting::Unset(())),
        },
        // smartcore fits and writes boosted trees by recursion: a bound well inside a thread's stack.
        accepts: |a, v| match v {
            Setting::Count(n) => (1..=if a == Algorithm::GradientBoosting { 64 } else { 65_534 }).contains(n),
            _ => false,
        },
    },
    OptionInfo {
        name: "min-samples-leaf",
        help: "training rows in each leaf at least",
        range: "1 to 1000000000",
        default: |a| a.is_trees().then_some(Setting::Count(1)),
        accepts: |_, v| matches!(v, Setting::Count(1..=1_000_000_000)),
    },
    OptionInfo {
        name: "max-features",
        help: "encoded columns that each split considers",
        range: "sqrt, all, or a number from 1",
        default: |a| a.is_averaged().then(|| Setting::Word("sqrt".to_owned())),
        accepts: |_, v| matches!(v, Setting::Word(_) | Setting::Count(1..)),
    },
    OptionInfo {
        name: "learning-rate",
        help: "share of each boosted tree's answer that is added",
        range: "above 0, at most 1",
        default: |a| (a == Algorithm::GradientBoosting).then_some(Setting::Number(0.1)),
        accepts: |_, v| matches!(v, Setting::Number(r) if *r > 0.0 && *r <= 1.0),
    },
    OptionInfo {
        name: "alpha",
        help: "strength of the L2 penalty (scikit-learn's 1/C for logistic)",
        range: "0 to 1e100",
        default: |a| matches!(a, Algorithm::Ridge | Algorithm::Logistic).then_some(Setting::Number(1.0)),
        accepts: |_, v| matches!(v, Setting::Number(n) if (0.0..=1e100).contains(n)),
    },
    OptionInfo {
        name: "gamma",
        help: "gain that a boosted split must bring at least, in squared units of the target",
        range: "0 to 1e100",
        default: |a| (a == Algorithm::GradientBoosting).then_some(Setting::Number(0.0)),
        accepts: |_, v| matches!(v, Setting::Number(n) if (0.0..=1e100).contains(n)),
    },
];

impl OptionInfo {
    /// The default with an algorithm; `None` when the algorithm does not have the option.
    pub fn default_for(&self, algorithm: Algorithm) -> Option<Setting> {
        (self.default)(algorithm)
    }
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
        Ok(Hyperparameters(resolved))
    }

    /// What was given, by flag name.
    pub(super) fn given(&self) -> BTreeMap<&'static str, Setting> {
        let max_features = self.max_features.map(|m| match m {
            MaxFeatures::Sqrt => Setting::Word("sqrt".to_owned()),
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
            ("gamma", self.gamma.map(Setting::Number)),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }
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

    /// How many of `n_columns` (at least 1) each split considers: 1 to `n_columns`.
    pub fn columns_per_split(&self, n_columns: usize) -> usize {
        match self.0.get("max-features") {
            Some(Setting::Word(word)) if word == "sqrt" => n_columns.isqrt().max(1),
            Some(Setting::Count(n)) => usize::try_from(*n).unwrap_or(n_columns).clamp(1, n_columns),
            _ => n_columns,
        }
    }
}

impl FromStr for MaxFeatures {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "sqrt" => Ok(Self::Sqrt),
            "all" => Ok(Self::All),
            _ => text.parse().map(Self::Count).map_err(|_| format!("{text:?} is not sqrt, all, or a whole number")),
        }
    }
}

//! Which option belongs to which algorithm, its default and its range, in one table.
//!
//! Stands apart from `options`, which reads it, so that the whole of it is seen at once.

use crate::model::algorithm::Algorithm::{
    self, ElasticNet, ExtraTrees, GradientBoosting, Knn, Lasso, Logistic, Ridge, Svc, Svr,
};
use crate::model::artifact::Setting;

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
    pub(super) accepts: fn(Algorithm, &Setting) -> bool,
}

/// The table: every option, in the order of `--help`.
pub const OPTIONS: [OptionInfo; 14] = [
    OptionInfo {
        name: "trees",
        help: "trees of an ensemble",
        range: "1 to 10000",
        default: |a| (a.is_averaged() || a == GradientBoosting).then_some(Setting::Count(100)),
        accepts: |_, v| matches!(v, Setting::Count(1..=10_000)),
    },
    OptionInfo {
        name: "max-depth",
        help: "splits between the root and the farthest leaf",
        range: "1 to 65534, or to 64 for gradient-boosting",
        default: |a| match a {
            GradientBoosting => Some(Setting::Count(6)),
            _ => a.is_trees().then_some(Setting::Unset(())),
        },
        // smartcore fits and writes boosted trees by recursion: a bound well inside a thread's stack.
        accepts: |a, v| match v {
            Setting::Count(n) => (1..=if a == GradientBoosting { 64 } else { 65_534 }).contains(n),
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
        range: "sqrt, third, all, or a number from 1",
        // Those that are the same in all of a node's rows count too (in scikit-learn they do not), which costs trees
        // with random thresholds most.
        default: |a| {
            let word = if a == ExtraTrees { "third" } else { "sqrt" };
            a.is_averaged().then(|| Setting::Word(word.to_owned()))
        },
        accepts: |_, v| matches!(v, Setting::Word(_) | Setting::Count(1..)),
    },
    OptionInfo {
        name: "learning-rate",
        help: "share of each boosted tree's answer that is added",
        range: "above 0, at most 1",
        default: |a| (a == GradientBoosting).then_some(Setting::Number(0.1)),
        accepts: |_, v| matches!(v, Setting::Number(r) if *r > 0.0 && *r <= 1.0),
    },
    OptionInfo {
        name: "alpha",
        help: "strength of the penalty on coefficients, as scikit-learn's (its 1/C for logistic)",
        range: "0 to 1e100, above 0 for lasso and elastic-net",
        default: |a| (penalizes_l1(a) || matches!(a, Ridge | Logistic)).then_some(Setting::Number(1.0)),
        accepts: |a, v| matches!(v, Setting::Number(n) if (0.0..=1e100).contains(n) && !(*n == 0.0 && penalizes_l1(a))),
    },
    OptionInfo {
        name: "l1-ratio",
        help: "share of the L1 penalty in it, the rest being L2",
        range: "above 0, at most 1",
        default: |a| (a == ElasticNet).then_some(Setting::Number(0.5)),
        accepts: |_, v| matches!(v, Setting::Number(r) if *r > 0.0 && *r <= 1.0),
    },
    OptionInfo {
        name: "neighbors",
        help: "nearest training rows that are asked, all weighing the same",
        range: "1 to 1000000000, at most the rows to fit on",
        default: |a| (a == Knn).then_some(Setting::Count(5)),
        accepts: |_, v| matches!(v, Setting::Count(1..=1_000_000_000)),
    },
    OptionInfo {
        name: "kernel",
        help: "likeness of two rows: rbf, linear, poly or sigmoid",
        range: "rbf, linear, poly or sigmoid",
        default: |a| has_kernel(a).then(|| Setting::Word("rbf".to_owned())),
        accepts: |_, v| matches!(v, Setting::Word(_)),
    },
    OptionInfo {
        name: "c",
        help: "what a row costs that is on the wrong side, or farther off than epsilon",
        range: "above 0, at most 1e100",
        default: |a| has_kernel(a).then_some(Setting::Number(1.0)),
        accepts: |_, v| matches!(v, Setting::Number(n) if *n > 0.0 && *n <= 1e100),
    },
    OptionInfo {
        name: "epsilon",
        help: "error that is not counted, in units of the target",
        range: "0 to 1e100",
        default: |a| (a == Svr).then_some(Setting::Number(0.1)),
        accepts: |_, v| matches!(v, Setting::Number(n) if (0.0..=1e100).contains(n)),
    },
    OptionInfo {
        name: "gamma",
        help: "for gradient-boosting: gain that a split must bring at least, in squared units of the target; for svr and \
               svc: how fast likeness falls with distance, by default 1 / (columns × variance of their cells)",
        range: "0 to 1e100, above 0 for svr and svc",
        default: |a| match a {
            GradientBoosting => Some(Setting::Number(0.0)),
            _ => has_kernel(a).then(|| Setting::Word("scale".to_owned())),
        },
        accepts: |a, v| matches!(v, Setting::Number(n) if (0.0..=1e100).contains(n) && !(*n == 0.0 && has_kernel(a))),
    },
    OptionInfo {
        name: "degree",
        help: "degree of the kernel poly",
        range: "1 to 20",
        default: |a| has_kernel(a).then_some(Setting::Count(3)),
        accepts: |_, v| matches!(v, Setting::Count(1..=20)),
    },
    OptionInfo {
        name: "coef0",
        help: "constant term of the kernels poly and sigmoid",
        range: "-1e100 to 1e100",
        default: |a| has_kernel(a).then_some(Setting::Number(0.0)),
        accepts: |_, v| matches!(v, Setting::Number(n) if (-1e100..=1e100).contains(n)),
    },
];

impl OptionInfo {
    /// The default with an algorithm; `None` when the algorithm does not have the option.
    pub fn default_for(&self, algorithm: Algorithm) -> Option<Setting> {
        (self.default)(algorithm)
    }
}

fn penalizes_l1(algorithm: Algorithm) -> bool {
    matches!(algorithm, Lasso | ElasticNet)
}

fn has_kernel(algorithm: Algorithm) -> bool {
    matches!(algorithm, Svr | Svc)
}

//! The table of hyperparameters.

use super::Algorithm::{
    self, DecisionTree, ElasticNet, ExtraTrees, GradientBoosting, HistGradientBoosting, Knn, Lasso, Logistic, Ridge,
    Svc, Svr,
};
use super::draw::{log, log_count, uniform};
use super::info::{
    OptionInfo, SearchRange, parse_class_weight, parse_columns, parse_count, parse_kernel, parse_loss, parse_number,
};
use super::{Loss, Setting, TaskChoice};

/// A count that no kernel matters to and `--tune` does not draw: what most rows begin with.
const COUNT: OptionInfo = OptionInfo {
    name: "",
    value_name: "N",
    help: "",
    range: "",
    may_be_negative: false,
    words: &[],
    parse: parse_count,
    search: &[],
    task: None,
    kernels: &[],
    default: |_| None,
    accepts: |_, _| false,
};

/// The same for a real number.
const NUMBER: OptionInfo = OptionInfo { value_name: "X", parse: parse_number, ..COUNT };

/// The table: every option, in the order of `--help`.
pub static OPTIONS: [OptionInfo; 18] = [
    OptionInfo {
        name: "trees",
        help: "Trees of a forest, or boosting rounds, of hist-gradient-boosting at most",
        range: "1 to 10000",
        default: |a| match a {
            HistGradientBoosting => Some(Setting::Count(300)),
            _ => (a.is_averaged() || a == GradientBoosting).then_some(Setting::Count(100)),
        },
        accepts: |_, v| matches!(v, Setting::Count(1..=10_000)),
        search: &[SearchRange {
            range: "50 to 400, log",
            applies: |a| a == GradientBoosting,
            draw: |_, r| log_count(r, 50.0, 400.0),
        }],
        ..COUNT
    },
    OptionInfo {
        name: "max-depth",
        help: "Longest path from a tree's root to a leaf, in splits",
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
        search: &[
            SearchRange {
                range: "unset (half of the draws) or 2 to 20",
                applies: |a| a == DecisionTree || a.is_averaged(),
                draw: |_, r| if r.below(2) == 0 { Setting::Unset(()) } else { Setting::Count(2 + r.below(19)) },
            },
            SearchRange {
                range: "2 to 8",
                applies: |a| a == GradientBoosting,
                draw: |_, r| Setting::Count(2 + r.below(7)),
            },
        ],
        ..COUNT
    },
    OptionInfo {
        name: "min-samples-leaf",
        help: "Fewest training rows in a leaf",
        range: "1 to 1000000000",
        default: |a| a.is_trees().then_some(Setting::Count(if a == HistGradientBoosting { 20 } else { 1 })),
        accepts: |_, v| matches!(v, Setting::Count(1..=1_000_000_000)),
        search: &[
            SearchRange {
                range: "1 to 20, log",
                applies: |a| a != HistGradientBoosting,
                draw: |data, r| log_count(r, 1.0, 20.0_f64.min(data.n_rows / 4.0)),
            },
            SearchRange {
                range: "5 to 100, log",
                applies: |a| a == HistGradientBoosting,
                draw: |data, r| log_count(r, 5.0, 100.0_f64.min(data.n_rows / 4.0)),
            },
        ],
        ..COUNT
    },
    OptionInfo {
        name: "max-features",
        value_name: "N|sqrt|third|all",
        help: "Columns tried at each split: sqrt, third, all, or a number",
        range: "sqrt, third, all, or a number from 1",
        words: &["sqrt", "third", "all"],
        parse: parse_columns,
        // Columns with one value in all rows of a node count too (in scikit-learn they do not). That costs trees with
        // random thresholds most: hence a third for extra-trees.
        default: |a| {
            let word = if a == ExtraTrees { "third" } else { "sqrt" };
            a.is_averaged().then(|| Setting::Word(word.to_owned()))
        },
        accepts: |_, v| matches!(v, Setting::Word(_) | Setting::Count(1..)),
        search: &[SearchRange::any("sqrt, a third, two thirds or all of the encoded columns", |data, r| {
            match r.below(4) {
                0 => Setting::Word("sqrt".to_owned()),
                1 => Setting::Word("third".to_owned()),
                2 => Setting::Count((2 * u64::from(data.n_columns)).div_ceil(3)),
                _ => Setting::Word("all".to_owned()),
            }
        })],
        ..COUNT
    },
    OptionInfo {
        name: "learning-rate",
        help: "Share of each boosting round's correction that is taken",
        range: "above 0, at most 1",
        default: |a| matches!(a, HistGradientBoosting | GradientBoosting).then_some(Setting::Number(0.1)),
        accepts: |_, v| matches!(v, Setting::Number(r) if *r > 0.0 && *r <= 1.0),
        search: &[SearchRange::any("0.02 to 0.3, log", |_, r| log(r, 0.02, 0.3))],
        ..NUMBER
    },
    OptionInfo {
        name: "max-leaves",
        help: "Leaves of a tree; the leaf that gains most is split next",
        range: "2 to 65536",
        default: |a| (a == HistGradientBoosting).then_some(Setting::Count(31)),
        accepts: |_, v| matches!(v, Setting::Count(2..=65_536)),
        search: &[SearchRange::any("7 to 127, log", |_, r| log_count(r, 7.0, 127.0))],
        ..COUNT
    },
    OptionInfo {
        name: "early-stopping",
        help: "Rounds without a better score on rows set aside for it after which boosting ends; 0 for never",
        range: "0 to 10000",
        default: |a| (a == HistGradientBoosting).then_some(Setting::Count(20)),
        accepts: |_, v| matches!(v, Setting::Count(0..=10_000)),
        ..COUNT
    },
    OptionInfo {
        name: "loss",
        value_name: "NAME[=X]",
        help: "What boosting of numbers makes small: squared, absolute, huber[=DELTA], quantile[=LEVEL], poisson, gamma, \
               or tweedie[=POWER]",
        range: "squared, absolute, huber, quantile, poisson, gamma or tweedie",
        words: &Loss::WORDS,
        parse: parse_loss,
        task: Some(TaskChoice::Regression),
        default: |a| (a == HistGradientBoosting).then(|| Setting::Word("squared".to_owned())),
        accepts: |_, v| matches!(v, Setting::Word(_)),
        ..COUNT
    },
    OptionInfo {
        name: "class-weight",
        value_name: "NAME",
        help: "How much classes weigh in boosting: by their rows (none), or all the same (balanced)",
        range: "none or balanced",
        words: &["none", "balanced"],
        parse: parse_class_weight,
        task: Some(TaskChoice::Classification),
        default: |a| (a == HistGradientBoosting).then(|| Setting::Word("none".to_owned())),
        accepts: |_, v| matches!(v, Setting::Word(_)),
        ..COUNT
    },
    OptionInfo {
        name: "alpha",
        help: "Strength of the penalty on coefficients",
        range: "0 to 1e100, above 0 for lasso and elastic-net",
        // In scikit-learn's units; its 1/C for logistic.
        default: |a| (penalizes_l1(a) || matches!(a, Ridge | Logistic)).then_some(Setting::Number(1.0)),
        accepts: |a, v| matches!(v, Setting::Number(n) if (0.0..=1e100).contains(n) && !(*n == 0.0 && penalizes_l1(a))),
        search: &[
            SearchRange { range: "0.001 to 1000, log", applies: |a| !penalizes_l1(a), draw: |_, r| log(r, 1e-3, 1e3) },
            // These penalize the mean squared error: the strength is in units of the target.
            SearchRange {
                range: "0.0001 to 1 times the target's standard deviation, log",
                applies: penalizes_l1,
                draw: |data, r| log(r, 1e-4 * data.spread, data.spread),
            },
        ],
        ..NUMBER
    },
    OptionInfo {
        name: "l1-ratio",
        value_name: "SHARE",
        help: "Share of the L1 penalty in it, the rest being L2",
        range: "above 0, at most 1",
        default: |a| (a == ElasticNet).then_some(Setting::Number(0.5)),
        accepts: |_, v| matches!(v, Setting::Number(r) if *r > 0.0 && *r <= 1.0),
        search: &[SearchRange::any("0.05 to 1", |_, r| uniform(r, 0.05, 1.0))],
        ..NUMBER
    },
    OptionInfo {
        name: "neighbors",
        help: "Nearest training rows that are asked",
        range: "1 to 1000000000, at most the rows to fit on",
        default: |a| (a == Knn).then_some(Setting::Count(5)),
        accepts: |_, v| matches!(v, Setting::Count(1..=1_000_000_000)),
        search: &[SearchRange::any("1 to 50, log, at most half of the rows", |data, r| {
            log_count(r, 1.0, 50.0_f64.min(data.n_rows / 2.0))
        })],
        ..COUNT
    },
    OptionInfo {
        name: "kernel",
        value_name: "NAME",
        help: "Likeness of two rows to a support vector machine: rbf, linear, poly or sigmoid",
        range: "rbf, linear, poly or sigmoid",
        words: &["rbf", "linear", "poly", "sigmoid"],
        parse: parse_kernel,
        default: |a| has_kernel(a).then(|| Setting::Word("rbf".to_owned())),
        accepts: |_, v| matches!(v, Setting::Word(_)),
        ..COUNT
    },
    OptionInfo {
        name: "c",
        help: "What a row costs that a support vector machine has on the wrong side, or farther off than --epsilon",
        range: "above 0, at most 1e100",
        default: |a| has_kernel(a).then_some(Setting::Number(1.0)),
        accepts: |_, v| matches!(v, Setting::Number(n) if *n > 0.0 && *n <= 1e100),
        search: &[SearchRange::any("0.1 to 1000, log", |_, r| log(r, 0.1, 1e3))],
        ..NUMBER
    },
    OptionInfo {
        name: "epsilon",
        help: "Error that svr does not count, in units of the target",
        range: "0 to 1e100",
        default: |a| (a == Svr).then_some(Setting::Number(0.1)),
        accepts: |_, v| matches!(v, Setting::Number(n) if (0.0..=1e100).contains(n)),
        search: &[SearchRange::any("0.001 to 0.5 times the target's standard deviation, log", |data, r| {
            log(r, 1e-3 * data.spread, 0.5 * data.spread)
        })],
        ..NUMBER
    },
    OptionInfo {
        name: "gamma",
        help: "Least gain that a boosted split must bring; for svr and svc, how fast likeness falls with distance",
        range: "0 to 1e100, above 0 for svr and svc",
        default: |a| match a {
            GradientBoosting => Some(Setting::Number(0.0)),
            _ => has_kernel(a).then(|| Setting::Word("scale".to_owned())),
        },
        accepts: |a, v| matches!(v, Setting::Number(n) if (0.0..=1e100).contains(n) && !(*n == 0.0 && has_kernel(a))),
        search: &[SearchRange {
            range: "0.01 to 10 over the number of columns, log",
            applies: has_kernel,
            draw: |data, r| log(r, 0.01 / f64::from(data.n_columns), 10.0 / f64::from(data.n_columns)),
        }],
        kernels: &["rbf", "poly", "sigmoid"],
        ..NUMBER
    },
    OptionInfo {
        name: "degree",
        help: "Degree of the kernel poly",
        range: "1 to 20",
        default: |a| has_kernel(a).then_some(Setting::Count(3)),
        accepts: |_, v| matches!(v, Setting::Count(1..=20)),
        kernels: &["poly"],
        ..COUNT
    },
    OptionInfo {
        name: "coef0",
        help: "Constant term of the kernels poly and sigmoid",
        range: "-1e100 to 1e100",
        may_be_negative: true,
        default: |a| has_kernel(a).then_some(Setting::Number(0.0)),
        accepts: |_, v| matches!(v, Setting::Number(n) if (-1e100..=1e100).contains(n)),
        kernels: &["poly", "sigmoid"],
        ..NUMBER
    },
];

fn penalizes_l1(algorithm: Algorithm) -> bool {
    matches!(algorithm, Lasso | ElasticNet)
}

fn has_kernel(algorithm: Algorithm) -> bool {
    matches!(algorithm, Svr | Svc)
}

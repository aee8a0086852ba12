//! What `train --help` says after the flags: examples, the table of hyperparameters, what `--tune` draws, the rest.

use std::fmt::Write;

use crate::train::options::{Algorithm, OPTIONS};

/// What `--help` shows first after the flags.
const EXAMPLES: &str = "Examples:
  smartserve train --data data/boston.csv --target MEDV -o boston.model
  smartserve train --data data/boston.csv --target MEDV -o boston.model \\
    --algorithm random-forest --sensitive B
  smartserve train --data data/iris.csv --target species -o iris.model \\
    --algorithm logistic
  smartserve train --data data/diabetes.csv --target target --json \\
    --algorithm ridge --alpha 10 -o diabetes.model
  smartserve train --data data/diabetes.csv --target target --compare --tune \\
    --time-budget 5m -o diabetes.model
  smartserve train --data data/diabetes.csv --target target \\
    --algorithm svr --tune=40 -o diabetes.model
  smartserve train --data miete.csv --decimal , --thousands . --target rent \\
    -o rent.model";

/// Columns that a row of the help has at most; clap breaks longer ones anywhere.
const HELP_WIDTH: usize = 98;

/// What it says of hyperparameters below their defaults.
const ABOUT_DEFAULTS: &str = "A hyperparameter that the algorithm, or the kernel, does not have is refused. \
scale is 1 / (columns × variance of their cells). --degree is of the kernel poly, --coef0 of poly and sigmoid, --gamma \
of all but linear. svr is fitted on 10000 rows at most, svc on 10000 of any two classes: their solvers keep a number \
for every two rows. svc fits a machine for every pair of classes and has no probabilities.";

/// What it says of `--tune` below what is drawn.
const ABOUT_TUNING: &str = "log is uniform in the logarithm. Candidates are ranked by their mean RMSE over the folds (with --loss by \
the mean of that loss), or accuracy and then log-loss. \
One that after 3 or 6 folds is worse than the best by over 3 standard errors of the difference, and by over 2 % of its \
figure or 0.01 of accuracy, is given up. The k-fold figures of the one that is chosen flatter it, as do those of the best \
of --compare; the holdout figures do not: the rows set aside have no part in the choice.";

/// The rest.
const ABOUT_DATA: &str = "hist-gradient-boosting takes missing cells and categories as they are and numbers of any size; categories beyond the \
254 commonest of a column go together. It sets a tenth of the rows to fit on aside and ends when they are no longer \
answered better; below 10000 rows it is then fitted again on all of them. --loss poisson, gamma and tweedie answer \
means above 0. --compare and --tune rank by the loss \
that was asked for: the mean absolute error for absolute and huber, the mean pinball loss or deviance (as scikit-learn \
defines them) for the others. --compare takes --loss for that, and fits the algorithms without losses as they are.

Fits run on all cores (trees of a forest in blocks of 8), to the same bytes whatever their number. Trees of classes \
are ours, by the rules of scikit-learn's: of equally good splits the first in a seeded order of the columns; probabilities \
are the mean of the classes' shares in the leaves, with --vote those of smartcore's predict. A random-forest of three \
classes on 16,000 rows of 20 columns takes 1.2 s of processor time.

ROC AUC and average precision are of the second of two classes, of several the mean over the classes, each against the \
rest; the Brier score is the squared error of the second's probability, of several the sum over the classes. --calibrate \
sigmoid is 1 / (1 + e^-(a p + b)), fitted as Platt did. cost=5:1 is what a row of the second class costs that is not found, \
to what one of the first costs that is taken for it.

Files of gzip and zstd, UTF-16, and the delimiters , ; | and tab are recognised. A column whose numbers are written in \
another way (1,000 or 5% or $5), or that holds numbers but for a few texts, is refused with the first of these cells and what \
reads them; --categorical takes it as it is.

A text target means classification, a numeric one regression, unless --task says otherwise. Text columns are \
categorical (of other algorithms one-hot, 255 categories at most), numeric ones numeric, columns of dates and times \
dates (year, month, day, weekday, hour and seconds since 1970, in UTC), unless --categorical, --numeric or --date say \
otherwise. Empty \
cells are filled by other algorithms: the median, or the most frequent category, of the training rows. A request with \
a category that the file does not have is refused (422) unless --unknown other is given, as is an empty cell in a column \
where the file has none unless --allow-missing is.";

/// The whole of it.
pub(super) fn after_help() -> String {
    let (defaults, draws) = (defaults(), draws());
    format!(
        "{EXAMPLES}\n\nHyperparameters and what they default to:\n{defaults}{ABOUT_DEFAULTS}\n\n\
         What --tune draws, for the options that are not given:\n{draws}{ABOUT_TUNING}\n\n{ABOUT_DATA}"
    )
}

/// A line for each algorithm that has hyperparameters, trees first, then those that have none.
fn defaults() -> String {
    let mut algorithms = Algorithm::ALL;
    algorithms.sort_by_key(|algorithm| !algorithm.is_trees());
    let (mut text, mut without) = (String::new(), Vec::new());
    for algorithm in algorithms {
        let own = OPTIONS.iter().filter_map(|o| Some(format!(" --{} {}", o.name, o.default_for(algorithm)?)));
        let own: Vec<String> = own.collect();
        if own.is_empty() {
            without.push(algorithm);
            continue;
        }
        let mut line = format!("  {algorithm:<22}");
        for option in own {
            if line.len() + option.len() > HELP_WIDTH {
                let _ = writeln!(text, "{line}");
                line = " ".repeat(24);
            }
            line += &option;
        }
        let _ = writeln!(text, "{line}");
    }
    text + &format!("{} have none. ", listed(&without))
}

/// A line for each range, with its algorithms where others that have the option draw otherwise or not at all.
fn draws() -> String {
    let mut text = String::new();
    for option in &OPTIONS {
        for search in option.search {
            let draws = |a: &Algorithm| option.search_for(*a).is_some_and(|s| s.range == search.range);
            let (own, others): (Vec<Algorithm>, Vec<Algorithm>) =
                Algorithm::ALL.into_iter().filter(|a| option.default_for(*a).is_some()).partition(draws);
            let of = if others.is_empty() { String::new() } else { format!("; for {} only", listed(&own)) };
            let _ = writeln!(text, "  {:<18}{}{of}", option.name, search.range);
        }
    }
    text
}

/// `a, b and c`.
fn listed(algorithms: &[Algorithm]) -> String {
    let names: Vec<&str> = algorithms.iter().map(|a| a.as_str()).collect();
    match names.as_slice() {
        [others @ .., last] if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

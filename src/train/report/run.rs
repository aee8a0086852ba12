//! The report of a training run: serialized for `--json`, printed for people by `Display`.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::coverage::CoverageText;
use super::data::DataReport;
use super::importance::FeatureEffectsText;
use super::numbers::{short, size};
use super::{baseline, decision};
use crate::model::algorithm::Algorithm;
use crate::model::artifact::{Coverage, Evaluation, Figures, Importance, Setting, Threshold};
use crate::model::coefficients::LinearFunction;
use crate::model::schema::Task;
use crate::text::printable::printable;
use crate::train::evaluate::baseline::Baseline;
use crate::train::evaluate::metrics::ClassCounts;
use crate::train::evaluate::subgroup_errors::GroupFigures;
use crate::train::evaluate::thresholds::TradeOff;
use crate::train::fit::boosting::Rounds;
use crate::train::search::tune::Tuning;

/// The facts of one run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// The model's name.
    pub model: String,
    /// First 12 hex digits of the artifact's SHA-256.
    pub version: String,
    /// The estimator.
    pub algorithm: Algorithm,
    /// Regression, binary or multiclass.
    pub task: Task,
    /// The predicted column.
    pub target: String,
    /// The table.
    pub data: DataReport,
    /// What a classifier's probabilities are: `shares`, `votes` or `none`; absent where they are those of the method
    /// itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<&'static str>,
    /// How its probabilities are calibrated, if they are: `isotonic` or `sigmoid`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibrator: Option<String>,
    /// When the second of two classes is answered, where it is not above 0.5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<Threshold>,
    /// Every hyperparameter, by flag name.
    pub hyperparameters: BTreeMap<String, Setting>,
    /// Rounds of boosting on histograms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rounds: Option<Rounds>,
    /// How they were found, with `--tune`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// A model that looks at no feature beside it; absent where nothing was scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Holdout and k-fold figures, and the seed.
    pub evaluation: Evaluation,
    /// How often intervals, or sets of classes, held the truth of the test rows, at 80, 90 and 95 %.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Coverage>,
    /// What `classes` and `groups` were counted on: `k-fold` (out-of-fold answers), `holdout`, or absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail_on: Option<&'static str>,
    /// One entry a class, in class order; classification only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<ClassReport>,
    /// The second of two classes, which `trade_off` is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive_class: Option<String>,
    /// Its predictions at five thresholds and the model's own, ascending.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trade_off: Vec<TradeOff>,
    /// How much each feature matters; absent where it was not measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub importance: Option<Importance>,
    /// A linear model's functions of the raw columns, one an output.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coefficients: Option<Vec<LinearFunction>>,
    /// Errors by the groups of sensitive features.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupFigures>,
    /// Warnings about the data.
    pub warnings: Vec<String>,
    /// The artifact's size.
    pub artifact_bytes: usize,
    /// Wall time of the run.
    pub seconds: f64,
}

/// Figures of one class, as scikit-learn's `classification_report` has them.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ClassReport {
    /// The label.
    pub class: String,
    /// Share of the rows predicted to be of the class that are.
    pub precision: f64,
    /// Share of the class's rows that were found.
    pub recall: f64,
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// Rows of the class.
    pub support: u64,
}

impl ClassReport {
    /// The figures of a class from its counts.
    pub fn new(class: &str, counts: &ClassCounts) -> Self {
        Self {
            class: class.to_owned(),
            precision: counts.precision(),
            recall: counts.recall(),
            f1: counts.f1(),
            support: counts.observed,
        }
    }
}

/// A figure's name and where it is kept.
pub(super) type NamedFigure = (&'static str, fn(&Figures) -> Option<f64>);

/// The figure of this name.
pub(super) fn figure(name: &str) -> Option<NamedFigure> {
    FIGURES.into_iter().find(|(own, _)| *own == name)
}

/// The figures in the order of the table.
const FIGURES: [NamedFigure; 13] = [
    ("rmse", |f| f.rmse),
    ("mae", |f| f.mae),
    ("r2", |f| f.r2),
    ("accuracy", |f| f.accuracy),
    ("macro F1", |f| f.f1),
    ("log-loss", |f| f.log_loss),
    ("roc-auc", |f| f.roc_auc),
    ("avg-precision", |f| f.average_precision),
    ("brier", |f| f.brier),
    ("pinball-loss", |f| f.pinball_loss),
    ("poisson-deviance", |f| f.poisson_deviance),
    ("gamma-deviance", |f| f.gamma_deviance),
    ("tweedie-deviance", |f| f.tweedie_deviance),
];

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let data = &self.data;
        writeln!(f, "{} · {} · {} of {}", self.model, self.algorithm, self.task.as_str(), printable(&self.target))?;
        writeln!(
            f,
            "{}: {} rows, {} to train on, {}; {} features in {} columns; seed {}",
            printable(&data.file),
            data.rows,
            data.training_rows,
            data.aside(self.evaluation.split.as_deref()),
            data.features.len(),
            data.encoded_columns,
            self.evaluation.seed
        )?;
        data.notes.iter().try_for_each(|note| writeln!(f, "{}", printable(note)))?;
        let options: Vec<String> = self.hyperparameters.iter().map(|(name, value)| format!("{name} {value}")).collect();
        writeln!(f, "{}", options.join(", "))?;
        if let Some(rounds) = &self.rounds {
            writeln!(f, "{rounds}")?;
        }
        self.tuned(f)?;
        self.figures(f)?;
        if let Some(text) = CoverageText::new(&self.intervals) {
            writeln!(f, "{} {text}", text.what())?;
        }
        decision::probabilities(f, self.algorithm, self.probability, self.calibrator.as_deref())?;
        self.classes(f)?;
        self.trade_off(f)?;
        self.groups(f)?;
        FeatureEffectsText::new(self.importance.as_ref(), self.coefficients.as_deref().unwrap_or_default()).fmt(f)?;
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {}", printable(warning)))?;
        write!(f, "version {}, {}, {:.1} s", self.version, size(self.artifact_bytes), self.seconds)
    }
}

impl Report {
    fn tuned(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(tuning) = &self.tuning else { return Ok(()) };
        let drawn: Vec<&str> = tuning.searched.keys().map(String::as_str).collect();
        let (candidates, given_up, by) = (tuning.candidates, tuning.given_up, tuning.scored_by);
        write!(f, "tuned {}: best of {candidates} by {by}, {given_up} given up early", drawn.join(", "))?;
        if tuning.skipped > 0 {
            write!(f, ", {} skipped for --time-budget", tuning.skipped)?;
        }
        let of_defaults = tuning.tried.first().filter(|d| d.refused.is_none());
        if let Some((defaults, mean)) = of_defaults.and_then(|d| Some((d, figure(by)?.1(&d.mean)?))) {
            write!(f, "; defaults {} after {} folds", short(mean), defaults.folds)?;
        }
        writeln!(f, "\nthe k-fold figures chose the candidate and so flatter it; the holdout had no part in it")
    }

    fn figures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (holdout, k_fold) = (&self.evaluation.holdout, &self.evaluation.k_fold);
        if holdout.is_none() && k_fold.is_none() {
            return Ok(());
        }
        write!(f, "\n{:<16}", "")?;
        holdout.iter().try_for_each(|_| write!(f, "  {:>11}", "holdout"))?;
        k_fold.iter().try_for_each(|k| write!(f, "  {:>20}", format!("{}-fold mean ± sd", k.folds)))?;
        self.baseline.iter().try_for_each(|_| write!(f, "  {:>11}", "baseline"))?;
        writeln!(f)?;
        for (name, pick) in FIGURES {
            let alone = holdout.as_ref().and_then(pick);
            let mean = k_fold.as_ref().and_then(|k| Some((pick(&k.mean)?, pick(&k.sd)?)));
            if alone.is_none() && mean.is_none() {
                continue;
            }
            write!(f, "{name:<16}")?;
            if holdout.is_some() {
                write!(f, "  {:>11}", alone.map_or_else(|| "–".to_owned(), short))?;
            }
            if k_fold.is_some() {
                let text = mean.map_or_else(|| "–".to_owned(), |(m, s)| format!("{} ± {}", short(m), short(s)));
                write!(f, "  {text:>20}")?;
            }
            if let Some(baseline) = &self.baseline {
                write!(f, "  {:>11}", baseline.figure(pick).map_or_else(|| "–".to_owned(), short))?;
            }
            writeln!(f)?;
        }
        self.baseline.iter().try_for_each(|baseline| baseline::sentence(f, baseline))
    }

    fn classes(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(width) = self.classes.iter().map(|c| c.class.chars().count()).max() else { return Ok(()) };
        let (width, on) = (width.clamp(8, 40), self.detail_on.unwrap_or_default());
        writeln!(f, "\n{:<width$}  precision  recall     f1    rows  ({on})", "class")?;
        for c in &self.classes {
            let (name, precision, recall, f1) = (printable(&c.class), c.precision, c.recall, c.f1);
            writeln!(f, "{name:<width$}  {precision:>9.3}  {recall:>6.3}  {f1:>5.3}  {:>6}", c.support)?;
        }
        Ok(())
    }

    fn trade_off(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (Some(class), Some(on)) = (&self.positive_class, self.detail_on) else { return Ok(()) };
        let chosen_by = self.threshold.as_ref().and_then(|threshold| threshold.chosen_by.as_deref());
        decision::trade_off(f, class, on, &self.trade_off, chosen_by)
    }

    fn groups(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(width) = self.groups.iter().map(|g| g.group.chars().count()).max() else { return Ok(()) };
        let (width, on) = (width.clamp(8, 40), self.detail_on.unwrap_or_default());
        let mut of = "";
        for g in &self.groups {
            if of != g.feature {
                of = &g.feature;
                let columns =
                    if g.mean_error.is_some() { ["rmse", "mae", "mean error"] } else { ["", "accuracy", "macro F1"] };
                writeln!(f, "\nerrors by {} (sensitive, {on})", printable(of))?;
                let [a, b, c] = columns;
                writeln!(f, "{:<width$}    rows  {a:>10}  {b:>10}  {c:>10}", "group")?;
            }
            write!(f, "{:<width$}  {:>6}", printable(&g.group), g.figures.n)?;
            let shown: [Option<f64>; 3] = match g.mean_error {
                Some(_) => [g.figures.rmse, g.figures.mae, g.mean_error],
                None => [None, g.figures.accuracy, g.figures.f1],
            };
            shown.iter().try_for_each(|v| write!(f, "  {:>10}", v.map_or_else(String::new, short)))?;
            writeln!(f)?;
        }
        Ok(())
    }
}

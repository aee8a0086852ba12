//! The report of `--compare`: serialized for `--json`, printed for people by `Display`.

use std::fmt::{self, Display, Formatter};

use serde::Serialize;

use super::baseline;
use super::data::DataReport;
use super::decision::without_probabilities;
use super::numbers::{short, size};
use super::run::{NamedFigure, figure};
use crate::model::algorithm::Algorithm;
use crate::model::artifact::KFoldFigures;
use crate::model::prediction::Probabilities;
use crate::model::schema::Task;
use crate::text::printable::printable;
use crate::train::artifact::Trained;
use crate::train::error::TrainError;
use crate::train::evaluate::baseline::Baseline;
use crate::train::search::tune::Tuning;

/// The ranked algorithms and the best one's model.
#[derive(Debug, Clone, Serialize)]
pub struct Comparison {
    /// The predicted column.
    pub target: String,
    /// Regression, binary or multiclass.
    pub task: Task,
    /// The table.
    pub data: DataReport,
    /// Seeds the shuffles of the split and of the folds, and the estimators.
    pub seed: u64,
    /// Folds of the cross-validation.
    pub folds: u32,
    /// How rows were set aside and folds drawn, where not at random: `group COLUMN` or `time COLUMN`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// `accuracy` (ties: the smaller log-loss), `rmse`, or the figure of `--loss` (`mae` of `absolute` and `huber`,
    /// `pinball-loss`, `poisson-deviance`, `gamma-deviance`, `tweedie-deviance`), mean over the folds.
    pub ranked_by: &'static str,
    /// The algorithms, the best first, those that refused the data last.
    pub algorithms: Vec<Compared>,
    /// A model that looks at no feature, and how the first differs from it.
    pub baseline: Option<Baseline>,
    /// Warnings about the data.
    pub warnings: Vec<String>,
    /// Wall time of the run.
    pub seconds: f64,
    /// The best one's model.
    #[serde(skip)]
    pub best: Trained,
}

/// One algorithm.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// Its name.
    pub algorithm: Algorithm,
    /// What its probabilities are, as [`Report::probability`](super::Report::probability).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<&'static str>,
    /// Figures over the folds of the training rows; absent when it refused the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k_fold: Option<KFoldFigures>,
    /// What the fit on all training rows took, its parts added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit_seconds: Option<f64>,
    /// The size of its artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_bytes: Option<usize>,
    /// What `--tune` did; its figures are then those of the best candidate. Absent where it was not tuned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// Why it could not be fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Why it was not fitted, or not on all folds, within `--time-budget`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skipped: Option<String>,
}

/// The columns, after the one that ranks.
const REGRESSION: [NamedFigure; 3] = [("rmse", |f| f.rmse), ("r2", |f| f.r2), ("mae", |f| f.mae)];
const CLASSIFICATION: [NamedFigure; 3] =
    [("accuracy", |f| f.accuracy), ("log-loss", |f| f.log_loss), ("roc-auc", |f| f.roc_auc)];

/// Characters of a column: `tweedie-deviance ± sd`.
const WIDTH: usize = 21;

impl Display for Comparison {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (data, folds, seed, task) = (&self.data, self.folds, self.seed, self.task.as_str());
        let tuned = if self.algorithms.iter().any(|c| c.tuning.is_some()) { ", the best then tuned" } else { "" };
        writeln!(f, "{task} of {}, every algorithm with its defaults{tuned}", printable(&self.target))?;
        writeln!(
            f,
            "{}: {} rows, {} in {folds} folds, the same for all, {}; {} features; seed {seed}\n",
            data.file,
            data.rows,
            data.training_rows,
            data.aside(self.split.as_deref()),
            data.features.len()
        )?;
        let all = if self.task.is_classification() { CLASSIFICATION } else { REGRESSION };
        let others = all.into_iter().filter(|(name, _)| *name != self.ranked_by);
        let columns: Vec<NamedFigure> = figure(self.ranked_by).into_iter().chain(others).take(all.len()).collect();
        let columns = columns.as_slice();
        write!(f, "     {:<28}", "algorithm")?;
        columns.iter().try_for_each(|(name, _)| write!(f, "  {:>WIDTH$}", format!("{name} ± sd")))?;
        writeln!(f, "  {:>8}  {:>9}", "fit s", "artifact")?;
        let ranked = self.algorithms.iter().filter(|c| c.is_fitted());
        ranked.zip(1..).try_for_each(|(c, rank)| row(f, c, rank, columns))?;
        self.baseline.iter().try_for_each(|b| baseline_row(f, b, columns))?;
        for c in &self.algorithms {
            if let Some(reason) = &c.refused {
                writeln!(f, "  –  {:<28}  {}", c.algorithm, printable(reason))?;
            }
            if let Some(reason) = &c.skipped {
                writeln!(f, "  –  {:<28}  skipped: {}", c.algorithm, printable(reason))?;
            }
        }
        for c in self.algorithms.iter().filter(|c| c.probability == Some(Probabilities::Absent.as_str())) {
            writeln!(f, "{}: it is ranked by its accuracy", without_probabilities(c.algorithm))?;
        }
        for (c, tuning) in self.algorithms.iter().filter_map(|c| Some((c, c.tuning.as_ref()?))) {
            let searched: Vec<&str> = tuning.searched.keys().map(String::as_str).collect();
            let (algorithm, candidates, searched) = (c.algorithm, tuning.candidates, searched.join(", "));
            let chosen = if tuning.chosen == 0 { "the defaults are best" } else { "better than the defaults" };
            let skipped = match tuning.skipped {
                0 => String::new(),
                n => format!("; {n} were skipped, they would not have ended in time"),
            };
            writeln!(f, "{algorithm} tuned: {searched}, best of {candidates}: {chosen}{skipped}")?;
        }
        self.warnings.iter().try_for_each(|warning| writeln!(f, "warning: {}", printable(warning)))?;
        self.recommended(f)?;
        write!(f, "\nranked by the mean {} over the folds; {:.1} s", self.ranked_by, self.seconds)
    }
}

fn row(f: &mut Formatter<'_>, c: &Compared, rank: usize, columns: &[NamedFigure]) -> fmt::Result {
    write!(f, "{rank:>3}  {:<28}", c.called())?;
    for &(_, pick) in columns {
        let both = c.k_fold.as_ref().and_then(|k| Some((pick(&k.mean)?, pick(&k.sd)?)));
        let text = both.map_or_else(|| "–".to_owned(), |(mean, sd)| format!("{} ± {}", short(mean), short(sd)));
        write!(f, "  {text:>WIDTH$}")?;
    }
    let seconds = c.fit_seconds.map_or_else(String::new, |s| format!("{s:.3}"));
    writeln!(f, "  {seconds:>8}  {:>9}", c.artifact_bytes.map_or_else(String::new, size))
}

/// The baseline's row, which has no rank.
fn baseline_row(f: &mut Formatter<'_>, baseline: &Baseline, columns: &[NamedFigure]) -> fmt::Result {
    write!(f, "  –  {:<28}", "baseline")?;
    for &(_, pick) in columns {
        write!(f, "  {:>WIDTH$}", baseline.figure(pick).map_or_else(|| "–".to_owned(), short))?;
    }
    writeln!(f)
}

impl Comparison {
    /// Which one to take, and whether it is worth more than the baseline.
    fn recommended(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Some(first) = self.algorithms.iter().find(|c| c.is_fitted()) else { return Ok(()) };
        writeln!(f, "\nrecommended: {}, the best mean {} over the folds", first.called(), self.ranked_by)?;
        self.baseline.iter().try_for_each(|b| baseline::sentence(f, b))
    }
}

impl Compared {
    pub(crate) fn refused(algorithm: Algorithm, error: &TrainError) -> Self {
        let reason = Some(error.to_string());
        let (refused, skipped) =
            if matches!(error, TrainError::OverBudget(_)) { (None, reason) } else { (reason, None) };
        Self {
            algorithm,
            probability: None,
            k_fold: None,
            fit_seconds: None,
            artifact_bytes: None,
            tuning: None,
            refused,
            skipped,
        }
    }

    /// True when it has figures.
    fn is_fitted(&self) -> bool {
        self.refused.is_none() && self.skipped.is_none()
    }

    /// Its name, and whether it was tuned.
    fn called(&self) -> String {
        let tuned = if self.tuning.is_some() { ", tuned" } else { "" };
        format!("{}{tuned}", self.algorithm)
    }
}

//! `--compare`: every algorithm that suits the task, with its defaults, on the same folds.

use serde::Serialize;

use super::basis::Basis;
use super::error::TrainError;
use super::folds::{self, OutOfFold};
use super::options::{Hyperparameters, Options};
use super::ranking::{order, ranked_by};
use super::report::DataReport;
use super::runs::{Done, Finished, Fit};
use super::seal;
use super::spec::TrainSpec;
use super::{Outcome, Progress, Trained};
use crate::model::algorithm::Algorithm;
use crate::model::artifact::KFoldFigures;
use crate::model::schema::Task;
use crate::table::TableFile;

/// What comparing algorithms found.
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
    /// `rmse` or `accuracy` (of equals the smaller log-loss), mean over the folds.
    pub ranked_by: &'static str,
    /// The algorithms, the best first, those that refused the data last.
    pub algorithms: Vec<Compared>,
    /// Sentences about the data that a person should read.
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
    /// Figures over the folds of the training rows; absent when it refused the data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub k_fold: Option<KFoldFigures>,
    /// What the fit on all training rows took, its parts added up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fit_seconds: Option<f64>,
    /// The size of its artifact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_bytes: Option<usize>,
    /// Why it could not be fitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// An algorithm that took the data.
struct Entry {
    spec: TrainSpec,
    parameters: Hyperparameters,
    outcome: Outcome,
    k_fold: KFoldFigures,
    seconds: f64,
}

/// Fits every algorithm that suits the task and ranks them by cross-validation. [`TrainSpec::algorithm`] is not read.
///
/// # Errors
/// [`TrainError`]: one line. An algorithm that refuses the data is none, unless all do.
pub fn compare(spec: &TrainSpec, table: &TableFile, progress: &dyn Progress) -> Result<Comparison, TrainError> {
    let start = std::time::Instant::now();
    // One that does both tasks, so that the target or --task decides.
    let spec = TrainSpec { algorithm: Algorithm::RandomForest, ..spec.clone() };
    check(&spec)?;
    let basis = Basis::read(&spec, table)?;
    let (entries, refused) = fit_all(&spec, &basis, progress)?;
    let (best, mut algorithms) = seal_all(&basis, entries, &refused)?;
    algorithms.extend(refused);
    let task = basis.encoded.schema.task();
    let mut comparison = Comparison {
        target: spec.target.clone(),
        task,
        data: best.report.data.clone(),
        seed: spec.seed,
        folds: spec.folds,
        ranked_by: ranked_by(task),
        algorithms,
        warnings: basis.encoded.warnings.clone(),
        seconds: start.elapsed().as_secs_f64(),
        best,
    };
    comparison.best.report.seconds = comparison.seconds;
    Ok(comparison)
}

fn check(spec: &TrainSpec) -> Result<(), TrainError> {
    if spec.options != Options::default() || spec.tune.is_some() {
        return Err(TrainError::Usage(
            "--compare fits every algorithm with its defaults: leave hyperparameters and --tune for the one you choose"
                .to_owned(),
        ));
    }
    spec.needs_folds("--compare")?;
    spec.check().map(drop)
}

/// Those that suit the task, the best first, and those that refused.
fn fit_all(
    spec: &TrainSpec,
    basis: &Basis,
    progress: &dyn Progress,
) -> Result<(Vec<Entry>, Vec<Compared>), TrainError> {
    let classes = basis.encoded.schema.task().is_classification();
    let suits = |a: &Algorithm| if classes { a.does_classification() } else { a.does_regression() };
    let specs: Vec<TrainSpec> =
        Algorithm::ALL.into_iter().filter(suits).map(|algorithm| TrainSpec { algorithm, ..spec.clone() }).collect();
    let parameters =
        specs.iter().map(|s| s.options.resolve(s.algorithm)).collect::<Result<Vec<Hyperparameters>, _>>()?;
    let recipes: Vec<_> = specs.iter().zip(&parameters).map(|(s, p)| basis.recipe(s, p)).collect();
    let each = || [None].into_iter().chain((0..spec.folds).map(Some));
    let fits: Vec<Fit<'_>> =
        recipes.iter().flat_map(|recipe| each().map(move |without| Fit { recipe, without })).collect();
    progress.begin(fits.len());
    let mut finished = basis.runner(spec, progress).run(&fits).into_iter();
    let (mut entries, mut refused) = (Vec::new(), Vec::new());
    for (spec, parameters) in specs.into_iter().zip(parameters.clone()) {
        let fits: Vec<Finished> = finished.by_ref().take(each().count()).collect();
        match entry(basis, spec.clone(), parameters, fits) {
            Ok(entry) => entries.push(entry),
            Err(error) => refused.push(Compared::refused(spec.algorithm, &error)),
        }
    }
    entries.sort_by(|a, b| order(&a.k_fold.mean, &b.k_fold.mean));
    Ok((entries, refused))
}

fn entry(
    basis: &Basis,
    spec: TrainSpec,
    parameters: Hyperparameters,
    fits: Vec<Finished>,
) -> Result<Entry, TrainError> {
    let seconds = fits.first().map_or(0.0, |f| f.seconds);
    let (mut last, mut held) = (None, Vec::new());
    for fit in fits {
        match fit.outcome? {
            Done::Final(fitted, answers) => last = Some((*fitted, answers)),
            Done::Fold(fold) => held.push(fold),
        }
    }
    let (fitted, answers) = last.ok_or_else(|| TrainError::Broken("there was no fit".to_owned()))?;
    let out_of_fold: OutOfFold = folds::join(&held, basis.fold(), basis.observed(), basis.n_classes());
    let k_fold = out_of_fold.figures.clone();
    let outcome = Outcome { fitted, answers, out_of_fold: Some(out_of_fold), best_of: None };
    Ok(Entry { spec, parameters, outcome, k_fold, seconds })
}

/// Writes every model, which gives its size, and keeps the first.
fn seal_all(basis: &Basis, entries: Vec<Entry>, refused: &[Compared]) -> Result<(Trained, Vec<Compared>), TrainError> {
    let best_of = entries.len();
    let (mut best, mut ranked, mut failed) = (None, Vec::new(), Vec::new());
    for mut entry in entries {
        entry.outcome.best_of = Some(best_of);
        let algorithm = entry.spec.algorithm;
        let recipe = basis.recipe(&entry.spec, &entry.parameters);
        match seal::seal(&entry.spec, &recipe, &basis.encoded, &entry.outcome) {
            Ok(mut trained) => {
                trained.report.data = basis.data(trained.report.data);
                ranked.push(Compared {
                    algorithm,
                    k_fold: Some(entry.k_fold),
                    fit_seconds: Some(entry.seconds),
                    artifact_bytes: Some(trained.artifact.len()),
                    refused: None,
                });
                best = best.or(Some(trained));
            }
            Err(error) => failed.push(Compared::refused(algorithm, &error)),
        }
    }
    ranked.append(&mut failed);
    match best {
        Some(best) => Ok((best, ranked)),
        None => Err(all_refused(ranked.iter().chain(refused))),
    }
}

fn all_refused<'a>(refused: impl Iterator<Item = &'a Compared>) -> TrainError {
    let reasons: Vec<&str> = refused.filter_map(|c| c.refused.as_deref()).collect();
    TrainError::Data(format!("every algorithm refuses the data; {}", reasons.join("; ")))
}

impl Compared {
    fn refused(algorithm: Algorithm, error: &TrainError) -> Self {
        let refused = Some(error.to_string());
        Self { algorithm, k_fold: None, fit_seconds: None, artifact_bytes: None, refused }
    }
}

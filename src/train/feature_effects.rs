//! What matters to a fitted model: the importance of its features, and its coefficients where it is linear.

use crate::model::artifact::Importance;
use crate::model::coefficients::{LinearFunction, MAX_COEFFICIENTS, linear_functions};
use crate::model::compiled::Scratch;
use crate::train::evaluate::importance::ImportanceTask;
use crate::train::evaluate::schedule::RunOutcome;
use crate::train::fit::plan::FitPlan;

/// What was found, and a sentence for each part that was not.
#[derive(Debug)]
pub(crate) struct FeatureEffects {
    pub(crate) importance: Option<Importance>,
    pub(crate) coefficients: Option<Vec<LinearFunction>>,
    pub(crate) not_found: Vec<String>,
}

impl FeatureEffects {
    /// Of a run's final model. Importance is measured on the rows set aside, on the training rows where there are none.
    pub(crate) fn find(plan: &FitPlan<'_>, outcome: &RunOutcome, with_importance: bool) -> Self {
        let mut not_found = Vec::new();
        let measured = with_importance.then(|| measure(plan, outcome));
        let importance = measured.and_then(|measured| {
            measured.map_err(|reason| not_found.push(format!("importance is not measured: {reason}"))).ok()
        });
        let fitted = &outcome.fitted;
        let functions = fitted.preprocessing.as_ref().and_then(|p| linear_functions(&fitted.form, p, plan.schema()));
        let n_numbers =
            |functions: &[LinearFunction]| functions.iter().map(|f| f.coefficients.len() + 1).sum::<usize>();
        let (kept, too_many): (Vec<_>, Vec<_>) =
            functions.into_iter().partition(|functions| n_numbers(functions) <= MAX_COEFFICIENTS);
        not_found.extend(too_many.iter().map(|functions| {
            let n = n_numbers(functions);
            format!("{n} coefficients are more than {MAX_COEFFICIENTS} and are not written down")
        }));
        Self { importance, coefficients: kept.into_iter().next(), not_found }
    }
}

fn measure(plan: &FitPlan<'_>, outcome: &RunOutcome) -> Result<Importance, String> {
    let (split, pipeline) = (&plan.data.split, &outcome.fitted.pipeline);
    let (on, rows) = match &split.test {
        Some(test) => ("holdout", test),
        None => ("training", &split.train),
    };
    ImportanceTask {
        predict: &|batch| pipeline.predict_rows(batch, 0..batch.n_rows(), &mut Scratch::default()).ok(),
        steps_per_row: pipeline.predictor().steps_per_row(),
        schema: plan.schema(),
        scoring: plan.data.scoring(),
        on,
        batch: &rows.batch,
        observed: &rows.observed,
        seed: plan.spec.seed,
        threads: plan.spec.threads,
    }
    .measure()
}

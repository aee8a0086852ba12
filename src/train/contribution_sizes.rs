//! The mean size of each feature's contributions, beside its importance.

use crate::model::Model;
use crate::model::artifact::Importance;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::explain::Explainer;

/// Rows that are explained at most.
const MOST_ROWS: usize = 256;

/// Nodes that are visited at most: 0.1 s of one core.
const MOST_VISITS: usize = 10_000_000;

/// With fewer rows than this, unless there are no more, a mean says little.
const LEAST_ROWS: usize = 16;

/// Writes the mean sizes down, of rows with an even distance among these. Nothing of a model whose contributions are
/// sampled, or take too long.
pub(crate) fn measure(model: &Model, rows: &Batch, importance: &mut Importance) {
    let Some(visits) = model.explainer().and_then(Explainer::visits_per_row) else { return };
    let n_rows = rows.n_rows().min(MOST_ROWS).min(MOST_VISITS / visits.max(1));
    if n_rows < rows.n_rows().min(LEAST_ROWS) {
        return;
    }
    let chosen = (0..n_rows).map(|i| i * rows.n_rows() / n_rows);
    let cells: Vec<f64> = chosen.flat_map(|row| rows.row(row).iter().copied()).collect();
    let Ok(batch) = Batch::from_rows(model.schema(), cells) else { return };
    let Ok(Some(found)) = model.contributions(&batch, 0..n_rows, &mut Scratch::default(), &|| false) else { return };
    let n_features = found.n_features;
    let mut sizes = vec![0.0; n_features];
    for of_score in found.values.chunks_exact(n_features) {
        sizes.iter_mut().zip(of_score).for_each(|(size, value)| *size += value.abs());
    }
    #[expect(clippy::cast_precision_loss, reason = "there are at most 256 rows of 65,535 scores")]
    let n = (found.values.len() / n_features) as f64;
    if sizes.iter().any(|size| !size.is_finite()) {
        return;
    }
    importance.contribution_rows = Some(n_rows as u64);
    for of_feature in &mut importance.features {
        let at = model.schema().position(&of_feature.feature);
        of_feature.contribution = at.map(|at| sizes[at] / n);
    }
}

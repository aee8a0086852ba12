//! Contributions as JSON: a number a feature by name, and of several scores an object of these.

use crate::http::json::write;
use crate::model::answer_table;
use crate::model::prediction::Contributions;
use crate::model::schema::Schema;

/// Contributions, and the names that they are written with: quoted once an answer.
pub(super) struct NamedContributions<'c> {
    contributions: &'c Contributions,
    features: Vec<Vec<u8>>,
    /// Empty where there is one score.
    scores: Vec<Vec<u8>>,
}

impl<'c> NamedContributions<'c> {
    /// Of this schema's rows.
    pub(super) fn new(schema: &Schema, contributions: &'c Contributions) -> Self {
        let features = schema.features().iter().map(|feature| write::quoted(&feature.name)).collect();
        let scores = answer_table::score_names(schema, contributions.n_scores());
        Self { contributions, features, scores: scores.iter().map(|score| write::quoted(score)).collect() }
    }

    /// Appends the baseline: a number, or one a score.
    pub(super) fn write_baseline(&self, out: &mut Vec<u8>) {
        match self.contributions.baseline.as_slice() {
            [baseline] => write::number(out, *baseline),
            baselines => object(out, &self.scores, baselines, |out, baseline| write::number(out, *baseline)),
        }
    }

    /// Appends a row's contributions: a number a feature, or such an object a score.
    pub(super) fn write_row(&self, out: &mut Vec<u8>, row: usize) {
        let values = self.contributions.of(row);
        let of_score =
            |out: &mut Vec<u8>, values: &[f64]| object(out, &self.features, values, |out, v| write::number(out, *v));
        if self.scores.is_empty() {
            return of_score(out, values);
        }
        object(out, &self.scores, values.chunks_exact(self.features.len()), of_score);
    }
}

/// Appends an object of these keys and values.
fn object<T>(
    out: &mut Vec<u8>,
    keys: &[Vec<u8>],
    values: impl IntoIterator<Item = T>,
    value: impl Fn(&mut Vec<u8>, T),
) {
    out.push(b'{');
    write::separated(out, keys.iter().zip(values), |out, (key, of_key)| {
        out.extend_from_slice(key);
        out.push(b':');
        value(out, of_key);
    });
    out.push(b'}');
}

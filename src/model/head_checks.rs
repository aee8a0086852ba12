//! Checks that an artifact's head agrees with its estimator and its schema.

use super::artifact::Header;
use super::coefficients;
use super::ir::Form;
use super::pipeline::Encoder;
use super::schema::Schema;
use super::statistics::Stats;

/// Checks that the head's coefficients, where there are some, are those of the estimator.
pub(super) fn check_coefficients(
    header: &Header,
    form: &Form,
    encoder: &Encoder,
    schema: &Schema,
) -> Result<(), String> {
    let Some(declared) = &header.coefficients else { return Ok(()) };
    let found = match encoder {
        Encoder::Preprocessing(preprocessing) => coefficients::linear_functions(form, preprocessing, schema),
        Encoder::Steps(_) => None,
    };
    match found {
        Some(found) if found == *declared => Ok(()),
        _ => Err("the header's coefficients are not the estimator's".to_owned()),
    }
}

/// Checks the statistics of features and answers.
pub(super) fn check_statistics(header: &Header, schema: &Schema) -> Result<(), String> {
    for feature in schema.features() {
        if let Some(stats) = &feature.stats {
            stats.check(feature.categories.len()).map_err(|e| format!("feature {:?}: {e}", feature.name))?;
        }
    }
    let check =
        |stats: &Stats| stats.check(schema.target().classes.len()).map_err(|e| format!("prediction_stats: {e}"));
    header.prediction_stats.as_ref().map_or(Ok(()), check)
}

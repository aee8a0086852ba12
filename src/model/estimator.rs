//! What predicts, read from an artifact's payload: smartcore's object of the `estimator` section, or the `neutral`
//! form.

use super::algorithm::Algorithm;
use super::artifact::{FORMAT_NEUTRAL, Header, Opened};
use super::ir::Form;
use super::neutral::Neutral;
use super::pipeline::Encoder;
use super::schema::Schema;
use super::smartcore::{self, Shape};

/// The way from cells to columns, the checked form, and whether a classifier has probabilities.
///
/// # Errors
/// One sentence: what is wrong, or what the header lacks.
pub(super) fn read(opened: &Opened<'_>, schema: &Schema) -> Result<(Encoder, Form, bool), String> {
    match opened.header.format.as_str() {
        FORMAT_NEUTRAL => neutral(opened, schema),
        _ => smartcores(opened, schema),
    }
}

/// smartcore's object, and fitted preprocessing.
fn smartcores(opened: &Opened<'_>, schema: &Schema) -> Result<(Encoder, Form, bool), String> {
    let header = &opened.header;
    if opened.section("neutral").is_some() {
        return Err(format!("there is a neutral section, but its format is {:?}", header.format));
    }
    check_trained(header, schema)?;
    let Some(algorithm) = header.algorithm.own() else {
        return Err(header.algorithm.as_str().parse::<Algorithm>().err().unwrap_or_default());
    };
    if algorithm.takes_raw_cells() {
        return Err(format!("{algorithm} is held in a neutral section, not in one of smartcore's"));
    }
    let mut preprocessing = header.preprocessing.clone().ok_or("the header has no preprocessing")?;
    preprocessing.fill_from(schema);
    preprocessing.check(schema)?;
    let shape = Shape {
        algorithm,
        task: header.task,
        n_columns: preprocessing.n_columns(),
        n_classes: schema.target().classes.len(),
    };
    let section = opened.section("estimator").ok_or("there is no estimator section")?;
    let form = smartcore::read(section, opened.section("shares"), shape)?;
    Ok((Encoder::Preprocessing(preprocessing), form, true))
}

/// A model in the neutral form: another library's, or boosted trees of `train`.
fn neutral(opened: &Opened<'_>, schema: &Schema) -> Result<(Encoder, Form, bool), String> {
    let has_other = ["estimator", "shares"].iter().any(|name| opened.section(name).is_some());
    if has_other || opened.header.preprocessing.is_some() {
        return Err("a model in the neutral form has its steps in there, and no estimator of smartcore's".to_owned());
    }
    if let Some(algorithm) = opened.header.algorithm.own() {
        if !algorithm.takes_raw_cells() {
            return Err(format!("{algorithm} is held in an estimator section, not in a neutral one"));
        }
        check_trained(&opened.header, schema)?;
    }
    let neutral = Neutral::from_section(opened.section("neutral").ok_or("there is no neutral section")?)?;
    let n_categories: Vec<usize> = schema.features().iter().map(|feature| feature.categories.len()).collect();
    neutral.check_gaps(schema.features())?;
    let has_probability = neutral.has_probability;
    let (form, steps) = neutral.into_form(&n_categories)?;
    Ok((Encoder::Steps(steps), form, has_probability))
}

/// Checks that what `train` finds out is there.
fn check_trained(header: &Header, schema: &Schema) -> Result<(), String> {
    if header.evaluation.is_none() || header.prediction_stats.is_none() {
        return Err("the header has no evaluation or no prediction_stats".to_owned());
    }
    match schema.features().iter().find(|feature| feature.stats.is_none()) {
        Some(feature) => Err(format!("feature {:?} has no stats", feature.name)),
        None => Ok(()),
    }
}

//! A linear function has no rule for a cell that is no number: a head that accepts such cells is refused.

use serde_json::{Value, json};
use smartserve::import::ImportOptions;
use smartserve::model::Model;
use smartserve::model::ir::{Decision, LinearRule, Link};
use smartserve::model::neutral::{LinearModel, Neutral, Operation, Predictor, Step};
use smartserve::serve::contents::Contents;
use smartserve::serve::loader::artifact_bytes;

use super::checks::refused;
use crate::import::cases::Case;
use crate::support::artifact::Parts;

/// A linear function of one feature, which accepts missing cells if `missing`, after these steps.
fn linear(missing: bool, skips_missing: bool, steps: &[Operation]) -> Vec<u8> {
    let file = Case::all("xgb-sqerr", &["ubj"]).remove(0).files.remove(0);
    let contents = Contents::read(&file).unwrap();
    let mut parts = Parts::of(&artifact_bytes(&file, &contents, &ImportOptions::default(), &|_| {}).unwrap());
    let mut feature = parts.header["features"][0].take();
    feature.as_object_mut().unwrap().remove("missing");
    if missing {
        feature["missing"] = json!(true);
    }
    parts.header["features"] = json!([feature]);
    parts.header["golden"] = json!([{"row": [1.0], "prediction": 2.0}]);
    let mut neutral = Neutral::from_section(parts.section("neutral")).unwrap();
    (neutral.steps.n_features, neutral.steps.outputs) = (1, vec![u32::try_from(steps.len()).unwrap()]);
    neutral.steps.steps = steps.iter().zip(0..).map(|(step, input)| Step { input, operation: step.clone() }).collect();
    let rule = LinearRule { skips_missing, ..LinearRule::plain(Decision::Probability) };
    let (weights, intercepts) = (vec![2.0], vec![0.0]);
    neutral.predictor =
        Predictor::Linear(LinearModel { n_columns: 1, weights, intercepts, link: Link::Identity, rule });
    *parts.section("neutral") = neutral.to_section().unwrap();
    parts.header["payload"]["sections"] = Value::Array(vec![parts.header["payload"]["sections"][0].clone()]);
    parts.sections.truncate(1);
    parts.sealed()
}

#[test]
fn a_linear_function_takes_no_missing_cells_that_it_has_no_rule_for() {
    let words = "accepts cells that its linear functions have no rule for";
    let loads = |bytes: &[u8]| Model::load(bytes).map(|_| ()).unwrap();
    let scale = Operation::Affine { factor: 1.0, offset: 0.0 };
    refused(&linear(true, false, &[]), words);
    refused(&linear(true, false, std::slice::from_ref(&scale)), words);
    refused(&linear(false, false, &[Operation::AsMissing(7.0), scale.clone()]), words);
    loads(&linear(false, false, &[]));
    loads(&linear(true, true, &[]));
    loads(&linear(true, false, &[Operation::Fill(1.0), scale]));
    loads(&linear(true, false, &[Operation::IsMissing]));
}

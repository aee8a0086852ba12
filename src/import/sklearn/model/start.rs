//! What gradient boosting starts from: the estimator `init_`, turned into margins.

use crate::import::error::ImportError;
use crate::import::sklearn::arena::Object;
use crate::import::sklearn::array::Values;

/// The version from which shares become margins by `scipy.special.logit`, and by logarithms of shares over their mean.
const LINKS_SINCE: (u32, u32) = (1, 4);

/// The margins of every row before the first tree, one per output.
pub(super) fn margins(object: &Object<'_>, n_outputs: usize, is_classifier: bool) -> Result<Vec<f64>, ImportError> {
    let id = object.need("init_")?;
    let arena = object.arena;
    if arena.is_text(id, "zero") {
        return Ok(vec![0.0; n_outputs]);
    }
    let init = Object::at(arena, id)?;
    let numbers = |attribute| Ok::<_, ImportError>(Values::numbers(arena, init.need(attribute)?)?.1);
    let margins = match init.name() {
        "DummyRegressor" if !is_classifier => numbers("constant_")?,
        "DummyClassifier" if is_classifier => {
            let strategy = init.word("strategy")?.unwrap_or_default();
            if strategy != "prior" {
                return Err(ImportError::new(format_args!("a start of the strategy {strategy:?} is not read")));
            }
            let shares = numbers("class_prior_")?;
            let is_exponential = object.word("loss")?.is_some_and(|loss| loss == "exponential");
            from_shares(&shares, n_outputs, is_exponential, object.version()?)?
        }
        _ => return Err(ImportError::new(format_args!("a start by {} is not read", init.class))),
    };
    if margins.len() != n_outputs {
        return Err(ImportError::new(format_args!("{} numbers for {n_outputs} outputs", margins.len())));
    }
    Ok(margins)
}

fn from_shares(
    shares: &[f64],
    n_outputs: usize,
    is_exponential: bool,
    version: (u32, u32),
) -> Result<Vec<f64>, ImportError> {
    let least = if version >= (1, 9) { f64::EPSILON } else { f64::from(f32::EPSILON) };
    let clip = |share: f64| share.clamp(least, 1.0 - least);
    if n_outputs == 1 {
        let [_, second] = *shares else {
            return Err(ImportError::new(format_args!("{} class shares for two classes", shares.len())));
        };
        let p = clip(second);
        let log_odds = if version >= LINKS_SINCE { logit(p) } else { (p / (1.0 - p)).ln() };
        return Ok(vec![if is_exponential { 0.5 * log_odds } else { log_odds }]);
    }
    let shares = shares.iter().map(|share| clip(*share));
    if version < LINKS_SINCE {
        return Ok(shares.map(f64::ln).collect());
    }
    let shares: Vec<f64> = shares.collect();
    #[expect(clippy::cast_precision_loss, reason = "classes are few")]
    let mean =
        super::forest::numpy_sum(&shares.iter().map(|share| share.ln()).collect::<Vec<_>>()) / shares.len() as f64;
    let mean = mean.exp();
    Ok(shares.iter().map(|share| (share / mean).ln()).collect())
}

/// scipy's logit.
fn logit(p: f64) -> f64 {
    let from_half = p - 0.5;
    if from_half.abs() < 0.2 {
        let s = 2.0 * from_half;
        s.ln_1p() - (-s).ln_1p()
    } else {
        (p / (1.0 - p)).ln()
    }
}

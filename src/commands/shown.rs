//! What a model file holds as short texts: the same in `inspect`, the model card and what `import` says.

use crate::model::artifact::Figures;
use crate::model::prediction::Probabilities;
use crate::model::schema::{Feature, FeatureKind, Impute};

/// What probabilities are, in words.
pub(super) fn described(kind: Probabilities) -> &'static str {
    match kind {
        Probabilities::Shares => "shares: the mean over the trees of the classes' shares in the leaves",
        Probabilities::Votes => "votes: the share of the trees that vote for the class",
        Probabilities::Absent => "none: it answers with a class alone",
    }
}

/// Figures in a line.
pub(super) fn shown(figures: &Figures) -> String {
    let all = [
        ("R²", figures.r2),
        ("RMSE", figures.rmse),
        ("MAE", figures.mae),
        ("accuracy", figures.accuracy),
        ("macro F1", figures.f1),
        ("log-loss", figures.log_loss),
        ("ROC AUC", figures.roc_auc),
        ("average precision", figures.average_precision),
        ("Brier", figures.brier),
        ("pinball loss", figures.pinball_loss),
        ("Poisson deviance", figures.poisson_deviance),
        ("gamma deviance", figures.gamma_deviance),
        ("Tweedie deviance", figures.tweedie_deviance),
    ];
    let mut parts: Vec<String> = all.iter().filter_map(|(name, v)| v.map(|v| format!("{name} {v:.4}"))).collect();
    parts.push(format!("n {}", figures.n));
    parts.join(", ")
}

/// The values that training saw of a feature, and what happens to a missing cell.
pub(super) fn shown_feature(feature: &Feature) -> [String; 2] {
    let saw = match (feature.kind, feature.stats().min, feature.stats().max) {
        (FeatureKind::Categorical, ..) => feature.categories.join(", "),
        (_, Some(min), Some(max)) => format!("{} to {}", feature.shown(min), feature.shown(max)),
        _ => "not known".to_owned(),
    };
    let missing = match &feature.impute {
        None if feature.missing => "the model's rule".to_owned(),
        None => "refused".to_owned(),
        Some(Impute::Median(v)) => format!("median {}", feature.shown(*v)),
        Some(Impute::MostFrequent(category)) => format!("most frequent {category:?}"),
    };
    [saw, missing]
}

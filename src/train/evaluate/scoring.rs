//! Which figures a run computes, and which of them ranks models.

use std::cmp::Ordering;

use crate::model::artifact::Figures;
use crate::model::prediction::Prediction;
use crate::train::data::target::Observed;
use crate::train::evaluate::metrics;
use crate::train::options::Loss;

/// What decides the figures of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scoring {
    /// The number of classes; 0 for regression.
    pub(crate) n_classes: usize,
    /// What `--loss` asks for; the squared error where it is not given.
    pub(crate) loss: Loss,
}

/// The figure that ranks models.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RankingFigure {
    /// `rmse`, `mae`, `pinball-loss`, `poisson-deviance`, `gamma-deviance`, `tweedie-deviance` or `accuracy`.
    pub(crate) name: &'static str,
    /// Where it is kept.
    pub(crate) pick: fn(&Figures) -> Option<f64>,
    /// 1 where more is better, −1 where less is.
    pub(crate) sign: f64,
}

const RMSE: RankingFigure = RankingFigure { name: "rmse", pick: |f| f.rmse, sign: -1.0 };
const MAE: RankingFigure = RankingFigure { name: "mae", pick: |f| f.mae, sign: -1.0 };
const PINBALL: RankingFigure = RankingFigure { name: "pinball-loss", pick: |f| f.pinball_loss, sign: -1.0 };
const POISSON: RankingFigure = RankingFigure { name: "poisson-deviance", pick: |f| f.poisson_deviance, sign: -1.0 };
const GAMMA: RankingFigure = RankingFigure { name: "gamma-deviance", pick: |f| f.gamma_deviance, sign: -1.0 };
const TWEEDIE: RankingFigure = RankingFigure { name: "tweedie-deviance", pick: |f| f.tweedie_deviance, sign: -1.0 };
pub(crate) const ACCURACY: RankingFigure = RankingFigure { name: "accuracy", pick: |f| f.accuracy, sign: 1.0 };
pub(crate) const LOG_LOSS: RankingFigure = RankingFigure { name: "log-loss", pick: |f| f.log_loss, sign: -1.0 };

impl Scoring {
    /// Figures without a `--loss`.
    pub(crate) fn of_classes(n_classes: usize) -> Self {
        Self { n_classes, loss: Loss::Squared }
    }

    /// The figures of answers; none where they are not of the task.
    pub(crate) fn figures(self, observed: &Observed, answers: &Prediction) -> Figures {
        match (observed, answers) {
            (Observed::Values(y), Prediction::Regression { values, .. }) => {
                let figures = metrics::regression(y, values);
                match self.loss {
                    Loss::Squared | Loss::Absolute | Loss::Huber { .. } => figures,
                    Loss::Quantile { level } => {
                        Figures { pinball_loss: metrics::pinball_loss(y, values, level), ..figures }
                    }
                    Loss::Poisson => Figures { poisson_deviance: metrics::poisson_deviance(y, values), ..figures },
                    Loss::Gamma => Figures { gamma_deviance: metrics::gamma_deviance(y, values), ..figures },
                    Loss::Tweedie { power } => {
                        Figures { tweedie_deviance: metrics::tweedie_deviance(y, values, power), ..figures }
                    }
                }
            }
            (Observed::Classes(y), Prediction::Classification { classes, probability }) => {
                metrics::classification(y, classes, probability.as_deref(), self.n_classes)
            }
            _ => Figures::default(),
        }
    }

    /// The figure that ranks: accuracy of classes; of numbers the RMSE, or the mean of what `--loss` asks to be small.
    /// That is the mean absolute error for `huber` too, whose own loss is in no unit that people read.
    pub(crate) fn ranking(self) -> RankingFigure {
        match self.loss {
            _ if self.n_classes > 0 => ACCURACY,
            Loss::Squared => RMSE,
            Loss::Absolute | Loss::Huber { .. } => MAE,
            Loss::Quantile { .. } => PINBALL,
            Loss::Poisson => POISSON,
            Loss::Gamma => GAMMA,
            Loss::Tweedie { .. } => TWEEDIE,
        }
    }

    /// The figure that ranks, alone; `None` where it is not defined.
    pub(crate) fn ranking_figure(self, observed: &Observed, answers: &Prediction) -> Option<f64> {
        match (observed, answers) {
            (Observed::Classes(y), Prediction::Classification { classes, .. }) => metrics::accuracy(y, classes),
            _ => (self.ranking().pick)(&self.figures(observed, answers)),
        }
    }

    /// What ranks models, the smaller the better: the figure, or the share of wrong classes, rounded to 1e-9 so that
    /// the order of summation decides nothing. Infinite where it is not defined.
    pub(crate) fn rank(self, figures: &Figures) -> f64 {
        let wrong = |accuracy: f64| ((1.0 - accuracy) * 1e9).round() / 1e9;
        let figure = (self.ranking().pick)(figures);
        let rank = if self.n_classes > 0 { figure.map(wrong) } else { figure };
        rank.unwrap_or(f64::INFINITY)
    }

    /// Compares two models, the better one first: by [`Scoring::rank`], ties by log-loss, those without one last.
    pub(crate) fn order(self, a: &Figures, b: &Figures) -> Ordering {
        let log_loss = |f: &Figures| f.log_loss.unwrap_or(f64::INFINITY);
        self.rank(a).total_cmp(&self.rank(b)).then(log_loss(a).total_cmp(&log_loss(b)))
    }
}

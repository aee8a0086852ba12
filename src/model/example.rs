//! A row to begin with, and the model's answer to it: what is usual in training, in numbers that are read easily.

use super::Model;
use super::artifact::GoldenCell;
use super::batch::Batch;
use super::compiled::Scratch;
use super::golden::cells;
use super::prediction::Answer;
use super::question::Asked;
use super::schema::{Feature, FeatureKind};
use super::statistics::Stats;

/// The level of the answer's interval, where the model has intervals of this level.
const LEVEL: f64 = 0.9;

/// Numbers that stand for one whose range is not known, the first that the model has an answer for: there is no
/// logarithm of 0.
pub const PLAIN: [f64; 5] = [0.0, 1.0, 0.5, 10.0, -1.0];

/// Digits of a median that is no whole number.
const DIGITS: usize = 6;

/// A column is one of whole numbers where so large a share of its quantiles are.
const WHOLE_SHARE: f64 = 0.7;

const DAY: f64 = 86_400.0;

/// Dates that span more than this many seconds are told by the day.
const LONG: f64 = 300.0 * DAY;

/// 2020-01-01, for a date of which nothing is known.
const PLAIN_DATE: f64 = 1_577_836_800.0;

/// A row with the model's answer.
#[derive(Debug)]
pub struct Example {
    /// Its cells, in schema order.
    pub row: Vec<GoldenCell>,
    /// The answer, with an interval of 90 % or a set of classes where the model has some; `None` where it has no finite
    /// answer.
    pub answer: Option<Answer>,
}

impl Model {
    /// Medians and most frequent categories; where a feature's range is not known, missing if it may be, or else a number
    /// of [`PLAIN`].
    pub fn example(&self) -> Example {
        let schema = self.schema();
        // Why there is no interval is for a request to say.
        let question = self.question(Asked { interval: Some(LEVEL), ..Asked::default() }).unwrap_or_default();
        let answer_to = |values: Vec<f64>| {
            let batch = Batch::from_rows(schema, values).ok()?.asking(question);
            self.answer(&batch, 0..1, &mut Scratch::default()).ok()
        };
        let row = |plain: f64| schema.features().iter().map(|feature| usual(feature, plain)).collect::<Vec<f64>>();
        let mut answered = PLAIN.iter().map(|plain| (row(*plain), answer_to(row(*plain))));
        let (values, answer) = answered.find(|(_, answer)| answer.is_some()).unwrap_or_else(|| (row(PLAIN[0]), None));
        Example { row: cells(&values, schema), answer }
    }
}

/// The usual value of a feature, as a batch holds it.
fn usual(feature: &Feature, plain: f64) -> f64 {
    let stats = feature.stats();
    let is_left_out = feature.accepts_missing() && !feature.unbounded;
    match (feature.kind, stats.median()) {
        (FeatureKind::Categorical, _) => stats.bins.most_frequent().map_or(0.0, f64::from),
        (FeatureKind::Numeric, Some(median)) => {
            if is_whole(stats) {
                median.round()
            } else {
                short(median)
            }
        }
        (FeatureKind::Date(_), Some(median)) => {
            let step = if is_by_day(stats) { DAY } else { 60.0 };
            (median / step).round() * step
        }
        (_, None) if is_left_out => f64::NAN,
        (FeatureKind::Numeric, None) => plain,
        (FeatureKind::Date(_), None) => PLAIN_DATE,
    }
}

/// True of a column of whole numbers, but for some.
fn is_whole(stats: &Stats) -> bool {
    let is_whole = |value: &f64| value.fract() == 0.0;
    #[expect(clippy::cast_precision_loss, reason = "some 20 quantiles")]
    let is_most = |whole: usize| whole as f64 >= WHOLE_SHARE * stats.quantiles.len() as f64;
    stats.min.is_some_and(|min| is_whole(&min))
        && stats.max.is_some_and(|max| is_whole(&max))
        && is_most(stats.quantiles.iter().copied().filter(is_whole).count())
}

/// True of dates without times, and of those that span most of a year.
fn is_by_day(stats: &Stats) -> bool {
    let span = stats.max.zip(stats.min).map_or(0.0, |(max, min)| max - min);
    span > LONG || stats.quantiles.iter().all(|second| second % DAY == 0.0)
}

/// A number with [`DIGITS`] digits.
fn short(value: f64) -> f64 {
    format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value)
}

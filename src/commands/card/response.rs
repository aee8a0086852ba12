//! Response curves: what the model answers along one feature while the others stay as they are in the middle of
//! training: medians, and most frequent categories.

use crate::model::Model;
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::prediction::Prediction;
use crate::model::schema::{Feature, FeatureKind, NO_STATISTICS};
use crate::text::html::escaped;

use super::plot::{Plot, range};
use super::sections::table;

/// Features with a curve at most: those that matter most.
const MAX_FEATURES: usize = 12;

/// Categories of a feature at most: the most frequent ones.
const MAX_CATEGORIES: usize = 20;

/// Points of a curve.
const POINTS: u32 = 41;

/// The curves as HTML, a piece each, and a sentence about them; why there are none is said instead.
pub(super) fn curves(model: &Model) -> (Vec<String>, String) {
    let features = model.schema().features();
    let Some(middle) = features.iter().map(typical).collect::<Option<Vec<f64>>>() else {
        return (Vec::new(), format!("There are no curves: statistics are {NO_STATISTICS}."));
    };
    let Some(answer) = Answers::new(model, &middle) else {
        return (
            Vec::new(),
            "There are no curves: the model answers with a class alone, or with no finite number.".to_owned(),
        );
    };
    let along = by_importance(model).into_iter().filter_map(|place| Along::new(&answer, &middle, place));
    let along: Vec<Along<'_>> = along.take(MAX_FEATURES).collect();
    let y = range(along.iter().flat_map(|one| one.points.iter().map(|point| point.1)));
    let drawn: Vec<String> = along.iter().map(|one| one.html(&answer.name, y)).collect();
    let most = if features.len() > drawn.len() {
        format!("; of {} features the {} that matter most and vary", features.len(), drawn.len())
    } else {
        String::new()
    };
    let about = format!(
        "The {}, along one feature at a time while the others stay at training's medians and most frequent \
         categories{most}. Shaded: how training's rows are spread.",
        answer.name
    );
    (drawn, about)
}

/// A feature's value in the middle of training; `None` where training is not known.
fn typical(feature: &Feature) -> Option<f64> {
    let stats = feature.stats.as_ref()?;
    match feature.kind {
        FeatureKind::Categorical => stats.bins.most_frequent().map(f64::from),
        FeatureKind::Numeric | FeatureKind::Date(_) => stats.median().or(stats.mean),
    }
}

/// The categories that are counted, by their positions, with their rows; the most frequent first.
fn by_count(feature: &Feature) -> Vec<(u32, u64)> {
    let bins = &feature.stats().bins;
    let mut all: Vec<(u32, u64)> = bins.categories.iter().copied().zip(bins.counts.iter().copied()).collect();
    all.sort_by_key(|(category, rows)| (std::cmp::Reverse(*rows), *category));
    all
}

/// The places of the features, those that matter most first.
fn by_importance(model: &Model) -> Vec<usize> {
    let named = model.header().importance.iter().flat_map(|importance| &importance.features);
    let mut places: Vec<usize> = named.filter_map(|one| model.schema().position(&one.feature)).collect();
    let rest = (0..model.schema().n_features()).filter(|place| !places.contains(place)).collect::<Vec<usize>>();
    places.extend(rest);
    places
}

/// The one number that is drawn of each answer.
struct Answers<'m> {
    model: &'m Model,
    /// What it is.
    name: String,
    /// The class whose probability it is; of numbers 0, the first output.
    at: usize,
}

impl<'m> Answers<'m> {
    /// Of two classes the second's probability, of several that of the class of the middle row; `None` where the model has
    /// no probabilities, or no answer for the middle row.
    fn new(model: &'m Model, middle: &[f64]) -> Option<Self> {
        let target = model.schema().target();
        let answers = predicted(model, middle.to_vec())?;
        let (name, at) = match answers {
            Prediction::Regression { n_outputs: 1, .. } => (format!("prediction of {}", target.name), 0),
            Prediction::Regression { .. } => (format!("first number of the prediction of {}", target.name), 0),
            Prediction::Classification { probability: None, .. } => return None,
            Prediction::Classification { classes, .. } => {
                let at = if target.classes.len() == 2 { 1 } else { *classes.first()? as usize };
                (format!("probability of {}", target.classes.get(at)?), at)
            }
        };
        Some(Self { model, name, at })
    }

    /// Of rows, row-major; `None` where one has no finite answer.
    fn of(&self, cells: Vec<f64>) -> Option<Vec<f64>> {
        let every = |values: &[f64], width: usize| values.iter().skip(self.at).step_by(width.max(1)).copied().collect();
        match predicted(self.model, cells)? {
            Prediction::Regression { values, n_outputs } => Some(every(&values, n_outputs)),
            Prediction::Classification { probability, .. } => {
                Some(every(&probability?, self.model.schema().target().classes.len()))
            }
        }
    }
}

fn predicted(model: &Model, cells: Vec<f64>) -> Option<Prediction> {
    let batch = Batch::from_rows(model.schema(), cells).ok()?;
    model.predict(&batch, &mut Scratch::default()).ok()
}

/// What is answered along one feature.
struct Along<'m> {
    feature: &'m Feature,
    /// Values, of a category its position, with what is answered.
    points: Vec<(f64, f64)>,
}

impl<'m> Along<'m> {
    /// `None` for a feature of one value, and where a value has no finite answer.
    fn new(answers: &Answers<'m>, middle: &[f64], place: usize) -> Option<Self> {
        let feature = &answers.model.schema().features()[place];
        let values: Vec<f64> = match (feature.kind, feature.stats().min, feature.stats().max) {
            (FeatureKind::Categorical, ..) => {
                by_count(feature).into_iter().take(MAX_CATEGORIES).map(|(category, _)| f64::from(category)).collect()
            }
            (_, Some(min), Some(max)) if max > min => {
                let share = |point: u32| f64::from(point) / f64::from(POINTS - 1);
                // The sum of the two may be finite where their difference is not.
                (0..POINTS).map(share).map(|share| min * (1.0 - share) + max * share).collect()
            }
            _ => return None,
        };
        if values.len() < 2 {
            return None;
        }
        let cells = values.iter().flat_map(|value| {
            let mut row = middle.to_vec();
            row[place] = *value;
            row
        });
        let found = answers.of(cells.collect())?;
        Some(Self { feature, points: values.into_iter().zip(found).collect() })
    }

    /// A plot of numbers, a table of categories.
    fn html(&self, answer: &str, y: (f64, f64)) -> String {
        let unit = self.feature.unit.as_ref().map(|unit| format!(" [{unit}]")).unwrap_or_default();
        let name = format!("{}{unit}", self.feature.name);
        if self.feature.kind == FeatureKind::Categorical {
            let head = [escaped(&name), "rows".into(), escaped(answer)];
            let rows = by_count(self.feature).into_iter().zip(&self.points).map(|((category, rows), (_, value))| {
                let label = self.feature.categories.get(category as usize).map(String::as_str).unwrap_or_default();
                vec![escaped(label), rows.to_string(), format!("{value:.4}")]
            });
            return table(&[&head[0], &head[1], &head[2]], rows);
        }
        let (first, last) = (self.points[0], self.points[self.points.len() - 1]);
        let x = (first.0, last.0);
        let shown = |value: f64| self.feature.shown(value);
        let about = format!("{:.4} at {}, {:.4} at {}", first.1, shown(first.0), last.1, shown(last.0));
        let mut plot = Plot::new(&name, (&name, answer), x, y).about(&about);
        if self.feature.kind.is_date() {
            plot = plot.x_texts([0.0, 0.5, 1.0].map(|share| shown((x.0 + share * (x.1 - x.0)).round())));
        }
        if let Some(histogram) = &self.feature.stats().histogram {
            let edges = histogram.edges.windows(2).map(|edge| (edge[0], edge[1]));
            plot = plot.shade(edges.zip(histogram.counts.iter().copied()));
        }
        plot.line("line", self.points.iter().copied()).svg()
    }
}

//! Gradient boosting over histograms.

use std::collections::BTreeMap;

use super::fitted::{Answer, Demands, Fitted, classes, trees};
use super::nodes::{Source, from_root};
use crate::import::error::ImportError;
use crate::import::sklearn::arena::{Arena, Id, Object};
use crate::import::sklearn::array::Values;
use crate::model::artifact::Setting;
use crate::model::ir::{Decision, Link, Width};
use crate::model::neutral::{self, Comparison, Forest, Leaves, Missing, Predictor, Side, Sum, Test};

/// Reads a `HistGradientBoostingClassifier` or `HistGradientBoostingRegressor`. Its columns are those that its own
/// preprocessing makes, where it has one: categories first.
pub(super) fn read(object: &Object<'_>, n_columns: usize) -> Result<Fitted, ImportError> {
    let arena = object.arena;
    let is_classifier = object.name().ends_with("Classifier");
    let classes = if is_classifier { Some(classes(object)?) } else { None };
    let n_outputs = classes.as_ref().map_or(1, |classes| if classes.len() == 2 { 1 } else { classes.len() });
    let loss = object.word("loss")?.unwrap_or_default();
    let baseline = object.need("_baseline_prediction")?;
    let start = match Values::number(arena, baseline)? {
        Some(start) => vec![start],
        None => Values::numbers(arena, baseline).map_err(|e| e.within("_baseline_prediction"))?.1,
    };
    if start.len() != n_outputs {
        let n = start.len();
        return Err(
            ImportError::new(format_args!("{n} numbers for {n_outputs} outputs")).within("_baseline_prediction")
        );
    }
    let link = link(&loss, is_classifier, n_outputs)?;
    let mut sets = Sets { known: known_categories(object)?, made: Vec::new() };
    let made = rounds(object, n_outputs, &mut sets).map_err(|e| e.within("_predictors"))?;
    let loss = Setting::Word(loss.into_owned());
    let hyperparameters = BTreeMap::from([("loss".to_owned(), loss), trees(made.len())]);
    let forest = Forest {
        n_columns: u32::try_from(n_columns).map_err(|_| ImportError::new("it has too many columns"))?,
        value: Width::F64,
        comparison: Comparison::AtMost,
        trees: made,
        sets: sets.made,
        leaves: Leaves::Values,
        sum: Sum { width: Width::F64, start, divisor: None, raw_is_undivided: false },
        link,
        decision: Decision::Probability,
    };
    Ok(Fitted {
        predictor: Predictor::Forest(forest),
        answer: classes.map_or(Answer::Numbers(1), Answer::Class),
        has_probability: is_classifier,
        demands: Demands { takes_missing: true, takes_any_number: true },
        hyperparameters,
        notes: Vec::new(),
    })
}

fn link(loss: &str, is_classifier: bool, n_outputs: usize) -> Result<Link, ImportError> {
    match loss {
        "log_loss" | "auto" | "binary_crossentropy" if is_classifier && n_outputs == 1 => {
            Ok(Link::Logistic { slope: 1.0 })
        }
        "log_loss" | "auto" | "categorical_crossentropy" if is_classifier => Ok(Link::Softmax),
        "squared_error" | "least_squares" | "absolute_error" | "least_absolute_deviation" | "quantile"
            if !is_classifier =>
        {
            Ok(Link::Identity)
        }
        "poisson" | "gamma" if !is_classifier => Ok(Link::Exp),
        _ => Err(ImportError::new(format_args!("the loss {loss:?} is not read")).within("loss")),
    }
}

/// Bits of a set of categories.
const N_BITS: usize = 256;

/// Sets of categories, made as splits ask for them.
struct Sets {
    /// The categories that fitting saw, by column; empty for a numeric one.
    known: Vec<Vec<bool>>,
    made: Vec<Vec<u32>>,
}

/// The categories that each column had when it was fitted: others are led where missing cells are.
fn known_categories(object: &Object<'_>) -> Result<Vec<Vec<bool>>, ImportError> {
    let Some(mapper) = object.get("_bin_mapper")? else { return Ok(Vec::new()) };
    let mapper = Object::at(object.arena, mapper).map_err(|e| e.within("_bin_mapper"))?;
    let Some(flags) = mapper.get("is_categorical_")? else { return Ok(Vec::new()) };
    let (_, flags) = Values::numbers(object.arena, flags)?;
    if flags.iter().all(|flag| *flag == 0.0) {
        return Ok(Vec::new());
    }
    let columns = object.arena.items(mapper.need("bin_thresholds_")?)?.unwrap_or_default();
    let of_column = |(flag, id): (&f64, &Id)| {
        if *flag == 0.0 {
            return Ok(Vec::new());
        }
        let mut known = vec![false; N_BITS];
        for category in Values::numbers(object.arena, *id)?.1 {
            if let Some(known) = (0..).zip(&mut known).find(|(code, _)| f64::from(*code) == category) {
                *known.1 = true;
            }
        }
        Ok(known)
    };
    flags.iter().zip(&columns).map(of_column).collect()
}

impl Sets {
    /// The test of a split by the categories that are led to the left. Those that fitting did not see are led where
    /// missing cells are, so the set is of the known ones on the other side.
    fn test(&mut self, column: usize, is_left: &[bool], missing: Side) -> Result<Test, ImportError> {
        let known = self.known.get(column).filter(|known| !known.is_empty());
        let known = known.ok_or_else(|| ImportError::new(format_args!("column {column} has no known categories")))?;
        let is_member = |code: &usize| known[*code] && is_left[*code] == (missing == Side::Right);
        let members = (0..N_BITS).filter(is_member).map(|code| u32::try_from(code).unwrap_or_default());
        self.made.push(members.collect());
        let set = u32::try_from(self.made.len() - 1).map_err(|_| ImportError::new("there are too many sets"))?;
        Ok(Test::Set { set, members: missing.other() })
    }
}

fn rounds(object: &Object<'_>, n_outputs: usize, sets: &mut Sets) -> Result<Vec<neutral::Tree>, ImportError> {
    let arena = object.arena;
    let rounds = arena.items(object.need("_predictors")?)?.unwrap_or_default();
    let mut made = Vec::new();
    for (round, id) in rounds.iter().enumerate() {
        let trees = arena.items(*id)?.unwrap_or_default();
        if trees.len() != n_outputs {
            let n = trees.len();
            return Err(
                ImportError::new(format_args!("{n} trees for {n_outputs} outputs")).within(format_args!("[{round}]"))
            );
        }
        for (output, id) in (0_u16..).zip(&trees) {
            let (nodes, cover) = tree(arena, *id, sets).map_err(|e| e.within(format_args!("[{round}][{output}]")))?;
            made.push(neutral::Tree { nodes, output, weight: 1.0, cover });
        }
    }
    Ok(made)
}

/// One tree, a `TreePredictor`: its nodes, and how many rows of the fit reached each.
fn tree<'a>(arena: &'a Arena<'a>, id: Id, sets: &mut Sets) -> Result<(Vec<neutral::Node>, Vec<f64>), ImportError> {
    let object = Object::at(arena, id)?;
    let Values::Array(nodes) = Values::read(arena, object.need("nodes")?)? else {
        return Err(ImportError::new("its nodes are objects"));
    };
    arena.spend(4 * nodes.len())?;
    let threshold = nodes.column("num_threshold").map_or_else(|| nodes.need("threshold"), Ok)?;
    let (left, right, value) = (nodes.need("left")?, nodes.need("right")?, nodes.need("value")?);
    let (is_leaf, feature) = (nodes.need("is_leaf")?, nodes.need("feature_idx")?);
    let missing = nodes.column("missing_go_to_left");
    let categorical = nodes.column("is_categorical").zip(nodes.column("bitset_idx"));
    let bits = match object.get("raw_left_cat_bitsets")? {
        Some(id) => Bits::read(arena, id)?,
        None => Bits(Vec::new()),
    };
    let position =
        |position: Option<usize>| position.ok_or_else(|| ImportError::new("a child or feature is no position"));
    let (reached, mut cover) = (nodes.column("count"), Vec::new());
    let made = from_root(nodes.len(), |at| {
        cover.extend(reached.as_ref().map(|reached| reached.number(at)));
        if is_leaf.is_set(at) {
            return Ok(Source::Leaf(value.number(at)));
        }
        let column = position(feature.position(at))?;
        let missing = Side::left_if(missing.as_ref().is_some_and(|missing| missing.is_set(at)));
        let set = categorical.as_ref().filter(|(is_categorical, _)| is_categorical.is_set(at));
        let test = match set {
            Some((_, set)) => {
                arena.spend(N_BITS / 4)?;
                sets.test(column, &bits.set(position(set.position(at))?)?, missing)?
            }
            None => Test::Threshold(threshold.number(at)),
        };
        let (left, right) = (position(left.position(at))?, position(right.position(at))?);
        Ok(Source::Split { column, test, left, right, missing: Missing::To(missing) })
    })?;
    Ok((made, cover))
}

/// Words of 32 bits, eight a set.
struct Bits(Vec<f64>);

impl Bits {
    fn read(arena: &Arena<'_>, id: Id) -> Result<Self, ImportError> {
        Ok(Self(Values::numbers(arena, id).map_err(|e| e.within("raw_left_cat_bitsets"))?.1))
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "words were read from 32 bits")]
    fn set(&self, position: usize) -> Result<Vec<bool>, ImportError> {
        let words = self.0.get(position.saturating_mul(8)..).and_then(|words| words.get(..8));
        let words = words.ok_or_else(|| ImportError::new("a split's set of categories is not there"))?;
        Ok((0..N_BITS).map(|bit| (words[bit / 32] as u32) >> (bit % 32) & 1 == 1).collect())
    }
}

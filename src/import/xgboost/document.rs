//! The parts of `XGBoost`'s document, gathered in one walk.

use std::collections::BTreeMap;

use super::categories::{Encoding, encodings};
use super::parser::{Keys, Parser};
use super::shared::Shared;
use super::tree::Arrays;
use crate::import::error::ImportError;
use crate::model::neutral::Node;

/// What a file says, as far as an answer depends on it.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// `[major, minor, patch]`.
    pub(super) version: Vec<i32>,
    /// `learner_model_param`, and `gbtree_model_param` under its own keys.
    pub(super) parameters: BTreeMap<String, String>,
    /// The objective's name; none for one of the caller's own.
    pub(super) objective: Option<String>,
    /// `best_iteration`, if early stopping noted one.
    pub(super) best_iteration: Option<String>,
    /// The model was saved from scikit-learn's interface.
    pub(super) is_estimator: bool,
    pub(super) names: Vec<String>,
    pub(super) types: Vec<String>,
    /// `gbtree`, `dart` or `gblinear`.
    pub(super) booster: Option<String>,
    pub(super) trees: Vec<(Vec<Node>, Vec<f64>)>,
    /// The output of each tree.
    pub(super) outputs: Vec<i32>,
    /// Where each round's trees begin, and where the last ends.
    pub(super) rounds: Vec<i32>,
    /// Dart's weight of each tree.
    pub(super) tree_weights: Vec<f32>,
    /// Of gblinear: `[feature][output]`, the intercepts last.
    pub(super) weights: Vec<f32>,
    pub(super) shared: Shared,
    /// Names of categories, by feature.
    pub(super) encodings: Vec<Encoding>,
}

const LEARNER: [&str; 6] =
    ["attributes", "feature_names", "feature_types", "gradient_booster", "learner_model_param", "objective"];
const MODEL: [&str; 8] =
    ["trees", "tree_info", "iteration_indptr", "gbtree_model_param", "weights", "cats", "weight_drop", "gbtree"];

impl Document {
    /// Reads a whole document.
    pub(super) fn read<P: Parser>(parser: &mut P) -> Result<Self, ImportError> {
        let mut document = Self::default();
        document.top(parser, true)?;
        parser.end()?;
        Ok(document)
    }

    /// The outermost object; that of a pickled booster has it under `Model`.
    fn top<P: Parser>(&mut self, parser: &mut P, is_outermost: bool) -> Result<(), ImportError> {
        each_key(parser, &["learner", "version", "Model"], |parser, key| match key {
            "learner" => self.learner(parser),
            "version" => parser.numbers(&mut self.version),
            "Model" if is_outermost => self.top(parser, false),
            _ => parser.skip(),
        })
    }

    fn learner<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        each_key(parser, &LEARNER, |parser, key| match key {
            "attributes" => self.attributes(parser),
            "feature_names" => texts(parser, &mut self.names),
            "feature_types" => texts(parser, &mut self.types),
            "gradient_booster" => self.booster(parser),
            "learner_model_param" => parameters(parser, &mut self.parameters),
            "objective" => self.objective(parser),
            _ => parser.skip(),
        })
    }

    fn attributes<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        parser.begin_object()?;
        while let Some(key) = parser.next_key()? {
            match key.as_str() {
                "best_iteration" => self.best_iteration = Some(parser.text()?),
                "scikit_learn" => {
                    parser.skip()?;
                    self.is_estimator = true;
                }
                _ => parser.skip()?,
            }
        }
        Ok(())
    }

    fn objective<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        each_key(parser, &["name"], |parser, key| match key {
            "name" => parser.text().map(|name| self.objective = Some(name)),
            _ => parser.skip(),
        })
    }

    /// `gradient_booster`: a name and a model; dart has both again under `gbtree`.
    fn booster<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        each_key(parser, &["name", "model", "gbtree", "weight_drop"], |parser, key| match key {
            "name" => parser.text().map(|name| self.booster = Some(name)),
            "model" => self.model(parser),
            "gbtree" => self.inner_booster(parser),
            "weight_drop" => parser.numbers(&mut self.tree_weights),
            _ => parser.skip(),
        })
    }

    fn inner_booster<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        parser.begin_object()?;
        while let Some(key) = parser.next_key()? {
            match key.as_str() {
                "model" => self.model(parser).map_err(|error| error.within(&key))?,
                _ => parser.skip()?,
            }
        }
        Ok(())
    }

    fn model<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        each_key(parser, &MODEL, |parser, key| match key {
            "trees" => self.read_trees(parser),
            "tree_info" => parser.numbers(&mut self.outputs),
            "iteration_indptr" => parser.numbers(&mut self.rounds),
            "gbtree_model_param" => parameters(parser, &mut self.parameters),
            "weights" => parser.numbers(&mut self.weights),
            "weight_drop" => parser.numbers(&mut self.tree_weights),
            "cats" => encodings(parser).map(|read| self.encodings = read),
            _ => parser.skip(),
        })
    }

    fn read_trees<P: Parser>(&mut self, parser: &mut P) -> Result<(), ImportError> {
        if !self.trees.is_empty() {
            return Err(ImportError::new("there are trees already"));
        }
        let mut arrays = Arrays::default();
        parser.begin_array()?;
        while parser.next_element()? {
            let place = self.trees.len();
            let read = arrays.read(parser).and_then(|()| arrays.nodes(&mut self.shared));
            self.trees.push(read.map_err(|error| error.within(format_args!("[{place}]")))?);
        }
        Ok(())
    }
}

/// Reads an object: `read` takes the value of each key, and an error of it names the key. Those of `known` are there
/// once.
fn each_key<P: Parser>(
    parser: &mut P,
    known: &[&str],
    mut read: impl FnMut(&mut P, &str) -> Result<(), ImportError>,
) -> Result<(), ImportError> {
    parser.begin_object()?;
    let mut keys = Keys::default();
    while let Some(key) = parser.next_key()? {
        keys.note(&key, known)?;
        read(parser, &key).map_err(|error| error.within(&key))?;
    }
    Ok(())
}

fn texts<P: Parser>(parser: &mut P, out: &mut Vec<String>) -> Result<(), ImportError> {
    parser.begin_array()?;
    while parser.next_element()? {
        out.push(parser.text()?);
    }
    Ok(())
}

/// An object of texts.
fn parameters<P: Parser>(parser: &mut P, out: &mut BTreeMap<String, String>) -> Result<(), ImportError> {
    parser.begin_object()?;
    while let Some(key) = parser.next_key()? {
        let value = parser.text().map_err(|error| error.within(&key))?;
        if out.insert(key.clone(), value).is_some() {
            return Err(ImportError::new(format_args!("the key {key:?} is there twice")));
        }
    }
    Ok(())
}

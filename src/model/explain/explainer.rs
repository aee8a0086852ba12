//! What explains a model's answers: made once, when the model is loaded; of trees, when a row is first explained.

use std::sync::{Arc, LazyLock};

use super::laid::Laid;
use super::linear::Slopes;
use super::sampled::Sampled;
use super::trees::LaidTrees;
use super::walk::{Buffers, Categories, Walk};
use crate::model::batch::Batch;
use crate::model::compiled::Scratch;
use crate::model::cover::CheckedCover;
use crate::model::ir::{Form, Linear, Link, Trees};
use crate::model::pipeline::Pipeline;
use crate::model::prediction::Contributions;
use crate::model::schema::Schema;

/// Nodes that are visited between two looks at the cancel flag: some 10 µs.
const NODES_PER_LOOK: usize = 1_024;

/// What contributions are made from.
#[derive(Debug)]
pub struct Parts<'m> {
    /// The checked form. Trees are kept until a row is first explained.
    pub form: &'m Arc<Form>,
    /// Encoder and predictor.
    pub pipeline: &'m Pipeline,
    /// What a row must look like.
    pub schema: &'m Schema,
    /// What reaches each node of each tree, where that is known.
    pub cover: Option<CheckedCover>,
    /// The mean of each column over the training rows, where that is known.
    pub means: Option<Vec<f64>>,
    /// The golden rows, where they are rows of the training data.
    pub golden: Option<&'m Batch>,
}

/// What explains a model's answers.
#[derive(Debug)]
pub struct Explainer {
    kind: Kind,
    n_scores: usize,
    /// Of each column the position of the feature that it is made from.
    features: Vec<u32>,
    n_features: usize,
}

#[derive(Debug)]
enum Kind {
    Trees(Box<LazyTrees>),
    Linear(Slopes, Baseline),
    Sampled(Sampled, Baseline),
}

/// What the scores are before a feature is known: `[n_scores]`.
type Baseline = Vec<f64>;

/// Trees that are laid out when a row is first explained: most models are never asked why.
#[derive(Debug)]
struct LazyTrees {
    laid: LazyLock<TreeExplainer, Box<dyn FnOnce() -> TreeExplainer + Send>>,
    /// Bytes that are kept to lay them out.
    bytes_before: usize,
}

/// Trees, and which of their outputs are explained.
#[derive(Debug)]
struct TreeExplainer {
    trees: LaidTrees,
    categories: Categories,
    /// Of each score the position of its output.
    outputs: Vec<usize>,
    baseline: Baseline,
}

impl Explainer {
    /// Of a model.
    ///
    /// # Errors
    /// One sentence: why its answers cannot be explained.
    pub fn new(parts: Parts<'_>) -> Result<Self, String> {
        let n_features = parts.schema.n_features();
        let features = parts.pipeline.encoder().features_of_columns(n_features);
        let (kind, n_scores) = match &**parts.form {
            Form::Trees(trees) => of_trees(trees, parts)?,
            Form::Linear(linear) => {
                let (slopes, baseline) = of_linear(linear, parts.means)?;
                let n_scores = check(&baseline)?;
                (Kind::Linear(slopes, baseline), n_scores)
            }
            Form::Neighbors(_) | Form::Svm(_) | Form::Bayes(_) => {
                let golden = parts
                    .golden
                    .ok_or("This model has no contributions: it has no rows of training data to compare with")?;
                let n_scores = match parts.schema.target().classes.len() {
                    0 => parts.schema.target().n_outputs(),
                    2 => 1,
                    n_classes => n_classes,
                };
                let (sampled, baseline) = Sampled::new(parts.pipeline, parts.schema, golden, n_scores)
                    .map_err(|error| format!("This model has no contributions: {error}"))?;
                let n_scores = check(&baseline)?;
                (Kind::Sampled(sampled, baseline), n_scores)
            }
        };
        Ok(Self { kind, n_scores, features, n_features })
    }

    /// Scores a row that contributions add up to, at least 1.
    pub fn n_scores(&self) -> usize {
        self.n_scores
    }

    /// Nodes or columns that are visited to explain a row; `None` where contributions are sampled.
    pub fn visits_per_row(&self) -> Option<usize> {
        match &self.kind {
            Kind::Trees(explainer) => {
                let TreeExplainer { trees, outputs, .. } = &*explainer.laid;
                let walks = if trees.values.are_of_all_outputs() { outputs.len() } else { 1 };
                Some(walks * trees.trees.iter().map(Laid::n_nodes).sum::<usize>())
            }
            Kind::Linear(..) => Some(self.features.len() * self.n_scores()),
            Kind::Sampled(..) => None,
        }
    }

    /// The contributions of rows of a batch that is known to fit `schema`. `None` once `is_cancelled` says so, which is
    /// asked for each row and at most every few trees.
    pub fn explain(
        &self,
        (pipeline, schema): (&Pipeline, &Schema),
        batch: &Batch,
        rows: std::ops::Range<usize>,
        scratch: &mut Scratch,
        is_cancelled: &dyn Fn() -> bool,
    ) -> Option<Contributions> {
        let (n_scores, n_features) = (self.n_scores(), self.n_features);
        let mut values = vec![0.0; rows.len() * n_scores * n_features];
        let of_rows = values.chunks_exact_mut(n_scores * n_features);
        let baseline = match &self.kind {
            Kind::Trees(trees) => &trees.laid.baseline,
            Kind::Linear(_, baseline) | Kind::Sampled(_, baseline) => baseline,
        };
        let is_whole = match &self.kind {
            Kind::Sampled(sampled, _) => rows
                .zip(of_rows)
                .all(|(row, out)| sampled.explain(pipeline, schema, batch.row(row), out, scratch, is_cancelled)),
            Kind::Trees(trees) => pipeline.encoded(batch, rows, scratch, |matrix, _| {
                let mut buffers = Buffers::default();
                let of_cells = matrix.chunks_exact(self.features.len().max(1));
                of_cells.zip(of_rows).all(|(row, out)| self.by_trees(&trees.laid, row, out, &mut buffers, is_cancelled))
            }),
            Kind::Linear(slopes, _) => pipeline.encoded(batch, rows, scratch, |matrix, _| {
                for (row, out) in matrix.chunks_exact(self.features.len().max(1)).zip(of_rows) {
                    for (score, out) in out.chunks_exact_mut(n_features).enumerate() {
                        slopes.explain(row, score, |column, value| out[self.features[column] as usize] += value);
                    }
                }
                true
            }),
        };
        is_whole.then(|| Contributions { baseline: baseline.clone(), values, n_features })
    }

    /// Adds a row's contributions by all trees; false once cancelled.
    fn by_trees(
        &self,
        TreeExplainer { trees, categories, outputs, .. }: &TreeExplainer,
        row: &[f64],
        out: &mut [f64],
        buffers: &mut Buffers,
        is_cancelled: &dyn Fn() -> bool,
    ) -> bool {
        let mut visited = NODES_PER_LOOK;
        for tree in &trees.trees {
            if visited >= NODES_PER_LOOK {
                visited = 0;
                if is_cancelled() {
                    return false;
                }
            }
            for (output, out) in outputs.iter().zip(out.chunks_exact_mut(self.n_features)) {
                if !trees.values.are_of_all_outputs() && usize::from(tree.output) != *output {
                    continue;
                }
                visited += tree.n_nodes();
                let walk = Walk { trees, tree, categories, output: *output, row };
                walk.run(buffers, &mut |column, value| out[self.features[usize::from(column)] as usize] += value);
            }
        }
        true
    }

    /// Bytes that it occupies.
    pub fn resident_bytes(&self) -> usize {
        let of_kind = match &self.kind {
            Kind::Trees(trees) => trees.resident_bytes(),
            Kind::Linear(slopes, baseline) => slopes.resident_bytes() + size_of_val(baseline.as_slice()),
            Kind::Sampled(sampled, baseline) => sampled.resident_bytes() + size_of_val(baseline.as_slice()),
        };
        of_kind + size_of_val(self.features.as_slice())
    }
}

/// How many scores there are, all finite.
fn check(baseline: &Baseline) -> Result<usize, String> {
    match baseline.iter().find(|score| !score.is_finite()) {
        Some(score) => Err(format!("This model has no contributions: its mean answer is {score}")),
        None => Ok(baseline.len()),
    }
}

impl LazyTrees {
    /// Bytes that they occupy now.
    fn resident_bytes(&self) -> usize {
        LazyLock::get(&self.laid).map_or(self.bytes_before, |laid| laid.trees.resident_bytes())
    }
}

fn of_trees(trees: &Trees, parts: Parts<'_>) -> Result<(Kind, usize), String> {
    let cover = parts
        .cover
        .ok_or("This model has no contributions: its file has no counts of training rows; import it with --data")?;
    LaidTrees::check(trees, &cover)?;
    // Probabilities of two classes add up to 1: the second's are told.
    let is_pair = parts.schema.target().classes.len() == 2 && trees.n_outputs() == 2 && trees.link == Link::Identity;
    let outputs: Vec<usize> = if is_pair { vec![1] } else { (0..trees.n_outputs()).collect() };
    let (n_scores, bytes_before) = (outputs.len(), trees.resident_bytes() + cover.resident_bytes());
    let form = Arc::clone(parts.form);
    let lay: Box<dyn FnOnce() -> TreeExplainer + Send> = Box::new(move || {
        let trees = form.trees().expect("this form was found to be trees");
        TreeExplainer::new(trees, &cover, outputs)
    });
    Ok((Kind::Trees(Box::new(LazyTrees { laid: LazyLock::new(lay), bytes_before })), n_scores))
}

impl TreeExplainer {
    fn new(trees: &Trees, cover: &CheckedCover, outputs: Vec<usize>) -> Self {
        let laid = LaidTrees::new(trees, &cover.numbers(trees)).expect("these trees were found to be explained");
        let divisor = trees.sum.divisor.unwrap_or(1.0);
        // Finite: checked trees add up to half of the range of numbers at most.
        let baseline = outputs.iter().map(|output| trees.sum.start[*output] / divisor + laid.mean(*output)).collect();
        let categories = Categories { sets: trees.sets.clone(), input: trees.input };
        Self { trees: laid, categories, outputs, baseline }
    }
}

fn of_linear(linear: &Linear, means: Option<Vec<f64>>) -> Result<(Slopes, Baseline), String> {
    let means = means.ok_or(
        "This model has no contributions: its file has no means of training rows; train it again, or import it with --data",
    )?;
    let slopes = Slopes::new(linear, means);
    let baseline = slopes.baseline(linear);
    Ok((slopes, baseline))
}

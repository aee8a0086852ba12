//! Contributions: equal to Shapley values by their definition, and to scores when they are added up.

use std::sync::Arc;

use smartserve::model::Model;
use smartserve::model::batch::Batch;
use smartserve::model::compiled::{Predictor as Compiled, Scratch};
use smartserve::model::cover::{self, CheckedCover};
use smartserve::model::explain::{Explainer, Parts};
use smartserve::model::ir::{
    CategorySet, Decision, Ensemble, Form, Leaves, Link, Missing, Node, Split, Sum, Test, Tree, Trees, Width,
};
use smartserve::model::neutral::Steps;
use smartserve::model::pipeline::{Encoder, Pipeline};
use smartserve::model::prediction::{Contributions, Prediction};
use smartserve::model::schema::{Feature, Schema, Target, Task};

use crate::support::path;
use crate::support::random::Random;

/// Rows of numbers that any tree takes, with missing cells.
fn schema(n_features: usize) -> Schema {
    let target = Target { name: "y".to_owned(), unit: None, classes: Vec::new(), outputs: None };
    let features = (0..n_features).map(|i| Feature::imported(format!("x{i}"), true)).collect();
    Schema::new(features, target, Task::Regression).unwrap()
}

/// Trees of up to `n_splits` splits each, with what reaches their nodes.
fn grown(random: &mut Random, n_columns: usize, n_trees: usize, n_splits: usize) -> (Trees, Vec<Vec<f64>>) {
    let sets: Vec<CategorySet> = (0..3).map(|i| CategorySet::new(vec![i, i + 2], random.below(2) == 0)).collect();
    let (mut trees, mut cover) = (Vec::new(), Vec::new());
    for _ in 0..n_trees {
        let mut nodes = vec![Node::Leaf(random.number())];
        let mut reached = vec![(1 + random.below(1_000)) as f64];
        for _ in 0..n_splits {
            let at = random.below(nodes.len());
            if !matches!(nodes[at], Node::Leaf(_)) {
                continue;
            }
            let next = nodes.len() as u32;
            let (test, missing) = match random.below(4) {
                0 => (Test::In(random.below(3) as u32), Missing::Fails),
                _ => (Test::AtMost(random.of(&[0.0, 1.0, 2.0, 3.0])), random.of(&[Missing::Fails, Missing::Passes])),
            };
            let column = random.below(n_columns) as u16;
            nodes[at] = Node::Split(Split { test, children: (next, next + 1), column, missing });
            nodes.extend([Node::Leaf(random.number()), Node::Leaf(random.number())]);
            // Now and then no row goes one way.
            let left = (reached[at] * random.of(&[0.0, 0.1, 0.5, 0.75])).floor();
            reached.extend([left, reached[at] - left]);
        }
        trees.push(Tree { nodes, output: 0, weight: 0.5 });
        cover.push(reached);
    }
    let sum = Sum { width: Width::F64, start: vec![0.25], divisor: Some(2.0), raw_is_undivided: false };
    let ensemble = Ensemble {
        n_columns,
        input: Width::F64,
        trees,
        sets,
        leaves: Leaves::Values,
        sum,
        link: Link::Identity,
        decision: Decision::Probability,
    };
    (Trees::new(ensemble).unwrap(), cover)
}

/// What explains these trees' answers, with the pipeline.
fn explainer(trees: &Trees, cover: &[Vec<f64>], schema: &Schema) -> (Explainer, Pipeline) {
    let form = Arc::new(Form::Trees(trees.clone()));
    let n = u32::try_from(schema.n_features()).unwrap();
    let steps = Steps { n_features: n, steps: Vec::new(), outputs: (0..n).collect() };
    let pipeline = Pipeline::new(Encoder::Steps(steps), Compiled::compile(&form, 0).unwrap()).unwrap();
    let weights = cover::weights_section(&cover.to_vec()).unwrap();
    let cover = CheckedCover::of_weights(&weights, trees).ok();
    let parts = Parts { form: &form, pipeline: &pipeline, schema, cover, means: None, golden: None };
    (Explainer::new(parts).unwrap(), pipeline)
}

/// A tree's mean over the rows that cover counts, of those that agree with `row` in the columns of `known`.
fn expectation(trees: &Trees, tree: usize, cover: &[f64], row: &[f64], known: usize, at: usize) -> f64 {
    let below = |child: usize| expectation(trees, tree, cover, row, known, child);
    match trees.trees[tree].nodes[at] {
        Node::Leaf(value) => value,
        Node::Split(split) => {
            let children = [split.children.0 as usize, split.children.1 as usize];
            let cell = row[usize::from(split.column)];
            if known >> split.column & 1 == 1 {
                let passes = match split.test {
                    Test::AtMost(bound) => split.missing.seen(cell) <= bound,
                    Test::In(set) if cell.is_nan() => trees.sets[set as usize].missing,
                    Test::In(set) => cell >= 0.0 && trees.sets[set as usize].members().contains(&(cell.trunc() as u32)),
                };
                return below(children[usize::from(!passes)]);
            }
            let [left, right] = children.map(|child| cover[child]);
            let share = if left + right > 0.0 { left / (left + right) } else { 0.5 };
            share * below(children[0]) + (1.0 - share) * below(children[1])
        }
    }
}

/// Shapley values by their definition: the weighted mean over all subsets of the other columns.
fn shapley(trees: &Trees, cover: &[Vec<f64>], row: &[f64]) -> (f64, Vec<f64>) {
    let n = row.len();
    let value = |known: usize| {
        let of_trees = (0..cover.len())
            .map(|tree| trees.trees[tree].weight * expectation(trees, tree, &cover[tree], row, known, 0));
        (trees.sum.start[0] + of_trees.sum::<f64>()) / trees.sum.divisor.unwrap()
    };
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    let of_column = |column: usize| {
        let subsets = (0..1_usize << n).filter(|subset| subset >> column & 1 == 0);
        let gain = |subset: usize| {
            let size = subset.count_ones() as usize;
            let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
            weight * (value(subset | 1 << column) - value(subset))
        };
        subsets.map(gain).sum()
    };
    (value(0), (0..n).map(of_column).collect())
}

fn row(random: &mut Random, n: usize) -> Vec<f64> {
    (0..n).map(|_| random.of(&[f64::NAN, -1.0, 0.0, 0.5, 1.0, 2.0, 3.0, 4.0])).collect()
}

#[test]
fn contributions_of_trees_are_shapley_values_by_definition() {
    let random = &mut Random(17);
    for case in 0..60 {
        let n = 1 + random.below(6);
        let (trees, cover) = grown(random, n, 1 + case % 3, [1, 3, 8, 40][case % 4]);
        let schema = schema(n);
        let (explainer, pipeline) = explainer(&trees, &cover, &schema);
        let rows: Vec<Vec<f64>> = (0..4).map(|_| row(random, n)).collect();
        let batch = Batch::from_rows(&schema, rows.concat()).unwrap();
        let of = |rows: std::ops::Range<usize>| {
            explainer.explain((&pipeline, &schema), &batch, rows, &mut Scratch::default(), &|| false).unwrap()
        };
        let all = of(0..4);
        for (i, row) in rows.iter().enumerate() {
            let (baseline, expected) = shapley(&trees, &cover, row);
            assert!((all.baseline[0] - baseline).abs() < 1e-13, "{} is not {baseline}", all.baseline[0]);
            for (got, expected) in all.of(i).iter().zip(&expected) {
                assert!((got - expected).abs() < 1e-13, "case {case}, row {row:?}: {:?} is not {expected}", all.of(i));
            }
            assert_eq!(of(i..i + 1).values, all.of(i), "a row's contributions do not depend on its neighbours");
        }
    }
}

#[test]
fn a_tree_by_hand_has_the_contributions_of_the_paper() {
    // Of 4 rows 2 are at most 0 in x0; of the others 1 is at most 0 in x1.
    let split =
        |column, children| Node::Split(Split { test: Test::AtMost(0.0), children, column, missing: Missing::Fails });
    let nodes = vec![split(0, (1, 2)), Node::Leaf(0.0), split(1, (3, 4)), Node::Leaf(4.0), Node::Leaf(8.0)];
    let sum = Sum { width: Width::F64, start: vec![0.0], divisor: None, raw_is_undivided: false };
    let trees = Trees::new(Ensemble {
        n_columns: 2,
        input: Width::F64,
        trees: vec![Tree { nodes, output: 0, weight: 1.0 }],
        sets: Vec::new(),
        leaves: Leaves::Values,
        sum,
        link: Link::Identity,
        decision: Decision::Probability,
    })
    .unwrap();
    let schema = schema(2);
    let (explainer, pipeline) = explainer(&trees, &[vec![4.0, 2.0, 2.0, 1.0, 1.0]], &schema);
    let batch = Batch::from_rows(&schema, vec![1.0, 1.0]).unwrap();
    let got = explainer.explain((&pipeline, &schema), &batch, 0..1, &mut Scratch::default(), &|| false).unwrap();
    // v() = 3, v(x0) = 6, v(x1) = 4, v(x0, x1) = 8: x0 gets (3 + 4) / 2, x1 (1 + 2) / 2.
    assert_eq!(got.baseline, [3.0]);
    assert!((got.values[0] - 3.5).abs() < 1e-15 && (got.values[1] - 1.5).abs() < 1e-15, "{:?}", got.values);
}

#[test]
fn a_cancelled_explanation_ends() {
    let random = &mut Random(5);
    let (trees, cover) = grown(random, 3, 2, 8);
    let schema = schema(3);
    let (explainer, pipeline) = explainer(&trees, &cover, &schema);
    let batch = Batch::from_rows(&schema, vec![0.0; 3]).unwrap();
    assert!(explainer.explain((&pipeline, &schema), &batch, 0..1, &mut Scratch::default(), &|| true).is_none());
}

/// The scores that a model's contributions add up to, row-major `[n_rows, n_scores]`.
fn scores(model: &Model, batch: &Batch, contributions: &Contributions) -> Vec<f64> {
    let scratch = &mut Scratch::default();
    let n_scores = contributions.n_scores();
    match (model.predict(batch, scratch).unwrap(), model.raw(batch, 0..batch.n_rows(), scratch)) {
        // The second of two classes' share.
        (_, Some(raw)) if raw.len() == 2 * batch.n_rows() && n_scores == 1 => {
            raw.chunks(2).map(|of_row| of_row[1]).collect()
        }
        (_, Some(raw)) => raw,
        (Prediction::Regression { values, .. }, None) => values,
        (Prediction::Classification { probability: Some(p), .. }, None) => {
            let n_classes = p.len() / batch.n_rows();
            p.chunks(n_classes).flat_map(|of_row| of_row[n_classes - n_scores..].to_vec()).collect()
        }
        (Prediction::Classification { classes, probability: None }, None) => {
            let is = |class: u32, score: usize| f64::from(u8::from(class as usize == score));
            classes.iter().flat_map(|class| (0..n_scores).map(|score| is(*class, score)).collect::<Vec<_>>()).collect()
        }
    }
}

#[test]
fn baseline_and_contributions_add_up_to_the_score_of_every_kind_of_model() {
    let folder = path("tests/fixtures/artifacts");
    let mut explained = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path();
        if file.extension().is_none_or(|ending| ending != "model") {
            continue;
        }
        let model = Model::load(&std::fs::read(&file).unwrap()).unwrap();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        if let Some(reason) = model.unexplained() {
            assert!(reason.starts_with("This model has no contributions: "), "{name}: {reason}");
            continue;
        }
        let golden = model.golden_batch();
        let n = golden.n_rows().min(4);
        let batch = Batch::from_rows(model.schema(), golden.values()[..n * golden.n_features()].to_vec()).unwrap();
        let got = model.contributions(&batch, 0..n, &mut Scratch::default(), &|| false).unwrap().unwrap();
        let expected = scores(&model, &batch, &got);
        assert_eq!(expected.len(), n * got.n_scores(), "{name}");
        for (i, expected) in expected.iter().enumerate() {
            let (row, score) = (i / got.n_scores(), i % got.n_scores());
            let of_score = &got.of(row)[score * got.n_features..][..got.n_features];
            let terms = got.baseline[score].abs() + of_score.iter().map(|value| value.abs()).sum::<f64>();
            let sum = got.baseline[score] + of_score.iter().sum::<f64>();
            assert!((sum - expected).abs() <= 1e-12 * terms.max(1.0), "{name}, row {row}: {sum} is not {expected}");
        }
        explained.push(name);
    }
    for name in ["boston-random-forest", "boston-knn", "boston-svr", "iris-svc", "iris-gaussian-nb", "mixed-ridge"] {
        assert!(explained.iter().any(|explained| explained == name), "{name} is not among {explained:?}");
    }
}

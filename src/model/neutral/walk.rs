//! The plain way to a model's answer, in the source's own arithmetic: what golden rows of imported models are made
//! with. It shares nothing with the kernels, nor with the form that they are compiled from.

use super::forest::{Comparison, Forest, Leaves, Missing, Node, Side, Split, Test};
use super::form::{Neutral, Predictor};
use super::linear::LinearModel;
use super::steps::{Operation, Steps};
use crate::model::ir::{Decision, Link, Width};

/// A split that a row passed: which tree, which node, to which side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Visit {
    /// The tree's position.
    pub tree: usize,
    /// The node's position in it.
    pub node: usize,
    /// Where the row went.
    pub side: Side,
}

/// What a model says of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Walked {
    /// Margins before the link, one per output: raw scores.
    pub raw: Vec<f64>,
    /// What they become: values, or probabilities of classes (of two, where there is one margin, of the second).
    pub linked: Vec<f64>,
    /// The position of the class that a classifier of this many outputs chooses.
    pub class: usize,
}

impl Neutral {
    /// Answers for a row of features as a batch holds them, and tells `visit` of each split on the way. The model is
    /// checked: see [`Neutral::to_form`].
    pub fn walk(&self, row: &[f64], visit: &mut dyn FnMut(Visit)) -> Walked {
        self.walk_columns(&columns(&self.steps, row), visit)
    }

    /// The same for a row of the predictor's columns, without the steps before it.
    pub fn walk_columns(&self, columns: &[f64], visit: &mut dyn FnMut(Visit)) -> Walked {
        let (raw, margins, link, width, decision) = match &self.predictor {
            Predictor::Forest(forest) => {
                let sums = sums(forest, columns, visit);
                let divided: Vec<f64> = match forest.sum.divisor {
                    Some(divisor) if forest.sum.width == Width::F32 => {
                        sums.iter().map(|sum| f64::from(narrow(*sum) / narrow(divisor))).collect()
                    }
                    Some(divisor) => sums.iter().map(|sum| sum / divisor).collect(),
                    None => sums.clone(),
                };
                let raw = if forest.sum.raw_is_undivided { sums } else { divided.clone() };
                (raw, divided, forest.link, forest.sum.width, forest.decision)
            }
            Predictor::Linear(linear) => {
                let scores = scores(linear, columns);
                (scores.clone(), scores, linear.link, linear.rule.width, linear.rule.decision)
            }
        };
        let linked = linked(link, width, &margins);
        let class = class(decision, &margins, &linked);
        Walked { raw, linked, class }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
fn narrow(v: f64) -> f32 {
    v as f32
}

/// The predictor's columns.
fn columns(steps: &Steps, row: &[f64]) -> Vec<f64> {
    let mut all = row.to_vec();
    for step in &steps.steps {
        let x = all[step.input as usize];
        match &step.operation {
            Operation::Codes { .. } if x.is_nan() => all.push(x),
            Operation::Codes { codes, unknown } => {
                let place = (0..codes.len()).zip(0_u32..).find(|(_, place)| f64::from(*place) == x);
                all.push(place.map_or(*unknown, |(at, _)| codes[at]));
            }
            Operation::AsMissing(value) => all.push(if x == *value { f64::NAN } else { x }),
            Operation::Fill(value) => all.push(if x.is_nan() { *value } else { x }),
            Operation::IsMissing => all.push(if x.is_nan() { 1.0 } else { 0.0 }),
            Operation::OneHot(values) => {
                let is = |value: f64| if x.is_nan() { value.is_nan() } else { x == value };
                all.extend(values.iter().map(|value| if is(*value) { 1.0 } else { 0.0 }));
            }
            Operation::Standardize { offset, divisor } => all.push((x - offset) / divisor),
            Operation::Affine { factor, offset } => all.push(x * factor + offset),
            Operation::Clip { low, .. } if x < *low => all.push(*low),
            Operation::Clip { high, .. } if x > *high => all.push(*high),
            Operation::Clip { .. } => all.push(x),
            Operation::Function(function) => all.push(function.of(x)),
            Operation::Narrow => all.push(f64::from(narrow(x))),
            Operation::DatePart(part) => all.push(part.of(x)),
        }
    }
    steps.outputs.iter().map(|column| all[*column as usize]).collect()
}

/// The sums of a forest's leaves, not divided.
fn sums(forest: &Forest, columns: &[f64], visit: &mut dyn FnMut(Visit)) -> Vec<f64> {
    let mut sums = forest.sum.start.clone();
    let add = |sum: &mut f64, term: f64| {
        *sum = match forest.sum.width {
            Width::F32 => f64::from(narrow(*sum) + narrow(term)),
            Width::F64 => *sum + term,
        };
    };
    for (number, tree) in forest.trees.iter().enumerate() {
        let mut at = 0;
        let leaf = loop {
            match &tree.nodes[at] {
                Node::Leaf(leaf) => break *leaf,
                Node::Split(split) => {
                    let side = side(forest, split, columns[usize::from(split.column)]);
                    visit(Visit { tree: number, node: at, side });
                    at = if side == Side::Left { split.left } else { split.right } as usize;
                }
            }
        };
        let n_outputs = sums.len();
        let output = &mut sums[usize::from(tree.output)];
        match &forest.leaves {
            Leaves::Values if forest.sum.width == Width::F32 => {
                add(output, f64::from(narrow(leaf) * narrow(tree.weight)));
            }
            Leaves::Values => add(output, leaf * tree.weight),
            Leaves::Vectors(values) => {
                let of_leaf = values.chunks_exact(n_outputs).nth(position(leaf)).unwrap_or_default();
                sums.iter_mut().zip(of_leaf).for_each(|(sum, value)| add(sum, *value));
            }
            Leaves::Linear(leaves) => {
                let Some(leaf) = leaves.get(position(leaf)) else { continue };
                let cells = || leaf.terms.iter().map(|(column, weight)| (columns[usize::from(*column)], weight));
                let is_missing = cells().any(|(cell, _)| cell.is_nan());
                let value = cells().fold(leaf.constant, |sum, (cell, weight)| sum + weight * cell);
                add(output, if is_missing { leaf.otherwise } else { value });
            }
        }
    }
    sums
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the form checked that it is a position")]
fn position(leaf: f64) -> usize {
    leaf as usize
}

/// Where a split leads a cell.
fn side(forest: &Forest, split: &Split, cell: f64) -> Side {
    // LightGBM's bound of what is 0.
    let is_zero = cell.abs() <= f64::from(1e-35_f32);
    match split.test {
        Test::Threshold(threshold) => {
            let cell = match split.missing {
                Missing::To(side) if cell.is_nan() => return side,
                Missing::WithZeroTo(side) if cell.is_nan() || is_zero => return side,
                Missing::AsZero if cell.is_nan() => 0.0,
                _ => cell,
            };
            let cell = if forest.value == Width::F32 { f64::from(narrow(cell)) } else { cell };
            Side::left_if(match forest.comparison {
                Comparison::Below => cell < threshold,
                Comparison::AtMost => cell <= threshold,
            })
        }
        Test::Set { set, members } => {
            if let (true, Missing::To(side)) = (cell.is_nan(), split.missing) {
                return side;
            }
            let whole = match forest.value {
                Width::F32 if narrow(cell) < 0.0 => return members.other(),
                Width::F32 => f64::from(narrow(cell)).trunc(),
                Width::F64 => cell.trunc(),
            };
            let is_member = forest.sets[set as usize].iter().any(|member| f64::from(*member) == whole);
            if is_member && whole < 16_777_216.0 { members } else { members.other() }
        }
    }
}

fn scores(linear: &LinearModel, columns: &[f64]) -> Vec<f64> {
    let rounded = |v: f64| if linear.rule.width == Width::F32 { f64::from(narrow(v)) } else { v };
    let of_output = |(weights, intercept): (&[f64], &f64)| {
        let mut sum = if linear.rule.intercept_first { *intercept } else { 0.0 };
        for (cell, weight) in columns.iter().zip(weights) {
            if linear.rule.skips_missing && cell.is_nan() {
                continue;
            }
            let term = rounded(rounded(*cell) * weight);
            sum = rounded(sum + term);
        }
        if linear.rule.intercept_first { sum } else { rounded(sum + intercept) }
    };
    linear.weights.chunks_exact(columns.len().max(1)).zip(&linear.intercepts).map(of_output).collect()
}

/// Margins through a link.
fn linked(link: Link, width: Width, margins: &[f64]) -> Vec<f64> {
    let each = |f: &dyn Fn(f64) -> f64| margins.iter().map(|m| f(*m)).collect();
    let narrow_each = |f: &dyn Fn(f32) -> f32| margins.iter().map(|m| f64::from(f(narrow(*m)))).collect();
    let largest = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match (link, width) {
        (Link::Identity, _) => margins.to_vec(),
        (Link::Exp, Width::F32) => narrow_each(&f32::exp),
        (Link::Exp, Width::F64) => each(&f64::exp),
        (Link::WideExp, _) => each(&|m| f64::from(narrow(m.exp()))),
        (Link::Hinge, _) => each(&|m| if m > 0.0 { 1.0 } else { 0.0 }),
        (Link::Logistic { .. }, Width::F32) => narrow_each(&|m| 1.0 / (((-m).min(88.7).exp() + 1.0) + 1e-16)),
        (Link::Logistic { slope }, Width::F64) => each(&|m| 1.0 / (1.0 + (-slope * m).exp())),
        (Link::CutLogistic, _) => each(&|m| match m {
            m if m < -40.0 => 0.0,
            m if m > 40.0 => 1.0,
            m => 1.0 / (1.0 + (-m).exp()),
        }),
        (Link::Softmax, Width::F32) => {
            let powers: Vec<f32> = margins.iter().map(|m| (narrow(*m) - narrow(largest)).exp()).collect();
            let sum = narrow(powers.iter().fold(0.0, |sum, power| sum + f64::from(*power)));
            powers.iter().map(|power| f64::from(power / sum)).collect()
        }
        (Link::Softmax, Width::F64) => {
            let powers: Vec<f64> = margins.iter().map(|m| (m - largest).exp()).collect();
            let sum = powers.iter().fold(0.0, |sum, power| sum + power);
            powers.iter().map(|power| power / sum).collect()
        }
        (Link::SignedSquare, _) => each(&|m| m * m.abs()),
        (Link::SoftPlus, _) => each(&|m| m.exp().ln_1p()),
        (Link::LogisticShare, _) => {
            let own: Vec<f64> = each(&|m| 1.0 / (1.0 + (-m).exp()));
            let sum = own.iter().fold(0.0, |sum, p| sum + p);
            let n: f64 = own.iter().map(|_| 1.0).sum();
            own.iter().map(|p| if sum == 0.0 { 1.0 / n } else { p / sum }).collect()
        }
    }
}

/// The class that a classifier chooses.
fn class(decision: Decision, margins: &[f64], linked: &[f64]) -> usize {
    let values = if decision == Decision::Probability { linked } else { margins };
    if let [value] = values {
        return usize::from(match decision {
            Decision::Probability => *value > 0.5,
            Decision::Margin => *value > 0.0,
            Decision::MarginFromZero => *value >= 0.0,
        });
    }
    let mut best = 0;
    for (at, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = at;
        }
    }
    best
}

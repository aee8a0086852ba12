//! What the IR can say of trees is computed by the kernels, bit for bit as a plain walk in the source's own
//! arithmetic: rules for missing cells, category sets, sums of 32 and 64 bits, several outputs, vector and linear
//! leaves, links. And the form's constructors refuse what kernels could not walk.

use smartserve::model::compiled::{Predictor, Scratch};
use smartserve::model::ir::{
    CategorySet, Decision, Ensemble, Form, Leaves, LinearLeaf, Link, Missing, Node, Split, Sum, Test, Tree, Trees,
    Width, bounds,
};
use smartserve::model::prediction::Prediction;

use crate::support::random::Random;

const N_COLUMNS: usize = 5;
const SIZES: [usize; 8] = [1, 7, 39, 40, 64, 130, 256, 600];
const BOUNDS: [f64; 12] =
    [-1e300, -2.5, -1.0, -1e-35, -0.0, 0.0, 1e-35, 0.5, 1.0, 3.0, f64::INFINITY, f64::NEG_INFINITY];
const CELLS: [f64; 20] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    -2.5,
    -1.0,
    -0.5,
    -1e-35,
    -1e-36,
    -0.0,
    0.0,
    1e-36,
    1e-35,
    0.5,
    1.0,
    2.9999999999,
    3.0,
    7.0,
    64.0,
    16_777_216.0,
    1e300,
];

/// Between −1 and 1, of the width.
fn number(random: &mut Random, width: Width) -> f64 {
    let v = random.number();
    if width == Width::F32 { f64::from(v as f32) } else { v }
}

fn nodes(random: &mut Random, n_sets: usize, with_rules: bool, mut leaf: impl FnMut(&mut Random) -> f64) -> Vec<Node> {
    let mut nodes = vec![Node::Leaf(leaf(random))];
    for _ in 0..random.below(24) {
        let at = random.below(nodes.len());
        if !matches!(nodes[at], Node::Leaf(_)) {
            continue;
        }
        let first = nodes.len() as u32;
        let children = if random.below(2) == 0 { (first, first + 1) } else { (first + 1, first) };
        let column = random.below(N_COLUMNS) as u16;
        let rules = [Missing::Fails, Missing::Passes, Missing::AsZero, Missing::ZeroFails, Missing::ZeroPasses];
        let (test, missing) = if n_sets > 0 && random.below(3) == 0 {
            (Test::In(random.below(n_sets) as u32), Missing::Fails)
        } else {
            (Test::AtMost(random.of(&BOUNDS)), if with_rules { random.of(&rules) } else { Missing::Fails })
        };
        nodes[at] = Node::Split(Split { test, children, column, missing });
        let (a, b) = (leaf(random), leaf(random));
        nodes.extend([Node::Leaf(a), Node::Leaf(b)]);
    }
    nodes
}

fn ensemble(random: &mut Random, kind: usize) -> Ensemble {
    let linear = kind == 3;
    let width = if !linear && random.below(2) == 0 { Width::F32 } else { Width::F64 };
    let n_outputs = if kind == 0 { 1 } else { 1 + random.below(4) };
    let with_sets = random.below(2) == 0;
    let sets: Vec<CategorySet> = (0..if with_sets { 1 + random.below(6) } else { 0 })
        .map(|_| {
            let members = (0..random.below(6)).map(|_| random.of(&[0, 1, 2, 3, 7, 63, 64, 65, 1_000_000])).collect();
            CategorySet::new(members, random.below(2) == 0)
        })
        .collect();
    let n_leaves = 9;
    let leaves = match kind {
        0 | 1 => Leaves::Values,
        2 => Leaves::Vectors((0..n_leaves * n_outputs).map(|_| number(random, width)).collect()),
        3 => Leaves::Linear(
            (0..n_leaves)
                .map(|_| LinearLeaf {
                    constant: number(random, width),
                    terms: (0..random.below(4)).map(|_| (random.below(N_COLUMNS) as u16, 1e-9)).collect(),
                    otherwise: number(random, width),
                })
                .collect(),
        ),
        _ => Leaves::Votes,
    };
    let with_rules = random.below(3) > 0;
    let n_trees = [1, 3, 8, 20][random.below(4)];
    let trees = (0..n_trees)
        .map(|_| Tree {
            nodes: nodes(random, sets.len(), with_rules, |random| match kind {
                0 | 1 => number(random, width),
                2 | 3 => random.below(n_leaves) as f64,
                _ => random.below(n_outputs) as f64,
            }),
            output: random.below(n_outputs) as u16,
            weight: if kind < 2 { number(random, width) } else { 1.0 },
        })
        .collect();
    let votes = kind == 4;
    let links = match width {
        Width::F32 => {
            vec![Link::Identity, Link::Exp, Link::WideExp, Link::Hinge, Link::Logistic { slope: 1.0 }, Link::Softmax]
        }
        Width::F64 => vec![
            Link::Identity,
            Link::Exp,
            Link::Logistic { slope: 0.7 },
            Link::CutLogistic,
            Link::Softmax,
            Link::SignedSquare,
            Link::SoftPlus,
            Link::LogisticShare,
        ],
    };
    Ensemble {
        n_columns: N_COLUMNS,
        input: random.of(&[Width::F32, Width::F64]),
        trees,
        sets,
        leaves,
        sum: Sum {
            width,
            start: (0..n_outputs).map(|_| number(random, width)).collect(),
            divisor: (!votes && random.below(3) == 0).then_some(n_trees as f64),
            raw_is_undivided: random.below(2) == 0,
        },
        link: if votes { Link::Identity } else { random.of(&links) },
        decision: random.of(&[Decision::Probability, Decision::Margin, Decision::MarginFromZero]),
    }
}

/// Written from the definitions, with nothing of the kernels' or the constructor's.
fn passes(e: &Ensemble, split: &Split, cell: f64) -> bool {
    match split.test {
        Test::AtMost(bound) => {
            let is_zero = cell.abs() <= f64::from(1e-35_f32);
            match split.missing {
                Missing::Fails => cell <= bound,
                Missing::Passes => cell.is_nan() || cell <= bound,
                Missing::AsZero => (if cell.is_nan() { 0.0 } else { cell }) <= bound,
                Missing::ZeroFails => !cell.is_nan() && !is_zero && cell <= bound,
                Missing::ZeroPasses => cell.is_nan() || is_zero || cell <= bound,
            }
        }
        Test::In(set) => {
            let set = &e.sets[set as usize];
            if cell.is_nan() {
                return set.missing;
            }
            let category = match e.input {
                Width::F32 => f64::from(cell as f32),
                Width::F64 => cell,
            };
            let below = if e.input == Width::F32 { 0.0 } else { -1.0 };
            if category < below || category == -1.0 || category >= 16_777_216.0 {
                return false;
            }
            set.members().contains(&(category as u32))
        }
    }
}

fn add(width: Width, a: f64, b: f64) -> f64 {
    if width == Width::F32 { f64::from(a as f32 + b as f32) } else { a + b }
}

fn margins(e: &Ensemble, row: &[f64]) -> Vec<f64> {
    let mut sums = e.sum.start.clone();
    let width = e.sum.width;
    for tree in &e.trees {
        let mut at = 0;
        let number = loop {
            match &tree.nodes[at] {
                Node::Leaf(number) => break *number,
                Node::Split(split) => {
                    let holds = passes(e, split, row[split.column as usize]);
                    at = if holds { split.children.0 } else { split.children.1 } as usize;
                }
            }
        };
        let output = tree.output as usize;
        match &e.leaves {
            Leaves::Values => {
                let leaf = match width {
                    Width::F32 => f64::from(number as f32 * tree.weight as f32),
                    Width::F64 => number * tree.weight,
                };
                sums[output] = add(width, sums[output], leaf);
            }
            Leaves::Vectors(values) => {
                for (i, sum) in sums.iter_mut().enumerate() {
                    *sum = add(width, *sum, values[number as usize * e.sum.start.len() + i]);
                }
            }
            Leaves::Linear(leaves) => {
                let leaf = &leaves[number as usize];
                let is_missing = leaf.terms.iter().any(|(c, _)| row[*c as usize].is_nan());
                let value = leaf.terms.iter().fold(leaf.constant, |sum, (c, w)| sum + w * row[*c as usize]);
                sums[output] += if is_missing { leaf.otherwise } else { value };
            }
            Leaves::Shares(shares) => shares.of_leaf(number as usize).for_each(|(class, share)| sums[class] += share),
            Leaves::Votes => sums[number as usize] += 1.0,
        }
    }
    if let Some(divisor) = e.sum.divisor {
        for sum in &mut sums {
            *sum = if width == Width::F32 { f64::from(*sum as f32 / divisor as f32) } else { *sum / divisor };
        }
    }
    sums
}

fn linked(e: &Ensemble, margins: &[f64]) -> Vec<f64> {
    let wide = |f: &dyn Fn(f64) -> f64| margins.iter().map(|m| f(*m)).collect::<Vec<f64>>();
    let narrow = |f: &dyn Fn(f32) -> f32| margins.iter().map(|m| f64::from(f(*m as f32))).collect::<Vec<f64>>();
    let max = margins.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    match (e.link, e.sum.width) {
        (Link::Identity, _) => margins.to_vec(),
        (Link::Exp, Width::F64) => wide(&f64::exp),
        (Link::Exp, Width::F32) => narrow(&f32::exp),
        (Link::WideExp, _) => wide(&|m| f64::from(m.exp() as f32)),
        (Link::Hinge, _) => wide(&|m| if m > 0.0 { 1.0 } else { 0.0 }),
        (Link::Logistic { slope }, Width::F64) => wide(&|m| 1.0 / (1.0 + (-slope * m).exp())),
        (Link::Logistic { .. }, Width::F32) => narrow(&|m| 1.0 / (((-m).min(88.7).exp() + 1.0) + 1e-16)),
        (Link::CutLogistic, _) => wide(&|m| match m {
            m if m < -40.0 => 0.0,
            m if m > 40.0 => 1.0,
            m => 1.0 / (1.0 + (-m).exp()),
        }),
        (Link::Softmax, Width::F64) => {
            let e: Vec<f64> = margins.iter().map(|m| (m - max).exp()).collect();
            let sum = e.iter().fold(0.0, |sum, e| sum + e);
            e.iter().map(|e| e / sum).collect()
        }
        (Link::Softmax, Width::F32) => {
            let e: Vec<f32> = margins.iter().map(|m| (*m as f32 - max as f32).exp()).collect();
            let sum = e.iter().fold(0.0_f64, |sum, e| sum + f64::from(*e)) as f32;
            e.iter().map(|e| f64::from(e / sum)).collect()
        }
        (Link::SignedSquare, _) => wide(&|m| m.signum() * m * m),
        (Link::SoftPlus, _) => wide(&|m| m.exp().ln_1p()),
        (Link::LogisticShare, _) => {
            let each: Vec<f64> = margins.iter().map(|m| 1.0 / (1.0 + (-m).exp())).collect();
            let sum = each.iter().fold(0.0, |sum, p| sum + p);
            each.iter().map(|p| if sum == 0.0 { 1.0 / each.len() as f64 } else { p / sum }).collect()
        }
    }
}

/// Classes and probabilities of one row's margins.
fn classified(e: &Ensemble, margins: &[f64]) -> (u32, Vec<f64>) {
    let first_max = |values: &[f64]| {
        let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        values.iter().position(|v| *v == max).unwrap() as u32
    };
    if e.leaves == Leaves::Votes {
        let votes: Vec<f64> = margins.iter().zip(&e.sum.start).map(|(m, s)| (m - s).round()).collect();
        return (first_max(&votes), votes.iter().map(|v| v / e.trees.len() as f64).collect());
    }
    let p = linked(e, margins);
    let class = match (e.decision, margins) {
        (Decision::Probability, [_]) => u32::from(p[0] > 0.5),
        (Decision::Margin, [m]) => u32::from(*m > 0.0),
        (Decision::MarginFromZero, [m]) => u32::from(*m >= 0.0),
        (Decision::Probability, _) => first_max(&p),
        (_, several) => first_max(several),
    };
    match (p.as_slice(), e.sum.width) {
        ([p], Width::F32) => (class, vec![f64::from(1.0 - *p as f32), *p]),
        ([p], Width::F64) => (class, vec![1.0 - p, *p]),
        _ => (class, p),
    }
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Raw scores are the margins, or the sums before they are divided where the form says so.
fn check_raw(e: &Ensemble, predictor: &Predictor, random: &mut Random) {
    let undivided = Sum { divisor: None, ..e.sum.clone() };
    let of = if e.sum.raw_is_undivided { Ensemble { sum: undivided, ..e.clone() } } else { e.clone() };
    let rows: Vec<f64> = (0..50 * N_COLUMNS).map(|_| random.of(&CELLS)).collect();
    let expected: Vec<f64> = rows.chunks(N_COLUMNS).flat_map(|row| margins(&of, row)).collect();
    // Infinity − infinity may have either sign.
    if expected.iter().all(|m| !m.is_nan()) {
        assert_eq!(bits(&expected), bits(&predictor.raw(&rows, &mut Scratch::default()).unwrap()), "{e:?}");
    }
}

/// Compares batches of all sizes with the plain walk.
fn check(e: &Ensemble, random: &mut Random) {
    let n_outputs = e.sum.start.len();
    let n_classes = match (&e.leaves, n_outputs) {
        (Leaves::Votes, n) => n,
        _ if random.below(2) == 0 => 0,
        (_, n) => n.max(2),
    };
    let predictor = Predictor::compile(&Form::Trees(Trees::new(e.clone()).unwrap()), n_classes).unwrap();
    if e.leaves != Leaves::Votes {
        check_raw(e, &predictor, random);
    }
    let scratch = &mut Scratch::default();
    for size in SIZES {
        let rows: Vec<f64> = (0..size * N_COLUMNS).map(|_| random.of(&CELLS)).collect();
        let expected: Vec<Vec<f64>> = rows.chunks(N_COLUMNS).map(|row| margins(e, row)).collect();
        // An infinite cell in a linear leaf.
        let refused = expected.iter().any(|m| m.iter().any(|m| !m.is_finite()));
        match predictor.predict(&rows, 0, scratch) {
            Err(_) => assert!(refused || expected.iter().any(|m| linked(e, m).iter().any(|v| !v.is_finite()))),
            Ok(Prediction::Regression { values, .. }) => {
                let expected: Vec<f64> = expected.iter().flat_map(|m| linked(e, m)).collect();
                assert_eq!(bits(&expected), bits(&values), "{size} rows: {e:?}");
            }
            Ok(Prediction::Classification { classes, probability }) => {
                let (c, p): (Vec<u32>, Vec<Vec<f64>>) = expected.iter().map(|m| classified(e, m)).unzip();
                assert_eq!(c, classes, "{size} rows: {e:?}");
                assert_eq!(bits(&p.concat()), bits(&probability.unwrap()), "{size} rows: {e:?}");
            }
        }
    }
}

fn check_kind(kind: usize) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15 + kind as u64);
    for _ in 0..150 {
        let mut e = ensemble(&mut random, kind);
        if kind == 4 {
            e.sum.start.fill(0.0);
            e.sum.width = Width::F64;
        }
        check(&e, &mut random);
    }
}

#[test]
fn sets_of_one_category_each() {
    let mut random = Random(77);
    let mut checked = 0;
    while checked < 10 {
        let mut e = ensemble(&mut random, 0);
        if e.sets.is_empty() || e.trees.len() < 8 {
            continue;
        }
        checked += 1;
        e.sets = (0..60).map(|i| CategorySet::new(vec![i], false)).collect();
        for node in e.trees.iter_mut().flat_map(|tree| &mut tree.nodes) {
            if let Node::Split(Split { test: Test::In(set), .. }) = node {
                *set = random.below(60) as u32;
            }
        }
        check(&e, &mut random);
    }
}

#[test]
fn values_of_one_output() {
    check_kind(0);
}

#[test]
fn values_of_several_outputs() {
    check_kind(1);
}

#[test]
fn vector_leaves() {
    check_kind(2);
}

#[test]
fn linear_leaves() {
    check_kind(3);
}

#[test]
fn votes() {
    check_kind(4);
}

#[test]
fn comparisons_in_32_bits_are_bounds() {
    let thresholds = [0.1_f32, 1.0, -0.3, 0.0, f32::MIN_POSITIVE, f32::MAX, 16_777_217.0];
    for (t, strict) in thresholds.into_iter().flat_map(|t| [(t, true), (t, false), (-t, true), (-t, false)]) {
        let bound = if strict { bounds::below_f32(t).unwrap() } else { bounds::at_most_f32(t) };
        let split = Split { test: Test::AtMost(bound), children: (1, 2), column: 0, missing: Missing::Fails };
        let nodes = vec![Node::Split(split), Node::Leaf(1.0), Node::Leaf(2.0)];
        let tree = Tree { nodes, output: 0, weight: 1.0 };
        let sum = Sum { width: Width::F32, start: vec![0.0], divisor: None, raw_is_undivided: false };
        let e = Ensemble {
            n_columns: 1,
            input: Width::F32,
            trees: vec![tree],
            sets: Vec::new(),
            leaves: Leaves::Values,
            sum,
            link: Link::Identity,
            decision: Decision::Probability,
        };
        let predictor = Predictor::compile(&Form::Trees(Trees::new(e).unwrap()), 0).unwrap();
        let (t64, mut rows) = (f64::from(t), vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        for near in [t64, bound, f64::from(t.next_up()), f64::from(t.next_down())] {
            rows.extend([near, near.next_up(), near.next_down()]);
        }
        let Ok(Prediction::Regression { values, .. }) = predictor.predict(&rows, 0, &mut Scratch::default()) else {
            panic!("no values");
        };
        for (x, value) in rows.iter().zip(values) {
            let holds = if strict { (*x as f32) < t } else { *x as f32 <= t };
            assert_eq!(value, if holds { 1.0 } else { 2.0 }, "{x:e} and {t:e}");
        }
    }
}

#[test]
fn what_kernels_could_not_walk_is_refused() {
    let sound = || {
        let mut random = Random(7);
        loop {
            let e = ensemble(&mut random, 0);
            if e.trees[0].nodes.len() > 4 && !e.sets.is_empty() && e.sum.width == Width::F32 {
                return e;
            }
        }
    };
    let refused = |words: &str, change: &dyn Fn(&mut Ensemble)| {
        let mut e = sound();
        change(&mut e);
        let said = Trees::new(e).expect_err(words);
        assert!(said.contains(words), "{said:?} does not say {words:?}");
    };
    fn split(e: &mut Ensemble) -> &mut Split {
        match &mut e.trees[0].nodes[0] {
            Node::Split(split) => split,
            Node::Leaf(_) => panic!("no split"),
        }
    }
    Trees::new(sound()).unwrap();
    refused("has no trees", &|e| e.trees.clear());
    refused("0 outputs", &|e| e.sum.start.clear());
    refused("a sum starts with NaN", &|e| e.sum.start[0] = f64::NAN);
    refused("a sum starts with 0.1", &|e| e.sum.start[0] = 0.1);
    refused("divided by 0", &|e| e.sum.divisor = Some(0.0));
    refused("a tree weighs inf", &|e| e.trees[0].weight = f64::INFINITY);
    refused("is not defined", &|e| e.link = Link::SoftPlus);
    refused("weigh 1", &|e| e.leaves = Leaves::Votes);
    refused("adds to output 1 of 1", &|e| e.trees[0].output = 1);
    refused("a tree has no nodes", &|e| e.trees[0].nodes.clear());
    refused("has the child 0", &|e| split(e).children.0 = 0);
    refused("has the child 1000", &|e| split(e).children.1 = 1000);
    refused("has two parents", &|e| split(e).children.0 = split(e).children.1);
    refused("has no parent", &|e| e.trees[0].nodes.push(Node::Leaf(0.0)));
    refused("splits on column 5 of 5", &|e| split(e).column = 5);
    refused("is not a number", &|e| split(e).test = Test::AtMost(f64::NAN));
    refused("asks for set 99", &|e| *split(e) = Split { test: Test::In(99), missing: Missing::Fails, ..*split(e) });
    refused("rule for missing cells", &|e| {
        *split(e) = Split { test: Test::In(0), missing: Missing::Passes, ..*split(e) };
    });
    refused("holds NaN", &|e| *e.trees[0].nodes.last_mut().unwrap() = Node::Leaf(f64::NAN));
    refused("holds 0.1", &|e| *e.trees[0].nodes.last_mut().unwrap() = Node::Leaf(0.1));
    refused("not one finite value an output", &|e| {
        e.trees.iter_mut().for_each(|tree| tree.weight = 1.0);
        e.leaves = Leaves::Vectors(vec![f64::NAN]);
    });
}

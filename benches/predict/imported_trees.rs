//! One row of forests as LightGBM and XGBoost make them: splits that see missing cells on either side, and splits that ask
//! for sets of categories. Their shape is theirs; what they answer means nothing.

use std::hint::black_box;

use smartserve::model::compiled::{Predictor, Scratch};
use smartserve::model::ir::{
    CategorySet, Decision, Ensemble, Form, Leaves, Link, Missing, Node, Split, Sum, Test, Tree, Trees, Width,
};

use crate::random::Random;
use crate::time::{Stopwatch, wanted};

const COLUMNS: usize = 20;
/// Of the last column.
const CATEGORIES: usize = 40;
/// Different bounds of each other column.
const BOUNDS: usize = 255;
/// Rows that are asked one by one, all distinct.
const ROWS: usize = 1_000;

/// A line for each shape: µs a row, one row a call and five.
pub(crate) fn walk() {
    println!("\n{:<70} {:>9} {:>9} {:>9}", "imported trees, µs a row", "1 row", "5 rows", "KiB");
    for (trees, leaves, depth, sets, width) in [
        (100, 40, 6, 0, Width::F64),
        (500, 100, 8, 0, Width::F64),
        (500, 100, 8, 4_000, Width::F64),
        (500, 190, 8, 8_000, Width::F32),
    ] {
        let name = format!("imported trees: {trees} of {leaves} leaves, depth {depth}, {sets} sets, {width:?}");
        if !wanted(&name) {
            continue;
        }
        let random = &mut Random(11);
        let form = Form::Trees(
            Trees::new(Ensemble { sum: sum(width), ..ensemble(random, trees, leaves, depth, sets) }).unwrap(),
        );
        let predictor = Predictor::compile(&form, 0).unwrap();
        let rows: Vec<f64> = (0..ROWS * COLUMNS).map(|i| cell(random, i % COLUMNS)).collect();
        let scratch = &mut Scratch::default();
        let mut least = |n: usize| {
            let all = || rows.chunks(n * COLUMNS).for_each(|rows| drop(black_box(predictor.predict(rows, 0, scratch))));
            Stopwatch::least(all) * 1e6 / ROWS as f64
        };
        let (one, five, bytes) = (least(1), least(5), predictor.forest_bytes().unwrap());
        println!("{name:<70} {one:>9.3} {five:>9.3} {:>9}", bytes >> 10);
    }
}

/// A cell of a column, a tenth missing.
fn cell(random: &mut Random, column: usize) -> f64 {
    match random.below(10) {
        0 => f64::NAN,
        _ if column == COLUMNS - 1 => random.below(CATEGORIES) as f64,
        _ => random.number(),
    }
}

fn sum(width: Width) -> Sum {
    Sum { width, start: vec![0.5], divisor: None, raw_is_undivided: false }
}

fn ensemble(random: &mut Random, n_trees: usize, n_leaves: usize, depth: usize, n_sets: usize) -> Ensemble {
    let sets = (0..n_sets)
        .map(|_| {
            let members = (0..CATEGORIES as u32).filter(|_| random.below(2) == 0).collect();
            CategorySet::new(members, random.below(2) == 0)
        })
        .collect();
    let trees = (0..n_trees).map(|_| tree(random, n_leaves, depth, n_sets)).collect();
    Ensemble {
        n_columns: COLUMNS,
        input: Width::F64,
        trees,
        sets,
        leaves: Leaves::Values,
        sum: sum(Width::F64),
        link: Link::Identity,
        decision: Decision::Probability,
    }
}

/// Leaves are split at random until there are enough, or all are as deep as they may be.
fn tree(random: &mut Random, n_leaves: usize, depth: usize, n_sets: usize) -> Tree {
    // An f32 number, which sums of either width take.
    let leaf = |random: &mut Random| Node::Leaf(f64::from(random.number() as f32));
    let mut nodes = vec![leaf(random)];
    let mut open = vec![(0, 0)];
    while nodes.len() < 2 * n_leaves && !open.is_empty() {
        let (at, above) = open.swap_remove(random.below(open.len()));
        let next = nodes.len() as u32;
        let missing = random.of(&[Missing::Fails, Missing::Passes]);
        let (test, missing, column) = match random.below(if n_sets > 0 { COLUMNS } else { COLUMNS - 1 }) {
            column if column == COLUMNS - 1 => (Test::In(random.below(n_sets) as u32), Missing::Fails, column),
            column => (Test::AtMost(random.below(BOUNDS) as f64 * 2.0 / BOUNDS as f64 - 1.0), missing, column),
        };
        nodes[at] = Node::Split(Split { test, children: (next, next + 1), column: column as u16, missing });
        for _ in 0..2 {
            if above + 1 < depth {
                open.push((nodes.len(), above + 1));
            }
            nodes.push(leaf(random));
        }
    }
    Tree { nodes, output: 0, weight: 1.0 }
}

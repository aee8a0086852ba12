//! Grown trees against the definition: every split, and every leaf, by brute force on small tables.

use proptest::prelude::*;

use smartserve::train::fit::trees::cart::{GrowthLimits, RankedRows, Ranks, TreeNode};
use smartserve::train::random::SplitMix64;

const COLUMNS: usize = 3;

/// Rows with a class, and how often each is drawn.
type Known = Vec<([f64; COLUMNS], u32, u32)>;

fn tables() -> impl Strategy<Value = Known> {
    let cell = || {
        prop_oneof![
            8 => (-3_i8..4).prop_map(f64::from),
            1 => Just(-0.0),
            1 => Just(5e-324),
            1 => Just(1.0_f64.next_up()),
            2 => -1e150..1e150,
        ]
    };
    prop::collection::vec(([cell(), cell(), cell()], 0..4_u32, 0..3_u32), 1..40)
        .prop_filter("something is drawn", |rows| rows.iter().any(|row| row.2 > 0))
}

fn limits() -> impl Strategy<Value = GrowthLimits> {
    (prop::option::of(1..5_u16), 1..5_usize, 1..=COLUMNS).prop_map(|(levels, min_samples_leaf, columns)| GrowthLimits {
        levels,
        min_samples_leaf,
        columns,
    })
}

fn grown(known: &Known, limits: GrowthLimits, seed: u64) -> Vec<TreeNode> {
    let matrix: Vec<f64> = known.iter().flat_map(|row| row.0).collect();
    let classes: Vec<u32> = known.iter().map(|row| row.1).collect();
    let drawn: Vec<u32> = known.iter().map(|row| row.2).collect();
    let ranks = Ranks::new(&matrix, COLUMNS);
    RankedRows::new(&matrix, &ranks, &classes, 4).grow(&drawn, limits, &mut SplitMix64::new(seed, 0))
}

/// (Σ p², rows): from the definition.
fn purity<'a>(rows: impl Iterator<Item = &'a ([f64; COLUMNS], u32, u32)>) -> (f64, u32) {
    let mut counts = [0; 4];
    rows.for_each(|row| counts[row.1 as usize] += row.2);
    let n: u32 = counts.iter().sum();
    (counts.iter().map(|count| (f64::from(*count) / f64::from(n)).powi(2)).sum(), n)
}

/// What a split gains; `None` where a side is too small.
fn gain(rows: &Known, column: usize, threshold: f64, least: usize) -> Option<f64> {
    let (before, n_before) = purity(rows.iter().filter(|row| row.0[column] <= threshold));
    let (after, n_after) = purity(rows.iter().filter(|row| row.0[column] > threshold));
    let (whole, n) = purity(rows.iter());
    let children = (f64::from(n_before) * before + f64::from(n_after) * after) / f64::from(n);
    (n_before.min(n_after) as usize >= least).then_some(children - whole)
}

/// The most that a split at any cell of a column gains.
fn most(rows: &Known, column: usize, least: usize) -> Option<f64> {
    rows.iter().filter_map(|row| gain(rows, column, row.0[column], least)).max_by(f64::total_cmp)
}

fn check(nodes: &[TreeNode], at: usize, rows: &Known, limits: GrowthLimits) {
    let node = &nodes[at];
    let (purity, n) = purity(rows.iter());
    assert_eq!(node.n_rows, n as usize);
    assert!((node.impurity - (1.0 - purity)).abs() < 1e-12);
    let most_of = |column| most(rows, column, limits.min_samples_leaf);
    let Some(split) = &node.split else {
        let may_not = limits.levels == Some(node.level) || rows.iter().all(|row| row.1 == rows[0].1);
        assert!(may_not || (0..COLUMNS).all(|column| most_of(column).is_none()), "{node:?} is a leaf");
        return;
    };
    let gained = gain(rows, split.column, split.threshold, limits.min_samples_leaf).unwrap();
    assert!((gained - split.gain).abs() < 1e-12, "{split:?} gains {gained}");
    // A split that looks at fewer columns is the best of one at least, and no worse than so many others.
    let worse = (0..COLUMNS).filter(|column| most_of(*column).is_none_or(|most| most <= gained + 1e-12));
    assert!(worse.count() >= limits.columns, "{split:?} of {rows:?}");
    assert!(most_of(split.column).unwrap() <= gained + 1e-12, "{split:?} of {rows:?}");
    let (first, second) =
        rows.iter().copied().partition(|row: &([f64; COLUMNS], u32, u32)| row.0[split.column] <= split.threshold);
    check(nodes, split.children, &first, limits);
    check(nodes, split.children + 1, &second, limits);
}

proptest! {
    #[test]
    fn every_split_is_the_best_of_the_columns_looked_at(known in tables(), limits in limits(), seed: u64) {
        let drawn: Known = known.iter().copied().filter(|row| row.2 > 0).collect();
        check(&grown(&known, limits, seed), 0, &drawn, limits);
    }
}

/// The classes that rows reach, of a tree without limits.
fn answers(nodes: &[TreeNode], known: &Known) -> Vec<u32> {
    let walk = |row: &[f64; COLUMNS]| {
        let mut node = &nodes[0];
        while let Some(split) = &node.split {
            node = &nodes[split.children + usize::from(row[split.column] > split.threshold)];
        }
        u32::try_from(node.class).unwrap()
    };
    known.iter().map(|row| walk(&row.0)).collect()
}

#[test]
fn a_boundary_between_rows_of_one_class_is_found_where_others_share_their_value() {
    let known: Known = [(1.0, 0), (2.0, 0), (2.0, 1), (3.0, 1), (3.0, 1), (3.0, 1)]
        .map(|(x, class)| ([x, 0.0, 0.0], class, 1))
        .to_vec();
    let whole = GrowthLimits { levels: None, min_samples_leaf: 1, columns: COLUMNS };
    let nodes = grown(&known, whole, 1);
    let split = nodes[0].split.as_ref().unwrap();
    assert_eq!((split.column, split.threshold), (0, 2.5));
    assert_eq!(answers(&nodes, &known), [0, 0, 0, 1, 1, 1]);
}

#[test]
fn equally_good_columns_are_all_taken_by_one_seed_or_another() {
    let known: Known = (0..8_u8).map(|i| ([f64::from(i); COLUMNS], u32::from(i > 3), 1)).collect();
    let whole = GrowthLimits { levels: None, min_samples_leaf: 1, columns: COLUMNS };
    let taken = |seed| grown(&known, whole, seed)[0].split.as_ref().unwrap().column;
    assert!((0..COLUMNS).all(|column| (0..50).any(|seed| taken(seed) == column)));
}

//! Grown trees against the definition: every split, and every leaf, by brute force on small tables.

use proptest::prelude::*;

use smartserve::train::fit::trees::cart::{ClassCounts, Gini, GrowthLimits, RankedRows, Ranks, TreeNode, Variance};
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
    of_rows([cell().boxed(), cell().boxed(), cell().boxed()])
}

/// Columns of zeros and few ones, which are kept as the rows of the ones, beside one of many values.
fn sparse_tables() -> impl Strategy<Value = Known> {
    let flag = || prop_oneof![12 => Just(0.0), 1 => Just(1.0)].boxed();
    of_rows([flag(), (-3_i8..4).prop_map(f64::from).boxed(), flag()])
}

fn of_rows(cells: [BoxedStrategy<f64>; COLUMNS]) -> impl Strategy<Value = Known> {
    prop::collection::vec((cells, 0..4_u32, 0..3_u32), 1..40)
        .prop_filter("something is drawn", |rows| rows.iter().any(|row| row.2 > 0))
}

fn limits() -> impl Strategy<Value = GrowthLimits> {
    (prop::option::of(1..5_u16), 1..5_usize, 1..=COLUMNS).prop_map(|(levels, min_samples_leaf, columns)| GrowthLimits {
        levels,
        min_samples_leaf,
        columns,
        is_random: false,
    })
}

fn grown(known: &Known, limits: GrowthLimits, seed: u64) -> Vec<TreeNode<ClassCounts>> {
    let matrix: Vec<f64> = known.iter().flat_map(|row| row.0).collect();
    let classes: Vec<u32> = known.iter().map(|row| row.1).collect();
    let drawn: Vec<u32> = known.iter().map(|row| row.2).collect();
    let ranks = Ranks::new(&matrix, COLUMNS);
    RankedRows::new(&matrix, &ranks).grow(Gini::new(&classes, 4), &drawn, limits, &mut SplitMix64::new(seed, 0))
}

/// Trees of numbers, of which the class is the value.
fn grown_on_numbers(known: &Known, limits: GrowthLimits, seed: u64) -> Vec<TreeNode<f64>> {
    let matrix: Vec<f64> = known.iter().flat_map(|row| row.0).collect();
    let values: Vec<f64> = known.iter().map(|row| f64::from(row.1) - 1.0).collect();
    let drawn: Vec<u32> = known.iter().map(|row| row.2).collect();
    let ranks = Ranks::new(&matrix, COLUMNS);
    RankedRows::new(&matrix, &ranks).grow(Variance::new(&values, 1.0), &drawn, limits, &mut SplitMix64::new(seed, 0))
}

/// How impure rows are, from the definition: Gini's index or the variance.
type Impurity = fn(&Known) -> (f64, u32);

fn gini(rows: &Known) -> (f64, u32) {
    let (purity, n) = purity(rows.iter());
    (1.0 - purity, n)
}

fn variance(rows: &Known) -> (f64, u32) {
    let n: u32 = rows.iter().map(|row| row.2).sum();
    let mean = rows.iter().map(|row| f64::from(row.1 * row.2)).sum::<f64>() / f64::from(n);
    let squares = rows.iter().map(|row| f64::from(row.2) * (f64::from(row.1) - mean).powi(2));
    (squares.sum::<f64>() / f64::from(n), n)
}

/// (Σ p², rows): from the definition.
fn purity<'a>(rows: impl Iterator<Item = &'a ([f64; COLUMNS], u32, u32)>) -> (f64, u32) {
    let mut counts = [0; 4];
    rows.for_each(|row| counts[row.1 as usize] += row.2);
    let n: u32 = counts.iter().sum();
    (counts.iter().map(|count| (f64::from(*count) / f64::from(n)).powi(2)).sum(), n)
}

/// What a split gains; `None` where a side is too small.
fn gain(rows: &Known, column: usize, threshold: f64, (least, impurity): (usize, Impurity)) -> Option<f64> {
    let (first, second): (Known, Known) = rows.iter().copied().partition(|row| row.0[column] <= threshold);
    let n_of = |rows: &Known| rows.iter().map(|row| row.2 as usize).sum::<usize>();
    if n_of(&first).min(n_of(&second)) < least {
        return None;
    }
    let ((before, n_before), (after, n_after), (whole, n)) = (impurity(&first), impurity(&second), impurity(rows));
    Some(whole - (f64::from(n_before) * before + f64::from(n_after) * after) / f64::from(n))
}

/// The most that a split at any cell of a column gains.
fn most(rows: &Known, column: usize, by: (usize, Impurity)) -> Option<f64> {
    rows.iter().filter_map(|row| gain(rows, column, row.0[column], by)).max_by(f64::total_cmp)
}

fn check<V: std::fmt::Debug>(nodes: &[TreeNode<V>], at: usize, rows: &Known, limits: GrowthLimits, impurity: Impurity) {
    let node = &nodes[at];
    let (whole, n) = impurity(rows);
    assert_eq!(node.n_rows, n as usize);
    assert!((node.impurity - whole).abs() < 1e-12);
    let by = (limits.min_samples_leaf, impurity);
    let most_of = |column| most(rows, column, by);
    let Some(split) = &node.split else {
        let may_not = limits.levels == Some(node.level) || rows.iter().all(|row| row.1 == rows[0].1);
        // A random boundary may leave a side too few rows.
        let is_none = (0..COLUMNS).all(|column| most_of(column).is_none());
        assert!(may_not || is_none || limits.is_random && limits.min_samples_leaf > 1, "{node:?} is a leaf");
        return;
    };
    let gained = gain(rows, split.column, split.threshold, by).unwrap();
    assert!((gained - split.gain).abs() < 1e-12, "{split:?} gains {gained}");
    if !limits.is_random {
        // A split that looks at fewer columns is the best of one at least, and no worse than so many others.
        let worse = (0..COLUMNS).filter(|column| most_of(*column).is_none_or(|most| most <= gained + 1e-12));
        assert!(worse.count() >= limits.columns, "{split:?} of {rows:?}");
        assert!(most_of(split.column).unwrap() <= gained + 1e-12, "{split:?} of {rows:?}");
    }
    let (first, second) =
        rows.iter().copied().partition(|row: &([f64; COLUMNS], u32, u32)| row.0[split.column] <= split.threshold);
    check(nodes, split.children, &first, limits, impurity);
    check(nodes, split.children + 1, &second, limits, impurity);
}

proptest! {
    #[test]
    fn every_split_is_the_best_of_the_columns_looked_at(known in tables(), limits in limits(), seed: u64) {
        let drawn: Known = known.iter().copied().filter(|row| row.2 > 0).collect();
        check(&grown(&known, limits, seed), 0, &drawn, limits, gini);
    }

    #[test]
    fn columns_of_few_ones_are_split_as_well(known in sparse_tables(), limits in limits(), seed: u64) {
        let drawn: Known = known.iter().copied().filter(|row| row.2 > 0).collect();
        check(&grown(&known, limits, seed), 0, &drawn, limits, gini);
    }

    #[test]
    fn trees_of_numbers_leave_the_least_variance(known in sparse_tables(), limits in limits(), seed: u64) {
        let drawn: Known = known.iter().copied().filter(|row| row.2 > 0).collect();
        for is_random in [false, true] {
            let limits = GrowthLimits { is_random, ..limits };
            let nodes = grown_on_numbers(&known, limits, seed);
            check(&nodes, 0, &drawn, limits, variance);
            let mean = drawn.iter().map(|row| f64::from(row.1 * row.2)).sum::<f64>() / nodes[0].n_rows as f64;
            prop_assert!((nodes[0].value - mean).abs() < 1e-12);
        }
    }
}

/// The classes that rows reach, of a tree without limits.
fn answers(nodes: &[TreeNode<ClassCounts>], known: &Known) -> Vec<u32> {
    let walk = |row: &[f64; COLUMNS]| {
        let mut node = &nodes[0];
        while let Some(split) = &node.split {
            node = &nodes[split.children + usize::from(row[split.column] > split.threshold)];
        }
        u32::try_from(node.value.class).unwrap()
    };
    known.iter().map(|row| walk(&row.0)).collect()
}

#[test]
fn a_boundary_between_rows_of_one_class_is_found_where_others_share_their_value() {
    let known: Known = [(1.0, 0), (2.0, 0), (2.0, 1), (3.0, 1), (3.0, 1), (3.0, 1)]
        .map(|(x, class)| ([x, 0.0, 0.0], class, 1))
        .to_vec();
    let whole = GrowthLimits { levels: None, min_samples_leaf: 1, columns: COLUMNS, is_random: false };
    let nodes = grown(&known, whole, 1);
    let split = nodes[0].split.as_ref().unwrap();
    assert_eq!((split.column, split.threshold), (0, 2.5));
    assert_eq!(answers(&nodes, &known), [0, 0, 0, 1, 1, 1]);
}

#[test]
fn equally_good_columns_are_all_taken_by_one_seed_or_another() {
    let known: Known = (0..8_u8).map(|i| ([f64::from(i); COLUMNS], u32::from(i > 3), 1)).collect();
    let whole = GrowthLimits { levels: None, min_samples_leaf: 1, columns: COLUMNS, is_random: false };
    let taken = |seed| grown(&known, whole, seed)[0].split.as_ref().unwrap().column;
    assert!((0..COLUMNS).all(|column| (0..50).any(|seed| taken(seed) == column)));
}

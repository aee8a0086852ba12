//! The split and the folds: a partition, the right sizes, stratified, the same for a seed on every platform.

use proptest::prelude::*;
use smartserve::train::data::split::{folds, holdout};
use smartserve::train::random::SplitMix64;

#[test]
fn the_generator_is_splitmix64() {
    // Worked out with an implementation in another language that gives the published 0xe220a8397b1dcdaf for state 0.
    let mut random = SplitMix64::new(0, 0);
    let drawn: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
    assert_eq!(drawn, [0xa706_dd2f_4d19_7e6f, 0xb382_a305_f441_4f5e, 0x631a_9154_fbab_f717]);
}

#[test]
fn a_seed_means_the_same_rows_for_ever() {
    assert_eq!(holdout(10, None, 0.3, 42).test, [3, 5, 8]);
    assert_eq!(folds(10, None, 3, 42), [0, 1, 2, 0, 1, 2, 0, 1, 0, 2]);
}

#[test]
fn streams_and_seeds_differ() {
    let first = |seed, stream| SplitMix64::new(seed, stream).next_u64();
    assert_ne!(first(1, 1), first(1, 2));
    assert_ne!(first(1, 1), first(2, 1));
}

#[test]
fn a_class_of_two_rows_is_trained_on() {
    let classes: Vec<u32> = (0..40).map(|row| u32::from(row == 7 || row == 31)).collect();
    for seed in 0..20 {
        let split = holdout(40, Some(&classes), 0.5, seed);
        assert_eq!(split.test.len(), 20);
        assert!(!split.test.contains(&7) && !split.test.contains(&31));
        let fold = folds(40, Some(&classes), 2, seed);
        assert_ne!(fold[7], fold[31]);
    }
}

#[test]
fn every_class_gives_its_share() {
    let classes: Vec<u32> = (0..150).map(|row| row / 50).collect();
    let split = holdout(150, Some(&classes), 0.2, 3);
    for class in 0..3 {
        assert_eq!(split.test.iter().filter(|row| classes[**row] == class).count(), 10);
    }
    let fold = folds(150, Some(&classes), 10, 3);
    for (f, class) in (0..10).flat_map(|f| (0..3).map(move |c| (f, c))) {
        assert_eq!((0..150).filter(|row| fold[*row] == f && classes[*row] == class).count(), 5);
    }
}

#[test]
fn whole_shares_are_exact() {
    for (n, share, expected) in
        [(505, 0.2, 101), (506, 0.2, 102), (100, 0.29, 29), (10, 0.0, 0), (1_000_000, 0.1, 100_000)]
    {
        assert_eq!(holdout(n, None, share, 1).test.len(), expected, "{n} × {share}");
    }
}

proptest! {
    #[test]
    fn a_split_is_a_partition_in_row_order(
        classes in prop::collection::vec(0..5_u32, 2..200), share in 0.0..0.9_f64, seed: u64, k in 2..12_u32,
        stratified: bool,
    ) {
        let n = classes.len();
        let by = stratified.then_some(classes.as_slice());
        let split = holdout(n, by, share, seed);
        let mut all = [split.train.clone(), split.test.clone()].concat();
        prop_assert!(split.train.is_sorted() && split.test.is_sorted());
        all.sort_unstable();
        prop_assert_eq!(all, (0..n).collect::<Vec<_>>());
        let fold = folds(n, by, k, seed);
        let sizes: Vec<usize> = (0..k).map(|f| fold.iter().filter(|g| **g == f).count()).collect();
        prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1);
        if stratified {
            for class in 0..5 {
                let of_class = |rows: &[usize]| rows.iter().filter(|row| classes[**row] == class).count();
                let count = classes.iter().filter(|c| **c == class).count();
                prop_assert!(of_class(&split.train) >= count.min(2));
                let most = (0..k).map(|f| (0..n).filter(|r| fold[*r] == f && classes[*r] == class).count()).max().unwrap();
                prop_assert!(most <= count.div_ceil(k as usize));
            }
        }
    }

    #[test]
    fn a_shuffle_keeps_what_it_shuffles(n in 0..500_usize, seed: u64) {
        let mut items: Vec<usize> = (0..n).collect();
        SplitMix64::new(seed, 9).shuffle(&mut items);
        items.sort_unstable();
        prop_assert_eq!(items, (0..n).collect::<Vec<_>>());
    }

    #[test]
    fn a_number_below_a_bound_is_below_it(seed: u64, bound in 1..u64::MAX) {
        prop_assert!(SplitMix64::new(seed, 0).below(bound) < bound);
    }
}

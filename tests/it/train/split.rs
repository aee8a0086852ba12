//! The split and the folds: a partition, the right sizes, stratified, by groups or by time, the same for a seed on every
//! platform.

use proptest::prelude::*;
use smartserve::train::data::split::{folds, holdout};
use smartserve::train::data::{chronological, grouped};
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
fn folds_by_time_are_those_of_time_series_split() {
    // scikit-learn 1.9.1: [(len(a), list(b)) for a, b in TimeSeriesSplit(3).split(range(10))] is
    // [(4, [4, 5]), (6, [6, 7]), (8, [8, 9])].
    let times: Vec<u32> = (0..10).rev().collect();
    let mut fold = chronological::folds(&times, 3).unwrap();
    fold.reverse();
    let expected = [None, None, None, None, Some(0), Some(0), Some(1), Some(1), Some(2), Some(2)];
    assert_eq!(fold, expected);
    assert_eq!(chronological::holdout(&times, 0.25).unwrap().test, [0, 1, 2]);
}

#[test]
fn rows_of_one_time_are_not_parted() {
    let times = [0, 0, 0, 0, 1, 1, 1, 2, 2, 2];
    // Two are wanted: three are as near as one place earlier, seven are not.
    assert_eq!(chronological::holdout(&times, 0.2).unwrap().test, [7, 8, 9]);
    assert_eq!(chronological::holdout(&times, 0.9).unwrap().train, [0, 1, 2, 3]);
    assert_eq!(chronological::folds(&times, 2).unwrap()[3..8], [None, Some(0), Some(0), Some(0), Some(1)]);
    assert_eq!(chronological::folds(&times, 3), None);
    assert_eq!(chronological::holdout(&[0; 5], 0.2), None);
    assert_eq!(chronological::holdout(&[0; 5], 0.0).unwrap().test, [0_usize; 0]);
}

#[test]
fn a_holdout_of_groups_is_near_its_share() {
    let groups: Vec<u32> = (0..1_000).map(|row| row % 50).collect();
    assert_eq!(grouped::holdout(&groups, None, 0.2, 1).test.len(), 200);
    assert_ne!(grouped::holdout(&groups, None, 0.2, 1), grouped::holdout(&groups, None, 0.2, 2));
    // Neither of two halves brings it nearer to a fifth; one is set aside all the same.
    let halves: Vec<u32> = (0..10).map(|row| row / 5).collect();
    assert_eq!(grouped::holdout(&halves, None, 0.2, 1).test.len(), 5);
    assert_eq!(grouped::holdout(&halves, None, 0.0, 1).test.len(), 0);
    assert_eq!(grouped::holdout(&[0; 10], None, 0.2, 1).test.len(), 0);
}

#[test]
fn whole_groups_keep_the_shares_of_the_classes() {
    // 60 groups of ten rows: of most all rows are of class 0, of every sixth all are of class 1, of every tenth half are.
    let groups: Vec<u32> = (0..600).map(|row| row / 10).collect();
    let class = |row: u32| u32::from((row / 10).is_multiple_of(6) || (row / 10) % 10 == 3 && row.is_multiple_of(2));
    let classes: Vec<u32> = (0..600).map(class).collect();
    let of_class = |rows: &[usize]| rows.iter().filter(|row| classes[**row] == 1).count();
    let all = of_class(&(0..600).collect::<Vec<_>>());
    assert_eq!(all, 130);
    let (mut least, mut most) = (usize::MAX, 0);
    for seed in 0..20 {
        let aside = grouped::holdout(&groups, Some(&classes), 0.2, seed).test;
        assert!((110..=130).contains(&aside.len()) && (20..=30).contains(&of_class(&aside)), "{}", of_class(&aside));
        let fold = grouped::folds(&groups, Some(&classes), 5, seed);
        for held in 0..5 {
            let rows: Vec<usize> = (0..600).filter(|row| fold[*row] == held).collect();
            assert_eq!(rows.len(), 120);
            assert!((20..=30).contains(&of_class(&rows)), "{}", of_class(&rows));
        }
        let by_rows = of_class(&grouped::holdout(&groups, None, 0.2, seed).test);
        (least, most) = (least.min(by_rows), most.max(by_rows));
    }
    assert!(least < 20 && most > 30, "by rows alone some of these seeds are off: {least} to {most}");
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
    fn groups_are_never_parted(
        rows in prop::collection::vec((0..9_u32, 0..3_u32), 2..100), share in 0.0..0.9_f64, seed: u64, k in 2..5_u32,
        by_classes: bool,
    ) {
        let (groups, classes): (Vec<u32>, Vec<u32>) = rows.into_iter().unzip();
        let by = by_classes.then_some(classes.as_slice());
        let split = grouped::holdout(&groups, by, share, seed);
        let mut all = [split.train.clone(), split.test.clone()].concat();
        prop_assert!(split.train.is_sorted() && split.test.is_sorted() && !split.train.is_empty());
        all.sort_unstable();
        prop_assert_eq!(all, (0..groups.len()).collect::<Vec<_>>());
        prop_assert!(split.train.iter().all(|a| split.test.iter().all(|b| groups[*a] != groups[*b])));
        let fold = grouped::folds(&groups, by, k, seed);
        let rows_of = |f: u32| fold.iter().filter(|g| **g == f).count();
        for (a, b) in (0..groups.len()).flat_map(|a| (0..a).map(move |b| (a, b))) {
            prop_assert!(groups[a] != groups[b] || fold[a] == fold[b]);
        }
        let largest = (0..9).map(|group| groups.iter().filter(|g| **g == group).count()).max().unwrap();
        let sizes: Vec<usize> = (0..k).map(rows_of).collect();
        prop_assert!(by_classes || sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= largest);
        prop_assert!(grouped::count(&groups) < k as usize || sizes.iter().all(|n| *n > 0));
    }

    #[test]
    fn time_goes_forward(drawn in prop::collection::vec(0..30_u32, 2..100), share in 0.01..0.9_f64, k in 2..6_u32) {
        let mut distinct = drawn.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let times: Vec<u32> = drawn.iter().map(|time| distinct.binary_search(time).unwrap() as u32).collect();
        match chronological::holdout(&times, share) {
            None => prop_assert_eq!(distinct.len(), 1),
            Some(split) => {
                prop_assert_eq!(split.train.len() + split.test.len(), times.len());
                let latest = split.train.iter().map(|row| times[*row]).max().unwrap();
                prop_assert!(split.test.iter().all(|row| times[*row] > latest) && !split.test.is_empty());
            }
        }
        match chronological::folds(&times, k) {
            None => prop_assert!(distinct.len() <= k as usize),
            Some(fold) => {
                // `None` is before every fold.
                for (a, b) in (0..times.len()).flat_map(|a| (0..times.len()).map(move |b| (a, b))) {
                    prop_assert!(fold[a] >= fold[b] || times[a] < times[b]);
                }
                let has = |wanted: Option<u32>| fold.contains(&wanted);
                prop_assert!(has(None) && (0..k).all(|f| has(Some(f))));
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

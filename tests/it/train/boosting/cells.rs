//! Cells as they are: any number exactly, missing ones, categories.

use smartserve::model::Model;
use smartserve::model::artifact::open;
use smartserve::model::schema::FeatureKind;
use smartserve::train::{TrainSpec, UnknownCategories, train};

use super::{model, noise, spec, table, values, with};

/// Numbers that f32 cannot tell apart: a step between two of them is found, and put in the middle.
#[test]
fn a_step_between_neighbours_is_found_whatever_the_offset() {
    let six_seconds = |i: usize| 1_700_000_000.0 + 6.0 * i as f64;
    let identifiers = |i: usize| 9_007_199_254_000_000.0 + i as f64;
    let of_64_bits = |i: usize| 1_152_921_504_606_846_976.0 + 256.0 * i as f64;
    let tiny = |i: usize| 1.0 + f64::EPSILON * i as f64;
    let columns: [&dyn Fn(usize) -> f64; 4] = [&six_seconds, &identifiers, &of_64_bits, &tiny];
    for at in columns {
        let data = table("t,y", 200, |i, _| format!("{:e},{}", at(i), if i < 100 { 0 } else { 10 }));
        let model = model(&with("y", &[("early-stopping", "0"), ("trees", "200")]), &data);
        let answers = values(&model, &[&[at(99)], &[at(100)]]);
        assert!(answers[0].abs() < 1e-3 && (answers[1] - 10.0).abs() < 1e-3, "{answers:?}");
        let middle = at(99) + (at(100) - at(99)) / 2.0;
        // In between there may be no other number.
        if middle > at(99) && middle < at(100) {
            let beside = values(&model, &[&[middle], &[middle.next_up()]]);
            assert_eq!(beside, answers, "{middle}");
        }
    }
}

#[test]
fn a_small_change_of_a_large_target_is_learned() {
    for offset in [1e9, -4e12] {
        let y = |x: f64| offset + (x * 6.0).sin();
        let data = table("x,y", 600, |i, _| format!("{},{}", i as f64 / 600.0, y(i as f64 / 600.0)));
        let model = model(&with("y", &[("trees", "80")]), &data);
        for x in [0.1, 0.26, 0.5, 0.79, 0.95] {
            let answer = values(&model, &[&[x]])[0];
            assert!((answer - y(x)).abs() < 0.1, "{x}: {answer} for {}", y(x));
        }
    }
}

#[test]
fn a_missing_cell_says_something_and_is_taken_where_the_file_had_one() {
    let data = || {
        table("gaps,full,y", 300, |i, random| {
            let gap = if i % 3 == 0 { String::new() } else { noise(random).to_string() };
            format!("{gap},{},{}", noise(random), if i % 3 == 0 { 5.0 } else { -1.0 } + noise(random) / 10.0)
        })
    };
    let model_of = |spec: &TrainSpec| model(spec, &data());
    let strict = model_of(&spec("y"));
    let [gaps, full] = strict.schema().features() else { panic!("two features") };
    assert!(gaps.accepts_missing() && gaps.impute.is_none() && !full.accepts_missing());
    let answers = values(&strict, &[&[f64::NAN, 0.0], &[0.3, 0.0]]);
    assert!((answers[0] - 5.0).abs() < 0.2 && (answers[1] + 1.0).abs() < 0.2, "{answers:?}");
    let golden = &strict.header().golden;
    assert!(golden.iter().any(|golden| serde_json::to_value(&golden.row[0]).unwrap().is_null()));

    let lenient = model_of(&TrainSpec { allow_missing: true, ..spec("y") });
    assert!(lenient.schema().features().iter().all(|feature| feature.accepts_missing()));
    assert!(values(&lenient, &[&[0.3, f64::NAN]])[0].is_finite());
}

/// A column of so many values has all 255 bins, behind which a split of missing cells against all others is looked for.
#[test]
fn missing_cells_are_split_from_all_others_of_a_full_column() {
    let data = table("x,y", 1_500, |i, random| {
        let x = if i % 7 == 0 { String::new() } else { noise(random).to_string() };
        format!("{x},{}", if i % 7 == 0 { 5.0 } else { -1.0 })
    });
    let model = model(&with("y", &[("trees", "60"), ("early-stopping", "0")]), &data);
    let answers = values(&model, &[&[f64::NAN], &[0.3], &[-0.9]]);
    assert!((answers[0] - 5.0).abs() < 0.1 && (answers[1] + 1.0).abs() < 0.1, "{answers:?}");
    assert_eq!(answers[1], answers[2]);
}

#[test]
fn categories_need_no_order_and_no_columns() {
    let of = |i: usize| format!("c{:02}", i * 7 % 40);
    let worth = |name: &str| f64::from(name[1..].parse::<u32>().unwrap() * 13 % 11);
    let data = || table("c,x,y", 900, |i, random| format!("{},{},{}", of(i), noise(random), worth(&of(i))));
    let few = with("y", &[("trees", "40"), ("early-stopping", "0")]);
    let trained = train(&few, &data(), &()).unwrap();
    assert_eq!(trained.report.data.encoded_columns, 2);
    let strict = Model::load(&trained.artifact).unwrap();
    let feature = &strict.schema().features()[0];
    assert_eq!((feature.kind, feature.categories.len(), feature.unknown), (FeatureKind::Categorical, 40, false));
    for category in [0, 7, 21, 39] {
        let answer = values(&strict, &[&[category as f64, 0.0]])[0];
        let expected = worth(&feature.categories[category]);
        assert!((answer - expected).abs() < 0.5, "{category}: {answer} for {expected}");
    }
    let open_to_new = model(&TrainSpec { unknown: UnknownCategories::Other, allow_missing: true, ..few }, &data());
    assert!(open_to_new.schema().features()[0].unknown);
    // One that is not listed is a missing cell.
    let [unknown, missing] = [&[40.0, 0.2][..], &[f64::NAN, 0.2]].map(|row| values(&open_to_new, &[row])[0]);
    assert_eq!(unknown.to_bits(), missing.to_bits());
    open_to_new.check_golden().unwrap();
}

#[test]
fn more_categories_than_a_byte_holds_are_told_apart() {
    let worth = |name: &str| f64::from(name[1..].parse::<u32>().unwrap() * 13 % 11);
    let data = table("x,c,y", 12_000, |i, random| {
        let name = if i % 50 == 0 { String::new() } else { format!("k{}", random.below(400)) };
        let y = if name.is_empty() { -20.0 } else { worth(&name) };
        format!("{},{name},{y}", noise(random))
    });
    let few = with("y", &[("trees", "80"), ("max-leaves", "64"), ("early-stopping", "0")]);
    let trained = train(&TrainSpec { folds: Some(0), ..few }, &data, &()).unwrap();
    let header = open(&trained.artifact).unwrap().header;
    assert_eq!((header.format.as_str(), header.smartcore), ("smartserve/2", None));
    let model = Model::load(&trained.artifact).unwrap();
    model.check_golden().unwrap();
    let categories = &model.schema().features()[1].categories;
    assert_eq!(categories.len(), 400);
    let wrong = categories.iter().enumerate().filter(|(category, name)| {
        let answer = values(&model, &[&[0.0, *category as f64]])[0];
        (answer - worth(name)).abs() > 1.5
    });
    assert!(wrong.count() < 20);
    assert!(values(&model, &[&[0.0, f64::NAN]])[0] < -15.0);
}

#[test]
fn integers_that_f64_makes_one_of_are_refused() {
    let of = |first: u64| table("id,y", 100, move |i, _| format!("{},{}", first + i as u64, i % 7));
    let refused = train(&spec("y"), &of(1 << 62), &()).unwrap_err().to_string();
    let place =
        "t.csv, column 1 (id): 4611686018427387904 and 4611686018427387905 are one number in 64-bit floating point";
    assert!(refused.starts_with(place) && refused.contains("--categorical") && refused.contains("--drop"), "{refused}");
    let as_text = TrainSpec { categorical: vec!["id".to_owned()], ..with("y", &[("trees", "2")]) };
    train(&as_text, &of(1 << 62), &()).unwrap();
    let apart = table("id,y", 100, |i, _| format!("{},{}", (1_u64 << 62) + 1_025 * i as u64, i % 7));
    train(&with("y", &[("trees", "2")]), &apart, &()).unwrap();
}

/// One-hot columns of a category that is not listed are all 0.
#[test]
fn other_algorithms_take_new_categories_too() {
    let data = table("c,x,y", 90, |i, random| {
        let x = noise(random);
        format!("{},{x},{}", ["a", "b", "d"][i % 3], x + (i % 3) as f64)
    });
    let spec = TrainSpec {
        unknown: UnknownCategories::Other,
        allow_missing: true,
        ..TrainSpec { algorithm: smartserve::model::algorithm::Algorithm::Linear, ..spec("y") }
    };
    let model = model(&spec, &data);
    assert!(model.schema().features().iter().all(|feature| feature.accepts_missing()));
    let answers = values(&model, &[&[3.0, 0.5], &[0.0, 0.5]]);
    assert!(answers.iter().all(|answer| answer.is_finite()), "{answers:?}");
}

//! Where a split leads a cell, by `LightGBM`'s own rule (`Tree::NumericalDecision`, `Tree::CategoricalDecision`), and what
//! a leaf is.

use super::writer::{Text, categories, constant, stump};
use super::{answers, bits, model};

/// The f32 nearest to 1e-35, widened: `LightGBM`'s bound of what is 0.
const ZERO: f64 = 1e-35_f32 as f64;

#[test]
fn missing_cells_and_zeros_go_where_decision_type_says() {
    let cells = [
        f64::NAN,
        0.0,
        -0.0,
        ZERO,
        -ZERO,
        ZERO.next_up(),
        (-ZERO).next_down(),
        1e-35,
        1.0,
        -1.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        0.5,
        0.5_f64.next_up(),
        5e-324,
        1e300,
    ];
    for threshold in [
        "0.5",
        "-0.5",
        "0",
        "-0",
        "1.0000000180025095e-35",
        "-1.0000000180025095e-35",
        "1e-36",
        "-1e-36",
        "inf",
        "-inf",
        "1e+300",
    ] {
        let bound: f64 = threshold.parse().unwrap();
        for decision_type in [0, 2, 4, 6, 8, 10] {
            let (default_left, kind) = (decision_type & 2 != 0, decision_type >> 2);
            let goes_left = |cell: f64| {
                // What reads rows makes 0 of what is nearly 0, before any tree.
                let cell = if cell.abs() <= ZERO || cell.is_nan() && kind != 2 { 0.0 } else { cell };
                let is_missing = kind == 1 && (-ZERO..=ZERO).contains(&cell) || kind == 2 && cell.is_nan();
                if is_missing { default_left } else { cell <= bound }
            };
            let model = model(&Text::of(vec![stump(1, threshold, decision_type)]).bytes());
            for cell in cells {
                let expected = if goes_left(cell) { 1.0 } else { -2.0 };
                let (raw, _) = answers(&model, vec![9.0, cell, 9.0]);
                assert_eq!(raw, [expected], "{cell:e} at {threshold} with {decision_type}");
            }
        }
    }
}

#[test]
fn a_category_goes_left_where_its_bit_is_set() {
    // Categories 0, 5, 31, 33 and 69.
    let words = [1 << 31 | 1 << 5 | 1, 1 << 1, 1 << 5];
    let mut text = Text::of(vec![categories(&words), categories(&[]), categories(&[0])]);
    text.infos[2] = "0:5:31:33:69".to_owned();
    let members = [0.0, 5.0, 31.0, 33.0, 69.0, 5.9, 0.3, -0.0, -0.5];
    let others = [1.0, 32.0, 34.0, 70.0, 96.0, 1e9, 3e9, -1.0, -5.0, 1e300, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
    let model = model(&text.bytes());
    for (cells, first) in [(&members[..], 1.0), (&others, -2.0)] {
        for cell in cells {
            assert_eq!(answers(&model, vec![0.0, 0.0, *cell]).0, [first - 4.0], "{cell}");
        }
    }
    let description = model.schema().features()[2].description.as_deref();
    assert_eq!(description, Some("a category, by the number that it was fitted with"));
}

#[test]
fn a_linear_leaf_is_summed_in_order_and_its_value_stands_in_where_a_cell_is_missing() {
    let linear = stump(0, "0.5", 10).replace("is_linear=0", "is_linear=1")
        + "leaf_const=0.1 7\nnum_features=2 0\nleaf_features=2 1  \nleaf_coeff=0.3 -0.7  \n";
    let alone = constant(0.25).replace("is_linear=0", "is_linear=1")
        + "leaf_const=0.5\nnum_features=1\nleaf_features=0 \nleaf_coeff=2 \n";
    // The trees before and after are not linear.
    let text = Text::of(vec![constant(0.1), linear, alone, stump(1, "0", 0)]);
    let model = model(&text.bytes());
    let (b, c) = (0.123, 4.567);
    let leaf: f64 = 0.1 + 0.3 * c + -0.7 * b;
    for (row, expected) in [
        ([0.25, b, c], 0.0 + 0.1 + leaf + (0.5 + 2.0 * 0.25) + -2.0),
        ([0.25, b, f64::NAN], 0.1 + 1.0 + 1.0 + -2.0),
        ([0.25, f64::NAN, c], 0.1 + 1.0 + 1.0 + 1.0),
        // The second leaf reads nothing: nothing is missing for it.
        ([0.75, f64::NAN, f64::NAN], 0.1 + 7.0 + 2.0 + 1.0),
        ([f64::NAN, b, c], 0.1 + leaf + 0.25 + -2.0),
    ] {
        assert_eq!(bits(&answers(&model, row.to_vec()).0), bits(&[expected]), "{row:?}");
    }
    // In a linear function an infinite cell has no finite answer; where none reads the column it is compared.
    let unbounded: Vec<bool> = model.schema().features().iter().map(|feature| feature.unbounded).collect();
    assert_eq!(unbounded, [false, false, false]);
    assert!(super::model(&Text::of(vec![stump(0, "0.5", 10)]).bytes()).schema().features()[0].unbounded);
}

#[test]
fn sizes_of_trees_may_be_wrong_and_lines_may_end_as_on_windows() {
    let text = Text::of(vec![stump(0, "0.5", 10), constant(0.5), stump(1, "0.1", 8)]).written();
    let sound = model(text.as_bytes());
    let sizes = text.lines().find(|line| line.starts_with("tree_sizes=")).unwrap();
    let wrong = text.replace(sizes, "tree_sizes=1 99999 3");
    for other in [wrong, text.replace('\n', "\r\n")] {
        let model = model(other.as_bytes());
        assert_eq!(answers(&model, vec![0.0; 3]), answers(&sound, vec![0.0; 3]));
        let notes = &model.header().source.as_ref().unwrap().notes;
        assert!(notes[0].contains("`tree_sizes` is wrong"), "{notes:?}");
    }
    // Without that line, and with the end of the trees as LightGBM 2.1 had it.
    let old = text.replace(&format!("{sizes}\n"), "").replace("end of trees\n", "\nfeature importances:\na=2\n");
    let old = old.replace("version=v4", "version=v2").replace("is_linear=0\n", "");
    assert_eq!(answers(&model(old.as_bytes()), vec![0.0; 3]), answers(&sound, vec![0.0; 3]));
}

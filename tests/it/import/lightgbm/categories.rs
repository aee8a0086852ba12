//! Categories by name: what pandas called them.

use smartserve::model::schema::FeatureKind;

use super::writer::{Text, categories, stump};
use super::{answers, model, refusal};

/// A text whose last column has categories by name.
fn named(json: &str) -> Text {
    // Category 1 goes left.
    let mut text = Text::of(vec![categories(&[2])]);
    text.infos[2] = "-1:0:1:2".to_owned();
    text.tail.push_str(&format!("\npandas_categorical:{json}\n"));
    text
}

#[test]
fn categories_have_the_names_that_pandas_had() {
    for (json, names, left) in [
        (r#"[["zed", "ünï", "a b"]]"#, ["a b", "zed", "ünï"], 2),
        ("[[10, 9, -1]]", ["-1", "10", "9"], 2),
        ("[[0.5, 1.0, 20.25]]", ["0.5", "1.0", "20.25"], 1),
        (r#"[["q\"", "tab\there", "\u00e9"]]"#, ["q\"", "tab\there", "é"], 1),
    ] {
        let model = model(&named(json).bytes());
        let feature = &model.schema().features()[2];
        assert_eq!((feature.kind, feature.unknown, feature.accepts_missing()), (FeatureKind::Categorical, true, true));
        assert_eq!(feature.categories, names);
        for position in 0..=3 {
            let expected = if position == left { 1.0 } else { -2.0 };
            assert_eq!(answers(&model, vec![0.0, 0.0, f64::from(position)]).0, [expected], "{json} {position}");
        }
        // Missing cells go to the right, as categories that are not listed do.
        assert_eq!(answers(&model, vec![0.0, 0.0, f64::NAN]).0, [-2.0]);
    }
    let booleans = model(&named("[[false, true, 2]]").bytes());
    assert_eq!(booleans.schema().features()[2].categories, ["2", "False", "True"]);
}

#[test]
fn without_names_categories_are_numbers() {
    for json in ["null", "[]"] {
        let model = model(&named(json).bytes());
        assert_eq!(model.schema().features()[2].kind, FeatureKind::Numeric);
        assert_eq!(answers(&model, vec![0.0, 0.0, 1.0]).0, [1.0]);
    }
}

#[test]
fn lists_belong_to_the_columns_with_categories_in_order() {
    let of = |infos: [&str; 3], json: &str| {
        let mut text = Text::of(vec![stump(0, "0.5", 2)]);
        text.infos = infos.map(str::to_owned).to_vec();
        text.tail.push_str(&format!("\npandas_categorical:{json}\n"));
        text.bytes()
    };
    let lengths = |text: &[u8]| -> Vec<usize> {
        model(text).schema().features().iter().map(|feature| feature.categories.len()).collect()
    };
    let two = r#"[["x", "y"], ["p", "q", "r"]]"#;
    assert_eq!(lengths(&of(["0:1", "[-5:7]", "2:1:0"], two)), [2, 0, 3]);
    // A column of one category is in no split, but has a list; an ordered one is compared.
    assert_eq!(lengths(&of(["none", "[-5:7]", "2:1:0"], two)), [2, 0, 3]);
    assert_eq!(lengths(&of(["[0:1]", "[-5:7]", "2:1:0"], two)), [2, 0, 3]);
    for (infos, json, why) in [
        (["[0:1]", "[0:1]", "2:1:0"], two, "which is whose is not certain"),
        (["[-5:7]", "[-5:7]", "2:1:0"], two, "2 lists of categories for 1 columns that have some"),
        (["0:1:2", "[-5:7]", "2:1:0"], two, "column 0 has more categories than its list"),
        (["0:1:x", "[-5:7]", "2:1:0"], two, "`feature_infos` of column 0 is not read"),
        (["0:1", "[-5:7]", "2:1:0"], r#"[["x", "x"], ["p", "q", "r"]]"#, "two categories are called \"x\""),
        (["0:1", "[-5:7]", "2:1:0"], r#"[["x", null], ["p", "q", "r"]]"#, "expected a category"),
        (["0:1", "[-5:7]", "2:1:0"], r#"[["x", "y"], ["p", "q""#, "EOF while parsing"),
        (["0:1", "[-5:7]", "2:1:0"], r#"[["x", 1e300], ["p", "q", "r"]]"#, "a number from 2^53 on"),
        (["0:1", "[-5:7]", "2:1:0"], &"[".repeat(100_000), "pandas_categorical"),
    ] {
        let told = refusal(&of(infos, json));
        assert!(told.contains(why) && told.contains("pandas_categorical"), "{infos:?} {json:.50}: {told}");
    }
}

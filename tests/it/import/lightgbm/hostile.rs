//! Files that are cut off, changed or made to do harm: refused with their place, or read, but never a panic, and in
//! bounded time.

use std::fs;
use std::time::Duration;

use proptest::prelude::*;
use smartserve::import::{self, ImportOptions};
use smartserve::model::Model;
use smartserve::model::compiled::Scratch;

use super::writer::{Text, categories, constant, stump};
use super::{answers, model, read, refusal};
use crate::support::{cpu_time, path};

/// Reads a text as far as it goes: to an answer, or an error of one line.
fn try_all(text: &[u8]) -> Result<(), String> {
    let options = ImportOptions::default();
    let one_line = |error: String| {
        assert!(!error.contains('\n') && error.len() < 600, "{error}");
        error
    };
    let imported = read(text, &options).map_err(|error| one_line(error.to_string()))?;
    let artifact = import::artifact(imported, &options).map_err(|error| one_line(error.to_string()))?;
    let model = Model::load(&artifact).unwrap();
    model.check_golden().unwrap();
    let _ = model.predict(model.golden_batch(), &mut Scratch::default());
    Ok(())
}

fn case(name: &str) -> String {
    fs::read_to_string(path("../shared/cases/import").join(name)).unwrap()
}

#[test]
fn wrong_sizes_of_trees_are_told_and_do_no_harm() {
    let bad = case("evil/lgb_bad_sizes.txt");
    let model = model(bad.as_bytes());
    let rows = vec![0.25; 8];
    assert_eq!(answers(&model, rows.clone()), answers(&super::model(case("lgb-l2/model.txt").as_bytes()), rows));
    assert!(model.header().source.as_ref().unwrap().notes[0].contains("`tree_sizes` is wrong"));
}

#[test]
fn a_text_that_is_cut_off_at_any_line_of_its_trees_is_refused() {
    let mut text = Text::of(vec![stump(0, "0.5", 8), categories(&[7, 1]), constant(1.0)]);
    text.tail.push_str("\npandas_categorical:[]\n");
    let text = text.written();
    let trees_end = text.find("end of trees").unwrap();
    let parameters = text.find("parameters:").unwrap() + "parameters:".len()..text.find("end of parameters").unwrap();
    let mut ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    ends.extend(ends.clone().iter().map(|end| end.saturating_sub(1)));
    for end in ends {
        let is_read = try_all(&text.as_bytes()[..end]);
        let is_whole = end >= trees_end + "end of trees".len() && !parameters.contains(&end);
        if !is_whole {
            assert!(is_read.is_err(), "cut off at {end}: {}", &text[..end]);
        }
    }
    // Columns of categories: it is not known whether they had names.
    let mut named = Text::of(vec![categories(&[7, 1])]);
    named.infos[2] = "0:1:2".to_owned();
    named.tail.clear();
    assert!(refusal(&named.bytes()).contains("the text ends before `end of parameters`: the file is cut off"));
    let long = case("lgb-cat/model.txt");
    for (line, (end, _)) in long.match_indices('\n').enumerate() {
        let cut = &long.as_bytes()[..end];
        if end < long.find("end of trees").unwrap() {
            let told = refusal(cut);
            let file = told.strip_prefix("model.txt: ").unwrap_or(&told);
            assert!(file.contains("cut off") || file.contains("line"), "line {line}: {told}");
        }
    }
}

#[test]
fn what_is_out_of_range_is_refused_with_its_place() {
    let two = "num_leaves=3\nnum_cat=0\nsplit_feature=0 1\nthreshold=0 0\ndecision_type=2 2\nleft_child=1 -1\n\
               right_child=-2 -3\nleaf_value=1 2 3\nis_linear=0\nshrinkage=1\n";
    let text = Text::of(vec![constant(0.5), two.to_owned()]).written();
    assert!(try_all(text.as_bytes()).is_ok());
    for (from, to, why) in [
        ("left_child=1 -1", "left_child=0 -1", "left_child[0]: split 0 is not after split 0, whose child it is"),
        ("left_child=1 -1", "left_child=1 0", "left_child[1]: split 0 is not after split 1"),
        ("left_child=1 -1", "left_child=1 1", "left_child[1]: split 1 is not after split 1"),
        ("left_child=1 -1", "left_child=2 -1", "left_child[0]: split 2 of 2"),
        ("left_child=1 -1", "left_child=1 -4", "left_child[1]: leaf 3 of 3"),
        ("left_child=1 -1", "left_child=1 -2147483648", "leaf 2147483647 of 3"),
        ("right_child=-2 -3", "right_child=1 -3", "right_child[0]: it is the child of two splits"),
        ("right_child=-2 -3", "right_child=-1 -3", "left_child[1]: it is the child of two splits"),
        ("right_child=-2 -3", "right_child=-2 99999999999", "right_child[1]: \"99999999999\" is not a number"),
        ("right_child=-2 -3", "right_child=-2", "`right_child` ends after 1 numbers, too few"),
        ("right_child=-2 -3", "right_child=-2 -3 -3", "`right_child` has more than 2 numbers"),
        ("split_feature=0 1", "split_feature=0 3", "split_feature[1]: column 3 of 3"),
        ("split_feature=0 1", "split_feature=0 -1", "split_feature[1]: \"-1\" is not a number that may stand here"),
        ("decision_type=2 2", "decision_type=2 14", "decision_type[1]: 14 has bits that are not known"),
        ("decision_type=2 2", "decision_type=2 1", "threshold[1]: category set 0 of 0"),
        ("threshold=0 0", "threshold=0 nan", "threshold[1]: it is not a number"),
        ("threshold=0 0", "threshold=0 zero", "threshold[1]: \"zero\" is not a number"),
        ("leaf_value=1 2 3", "leaf_value=1 inf 3", "leaf_value[1]: inf is not finite"),
        ("leaf_value=1 2 3\n", "", "the line `leaf_value=` is missing"),
        ("leaf_value=1 2 3", "leaf_value=1 2 3\nleaf_value=1 2 3", "`leaf_value` is given twice"),
        ("num_leaves=3", "num_leaves=4000000000", "`num_leaves` is 4000000000, more than its lists have numbers"),
        ("num_leaves=3", "num_leaves=18446744073709551615", "more than its lists have numbers"),
        ("num_leaves=3", "num_leaves=0", "`num_leaves` is 0"),
        ("num_leaves=3", "num_leaves=-3", "\"-3\" is not a number"),
        ("num_cat=0\nsplit_feature=0", "num_cat=9\nsplit_feature=0", "the line `cat_boundaries=` is missing"),
        (
            "is_linear=0\nshrinkage=1\n\n\nend",
            "is_linear=2\nshrinkage=1\n\n\nend",
            "`is_linear` is \"2\", expected 0 or 1",
        ),
        ("is_linear=0\nshrinkage=1\n\n\nend", "is_linear=1\nshrinkage=1\n\n\nend", "the line `leaf_const=` is missing"),
        ("right_child=-2 -3\n", "right_child=-2 -3\nleaf_magic=1\n", "`leaf_magic` is not known in a tree"),
    ] {
        assert_eq!(text.matches(from).count(), 1, "{from}");
        let told = refusal(text.replace(from, to).as_bytes());
        assert!(told.contains(why) && told.contains("Tree=1"), "{to}: {told}");
    }
    for (from, to, why) in [
        ("version=v4", "version=v5", "version \"v5\" is not read; v2, v3 and v4 are"),
        ("version=v4\n", "", "LightGBM before 2.1 wrote none"),
        ("num_class=1\nnum_tree_per_iteration=1", "num_class=4000000000", "4000000000 outputs, expected 1 to 1000"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=0", "0 outputs"),
        ("num_tree_per_iteration=1", "num_tree_per_iteration=3", "num_class is 1, and num_tree_per_iteration 3"),
        (
            "num_class=1\nnum_tree_per_iteration=1",
            "num_class=3\nnum_tree_per_iteration=3",
            "regression has 1 trees a round, the head says 3",
        ),
        ("max_feature_idx=2", "max_feature_idx=4000000000", "max_feature_idx is 4000000000: over 65535 columns"),
        ("max_feature_idx=2", "max_feature_idx=3", "`feature_names` has 3 entries, max_feature_idx says 4"),
        ("feature_names=a b c", "feature_names=a b b", "feature \"b\" is listed twice"),
        ("label_index=0", "label_index=0\nsome_switch", "`some_switch` is not known in the head"),
        ("tree\n", "trees\n", "the first line is not `tree`"),
    ] {
        let told = try_all(text.replacen(from, to, 1).as_bytes()).err().unwrap_or_default();
        assert!(told.contains(why), "{to}: {told}");
    }
    for (from, to, why) in [
        ("tree_sizes=", "tree_sizes=1 ", "`tree_sizes` has more than 2 numbers"),
        ("Tree=0\n", "Tree=0\nnum_leaves=1\nnum_cat=0\nleaf_value=1\nTree=1\n", "`tree_sizes` ends after 2 numbers"),
    ] {
        let told = refusal(text.replacen(from, to, 1).as_bytes());
        assert!(told.contains(why), "{to}: {told}");
    }
    let none = Text::of(Vec::new()).bytes();
    assert!(refusal(&none).contains("the model has no trees"));
    let odd = Text { per_round: 2, objective: None, ..Text::of(vec![constant(1.0); 3]) };
    assert!(refusal(&odd.bytes()).contains("3 trees are not 2 a round: some are missing"));
}

#[test]
fn sets_of_categories_are_bounded() {
    let refused = |from: &str, to: &str| {
        let mut text = Text::of(vec![categories(&[7, 1])]);
        text.trees[0] = text.trees[0].replace(from, to);
        refusal(&text.bytes())
    };
    for (from, to, why) in [
        ("cat_boundaries=0 2", "cat_boundaries=1 2", "cat_boundaries[0]: the first set begins at 1, not at 0"),
        ("cat_boundaries=0 2", "cat_boundaries=0 4000000000", "`cat_threshold` ends after 2 numbers, too few"),
        ("cat_boundaries=0 2", "cat_boundaries=0 1", "`cat_threshold` has more than 1 numbers"),
        ("cat_boundaries=0 2", "cat_boundaries=0", "`cat_boundaries` ends after 1 numbers"),
        ("num_cat=1", "num_cat=4000000000", "`cat_boundaries` ends after 2 numbers"),
        ("cat_threshold=7 1", "cat_threshold=7 4294967296", "cat_threshold[1]"),
        ("threshold=0\n", "threshold=1\n", "threshold[0]: category set 1 of 1"),
        ("threshold=0\n", "threshold=-1\n", "threshold[0]: category set -1 of 1"),
        ("threshold=0\n", "threshold=0.5\n", "threshold[0]: category set 0.5 of 1"),
    ] {
        let told = refused(from, to);
        assert!(told.contains(why), "{to}: {told}");
    }
    // A category from 2^24 on; below it the words may be many.
    let mut words = vec![0; 1 << 19];
    assert!(try_all(&Text::of(vec![categories(&words)]).bytes()).is_ok());
    words.push(1);
    assert!(refusal(&Text::of(vec![categories(&words)]).bytes()).contains("category 16777216 and above"));
    // Members that take eleven times the bytes that they are said with.
    let dense = Text::of(vec![categories(&vec![u32::MAX; 200_000])]).bytes();
    assert!(refusal(&dense).contains("too many for a file of its size"));
}

#[test]
fn a_large_text_is_read_in_time() {
    // A chain of splits, each the left child of the one before: as deep as it is long.
    let n = 200_000;
    let list = |of: &dyn Fn(usize) -> String| (0..n).map(of).collect::<Vec<_>>().join(" ");
    let left = list(&|i| if i + 1 < n { (i + 1).to_string() } else { "-1".to_owned() });
    let right = list(&|i| format!("-{}", i + 2));
    let zeros = list(&|_| "0".to_owned());
    let tree = format!(
        "num_leaves={}\nnum_cat=0\nsplit_feature={zeros}\nthreshold={zeros}\ndecision_type={zeros}\nleft_child={left}\n\
         right_child={right}\nleaf_value={zeros} 1\nis_linear=0\nshrinkage=1\n",
        n + 1
    );
    let text = Text::of(vec![tree]).bytes();
    let start = cpu_time();
    read(&text, &ImportOptions::default()).unwrap();
    let took = cpu_time().saturating_sub(start);
    assert!(took < Duration::from_secs(5), "{took:?}");
}

/// A text with everything in it.
fn everything() -> String {
    let linear = stump(0, "0.5", 10).replace("is_linear=0", "is_linear=1")
        + "leaf_const=0.1 7\nnum_features=2 0\nleaf_features=2 1  \nleaf_coeff=0.3 -0.7  \n";
    let mut text = Text::of(vec![stump(0, "0.5", 4), categories(&[7, 1]), linear, constant(1.0)]);
    text.objective = Some("multiclass num_class:2");
    text.per_round = 2;
    text.infos[2] = "-1:0:1:2".to_owned();
    text.tail.push_str("\npandas_categorical:[[\"a\", \"b\", \"c\"]]\n");
    text.written()
}

#[test]
fn the_text_with_everything_is_read() {
    assert_eq!(try_all(everything().as_bytes()), Ok(()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_mutated_text_is_read_or_refused(
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..14, any::<u8>()), 1..4),
    ) {
        let mut text = everything().into_bytes();
        for (at, kind, byte) in changes {
            // Words, most of them numbers, are changed more often than bytes.
            let starts: Vec<usize> = (1..text.len()).filter(|at| b" =:\n".contains(&text[at - 1])).collect();
            let start = starts[at.index(starts.len())];
            let end = text[start..].iter().position(|b| b" =:\n".contains(b)).map_or(text.len(), |n| start + n);
            let other: &[u8] = match kind {
                0 => b"-1",
                1 => b"0",
                2 => b"1",
                3 => b"4294967295",
                4 => b"-2147483648",
                5 => b"1e308",
                6 => b"nan",
                7 => b"",
                8 => b"0 0 0",
                9 => b"18446744073709551615",
                10 => b"2",
                11 => b"-3",
                12 => &[byte],
                _ => {
                    text[start] = byte;
                    continue;
                }
            };
            text.splice(start..end, other.iter().copied());
        }
        let _ = try_all(&text);
    }

    #[test]
    fn bytes_behind_the_first_line_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = try_all(&[b"tree\n", &bytes[..]].concat());
    }
}

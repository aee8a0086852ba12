//! Tables as people have them, given to the program: other writings, few words among numbers, rows that do not fit.

use std::path::Path;

use crate::support::path;
use crate::support::process::{Ran, Server, run_with};

/// Trains a linear model on `table`; what was said calls the file `t.csv`.
fn train(directory: &Path, table: &[u8], more: &[&str]) -> Ran {
    let (data, model) = (directory.join("t.csv"), directory.join("m.model"));
    std::fs::write(&data, table).unwrap();
    let (data, model) = (data.to_str().unwrap(), model.to_str().unwrap());
    let args = ["train", "--data", data, "--target", "y", "--algorithm", "linear", "--folds", "0", "-o", model];
    let mut ran = run_with(&[], &[&args[..], more].concat());
    ran.err = ran.err.replace(data, "t.csv");
    ran
}

/// Scores `table`; gives the exit code, the output, and what was said.
fn predict(model: &str, directory: &Path, table: &[u8], more: &[&str]) -> Ran {
    let input = directory.join("in.csv");
    std::fs::write(&input, table).unwrap();
    let input = input.to_str().unwrap();
    let mut ran = run_with(&[], &[&["predict", "--model", model, "--input", input][..], more].concat());
    ran.err = ran.err.replace(input, "in.csv");
    ran
}

fn boston() -> String {
    path("tests/fixtures/artifacts/boston-ridge.model").display().to_string()
}

fn table(head: &str, row: impl Fn(usize) -> String) -> String {
    (0..60).fold(format!("{head}\n"), |text, i| format!("{text}{}\n", row(i)))
}

#[test]
fn a_table_of_another_writing_is_trained_and_scored() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("m.model").display().to_string();
    let row = |i: usize| format!("1.{:03},5;k. A.;{}", i * 7 % 60, i * 7 % 60);
    let german = table("area;note;y", row);
    let flags = ["--decimal", ",", "--thousands", ".", "--missing", "k. A.", "--drop", "note"];
    let ran = train(directory.path(), german.as_bytes(), &flags);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let ran = predict(&model, directory.path(), b"area;note\n1.012,5;k. A.\n", &["--decimal", ",", "--thousands", "."]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let answer = ran.out.strip_prefix("area;note;prediction\n1.012,5;k. A.;").unwrap();
    assert!((answer.trim().replace(',', ".").parse::<f64>().unwrap() - 12.0).abs() < 1e-6, "{answer}");
    assert!(answer.contains(','), "{answer}");
    let ran = predict(&model, directory.path(), b"area;note\n1.012,5;\n", &[]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("in.csv, line 2, column 1 (area): area must be a number, not \"1.012,5\""), "{}", ran.err);
    assert!(ran.err.contains("; --decimal , --thousands . reads it as 1012.5"), "{}", ran.err);
    let ran = predict(&model, directory.path(), b"area\n1.5\n", &["--decimal", ","]);
    assert!(ran.err.contains("area must be a number, not \"1.5\""), "{}", ran.err);
    let ran = predict(&model, directory.path(), b"area\n1e200\n", &[]);
    assert!(ran.err.contains("area must be between -1e150") && !ran.err.contains("reads it as"), "{}", ran.err);
    let ran = train(directory.path(), german.as_bytes(), &["--thousands", "."]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("--thousands .: . stands before the fraction of a number; --decimal , goes with it"));
}

#[test]
fn numbers_in_another_writing_are_no_categories() {
    let directory = tempfile::tempdir().unwrap();
    let price = |i: usize| {
        if i.is_multiple_of(3) { format!("{}", 500 + i) } else { format!("\"1,{i:03}\"") }
    };
    let prices = table("price,y", |i| format!("{},{i}", price(i % 12)));
    let ran = train(directory.path(), prices.as_bytes(), &[]);
    assert_eq!(ran.code, Some(65));
    let expected = "smartserve: t.csv, column 1 (price): numbers in another writing: \"1,001\" on line 3, \"1,002\" on line \
                    4, \"1,004\" on line 6: --thousands , reads it as 1001, --decimal , reads it as 1.001; --categorical \
                    price takes them as text\n";
    assert_eq!(ran.err, expected);
    for flags in [["--thousands", ","], ["--categorical", "price"]] {
        assert_eq!(train(directory.path(), prices.as_bytes(), &flags).code, Some(0));
    }
    let rents = train(directory.path(), b"area;rent;y\n\"70,5\";\"900,0\";1\n\"81,0\";\"950,5\";2\n", &[]).err;
    let expected = "smartserve: t.csv, column 1 (area): numbers in another writing: \"70,5\" on line 2, \"81,0\" on line 3: \
                    --decimal , reads it as 70.5; --categorical area takes them as text; likewise \"rent\"\n";
    assert_eq!(rents, expected);
    for (cell, told) in [("5%", "it has a percent sign"), ("€ 5", "it has a currency sign")] {
        let ran = train(directory.path(), table("fee,y", |i| format!("{cell},{i}")).as_bytes(), &[]);
        assert_eq!(ran.code, Some(65));
        let start = format!("smartserve: t.csv, column 1 (fee): numbers in another writing: {cell:?} on line 2");
        assert!(ran.err.starts_with(&start) && ran.err.contains(told), "{}", ran.err);
    }
}

#[test]
fn few_words_among_numbers_are_told_with_their_places() {
    let directory = tempfile::tempdir().unwrap();
    let spoilt = table("area,y", |i| format!("{},{i}", if i % 19 == 7 { "n.d.".to_owned() } else { i.to_string() }));
    let ran = train(directory.path(), spoilt.as_bytes(), &[]);
    assert_eq!(ran.code, Some(65));
    let expected = "smartserve: t.csv, column 1 (area): 3 of 60 cells are no numbers: \"n.d.\" on line 9, \"n.d.\" on line \
                    28, \"n.d.\" on line 47; correct them, say --missing n.d. if it means a missing cell, or \
                    --categorical area if all are names\n";
    assert_eq!(ran.err, expected);
    let ran = train(directory.path(), spoilt.as_bytes(), &["--missing", "n.d."]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for word in ["#N/A", "<NA>", "-", "."] {
        let known = table("area,y", |i| format!("{},{i}", if i % 20 == 0 { word.to_owned() } else { i.to_string() }));
        let ran = train(directory.path(), known.as_bytes(), &[]);
        assert_eq!(ran.code, Some(0), "{word}: {}", ran.err);
        assert!(!ran.err.contains("read as categories") && !ran.err.contains("kept as a category"), "{}", ran.err);
    }
}

#[test]
fn line_ends_of_two_carriage_returns_are_no_part_of_the_last_cell() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("m.model").display().to_string();
    let windows = table("x,y", |i| format!("{},{i}", i % 7)).replace('\n', "\r\r\n");
    assert_eq!(train(directory.path(), windows.as_bytes(), &[]).code, Some(0));
    let ran = predict(&model, directory.path(), b"x,note\r\r\n3,0\r\r\n4,\"a b\"\r\r\n", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let rows: Vec<&str> = ran.out.lines().collect();
    assert!(rows[0] == "x,note,prediction" && rows[1].starts_with("3,0,") && rows[2].starts_with("4,a b,"), "{ran:?}");
}

#[test]
fn a_header_of_one_name_is_told_what_may_be_between_its_columns() {
    let directory = tempfile::tempdir().unwrap();
    let colons = table("x:y", |i| format!("{}:{i}", i % 7));
    let ran = train(directory.path(), colons.as_bytes(), &[]);
    let told = "no column is called \"y\" (--target); it has x:y; if ':' stands between columns: --delimiter :\n";
    assert!(ran.code == Some(65) && ran.err.ends_with(told), "{}", ran.err);
    assert_eq!(train(directory.path(), colons.as_bytes(), &["--delimiter", ":"]).code, Some(0));
    let model = directory.path().join("m.model").display().to_string();
    let ran = predict(&model, directory.path(), b"x^z\n3^0\n", &[]);
    let told = "in.csv: no column \"x\"; the header has \"x^z\"; if '^' stands between columns: --delimiter '^'\n";
    assert!(ran.code == Some(65) && ran.err.ends_with(told), "{}", ran.err);
}

#[test]
fn an_empty_last_column_and_an_index_of_pandas_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let ran = train(directory.path(), table("x,y,", |i| format!("{},{i},", i % 7)).as_bytes(), &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let ran = train(directory.path(), table("Unnamed: 0,x,y", |i| format!("{i},{},{i}", i % 7)).as_bytes(), &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let told = "Unnamed: 0 is what pandas calls a column without a name, mostly an index: --drop 'Unnamed: 0', or";
    assert!(ran.out.split_whitespace().collect::<Vec<_>>().join(" ").contains(told), "{}", ran.out);
}

#[test]
fn a_row_that_does_not_fit_may_stand_with_its_reason() {
    let directory = tempfile::tempdir().unwrap();
    let head = "CHAS,RM,TAX,PTRATIO,B,LSTAT,error\n";
    let good = "0,6.575,296.0,15.3,396.9,4.98,x\n";
    let bad = "0,six,,15.3,396.9,4.98,x\n";
    let input = format!("{head}{bad}{}{bad}", good.repeat(5_000));
    let ran = predict(&boston(), directory.path(), input.as_bytes(), &[]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.starts_with("smartserve: in.csv, line 2, column 2 (RM): RM must be a number"), "{}", ran.err);
    let ran = predict(&boston(), directory.path(), input.as_bytes(), &["--on-error", "null"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!((lines.len(), lines[0]), (5_003, "CHAS,RM,TAX,PTRATIO,B,LSTAT,error,prediction,error_"));
    for line in [lines[1], lines[5_002]] {
        let reason = line.strip_prefix("0,six,,15.3,396.9,4.98,x,,\"").unwrap();
        assert!(reason.starts_with("RM must be a number, not \"\"six\"\""), "{reason}");
        assert!(reason.contains("; TAX is missing"), "{reason}");
    }
    let whole = predict(&boston(), directory.path(), format!("{head}{good}").as_bytes(), &[]);
    let expected = format!("{},", whole.out.lines().nth(1).unwrap());
    assert!(lines[2..5_002].iter().all(|line| *line == expected), "{expected}");
}

#[test]
fn a_row_without_a_finite_answer_may_stand_too() {
    let directory = tempfile::tempdir().unwrap();
    let steep = table("x,y", |i| format!("{i},{i}e160"));
    assert_eq!(train(directory.path(), steep.replace("e160", "e140").as_bytes(), &[]).code, Some(0));
    let model = directory.path().join("m.model").display().to_string();
    let input = "x\n1\n1e149\n2\n1e150\n1e150\n3\n";
    let ran = predict(&model, directory.path(), input.as_bytes(), &["--on-error", "null"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(ran.out.lines().count(), 7, "{}", ran.out);
    let by_itself = predict(&model, directory.path(), b"x\n3\n", &[]);
    let expected = by_itself.out.lines().nth(1).map(|line| format!("{line},"));
    assert_eq!(ran.out.lines().last(), expected.as_deref());
}

#[test]
fn packed_files_are_trained_and_scored() {
    let directory = tempfile::tempdir().unwrap();
    let plain = table("x,y", |i| format!("{},{i}", i % 13));
    let packed = zstd::encode_all(plain.as_bytes(), 1).unwrap();
    let ran = train(directory.path(), &packed, &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let model = directory.path().join("m.model").display().to_string();
    let expected = predict(&model, directory.path(), plain.as_bytes(), &[]).out;
    assert_eq!(predict(&model, directory.path(), &packed, &[]).out, expected);
    let ran = predict(&model, directory.path(), &packed[..packed.len() - 9], &[]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("in.csv: compressed with zstd, and damaged or cut off"), "{}", ran.err);
}

#[test]
fn bodies_are_read_as_files_are() {
    let server = Server::start(&["--model", &boston()]);
    let (_, expected) = server.ask_csv("/predict", "CHAS,RM,TAX,LSTAT\n0,6.575,296.0,4.98\n");
    for body in [
        "CHAS;RM;TAX;LSTAT\r0;6.575;296.0;4.98\r",
        "sep=;\r\nCHAS;RM;TAX;LSTAT\r\n0; \"6.575\";296.0;4.98\r\n",
        "\u{feff}CHAS\tRM\tTAX\tLSTAT\t\n0\t6.575\t296.0\t4.98\t\n",
    ] {
        assert_eq!(server.ask_csv("/predict", body), (200, expected.clone()), "{body}");
    }
}

#[test]
fn a_word_for_no_value_among_codes_is_a_missing_cell_whether_or_not_training_had_one() {
    let directory = tempfile::tempdir().unwrap();
    let model = directory.path().join("m.model").display().to_string();
    let codes = table("code,y", |i| format!("{},{}", i % 3 + 7, i % 3));
    for flags in [&["--categorical", "code"][..], &["--categorical", "code", "--unknown", "other"]] {
        assert_eq!(train(directory.path(), codes.as_bytes(), flags).code, Some(0));
        let ran = predict(&model, directory.path(), b"code\n8\nNA\n", &[]);
        assert_eq!(ran.code, Some(65), "{flags:?}: {}", ran.out);
        let told = "in.csv, line 3, column 1 (code): code is missing, and no cell of it was missing in training";
        assert!(ran.err.contains(told), "{}", ran.err);
    }
    // One that training had is no category either, and is imputed.
    let with_missing =
        table("code,y", |i| format!("{},{}", if i == 5 { "NA".to_owned() } else { format!("{}", i % 3 + 7) }, i % 3));
    assert_eq!(train(directory.path(), with_missing.as_bytes(), &["--categorical", "code"]).code, Some(0));
    let ran = predict(&model, directory.path(), b"code\nNA\n\"\"\n", &[]);
    let answers: Vec<&str> = ran.out.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert!(ran.code == Some(0) && answers.len() == 2 && answers[0] == answers[1], "{ran:?}");
}

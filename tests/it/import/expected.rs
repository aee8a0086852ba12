//! `verify --input --expect`: a model's answers compared with those that its own library gave.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::cases::{Case, folder};
use crate::support::process::{Ran, run_with};

/// A case's rows, with what the library answered in columns of their own.
struct Table {
    directory: tempfile::TempDir,
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// The rows of a case; `columns` are names, and what makes a row's answers a text.
    fn of(case: &Case, key: &str, columns: &[&str], text: impl Fn(&Value) -> String) -> Self {
        let mut reader = csv::Reader::from_path(&case.rows).unwrap();
        let mut header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        header.extend(columns.iter().map(|name| (*name).to_owned()));
        let answers = case.expected[key].as_array().unwrap();
        let records = reader.records().zip(answers);
        let row = |(record, answer): (csv::Result<csv::StringRecord>, &Value)| {
            let mut row: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
            match answer {
                Value::Array(several) => row.extend(several.iter().map(&text)),
                one => row.push(text(one)),
            }
            row
        };
        let rows = records.map(row).collect();
        Self { directory: tempfile::tempdir().unwrap(), header, rows }
    }

    fn column(&self, name: &str) -> usize {
        self.header.iter().position(|head| head == name).unwrap()
    }

    fn write(&self) -> PathBuf {
        let path = self.directory.path().join("rows.csv");
        let mut writer = csv::Writer::from_path(&path).unwrap();
        writer.write_record(&self.header).unwrap();
        self.rows.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.flush().unwrap();
        path
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// As numpy prints a number of 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "it is one of 32 bits")]
fn of_32_bits(value: &Value) -> String {
    (value.as_f64().unwrap() as f32).to_string()
}

fn verify(model: &Path, rows: &Path, flags: &[&str]) -> Ran {
    let paths = ["verify", model.to_str().unwrap(), "--input", rows.to_str().unwrap()];
    run_with(&[], &[&paths, flags].concat())
}

#[test]
fn answers_that_the_library_gave_are_found_to_be_the_same() {
    let labelled: [(&str, &str, &[&str], &[&str]); 8] = [
        ("xgb-sqerr", "predict", &["y"], &["--expect", "y"]),
        ("xgb-logistic", "predict", &["p"], &["--expect", "probability_1=p"]),
        ("xgb-logistic", "predict", &["p"], &["--expect", "p", "--answer", "library"]),
        ("xgb-softprob", "predict", &["a", "b", "c", "d"], &["--expect", "a,b", "--expect", "c,d"]),
        ("xgb-softprob", "margin", &["a", "b", "c", "d"], &["--expect", "raw_3=d,raw_0=a"]),
        ("sk-dtr-multi", "predict", &["y0", "y1"], &["--expect", "y0,y1"]),
        ("sk-hgbc-bin", "predict", &["prediction"], &["--expect", "prediction"]),
        ("sk-full-pipe-rf", "predict", &["label"], &["--expect", "label"]),
    ];
    for (name, key, columns, flags) in labelled {
        let case = Case::all(name, &["ubj", "skops"]).remove(0);
        // The library's numbers of 32 bits, in the digits that it prints itself.
        let text = if name.starts_with("xgb") { of_32_bits } else { plain };
        let table = Table::of(&case, key, columns, text);
        let ran = verify(&case.files[0], &table.write(), flags);
        assert_eq!(ran.code, Some(0), "{name}: {ran:?}");
        let (rows, compared) = (ran.out.contains("rows.csv: 500 rows\n"), ran.out.matches(": no difference\n").count());
        assert!(rows && compared >= 1 && ran.err.is_empty(), "{name}: {ran:?}");
    }
}

#[test]
fn the_greatest_difference_and_the_worst_rows_are_told_and_decide_the_exit_code() {
    let case = Case::all("sk-hgbr", &["skops"]).remove(0);
    let mut table = Table::of(&case, "predict", &["y"], plain);
    let at = table.column("y");
    for (row, by) in [(3, 0.25), (7, 1.0)] {
        table.rows[row][at] = (table.rows[row][at].parse::<f64>().unwrap() + by).to_string();
    }
    let rows = table.write();
    let ran = verify(&case.files[0], &rows, &["--expect", "y"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("2 answers for 500 rows differ by more than 0; the worst is on line 9"), "{ran:?}");
    let table: Vec<Vec<&str>> = ran.out.lines().skip(3).map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(table[0], ["line", "answer", "expected", "got", "difference"], "{}", ran.out);
    assert_eq!((table[1][0], table[2][0], table.len()), ("9", "5", 3), "{}", ran.out);
    let largest: f64 = table[1][4].parse().unwrap();
    assert!((largest - 1.0).abs() < 1e-12, "{}", ran.out);
    assert_eq!(verify(&case.files[0], &rows, &["--expect", "y", "--tolerance", "0.5"]).code, Some(1));
    let ran = verify(&case.files[0], &rows, &["--expect", "y", "--tolerance", "1.001"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.contains("within the tolerance") && ran.out.contains("\n9 "), "{ran:?}");
}

#[test]
fn another_label_is_beyond_every_tolerance_and_a_text_that_is_no_label_is_refused() {
    let case = Case::all("sk-full-pipe-rf", &["skops"]).remove(0);
    let mut table = Table::of(&case, "predict", &["label"], plain);
    let at = table.column("label");
    let other = table.rows.iter().map(|row| row[at].clone()).find(|label| *label != table.rows[5][at]).unwrap();
    table.rows[5][at] = other;
    let ran = verify(&case.files[0], &table.write(), &["--expect", "label", "--tolerance", "1e9"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.out.contains("1 rows have another label") && ran.out.contains("another label\n"), "{ran:?}");
    table.rows[8][at] = "nobody".to_owned();
    table.rows[9][at] = String::new();
    let ran = verify(&case.files[0], &table.write(), &["--expect", "label"]);
    assert_eq!(ran.code, Some(65), "{ran:?}");
    let place = "rows.csv, line 10, column 7 (label): \"nobody\" is no class of the model; it has ";
    assert!(ran.err.contains(place) && ran.err.contains("(and 1 more)"), "{ran:?}");
}

#[test]
fn columns_that_are_no_answers_are_refused_by_name() {
    let case = Case::all("xgb-softprob", &["ubj"]).remove(0);
    let table = Table::of(&case, "predict", &["a", "b", "c", "d"], plain);
    let rows = table.write();
    for (flags, code, why) in [
        (&["--expect", "e"][..], 65, "no column is called \"e\" (--expect)"),
        (&["--expect", "probabilty_1=a"], 2, "did you mean \"probability_1\"?"),
        (&["--expect", "a,b"], 2, "the model does not give 2 answers"),
        (&["--expect", "a"], 65, "a column of probabilities is named with its class"),
        (&["--expect", "a", "--tolerance=-1"], 2, "expected a number of at least 0"),
        (&[], 2, "--expect"),
    ] {
        let ran = verify(&case.files[0], &rows, flags);
        assert!(ran.code == Some(code) && ran.err.contains(why), "{flags:?}: {ran:?}");
    }
    let ran = verify(&folder().join("xgb-softprob/model.ubj"), Path::new("nowhere.csv"), &["--expect", "a"]);
    assert_eq!(ran.code, Some(66), "{ran:?}");
}

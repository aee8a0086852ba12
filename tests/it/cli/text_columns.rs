//! Columns that are text to the program and dates or numbers to a reader: what is said of them, and what reads them.

use super::dates::{header, predict, train};
use crate::support::arrow::{array, batch, parquet};
use crate::support::folder::Folder;
use crate::support::process::run_with;
use smartserve::text::date::Instant;

fn day(i: i64) -> String {
    Instant { seconds: (18_700 + i) * 86_400, nanoseconds: 0 }.to_string()
}

/// A table of so many rows, whose first column is `name`.
fn table(name: &str, n: i64, cell: impl Fn(i64) -> String) -> String {
    (0..n).fold(format!("{name},x,y\n"), |text, i| format!("{text}{},{},{}\n", cell(i), i % 7, i * 3 % 50))
}

#[test]
fn missing_dates_in_the_first_rows_decide_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    for first in [&["NaT"][..], &["NaT", "NaT"], &["", "NaT"], &["NaT"; 5], &["NA", "NaT", ""]] {
        let cell = |i: i64| first.get(i as usize).map_or_else(|| day(i), |word| (*word).to_owned());
        let ran = train(directory, &table("when", 40, cell), "decision-tree", &[]);
        assert_eq!(ran.code, Some(0), "{first:?}: {}", ran.err);
        assert_eq!(header(directory).features[0].kind.name(), "date", "{first:?}");
        assert_eq!(predict(directory, "when,x\nNaT,1\n2021-04-01,1\n").map(|answers| answers.len()), Ok(2));
    }
    // Nor does one cell that is none of them: it is named.
    let ran = train(directory, &table("when", 40, |i| if i == 0 { "soon".to_owned() } else { day(i) }), "lasso", &[]);
    let told = "; \"when\" has 40 categories: most of its cells are dates, and \"soon\" is none: --date when makes such cells \
                an error\n";
    assert!(ran.code == Some(65) && ran.err.ends_with(told), "{}", ran.err);
}

#[test]
fn what_a_reader_takes_for_dates_or_numbers_is_named_where_rows_are_too_few() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let of = |i: i64| -> [i64; 3] {
        let [year, month, day, ..] = Instant { seconds: (18_700 + i) * 86_400, nanoseconds: 0 }.civil();
        [year % 100, month, day]
    };
    let cases: [(&dyn Fn(i64) -> String, &str); 7] = [
        (
            &|i| if i == 5 { "2021-02-30".to_owned() } else { day(i) },
            "most of its cells are dates, and \"2021-02-30\" is none: --date 'the day' makes such cells an error",
        ),
        (
            &|i| {
                let [y, m, d] = of(i);
                format!("{m:02}/{d:02}/{y}")
            },
            "most of its cells are dates with a year of two digits, such as \"03/14/21\": write all four",
        ),
        (
            &|i| format!("\"Jan {}, {}\"", i % 28 + 1, 1990 + i),
            "most of its cells are dates with the month's name, such as \"Jan 1, 1990\": write them as 2021-03-04 (pandas: \
             to_datetime)",
        ),
        (
            &|i| format!("{:02}:{:02}:07", i % 24, i),
            "most of its cells are times of a day, such as \"00:00:07\": write seconds (pandas: \
             to_timedelta(…).dt.total_seconds())",
        ),
        (
            &|i| format!("CHF {i}.50"),
            "most of its cells are numbers with a unit, such as \"CHF 0.50\": write the numbers alone (pandas: \
             str.replace(\"CHF\", \"\"))",
        ),
        (
            &|i| format!("{i} {}", if i % 9 == 0 { "g" } else { "kg" }),
            "most of its cells are numbers with a unit, such as \"0 g\": write them in one unit and without it (there are \
             g, kg)",
        ),
        (&|i| format!("customer {i}"), ""),
    ];
    for (cell, told) in cases {
        let ran = train(directory, &table("the day", 50, cell), "ridge", &[]);
        let expected = match told {
            "" => "use random-forest; \"the day\" alone has 50 categories\n".to_owned(),
            told => format!("use random-forest; \"the day\" has 50 categories: {told}\n"),
        };
        assert!(ran.code == Some(65) && ran.err.ends_with(&expected), "{}", ran.err);
        // An algorithm that takes them is told before it is fitted.
        let ran = train(directory, &table("the day", 50, cell), "hist-gradient-boosting", &[]);
        let told = if told.is_empty() { "if it is an identifier, --drop 'the day'" } else { told };
        let expected = format!("warning: the day has 50 categories in 50 rows: {told}\n");
        assert!(ran.code == Some(0) && ran.err.contains(&expected), "{}", ran.err);
    }
}

#[test]
fn a_number_that_is_said_to_be_a_date_is_told_what_it_looks_like() {
    let directory = tempfile::tempdir().unwrap();
    for (first, told) in [
        (20_210_101, "; a date has dashes: write 2021-01-01 (pandas: to_datetime(…, format=\"%Y%m%d\"))\n"),
        (
            44_197,
            "; if it is Excel's number of a day, write 2021-01-01 (pandas: to_datetime(…, unit=\"D\", \
             origin=\"1899-12-30\"))\n",
        ),
        (20_219_901, "are numbers already: leave out --date for them\n"),
        (
            1_600_000_000,
            "; years, and seconds and the like since 1970, are numbers already: leave out --date for them\n",
        ),
    ] {
        let numbers = table("when", 20, |i| (first + i).to_string());
        let ran = train(directory.path(), &numbers, "ridge", &["--date", "when"]);
        let start = format!("smartserve: t.csv, line 2, column 1 (when): \"{first}\" is not a date such as 2021-03-04");
        assert!(ran.code == Some(65) && ran.err.starts_with(&start) && ran.err.ends_with(told), "{}", ran.err);
    }
}

#[test]
fn dates_of_parquet_that_are_beyond_9999_are_refused_with_their_row() {
    let folder = Folder::new();
    // 10000-01-01 is 2,932,897 days behind 1970.
    let days = (0..40).map(|i| Some(if i == 4 { 2_932_897 } else { 18_700 + i }));
    let far = batch(vec![
        ("when", array(days.collect::<arrow_array::Date32Array>())),
        ("x", array((0..40).map(|i| Some(i % 7)).collect::<arrow_array::Int64Array>())),
        ("y", array((0..40).map(|i| Some(i * 3 % 17)).collect::<arrow_array::Int64Array>())),
    ]);
    let data = folder.write("far.parquet", parquet(&far));
    let out = folder.path("m.model");
    let train = |more: &[&str]| {
        let args =
            ["train", "--data", &data, "--target", "y", "--algorithm", "decision-tree", "--folds", "0", "-o", &out];
        run_with(&[], &[&args[..], more].concat())
    };
    let ran = train(&[]);
    let told = "far.parquet, row 5, column 1 (when): +10000-01-01 is outside of the years 1 to 9999, in which dates are \
                read: write null, or a date of these years, or leave the column out (--drop)\n";
    assert!(ran.code == Some(65) && ran.err.ends_with(told), "{}", ran.err);
    for flags in [["--drop", "when"], ["--categorical", "when"]] {
        assert_eq!(train(&flags).code, Some(0), "{flags:?}");
    }
}

#[test]
fn a_word_that_may_mean_a_missing_cell_is_named_with_what_makes_it_one() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    let pools = table("the pool", 60, |i| ["NA", "Gd", "TA"][(i % 3) as usize].to_owned());
    let ran = train(directory, &pools, "decision-tree", &[]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let report = ran.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let told = "the pool: \"NA\" (first on line 2) is kept as a category; in a text column only an empty cell is missing; if \
                it means one: --missing NA";
    assert!(report.contains(told), "{report}");
    let refused = predict(directory, "the pool,x\n,1\n").unwrap_err();
    let told = "the pool is missing, and no cell of it was missing in training; it has \"Gd\", \"NA\", \"TA\"; if \"NA\" means \
                a missing cell: train with --missing NA\n";
    assert!(refused.ends_with(told), "{refused}");
    assert_eq!(train(directory, &pools, "decision-tree", &["--missing", "NA"]).code, Some(0));
    assert_eq!(predict(directory, "the pool,x\n,1\n").map(|answers| answers.len()), Ok(1));
}

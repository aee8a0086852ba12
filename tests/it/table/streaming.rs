//! Rows streamed against a schema: any column order, errors gathered with their places, chunks that do not matter,
//! headers guessed as documented.

use proptest::prelude::*;
use smartserve::model::batch::Batch;
use smartserve::model::schema::{Feature, FeatureKind, Impute, Schema, Target, Task};
use smartserve::model::statistics::Stats;
use smartserve::table::{CellProblem, Head, RowReader, TableError, looks_headerless, read_plain};

fn feature(name: &str, kind: FeatureKind, impute: Option<Impute>) -> Feature {
    let categories: Vec<String> = match kind {
        FeatureKind::Numeric | FeatureKind::Date(_) => Vec::new(),
        FeatureKind::Categorical => ["blue", "green", "red"].map(str::to_owned).to_vec(),
    };
    let stats = match kind {
        FeatureKind::Numeric | FeatureKind::Date(_) => Stats::numeric(&[0.0, 10.0]),
        FeatureKind::Categorical => Stats::categorical(&[0.0, 1.0, 2.0], 3),
    };
    let plain = Feature { unbounded: false, is_imported: false, ..Feature::imported(name.to_owned(), false) };
    Feature { kind, categories, impute, stats: Some(stats), ..plain }
}

fn schema() -> Schema {
    let features = vec![
        feature("size", FeatureKind::Numeric, None),
        feature("color", FeatureKind::Categorical, None),
        feature("age", FeatureKind::Numeric, Some(Impute::Median(3.0))),
    ];
    Schema::new(
        features,
        Target { name: "y".to_owned(), unit: None, classes: Vec::new(), outputs: None },
        Task::Regression,
    )
    .unwrap()
}

#[derive(PartialEq)]
enum Unknown {
    Refused,
    Skipped,
}

/// The cells that an error is about.
fn cells(error: &TableError) -> &[CellProblem] {
    if let TableError::Cells(problems) = error { problems } else { panic!("{error}") }
}

fn all(text: &str, schema: &Schema, head: Head, unknown: Unknown, chunk: usize) -> Result<Vec<f64>, TableError> {
    let rows = RowReader::new(text.as_bytes(), "in.csv", schema, head)?;
    let mut rows = if unknown == Unknown::Refused { rows.reject_unknown()? } else { rows };
    let mut values = Vec::new();
    while let Some(batch) = rows.next_chunk(chunk)? {
        values.extend_from_slice(batch.values());
    }
    Ok(values)
}

#[test]
fn columns_are_found_by_name_in_any_order() {
    let text = "age,note,color,size\n7,hi,red,1.5\nNA,,blue,2\n";
    let values = all(text, &schema(), Head::Present, Unknown::Skipped, 100).unwrap();
    assert_eq!(values[..5], [1.5, 2.0, 7.0, 2.0, 0.0]);
    assert!(values[5].is_nan());
}

#[test]
fn missing_and_unknown_columns_are_named() {
    let error = all("size,colour\n1,red\n", &schema(), Head::Present, Unknown::Skipped, 9).unwrap_err();
    assert_eq!(
        error.to_string(),
        "in.csv: no column \"color\", \"age\"; the header has \"size\", \"colour\"; if \"colour\" is meant, rename it \"color\""
    );
    let error = all("size,color,age,sizes\n1,red,2,3\n", &schema(), Head::Present, Unknown::Refused, 9).unwrap_err();
    assert_eq!(error.to_string(), "in.csv: no feature is called \"sizes\"; did you mean \"size\"?");
}

#[test]
fn errors_tell_line_column_and_row() {
    let text = "size,color,age\n1,red,2\n\nx,purple,\n,red,1\n3,blue,4\n";
    let error = all(text, &schema(), Head::Present, Unknown::Refused, 100).unwrap_err();
    let problems = cells(&error);
    let places: Vec<(u64, u64, usize)> =
        problems.iter().map(|p| (p.row, p.place.line, p.place.column.as_ref().unwrap().0)).collect();
    assert_eq!(places, [(1, 4, 1), (1, 4, 2), (2, 5, 1)]);
    let first = "in.csv, line 4, column 1 (size): size must be a number, not \"x\"; training saw 0 to 10 (and 2 more)";
    assert_eq!(error.to_string(), first);
}

#[test]
fn at_most_twenty_errors_are_gathered() {
    let text = format!("size,color,age\n{}", "x,y,z\n".repeat(100));
    let error = all(&text, &schema(), Head::Present, Unknown::Refused, 1_000).unwrap_err();
    assert_eq!(cells(&error).len(), 20);
}

#[test]
fn ragged_lines_are_errors_here_too() {
    let error = all("size,color,age\n1,red\n", &schema(), Head::Present, Unknown::Refused, 9).unwrap_err();
    assert_eq!(error.to_string(), "in.csv, line 2: 2 fields where the header has 3");
    let error = all("", &schema(), Head::Guess, Unknown::Refused, 9).unwrap_err();
    assert_eq!(error.to_string(), "in.csv: the file is empty; it must start with a header line");
    let error = all("size,color,age\n", &schema(), Head::Guess, Unknown::Refused, 9).unwrap_err();
    assert_eq!(error.to_string(), "in.csv: no rows below the header on line 1");
}

#[test]
fn cells_pass_through_unchanged() {
    let text = "note,size,color,age\r\n\" a, b \",1.50,red,\r\nx,2,blue,3\r\n";
    let schema = schema();
    let mut rows = RowReader::new(text.as_bytes(), "in.csv", &schema, Head::Present).unwrap().keep_fields();
    assert_eq!(rows.header(), ["note", "size", "color", "age"]);
    assert_eq!(rows.next_chunk(1).unwrap().unwrap().n_rows(), 1);
    let fields = |rows: &RowReader<'_, &[u8]>, row| (0..4).map(|at| rows.field(row, at).to_owned()).collect::<Vec<_>>();
    assert_eq!(fields(&rows, 0), [" a, b ", "1.50", "red", ""]);
    assert_eq!(fields(&rows, 1), ["", "", "", ""]);
    assert_eq!(rows.next_chunk(5).unwrap().unwrap().n_rows(), 1);
    assert_eq!(fields(&rows, 0), ["x", "2", "blue", "3"]);
    assert_eq!(rows.next_chunk(5).unwrap(), None);
}

fn numeric_schema(names: &[&str]) -> Schema {
    let features = names.iter().map(|n| feature(n, FeatureKind::Numeric, None)).collect();
    Schema::new(
        features,
        Target { name: "y".to_owned(), unit: None, classes: Vec::new(), outputs: None },
        Task::Regression,
    )
    .unwrap()
}

#[test]
fn a_first_line_of_numbers_is_a_row() {
    let schema = numeric_schema(&["a", "b"]);
    assert_eq!(all("1,2\n3,4\n", &schema, Head::Guess, Unknown::Refused, 9).unwrap(), [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(all("b,a\n3,4\n", &schema, Head::Guess, Unknown::Refused, 9).unwrap(), [4.0, 3.0]);
    assert_eq!(all("1,2\n", &schema, Head::Absent, Unknown::Refused, 9).unwrap(), [1.0, 2.0]);
    for (line, headerless) in [("1,2", true), ("1,2,3", false), ("1,x", false), ("1,", false), ("1, 2e3", true)] {
        assert_eq!(looks_headerless(line.split(','), &schema), headerless, "{line}");
    }
    let error = all("1,2\n3,4\n", &schema, Head::Present, Unknown::Refused, 9).unwrap_err();
    assert!(error.to_string().starts_with("in.csv, line 1: no header"), "{error}");
}

#[test]
fn a_header_may_be_numbers() {
    let schema = numeric_schema(&["2001", "2002"]);
    for head in [Head::Guess, Head::Present] {
        assert_eq!(all("2002,2001\n3,4\n", &schema, head, Unknown::Refused, 9).unwrap(), [4.0, 3.0]);
    }
}

proptest! {
    #[test]
    fn chunk_sizes_change_nothing(
        rows in prop::collection::vec((any::<i32>(), 0..3_usize, prop::option::of(-1e9..1e9_f64)), 1..60),
        chunk in 1..70_usize,
        crlf in any::<bool>(),
        last in any::<bool>(),
    ) {
        let colors = ["blue", "green", "red"];
        let end = if crlf { "\r\n" } else { "\n" };
        let mut text = format!("color,size,age{end}");
        let mut expected = Vec::new();
        for (size, color, age) in &rows {
            let shown = age.map_or_else(String::new, |a| format!("{a:?}"));
            text.push_str(&format!("{},{size},{shown}{end}", colors[*color]));
            expected.extend([f64::from(*size), *color as f64, age.unwrap_or(f64::NAN)]);
        }
        if !last {
            text.truncate(text.len() - end.len());
        }
        let values = all(&text, &schema(), Head::Guess, Unknown::Refused, chunk).unwrap();
        prop_assert_eq!(values.len(), expected.len());
        prop_assert!(values.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn the_quick_reader_reads_the_same(
        header in prop::sample::select(vec![
            "size,color,age\n", "age,size,color\r\n", " color ,size,age\n", "size,color\n", "size,size,age\n",
            "\u{feff}size,color,age\n", "", "\n", "\r\n\r\nsize,color,age\n", "\r\r\nsize,color,age\r\r\n",
            "1,2,3\n", "size,color,age,x\n",
        ]),
        cells in prop::collection::vec(prop::sample::select(vec![
            "1.5,", "-2,", "0.1", ",", "red", "blue,", "green", "\n", "\r\n", "\r\r\n", "\r", "NA,", " 7 ,", "1e5,", "1.", ".5,", "-",
            "12345678901234567890,", "1e200,", "nan,", "\"8\",", "5,red,3\n", "-0.25,blue,\r\n", "6,green,NA\n",
        ]), 0..12),
    ) {
        let (schema, text) = (schema(), format!("{header}{}", cells.concat()));
        for head in [Head::Guess, Head::Present, Head::Absent] {
            let Some((batch, has_header)) = read_plain(text.as_bytes(), &schema, head, 4) else { continue };
            let mut rows = RowReader::new(text.as_bytes(), "in.csv", &schema, head)
                .and_then(RowReader::reject_unknown)
                .map_err(|e| TestCaseError::fail(format!("{e}: {text:?}")))?;
            let expected = rows.next_chunk(5).map_err(|e| TestCaseError::fail(format!("{e}: {text:?}")))?.unwrap();
            let bits = |batch: &Batch| batch.values().iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(&batch), bits(&expected), "{:?}", text);
            prop_assert_eq!(has_header, rows.has_header(), "{:?}", text);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), chunk in 1..10_usize) {
        let schema = schema();
        let mut input = b"size,color,age\n".to_vec();
        input.extend(&bytes);
        for head in [Head::Guess, Head::Present, Head::Absent] {
            let Ok(mut rows) = RowReader::new(input.as_slice(), "in.csv", &schema, head) else {
                continue;
            };
            while let Ok(Some(batch)) = rows.next_chunk(chunk) {
                prop_assert!(batch.n_rows() <= chunk);
            }
        }
        let _ = smartserve::table::TableFile::from_bytes("x", bytes).scan();
    }
}

#[test]
fn only_plain_rows_are_read_quickly() {
    let read = |text: &str| read_plain(text.as_bytes(), &schema(), Head::Guess, 2).map(|(batch, _)| batch.n_rows());
    assert_eq!(read("size,color,age\n1.5,red,7\n2e1, blue ,\r\n"), Some(2));
    assert_eq!(read("\n age,color,size\n\r\nNA,red,-0\n\n"), Some(1));
    assert_eq!(read("color,age,size\r\r\nred,1,2\r\r\n\r\r\nblue,1,x\r\r\n"), None);
    assert_eq!(read("size,age,color\r\r\n1,2,red\r\r\n\r\r\n1,2,blue\r\r\n"), Some(2));
    for other in [
        "size,color,age\n1,red,2\n1,red,2\n1,red,2\n",
        "size,color,age\n",
        "",
        "size,color,age\n1,red\n",
        "size,color,age\n1,red,2,3\n",
        "size,color,age\n1,\"red\",2\n",
        "size,color,age\n1,rde,2\n",
        "size,color,age\n,red,2\n",
        "size,color\n1,red\n",
        "size,color,age,x\n1,red,2,3\n",
    ] {
        assert_eq!(read(other), None, "{other:?}");
    }
}

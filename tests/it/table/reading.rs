//! Whole tables: each way a CSV can be bad gives one clear line with file, line and column; kinds and missing cells are
//! read as documented.

use smartserve::model::schema::FeatureKind;
use smartserve::table::{Cells, ErrorClass, TableError, TableFile, TableInput};

fn file(text: &str) -> TableFile {
    TableFile::from_bytes("t.csv", text.as_bytes().to_vec())
}

fn read(text: &str, kinds: &[FeatureKind]) -> Result<Vec<Cells>, TableError> {
    let file = file(text);
    let wanted: Vec<(usize, FeatureKind)> = kinds.iter().copied().enumerate().collect();
    file.scan()?.read(&wanted)
}

#[test]
fn malformed_tables_give_one_line() {
    let cases: [(&[u8], &str); 15] = [
        (b"", "t.csv: the file is empty; it must start with a header line"),
        (b"\n\r\n  \n", "t.csv: the file is empty; it must start with a header line"),
        (b"a,b\n", "t.csv: no rows below the header on line 1"),
        (b"\n\na,b\r\n\r\n", "t.csv: no rows below the header on line 3"),
        (b"a,b\n1,2\n3\n", "t.csv, line 3: 1 field where the header has 2"),
        (b"a,b\r\n1,2\r\n\r\n3,4,5\r\n", "t.csv, line 4: 3 fields where the header has 2"),
        (
            b"a,b\n1,\"2\n3,4\n5,6\n",
            "t.csv, line 2: 2 fields where the header has 2; is a quote opened here and never closed?",
        ),
        (
            b"1,2\n3,4\n",
            "t.csv, line 1: no header: the first line holds only numbers; add a line with the columns' names above it",
        ),
        (b"a,b,a\n1,2,3\n", "t.csv, line 1, column 3 (a): the name is also that of column 1; rename one of them"),
        (
            b"5.1,x,5.1\n1,2,3\n",
            "t.csv, line 1, column 3 (5.1): the name is also that of column 1; is the header line missing?",
        ),
        (
            b"a,b\n1,2\n3,\xff\n",
            "t.csv, line 3, column 2 (b): not UTF-8; if it is Windows-1252 or Latin-1, as Excel writes it, convert it: iconv -f WINDOWS-1252 -t UTF-8",
        ),
        (
            b"\xe4,b\n1,2\n",
            "t.csv, line 1, column 1: not UTF-8; if it is Windows-1252 or Latin-1, as Excel writes it, convert it: iconv -f WINDOWS-1252 -t UTF-8",
        ),
        (b"a,b\n1,2\n\"x\ny\",4\n5,6,7\n", "t.csv, line 5: 3 fields where the header has 2"),
        (
            b"a,b\r\n\"x\r\ny\",4,5\r\n",
            "t.csv, line 2: 3 fields where the header has 2; is a quote opened here and never closed?",
        ),
        (b"\xef\xbb\xbfa,b\n1\n", "t.csv, line 2: 1 field where the header has 2"),
    ];
    for (bytes, expected) in cases {
        let error = match TableFile::from_bytes("t.csv", bytes.to_vec()).scan() {
            Err(e) => e,
            // An unclosed quote swallows the rest into a row of the right width: the cell is what is wrong.
            Ok(mut scan) => {
                assert!(bytes.contains(&b'"'), "{expected}");
                scan.read(&[(0, FeatureKind::Numeric), (1, FeatureKind::Numeric)]).unwrap_err()
            }
        };
        let got = error.to_string();
        if !bytes.starts_with(b"a,b\n1,\"2") {
            assert_eq!(got, expected);
        }
        assert!(!got.contains('\n'), "{got}");
        assert_eq!(error.class(), ErrorClass::Invalid);
    }
}

#[test]
fn an_open_quote_is_reported_at_its_start() {
    for text in ["a,b\n1,\"2\n3,4\n5,6\n", "a,b\n1,\"2", "a,b\n1,\"2\n", "a,b\n1,\"2\r\n\r\n"] {
        let error = read(text, &[FeatureKind::Numeric, FeatureKind::Categorical]).unwrap_err();
        assert_eq!(error.to_string(), "t.csv, line 2: a quote is opened here and never closed; was the end cut off?");
    }
    for text in ["a,b\n1,\"2\n\"", "a,b\n1,\"2\n\"\n", "a,b\n1,\"2\r\n\"\r\n\r\n"] {
        assert!(read(text, &[FeatureKind::Numeric, FeatureKind::Categorical]).is_ok(), "{text}");
    }
}

#[test]
fn a_missing_file_is_a_missing_input() {
    let error = TableFile::open("no/such.csv".as_ref()).unwrap_err();
    assert!(error.to_string().starts_with("no/such.csv: cannot be read: "), "{error}");
    assert_eq!(error.class(), ErrorClass::NoInput);
}

#[test]
fn text_in_a_numeric_column_is_located() {
    let error = read("a,b\n1,2\n\n3,\"6,5\"\n", &[FeatureKind::Numeric, FeatureKind::Numeric]).unwrap_err();
    let expected = "t.csv, line 4, column 2 (b): \"6,5\" is not a number; --decimal , reads it as 6.5";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn numbers_too_large_are_refused() {
    for text in ["1e999", "-1e200", "inf", "-Infinity"] {
        let error = read(&format!("a\n1\n{text}\n"), &[FeatureKind::Numeric]).unwrap_err();
        let expected = format!(
            "t.csv, line 3, column 1 (a): {text} is larger in size than 1e150, the most that training computes with"
        );
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn missing_words_depend_on_the_column() {
    let text = "n,t\n1,NA\n,x\nNA,\n?,y\n n/a ,None\nnan,NA\nNULL,NA\n2.5e0,?\n";
    let scan_file = file(text);
    let scan = scan_file.scan().unwrap();
    assert!(scan.columns[0].is_numeric() && !scan.columns[1].is_numeric());
    let cells = read(text, &[FeatureKind::Numeric, FeatureKind::Categorical]).unwrap();
    let Cells::Numbers(numbers) = &cells[0] else { panic!() };
    assert_eq!((numbers[0], numbers[7]), (1.0, 2.5));
    assert!(numbers[1..7].iter().all(|v| v.is_nan()), "{numbers:?}");
    let Cells::Texts { cells, names } = &cells[1] else { panic!() };
    assert_eq!(names, &["NA", "x", "y", "None", "?"]);
    assert_eq!(cells[2], None);
    assert_eq!(cells.iter().flatten().count(), 7);
}

#[test]
fn missing_words_are_missing_among_codes() {
    let cells = read("c\n1\nNA\n2\n", &[FeatureKind::Categorical]).unwrap();
    let expected = Cells::Texts { cells: vec![Some(0), None, Some(1)], names: vec!["1".to_owned(), "2".to_owned()] };
    assert_eq!(cells, [expected]);
}

#[test]
fn spaces_quotes_and_line_ends_are_trimmed() {
    let cells =
        read("\u{feff} a , b \r\n 1 ,\" x, y \"\r\n\"2\", z\r\n", &[FeatureKind::Numeric, FeatureKind::Categorical])
            .unwrap();
    assert_eq!(cells[0], Cells::Numbers(vec![1.0, 2.0]));
    let names = vec!["x, y".to_owned(), "z".to_owned()];
    assert_eq!(cells[1], Cells::Texts { cells: vec![Some(0), Some(1)], names });
}

#[test]
fn the_last_line_end_is_optional() {
    let file = file("a,b\n1,2\n\"x\ny\",3\n4,5");
    let scan = file.scan().unwrap();
    assert_eq!(scan.lines, [2, 3, 5]);
    assert_eq!(scan.columns[0].first_text, Some((3, "x\ny".to_owned())));
}

#[test]
fn numeric_columns_are_recognised() {
    let file = file("a,b,c,d,e\n1,1,,inf,NA\n-2.5e3,x,,1,\n+.5,2,,2,?\n");
    let scan = file.scan().unwrap();
    let numeric: Vec<bool> = scan.columns.iter().map(smartserve::table::ColumnScan::is_numeric).collect();
    assert_eq!(numeric, [true, false, false, true, false]);
    let void: Vec<bool> = scan.columns.iter().map(smartserve::table::ColumnScan::is_void).collect();
    assert_eq!(void, [false, false, true, false, true]);
}

#[test]
fn a_column_without_a_name_has_its_place() {
    let file = file(",a,\n1,2,3\n");
    let scan = file.scan().unwrap();
    assert_eq!((scan.position("#1"), scan.position("#2"), scan.position("#3")), (Some(0), None, Some(2)));
    assert_eq!((scan.position(""), scan.position("#4"), scan.position("a")), (None, None, Some(1)));
    let named = self::file("#2,\n1,2\n");
    assert_eq!(named.scan().unwrap().position("#2"), Some(0), "a name goes before a place");
}

#[test]
fn numbers_of_the_first_pass_are_those_of_a_second() {
    let text = |name: &str, text: &'static str| TableInput::stream(text.as_bytes(), name);
    let one = || text("one.csv", "a,b,c\n1,x,\n NA ,2,-0\n1e-7,3,?\n");
    let two = text("two.csv", "c,a,b\n1,\"4\",y\n123456789012345678901,,+5\n");
    for (inputs, columns) in [(vec![one()], [0, 2]), (vec![one(), two], [2, 0])] {
        let file = TableFile::of(inputs).unwrap();
        let mut scan = file.scan().unwrap();
        let mut read = || -> Vec<Vec<u64>> {
            let cells = scan.read(&columns.map(|column| (column, FeatureKind::Numeric))).unwrap();
            let numbers = |cells| if let Cells::Numbers(values) = cells { values } else { panic!() };
            cells.into_iter().map(|cells| numbers(cells).into_iter().map(f64::to_bits).collect()).collect()
        };
        let kept = read();
        // They were given away: the bytes are read again.
        assert_eq!(kept, read());
    }
}

//! Odd files: delimiters, encodings, line ends, quotes, packed files, numbers in other writings; and what no table is.

use std::io::Write as _;

use smartserve::model::schema::FeatureKind;
use smartserve::table::{Cells, ErrorClass, Numerals, TableError, TableFile, TextOptions};

/// The names of the columns and the cells of a table of texts, row by row.
fn texts(bytes: &[u8], options: TextOptions) -> Result<Vec<Vec<String>>, TableError> {
    let file = TableFile::from_bytes("t.csv", bytes.to_vec()).with_options(options);
    let mut scan = file.scan()?;
    let wanted: Vec<_> = (0..scan.columns.len()).map(|column| (column, FeatureKind::Categorical)).collect();
    let mut rows = vec![scan.columns.iter().map(|column| column.name.clone()).collect::<Vec<_>>()];
    rows.resize(scan.n_rows() + 1, Vec::new());
    for cells in scan.read(&wanted)? {
        let Cells::Texts { cells, names } = cells else { panic!() };
        for (row, cell) in rows[1..].iter_mut().zip(cells) {
            row.push(cell.map_or_else(String::new, |at| names[at as usize].clone()));
        }
    }
    Ok(rows)
}

fn plain(bytes: &[u8]) -> Vec<Vec<String>> {
    texts(bytes, TextOptions::default()).unwrap()
}

fn refusal(bytes: &[u8], options: TextOptions) -> String {
    let error = texts(bytes, options).unwrap_err();
    assert_eq!(error.class(), ErrorClass::Invalid);
    error.to_string()
}

fn numbers(text: &str, options: TextOptions) -> Result<Vec<f64>, String> {
    let file = TableFile::from_bytes("t.csv", text.as_bytes().to_vec()).with_options(options);
    let cells = file.scan().and_then(|mut scan| scan.read(&[(0, FeatureKind::Numeric)])).map_err(|e| e.to_string())?;
    let Cells::Numbers(values) = &cells[0] else { panic!() };
    Ok(values.clone())
}

fn written(decimal: char, thousands: Option<char>) -> TextOptions {
    TextOptions { numerals: Numerals { decimal, thousands }, ..TextOptions::default() }
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    std::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(bytes).collect()
}

#[test]
fn the_delimiter_is_recognised() {
    let expected = [["a", "b"], ["1", "x y"], ["2", "z"]];
    for delimiter in [',', ';', '\t', '|'] {
        let text = format!("a{delimiter}b\n1{delimiter}x y\n2{delimiter}z\n");
        assert_eq!(plain(text.as_bytes()), expected, "{delimiter:?}");
    }
    assert_eq!(plain(b"area;rent\n70,5;900,0\n81,0;950,5\n")[1], ["70,5", "900,0"]);
    assert_eq!(plain(b"F\xc3\xa4che, m2;Preis, EUR\n70,5;900,0\n81,0;950,5\n")[2], ["81,0", "950,5"]);
    assert_eq!(plain(b"\"a;b\",c\n1,2;3\n4,5;6\n")[0], ["a;b", "c"], "those in quotes do not count");
    assert_eq!(plain(b"id,tags\n1,a;b\n2,c;d\n")[0], ["id", "tags"], "one that the header does not have is none");
    assert_eq!(plain(b"a|b\n1\n2\n3\n")[0], ["a|b"], "nor one that no other line has");
    assert_eq!(refusal(b"a;b\n1;2\n3;4\n5\n", TextOptions::default()), "t.csv, line 4: 1 field where the header has 2");
}

#[test]
fn a_delimiter_is_given_or_said_by_the_file() {
    let given = |delimiter| TextOptions { delimiter: Some(delimiter), ..TextOptions::default() };
    assert_eq!(texts(b"a b\n1 \"x y\"\n", given(b' ')).unwrap(), [["a", "b"], ["1", "x y"]]);
    assert_eq!(texts(b"a:b;c\n1:2;3\n", given(b':')).unwrap(), [["a", "b;c"], ["1", "2;3"]]);
    for said in ["sep=;\n", "sep=;\r\n", "SEP=;\n", "\"sep=;\"\r\n", "sep=;\r\r\n", "\u{feff}sep=;\n"] {
        assert_eq!(plain(format!("{said}a,x;b\n1;2\n").as_bytes()), [["a,x", "b"], ["1", "2"]], "{said:?}");
    }
    let told = refusal(b"sep=;\na,b\n1,2\n", TextOptions::default());
    let what = "the delimiter ';' is not there, but ',' is: correct or remove the line sep= above it";
    assert_eq!(told, format!("t.csv, line 2: {what}"));
    assert_eq!(refusal(b"sep=;\na;b\n1\n", TextOptions::default()), "t.csv, line 3: 1 field where the header has 2");
}

#[test]
fn encodings_and_line_ends_are_recognised() {
    let expected = [["name", "city"], ["Zoë", "Köln"], ["😀", "x"]];
    let text = "name;city\r\nZoë;Köln\r\n😀;x\r\n";
    for bytes in [
        text.as_bytes().to_vec(),
        format!("\u{feff}{text}").into_bytes(),
        utf16(text, u16::to_le_bytes),
        utf16(text, u16::to_be_bytes),
        text.replace("\r\n", "\n").into_bytes(),
        text.replace("\r\n", "\r").into_bytes(),
        text.replace("\r\n", "\r\r\n").into_bytes(),
        utf16(&text.replace("\r\n", "\r\r\n"), u16::to_le_bytes),
    ] {
        assert_eq!(plain(&bytes), expected, "{bytes:?}");
    }
    let mut broken = utf16("a,b\n1,2\n", u16::to_le_bytes);
    broken.push(b'x');
    let expected = "t.csv: this is no CSV but UTF-16 text that is broken; save it as CSV (UTF-8)";
    assert_eq!(refusal(&broken, TextOptions::default()), expected);
}

#[test]
fn long_inputs_are_read_across_pieces() {
    // Records, quotes, pairs of UTF-16 and line ends fall on every place of a piece of 64 KiB.
    let rows: String = (0..9_000).map(|i| format!("{i};\"ü \"\"{}\r\n😀\"\r\n", "x".repeat(i % 17))).collect();
    let text = format!("n;t\r\n{rows}");
    for bytes in [text.clone().into_bytes(), utf16(&text, u16::to_be_bytes)] {
        let read = plain(&bytes);
        assert_eq!(read.len(), 9_001);
        for (i, row) in read[1..].iter().enumerate() {
            assert_eq!(row, &[i.to_string(), format!("ü \"{}\r\n😀", "x".repeat(i % 17))]);
        }
    }
    let scan_file = TableFile::from_bytes("t.csv", text.into_bytes());
    assert_eq!(scan_file.scan().unwrap().lines.last(), Some(&(2 + 8_999 * 2)));
    let open = [b"a,b\n1,\"".as_slice(), &vec![b'x'; 17 << 20]].concat();
    let told = refusal(&open, TextOptions::default());
    assert_eq!(told, "t.csv, line 2: a record of more than 16 MiB; is a quote opened here and never closed?");
}

#[test]
fn quotes_may_follow_blanks() {
    let read = plain(b"a, \"b\" ,c\n1,  \"x, \"\"y\"\"\" ,3\n 4 ,5\" tall,\t\"6\n7\"\r\n");
    assert_eq!(read, [["a", "b", "c"], ["1", "x, \"y\"", "3"], ["4", "5\" tall", "6\n7"]]);
    assert_eq!(plain(b"a,\"b\"\r\r\n1,\"x\"\r\r\n\r\r\n2,\"y\"\r\r\n"), [["a", "b"], ["1", "x"], ["2", "y"]]);
}

#[test]
fn a_line_that_ends_with_a_delimiter_is_told() {
    let told = refusal(b"a,b\n1,2,\n", TextOptions::default());
    assert_eq!(
        told,
        "t.csv, line 2: 3 fields where the header has 2; the line ends with a delimiter, and the header does not"
    );
    assert_eq!(plain(b"a,b,\n1,2,\n"), [["a", "b", ""], ["1", "2", ""]]);
    assert_eq!(plain(b"a\tb\n\t\n1\t2\n"), [["a", "b"], ["", ""], ["1", "2"]], "a line of tabs is a row");
}

#[test]
fn numbers_are_read_in_the_writing_that_is_said() {
    let read = |text: &str, decimal, thousands| numbers(&format!("a\n{text}\n"), written(decimal, thousands));
    for (text, decimal, thousands, expected) in [
        ("\"1,000\"", '.', Some(','), 1_000.0),
        ("\"-1,234,567.5e1\"", '.', Some(','), -12_345_675.0),
        ("1000.25", '.', Some(','), 1_000.25),
        ("\"70,5\"", ',', None, 70.5),
        ("\",5\"", ',', None, 0.5),
        ("7", ',', None, 7.0),
        ("\"1.234,5\"", ',', Some('.'), 1_234.5),
        ("1.000", ',', Some('.'), 1_000.0),
        ("\"1\u{a0}234,5\"", ',', Some(' '), 1_234.5),
        ("1'234.5", '.', Some('\''), 1_234.5),
        ("1_000", '.', Some('_'), 1_000.0),
    ] {
        let text = format!("{text}\n{text}");
        assert_eq!(read(&text, decimal, thousands), Ok(vec![expected; 2]), "{text}");
    }
    for (text, decimal, thousands) in
        [("1.5", ',', None), ("\"1,00\"", '.', Some(',')), ("\"1,5\"", '.', Some(',')), ("1.50", ',', Some('.'))]
    {
        assert!(read(text, decimal, thousands).unwrap_err().contains("t.csv, line 2, column 1 (a): "), "{text}");
    }
}

#[test]
fn what_would_read_a_number_is_told() {
    for (cell, advice) in [
        ("\"1,000\"", "--thousands , reads it as 1000, --decimal , reads it as 1"),
        ("\"70,5\"", "--decimal , reads it as 70.5"),
        ("\"1.234,5\"", "--decimal , --thousands . reads it as 1234.5"),
        ("1 000", "--thousands ' ' reads it as 1000"),
        ("5%", r#"it has a percent sign: write the number alone (pandas: str.replace(r"[%\s]", "", regex=True))"#),
        ("£5", r#"it has a currency sign: write the number alone (pandas: str.replace(r"[£\s]", "", regex=True))"#),
        (
            "\"$1,200.50\"",
            r#"it has a currency sign: write the number alone (pandas: str.replace(r"[$,\s]", "", regex=True))"#,
        ),
        (
            "\"$1,000\"",
            r#"it has a currency sign: write the number alone (pandas: str.replace(r"[$,\s]", "", regex=True) for 1000, str.replace(r"[$\s]", "", regex=True).str.replace(",", ".") for 1)"#,
        ),
        (
            "\"-1.200,50 €\"",
            r#"it has a currency sign: write the number alone (pandas: str.replace(r"[€.\s]", "", regex=True).str.replace(",", "."))"#,
        ),
        ("five", "correct it or leave the cell empty"),
        ("5 kg", "correct it or leave the cell empty"),
    ] {
        let told = numbers(&format!("a;b\n3;4\n{cell};5\n"), TextOptions::default()).unwrap_err();
        let shown = cell.trim_matches('"');
        assert_eq!(told, format!("t.csv, line 3, column 1 (a): {shown:?} is not a number; {advice}"));
    }
}

#[test]
fn flags_that_do_not_go_with_those_that_were_given_are_named_in_their_place() {
    for (cell, decimal, thousands, advice) in [
        ("0.5", ',', None, "leave out --decimal , and it is 0.5"),
        ("12.50", ',', Some('.'), "leave out --decimal , --thousands . and it is 12.5"),
        ("\"1,5\"", '.', Some(','), "--decimal , instead of --thousands , reads it as 1.5"),
        ("\"1.234,5\"", ',', None, "--decimal , --thousands . reads it as 1234.5"),
    ] {
        let told = numbers(&format!("a;b\n3;4\n{cell};5\n"), written(decimal, thousands)).unwrap_err();
        let shown = cell.trim_matches('"');
        assert_eq!(told, format!("t.csv, line 3, column 1 (a): {shown:?} is not a number; {advice}"));
    }
}

#[test]
fn missing_words_are_documented_or_given() {
    let words = ["", "NA", "n/a", "#N/A", "<NA>", "NaN", "null", "None", "?", "-", "."];
    let text: String = words.iter().map(|word| format!("{word};1\n")).collect();
    let read = numbers(&format!("a;b\n7;1\n{text}"), TextOptions::default()).unwrap();
    assert!(read[1..].iter().all(|value| value.is_nan()) && read.len() == 12, "{read:?}");
    let missing = TextOptions { missing: vec!["-99".to_owned(), "k. A.".to_owned()], ..TextOptions::default() };
    let read = numbers("a;b\n7;1\n-99;1\nk. A.;1\n-98;1\n", missing.clone()).unwrap();
    assert!(read[1].is_nan() && read[2].is_nan() && read[3] == -98.0, "{read:?}");
    assert_eq!(texts(b"a;b\nx;k. A.\n-99;y\n", missing).unwrap()[1..], [["x", ""], ["", "y"]]);
}

#[test]
fn packed_files_are_unpacked() {
    let text: String = (0..20_000).map(|i| format!("{i},{}\n", i % 7)).collect();
    let text = format!("a,b\n{text}");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    for (packed, format) in [(gzip, "gzip"), (zstd, "zstd")] {
        let file = TableFile::read(packed.as_slice(), "t.csv").unwrap();
        assert_eq!(file.scan().unwrap().n_rows(), 20_000);
        let error = TableFile::read(&packed[..packed.len() / 2], "t.csv").unwrap_err();
        let told = format!("t.csv: compressed with {format}, and damaged or cut off (");
        assert!(error.to_string().starts_with(&told) && error.class() == ErrorClass::Invalid, "{error}");
    }
}

#[test]
fn what_is_no_csv_is_called_what_it_is() {
    let workbook = [b"PK\x03\x04[Content_Types].xml".as_slice(), &[0; 500], b"xl/workbook.xml"].concat();
    for (bytes, what) in [
        (&b"PAR1\x15\x04"[..], "a Parquet file; write it as CSV"),
        (b"ARROW1\0\0", "an Arrow (Feather) file; write it as CSV"),
        (b"\x1f\x8b\x08\x00", "compressed with gzip; unpack it first"),
        (b"\xfd7zXZ\0", "compressed with xz; unpack it first (unxz)"),
        (b"a\x00,\x00b\x00", "UTF-16 text without a byte order mark, or binary data; save it as CSV (UTF-8)"),
        (b"\n <!DOCTYPE html>\n<html>", "an HTML page; is the address that of a login or error page?"),
        (b"<html>", "an HTML page"),
        (&workbook, "an Excel workbook (xlsx); save the sheet as CSV (UTF-8)"),
        (b"PK\x03\x04...data.csv", "a ZIP archive; unpack it first (unzip)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook (xls); save the sheet as CSV (UTF-8)"),
        (b"\xef\xbb\xbf{\"a\": 1}", "one JSON text; write it as CSV, or as records, one a line (pandas: to_json("),
        (b" [\n{\"a\": 1}]", "one JSON text; write it as CSV"),
        (b"\xff\xfe\0\0a\0\0\0", "UTF-32 text; save it as CSV (UTF-8)"),
        (b"\0\0\xfe\xff\0\0\0a", "UTF-32 text; save it as CSV (UTF-8)"),
        (b"SQLite format 3\0", "an SQLite database; write the table as CSV"),
        (b"\x80\x04\x95\x01", "a Python pickle; write it as CSV"),
    ] {
        let told = refusal(bytes, TextOptions::default());
        assert!(told.starts_with(&format!("t.csv: this is no CSV but {what}")), "{told}");
        assert!(!told.contains('\n'));
    }
    assert_eq!(plain(b"{a},[b]\n1,2\n")[0], ["{a}", "[b]"]);
}

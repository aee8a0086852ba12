//! Parquet, Arrow IPC, NDJSON and several files: the same model and the same answers as the CSV of the same table; what
//! is not read is called by its name.

use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int64Array, ListArray,
    NullArray, RecordBatch, StringArray, TimestampMillisecondArray, UInt16Array,
};

use crate::support::arrow::{array, batch, file, parquet, stream};
use crate::support::folder::Folder;
use crate::support::process::run_with;

/// Sixty rows: floats with a missing cell, integers, booleans, text with a missing cell, a dictionary, a decimal, a target.
fn table(rows: std::ops::Range<i64>) -> RecordBatch {
    let floats = rows.clone().map(|i| (i != 7).then_some(i as f64 * 0.1));
    let texts = rows.clone().map(|i| (i % 9 != 4).then(|| ["red", "green, dark", "blue"][(i % 3) as usize]));
    let words = rows.clone().map(|i| ["b", "a"][(i % 2) as usize]);
    let decimals = rows.clone().map(|i| i128::from(i) * 25);
    batch(vec![
        ("size", array(floats.collect::<Float64Array>())),
        ("half", array(rows.clone().map(|i| Some(i as f32 / 4.0)).collect::<Float32Array>())),
        ("count", array(rows.clone().map(|i| Some((i * 7 % 11) as u16)).collect::<UInt16Array>())),
        ("on", array(rows.clone().map(|i| Some(i % 4 == 0)).collect::<BooleanArray>())),
        ("color", array(texts.collect::<StringArray>())),
        ("word", array(words.collect::<DictionaryArray<Int8Type>>())),
        ("price", array(decimals.collect::<Decimal128Array>().with_precision_and_scale(9, 2).unwrap())),
        ("y", array(rows.map(|i| i * 2 + i % 5).collect::<Int64Array>())),
    ])
}

/// The same as CSV, below its header.
fn csv_rows(rows: std::ops::Range<i64>) -> String {
    rows.map(|i| {
        let size = if i == 7 { String::new() } else { format!("{:?}", i as f64 * 0.1) };
        let color = if i % 9 == 4 { "" } else { ["red", "\"green, dark\"", "blue"][(i % 3) as usize] };
        let (on, word) = (if i % 4 == 0 { "True" } else { "False" }, ["b", "a"][(i % 2) as usize]);
        let price = format!("{}.{:02}", i * 25 / 100, i * 25 % 100);
        format!("{size},{:?},{},{on},{color},{word},{price},{}\n", i as f64 / 4.0, i * 7 % 11, i * 2 + i % 5)
    })
    .collect()
}

const HEAD: &str = "size,half,count,on,color,word,price,y\n";

fn ndjson(rows: std::ops::Range<i64>) -> String {
    csv_rows(rows)
        .replace("\"green, dark\"", "green; dark")
        .lines()
        .map(|line| {
            let names = HEAD.trim().split(',');
            let cell = |(name, cell): (&str, &str)| match cell {
                "" => None,
                _ if cell.parse::<f64>().is_ok() => Some(format!("\"{name}\":{cell}")),
                _ => Some(format!("\"{name}\":\"{}\"", cell.replace(';', ","))),
            };
            let cells: Vec<String> = names.zip(line.split(',')).filter_map(cell).collect();
            format!("{{{}}}\n", cells.join(","))
        })
        .collect()
}

/// Trains on files; gives the model's bytes.
fn train(folder: &Folder, data: &[&str]) -> Vec<u8> {
    let out = folder.path("m.model");
    let _ = std::fs::remove_file(&out);
    let mut args = vec!["train", "--target", "y", "--trees", "3", "--folds", "2", "-o", &out, "--data"];
    args.extend(data);
    let ran = run_with(&[], &args);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    std::fs::read(Path::new(&out)).unwrap()
}

/// What is said of a file that is not read.
fn refused(folder: &Folder, bytes: impl AsRef<[u8]>) -> String {
    let data = folder.write("bad.bin", bytes);
    let ran = run_with(&[], &["train", "--target", "y", "--data", &data, "-o", &folder.path("n.model")]);
    assert_eq!(ran.code, Some(65), "{ran:?}");
    ran.err.replace(&data, "bad.bin")
}

#[test]
fn one_table_gives_one_model_in_every_form() {
    let folder = Folder::new();
    let from_csv = train(&folder, &[&folder.write("t.csv", HEAD.to_owned() + &csv_rows(0..60))]);
    let table = table(0..60);
    for (name, bytes) in [("t.parquet", parquet(&table)), ("t.arrow", file(&table)), ("t.data", stream(&table))] {
        assert!(train(&folder, &[&folder.write(name, bytes)]) == from_csv, "{name}");
    }
    assert!(train(&folder, &[&folder.write("t.jsonl", ndjson(0..60))]) == from_csv, "NDJSON");
    // Files of several forms, and a pattern, are one table.
    let first = folder.write("part-1.csv", HEAD.to_owned() + &csv_rows(0..20));
    let second = folder.write("part-2.parquet", parquet(&self::table(20..60)));
    assert!(train(&folder, &[&first, &second]) == from_csv, "two files");
    assert!(train(&folder, &[&folder.path("part-?.*")]) == from_csv, "a pattern");
}

#[test]
fn one_table_gives_one_answer_in_every_form() {
    let folder = Folder::new();
    train(&folder, &[&folder.write("t.csv", HEAD.to_owned() + &csv_rows(0..60))]);
    let model = folder.path("m.model");
    let answers = |inputs: &[&str]| {
        let args = [&["predict", "--model", &model, "-o", "-", "--input"][..], inputs].concat();
        let ran = run_with(&[], &args);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.out
    };
    let expected = answers(&[&folder.path("t.csv")]);
    let table = table(0..60);
    for (name, bytes) in [("t.parquet", parquet(&table)), ("t.arrow", file(&table)), ("t.data", stream(&table))] {
        assert_eq!(answers(&[&folder.write(name, bytes)]), expected, "{name}");
    }
    let (first, second) =
        (folder.write("1.arrow", file(&self::table(0..9))), folder.write("2.csv", HEAD.to_owned() + &csv_rows(9..60)));
    assert_eq!(answers(&[&first, &second]), expected);
}

#[test]
fn whole_columns_of_numbers_are_read_as_their_cells_are() {
    let folder = Folder::new();
    let cell = |i: i64| if i % 50 == 7 { f64::NAN } else { i as f64 * 0.1 };
    let floats = |of: &dyn Fn(i64) -> f64| {
        array((0..600).map(of).collect::<Vec<f64>>().into_iter().map(Some).collect::<Float64Array>())
    };
    let table = batch(vec![
        ("a", floats(&cell)),
        ("b", floats(&|i| (i * 37 % 101) as f64 / 8.0)),
        ("c", array((0..600).map(|i| Some(i * 7 % 11)).collect::<Int64Array>())),
        ("d", array((0..600).map(|i| Some(cell(i * 3 % 600) as f32)).collect::<Float32Array>())),
        ("y", floats(&|i| (i % 9) as f64 + 0.5)),
    ]);
    let shown = |value: f64| if value.is_nan() { String::new() } else { format!("{value:?}") };
    let row = |i: i64| {
        let (a, d) = (shown(cell(i)), shown(f64::from(cell(i * 3 % 600) as f32)));
        format!("{a},{:?},{},{d},{:?}\n", (i * 37 % 101) as f64 / 8.0, i * 7 % 11, (i % 9) as f64 + 0.5)
    };
    let csv = folder.write("t.csv", "a,b,c,d,y\n".to_owned() + &(0..600).map(row).collect::<String>());
    let from_csv = train(&folder, &[&csv]);
    let answers = |input: &str| run_with(&[], &["predict", "--model", &folder.path("m.model"), "--input", input]).out;
    let expected = answers(&csv);
    for (name, bytes) in [("t.parquet", parquet(&table)), ("t.arrow", file(&table)), ("t.data", stream(&table))] {
        let input = folder.write(name, bytes);
        assert!(train(&folder, &[&input]) == from_csv, "{name}");
        let last =
            |text: &str| text.lines().map(|line| line.rsplit(',').next().unwrap().to_owned()).collect::<Vec<_>>();
        assert_eq!(last(&answers(&input)), last(&expected), "{name}");
    }
    let infinite =
        batch(vec![("a", floats(&|i| if i == 2 { f64::INFINITY } else { 1.0 })), ("y", floats(&|i| i as f64))]);
    let said = refused(&folder, parquet(&infinite));
    assert!(said.contains("bad.bin, row 3, column 1 (a)"), "{said}");
}

#[test]
fn a_cell_that_does_not_fit_is_told_with_its_row_and_column() {
    let folder = Folder::new();
    train(&folder, &[&folder.write("t.csv", HEAD.to_owned() + &csv_rows(0..60))]);
    let mut columns: Vec<_> = table(0..60).columns().to_vec();
    columns[4] = array((0..60).map(|i| Some(if i == 41 { "purple" } else { "red" })).collect::<StringArray>());
    let bad = RecordBatch::try_new(table(0..60).schema(), columns).unwrap();
    let input = folder.write("bad.parquet", parquet(&bad));
    let ran = run_with(&[], &["predict", "--model", &folder.path("m.model"), "--input", &input]);
    assert_eq!(ran.code, Some(65));
    let said = ran.err.replace(&input, "bad.parquet");
    assert!(said.contains("bad.parquet, row 42, column 5 (color): color has no category \"purple\""), "{said}");
    // The second file's rows are counted from its own first.
    let ran = run_with(&[], &["predict", "--model", &folder.path("m.model"), "--input", &folder.path("t.csv"), &input]);
    assert!(ran.err.contains(", row 42, column 5 (color)"), "{ran:?}");
    let numbers = vec![
        ("x", array((0..9).map(|i| Some(f64::from(i))).collect::<Float64Array>())),
        ("y", array((0..9).map(|i| Some(if i == 3 { 1e200 } else { 1.0 })).collect::<Float64Array>())),
    ];
    let said = refused(&folder, parquet(&batch(numbers)));
    assert!(said.contains("bad.bin, row 4, column 2 (y): 1e+200 is larger in size than 1e150"), "{said}");
}

#[test]
fn files_of_other_columns_are_told() {
    let folder = Folder::new();
    let first = folder.write("a.csv", HEAD.to_owned() + &csv_rows(0..20));
    let other = table(0..20).project(&[0, 1, 2, 3, 4, 5, 7]).unwrap();
    let second = folder.write("b.parquet", parquet(&other));
    let ran = run_with(&[], &["train", "--target", "y", "-o", &folder.path("n.model"), "--data", &first, &second]);
    assert_eq!(ran.code, Some(65));
    assert!(ran.err.contains("b.parquet: no column \"price\", which "), "{ran:?}");
    let ran = run_with(&[], &["train", "--target", "y", "-o", &folder.path("n.model"), "--data", &second, &first]);
    assert!(ran.err.contains("a.csv: the column \"price\", which "), "{ran:?}");
    let ran =
        run_with(&[], &["train", "--target", "y", "-o", &folder.path("n.model"), "--data", &folder.path("no-*.csv")]);
    assert_eq!((ran.code, ran.err.contains("no-*.csv: no file fits this pattern")), (Some(66), true), "{ran:?}");
}

#[test]
fn what_is_not_read_is_called_by_its_name() {
    let folder = Folder::new();
    let y = ("y", array((0..3).map(Some).collect::<Int64Array>()));
    let list = ListArray::from_iter_primitive::<arrow_array::types::Int32Type, _, _>(vec![Some(vec![Some(1)]); 3]);
    let nested = batch(vec![("x", array(list)), y.clone()]);
    assert!(refused(&folder, parquet(&nested)).contains("bad.bin, column 1 (x): it is nested (List("));
    assert!(refused(&folder, stream(&nested)).contains("the column \"x\" is nested (List("));
    let null = batch(vec![("x", array(NullArray::new(3))), y.clone()]);
    assert!(refused(&folder, parquet(&null)).contains("column 1 (x): it holds no value in any row; --drop it"));
    assert!(refused(&folder, b"FEA1\0\0\0\0").contains("bad.bin: a Feather file of version 1, which is not read; "));
    let keys = DictionaryArray::<Int8Type>::new(vec![0, 0, 0].into(), Arc::new(Int64Array::from(vec![5])));
    let said = refused(&folder, stream(&batch(vec![("x", array(keys)), y.clone()])));
    assert!(said.contains("the column \"x\" is a dictionary of Int64, not of text"), "{said}");
    // Cut off, or no such file at all.
    let whole = table(0..60);
    let cut = &stream(&whole)[..900];
    assert!(refused(&folder, cut).contains("it ends in the middle of a message; was the end cut off?"));
    let cut = &parquet(&whole)[..900];
    assert!(refused(&folder, cut).contains("bad.bin: the Parquet file cannot be read: "));
    let said = refused(&folder, "{\"x\":1,\"y\":2}\n\n{\"x\":1,\"z\":2}\n");
    assert!(said.contains("bad.bin, line 3: the key \"z\" is not in the first line"), "{said}");
    let said = refused(&folder, "{\"x\":1,\"y\":2}\n{\"x\":[1],\"y\":2}\n");
    assert!(said.contains("bad.bin, line 2: \"x\" is an array; a cell is a number, text, a boolean or null"), "{said}");
    for whole in
        ["{\"x\":{\"0\":1},\"y\":{\"0\":2}}", "{\"columns\":[\"x\"],\"index\":[0],\"data\":[[1]]}", "{\n\"x\":1}"]
    {
        let said = refused(&folder, whole);
        let told = "write a record a line (pandas: to_json(orient=\"records\", lines=True))\n";
        assert!(said.contains("bad.bin, line 1: ") && said.ends_with(told), "{said}");
    }
    let said = refused(&folder, "{\"x\":1,\"y\":2}\n{\"x\":1,\"x\":2}\n");
    assert!(said.contains("bad.bin, line 2: the key \"x\" is there twice"), "{said}");
}

#[test]
fn dates_and_times_are_read_as_their_iso_text() {
    let folder = Folder::new();
    let day = |i: i64| (i * 3 % 40) as i32 + 19_000;
    let at = |i: i64| (i * 7_919 % 1_000_000) * 1_000_003;
    let rows = || 0..40;
    let typed = batch(vec![
        ("day", array(rows().map(|i| Some(day(i))).collect::<Date32Array>())),
        ("x", array(rows().map(|i| Some(i as f64)).collect::<Float64Array>())),
        ("at", array(TimestampMillisecondArray::from_iter_values(rows().map(at)).with_timezone("UTC"))),
        ("y", array(rows().map(|i| i * 3).collect::<Int64Array>())),
    ]);
    let texts = rows().map(|i| {
        let day = chrono::DateTime::from_timestamp(i64::from(day(i)) * 86_400, 0).unwrap().date_naive();
        let at = chrono::DateTime::from_timestamp_millis(at(i)).unwrap().naive_utc();
        format!("{day},{i}.0,{at:?}Z,{}\n", i * 3)
    });
    let csv = folder.write("t.csv", format!("day,x,at,y\n{}", texts.collect::<String>()));
    let from_csv = train(&folder, &[&csv]);
    assert!(train(&folder, &[&folder.write("t.parquet", parquet(&typed))]) == from_csv);
}

#[test]
fn answers_are_written_in_the_form_of_the_ending_or_the_one_that_is_asked_for() {
    let folder = Folder::new();
    train(&folder, &[&folder.write("t.csv", HEAD.to_owned() + &csv_rows(0..60))]);
    let (model, input) = (folder.path("m.model"), folder.write("t.parquet", parquet(&table(0..60))));
    let predict = |input: &str, output: &str, more: &[&str]| {
        let args = [&["predict", "--model", &model, "--input", input, "-o", output][..], more].concat();
        let ran = run_with(&[], &args);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.out
    };
    let expected = predict(&input, "-", &[]);
    for (name, more) in [
        ("out.parquet", &[][..]),
        ("out.arrow", &[]),
        ("out.feather", &[]),
        ("out.arrows", &[]),
        ("other.data", &["--output-format", "parquet"]),
        ("lines.ndjson", &[]),
    ] {
        let output = folder.path(name);
        predict(&input, &output, more);
        // Read back, and answered again: the columns of before come back as they were, the answers are the same.
        let again = predict(&output, "-", &[]);
        for (before, after) in expected.lines().zip(again.lines()) {
            let answer = before.rsplit(',').next().unwrap();
            let column = if answer == "prediction" { "prediction_" } else { answer };
            assert_eq!(after.to_lowercase(), format!("{before},{column}").to_lowercase(), "{name}");
        }
        assert_eq!(again.lines().count(), 61);
    }
    // From a text: numeric features are numbers, all else is text.
    predict(&folder.path("t.csv"), &folder.path("from-csv.parquet"), &[]);
    let ran = run_with(
        &[],
        &["predict", "--model", &model, "-o", &folder.path("x.parquet"), "--input", &input, &folder.path("t.csv")],
    );
    assert_eq!(ran.code, Some(65), "{ran:?}");
    assert!(ran.err.contains("t.csv: the column \"half\" is Float64, in the first file it is Float32: "), "{ran:?}");
    assert!(!Path::new(&folder.path("x.parquet")).exists());
}

//! What `predict` passes on: columns of types that it does not read, in forms that have them; outputs that are compressed;
//! files of polars.

use std::io::Read as _;

use arrow_array::cast::AsArray;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, BinaryArray, Date64Array, Float64Array, ListArray, NullArray, RecordBatch, RecordBatchReader, StringArray,
};
use arrow_ipc::FooterBuilder;
use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_schema::{DataType, Field, Schema};
use flatbuffers::FlatBufferBuilder;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use crate::support::arrow::{array, batch, file, parquet};
use crate::support::folder::Folder;
use crate::support::path;
use crate::support::process::{Ran, run_with};

/// A folder with a model of `x`.
fn with_model() -> Folder {
    let folder = Folder::new();
    let rows: String = (0..40).map(|i| format!("{i},{}\n", i * 3)).collect();
    let data = folder.write("t.csv", format!("x,y\n{rows}"));
    let out = folder.path("m.model");
    let args = ["train", "--data", &data, "--target", "y", "--algorithm", "linear", "--folds", "0", "-o", &out];
    assert_eq!(run_with(&[], &args).code, Some(0));
    folder
}

fn predict(folder: &Folder, input: &str, output: &str) -> Ran {
    let output = if output == "-" { output.to_owned() } else { folder.path(output) };
    run_with(&[], &["predict", "--model", &folder.path("m.model"), "--input", input, "-o", &output])
}

fn read(folder: &Folder, name: &str) -> RecordBatch {
    let file = std::fs::File::open(folder.path(name)).unwrap();
    let mut reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    assert!(reader.schema().fields().len() > 1);
    reader.next().unwrap().unwrap()
}

fn rows() -> RecordBatch {
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), None]), None]);
    batch(vec![
        ("x", array(Float64Array::from(vec![1.0, 2.0]))),
        ("day", array(Date64Array::from(vec![Some(86_400_000), None]))),
        ("nothing", array(NullArray::new(2))),
        ("bytes", array(BinaryArray::from(vec![Some(&b"\xff\x00"[..]), None]))),
        ("list", array(lists)),
    ])
}

#[test]
fn columns_that_are_not_read_are_passed_on() {
    let folder = with_model();
    let input = folder.write("in.parquet", parquet(&rows()));
    let ran = predict(&folder, &input, "out.parquet");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let out = read(&folder, "out.parquet");
    assert_eq!(out.column_by_name("bytes").unwrap().as_binary::<i32>().value(0), b"\xff\x00");
    assert!(out.column_by_name("list").unwrap().is_null(1) && out.column_by_name("nothing").unwrap().len() == 2);
    assert_eq!(out.column_by_name("list").unwrap().as_list::<i32>().value(0).len(), 2);
    assert_eq!(out.column_by_name("prediction").unwrap().as_primitive::<arrow_array::types::Float64Type>().len(), 2);
    // A date of days, as Parquet has it.
    assert!(matches!(out.column_by_name("day").unwrap().data_type(), DataType::Date32 | DataType::Date64));
    // Text has no place for them.
    let ran = predict(&folder, &input, "-");
    assert_eq!((ran.code, ran.out.as_str()), (Some(65), ""));
    assert!(ran.err.contains("in.parquet, column 4 (bytes): it is binary (Binary), which is not read; "), "{ran:?}");
    let plain = rows().project(&[0, 1, 2]).unwrap();
    let ran = predict(&folder, &folder.write("in.parquet", parquet(&plain)), "-");
    assert!(ran.out.starts_with("x,day,nothing,prediction\n1.0,1970-01-02,,"), "{ran:?}");
    // Of Arrow all but the nested.
    let input = folder.write("in.arrow", file(&rows()));
    let ran = predict(&folder, &input, "out.parquet");
    assert!(ran.err.contains("the column \"list\" is nested (List("), "{ran:?}");
    let flat = rows().project(&[0, 1, 2, 3]).unwrap();
    let ran = predict(&folder, &folder.write("in.arrow", file(&flat)), "out.arrow");
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn a_feature_of_a_type_that_is_not_read_is_refused() {
    let folder = with_model();
    let wrong = batch(vec![("x", array(BinaryArray::from(vec![Some(&b"1"[..])])))]);
    for (name, bytes) in [("in.parquet", parquet(&wrong)), ("in.arrow", file(&wrong))] {
        let ran = predict(&folder, &folder.write(name, bytes), "out.parquet");
        assert_eq!(ran.code, Some(65), "{ran:?}");
        assert!(ran.err.contains("column 1 (x): it is binary (Binary), which is not read; leave it out"), "{ran:?}");
    }
}

#[test]
fn compression_that_is_not_read_is_called_by_its_name() {
    let folder = with_model();
    let texts =
        batch(vec![("x", array(Float64Array::from(vec![1.0; 200]))), ("t", array(StringArray::from(vec!["a"; 200])))]);
    // The codec in the footer's second column: a thrift field of type i32 behind the path.
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut snappy = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut snappy, texts.schema(), Some(properties)).unwrap();
    writer.write(&texts).unwrap();
    writer.close().unwrap();
    // Field 4 of a column's metadata, `codec`, follows the path: 0x15 and the number, twice its value.
    let at = snappy.windows(4).rposition(|four| four == [b't', 0x15, 0x02, 0x16]).unwrap();
    snappy[at + 2] = 0x0e;
    let ran = predict(&folder, &folder.write("in.parquet", snappy), "-");
    assert_eq!(ran.code, Some(65), "{ran:?}");
    let told =
        "in.parquet: the column \"t\" is compressed by LZ4, which is not read; write it with Snappy, gzip or zstd";
    assert!(ran.err.contains(told), "{ran:?}");
}

#[test]
fn integers_of_128_bits_are_called_what_they_are() {
    let folder = with_model();
    let ran = predict(&folder, path("tests/data/polars-int128.arrow").to_str().unwrap(), "-");
    assert_eq!(ran.code, Some(65), "{ran:?}");
    assert!(
        ran.err.contains("polars-int128.arrow: a column is of integers of 128 bits, which is not read; "),
        "{ran:?}"
    );
}

#[test]
fn an_output_is_compressed_as_its_name_says() {
    let folder = with_model();
    let input = folder.write("in.csv", "x\n1\n2\n");
    let expected = predict(&folder, &input, "-").out;
    for name in ["out.csv.gz", "out.gz", "out.csv.zst"] {
        let ran = predict(&folder, &input, name);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let bytes = std::fs::read(folder.path(name)).unwrap();
        let mut text = String::new();
        if name.ends_with("gz") {
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
        } else {
            zstd::Decoder::new(bytes.as_slice()).unwrap().read_to_string(&mut text).unwrap();
        }
        assert_eq!(text, expected, "{name}");
        // It is read again.
        assert_eq!(predict(&folder, &folder.path(name), "-").code, Some(0));
    }
    predict(&folder, &input, "out.ndjson.gz");
    let bytes = std::fs::read(folder.path("out.ndjson.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    assert!(text.starts_with("{\"x\":1.0,\"prediction\":"), "{text}");
}

#[test]
fn a_file_of_polars_is_read_by_its_footer() {
    let folder = with_model();
    let (arrow, csv) = (path("tests/data/polars.arrow"), path("tests/data/polars.csv"));
    let train = |data: &str, name: &str| {
        let out = folder.path(name);
        let args =
            ["train", "--data", data, "--target", "y", "--name", "m", "--folds", "0", "--trees", "3", "-o", &out];
        let ran = run_with(&[], &args);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        std::fs::read(out).unwrap()
    };
    train(csv.to_str().unwrap(), "m.model");
    train(arrow.to_str().unwrap(), "arrow.model");
    let predictions = |input: &str| {
        let ran = predict(&folder, input, "-");
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.out.lines().map(|line| line.rsplit(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let expected = predictions(csv.to_str().unwrap());
    assert_eq!(expected.len(), 25);
    assert_eq!(predictions(arrow.to_str().unwrap()), expected);
    // From a pipe it is read whole.
    let script = "cat \"$1\" | \"$0\" predict --model \"$2\" --input -";
    let words = ["-c", script, crate::support::process::BINARY, arrow.to_str().unwrap(), &folder.path("m.model")];
    let piped = std::process::Command::new("sh").args(words).output().unwrap();
    let piped = String::from_utf8(piped.stdout).unwrap();
    assert_eq!(piped.lines().map(|line| line.rsplit(',').next().unwrap()).collect::<Vec<_>>(), expected);
    // Cut off, or with a footer that lists what is not there.
    let whole = std::fs::read(&arrow).unwrap();
    let ran = predict(&folder, &folder.write("cut.arrow", &whole[..whole.len() - 20]), "-");
    assert!(
        ran.err.contains("cut.arrow: the Arrow IPC data is broken: it has no footer; was the end cut off?"),
        "{ran:?}"
    );
    assert_eq!(ran.code, Some(65));
    for at in (whole.len() - 700..whole.len() - 10).step_by(3) {
        let mut broken = whole.clone();
        broken[at] ^= 0x7f;
        let name = folder.write("broken.arrow", &broken);
        let input = smartserve::table::TableInput::open(name.as_ref()).unwrap();
        // An error or a table, no panic.
        let _ = smartserve::table::TableFile::of(vec![input]).and_then(|table| table.scan().map(|scan| scan.n_rows()));
    }
}

#[test]
fn a_footer_that_lists_a_message_many_times_makes_no_large_table_of_a_short_file() {
    let whole = std::fs::read(path("tests/data/polars.arrow")).unwrap();
    let (front, tail) = whole.split_at(whole.len() - 10);
    let length = u32::from_le_bytes(tail[..4].try_into().unwrap()) as usize;
    let (messages, old) = front.split_at(front.len() - length);
    let old = arrow_ipc::root_as_footer(old).unwrap();
    let block = *old.recordBatches().unwrap().get(0);
    let mut bytes = FlatBufferBuilder::new();
    let schema = Schema::new(vec![Field::new("x", DataType::Float64, true)]);
    let schema = IpcSchemaEncoder::new().schema_to_fb_offset(&mut bytes, &schema);
    let batches = bytes.create_vector(&[block; 100]);
    let mut footer = FooterBuilder::new(&mut bytes);
    footer.add_version(old.version());
    footer.add_schema(schema);
    footer.add_recordBatches(batches);
    let footer = footer.finish();
    bytes.finish(footer, None);
    let made = bytes.finished_data();
    let length = u32::try_from(made.len()).unwrap().to_le_bytes();
    let folder = with_model();
    let ran = predict(&folder, &folder.write("long.arrow", [messages, made, &length, b"ARROW1"].concat()), "-");
    assert!(
        ran.err.contains("long.arrow: the Arrow IPC data is broken: its footer lists messages that are not there"),
        "{ran:?}"
    );
    assert_eq!(ran.code, Some(65));
}

//! What the fuzzer starts from, besides the corpus that is kept: the request fixtures, and the parts of sound artifacts.
//! Also the models that bodies are read for.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use arrow_array::types::Int8Type;
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Float32Array, Float64Array, Int8Array, Int64Array, RecordBatch,
    StringArray, StringViewArray,
};
use arrow_ipc::writer::{FileWriter, StreamWriter};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::forms::{CSV, JSON};
use crate::{models, router};

/// A request of the fixtures: its head's lines and its body.
struct Fixture {
    head: String,
    body: String,
}

impl Fixture {
    fn of(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
        Self { head: head.to_owned(), body: body.strip_suffix('\n').unwrap_or(body).to_owned() }
    }

    fn is_to(&self, path: &str) -> bool {
        self.head.lines().next().is_some_and(|line| line.contains(path))
    }

    fn says(&self, text: &str) -> bool {
        self.head.to_ascii_lowercase().contains(text)
    }

    /// As on the wire.
    fn bytes(&self) -> Vec<u8> {
        let is_told = self.says("content-length:") || self.says("transfer-encoding:");
        let length = match self.body.len() {
            n if n > 0 && !is_told => format!("\r\nContent-Length: {n}"),
            _ => String::new(),
        };
        format!("{}{length}\r\n\r\n{}", self.head.replace('\n', "\r\n"), self.body).into_bytes()
    }

    /// The target whose input it is besides `http` and `router`, and the input's first byte: the way's number.
    fn target(&self) -> Option<(&'static str, u8)> {
        let model = |houses, kinds, line| match () {
            () if self.is_to("/kinds") => kinds,
            () if self.is_to("/line") => line,
            () => houses,
        };
        Some(match () {
            () if self.body.is_empty() => return None,
            () if self.is_to("/v2/models/") => ("v2", model(0, 1, 2)),
            () if self.says("text/csv") && self.says("absent") => ("csv", 1),
            () if self.says("text/csv") => ("csv", model(0, 3, 5)),
            () if self.says("ndjson") => ("predict", model(6, 7, 6)),
            () if self.is_to("/v1/") => ("predict", model(3, 4, 3)),
            () if self.is_to("/invocations") => ("predict", 5),
            () => ("predict", model(0, 1, 2)),
        })
    }
}

/// Where a target's ways begin among the router's.
fn first_way(target: &str) -> u8 {
    let first = match target {
        "predict" => 0,
        "csv" => JSON.len(),
        _ => JSON.len() + CSV.len(),
    };
    u8::try_from(first).expect("a few ways")
}

/// With `FIXTURES` and `SEEDS` in the environment, writes the seeds and the models, and ends the process instead of fuzzing. Not a program
/// of its own, because whatever is built for fuzzing has libFuzzer's `main`.
///
/// # Panics
/// When a file cannot be read or written.
pub fn when_asked() {
    if let (Some(fixtures), Some(into)) = (std::env::var_os("FIXTURES"), std::env::var_os("SEEDS")) {
        write(Path::new(&fixtures), Path::new(&into)).expect("seeds can be written");
        std::process::exit(0);
    }
}

/// Writes an input a file into `into/TARGET/`. `fixtures` holds `*.request` files.
fn write(fixtures: &Path, into: &Path) -> io::Result<()> {
    for target in ["artifact", "predict", "v2", "csv", "arrow", "files", "router", "http", "models"] {
        fs::create_dir_all(into.join(target))?;
    }
    for entry in fs::read_dir(fixtures)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "request") {
            let name = path.file_stem().unwrap_or_default();
            let fixture = Fixture::of(&fs::read_to_string(&path)?);
            fs::write(into.join("http").join(name), fixture.bytes())?;
            if let Some((target, choice)) = fixture.target() {
                let body = fixture.body.as_bytes();
                fs::write(into.join(target).join(name), [&[choice], body].concat())?;
                fs::write(into.join("router").join(name), [&[first_way(target) + choice, 0], body].concat())?;
            }
        }
    }
    for (name, bytes) in router::artifacts() {
        fs::write(into.join("models").join(name), bytes)?;
    }
    binary_tensors(&into.join("v2"))?;
    arrow_streams(&into.join("arrow"))?;
    files(&into.join("files"))?;
    artifacts(&into.join("artifact"))
}

/// One tensor of each width, for the model `line`.
fn binary_tensors(into: &Path) -> io::Result<()> {
    for (datatype, width) in [("FP64", 8), ("FP32", 4), ("INT32", 4), ("UINT8", 1), ("BOOL", 1), ("FP16", 2)] {
        let head = format!(
            r#"{{"inputs":[{{"name":"x","shape":[2,1],"datatype":"{datatype}","parameters":{{"binary_data_size":{}}}}}]}}"#,
            2 * width
        );
        let length = u16::try_from(head.len()).unwrap_or(u16::MAX).to_le_bytes();
        // 4 is binary, 2 is `line`.
        fs::write(into.join(datatype), [&[4 | 2], &length[..], head.as_bytes(), &vec![1; 2 * width]].concat())?;
    }
    Ok(())
}

/// A file of each form, for the model of two numbers.
fn files(into: &Path) -> io::Result<()> {
    let x: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.5)]));
    let z: ArrayRef = Arc::new(StringArray::from(vec!["1", "2", "1"]));
    let batch = RecordBatch::try_from_iter(vec![("x", x), ("z", z)]).map_err(io::Error::other)?;
    for (name, compression) in [
        ("plain.parquet", Compression::UNCOMPRESSED),
        ("snappy.parquet", Compression::SNAPPY),
        ("zstd.parquet", Compression::ZSTD(ZstdLevel::default())),
    ] {
        let properties = WriterProperties::builder().set_compression(compression).build();
        let mut writer =
            ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).map_err(io::Error::other)?;
        writer.write(&batch).map_err(io::Error::other)?;
        let bytes = writer.into_inner().map_err(io::Error::other)?;
        fs::write(into.join(name), [&[1], bytes.as_slice()].concat())?;
    }
    let mut writer = FileWriter::try_new(Vec::new(), &batch.schema()).map_err(io::Error::other)?;
    writer.write(&batch).map_err(io::Error::other)?;
    let bytes = writer.into_inner().map_err(io::Error::other)?;
    fs::write(into.join("file.arrow"), [&[1], bytes.as_slice()].concat())?;
    // As polars writes it: the file cannot be read from its beginning.
    let mut without_schema = bytes;
    without_schema[8..12].fill(0);
    fs::write(into.join("footer.arrow"), [&[1], without_schema.as_slice()].concat())?;
    fs::write(into.join("rows.csv"), b"\x01x,z\n1,2\n")?;
    fs::write(into.join("rows.ndjson"), b"\x01{\"x\":1,\"z\":2}\n")
}

/// A stream of each kind of column, for the models of two numbers and of one.
fn arrow_streams(into: &Path) -> io::Result<()> {
    let columns: [(&str, ArrayRef); 7] = [
        ("doubles", Arc::new(Float64Array::from(vec![Some(1.0), None, Some(3.5)]))),
        ("floats", Arc::new(Float32Array::from(vec![1.0, 2.0, 3.5]))),
        ("integers", Arc::new(Int8Array::from(vec![Some(1), None, Some(3)]))),
        ("truths", Arc::new(BooleanArray::from(vec![true, false, true]))),
        ("texts", Arc::new(StringArray::from(vec!["1", "", "three"]))),
        ("views", Arc::new(StringViewArray::from(vec!["1", "2", "a text that is longer than a view"]))),
        ("keys", Arc::new(["1", "2", "1"].into_iter().collect::<DictionaryArray<Int8Type>>())),
    ];
    for (name, x) in columns {
        let z: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3]));
        for (choice, columns) in [(1, vec![("x", Arc::clone(&x)), ("z", z)]), (2, vec![("x", x)])] {
            let batch = RecordBatch::try_from_iter(columns).map_err(io::Error::other)?;
            let mut writer = StreamWriter::try_new(vec![choice], &batch.schema()).map_err(io::Error::other)?;
            writer.write(&batch).map_err(io::Error::other)?;
            fs::write(into.join(format!("{name}-{choice}")), writer.into_inner().map_err(io::Error::other)?)?;
        }
    }
    Ok(())
}

/// Each sound artifact as a changed section, a changed head and a changed file: nothing changed yet.
fn artifacts(into: &Path) -> io::Result<()> {
    let templates = models::all();
    for (i, parts) in templates.iter().enumerate() {
        let choice = |times: usize| u8::try_from(i + times * templates.len()).into_iter().collect::<Vec<_>>();
        let sections = parts.sections.len();
        for (times, which) in [(0, 0), (8, sections / 2), (9, sections - 1)] {
            let (name, bytes) = &parts.sections[which];
            fs::write(into.join(format!("{i}-{name}")), [&choice(times), bytes.as_slice()].concat())?;
        }
        fs::write(into.join(format!("{i}-head")), [&choice(10), parts.head.as_bytes()].concat())?;
        let file = parts.with_section(0, &parts.sections[0].1);
        fs::write(into.join(format!("{i}-file")), [&choice(15), &file[..file.len() - 32]].concat())?;
    }
    Ok(())
}

//! How fast a CSV and a Parquet file are read: whole, for training, in two passes.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float64Array, RecordBatch};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression;
use parquet::file::properties::WriterProperties;

use smartserve::model::schema::FeatureKind;
use smartserve::table::TableFile;

use crate::time::{Stopwatch, wanted};

/// One line for each kind of cells: 200,000 rows of ten columns.
pub(crate) fn read() {
    println!("\n{:<44} {:>9}", "reading a CSV of ten columns", "MB/s");
    for (name, digits) in [("reading, numbers of 4 digits", 4), ("reading, numbers of 17 digits", 17)] {
        if !wanted(name) {
            continue;
        }
        let mut text = String::from("a,b,c,d,e,f,g,h,i,j\n");
        for row in 0..200_000_u32 {
            for column in 0..10 {
                let value = f64::from(row.wrapping_mul(2_654_435_761).wrapping_add(column * 97)) / 4_294_967_296.0;
                let end = if column == 9 { '\n' } else { ',' };
                write!(text, "{value:.digits$}{end}").unwrap();
            }
        }
        let bytes = text.len() as f64;
        let file = TableFile::from_bytes("t.csv", text.into_bytes());
        let wanted: Vec<_> = (0..10).map(|column| (column, FeatureKind::Numeric)).collect();
        let seconds = Stopwatch::least(|| {
            std::hint::black_box(file.scan().unwrap().read(&wanted).unwrap());
        });
        println!("{name:<44} {:>9.0}", bytes / seconds / 1e6);
    }
}

/// Floats of 53 bits, in ten columns of 200,000 rows, compressed by Snappy: so many MB of decoded floats a second.
pub(crate) fn read_parquet() {
    let name = "reading, Parquet with Snappy";
    if !wanted(name) {
        return;
    }
    let column = |column: u32| -> ArrayRef {
        let value = |row: u32| f64::from(row.wrapping_mul(2_654_435_761).wrapping_add(column * 97)) / 4_294_967_297.0;
        Arc::new(Float64Array::from_iter_values((0..200_000).map(value)))
    };
    let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
    let columns = names.into_iter().zip((0..10).map(column));
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    let bytes = writer.into_inner().unwrap();
    let wanted: Vec<_> = (0..10).map(|column| (column, FeatureKind::Numeric)).collect();
    let seconds = Stopwatch::least(|| {
        let file = TableFile::read(bytes.as_slice(), "t.parquet").unwrap();
        std::hint::black_box(file.scan().unwrap().read(&wanted).unwrap());
    });
    println!("{name:<44} {:>9.0}", 200_000.0 * 80.0 / seconds / 1e6);
}

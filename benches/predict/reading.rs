//! How fast a CSV is read: whole, for training, in two passes.

use std::fmt::Write;

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

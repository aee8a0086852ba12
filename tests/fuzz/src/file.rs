//! A table as a file: one in memory, which is read by its end where its form asks for that.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, memfd_create};
use smartserve::model::compiled::Scratch;
use smartserve::table::{TableInput, TableRows, TextOptions};

use crate::bounded;
use crate::short::with_models;

/// Rows that are read at one time, and how often: a few bytes of Parquet may declare as many as it likes.
const ROWS: usize = 64;
const CHUNKS: usize = 8;

/// What a file may take in memory: a page of Parquet is unpacked whole, to the size that it declares, below 2 GiB; each
/// column has one at a time, and one of the values that it refers to.
const MOST_BYTES: usize = 16 << 30;

thread_local! {
    static FILE: File = memfd_create("table", MemfdFlags::empty()).expect("a file in memory").into();
}

/// Reads the first rows of a file for a model, and answers those that fit.
///
/// # Panics
/// When more rows are read than were asked for, or one that fits has no answer.
pub fn read_file(model: usize, bytes: &[u8]) {
    FILE.with(|mut file| {
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(bytes)).expect("it can be written");
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        with_models(|models, scratch| bounded(MOST_BYTES, || read(&models[model], &path, scratch)));
    });
}

fn read(model: &smartserve::model::Model, path: &std::path::Path, scratch: &mut Scratch) {
    let open = || {
        let input = TableInput::open(path)?.named("file".to_owned());
        TableRows::open(vec![input], model.schema(), TextOptions::default())
    };
    let Ok(mut rows) = open() else { return };
    for _ in 0..CHUNKS {
        let Ok(Some(batch)) = rows.next_chunk(ROWS) else { return };
        assert!((1..=ROWS).contains(&batch.n_rows()));
        model.predict(&batch, scratch).expect("every finite row has a finite answer");
    }
}

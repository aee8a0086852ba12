//! Pickles that lie: refused or read in bounded time, and never executed.

use std::time::Duration;

use smartserve::import::{Answers, ImportError, ImportOptions, Imported, OneFile, artifact, read};
use smartserve::model::Model;

use super::cases::{folder, load};
use crate::support::cpu_time;
use crate::support::random::Random;

/// The CPU time that any of these files may take.
const LONGEST: Duration = Duration::from_secs(5);

fn refused(file: &str) -> String {
    let start = cpu_time();
    let error = load(&folder().join("evil").join(file), Answers::Label).expect_err(file);
    let took = cpu_time().saturating_sub(start);
    assert!(took < LONGEST, "{file} took {took:?}");
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn a_pickle_that_would_run_a_command_is_refused_by_the_commands_name() {
    assert!(refused("os_system.pkl").contains("posix.system is not an estimator that is read"));
    assert!(!std::path::Path::new("pwned").exists());
}

#[test]
fn pickles_that_are_deep_cut_off_or_point_nowhere_are_refused_in_words() {
    for (file, problem) in [
        ("deep.pkl", "a list is not an estimator"),
        ("huge_len.pkl", "bytes should follow"),
        ("memo_oob.pkl", "it refers to a value that it has not noted"),
        ("truncated.joblib", "the file is cut off"),
        ("zipbomb.joblib", "None is not an estimator"),
    ] {
        let error = refused(file);
        assert!(error.contains(problem), "{file}: {error}");
    }
}

#[test]
fn a_pickle_of_values_that_cost_more_than_their_bytes_is_refused() {
    for (bytes, problem) in [
        // Lists that hold the same list twice, forty times over: 2^40 paths, forty nodes.
        (laughs(), "a list is not an estimator"),
        // A list that holds itself.
        (b"\x80\x04]\x94h\x00a.".to_vec(), "a list is not an estimator"),
        // A value that nothing follows, and opcodes that are of other files' parts.
        (b"\x80\x04.".to_vec(), "from an empty stack"),
        (b"\x80\x04\x97.".to_vec(), "opcode 0x97 is not read"),
        (b"\x80\x04)Na.".to_vec(), "adds values to what takes none"),
        (b"\x80\x04}(Nu.".to_vec(), "a key without a value"),
        (b"\x80\x09N.".to_vec(), "protocol 9 is not read"),
    ] {
        let error = imported(&bytes).expect_err("it is not read").to_string();
        assert!(error.contains(problem), "{error}");
    }
}

fn laughs() -> Vec<u8> {
    let mut bytes = b"\x80\x04]\x94".to_vec();
    (0..40).for_each(|i| bytes.extend([b'(', b'h', i, b'h', i, b'l', 0x94]));
    bytes.push(b'.');
    bytes
}

#[test]
fn other_compressions_are_refused_by_name() {
    for (start, name) in [
        (b"BZh91AY".as_slice(), "bzip2"),
        (b"\xfd7zXZ\0\0", "xz"),
        (b"]\0\0\x80\0\xff\xff", "lzma"),
        (b"\x04\x22\x4d\x18d@", "lz4"),
    ] {
        let error = imported(start).expect_err("it is not read").to_string();
        assert!(error.contains(&format!("it is compressed by {name}, which is not read")), "{error}");
        assert!(error.contains("joblib.dump(model, path, compress=3)"), "{error}");
    }
}

fn imported(bytes: &[u8]) -> Result<Imported, ImportError> {
    read(&OneFile { bytes }, &ImportOptions::default())
}

/// The fuzzer's seed of a `GradientBoostingRegressor` of two trees, an infinite threshold at their roots.
fn without_end() -> Vec<u8> {
    let mut file = include_bytes!("../../corpus/import-pickle/boosting").to_vec();
    // A root's children 1 and 4, its column 0, its threshold.
    let root: Vec<u8> = [1_u64, 4, 0].into_iter().flat_map(u64::to_le_bytes).collect();
    let places: Vec<usize> = (0..file.len()).filter(|at| file[*at..].starts_with(&root)).collect();
    assert_eq!(places.len(), 2);
    for at in places {
        file[at + root.len()..][..8].copy_from_slice(&f64::INFINITY.to_le_bytes());
    }
    file
}

#[test]
fn no_cell_of_a_golden_row_is_missing_beside_an_infinite_threshold_where_the_model_refuses_that() {
    let imported = imported(&without_end()).expect("it is read");
    let model = Model::load(&artifact(imported, &ImportOptions::default()).expect("it is written"));
    assert!(model.expect("it is loaded").check_golden().is_ok());
}

#[test]
fn a_changed_file_is_refused_or_read_and_never_panics_or_hangs() {
    let files = [
        "sk-linear/model.joblib",
        "sk-logit-multi/model.p2.pkl",
        "sk-ridge-pipe/model.p5.pkl",
        "sk-dtr-multi/model.joblib",
        "sk-dtr-multi/model.zlib.joblib",
        "sklearn-1.1.3/dtc.pkl",
        "sklearn-1.1.3/pipe.joblib",
        "sklearn-1.8.0/gbc.pkl",
        "sklearn-1.3.2/ct.pkl",
        "sk-ridge-pipe/model.skops",
        "sk-dtr-multi/model.skops",
    ];
    let mut random = Random(0x5eed_2026);
    for file in files {
        let bytes = std::fs::read(folder().join(file)).unwrap();
        for _ in 0..150 {
            let changed = random.changed(&bytes);
            let start = cpu_time();
            if let Ok(made) = imported(&changed)
                && let Ok(sealed) = artifact(made, &ImportOptions::default())
            {
                // What import writes is what load reads.
                Model::load(&sealed).unwrap_or_else(|e| panic!("{file}: {e}"));
            }
            assert!(cpu_time().saturating_sub(start) < LONGEST, "{file}");
        }
    }
}

impl Random {
    /// Bytes with one to four changes: a bit, a byte, a piece left out, doubled, moved, the end cut off.
    fn changed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(changed.len());
            let end = (at + 1 + self.below(24)).min(changed.len());
            match self.below(7) {
                0 => changed[at] ^= 1 << self.below(8),
                1 => changed[at] = self.below(256) as u8,
                2 => changed[at] = b"()]}tlde.0NRbhqc\x81\x85\x86\x93\x94"[self.below(21)],
                3 => drop(changed.drain(at..end)),
                4 => {
                    let piece = changed[at..end].to_vec();
                    let to = self.below(changed.len());
                    changed.splice(to..to, piece);
                }
                5 => changed[at..end].fill(0xff),
                _ if self.below(4) == 0 => changed.truncate(at.max(1)),
                _ => changed[at..end].reverse(),
            }
        }
        changed
    }
}

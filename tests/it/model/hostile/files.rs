//! No file, however made, may panic, hang, overflow the stack or take memory out of proportion: 1,000 raw mutants and
//! 1,000 resealed ones go through the real `verify`, each in a process with bounded memory and time.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::artifact::{Parts, seal, trained};
use crate::support::random::Random;
use serde_json::{Value, json};
use smartserve::model::algorithm::Algorithm;
use smartserve::train::TaskChoice;

/// Address space of a `verify`: the program itself, and a small multiple of the files here (each below 200 kB).
const MEMORY_KIB: u32 = 200_000;

/// How many resealed mutants: 1,000, or what `MUTANTS` says.
fn resealed_mutants() -> usize {
    std::env::var("MUTANTS").map_or(1_000, |text| text.parse().unwrap())
}

fn models() -> Vec<(Algorithm, Vec<u8>)> {
    let classes = Some(TaskChoice::Classification);
    vec![
        (Algorithm::Linear, trained("boston", "MEDV", Algorithm::Linear, None)),
        (Algorithm::Ridge, trained("boston", "MEDV", Algorithm::Ridge, None)),
        (Algorithm::DecisionTree, trained("boston", "MEDV", Algorithm::DecisionTree, None)),
        (Algorithm::RandomForest, trained("boston", "MEDV", Algorithm::RandomForest, None)),
        (Algorithm::ExtraTrees, trained("boston", "MEDV", Algorithm::ExtraTrees, None)),
        (Algorithm::GradientBoosting, trained("boston", "MEDV", Algorithm::GradientBoosting, None)),
        (Algorithm::Logistic, trained("iris", "species", Algorithm::Logistic, classes)),
        (Algorithm::DecisionTree, trained("iris", "species", Algorithm::DecisionTree, classes)),
        (Algorithm::RandomForest, trained("iris", "species", Algorithm::RandomForest, classes)),
        (Algorithm::Lasso, trained("boston", "MEDV", Algorithm::Lasso, None)),
        (Algorithm::ElasticNet, trained("boston", "MEDV", Algorithm::ElasticNet, None)),
        (Algorithm::Knn, trained("boston", "MEDV", Algorithm::Knn, None)),
        (Algorithm::Svr, trained("boston", "MEDV", Algorithm::Svr, None)),
        (Algorithm::Knn, trained("iris", "species", Algorithm::Knn, classes)),
        (Algorithm::Svc, trained("iris", "species", Algorithm::Svc, classes)),
        (Algorithm::GaussianNb, trained("iris", "species", Algorithm::GaussianNb, classes)),
    ]
}

/// Runs `verify` on these bytes; the file is removed afterwards.
fn verify(bytes: &[u8]) -> Output {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    let script = format!("ulimit -v {MEMORY_KIB}; exec \"$0\" verify \"$1\"");
    Command::new("sh")
        .args(["-c", &script, env!("CARGO_BIN_EXE_smartserve")])
        .arg(file.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// Runs `verify` and checks what every file may expect: one of these codes, one line, no panic, no delay.
fn verify_within(bytes: &[u8], codes: &[i32], what: &str) -> i32 {
    let start = Instant::now();
    let output = verify(bytes);
    let took = start.elapsed();
    let said = String::from_utf8_lossy(&output.stderr);
    let code = output.status.code().unwrap_or_else(|| panic!("{what}: killed, {:?}: {said}", output.status));
    assert!(codes.contains(&code), "{what}: exit {code}: {said}");
    assert!(!said.contains("panicked"), "{what}: {said}");
    assert!(said.lines().count() <= 1, "{what}: more than one line: {said}");
    // The bound is a second of the program's own; a busy machine is given slack that no hang would fit into.
    assert!(took < Duration::from_secs(20), "{what}: took {took:?}");
    code
}

#[test]
fn raw_mutants_are_refused() {
    let models = models();
    let mut random = Random(0x5eed);
    for i in 0..1_000 {
        let (algorithm, sound) = &models[i % models.len()];
        let mut bytes = sound.clone();
        let what = match random.below(4) {
            0 => {
                let (at, bit) = (random.below(bytes.len()), random.below(8));
                bytes[at] ^= 1 << bit;
                format!("{algorithm}: bit {bit} of byte {at} flipped")
            }
            1 => {
                let keep = random.below(bytes.len());
                bytes.truncate(keep);
                format!("{algorithm}: cut to {keep} bytes")
            }
            2 => {
                let other = &models[(i + 1) % models.len()].1;
                let (at, from) = (random.below(bytes.len()), random.below(other.len()));
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
                format!("{algorithm}: first {at} bytes, then another model's from {from}")
            }
            _ => {
                let at = random.below(bytes.len());
                bytes.insert(at, u8::try_from(random.below(256)).unwrap());
                format!("{algorithm}: a byte inserted at {at}")
            }
        };
        if bytes != *sound {
            verify_within(&bytes, &[65], &what);
        }
    }
}

#[test]
fn resealed_mutants_are_bounded() {
    let models = models();
    let mut random = Random(0x005e_a1ed);
    let mut codes = std::collections::BTreeMap::new();
    let mutants = resealed_mutants();
    for i in 0..mutants {
        let (algorithm, sound) = &models[i % models.len()];
        let mut parts = Parts::of(sound);
        let what = format!("{algorithm}, mutant {i}: {}", mutate(&mut parts, &mut random));
        let bytes = if what.contains("as told") { parts.sealed_as_told() } else { parts.sealed() };
        *codes.entry(verify_within(&bytes, &[0, 1, 65], &what)).or_insert(0) += 1;
    }
    // Most mutations are structural: were they not noticed, this test would not be looking at anything.
    assert!(codes.get(&65).is_some_and(|n| *n > mutants / 2), "{codes:?}");
}

/// One to three changes, most of them in the numbers that the structure is made of.
fn mutate(parts: &mut Parts, random: &mut Random) -> String {
    let mut done = Vec::new();
    for _ in 0..[1, 2, 3][random.below(3)] {
        done.push(match random.below(5) {
            0 | 1 => mutate_bytes(parts, random),
            2 | 3 => mutate_header(parts, random),
            _ => mutate_length(parts, random),
        });
    }
    done.join("; ")
}

/// Bytes of a section: counts, inrandoms, children, tags and floats are all here.
fn mutate_bytes(parts: &mut Parts, random: &mut Random) -> String {
    let which = random.below(parts.sections.len());
    let (name, bytes) = &mut parts.sections[which];
    let at = random.below(bytes.len());
    match random.below(5) {
        0 => bytes[at] = [0, 1, 2, 0x7f, 0x80, 0xff][random.below(6)],
        1 => {
            let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -0.0][random.below(5)].to_le_bytes();
            let end = (at + 8).min(bytes.len());
            bytes[at..end].copy_from_slice(&wild[..end - at]);
        }
        2 => {
            let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
            bytes.splice(at..=at, huge);
        }
        3 => {
            bytes.remove(at);
        }
        _ => bytes[at] = bytes[at].wrapping_add(1),
    }
    format!("{name} at {at}")
}

/// A value somewhere in the head: removed, or replaced.
fn mutate_header(parts: &mut Parts, random: &mut Random) -> String {
    let mut path = String::new();
    loop {
        let keys: Vec<String> = match parts.header.pointer(&path) {
            Some(Value::Object(map)) => map.keys().cloned().collect(),
            Some(Value::Array(list)) => (0..list.len()).map(|i| i.to_string()).collect(),
            _ => Vec::new(),
        };
        if keys.is_empty() {
            let wild = [json!(null), json!(-1), json!(0), json!(1_u64 << 32), json!(1e308), json!("x"), json!([])];
            let wild = wild[random.below(wild.len())].clone();
            *parts.header.pointer_mut(&path).unwrap() = wild.clone();
            return format!("{path} replaced by {wild}");
        }
        let key = &keys[random.below(keys.len())];
        if random.below(12) == 0 {
            match parts.header.pointer_mut(&path) {
                Some(Value::Object(map)) => drop(map.remove(key)),
                Some(Value::Array(list)) => drop(list.remove(key.parse().unwrap())),
                _ => unreachable!("it has keys"),
            }
            return format!("{path}/{key} removed");
        }
        path = format!("{path}/{key}");
    }
}

/// The table of contents, left as changed.
fn mutate_length(parts: &mut Parts, random: &mut Random) -> String {
    let wild = [json!(0), json!(1), json!(u64::MAX), json!(1_u64 << 40)][random.below(4)].clone();
    let section = random.below(parts.sections.len());
    let places = ["/payload/bytes".to_owned(), format!("/payload/sections/{section}/bytes")];
    parts.tell(&places[random.below(2)], wild);
    "lengths as told".to_owned()
}

/// A file whose own head asks for much must not get it: lengths, repeated keys, deep JSON.
#[test]
fn claimed_lengths_cost_nothing() {
    let sound = trained("boston", "MEDV", Algorithm::DecisionTree, None);
    let mut longest = sound.clone();
    longest[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    verify_within(&longest, &[65], "a header of 2^64 − 1 bytes");
    verify_within(&seal(&b"[".repeat(1 << 20), b""), &[65], "a million open brackets");
    verify_within(&seal(&b"{\"a\":".repeat(200_000), b""), &[65], "objects in objects");
    verify_within(&seal(format!("[{}0]", "0,".repeat(8_000_000)).as_bytes(), b""), &[65], "eight million zeros");
    verify_within(b"", &[65], "an empty file");
    verify_within(&seal(b"", b""), &[65], "an empty header");
}

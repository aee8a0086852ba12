//! The hash of a long file is computed while the file is decoded: a damaged one is told as such all the same.

use serde_json::json;
use smartserve::import::ImportOptions;
use smartserve::model::Model;
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::contents::Contents;
use smartserve::serve::loader::load_contents;

use crate::support::artifact::{Parts, trained};

fn loaded(bytes: &[u8]) -> Result<Model, String> {
    let contents = Contents::of_file(bytes.to_vec());
    load_contents("m.model".as_ref(), &contents, &ImportOptions::default(), &|_| {}).map_err(|e| e.to_string())
}

#[test]
fn a_damaged_file_is_told_as_such_whatever_its_length_and_wherever_the_damage_is() {
    let short = trained("boston", "MEDV", Algorithm::RandomForest, None);
    let mut parts = Parts::of(&short);
    // From 4 MiB on. A section that this build need not know makes it so long.
    let later = json!({"name": "later", "encoding": "bytes", "bytes": 0, "required": false});
    parts.header["payload"]["sections"].as_array_mut().unwrap().insert(0, later);
    parts.sections.insert(0, ("later".to_owned(), vec![7; 5 << 20]));
    for sound in [short, parts.sealed()] {
        assert_eq!(loaded(&sound).unwrap().version(), Model::load(&sound).unwrap().version());
        // In the head, which does not parse then; in the trees, of which some do not; in the hash.
        let n = sound.len();
        for at in (60..76).chain((n - 3_000..n).step_by(300)).chain([n - 1]) {
            let mut damaged = sound.clone();
            damaged[at] ^= 1;
            let told = loaded(&damaged).map(|_| ()).unwrap_err();
            assert!(told.contains("it is damaged: its SHA-256 does not match"), "byte {at} of {n}: {told}");
        }
        let told = loaded(&sound[..n / 2]).map(|_| ()).unwrap_err();
        assert!(told.contains("damaged") || told.contains("cut off"), "{told}");
    }
}

//! What the test files share: models trained on the repository's data, and artifacts taken apart and put together
//! again with a right hash.

use serde_json::Value;
use sha2::{Digest, Sha256};
use smartserve::model::algorithm::Algorithm;
use smartserve::table::TableFile;
use smartserve::train::{TaskChoice, TrainSpec, train};

use super::path;

/// Trains on `data/{data}.csv`, small and quick.
pub(crate) fn trained(data: &str, target: &str, algorithm: Algorithm, task: Option<TaskChoice>) -> Vec<u8> {
    let mut spec = TrainSpec::new(data, target, algorithm);
    spec.task = task;
    spec.folds = Some(3);
    if algorithm.is_averaged() || algorithm == Algorithm::GradientBoosting {
        spec.options.set("trees", 5).unwrap();
    }
    let table = TableFile::open(&path(&format!("data/{data}.csv"))).unwrap();
    train(&spec, &table, &()).unwrap().artifact
}

/// An artifact in parts.
#[derive(Clone)]
pub(crate) struct Parts {
    /// The JSON head.
    pub(crate) header: Value,
    /// Name and bytes of each section, in order.
    pub(crate) sections: Vec<(String, Vec<u8>)>,
}

impl Parts {
    /// Takes a sound artifact apart.
    pub(crate) fn of(artifact: &[u8]) -> Self {
        let n = usize::try_from(u64::from_le_bytes(artifact[..8].try_into().unwrap())).unwrap();
        let header: Value = serde_json::from_slice(&artifact[8..8 + n]).unwrap();
        let mut rest = &artifact[8 + n..artifact.len() - 32];
        let mut sections = Vec::new();
        for section in header["payload"]["sections"].as_array().unwrap() {
            let (bytes, after) = rest.split_at(usize::try_from(section["bytes"].as_u64().unwrap()).unwrap());
            sections.push((section["name"].as_str().unwrap().to_owned(), bytes.to_vec()));
            rest = after;
        }
        Self { header, sections }
    }

    /// The bytes of a section.
    pub(crate) fn section(&mut self, name: &str) -> &mut Vec<u8> {
        &mut self.sections.iter_mut().find(|(n, _)| n == name).unwrap().1
    }

    /// Puts it together with right lengths and a right hash.
    pub(crate) fn sealed(mut self) -> Vec<u8> {
        let total: usize = self.sections.iter().map(|(_, bytes)| bytes.len()).sum();
        self.tell("/payload/bytes", total.into());
        for i in 0..self.sections.len() {
            let bytes = self.sections[i].1.len();
            self.tell(&format!("/payload/sections/{i}/bytes"), bytes.into());
        }
        self.sealed_as_told()
    }

    /// Replaces a value of the head, if it is there (a mutant may have lost it).
    pub(crate) fn tell(&mut self, pointer: &str, value: Value) {
        if let Some(place) = self.header.pointer_mut(pointer) {
            *place = value;
        }
    }

    /// Puts it together with a right hash, the table of contents as it is.
    pub(crate) fn sealed_as_told(self) -> Vec<u8> {
        let text = serde_json::to_string(&self.header).unwrap();
        let payload: Vec<u8> = self.sections.into_iter().flat_map(|(_, bytes)| bytes).collect();
        seal(text.as_bytes(), &payload)
    }
}

/// Head and payload with a right length and a right hash.
pub(crate) fn seal(head: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut file = (head.len() as u64).to_le_bytes().to_vec();
    file.extend_from_slice(head);
    file.extend_from_slice(payload);
    let hash = Sha256::digest(&file);
    file.extend_from_slice(&hash);
    file
}

//! Sound artifacts, one of each kind, trained on the spot and small: what mutants are made of.

use std::sync::OnceLock;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use smartserve::model::algorithm::Algorithm;
use smartserve::table::TableFile;
use smartserve::train::{TaskChoice, TrainSpec, train};

/// An artifact in parts: its head, cut where the lengths of the sections stand, and its sections.
#[derive(Debug)]
pub struct Parts {
    /// The head's text.
    pub head: String,
    /// Each section's name and bytes, in order.
    pub sections: Vec<(String, Vec<u8>)>,
}

impl Parts {
    fn of(artifact: &[u8]) -> Self {
        let length = usize::try_from(u64::from_le_bytes(artifact[..8].try_into().expect("8 bytes"))).expect("small");
        let head = String::from_utf8(artifact[8..8 + length].to_vec()).expect("a sound head is text");
        let mut rest = &artifact[8 + length..artifact.len() - 32];
        let told: Value = serde_json::from_str(&head).expect("a sound head is JSON");
        let mut sections = Vec::new();
        for section in told["payload"]["sections"].as_array().expect("a sound head lists its sections") {
            let length = section["bytes"].as_u64().and_then(|n| usize::try_from(n).ok()).expect("a length");
            let (bytes, after) = rest.split_at(length);
            sections.push((section["name"].as_str().expect("a name").to_owned(), bytes.to_vec()));
            rest = after;
        }
        Self { head, sections }
    }

    /// The artifact with another content of a section, sealed; all lengths agree.
    pub fn with_section(&self, which: usize, bytes: &[u8]) -> Vec<u8> {
        let old = self.sections[which].1.len();
        let total: usize = self.sections.iter().map(|(_, bytes)| bytes.len()).sum();
        let (before, payload) = self.head.split_at(self.head.rfind("\"payload\"").expect("a head tells its payload"));
        let payload = payload
            .replacen(&format!("\"bytes\":{total}"), &format!("\"bytes\":{}", total - old + bytes.len()), 1)
            .replacen(&format!("\"bytes\":{old},"), &format!("\"bytes\":{},", bytes.len()), 1);
        let sections = self.sections.iter().enumerate();
        let sections = sections.map(|(i, (_, sound))| if i == which { bytes } else { sound.as_slice() });
        seal(&[before.as_bytes(), payload.as_bytes()], sections)
    }

    /// The artifact with another head, sealed.
    pub fn with_head(&self, head: &[u8]) -> Vec<u8> {
        seal(&[head], self.sections.iter().map(|(_, bytes)| bytes.as_slice()))
    }
}

/// Head and sections with a right length and a right hash.
fn seal<'a>(head: &[&[u8]], sections: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let length: usize = head.iter().map(|part| part.len()).sum();
    let mut file = (length as u64).to_le_bytes().to_vec();
    head.iter().for_each(|part| file.extend_from_slice(part));
    sections.for_each(|bytes| file.extend_from_slice(bytes));
    let hash = Sha256::digest(&file);
    file.extend_from_slice(&hash);
    file
}

/// A hash put behind whatever bytes.
pub fn sealed(bytes: &[u8]) -> Vec<u8> {
    let mut file = bytes.to_vec();
    let hash = Sha256::digest(&file);
    file.extend_from_slice(&hash);
    file
}

const NUMBERS: &str =
    "a,b,y\n1,5,2\n2,3,4\n3,8,6.5\n4,1,8\n5,9,9.5\n6,2,12\n7,,14\n8,4,16\n9,6,18.5\n10,7,20\n11,1,22\n12,3,24\n";
const LABELS: &str = "a,b,y\n1,red,no\n2,blue,no\n3,red,no\n4,red,no\n5,blue,no\n6,red,no\n7,blue,yes\n8,red,yes\n9,blue,yes\n10,blue,yes\n11,red,yes\n12,blue,yes\n";

/// One artifact of each algorithm and task.
pub fn all() -> &'static [Parts] {
    static ALL: OnceLock<Vec<Parts>> = OnceLock::new();
    ALL.get_or_init(|| {
        use Algorithm as A;
        let regressions = [
            A::Linear,
            A::Lasso,
            A::ElasticNet,
            A::DecisionTree,
            A::RandomForest,
            A::ExtraTrees,
            A::GradientBoosting,
            A::Knn,
            A::Svr,
        ];
        let classes = [A::Logistic, A::DecisionTree, A::RandomForest, A::GaussianNb, A::Knn, A::Svc];
        let numbers = regressions.iter().map(|algorithm| artifact(*algorithm, NUMBERS, TaskChoice::Regression));
        let labels = classes.iter().map(|algorithm| artifact(*algorithm, LABELS, TaskChoice::Classification));
        numbers.chain(labels).map(|artifact| Parts::of(&artifact)).collect()
    })
}

fn artifact(algorithm: Algorithm, csv: &str, task: TaskChoice) -> Vec<u8> {
    let table = TableFile::from_bytes("t.csv", csv.as_bytes().to_vec());
    let mut spec = TrainSpec::new("m", "y", algorithm);
    // Half of so few rows have no spread.
    let folds = if algorithm == Algorithm::GaussianNb { Some(0) } else { Some(2) };
    (spec.task, spec.folds, spec.test_size) = (Some(task), folds, 0.0);
    if algorithm.is_averaged() || algorithm == Algorithm::GradientBoosting {
        spec.options.set("trees", 3).unwrap();
    }
    train(&spec, &table, &()).unwrap_or_else(|error| panic!("{algorithm}: {error}")).artifact
}

//! Directories that say what they are: `MLmodel` (MLflow) and `model-settings.json` (MLServer) beside a model's file.
//!
//! The first byte chooses which of the two the rest is, and whether the model's file has names of columns. Whatever it
//! says, no path leaves the directory, and a model that is taken answers as the file by itself does.

#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use smartserve::import::{self, Entry, ImportError, ImportOptions, Source};
use smartserve::model::Model;
use smartserve::model::compiled::Scratch;
use smartserve_fuzz::bounded;
use smartserve_fuzz::mutants::{mutate, words};

/// A model whose columns are `a`, `b` and `c`.
const NAMED: &str = include_str!("../../../corpus/import-text/lightgbm-linear");

/// What reading and checking the model may take in memory, beside what describes it.
const BASE: usize = 16 << 20;

/// What reading may take over the describing file's bytes: a value of YAML is larger than the text that is its least.
const TIMES: usize = 100;

/// A file that describes the model, and the model's file: side by side, and once more in a folder.
struct Directory<'a> {
    descriptions: &'a [(&'static str, &'a [u8])],
    model: &'a str,
}

/// The model's file.
const MODEL: &str = "model.lgb";

/// The folder.
const FOLDER: &str = "saved";

impl Directory<'_> {
    /// A name within the directory's own folder or the other one.
    fn inner(name: &str) -> &str {
        let inside = !name.starts_with('/') && !name.contains(['\\', '\0', ':']);
        assert!(inside && name.split('/').all(|part| part != ".."), "{name:?} leads out");
        name.strip_prefix(FOLDER).and_then(|rest| rest.strip_prefix('/')).unwrap_or(name)
    }

    fn bytes(&self, name: &str) -> Option<&[u8]> {
        let name = Self::inner(name);
        let described = self.descriptions.iter().find(|(own, _)| *own == name);
        described.map(|(_, bytes)| *bytes).or_else(|| (name == MODEL).then(|| self.model.as_bytes()))
    }
}

impl Source for Directory<'_> {
    fn names(&self, _: &str) -> Result<Vec<String>, ImportError> {
        Ok(self.descriptions.iter().map(|(name, _)| *name).chain([MODEL]).map(str::to_owned).collect())
    }

    fn find(&self, name: &str) -> Result<Option<Entry>, ImportError> {
        let is_folder = name.is_empty() || name == FOLDER;
        Ok(if is_folder { Some(Entry::Folder) } else { self.bytes(name).map(|_| Entry::File) })
    }

    fn head(&self, name: &str) -> Result<Vec<u8>, ImportError> {
        let bytes = self.open(name, usize::MAX)?;
        Ok(bytes[..bytes.len().min(import::FileFormat::HEAD)].to_vec())
    }

    fn open(&self, name: &str, most: usize) -> Result<Cow<'_, [u8]>, ImportError> {
        let bytes = self.bytes(name).filter(|bytes| bytes.len() <= most);
        bytes.map(Cow::Borrowed).ok_or_else(|| ImportError::new("there is no such file"))
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    mutate(words::change, data, size, max_size, seed)
});

fuzz_target!(|input: &[u8]| {
    let Some((choice, described)) = input.split_first() else { return };
    let name = if choice & 1 == 0 { "MLmodel" } else { "model-settings.json" };
    let model = if choice & 2 == 0 { NAMED } else { &NAMED.replace("=a b c", "=Column_0 Column_1 Column_2") };
    let directory = Directory { descriptions: &[(name, described)], model };
    let options = ImportOptions::default();
    let imported = bounded(BASE + TIMES * described.len(), || import::read(&directory, &options));
    let Ok(imported) = imported else { return };
    assert_eq!(imported.features.len(), 3);
    bounded(BASE + TIMES * described.len(), || {
        let Ok(artifact) = import::artifact(imported, &options) else { return };
        let model = Model::load(&artifact).expect("what import writes is loaded");
        assert!(model.check_golden().is_ok(), "the kernels answer otherwise than the plain walk");
        let _ = model.predict(model.golden_batch(), &mut Scratch::default());
    });
});

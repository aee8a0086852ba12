//! A model of another library: a file that is read, written as an artifact, loaded and asked. What is accepted must be
//! answered by the kernels as by the plain walk, on its golden rows and on both sides of each split.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hasher as _};

use smartserve::import::{self, FileFormat, ImportOptions, Imported, Layout, OneFile, Room};
use smartserve::model::Model;
use smartserve::model::artifact;
use smartserve::model::compiled::Scratch;

use crate::{allow, bounded};

/// What reading any file may take in memory beside what it is said to take: an error's text, buffers.
const BASE: usize = 2 << 20;

thread_local! {
    /// The models that have been asked, by their hashes: most mutants change what an answer does not depend on.
    static ASKED: RefCell<HashSet<u64>> = RefCell::default();
}

/// Reads a file and asks what it holds.
///
/// # Panics
/// When the kernels answer otherwise than the plain walk, or what was accepted is not loaded.
pub fn check(file: &[u8]) {
    let options = ImportOptions::default();
    let Some(imported) = read(file, &options) else { return };
    if !ASKED.with_borrow_mut(|asked| asked.insert(hash(&imported))) {
        return;
    }
    let Ok(bytes) = bounded(BASE + imported.most_memory(), || import::artifact(imported, &options)) else { return };
    let model = bounded(BASE + artifact::most_memory(&bytes), || {
        // Reading checks all that loading does.
        let model = Model::load(&bytes).expect("what import writes is loaded");
        assert!(model.check_golden().is_ok(), "the kernels answer otherwise than the plain walk");
        let _ = model.predict(model.golden_batch(), &mut Scratch::default());
        model
    });
    // What the commands `import` and `verify` ask beside the golden rows: both sides of every split, rows of features.
    import::check(&bytes, &model).expect("the kernels answer as the plain walk");
}

/// The model of a file, read within the memory that a server would count for it.
fn read(file: &[u8], options: &ImportOptions) -> Option<Imported> {
    let source = OneFile { bytes: file };
    let most = FileFormat::of(file).map_or(0, |format| import::most_memory(format, file));
    bounded(BASE + most, || {
        let layout = Layout::of(&source).ok()?;
        let room = Room::new(most, &|bytes| allow(BASE + bytes));
        import::read_file(&layout, file, options, &room).ok()
    })
}

/// Of all that an artifact is made of.
fn hash(imported: &Imported) -> u64 {
    struct Text(DefaultHasher);
    impl std::fmt::Write for Text {
        fn write_str(&mut self, text: &str) -> std::fmt::Result {
            self.0.write(text.as_bytes());
            Ok(())
        }
    }
    let mut text = Text(DefaultHasher::new());
    let _ = write!(text, "{imported:?}");
    text.0.finish()
}

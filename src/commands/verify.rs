//! `verify`: load a model file, check its golden rows and, of another library's trees, both sides of every threshold.

use crate::cli::VerifyArgs;
use crate::import::{Reached, check_thresholds};

use crate::text::printable::printable;

use super::failure::{Exit, Failure};
use super::files;

/// Most differences shown; the message has their count.
const SHOWN: usize = 5;

/// Runs the command.
///
/// # Errors
/// 66 no such file, 65 not a valid model, 1 golden rows differ.
pub fn run(args: &VerifyArgs) -> Result<(), Failure> {
    let (model, bytes) = files::artifact(&args.file, &args.source)?;
    let header = model.header();
    let path = args.file.display();
    if let Err(differences) = model.check_golden() {
        let shown: Vec<String> = differences.iter().take(SHOWN).map(ToString::to_string).collect();
        let (bad, all) = (differences.len(), header.golden.len());
        let what = format!("{path}: {bad} of {all} golden rows are answered otherwise: {}", shown.join("; "));
        return Err(Failure::new(Exit::Failed, what));
    }
    let reached = check_thresholds(&bytes, &model);
    let reached = reached.map_err(|e| Failure::new(Exit::Failed, format_args!("{path}: {e}")))?;
    let (name, version, n) = (&header.name, model.version(), header.golden.len());
    let said = format!("{path}: sound; model {name}, version {version}, {n} golden rows answered as written");
    let asked = |Reached { sides, of }| format!(", {sides} of {of} sides of splits asked, as a plain walk answers");
    let said = said + &reached.map(asked).unwrap_or_default();
    files::print(&(printable(&said).into_owned() + "\n"))
}

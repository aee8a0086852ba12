//! What the flags of reading models of other libraries mean.

use clap::ValueEnum;

use crate::cli::{AnswerChoice, IterationsChoice, SourceArgs, SourcesArgs};
use crate::import::{Answers, ImportChoices, ImportOptions, Iterations};
use crate::model::check_name;

impl From<&SourceArgs> for ImportOptions {
    fn from(args: &SourceArgs) -> Self {
        Self {
            answers: args.answer.map(answers).unwrap_or_default(),
            iterations: args.iterations.map(iterations),
            zero_as_missing: args.zero_as_missing,
            ..Self::default()
        }
    }
}

/// The entries of a repeatable flag, whose variable holds one per line.
pub(super) fn entries(given: &[String]) -> impl Iterator<Item = &str> {
    given.iter().flat_map(|text| text.lines()).map(str::trim).filter(|entry| !entry.is_empty())
}

/// The choices for several models.
///
/// # Errors
/// One line: a word that is none of the choices, or a name that no model can have.
pub(super) fn choices(args: &SourcesArgs) -> Result<ImportChoices, String> {
    let mut choices = ImportChoices::default();
    let unknown = |flag: &str, word: &str, expected: &str| format!("{flag}: {word:?} is not {expected}");
    for entry in entries(&args.answer) {
        let (name, word) = split("--answer", entry)?;
        let answer = AnswerChoice::from_str(word, false).map_err(|_| unknown("--answer", word, "label or library"))?;
        choices.of_mut(name).answers = answers(answer);
    }
    for entry in entries(&args.iterations) {
        let (name, word) = split("--iterations", entry)?;
        let rounds =
            IterationsChoice::from_str(word, false).map_err(|_| unknown("--iterations", word, "best or all"))?;
        choices.of_mut(name).iterations = Some(iterations(rounds));
    }
    for entry in entries(&args.zero_as_missing) {
        match entry {
            "true" | "1" => choices.of_mut(None).zero_as_missing = true,
            "false" | "0" => choices.of_mut(None).zero_as_missing = false,
            name => {
                check_name(name).map_err(|e| format!("--zero-as-missing: {e}"))?;
                choices.of_mut(Some(name)).zero_as_missing = true;
            }
        }
    }
    Ok(choices)
}

/// `[NAME=]WORD`.
fn split<'a>(flag: &str, entry: &'a str) -> Result<(Option<&'a str>, &'a str), String> {
    let Some((name, word)) = entry.split_once('=') else { return Ok((None, entry)) };
    check_name(name).map_err(|e| format!("{flag}: {e}"))?;
    Ok((Some(name), word))
}

fn answers(choice: AnswerChoice) -> Answers {
    match choice {
        AnswerChoice::Label => Answers::Label,
        AnswerChoice::Library => Answers::Library,
    }
}

fn iterations(choice: IterationsChoice) -> Iterations {
    match choice {
        IterationsChoice::Best => Iterations::Best,
        IterationsChoice::All => Iterations::All,
    }
}

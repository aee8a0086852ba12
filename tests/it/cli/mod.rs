//! The command line: its help tells the truth, and every flag has its variable.

mod card;
mod checks;
mod columns;
mod date_artifacts;
mod date_categories;
mod dates;
mod fallback;
mod inspect;
mod outputs;
mod settings;
mod tables;
mod terminal;
mod text_columns;

use smartserve::cli;
use smartserve::model::algorithm::Algorithm;
use smartserve::train::OPTIONS;

#[test]
fn train_help_lists_hyperparameters() {
    let mut command = cli::command();
    let help = command.find_subcommand_mut("train").unwrap().render_long_help().to_string();
    for algorithm in Algorithm::ALL {
        let own: Vec<String> = OPTIONS
            .iter()
            .filter_map(|option| Some(format!("--{} {}", option.name, option.default_for(algorithm)?)))
            .collect();
        let is_row = |line: &&str| line.split_whitespace().next() == Some(algorithm.as_str()) && line.contains("--");
        // A long row goes on below its first option.
        let mut lines = help.lines().skip_while(|line| !is_row(line));
        let row = lines.next().map(|first| {
            let more = lines.take_while(|line| line.trim_start().starts_with("--"));
            more.fold(first.to_owned(), |row, line| row + line)
        });
        match row {
            Some(row) => {
                for option in &own {
                    assert!(row.contains(option), "the help of {algorithm} does not say {option}: {row}");
                }
                assert_eq!(row.matches("--").count(), own.len(), "{row}");
            }
            None => assert!(own.is_empty(), "the help has no row for {algorithm}: {own:?}"),
        }
    }
}

#[test]
fn every_flag_has_an_environment_variable() {
    for verb in cli::command().get_subcommands() {
        for arg in verb.get_arguments().filter(|arg| arg.get_long().is_some()) {
            let long = arg.get_long().unwrap();
            let expected = cli::variable(long);
            assert_eq!(arg.get_env().and_then(|env| env.to_str()), Some(expected.as_str()), "--{long}");
        }
    }
}

#[test]
fn clap_accepts_the_definitions() {
    cli::command().debug_assert();
}

#[test]
fn train_help_tells_the_search_space() {
    let mut command = cli::command();
    let help = command.find_subcommand_mut("train").unwrap().render_long_help().to_string();
    for (name, range) in OPTIONS.iter().flat_map(|o| o.search.iter().map(|search| (o.name, search.range))) {
        let rows = || help.lines().filter(|line| line.trim_start().starts_with(&format!("{name} ")));
        assert!(rows().any(|row| row.contains(range)), "the help does not say {name} {range}");
    }
}

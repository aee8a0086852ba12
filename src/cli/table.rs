//! The flags of reading a table: they go with every command that takes one.

use clap::Args;

use crate::config::Names;
use crate::config::values::{decimal, delimiter, thousands, words};

/// For a command that takes a table.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "How the table is written")]
pub struct TableArgs {
    /// What stands between the columns: , ; | tab or another ASCII character [default: recognised, of these four]
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// What stands before the fraction of a number: , in 70,5 [default: .]
    #[arg(long, value_name = "MARK", value_parser = decimal)]
    pub decimal: Option<char>,
    /// What stands between thousands: , in 1,000, . in 1.000; also ' _ or space [default: nothing]
    #[arg(long, value_name = "MARK", value_parser = thousands)]
    pub thousands: Option<char>,
    /// A word that means a missing cell in every column, as it is written; repeatable, or a CSV record of words. Empty
    /// cells are missing anyway, and in columns of numbers NA, N/A, #N/A, <NA>, NaN, null, None, ., ? and -
    #[allow(rustdoc::invalid_html_tags, reason = "clap shows the text as it stands")]
    #[arg(long, value_name = "WORD", value_parser = words, allow_hyphen_values = true)]
    pub missing: Vec<Names>,
}

//! Text: numbers and times as they are spelled, flags in sentences, durations for people, did-you-mean, shortened texts,
//! texts made safe to print or to stand in HTML, base 64, the text of a panic. Uses nothing of ours.

pub mod base64;
pub mod date;
pub mod date_spellings;
pub mod did_you_mean;
pub mod duration;
pub mod flag;
pub mod html;
pub mod missing;
pub mod number;
pub(crate) mod panics;
pub mod printable;
pub mod shorten;

//! Text: numbers and times as they are spelled, durations for people, did-you-mean, shortened texts, texts made safe to
//! print. Uses nothing of ours.

pub mod date;
pub mod did_you_mean;
pub mod duration;
pub mod number;
pub mod printable;
pub mod shorten;

//! Text: numbers as they are spelled, did-you-mean, shortened texts. Uses nothing of ours.

pub mod did_you_mean;
pub mod number;
pub mod shorten;

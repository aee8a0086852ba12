//! Texts: did-you-mean, dates and times.

mod date;
mod did_you_mean;
mod flag;

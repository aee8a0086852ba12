//! Texts: did-you-mean, dates and times.

mod did_you_mean;
mod iso8601;

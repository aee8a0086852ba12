//! Texts: did-you-mean.

mod did_you_mean;

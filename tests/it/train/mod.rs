//! Training: what is refused, what is fitted, what is written.

mod aside;
mod boosting;
mod budget;
mod cart;
mod compare;
mod decisions;
mod errors;
mod estimators;
mod exact;
mod figures;
mod forests;
mod importance;
mod notes;
mod parallel;
mod rare;
mod run;
mod shares;
mod smartcore_cases;
mod sparse_logistic;
mod split;
mod units;
mod worth;
mod write;

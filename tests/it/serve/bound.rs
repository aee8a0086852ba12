//! The memory that is promised at start.

use smartserve::config::{ExtraFeatures, Limits};
use smartserve::model::algorithm::Algorithm;
use smartserve::serve::Serving;
use smartserve::serve::memory_estimate::MemoryEstimate;

use crate::support::models::{Recipe, snapshot};

#[tokio::test]
async fn defaults_stay_below_128_mib() {
    let recipe = Recipe { data: "boston.csv", target: "MEDV", algorithm: Algorithm::RandomForest, trees: Some(30) };
    let served = snapshot(recipe, "boston", 1);
    assert!(served.model.header().payload.bytes > 400_000, "{}", served.model.header().payload.bytes);
    let limits = Limits { compute_threads: 1, ..Limits::default() };
    let bound = MemoryEstimate::of(&Serving::new(vec![served], limits, ExtraFeatures::Reject), 2);
    assert_eq!(bound.total(), bound.parts.iter().map(|(_, bytes)| *bytes).sum::<usize>());
    assert!(bound.total() <= 128 << 20, "{bound}");
    assert!(bound.to_string().contains("MiB: requests in flight 64.0, parsing "), "{bound}");
}

//! The series of answered requests. Each is resolved once; counting is then a look-up without a lock and three atomic
//! adds.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use prometheus::{Histogram, IntCounter};

use super::families::Families;

/// The labels of methods; the last one stands for all other methods. Fixed, so that clients cannot add series.
const METHODS: [&str; 10] = ["POST", "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "OTHER"];

/// The label of a method.
pub(super) fn method_label(method: &str) -> &'static str {
    METHODS[index_of(method)]
}

fn index_of(method: &str) -> usize {
    METHODS.iter().position(|m| *m == method).unwrap_or(METHODS.len() - 1)
}

/// A series' key: the method's index, the route, the status.
type Key = (usize, &'static str, u16);

#[derive(Debug, Clone)]
struct Series {
    count: IntCounter,
    seconds: Histogram,
}

/// All series so far, searched from the first: a process has a few dozen, and the usual ones come first. A new one
/// replaces the whole list.
#[derive(Debug, Default)]
pub(super) struct RequestSeries {
    known: ArcSwap<Vec<(Key, Series)>>,
    adding: Mutex<()>,
}

impl RequestSeries {
    pub(super) fn count(&self, families: &Families, method: &str, route: &'static str, status: u16, took: Duration) {
        let key = (index_of(method), route, status);
        if let Some((_, series)) = self.known.load().iter().find(|(known, _)| *known == key) {
            series.add(took);
        } else {
            self.make(families, key).add(took);
        }
    }

    fn make(&self, families: &Families, key: Key) -> Series {
        let (method, route, status) = key;
        let _one_at_a_time = self.adding.lock().unwrap_or_else(PoisonError::into_inner);
        let series = Series {
            count: families.requests.with_label_values(&[METHODS[method], route, &status.to_string()]),
            seconds: families.request_seconds.with_label_values(&[route]),
        };
        let mut known = Vec::clone(&self.known.load());
        // Another thread may have added the same series meanwhile: the first of the two is found.
        known.push((key, series.clone()));
        self.known.store(known.into());
        series
    }
}

impl Series {
    fn add(&self, took: Duration) {
        self.count.inc();
        self.seconds.observe(took.as_secs_f64());
    }
}

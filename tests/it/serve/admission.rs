//! Nobody waits long, nobody starves, and what was taken is given back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use smartserve::config::Limits;
use smartserve::model::compiled::Scratch;
use smartserve::serve::admission::{
    CHUNKED_STEP, Compute, INLINE_TEXT_BYTES, MemoryBudget, MemoryLease, SLICE, is_inline_text,
};
use smartserve::serve::error::{ComputeError, Overloaded};
use smartserve::serve::lifecycle::{Lifecycle, Schedule};
use smartserve::serve::metrics::Metrics;

use crate::support::models::{classes, quick, rows, slow};
use crate::support::server::{limits, ms, until, within};

const KIB: usize = 1 << 10;

fn compute(limits: &Limits) -> (Arc<Compute>, Arc<Metrics>, Lifecycle) {
    let (metrics, lifecycle) = (Arc::new(Metrics::new()), Lifecycle::default());
    (Arc::new(Compute::new(limits, Arc::clone(&metrics), lifecycle.clone())), metrics, lifecycle)
}

/// A lease that is never full.
fn lease() -> MemoryLease {
    MemoryBudget::default().lease()
}

#[tokio::test]
async fn a_body_returns_its_part_of_the_budget() {
    let budget = MemoryBudget::new(&Limits { body_budget: 100 * KIB, ..limits() });
    let held = budget.reserve(60 * KIB).await.unwrap();
    assert_eq!(budget.free(), 40 * KIB);
    drop(held);
    assert_eq!(budget.free(), 100 * KIB);
}

#[tokio::test]
async fn a_body_without_a_length_takes_steps() {
    let budget = MemoryBudget::new(&Limits { body_budget: 256 * KIB, ..limits() });
    let held = budget.lease();
    assert_eq!(budget.free(), 256 * KIB);
    held.grow_in_steps(1).await.unwrap();
    assert_eq!(budget.free(), 256 * KIB - CHUNKED_STEP);
    held.grow_in_steps(CHUNKED_STEP).await.unwrap();
    assert_eq!(budget.free(), 256 * KIB - CHUNKED_STEP);
    held.grow_in_steps(2 * CHUNKED_STEP + 1).await.unwrap();
    assert_eq!(budget.free(), 256 * KIB - 3 * CHUNKED_STEP);
    drop(held);
    assert_eq!(budget.free(), 256 * KIB);
}

#[tokio::test]
async fn a_request_holds_what_its_body_became() {
    let budget = MemoryBudget::new(&Limits { body_budget: 256 * KIB, admission_wait: ms(1), ..limits() });
    let held = budget.reserve(100 * KIB).await.unwrap();
    held.resize_to(10 * KIB).await.unwrap();
    assert_eq!(budget.free(), 246 * KIB);
    held.resize_to(80 * KIB).await.unwrap();
    assert!(budget.free() <= 176 * KIB);
    assert_eq!(held.resize_to(300 * KIB).await, Err(Overloaded));
    drop(held);
    assert_eq!(budget.free(), 256 * KIB);
}

#[tokio::test]
async fn a_full_budget_makes_bodies_wait() {
    let budget = MemoryBudget::new(&Limits { body_budget: 100 * KIB, admission_wait: ms(100), ..limits() });
    let held = budget.reserve(100 * KIB).await.unwrap();
    let start = Instant::now();
    assert_eq!(budget.reserve(1).await.unwrap_err(), Overloaded);
    assert!(start.elapsed() >= ms(100));
    let (waited, ()) = tokio::join!(budget.reserve(1), async { drop(held) });
    waited.unwrap();
}

#[tokio::test]
async fn a_body_over_the_budget_is_refused() {
    let budget = MemoryBudget::new(&Limits { body_budget: KIB, admission_wait: ms(60_000), ..limits() });
    assert_eq!(within(budget.reserve(2 * KIB)).await.unwrap_err(), Overloaded);
}

#[tokio::test]
async fn short_and_long_work_agree() {
    for served in [slow(), quick("quick", 1), classes()] {
        let (compute, ..) = compute(&limits());
        for n in [1, 64, 10_000] {
            let batch = rows(&served, n);
            let expected = served.model.predict(&batch, &mut Scratch::default()).unwrap();
            let (answer, took) = compute.compute(&lease(), &served, batch).await.unwrap();
            assert_eq!(answer.prediction, expected);
            assert!(took > Duration::ZERO);
        }
    }
}

#[tokio::test]
async fn a_row_has_a_measured_cost() {
    let (slow, quick) = (slow(), quick("quick", 1));
    assert!(slow.cost_per_row > quick.cost_per_row * 3, "{:?} {:?}", slow.cost_per_row, quick.cost_per_row);
}

#[tokio::test]
async fn a_small_batch_does_not_wait_for_a_huge_one() {
    let (compute, ..) = compute(&Limits { compute_timeout: ms(60_000), ..limits() });
    let served = slow();
    let huge = tokio::spawn({
        let (compute, served) = (Arc::clone(&compute), Arc::clone(&served));
        async move { compute.compute(&lease(), &served, rows(&served, 40_000)).await }
    });
    // Long enough for the pool, short enough to be done in a few turns.
    let small = usize::try_from(4 * SLICE.as_nanos() / served.cost_per_row.as_nanos()).unwrap();
    let mut turns = 0;
    while !huge.is_finished() {
        compute.compute(&lease(), &served, rows(&served, small)).await.unwrap();
        turns += 1;
    }
    huge.await.unwrap().unwrap();
    assert!(turns >= 10, "only {turns} small batches while the huge one ran");
}

#[tokio::test]
async fn long_jobs_are_refused_at_their_limit() {
    let (compute, ..) = compute(&Limits { admission_wait: ms(100), compute_timeout: ms(60_000), ..limits() });
    let served = slow();
    let long: Vec<_> = (0..4).map(|_| start_long(&compute, &served)).collect();
    tokio::task::yield_now().await;
    let start = Instant::now();
    let refused = compute.compute(&lease(), &served, rows(&served, 200_000)).await;
    assert_eq!(refused.unwrap_err(), ComputeError::Overloaded);
    assert!(start.elapsed() >= ms(100) && start.elapsed() < ms(1000));
    let small = usize::try_from(4 * SLICE.as_nanos() / served.cost_per_row.as_nanos()).unwrap();
    compute.compute(&lease(), &served, rows(&served, small)).await.unwrap();
    assert!(long.iter().all(|job| !job.is_finished()));
    long.iter().for_each(tokio::task::JoinHandle::abort);
}

fn start_long(compute: &Arc<Compute>, served: &smartserve::serve::registry::Snapshot) -> tokio::task::JoinHandle<()> {
    let (compute, served) = (Arc::clone(compute), Arc::clone(served));
    let batch = rows(&served, 200_000);
    tokio::spawn(async move {
        let _ = compute.compute(&lease(), &served, batch).await;
    })
}

#[tokio::test]
async fn abandoned_work_leaves_the_pool() {
    let (compute, ..) = compute(&Limits { admission_wait: ms(2_000), ..limits() });
    let served = slow();
    for _ in 0..3 {
        let long: Vec<_> = (0..4).map(|_| start_long(&compute, &served)).collect();
        tokio::task::yield_now().await;
        for job in long {
            job.abort();
            assert!(job.await.unwrap_err().is_cancelled());
        }
    }
    // All permits are free again although twelve long jobs, minutes of work, were begun.
    until(|| format!("{compute:?}").contains("tasks: 0")).await;
    within(compute.compute(&lease(), &served, rows(&served, 5_000))).await.unwrap();
}

#[tokio::test]
async fn abandoned_batches_stay_in_the_budget() {
    let (compute, ..) = compute(&limits());
    let served = slow();
    let budget = MemoryBudget::new(&Limits { body_budget: 100 * KIB, ..limits() });
    // The pool's only thread is busy until it is told.
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let busy = tokio::spawn({
        let compute = Arc::clone(&compute);
        async move { compute.decode_on_pool(&lease(), move || wait.recv()).await }
    });
    tokio::task::yield_now().await;
    let share = budget.reserve(60 * KIB).await.unwrap();
    let mut asked = Box::pin(compute.compute(&share, &served, rows(&served, 5_000)));
    assert!(std::future::poll_fn(|cx| std::task::Poll::Ready(asked.as_mut().poll(cx).is_pending())).await);
    drop(asked);
    drop(share);
    assert_eq!(budget.free(), 40 * KIB);
    drop(go);
    busy.await.unwrap().unwrap().unwrap_err();
    until(|| budget.free() == 100 * KIB).await;
    let share = budget.reserve(60 * KIB).await.unwrap();
    within(compute.compute(&share, &served, rows(&served, 5_000))).await.unwrap();
    assert_eq!(budget.free(), 40 * KIB);
    drop(share);
    assert_eq!(budget.free(), 100 * KIB);
}

#[tokio::test]
async fn a_batch_is_given_up_at_the_deadline() {
    let (compute, ..) = compute(&Limits { compute_timeout: ms(50), ..limits() });
    let served = slow();
    let overdue = within(compute.compute(&lease(), &served, rows(&served, 200_000))).await;
    assert_eq!(overdue.unwrap_err(), ComputeError::Deadline);
    until(|| format!("{compute:?}").contains("tasks: 0")).await;
}

#[tokio::test]
async fn a_drain_shrinks_deadlines() {
    let (compute, _, lifecycle) = compute(&Limits { compute_timeout: ms(60_000), ..limits() });
    let served = slow();
    let limits = Limits { hard_stop: ms(200), ..limits() };
    let lease = lease();
    let drain = async { lifecycle.drain(Schedule::new(Instant::now(), &limits, true)) };
    let (overdue, ()) = tokio::join!(compute.compute(&lease, &served, rows(&served, 400_000)), drain);
    assert_eq!(overdue.unwrap_err(), ComputeError::Deadline);
}

#[tokio::test]
async fn a_panic_fails_one_request() {
    let (compute, metrics, _) = compute(&limits());
    let (quick, wrong) = (quick("quick", 1), classes());
    // Rows of another model's shape: what the door makes impossible.
    for n in [1, 10_000] {
        let leases = [lease(), lease()];
        let panicking = compute.compute(&leases[0], &quick, rows(&wrong, n));
        let (panicked, beside) = tokio::join!(panicking, compute.compute(&leases[1], &quick, rows(&quick, n)));
        assert_eq!(panicked.unwrap_err(), ComputeError::Panicked);
        beside.unwrap();
        compute.compute(&lease(), &quick, rows(&quick, n)).await.unwrap();
    }
    assert!(metrics.render().contains("smartserve_panics_total 2\n"));
}

#[tokio::test]
async fn a_long_body_is_read_on_the_pool() {
    let (compute, metrics, _) = compute(&limits());
    let thread = || std::thread::current().name().map(str::to_owned);
    assert!(is_inline_text(INLINE_TEXT_BYTES) && !is_inline_text(INLINE_TEXT_BYTES + 1));
    assert_eq!(compute.decode_on_pool(&lease(), thread).await.unwrap().as_deref(), Some("compute-0"));
    let panicked: Result<(), _> = compute.decode_on_pool(&lease(), || panic!("while reading")).await;
    assert_eq!(panicked.unwrap_err(), ComputeError::Panicked);
    assert!(metrics.render().contains("smartserve_panics_total 1\n"));
    assert_eq!(compute.decode_on_pool(&lease(), thread).await.unwrap().as_deref(), Some("compute-0"));
}

#[tokio::test]
async fn a_long_answer_is_written_on_the_pool() {
    let (compute, ..) = compute(&limits());
    let thread = || std::thread::current().name().map(str::to_owned);
    assert_eq!(compute.encode_on_pool(&lease(), thread).await.unwrap().as_deref(), Some("compute-0"));
}

#[tokio::test]
async fn too_many_long_bodies_wait() {
    let (compute, ..) = compute(&Limits { admission_wait: ms(20), ..limits() });
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = Arc::new(std::sync::Mutex::new(wait));
    let reading: Vec<_> = (0..16)
        .map(|_| {
            let (compute, wait) = (Arc::clone(&compute), Arc::clone(&wait));
            tokio::spawn(async move { compute.decode_on_pool(&lease(), move || wait.lock().unwrap().recv()).await })
        })
        .collect();
    tokio::task::yield_now().await;
    assert_eq!(compute.decode_on_pool(&lease(), || ()).await, Err(ComputeError::Overloaded));
    drop(go);
    for one in reading {
        within(one).await.unwrap().unwrap().unwrap_err();
    }
    assert_eq!(within(compute.decode_on_pool(&lease(), || 7)).await, Ok(7));
}

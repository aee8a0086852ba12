//! The budget of bytes that all requests in flight hold together: buffers of connections, bodies, batches, answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

use crate::config::Limits;
use crate::serve::error::Overloaded;

use super::wait_at_most;

/// A body of undeclared length reserves memory in steps of this many bytes, so that it rarely waits.
pub const CHUNKED_STEP: usize = 64 << 10;

/// A lease keeps a surplus smaller than this until it is dropped: giving bytes back takes a lock.
const MIN_RELEASE: usize = 4 << 10;

/// A request that holds more bytes is long. Long requests together leave a quarter of the budget free: a few announced
/// bodies that never arrive do not block short requests.
const SHORT: usize = CHUNKED_STEP;

/// Divisor of the budget: long requests leave a quarter of it free, and less than a quarter free is scarce.
const QUARTER: usize = 4;

/// Divisor of the budget: the buffers of one connection take at most an eighth of it.
const EIGHTH: usize = 8;

/// More bytes than any pages take: a lease of all of it still fits a semaphore's count.
const MOST_FOR_PAGES: usize = 1 << 31;

/// The budget; a clone is another handle to it. Requests get memory in the order in which they ask: small ones do not
/// starve a large one.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    state: Arc<BudgetState>,
}

#[derive(Debug)]
struct BudgetState {
    /// Free bytes.
    free: Semaphore,
    /// Free bytes of the three quarters that long requests may use.
    free_for_long: Semaphore,
    /// Bytes for requests and connections: all of the budget but those added for pages.
    for_requests: usize,
    /// Bytes added for pages.
    for_pages: AtomicUsize,
    wait: Duration,
}

/// The bytes that one request holds, from its body to the last byte of its answer. A clone is another handle to the
/// same lease: the bytes are given back when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct MemoryLease {
    reservation: Arc<Reservation>,
}

/// Bytes taken out of a budget, given back when dropped.
#[derive(Debug)]
pub(in crate::serve) struct Reservation {
    /// The budget they were taken out of.
    pub(in crate::serve) budget: MemoryBudget,
    held: AtomicUsize,
    /// How many of them count as long.
    held_as_long: AtomicUsize,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::new(&Limits::default())
    }
}

impl MemoryBudget {
    /// A budget of [`Limits::body_budget`] bytes. A request waits for them at most [`Limits::admission_wait`].
    pub fn new(limits: &Limits) -> Self {
        let for_requests = limits.body_budget.min(Semaphore::MAX_PERMITS).min(u32::MAX as usize);
        let (free, free_for_long) =
            (Semaphore::new(for_requests), Semaphore::new(for_requests - for_requests / QUARTER));
        let (for_pages, wait) = (AtomicUsize::new(0), limits.admission_wait);
        Self { state: Arc::new(BudgetState { free, free_for_long, for_requests, for_pages, wait }) }
    }

    /// Makes the budget larger by `bytes`, the most that pages of the models take. It never gets smaller again: leases
    /// may be out.
    pub fn add_for_pages(&self, bytes: usize) {
        let bytes = bytes.min(MOST_FOR_PAGES);
        let more = bytes.saturating_sub(self.state.for_pages.fetch_max(bytes, Relaxed));
        self.state.free.add_permits(more);
        self.state.free_for_long.add_permits(more);
    }

    /// Bytes by which the budget was made larger for pages.
    pub fn for_pages(&self) -> usize {
        self.state.for_pages.load(Relaxed)
    }

    /// How long a request waits for bytes.
    pub fn wait(&self) -> Duration {
        self.state.wait
    }

    /// A lease that holds nothing yet.
    pub fn lease(&self) -> MemoryLease {
        MemoryLease { reservation: Arc::new(self.reservation(0)) }
    }

    /// A lease of `bytes`.
    ///
    /// # Errors
    /// [`Overloaded`]: they were not free within the admission wait.
    pub async fn reserve(&self, bytes: usize) -> Result<MemoryLease, Overloaded> {
        let lease = self.lease();
        lease.resize_to(bytes).await?;
        Ok(lease)
    }

    /// A lease of `bytes`, if they are free now.
    pub fn try_reserve(&self, bytes: usize) -> Option<MemoryLease> {
        let state = &self.state;
        let long = state.as_long(bytes);
        let of_long = state.free_for_long.try_acquire_many(u32::try_from(long).ok()?).ok()?;
        state.free.try_acquire_many(u32::try_from(bytes).ok()?).ok()?.forget();
        of_long.forget();
        let reservation = self.reservation(bytes);
        reservation.held_as_long.store(long, Relaxed);
        Some(MemoryLease { reservation: Arc::new(reservation) })
    }

    /// Free bytes.
    pub fn free(&self) -> usize {
        self.state.free.available_permits()
    }

    /// True when less than a quarter is free.
    pub fn is_scarce(&self) -> bool {
        self.free() < self.state.for_requests / QUARTER
    }

    /// True when less than a quarter is free of what a request of `bytes` may use.
    pub fn is_scarce_for(&self, bytes: usize) -> bool {
        let state = &self.state;
        self.is_scarce() || bytes > SHORT && state.free_for_long.available_permits() < state.for_long() / QUARTER
    }

    /// `bytes` for a connection's buffers, if they are free now.
    pub(in crate::serve) fn try_reserve_buffers(&self, bytes: usize) -> Option<Reservation> {
        let bytes = self.state.buffers(bytes);
        self.state.free.try_acquire_many(bytes).ok()?.forget();
        Some(self.reservation(bytes as usize))
    }

    /// `bytes` for a connection's buffers, as soon as they are free.
    pub(in crate::serve) async fn reserve_buffers(self, bytes: usize) -> Reservation {
        let bytes = self.state.buffers(bytes);
        self.state.free.acquire_many(bytes).await.expect("the budget's semaphore is never closed").forget();
        self.reservation(bytes as usize)
    }

    /// `held` bytes that were taken out of the budget already.
    pub(in crate::serve) fn reservation(&self, held: usize) -> Reservation {
        Reservation { budget: self.clone(), held: AtomicUsize::new(held), held_as_long: AtomicUsize::new(0) }
    }
}

impl BudgetState {
    /// All bytes of the budget.
    fn all(&self) -> usize {
        self.for_requests + self.for_pages.load(Relaxed)
    }

    /// How much of the budget long requests may use.
    fn for_long(&self) -> usize {
        self.all() - self.for_requests / QUARTER
    }

    /// How many of a request's `bytes` count as long.
    fn as_long(&self, bytes: usize) -> usize {
        if bytes > SHORT { bytes.min(self.for_long()) } else { 0 }
    }

    fn buffers(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.for_requests / EIGHTH)).unwrap_or(u32::MAX)
    }
}

/// Takes `bytes` out of the free ones that `pool` counts, waiting at most `wait`.
async fn take(pool: &Semaphore, bytes: usize, wait: Duration) -> Result<(), Overloaded> {
    let bytes = u32::try_from(bytes).map_err(|_| Overloaded)?;
    match pool.try_acquire_many(bytes) {
        Ok(permit) => permit.forget(),
        Err(_) => wait_at_most(wait, pool.acquire_many(bytes)).await?.forget(),
    }
    Ok(())
}

impl Reservation {
    /// Bytes held.
    pub(in crate::serve) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    /// Takes over the bytes of `other`.
    pub(in crate::serve) fn merge(&self, other: &Self) {
        self.held.fetch_add(other.held.swap(0, Relaxed), Relaxed);
        self.held_as_long.fetch_add(other.held_as_long.swap(0, Relaxed), Relaxed);
    }

    /// Holds at least `bytes`, taking what is missing in steps of `step`.
    async fn grow_to(&self, bytes: usize, step: usize) -> Result<(), Overloaded> {
        let held = self.held();
        if bytes <= held {
            return Ok(());
        }
        let state = &self.budget.state;
        let (free, free_for_long, mut wait) = (&state.free, &state.free_for_long, state.wait);
        let more = (bytes - held).checked_next_multiple_of(step).unwrap_or(usize::MAX);
        let bytes = held.saturating_add(more);
        if bytes > state.all() {
            return Err(Overloaded);
        }
        let long = state.as_long(bytes).saturating_sub(self.held_as_long.load(Relaxed));
        if long > 0 {
            let start = Instant::now();
            take(free_for_long, long, wait).await?;
            self.held_as_long.fetch_add(long, Relaxed);
            wait = wait.saturating_sub(start.elapsed());
        }
        take(free, bytes - held, wait).await?;
        self.held.fetch_add(bytes - held, Relaxed);
        Ok(())
    }

    /// Gives back the bytes held beyond `bytes`.
    pub(in crate::serve) fn shrink_to(&self, bytes: usize) {
        let state = &self.budget.state;
        for (held, pool, bytes) in
            [(&self.held, &state.free, bytes), (&self.held_as_long, &state.free_for_long, state.as_long(bytes))]
        {
            let surplus = held.fetch_min(bytes, Relaxed).saturating_sub(bytes);
            if surplus > 0 {
                pool.add_permits(surplus);
            }
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let state = &self.budget.state;
        for (held, pool) in [(&mut self.held, &state.free), (&mut self.held_as_long, &state.free_for_long)] {
            if *held.get_mut() > 0 {
                pool.add_permits(*held.get_mut());
            }
        }
    }
}

impl MemoryLease {
    /// True when it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.reservation.held() == 0
    }

    /// Holds `bytes` from now on: waits for missing ones, gives surplus ones back unless they are few.
    ///
    /// # Errors
    /// [`Overloaded`]: they were not free within the admission wait. What was held before is still held.
    pub async fn resize_to(&self, bytes: usize) -> Result<(), Overloaded> {
        if self.reservation.held() >= bytes.saturating_add(MIN_RELEASE) {
            self.reservation.shrink_to(bytes);
            return Ok(());
        }
        self.reservation.grow_to(bytes, 1).await
    }

    /// Holds at least `bytes`, or the whole budget if that is less.
    ///
    /// # Errors
    /// As [`resize_to`](Self::resize_to).
    pub async fn grow_within_budget(&self, bytes: usize) -> Result<(), Overloaded> {
        self.reservation.grow_to(bytes.min(self.reservation.budget.state.all()), 1).await
    }

    /// Holds at least `bytes`, taken in steps of [`CHUNKED_STEP`]: for a body of undeclared length.
    ///
    /// # Errors
    /// As [`resize_to`](Self::resize_to).
    pub async fn grow_in_steps(&self, bytes: usize) -> Result<(), Overloaded> {
        self.reservation.grow_to(bytes, CHUNKED_STEP).await
    }

    /// Gives everything back before the end of the request.
    pub fn release(&self) {
        self.reservation.shrink_to(0);
    }
}

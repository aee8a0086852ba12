//! How many bytes all requests in flight together may hold: the buffers of their connections, and their bodies.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::Limits;

use super::{Overloaded, acquire};

/// A body whose length was not told takes its share in steps of this many bytes, so that it waits seldom.
pub const CHUNKED_STEP: usize = 64 << 10;

/// Less than this is given back with the rest, at the end: giving back takes a lock.
const WORTH_GIVING: usize = 4 << 10;

/// The longest body, in bytes, that may have any of the budget. Longer ones together leave a [`QUARTER`] of it to the
/// others: a few of them that never come must not keep everybody out.
const SMALL: usize = CHUNKED_STEP;

/// This part of the budget is little.
const QUARTER: usize = 4;

/// No single share of a connection takes more of the budget than this part of it: an eighth.
const LARGEST_SHARE: usize = 8;

/// The budget of bytes in flight. First come, first served: a large body is not overtaken for ever by small ones.
#[derive(Debug, Clone)]
pub struct MemoryBudget {
    free: Arc<Semaphore>,
    /// What long bodies may have of it.
    free_for_long: Arc<Semaphore>,
    /// All there is, in bytes.
    total: usize,
    wait: Duration,
}

/// Body bytes that a request holds; given back when dropped.
#[derive(Debug)]
pub struct MemoryLease {
    budget: MemoryBudget,
    held: Option<OwnedSemaphorePermit>,
    /// Of what long ones may have; none for a short one.
    held_as_long: Option<OwnedSemaphorePermit>,
    used: usize,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::new(&Limits::default())
    }
}

impl MemoryBudget {
    /// A budget of [`Limits::body_budget`] bytes, waited for at most [`Limits::admission_wait`].
    pub fn new(limits: &Limits) -> Self {
        let total = limits.body_budget.min(Semaphore::MAX_PERMITS).min(u32::MAX as usize);
        let free_for_long = Arc::new(Semaphore::new(total - total / QUARTER));
        Self { free: Arc::new(Semaphore::new(total)), free_for_long, total, wait: limits.admission_wait }
    }

    /// Takes `bytes` of the budget, waiting at most the admission wait. For a body whose length is told: its
    /// Content-Length; else 0, then [`MemoryLease::grow`].
    ///
    /// # Errors
    /// [`Overloaded`].
    pub async fn reserve(&self, bytes: usize) -> Result<MemoryLease, Overloaded> {
        let mut permit = MemoryLease { budget: self.clone(), held: None, held_as_long: None, used: 0 };
        permit.take(bytes, 1).await?;
        Ok(permit)
    }

    /// Bytes that nobody holds.
    pub fn free(&self) -> usize {
        self.free.available_permits()
    }

    /// A connection's share, if it can be had at once.
    pub(in crate::serve) fn try_share(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.free).try_acquire_many_owned(self.share_of(bytes)).ok()
    }

    /// A connection's share, as soon as it can be had; none never happens, as the budget is never closed.
    pub(in crate::serve) async fn share(self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = self.share_of(bytes);
        self.free.acquire_many_owned(bytes).await.ok()
    }

    fn share_of(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.min(self.total / LARGEST_SHARE)).unwrap_or(u32::MAX)
    }

    /// True when less than a quarter is free.
    pub fn is_scarce(&self) -> bool {
        self.free() < self.total / QUARTER
    }

    /// True when less than a quarter is free of what a body of so many bytes may have.
    pub fn is_scarce_for(&self, bytes: usize) -> bool {
        let is_long = bytes > SMALL;
        self.is_scarce() || is_long && self.free_for_long.available_permits() < self.for_long() / QUARTER
    }

    /// What long bodies may have of it, in bytes.
    fn for_long(&self) -> usize {
        self.total - self.total / QUARTER
    }

    /// What a request that holds so many bytes holds of that.
    fn as_long(&self, bytes: usize) -> usize {
        if bytes > SMALL { bytes.min(self.for_long()) } else { 0 }
    }
}

/// Takes `bytes` more.
async fn add(
    held: &mut Option<OwnedSemaphorePermit>,
    free: &Arc<Semaphore>,
    bytes: usize,
    wait: Duration,
) -> Result<(), Overloaded> {
    let more = acquire(free, u32::try_from(bytes).map_err(|_| Overloaded)?, wait).await?;
    match held {
        Some(held) => held.merge(more),
        None => *held = Some(more),
    }
    Ok(())
}

fn held_by(permit: Option<&OwnedSemaphorePermit>) -> usize {
    permit.map_or(0, OwnedSemaphorePermit::num_permits)
}

/// Gives back what is over `bytes`.
fn cut(held: &mut Option<OwnedSemaphorePermit>, bytes: usize) {
    let over = held_by(held.as_ref()).saturating_sub(bytes);
    if over > 0 {
        drop(held.as_mut().and_then(|all| all.split(over)));
    }
}

impl MemoryLease {
    /// Counts `bytes` more of a body whose length was not told, taking room for them in steps of [`CHUNKED_STEP`].
    ///
    /// # Errors
    /// [`Overloaded`].
    pub async fn grow(&mut self, bytes: usize) -> Result<(), Overloaded> {
        self.take(self.used.saturating_add(bytes), CHUNKED_STEP).await
    }

    /// Makes sure that at least `bytes` are held in all, or all there is.
    ///
    /// # Errors
    /// [`Overloaded`].
    pub async fn reach(&mut self, bytes: usize) -> Result<(), Overloaded> {
        let bytes = bytes.min(self.budget.total);
        if bytes > self.held() { self.take(bytes, 1).await } else { Ok(()) }
    }

    fn held(&self) -> usize {
        held_by(self.held.as_ref())
    }

    /// Makes sure that `used` bytes are held, taking what is missing in steps of `step`.
    async fn take(&mut self, used: usize, step: usize) -> Result<(), Overloaded> {
        let held = self.held();
        if used > held {
            let more = (used - held).next_multiple_of(step);
            let MemoryBudget { total, mut wait, .. } = self.budget;
            if held + more > total {
                return Err(Overloaded);
            }
            let long = self.budget.as_long(held + more).saturating_sub(held_by(self.held_as_long.as_ref()));
            if long > 0 {
                let start = Instant::now();
                add(&mut self.held_as_long, &self.budget.free_for_long, long, wait).await?;
                wait = wait.saturating_sub(start.elapsed());
            }
            add(&mut self.held, &self.budget.free, more, wait).await?;
        }
        self.used = used;
        Ok(())
    }

    /// From now on the request holds `bytes` in all, its body or what became of it: a batch, an answer. Gives back what
    /// is too much, unless that is little, and waits for what is too little.
    ///
    /// # Errors
    /// [`Overloaded`]; nothing is given back then.
    pub async fn hold(&mut self, bytes: usize) -> Result<(), Overloaded> {
        let held = self.held();
        if bytes > held {
            return self.take(bytes, 1).await;
        }
        self.used = bytes;
        if held - bytes >= WORTH_GIVING {
            cut(&mut self.held, bytes);
            cut(&mut self.held_as_long, self.budget.as_long(bytes));
        }
        Ok(())
    }
}

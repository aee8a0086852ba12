//! Loads and unloads that clients ask for: however many wait, at most four hold one of tokio's 512 blocking threads,
//! two of them to load files.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::OwnedMutexGuard;

use crate::serve::error::ReloadError;
use crate::serve::lifecycle::Lifecycle;

use super::fingerprint::ChangeDetector;
use super::load_job::{Trigger, Wanted};
use super::load_memory::LoadPermit;
use super::model_source::{LoadLock, ModelSource, Reloaded};
use super::reloader::Reloader;

/// What a client wants served.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The model's registered name.
    pub name: String,
    /// The version; none: what its file holds now.
    pub version: Option<String>,
}

/// A reload that a client asked for.
enum Begun {
    Done(Reloaded),
    /// The file has to be read, under this lock.
    NeedsFile(LoadLock),
}

/// The largest number of threads for changes that read no file.
const QUICK_AT_ONCE: usize = 2;

/// Gives threads to the changes of one reloader that clients ask for.
#[derive(Debug)]
pub struct InTurn {
    reloader: Arc<Reloader>,
    lifecycle: Lifecycle,
    quick: tokio::sync::Semaphore,
}

impl InTurn {
    /// For the changes of `reloader`; a drain of `lifecycle` shortens the waits.
    pub fn new(reloader: Arc<Reloader>, lifecycle: Lifecycle) -> Self {
        Self { reloader, lifecycle, quick: tokio::sync::Semaphore::new(QUICK_AT_ONCE) }
    }

    /// Serves what a model's file holds now, or the given version: the one served before, or the one in the file. A
    /// chosen version stays until the file's content changes. Works on a thread that may block, and waits without one
    /// until the file may be loaded: until those of this model that were asked for before are done, then for a permit.
    /// Dropping the future while it waits takes it out of the queue.
    ///
    /// # Errors
    /// [`ReloadError`], the model is served as before; [`ReloadError::Busy`] when the file may not be loaded until `deadline`.
    pub async fn reload(&self, wish: Wish, deadline: Instant) -> Result<Reloaded, ReloadError> {
        let asked = wish.clone();
        let load_lock = match self.quick(move |models| models.begin(&asked)).await? {
            Begun::Done(done) => return Ok(done),
            Begun::NeedsFile(load_lock) => load_lock,
        };
        let turn = async {
            let changes = Arc::clone(&load_lock).lock_owned().await;
            (changes, self.reloader.memory.permit().await)
        };
        let (changes, permit) = tokio::select! {
            // Whoever need not wait is let in, however late it is.
            biased;
            turn = turn => turn,
            () = self.lifecycle.wait_until(deadline) => return Err(ReloadError::Busy(wish.name)),
        };
        self.off_the_runtime(move |models| models.finish(&wish, &load_lock, changes, permit)).await
    }

    /// [`Reloader::unload`], on a thread that may block.
    ///
    /// # Errors
    /// [`ReloadError`].
    pub async fn unload(&self, name: String) -> Result<(), ReloadError> {
        self.quick(move |models| models.unload(&name)).await
    }

    async fn quick<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Reloader) -> Result<T, ReloadError> + Send + 'static,
    ) -> Result<T, ReloadError> {
        let _permit = self.quick.acquire().await.expect("the semaphore is never closed");
        self.off_the_runtime(change).await
    }

    async fn off_the_runtime<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Reloader) -> Result<T, ReloadError> + Send + 'static,
    ) -> Result<T, ReloadError> {
        let reloader = Arc::clone(&self.reloader);
        let done = tokio::task::spawn_blocking(move || change(&reloader)).await;
        done.unwrap_or_else(|error| Err(ReloadError::Failed(error.to_string())))
    }
}

impl Reloader {
    /// The part of a reload that needs no file: serves a version that is in memory.
    fn begin(&self, wish: &Wish) -> Result<Begun, ReloadError> {
        let mut files = self.lock();
        let source = files.named(&wish.name)?;
        let load_lock = Arc::clone(&source.load_lock);
        let Some(done) = wish.version.as_deref().and_then(|version| source.choose(version)) else {
            return Ok(Begun::NeedsFile(load_lock));
        };
        let polled = Ok(Some(done.clone()));
        self.report(source, &polled, true);
        self.publish(&files);
        Ok(Begun::Done(done))
    }

    /// The part of a reload that needs the file, whose source is locked.
    fn finish(
        &self,
        wish: &Wish,
        load_lock: &LoadLock,
        changes: OwnedMutexGuard<ChangeDetector>,
        permit: LoadPermit,
    ) -> Result<Reloaded, ReloadError> {
        let wanted = wish.version.clone().map_or(Wanted::Content(Trigger::Request), Wanted::Version);
        let polled = self.load_with(load_lock, changes, permit, wanted, ModelSource::is_named)?;
        // Whoever asks always gets a result, as long as there is the model.
        polled.ok_or_else(|| ReloadError::UnknownModel(wish.name.clone()))
    }
}

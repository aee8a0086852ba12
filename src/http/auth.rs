//! Optional bearer tokens, from a file that may change while the server runs.
//!
//! A token is kept as a hash and compared in constant time; it is never in `Debug`, errors or logs.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::probe_routes::is_probe_or_metrics;
use super::problem::{Problem, ProblemKind};

/// The file is read again this often, so that a change is in force within 10 s.
const EVERY: Duration = Duration::from_secs(5);

/// Pages, which hold no statistics where tokens are asked for. `/models/{name}/` asks for a token itself where it answers
/// with a model's details.
const PAGES: [&str; 5] = ["/", "/models/{name}/", "/ui/{version}/{file}", "/docs", "/openapi.json"];

/// The tokens of a file that cannot be read are good for this long: a secret that is swapped may be away for a moment,
/// one that was removed must not open the server for ever. Counted from the first reading that fails.
pub const KEPT_UNREADABLE: Duration = Duration::from_secs(30);

/// Bytes of the file at most: some 15,000 tokens.
const MAX_BYTES: u64 = 1 << 20;

/// True when the route never needs a token: probes, metrics, and pages without statistics.
pub fn is_open(route: &str) -> bool {
    is_probe_or_metrics(route) || PAGES.contains(&route)
}

/// The tokens of a file, one per line; empty lines and those that begin with `#` are skipped.
pub struct Tokens {
    path: PathBuf,
    digests: ArcSwap<Vec<[u8; 32]>>,
    /// The first of the readings that failed since the last one that did not.
    unreadable_since: Mutex<Option<Instant>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Reads the file.
    ///
    /// # Errors
    /// One line when it cannot be read or holds no token, which would lock every client out.
    pub fn load(path: &Path) -> Result<Self, String> {
        let digests = read(path)?;
        if digests.is_empty() {
            return Err(format!("{}: no token in it; write one a line", path.display()));
        }
        let digests = ArcSwap::from_pointee(digests);
        Ok(Self { path: path.to_owned(), digests, unreadable_since: Mutex::default() })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many tokens are good.
    pub fn len(&self) -> usize {
        self.digests.load().len()
    }

    /// True when there is no token: every request that needs one is refused.
    pub fn is_empty(&self) -> bool {
        self.digests.load().is_empty()
    }

    /// Reads the file again, at the time `now`. One that holds no token locks every client out at once, one that cannot
    /// be read after [`KEPT_UNREADABLE`].
    ///
    /// # Errors
    /// One line when it cannot be read. It was logged.
    pub fn refresh(&self, now: Instant) -> Result<(), String> {
        let mut unreadable_since = self.unreadable_since.lock().unwrap_or_else(PoisonError::into_inner);
        match read(&self.path) {
            Ok(digests) => {
                *unreadable_since = None;
                if digests != **self.digests.load() {
                    match digests.len() {
                        0 => {
                            let path = self.path.display();
                            tracing::error!(%path, "the token file has no tokens: all requests that need one get 401");
                        }
                        n => tracing::info!(tokens = n, "token file changed"),
                    }
                    self.digests.store(Arc::new(digests));
                }
                Ok(())
            }
            Err(error) => {
                let left_s = KEPT_UNREADABLE.as_secs();
                if unreadable_since.is_none() {
                    tracing::error!(
                        error,
                        "the token file cannot be read; after {left_s} s all requests that need a token get 401"
                    );
                }
                let since = *unreadable_since.get_or_insert(now);
                if now.saturating_duration_since(since) >= KEPT_UNREADABLE && !self.is_empty() {
                    self.digests.store(Arc::default());
                    tracing::error!(
                        error,
                        "the token file could not be read for {left_s} s: all requests that need a token get 401"
                    );
                }
                Err(error)
            }
        }
    }

    /// Refreshes for ever, on a thread of its own: no other work delays it.
    ///
    /// # Errors
    /// The system starts no thread.
    pub fn keep_fresh(self: Arc<Self>) -> io::Result<()> {
        let refresh = move || {
            loop {
                std::thread::sleep(EVERY);
                // What went wrong is logged.
                let _ = self.refresh(Instant::now());
            }
        };
        std::thread::Builder::new().name("tokens".to_owned()).spawn(refresh).map(drop)
    }

    /// True when a request with these headers has a token that is known.
    pub fn are_with(&self, headers: &HeaderMap) -> bool {
        headers.get(AUTHORIZATION).and_then(bearer).is_some_and(|token| self.knows(token))
    }

    /// Checks that a request with these headers may ask this route.
    ///
    /// # Errors
    /// 401: it has no token, or an unknown one.
    pub fn check(&self, route: &str, headers: &HeaderMap) -> Result<(), Problem> {
        if is_open(route) || self.are_with(headers) {
            return Ok(());
        }
        Err(Problem::new(
            ProblemKind::Unauthorized,
            "Send a token that this server knows as \"Authorization: Bearer TOKEN\"",
        ))
    }

    /// Compares with every token in constant time.
    fn knows(&self, token: &[u8]) -> bool {
        let given: [u8; 32] = Sha256::digest(token).into();
        let digests = self.digests.load();
        digests.iter().fold(Choice::from(0), |known, digest| known | digest.ct_eq(&given)).into()
    }
}

/// The token of an `Authorization` value, its scheme in any case.
fn bearer(value: &http::HeaderValue) -> Option<&[u8]> {
    let (scheme, token) = value.as_bytes().split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

fn read(path: &Path) -> Result<Vec<[u8; 32]>, String> {
    let text = read_text(path).map_err(|e| format!("{}: {e}", path.display()))?;
    // An editor of Windows may have put a byte order mark in front.
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let tokens = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(tokens.map(|token| Sha256::digest(token.as_bytes()).into()).collect())
}

/// The text of a regular file (or of what a link leads to) of at most [`MAX_BYTES`].
fn read_text(path: &Path) -> io::Result<String> {
    let no_waiting = OFlags::NONBLOCK.bits().cast_signed();
    // A pipe is opened at once so, and refused; it could block for ever.
    let file = File::options().read(true).custom_flags(no_waiting).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::other("not a file"));
    }
    let mut text = String::new();
    let n = file.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if n as u64 > MAX_BYTES {
        return Err(io::Error::other("larger than 1 MiB; it holds one token a line"));
    }
    Ok(text)
}

//! Optional bearer tokens, from a file that may change while the server runs.
//!
//! A token is kept as a hash and compared in constant time; it is never in `Debug`, errors or logs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};

use super::problem::{Problem, ProblemKind};
use super::watched::is_watched;

/// The file is read again this often, so that a change is in force within 10 s.
const EVERY: Duration = Duration::from_secs(5);

/// Pages, which hold no statistics where tokens are asked for.
const PAGES: [&str; 3] = ["/", "/docs", "/openapi.json"];

/// True when the route never needs a token: probes, metrics, and pages without statistics.
pub fn is_open(route: &str) -> bool {
    is_watched(route) || PAGES.contains(&route)
}

/// The tokens of a file, one a line; empty lines are skipped.
pub struct Tokens {
    path: PathBuf,
    digests: ArcSwap<Vec<[u8; 32]>>,
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
        Ok(Self { path: path.to_owned(), digests: ArcSwap::from_pointee(digests) })
    }

    /// Reads the file again. A file that cannot be read leaves the tokens as they are; an empty one locks every client out.
    ///
    /// # Errors
    /// One line when it cannot be read.
    pub fn refresh(&self) -> Result<(), String> {
        let digests = read(&self.path)?;
        if digests != **self.digests.load() {
            tracing::info!(tokens = digests.len(), "token file changed");
            self.digests.store(Arc::new(digests));
        }
        Ok(())
    }

    /// Refreshes for ever, as its own task; logs once when the file stops being readable.
    pub async fn keep_fresh(self: Arc<Self>) {
        let mut was_readable = true;
        loop {
            tokio::time::sleep(EVERY).await;
            let tokens = Arc::clone(&self);
            let outcome = tokio::task::spawn_blocking(move || tokens.refresh()).await;
            if let (Ok(Err(error)), true) = (&outcome, was_readable) {
                tracing::warn!(error, "the tokens stay as they were");
            }
            was_readable = !matches!(outcome, Ok(Err(_)));
        }
    }

    /// Checks that a request with these headers may ask this route.
    ///
    /// # Errors
    /// 401: it has no token, or an unknown one.
    pub fn check(&self, route: &str, headers: &HeaderMap) -> Result<(), Problem> {
        if is_open(route) || headers.get(AUTHORIZATION).and_then(bearer).is_some_and(|t| self.knows(t)) {
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
    let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let tokens = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ok(tokens.map(|token| Sha256::digest(token.as_bytes()).into()).collect())
}

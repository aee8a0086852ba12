//! Host names that requests may use. Prevents DNS rebinding: a foreign name that resolves to this server is refused.

use std::net::{IpAddr, Ipv6Addr};

use http::header::HOST;
use http::request::Parts;

use super::problem::{Problem, ProblemKind};

/// The names of `--allowed-host`; none: a request may name any host.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts(Vec<String>);

impl AllowedHosts {
    /// Takes names without a scheme or a port, in any case.
    ///
    /// # Errors
    /// One sentence: something is no name of a host.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        let name = |name: &str| {
            let plain = plain(name);
            if !plain.is_empty() && plain.bytes().all(is_plain) {
                return Ok(plain);
            }
            Err(format!("--allowed-host {name:?} is not a host's name, such as models.example.com: no scheme, no port"))
        };
        names.into_iter().map(name).collect::<Result<_, _>>().map(Self)
    }

    /// Checks the host that a request names. IP addresses and `localhost` are always allowed: they
    /// cannot be rebound.
    ///
    /// # Errors
    /// 421: it is not one of these names.
    pub(super) fn check(&self, head: &Parts) -> Result<(), Problem> {
        if self.0.is_empty() {
            return Ok(());
        }
        let of_target = head.uri.authority().map(|authority| authority.as_str().as_bytes());
        let of_field = head.headers.get(HOST).map(http::HeaderValue::as_bytes);
        if [of_target, of_field].into_iter().flatten().all(|host| self.allows(host)) {
            return Ok(());
        }
        let detail = "This server does not answer to that Host; --allowed-host allows a name";
        Err(Problem::new(ProblemKind::Misdirected, detail))
    }

    fn allows(&self, host: &[u8]) -> bool {
        let Ok(host) = std::str::from_utf8(host) else { return false };
        if let Some(rest) = host.strip_prefix('[') {
            let parts = rest.split_once(']');
            return parts
                .is_some_and(|(ip, rest)| ip.parse::<Ipv6Addr>().is_ok() && (rest.is_empty() || is_port(rest)));
        }
        let end = host.find(':').unwrap_or(host.len());
        let (name, rest) = host.split_at(end);
        if !rest.is_empty() && !is_port(rest) {
            return false;
        }
        let name = plain(name);
        name == "localhost" || name.parse::<IpAddr>().is_ok() || self.0.contains(&name)
    }
}

/// True for a colon and digits; the digits may be absent (RFC 3986 §3.2.3).
fn is_port(text: &str) -> bool {
    text.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// In lower case, without the dot that ends a full name.
fn plain(name: &str) -> String {
    name.strip_suffix('.').unwrap_or(name).to_ascii_lowercase()
}

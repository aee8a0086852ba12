//! `healthcheck`: ask a running server whether it is ready. The image has no shell and no curl.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use crate::cli::HealthcheckArgs;
use crate::config::values::address;
use crate::config::{BindAddress, port_of, resolve_bind};

use super::failure::{Exit, Failure};
use super::files;

/// Connecting, writing and reading may each take this long: below the 3 s that a HEALTHCHECK is given.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Runs the command.
///
/// # Errors
/// 1 when the answer is not 200 or does not come, 78 when the URL is not `http://IP:port/path`.
pub fn run(args: &HealthcheckArgs) -> Result<(), Failure> {
    let port = port_of(|name| std::env::var(name).ok()).map_err(|e| Failure::new(Exit::Config, e))?;
    let bind = resolve_bind(&args.bind, args.bind_typed, port);
    let (address, path) = match &args.url {
        Some(url) => parse(url).ok_or_else(|| {
            Failure::new(
                Exit::Config,
                format_args!("{url:?} is not http://IP:port/path; a Unix socket is found by --bind"),
            )
        })?,
        None => (args.admin_bind.map_or(bind, BindAddress::Tcp), "/readyz".to_owned()),
    };
    let address = reachable(address);
    // A socket's path ends where nothing says so.
    let asked = match &address {
        BindAddress::Tcp(_) => format!("{address}{path}"),
        BindAddress::Unix(_) => format!("{address}, {path}"),
    };
    let status = ask(&address, &path).map_err(|e| Failure::new(Exit::Failed, format_args!("{asked}: {e}")))?;
    if status == 200 {
        return files::print(&format!("{asked}: 200\n"));
    }
    Err(Failure::new(Exit::Failed, format_args!("{asked}: {status}")))
}

fn parse(url: &str) -> Option<(BindAddress, String)> {
    let rest = url.strip_prefix("http://")?;
    let (authority, path) = rest.find('/').map_or((rest, "/readyz"), |slash| rest.split_at(slash));
    let plain = path.bytes().all(|b| b.is_ascii_graphic());
    let address = address(authority).ok()?;
    plain.then(|| (BindAddress::Tcp(address), path.to_owned()))
}

/// The address to connect to: loopback for a listener bound to all interfaces.
fn reachable(address: BindAddress) -> BindAddress {
    match address {
        BindAddress::Tcp(mut tcp) if tcp.ip().is_unspecified() => {
            tcp.set_ip(match tcp {
                SocketAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
                SocketAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
            });
            BindAddress::Tcp(tcp)
        }
        other => other,
    }
}

fn ask(address: &BindAddress, path: &str) -> std::io::Result<u16> {
    match address {
        BindAddress::Tcp(tcp) => {
            let stream = TcpStream::connect_timeout(tcp, TIMEOUT)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            status(stream, &tcp.to_string(), path)
        }
        BindAddress::Unix(socket) => {
            let stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            stream.set_write_timeout(Some(TIMEOUT))?;
            status(stream, "localhost", path)
        }
    }
}

fn status(mut stream: impl Read + Write, host: &str, path: &str) -> std::io::Result<u16> {
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
    // The status line is within the first bytes; the rest is not read.
    let mut head = Vec::new();
    stream.take(4096).read_to_end(&mut head)?;
    let status = head.strip_prefix(b"HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok())
        .ok_or_else(|| std::io::Error::other("the answer is not HTTP/1.1"))
}

//! HTTP/1.1 answers, read from a socket as they come.

use std::io::{Error, ErrorKind, Result};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// An answer as it came over the wire.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The server asked to close the connection.
    pub(crate) fn closes(&self) -> bool {
        field(&self.head, "connection:").is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// Reads answers, one after another.
#[derive(Debug, Default)]
pub(crate) struct AnswerReader(Vec<u8>);

impl AnswerReader {
    /// The next answer. [`ErrorKind::UnexpectedEof`] when the connection is closed and nothing came before.
    pub(crate) async fn next(&mut self, socket: &mut TcpStream) -> Result<Answer> {
        loop {
            if let Some(end) = memchr::memmem::find(&self.0, b"\r\n\r\n") {
                return self.with_body(end + 4, socket).await;
            }
            self.more(socket).await?;
        }
    }

    async fn with_body(&mut self, start: usize, socket: &mut TcpStream) -> Result<Answer> {
        let head = String::from_utf8(self.0[..start].to_vec()).map_err(|_| broken("a head is not UTF-8"))?;
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| broken("no status"))?;
        if field(&head, "transfer-encoding:").is_some() {
            return Err(broken("no Content-Length"));
        }
        let length = field(&head, "content-length:").map_or(Ok(0), str::parse::<usize>);
        let end = start + length.map_err(|_| broken("Content-Length is no number"))?;
        while self.0.len() < end {
            self.more(socket).await?;
        }
        let body = self.0[start..end].to_vec();
        self.0.drain(..end);
        Ok(Answer { status, head, body })
    }

    async fn more(&mut self, socket: &mut TcpStream) -> Result<()> {
        self.0.reserve(64 << 10);
        match socket.read_buf(&mut self.0).await? {
            0 if self.0.is_empty() => Err(ErrorKind::UnexpectedEof.into()),
            0 => Err(broken("closed within an answer")),
            _ => Ok(()),
        }
    }
}

/// The value of a header, given as its name in small letters with a colon.
fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let is_it = |line: &&str| line.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    head.lines().find(is_it).map(|line| line[name.len()..].trim())
}

fn broken(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

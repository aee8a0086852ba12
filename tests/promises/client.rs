//! A client that keeps its connection and never retries: what it asks is answered, or it is an error.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An answer that takes longer is lost. Longer than every limit of the server.
const LOST: Duration = Duration::from_secs(40);

/// A connection.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    read: Vec<u8>,
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The server asked to close the connection.
    pub(crate) closes: bool,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let socket = tokio::time::timeout(LOST, TcpStream::connect(address)).await??;
        socket.set_nodelay(true)?;
        Ok(Self { socket, read: Vec::new() })
    }

    /// One request, one answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.socket.write_all(request).await?;
        self.answer().await
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Result<Answer> {
        tokio::time::timeout(LOST, self.read_answer()).await?
    }

    async fn read_answer(&mut self) -> Result<Answer> {
        loop {
            if let Some(end) = memchr::memmem::find(&self.read, b"\r\n\r\n") {
                return self.read_body(end + 4).await;
            }
            self.more().await?;
        }
    }

    async fn read_body(&mut self, start: usize) -> Result<Answer> {
        let head = std::str::from_utf8(&self.read[..start]).map_err(|_| broken("a head is not UTF-8"))?;
        let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| broken("no status"))?;
        let field = |name: &str| {
            let is_it = |line: &&str| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name);
            head.lines().find(is_it).map(|line| line[name.len()..].trim().to_owned())
        };
        let closes = field("connection:").is_some_and(|value| value.eq_ignore_ascii_case("close"));
        let length = field("content-length:").and_then(|value| value.parse::<usize>().ok());
        let end = start + length.ok_or_else(|| broken("no Content-Length"))?;
        while self.read.len() < end {
            self.more().await?;
        }
        let body = self.read[start..end].to_vec();
        self.read.drain(..end);
        Ok(Answer { status, closes, body })
    }

    async fn more(&mut self) -> Result<()> {
        self.read.reserve(16 << 10);
        match self.socket.read_buf(&mut self.read).await? {
            0 => Err(broken("closed before the answer")),
            _ => Ok(()),
        }
    }
}

fn broken(what: &'static str) -> Error {
    Error::new(ErrorKind::InvalidData, what)
}

/// A whole request.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: promises\r\n\r\n").into_bytes()
}

/// A whole request with a JSON body.
pub(crate) fn post(path: &str, body: &str) -> Vec<u8> {
    let n = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: promises\r\nContent-Type: application/json\r\nContent-Length: {n}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A prediction for this many different houses.
pub(crate) fn predict(rows: usize) -> Vec<u8> {
    post("/predict", &houses(rows))
}

/// This many different houses, as records.
pub(crate) fn houses(rows: usize) -> String {
    let house = |i: usize| {
        let (rm, lstat) = (4.0 + (i % 977) as f64 / 250.0, 2.0 + (i % 353) as f64 / 11.0);
        format!(r#"{{"CHAS":{},"RM":{rm},"TAX":{},"PTRATIO":15.3,"B":396.9,"LSTAT":{lstat:.2}}}"#, i % 2, 200 + i % 400)
    };
    format!("[{}]", (0..rows).map(house).collect::<Vec<_>>().join(","))
}

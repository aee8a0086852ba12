//! A client that keeps its connection until an answer closes it, and never retries: what it asks is answered, or it is an
//! error.

use std::io::Result;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::wire::{Answer, AnswerReader};

/// An answer that takes longer is lost. Longer than every limit of the server.
const LOST: Duration = Duration::from_secs(40);

/// A connection.
pub(crate) struct Client {
    pub(crate) socket: TcpStream,
    address: SocketAddr,
    answers: AnswerReader,
    /// The last answer closes the connection.
    is_closing: bool,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        let socket = tokio::time::timeout(LOST, TcpStream::connect(address)).await??;
        socket.set_nodelay(true)?;
        Ok(Self { socket, address, answers: AnswerReader::default(), is_closing: false })
    }

    /// One request, one answer; on a new connection when the answer before closed this one.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        if self.is_closing {
            *self = Self::connect(self.address).await?;
        }
        self.socket.write_all(request).await?;
        self.answer().await
    }

    /// The next answer.
    pub(crate) async fn answer(&mut self) -> Result<Answer> {
        let answer = tokio::time::timeout(LOST, self.answers.next(&mut self.socket)).await??;
        self.is_closing = answer.closes();
        Ok(answer)
    }
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

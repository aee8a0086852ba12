//! Requests and answers: as texts that people read, and as bytes on a socket.
//!
//! Stands apart because a fixture sends exactly what it says, which HTTP clients would put right.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Headers that a response lists; others are tested elsewhere. The length only of what has no body.
const LISTED: [&str; 7] =
    ["content-type", "allow", "retry-after", "www-authenticate", "connection", "x-request-id", "content-length"];

/// What a text says is sent: lines end in CRLF up to the body, whose length is told unless the text tells one or sends
/// chunks. `⟨3×ab⟩` is `ababab`, `⟨0D 0A⟩` those bytes, and after `⟨cut⟩` nothing is sent.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let (text, is_cut) = text.split_once("⟨cut⟩").map_or((text, false), |(sent, _)| (sent, true));
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
    let body = expanded(body.strip_suffix('\n').unwrap_or(body));
    let tells = |name: &str| head.lines().any(|line| line.to_lowercase().starts_with(name));
    let length = if body.is_empty() || tells("content-length:") || tells("transfer-encoding:") {
        String::new()
    } else {
        format!("\nContent-Length: {}", body.len())
    };
    let mut sent = Vec::new();
    for byte in [expanded(head), length.into_bytes()].concat() {
        if byte == b'\n' {
            sent.push(b'\r');
        }
        sent.push(byte);
    }
    if !is_cut || !body.is_empty() {
        sent.extend(b"\r\n\r\n");
    }
    [sent, body].concat()
}

fn expanded(text: &str) -> Vec<u8> {
    let mut parts = text.split('⟨');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (word, rest) = part.split_once('⟩').expect("a ⟨ has its ⟩");
        match word.split_once('×') {
            Some((times, what)) => bytes.extend(what.as_bytes().repeat(times.parse().unwrap())),
            None => bytes.extend(word.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap())),
        }
        bytes.extend(rest.as_bytes());
    }
    bytes
}

/// Sends all of a request, whatever comes back meanwhile, and shows the answer, but for words that are others on another
/// machine.
pub(crate) fn ask(address: SocketAddr, request: &[u8], hidden: &[String]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // A server that has seen enough may close before it has read all.
    let _ = stream.write_all(request);
    match Answer::read(stream, request.starts_with(b"HEAD ")) {
        Some(answer) => answer.show(hidden),
        None => "(the connection is closed)\n".to_owned(),
    }
}

/// An answer, read to its end.
struct Answer {
    status: String,
    fields: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn read(stream: TcpStream, is_head: bool) -> Option<Self> {
        let mut reader = BufReader::new(stream);
        let line = |reader: &mut BufReader<TcpStream>| {
            let mut line = String::new();
            reader.read_line(&mut line).ok()?;
            line.strip_suffix("\r\n").map(str::to_owned)
        };
        let status = line(&mut reader)?;
        let mut fields = Vec::new();
        while let Some((name, value)) = line(&mut reader)?.split_once(": ") {
            fields.push((name.to_lowercase(), value.to_owned()));
        }
        let mut answer = Self { status, fields, body: Vec::new() };
        if is_head || answer.field("content-length") == Some("0") || answer.status.contains(" 204 ") {
            return Some(answer);
        }
        if let Some(length) = answer.field("content-length") {
            answer.body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut answer.body).unwrap();
        } else if answer.field("transfer-encoding") == Some("chunked") {
            loop {
                let size = usize::from_str_radix(&line(&mut reader)?, 16).unwrap();
                let mut chunk = vec![0; size + 2];
                reader.read_exact(&mut chunk).unwrap();
                answer.body.extend(&chunk[..size]);
                if size == 0 {
                    break;
                }
            }
        } else {
            reader.read_to_end(&mut answer.body).unwrap();
        }
        Some(answer)
    }

    fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn show(&self, hidden: &[String]) -> String {
        let mut text = format!("{}\n", self.status);
        for listed in LISTED.iter().filter(|name| **name != "content-length" || self.body.is_empty()) {
            for (name, value) in self.fields.iter().filter(|(name, _)| name == listed) {
                writeln!(text, "{name}: {value}").unwrap();
            }
        }
        if !self.body.is_empty() {
            let body = String::from_utf8(self.body.clone()).unwrap();
            let body = hidden.iter().fold(body, |body, word| body.replace(word, "…"));
            write!(text, "\n{body}\n").unwrap();
        }
        text
    }
}

//! The socket as hyper sees it: the same bytes, with each step noted in the connection's progress.
//!
//! Stands apart because hyper has no deadline for a client that does not read, counts a head's time from the end of
//! the request before, and closes without waiting for the client to have read the answer.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::progress::Progress;

/// After our end of stream, as many bytes are read and thrown away at most, so that the client gets to read its
/// answer.
const LINGER_BYTES: usize = 4 << 20;

/// A socket that notes what happens on it.
#[derive(Debug)]
pub(super) struct Watched {
    socket: TcpStream,
    progress: Arc<Progress>,
    read_ended: bool,
    write_ended: bool,
    thrown_away: usize,
}

impl Watched {
    pub(super) fn new(socket: TcpStream, progress: Arc<Progress>) -> Self {
        Self { socket, progress, read_ended: false, write_ended: false, thrown_away: 0 }
    }

    fn note_write(&self, result: &Poll<io::Result<usize>>) {
        match result {
            Poll::Ready(_) => self.progress.wrote(),
            Poll::Pending => self.progress.write_blocked(),
        }
    }

    /// Reads until the client closes, errs, or has sent enough.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut room = [0_u8; 4096];
        while !self.read_ended && self.thrown_away < LINGER_BYTES {
            let mut buf = ReadBuf::new(&mut room);
            match ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf)) {
                Ok(()) if !buf.filled().is_empty() => self.thrown_away += buf.filled().len(),
                _ => self.read_ended = true,
            }
        }
        Poll::Ready(())
    }
}

impl AsyncRead for Watched {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.socket).poll_read(cx, buf))?;
        if buf.filled().len() > before {
            self.progress.read();
        } else if buf.remaining() > 0 {
            self.read_ended = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.note_write(&result);
        result
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.socket).poll_write_vectored(cx, bytes);
        self.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.write_ended {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
            self.write_ended = true;
            self.progress.closing();
        }
        self.linger(cx).map(Ok)
    }
}

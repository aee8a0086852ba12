//! The socket as hyper sees it: the same bytes, at most one request at a time, with each step noted in the connection's
//! state.
//!
//! hyper has no deadline for a client that does not read, counts a head's time from the end of the request before,
//! closes without waiting for the client to read the answer, and keeps its buffers while a connection is idle.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::buffer_reservation::{BufferReservation, LARGE_HEAD_BYTES, SMALL_HEAD_BYTES};
use super::chunked::ChunkScanner;
use super::framing::{HeadFault, HeadScanner, hide_codings};
use super::listener_context::MAX_BUFFER;
use super::state::{ConnectionState, Next};

/// The most bytes of a body handed to hyper at once: a full 8 KiB would make it double its buffer.
const BODY_READ: usize = (8 << 10) - 1;

/// A head and a body of at most this many bytes are joined: the kernel sends one piece of 380 bytes 0.2 µs faster than
/// two.
const SMALL_WRITE: usize = 1 << 10;

/// The first byte of a TLS connection: a handshake record.
const TLS_HANDSHAKE: u8 = 0x16;

/// Bytes read at once while no hyper is attached. If the head is not complete after this many, hyper is attached.
const IDLE_READ: usize = 1 << 10;

/// A socket that notes what happens on it in the connection's state.
pub(super) struct TrackedIo {
    socket: TcpStream,
    state: Arc<ConnectionState>,
    buffers: BufferReservation,
    head: HeadScanner,
    chunks: ChunkScanner,
    /// Bytes not handed to hyper yet: they came before it was attached, or after the end of a head or a body.
    held_back: BytesMut,
    read_ended: bool,
    write_ended: bool,
    /// The client might still have been sending when our side was closed.
    cut_short: bool,
    thrown_away: usize,
    /// The most bytes that are read and thrown away after our end of stream, so that the client can read its answer.
    linger_bytes: usize,
}

impl TrackedIo {
    pub(super) fn new(
        socket: TcpStream,
        state: Arc<ConnectionState>,
        buffers: BufferReservation,
        linger_bytes: usize,
    ) -> Self {
        Self {
            socket,
            state,
            buffers,
            head: HeadScanner::default(),
            chunks: ChunkScanner::default(),
            held_back: BytesMut::new(),
            read_ended: false,
            write_ended: false,
            cut_short: false,
            thrown_away: 0,
            linger_bytes,
        }
    }

    /// Reads without hyper. Resolves when there is a whole head, or too much of one, and a buffer reservation; false at
    /// the end of the stream, or when the client speaks TLS: it would wait for an answer to a head that has no end.
    pub(super) fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        while self.held_back.len() < IDLE_READ && !has_whole_head(&self.held_back) {
            let mut buffer = [0_u8; IDLE_READ];
            let mut buf = ReadBuf::new(&mut buffer);
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Ok(false));
            }
            self.state.read_head();
            self.held_back.extend_from_slice(buf.filled());
            if self.held_back.first() == Some(&TLS_HANDSHAKE) {
                tracing::debug!("a client speaks TLS; this port speaks plain HTTP");
                return Poll::Ready(Ok(false));
            }
        }
        let taken = self.buffers.poll_acquire(cx);
        self.state.waits_for_buffers.store(taken.is_pending() && has_whole_head(&self.held_back), Relaxed);
        taken.map(|()| Ok(true))
    }

    /// Takes back what hyper has read and not used; gives the buffer reservation back.
    pub(super) fn detach(&mut self, unused: &[u8]) {
        self.head = HeadScanner::default();
        if !unused.is_empty() {
            self.state.read_head();
            self.hold_back(unused);
        }
        self.buffers.release();
        self.state.large_head.store(false, Relaxed);
    }

    /// Reads bytes that were held back, else from the socket.
    fn poll_bytes(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.held_back.is_empty() {
            if self.state.next() == Next::Head {
                return Pin::new(&mut self.socket).poll_read(cx, buf);
            }
            let most = BODY_READ.min(buf.remaining());
            let mut part = ReadBuf::new(buf.initialize_unfilled_to(most));
            ready!(Pin::new(&mut self.socket).poll_read(cx, &mut part))?;
            let n = part.filled().len();
            buf.advance(n);
            return Poll::Ready(Ok(()));
        }
        let n = self.held_back.len().min(buf.remaining());
        buf.put_slice(&self.held_back[..n]);
        self.held_back.advance(n);
        if self.held_back.is_empty() {
            // Frees its memory: an idle connection holds none.
            self.held_back = BytesMut::new();
            self.state.held_back.store(false, Relaxed);
        }
        Poll::Ready(Ok(()))
    }

    /// How many of these bytes hyper gets now; notes what they are.
    ///
    /// # Errors
    /// A chunked body is not framed as it should be: hyper ends the body and, after the answer, the connection.
    fn portion(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        Ok(match self.state.next() {
            Next::Chunks => {
                let (n, has_ended) = self.chunks.take(bytes)?;
                if has_ended {
                    self.state.read_chunks();
                }
                n
            }
            Next::Body(left) => {
                let n = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                self.state.read_body(n as u64);
                n
            }
            Next::Head => {
                self.state.read_head();
                let limit = if self.state.large_head.load(Relaxed) { MAX_BUFFER } else { SMALL_HEAD_BYTES };
                let end = self.head.take(bytes, limit);
                if let Some(fault) = self.head.fault {
                    self.note_fault(fault, &mut bytes[..end]);
                }
                end + self.with_head(&bytes[end..], BODY_READ.saturating_sub(end))
            }
        })
    }

    fn note_fault(&self, fault: HeadFault, head: &mut [u8]) {
        self.state.note_fault(fault);
        if fault == HeadFault::TransferCoding {
            hide_codings(head);
        }
    }

    /// How many of the bytes after a head hyper gets with it: at most `most`, and only if they are surely its body.
    /// Most requests arrive in one read, so that they need no copy and no second read.
    fn with_head(&self, rest: &[u8], most: usize) -> usize {
        match self.head.content_length {
            Some(length) if self.head.bytes == 0 && rest.len() as u64 <= length => {
                let n = rest.len().min(most);
                self.state.with_head.store(n as u64, Relaxed);
                n
            }
            _ => 0,
        }
    }

    /// Keeps `bytes` for the next read, in front of those kept already.
    fn hold_back(&mut self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut all = BytesMut::with_capacity(bytes.len() + self.held_back.len());
        all.extend_from_slice(bytes);
        all.extend_from_slice(&self.held_back);
        self.held_back = all;
        self.state.held_back.store(true, Relaxed);
    }

    fn note_write(&mut self, result: &Poll<io::Result<usize>>) {
        self.state.flushed(false);
        match result {
            Poll::Ready(_) => self.state.wrote(),
            Poll::Pending => self.state.write_blocked(),
        }
    }

    /// Reads until the client closes, fails, or has sent `linger_bytes`. Does not wait for a client that has nothing
    /// more to send.
    fn linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut buffer = [0_u8; 4096];
        while !self.read_ended && self.thrown_away < self.linger_bytes {
            let mut buf = ReadBuf::new(&mut buffer);
            match Pin::new(&mut self.socket).poll_read(cx, &mut buf) {
                Poll::Pending if self.thrown_away > 0 || self.cut_short => return Poll::Pending,
                Poll::Ready(Ok(())) if !buf.filled().is_empty() => self.thrown_away += buf.filled().len(),
                _ => self.read_ended = true,
            }
        }
        Poll::Ready(())
    }
}

/// True when these bytes begin with a whole head.
fn has_whole_head(bytes: &[u8]) -> bool {
    let mut head = HeadScanner::default();
    !bytes.is_empty() && head.take(bytes, MAX_BUFFER) > 0 && head.bytes == 0
}

impl AsyncRead for TrackedIo {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.head.bytes >= SMALL_HEAD_BYTES && !self.state.large_head.load(Relaxed) {
            ready!(self.buffers.poll_more(cx, LARGE_HEAD_BYTES));
            self.state.large_head.store(true, Relaxed);
        }
        let before = buf.filled().len();
        ready!(self.poll_bytes(cx, buf))?;
        let new = &mut buf.filled_mut()[before..];
        if new.is_empty() {
            self.read_ended |= buf.remaining() > 0;
            return Poll::Ready(Ok(()));
        }
        let portion = self.portion(new)?;
        self.hold_back(&new[portion..]);
        buf.set_filled(before + portion);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for TrackedIo {
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
        let length: usize = bytes.iter().map(|part| part.len()).sum();
        let result = if length <= SMALL_WRITE {
            let mut buffer = [0_u8; SMALL_WRITE];
            let mut end = 0;
            for part in bytes {
                buffer[end..end + part.len()].copy_from_slice(part);
                end += part.len();
            }
            Pin::new(&mut self.socket).poll_write(cx, &buffer[..end])
        } else {
            Pin::new(&mut self.socket).poll_write_vectored(cx, bytes)
        };
        self.note_write(&result);
        result
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    /// hyper calls this when it has nothing more to write.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.state.flushed(true);
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.write_ended {
            ready!(Pin::new(&mut self.socket).poll_shutdown(cx))?;
            self.write_ended = true;
            self.cut_short = self.state.is_cut_short();
            self.state.closing();
        }
        self.linger(cx).map(Ok)
    }
}

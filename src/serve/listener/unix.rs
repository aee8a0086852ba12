//! A Unix socket: bound at a path, for neighbours on the same machine; a stale one is replaced, ours is removed at the
//! end.

use std::fs::{Metadata, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

use super::bind::BACKLOG;

/// Who may connect: the owner and the group, who may read and write.
const MODE: u32 = 0o660;

/// The longest path that a socket's address holds on every system, its end included.
const LONGEST: usize = 104;

/// Why a path cannot be listened on. `Display` is one line: the path, what is wrong, what to do.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on unix:{}: {what}", .path.display())]
pub struct UnixBindError {
    /// The path.
    pub path: PathBuf,
    what: String,
}

/// A bound socket; its file is removed with it, unless another has taken its place.
#[derive(Debug)]
pub struct UnixSocket {
    /// The socket, listening.
    pub listener: UnixListener,
    file: SocketFile,
}

/// The file of a socket.
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Device and inode.
    identity: (u64, u64),
}

impl UnixSocket {
    /// The path.
    pub fn path(&self) -> &Path {
        &self.file.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let is_ours = std::fs::symlink_metadata(&self.path).is_ok_and(|about| identity(&about) == self.identity);
        if is_ours {
            // Where it cannot be removed, the next start takes its place.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

fn identity(about: &Metadata) -> (u64, u64) {
    (about.dev(), about.ino())
}

/// Binds and listens. What is at the path is replaced if it is a socket on which nothing listens.
///
/// # Errors
/// [`UnixBindError`].
pub fn bind_unix(path: &Path) -> Result<UnixSocket, UnixBindError> {
    let failed = |what: String| UnixBindError { path: path.to_owned(), what };
    check_place(path).map_err(failed)?;
    listen(path).map_err(|error| {
        failed(match error.kind() {
            io::ErrorKind::NotFound => "there is no such directory; make it first".to_owned(),
            io::ErrorKind::PermissionDenied => "permission denied; choose a directory that may be written".to_owned(),
            _ => error.to_string(),
        })
    })
}

/// Tells what stands in the way.
fn check_place(path: &Path) -> Result<(), String> {
    let length = path.as_os_str().as_bytes().len() + suffix().len() + 1;
    if length > LONGEST {
        return Err(format!("the path is too long; at most {} bytes", LONGEST - suffix().len() - 1));
    }
    let Ok(about) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if !about.file_type().is_socket() {
        return Err("it is there and no socket; remove it, or choose another path with --bind".to_owned());
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        _ => Err("another process listens there; stop it, or choose another path with --bind".to_owned()),
    }
}

/// Binds the socket beside its path, under another name, sets its permissions and renames it. So no client connects
/// before the permissions are set, and a stale socket is replaced in one step.
fn listen(path: &Path) -> io::Result<UnixSocket> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(suffix());
    let beside = PathBuf::from(beside);
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.bind(&SockAddr::unix(&beside)?)?;
    let placed = || {
        std::fs::set_permissions(&beside, Permissions::from_mode(MODE))?;
        socket.listen(BACKLOG)?;
        let identity = identity(&std::fs::symlink_metadata(&beside)?);
        std::fs::rename(&beside, path)?;
        Ok(SocketFile { path: path.to_owned(), identity })
    };
    let placed: io::Result<SocketFile> = placed();
    let file = placed.inspect_err(|_| drop(std::fs::remove_file(&beside)))?;
    Ok(UnixSocket { listener: socket.into(), file })
}

/// What the name beside the path ends with: the process's number, which no other has.
fn suffix() -> String {
    format!(".{}", std::process::id())
}

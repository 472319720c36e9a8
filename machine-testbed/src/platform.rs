//! What differs between operating systems. Hosts exist on Linux alone; elsewhere this says so.

use std::io;
use std::path::Path;
use std::process::Command;

#[cfg(unix)]
mod os {
    use super::*;
    use std::fs;
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::net::UnixStream;
    use std::os::unix::process::CommandExt as _;
    use std::time::Duration;

    pub(crate) fn is_root() -> bool {
        fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
    }

    pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    }

    pub(crate) fn give(path: &Path, id: u32) -> io::Result<()> {
        std::os::unix::fs::chown(path, Some(id), Some(id))
    }

    pub(crate) fn detach(command: &mut Command) {
        command.process_group(0);
    }

    pub(crate) fn engine_answers(socket: &Path) -> bool {
        let ping = || -> io::Result<String> {
            let mut stream = UnixStream::connect(socket)?;
            stream.set_read_timeout(Some(Duration::from_secs(2)))?;
            stream.write_all(b"GET /_ping HTTP/1.0\r\nHost: engine\r\n\r\n")?;
            let mut reply = String::new();
            stream.take(4096).read_to_string(&mut reply)?;
            Ok(reply)
        };
        ping().is_ok_and(|reply| reply.contains(" 200 "))
    }
}

#[cfg(not(unix))]
mod os {
    use super::*;

    pub(crate) fn is_root() -> bool {
        false
    }

    pub(crate) fn set_mode(_: &Path, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn give(_: &Path, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(crate) fn detach(_: &mut Command) {}

    pub(crate) fn engine_answers(_: &Path) -> bool {
        false
    }
}

/// Whether this process may do everything on this machine.
pub(crate) fn is_root() -> bool {
    os::is_root()
}

/// Whether hosts can exist here at all.
pub(crate) fn is_linux() -> bool {
    cfg!(target_os = "linux")
}

/// Sets the permission bits of a file.
pub(crate) fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    os::set_mode(path, mode)
}

/// Gives a file to the user and the group of this number.
pub(crate) fn give(path: &Path, id: u32) -> io::Result<()> {
    os::give(path, id)
}

/// Keeps a terminal's Ctrl-C for the foreground away from the child.
pub(crate) fn detach(command: &mut Command) {
    os::detach(command);
}

/// Whether an engine answers at this socket.
pub(crate) fn engine_answers(socket: &Path) -> bool {
    os::engine_answers(socket)
}

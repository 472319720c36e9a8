//! What differs between operating systems. Programs are played by shell scripts, so what runs some
//! is tested where there is a shell.
#[cfg(unix)]
mod completion;
#[cfg(unix)]
#[path = "../../../../machine-plugin/tests/it/go.rs"]
mod go;
#[cfg(unix)]
mod plugin;
#[cfg(unix)]
mod run;
#[cfg(unix)]
mod scp;
#[cfg(unix)]
mod ssh;
#[cfg(unix)]
mod streams;

use std::path::Path;
use std::process::Command;

/// Calls the program by the name that people know.
pub(crate) fn rename(command: &mut Command) {
    rename_to(command, "docker-machine");
}

/// Calls the program by any name.
#[cfg(unix)]
pub(crate) fn rename_to(command: &mut Command, name: &str) {
    std::os::unix::process::CommandExt::arg0(command, name);
}

/// There the program's name is what its file says.
#[cfg(not(unix))]
pub(crate) fn rename_to(_: &mut Command, _: &str) {}

/// Whether a program can be called by another name than its file's.
pub(crate) const NAMES_ARE_FREE: bool = cfg!(unix);

/// Writes a shell script that can be run.
#[cfg(unix)]
fn script(path: &Path, text: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

/// Makes a symbolic link; false where that is not for everybody.
#[cfg(unix)]
pub(crate) fn link(target: &str, path: &Path) -> bool {
    std::os::unix::fs::symlink(target, path).unwrap();
    true
}

#[cfg(not(unix))]
pub(crate) fn link(_: &str, _: &Path) -> bool {
    false
}

/// Makes a named pipe; false where there are none in folders.
#[cfg(unix)]
pub(crate) fn fifo(path: &Path) -> bool {
    Command::new("mkfifo").arg(path).status().unwrap().success()
}

#[cfg(not(unix))]
pub(crate) fn fifo(_: &Path) -> bool {
    false
}

/// Whether a file has this mode, where there are modes.
#[cfg(unix)]
pub(crate) fn has_mode(path: &Path, mode: u32) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777 == mode
}

#[cfg(not(unix))]
pub(crate) fn has_mode(path: &Path, _: u32) -> bool {
    path.exists()
}

/// Whether an empty `SHELL` leaves it open which shell that is.
pub(crate) const SHELL_MAY_BE_UNKNOWN: bool = cfg!(unix);

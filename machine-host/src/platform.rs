//! What differs between operating systems: one function per difference.
use std::fs::Metadata;
use tokio::process::Command;

/// Permission bits, where the system has any.
#[cfg(unix)]
pub(crate) fn mode(meta: &Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt as _;
    Some(meta.permissions().mode() & 0o7777)
}

/// Permission bits, where the system has any.
#[cfg(not(unix))]
pub(crate) fn mode(_: &Metadata) -> Option<u32> {
    None
}

/// Keeps a terminal's Ctrl-C from a child: whether it ends is decided by its parent.
#[cfg(unix)]
pub(crate) fn detach(command: &mut Command) {
    command.process_group(0);
}

/// Keeps a terminal's Ctrl-C from a child: whether it ends is decided by its parent.
#[cfg(windows)]
pub(crate) fn detach(command: &mut Command) {
    // CREATE_NEW_PROCESS_GROUP
    command.creation_flags(0x0000_0200);
}

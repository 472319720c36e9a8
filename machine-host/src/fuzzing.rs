//! Entry points for fuzz targets: what reads a host's bytes. No part of the interface.
use crate::provision::fuzzing as provision;
use crate::ssh::fuzzing as ssh;

/// Takes `bytes` for the answer of a script that looks at a host.
pub fn host_answer(bytes: &[u8]) {
    provision::host_answer(&String::from_utf8_lossy(bytes));
}

/// Takes `bytes` for what a session's stream carries, read in pieces of `size`.
/// Gives the script's status and output.
pub fn session_stream(bytes: &[u8], size: usize) -> (Option<i32>, String) {
    ssh::session_stream(bytes, size)
}

/// Takes `bytes` for a file of known hosts.
pub fn known_hosts(bytes: &[u8]) -> Vec<String> {
    ssh::known_hosts(&String::from_utf8_lossy(bytes))
}

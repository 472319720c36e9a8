//! What differs between operating systems.

use std::path::PathBuf;
use std::process::ExitStatus;

/// The user's home folder, as Docker Machine finds it.
pub(crate) fn home() -> PathBuf {
    let variable = if cfg!(windows) { "USERPROFILE" } else { "HOME" };
    std::env::var_os(variable).map(PathBuf::from).unwrap_or_default()
}

/// Go's words for a child that a signal ended.
#[cfg(unix)]
pub(crate) fn signal_text(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(1) => "signal: hangup".to_owned(),
        Some(2) => "signal: interrupt".to_owned(),
        Some(9) => "signal: killed".to_owned(),
        Some(15) => "signal: terminated".to_owned(),
        Some(number) => format!("signal: {number}"),
        None => status.to_string(),
    }
}

/// Go's words for a child that a signal ended.
#[cfg(windows)]
pub(crate) fn signal_text(status: ExitStatus) -> String {
    status.to_string()
}

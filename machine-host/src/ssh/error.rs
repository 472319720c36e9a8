use super::host_keys::ACCEPT_HOST_KEY;
use machine_core::{Error, ErrorKind};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// What can go wrong on the way to a host and back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SshError {
    #[error("no SSH client: `{}` does not run; install the OpenSSH client", program.display())]
    NoClient {
        program: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{user:?}@{host:?} cannot be an SSH destination")]
    Address { host: String, user: String },
    #[error("{0}")]
    KeyFile(#[source] io::Error),
    #[error("'{}' {what}", path.display())]
    Key { path: PathBuf, what: &'static str },
    #[error("permissions {mode:04o} for '{}' are too open", path.display())]
    KeyMode { path: PathBuf, mode: u32 },
    #[cfg(feature = "native-ssh")]
    #[error("'{}' cannot be used as a key: {why}", path.display())]
    KeyUse { path: PathBuf, why: String },
    #[error("known hosts file")]
    KnownHosts(#[source] io::Error),
    #[error("a pinned host key is damaged: {0:?}")]
    PinnedKey(String),
    #[error(
        "the host key of {peer} is not the one that is pinned for {name:?}{shown}: the host was \
         made anew, or another one answers in its place; to accept the key, run the same command \
         with {ACCEPT_HOST_KEY}={name} in its environment"
    )]
    HostKey { peer: String, name: String, shown: String },
    #[error("{peer} did not answer over SSH within {} s: {why}", .limit.as_secs())]
    Unreachable { peer: String, limit: Duration, why: String },
    #[error("{peer} refuses the login: {why}; check the user name and the key")]
    Refused { peer: String, why: String },
    #[error("{peer} let us log in but gives no shell: {why}")]
    NoShell { peer: String, why: String },
    #[error("the host name of {peer} is not known: {why}")]
    Unresolved { peer: String, why: String },
    #[error("the SSH connection to {peer} was lost: {why}")]
    Lost { peer: String, why: String },
    #[error("{peer} gave no answer over SSH within {} s", .limit.as_secs())]
    TimedOut { peer: String, limit: Duration },
    #[error("the SSH session with {peer} is over")]
    Over { peer: String },
    #[error("no root rights on {peer}: {why}; {cure}")]
    NotRoot { peer: String, why: String, cure: &'static str },
}

impl From<SshError> for Error {
    fn from(e: SshError) -> Self {
        let kind = match &e {
            SshError::NoClient { .. } => ErrorKind::Unsupported,
            SshError::Address { .. } => ErrorKind::InvalidOption,
            SshError::KeyFile(_) | SshError::Key { .. } | SshError::KeyMode { .. } => {
                ErrorKind::Credentials
            }
            #[cfg(feature = "native-ssh")]
            SshError::KeyUse { .. } => ErrorKind::Credentials,
            SshError::HostKey { .. } | SshError::Refused { .. } => ErrorKind::Credentials,
            SshError::NotRoot { .. } | SshError::NoShell { .. } => ErrorKind::Permission,
            SshError::Unreachable { .. } => ErrorKind::Transient,
            SshError::Unresolved { .. } => ErrorKind::NotFound,
            SshError::Lost { .. } | SshError::TimedOut { .. } => ErrorKind::Indeterminate,
            SshError::KnownHosts(_) | SshError::PinnedKey(_) | SshError::Over { .. } => {
                ErrorKind::Other
            }
        };
        Error::wrap(kind, "", e)
    }
}

use machine_core::{Error, ErrorKind};
use std::io;
use std::path::PathBuf;

/// What goes wrong here. The texts are Docker Machine's, hence no operation before them.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("generic driver requires the --generic-ip-address option")]
    NoAddress,
    #[error("--url option is required when no driver is selected")]
    NoUrl,
    #[error("{0}")]
    BadUrl(String),
    #[error("--{option} is not a port: {value}")]
    BadPort { option: &'static str, value: i64 },
    #[error("{field} is not a port: {value}")]
    StoredPort { field: &'static str, value: i64 },
    #[error("SSH key does not exist: {0:?}")]
    NoKey(String),
    #[error("SSH key is not a file: {0:?}")]
    KeyIsNoFile(String),
    #[error("unable to copy ssh key: {path}")]
    Copy { path: PathBuf, source: io::Error },
    #[error("hosts without a driver cannot be {0}")]
    None(&'static str),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let kind = match &failure {
            Failure::NoAddress
            | Failure::NoUrl
            | Failure::BadUrl(_)
            | Failure::BadPort { .. }
            | Failure::StoredPort { .. }
            | Failure::NoKey(_)
            | Failure::KeyIsNoFile(_) => ErrorKind::InvalidOption,
            Failure::Copy { .. } => ErrorKind::Other,
            Failure::None(_) => ErrorKind::Unsupported,
        };
        Self::wrap(kind, "", failure)
    }
}

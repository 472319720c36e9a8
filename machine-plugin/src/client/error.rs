use crate::client::method::Method;
use crate::codec::CodecError;
use crate::rpc::client::HttpError;
use machine_core::{Error, ErrorKind};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why a plugin could not be brought to answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot start {path}")]
    Spawn { path: PathBuf, source: io::Error },
    /// Docker Machine's own words.
    #[error(
        "Error attempting to get plugin server address for RPC: \
         Failed to dial the plugin server in {0:?}{1}"
    )]
    NoAddress(Duration, Said),
    #[error("{path} ended before it said where it listens ({status}){said}")]
    Ended { path: PathBuf, status: String, said: Said },
    #[error("cannot reach the plugin at {address}")]
    Dial { address: String, source: io::Error },
    #[error("cannot reach the plugin at {address}: no answer within {limit:?}")]
    DialTimeout { address: String, limit: Duration },
    #[error("cannot speak to the plugin at {address}")]
    Http { address: String, source: HttpError },
    /// Docker Machine's own words.
    #[error("Driver binary uses an incompatible API version ({0})")]
    Version(i64),
}

/// What a plugin printed when something else was expected, to be put at a message's end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Said(pub(crate) Option<String>);

impl std::fmt::Display for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.0 {
            Some(line) => write!(f, "; it said: {line}"),
            None => Ok(()),
        }
    }
}

impl From<StartError> for Error {
    fn from(error: StartError) -> Self {
        let kind = match &error {
            StartError::Spawn { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => ErrorKind::NotFound,
                io::ErrorKind::PermissionDenied => ErrorKind::Permission,
                _ => ErrorKind::Other,
            },
            StartError::Version(_) => ErrorKind::Unsupported,
            _ => ErrorKind::Other,
        };
        // Nothing was asked of it yet.
        Self::wrap(kind, "", error).with_no_effect()
    }
}

/// Why a call has no result.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum CallError {
    /// The driver's own answer, shown as it is.
    Driver(String),
    /// The connection ended.
    Closed,
    /// The plugin answers no heartbeat.
    Silent,
    /// This call took too long.
    Late(Duration),
    /// The plugin sent something else than an answer.
    Garbled(CodecError),
}

/// What an error says about a plugin that broke off.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the plugin ended during {method} ({status}){said}")]
    Ended { method: &'static str, status: String, said: Said },
    #[error("the plugin closed its connection during {method}{said}")]
    Closed { method: &'static str, said: Said },
    #[error("the plugin stopped answering during {method}")]
    Silent { method: &'static str },
    #[error("the plugin did not answer {method} within {limit:?}")]
    Late { method: &'static str, limit: Duration },
    #[error("the plugin's answer to {method} cannot be read")]
    Garbled { method: &'static str, source: CodecError },
    #[error("the plugin's answer to {method} has the wrong type")]
    WrongType { method: &'static str },
    #[error("the plugin's answer to {method} is not a JSON object")]
    NotJson { method: &'static str },
}

impl Broken {
    pub(crate) fn into_error(self, method: Method) -> Error {
        let kind = match &self {
            _ if method.changes() => ErrorKind::Indeterminate,
            Self::WrongType { .. } | Self::NotJson { .. } | Self::Garbled { .. } => {
                ErrorKind::Other
            }
            _ => ErrorKind::Transient,
        };
        match method {
            Method::Create => Error::wrap(kind, "", MayRemain(self)),
            _ => Error::wrap(kind, "", self),
        }
    }
}

/// A driver that broke off in the middle of `Create` took with it what it had not said yet.
#[derive(Debug)]
struct MayRemain(Broken);

impl std::fmt::Display for MayRemain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}; what it made and had not told yet may remain", self.0)
    }
}

impl std::error::Error for MayRemain {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

use crate::platform;
use machine_core::{Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::{fmt, io};

/// A failed call on a path, in the words of Docker Machine: `open PATH: no such file or directory`.
///
/// The cause is part of the text, so it is not a source as well.
#[derive(Debug)]
struct PathError {
    call: &'static str,
    path: PathBuf,
    cause: io::Error,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cause = platform::error_text(&self.cause);
        write!(f, "{} {}: {cause}", self.call, self.path.display())
    }
}

impl std::error::Error for PathError {}

/// For `map_err`: names the call and the path.
pub(crate) fn at<'a>(call: &'static str, path: &'a Path) -> impl Fn(io::Error) -> Error + 'a {
    move |cause| {
        let kind = match cause.kind() {
            io::ErrorKind::WouldBlock => ErrorKind::Conflict,
            _ => ErrorKind::Other,
        };
        Error::wrap(kind, "", PathError { call, path: path.to_owned(), cause })
    }
}

/// An error whose text stands alone.
pub(crate) fn plain(kind: ErrorKind, text: impl Into<String>) -> Error {
    Error::new(kind, "", text)
}

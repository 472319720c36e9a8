//! How a command fails: what stands on stderr, and the exit code.

use std::error::Error as StdError;

/// A pre-create check failed and nothing was made.
pub(crate) const PRE_CREATE: u8 = 3;
/// The machine's instance is gone, as Rancher's fork says it.
pub(crate) const GONE: u8 = 4;
/// The user interrupted.
pub(crate) const INTERRUPTED: u8 = 130;

/// The end of a command that did not succeed.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Exit code.
    pub(crate) code: u8,
    /// For stderr.
    pub(crate) text: String,
    /// Advice, for a terminal only: callers log each line of stderr as an error.
    pub(crate) hints: Vec<String>,
}

impl Failure {
    /// An error with exit code 1.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { code: 1, text: text.into(), hints: Vec::new() }
    }

    /// An error and its causes behind Docker Machine's words for what was done.
    pub(crate) fn because(what: &str, error: &dyn StdError) -> Self {
        Self::new(format!("{what}{}", chain(error)))
    }

    /// A child program's failure: its status is told, never passed on.
    pub(crate) fn child(status: std::process::ExitStatus) -> Self {
        Self::new(match status.code() {
            Some(code) => format!("exit status {code}"),
            None => crate::platform::signal_text(status),
        })
    }

    /// Sets [`Failure::code`].
    pub(crate) fn with_code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// Adds to [`Failure::hints`].
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

impl From<machine_core::Error> for Failure {
    fn from(error: machine_core::Error) -> Self {
        Self::because("", &error)
    }
}

/// An error's text and those of its causes. A text that the one before ends with is not repeated.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !next.is_empty() && !text.trim_end().ends_with(&next) && !text.ends_with('\n') {
            text.push_str(": ");
            text.push_str(&next);
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use machine_core::{Error, ErrorKind};

    #[test]
    fn causes_follow_once() {
        let io = std::io::Error::other("connection refused");
        let error = Error::new(ErrorKind::Other, "", "cannot dial").with_source(io);
        assert_eq!(chain(&error), "cannot dial: connection refused");
        let io = std::io::Error::other("connection refused");
        let told = Error::new(ErrorKind::Other, "", "dial: connection refused").with_source(io);
        assert_eq!(Failure::because("Error: ", &told).text, "Error: dial: connection refused");
    }
}

//! Lines on stdout and stderr. A reader who went away ends the output, not the work.

use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// The program's two streams.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The first failure to write to stdout; nothing is written there after it.
    failed: Mutex<Option<io::Error>>,
    /// Whether stdout is for a shell to evaluate, so that news go to stderr.
    evaluated: AtomicBool,
}

impl Output {
    /// Result of a command, as it is.
    pub(crate) fn text(&self, text: &str) {
        let mut failed = self.failed.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if failed.is_some() {
            return;
        }
        let mut stdout = io::stdout().lock();
        *failed = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).err();
    }

    /// Result of a command, and a newline.
    pub(crate) fn line(&self, line: &str) {
        self.text(&format!("{line}\n"));
    }

    /// A line about what is going on, or a warning.
    pub(crate) fn news(&self, line: &str) {
        match self.evaluated.load(Ordering::Relaxed) {
            true => self.error(line),
            false => self.line(line),
        }
    }

    /// An error on stderr. There is nobody left to tell when that fails.
    pub(crate) fn error(&self, line: &str) {
        io::stderr().lock().write_all(format!("{line}\n").as_bytes()).ok();
    }

    /// Keeps news off stdout from now on.
    pub(crate) fn keep_stdout_evaluable(&self) {
        self.evaluated.store(true, Ordering::Relaxed);
    }

    /// Why stdout could not take everything; a reader who left is no reason.
    pub(crate) fn failure(&self) -> Option<String> {
        let failed = self.failed.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let error = failed.as_ref().filter(|e| e.kind() != io::ErrorKind::BrokenPipe)?;
        Some(format!("write to standard output: {error}"))
    }
}

//! Lines on stdout and stderr. A reader who went away ends the output, not the work.

use super::bars::Bars;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock};

/// The program's two streams.
#[derive(Debug, Default)]
pub(crate) struct Output {
    /// The first failure to write to stdout; nothing is written there after it.
    failed: Mutex<Option<io::Error>>,
    /// Whether stdout is for a shell to evaluate, so that news go to stderr.
    evaluated: AtomicBool,
    /// Whether news are about several machines at once.
    several: AtomicBool,
    /// What moves at the foot of a terminal, once something does.
    bars: OnceLock<Bars>,
}

impl Output {
    /// Result of a command, as it is.
    pub(crate) fn text(&self, text: &str) {
        let mut failed = self.failed.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if failed.is_some() {
            return;
        }
        *failed = self.above(|| {
            let mut stdout = io::stdout().lock();
            stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).err()
        });
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
        self.above(|| io::stderr().lock().write_all(format!("{line}\n").as_bytes()).ok());
    }

    /// Keeps news off stdout from now on.
    pub(crate) fn keep_stdout_evaluable(&self) {
        self.evaluated.store(true, Ordering::Relaxed);
    }

    /// Puts the machine's name before news about it from now on.
    pub(crate) fn tell_machines_apart(&self) {
        self.several.store(true, Ordering::Relaxed);
    }

    /// A line about what is going on with a machine.
    pub(crate) fn news_of(&self, machine: &str, line: &str) {
        let before = format!("({machine}) ");
        match self.several.load(Ordering::Relaxed) && !line.starts_with(&before) {
            true => self.news(&(before + line)),
            false => self.news(line),
        }
    }

    /// Shows what a machine is at, where a person looks on.
    pub(crate) fn phase(&self, machine: &str, phase: String) {
        if self.bars.get().is_some() || Bars::are_seen() {
            self.bars.get_or_init(Bars::default).phase(machine, phase);
        }
    }

    /// Stops showing what a machine is at.
    pub(crate) fn done(&self, machine: &str) {
        if let Some(bars) = self.bars.get() {
            bars.done(machine);
        }
    }

    /// Stops showing what any machine is at.
    pub(crate) fn all_done(&self) {
        if let Some(bars) = self.bars.get() {
            bars.clear();
        }
    }

    fn above<T>(&self, print: impl FnOnce() -> T) -> T {
        match self.bars.get() {
            Some(bars) => bars.above(print),
            None => print(),
        }
    }

    /// Why stdout could not take everything; a reader who left is no reason.
    pub(crate) fn failure(&self) -> Option<String> {
        let failed = self.failed.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let error = failed.as_ref().filter(|e| e.kind() != io::ErrorKind::BrokenPipe)?;
        Some(format!("write to standard output: {error}"))
    }
}

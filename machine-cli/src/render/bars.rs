//! What goes on now, for a person at a terminal: a line for each machine, with its phase and for how
//! long that has lasted. Nothing of it reaches a pipe.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// Lines at the foot of the terminal.
#[derive(Debug, Default)]
pub(crate) struct Bars {
    all: MultiProgress,
    machines: Mutex<BTreeMap<String, ProgressBar>>,
}

impl Bars {
    /// Whether a person looks on, at a terminal that can move its cursor.
    pub(crate) fn are_seen() -> bool {
        std::io::stdout().is_terminal()
            && std::io::stderr().is_terminal()
            && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    fn machines(&self) -> MutexGuard<'_, BTreeMap<String, ProgressBar>> {
        self.machines.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// A machine has come to a new phase.
    pub(crate) fn phase(&self, machine: &str, phase: String) {
        let mut machines = self.machines();
        let bar = machines.entry(machine.to_owned()).or_insert_with(|| {
            let bar = self.all.add(ProgressBar::new_spinner().with_prefix(shortened(machine)));
            if let Ok(style) =
                ProgressStyle::with_template("{spinner} {prefix}: {wide_msg} {elapsed}")
            {
                bar.set_style(style);
            }
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_message(phase);
        bar.reset_elapsed();
    }

    /// Nothing more happens to a machine.
    pub(crate) fn done(&self, machine: &str) {
        if let Some(bar) = self.machines().remove(machine) {
            bar.finish_and_clear();
            self.all.remove(&bar);
        }
    }

    /// Takes all lines away.
    pub(crate) fn clear(&self) {
        let machines = std::mem::take(&mut *self.machines());
        machines.values().for_each(ProgressBar::finish_and_clear);
    }

    /// Prints above the lines.
    pub(crate) fn above<T>(&self, print: impl FnOnce() -> T) -> T {
        self.all.suspend(print)
    }
}

/// Longest name in full: the phase must have room beside it in 40 columns.
const NAME: usize = 20;

/// A name without its middle where it is long: its start says whose it is, its end which.
fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= NAME {
        return name.to_owned();
    }
    let (start, end) = (&letters[..NAME / 2 - 1], &letters[letters.len() - NAME / 2..]);
    start.iter().chain(['…'].iter()).chain(end).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_lose_their_middle() {
        assert_eq!(shortened("dev"), "dev");
        assert_eq!(shortened("abcdefghijklmnopqrst"), "abcdefghijklmnopqrst");
        let name = "runner-pu4ihlzh-c3-small-1618252113-969683af";
        assert_eq!(shortened(name), "runner-pu…3-969683af");
    }
}

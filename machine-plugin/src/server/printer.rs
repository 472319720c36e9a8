use machine_core::{Event, EventSink};
use std::io::{self, Write};

/// Prints progress for the user, as Go's drivers do: the host passes lines on.
pub(crate) struct Printer;

impl EventSink for Printer {
    fn emit(&self, event: Event) {
        let line = match event {
            Event::Said { line } => line,
            Event::Making { key } => format!("Creating {}...", step(&key)),
            Event::Deleting { key } => format!("Deleting {}...", step(&key)),
            Event::Remains { key } => format!("{} may remain", step(&key)),
            _ => return,
        };
        // In one piece, or another thread's line may come between. Nobody may be left to read it.
        io::stdout().write_all(format!("{line}\n").as_bytes()).ok();
    }
}

fn step(key: &str) -> &str {
    key.split_once('/').map_or(key, |(step, _)| step)
}

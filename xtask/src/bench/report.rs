//! The table at the end.

use std::time::Duration;

/// One comparison.
pub(super) struct Row {
    pub(super) what: String,
    pub(super) own: Duration,
    pub(super) reference: Duration,
    /// What the reference time is of.
    pub(super) against: &'static str,
    /// The ratio that must not be exceeded.
    pub(super) goal: f64,
    /// The Go program in this run, or as recorded where there is none here.
    pub(super) go: Go,
    /// What else was counted.
    pub(super) notes: Vec<Note>,
}

/// What the Go program took.
pub(super) enum Go {
    Measured(Duration),
    /// As measured once on a machine of this kind: two cores.
    Recorded(&'static str),
    Unknown,
}

/// A figure beside the times.
pub(super) struct Note {
    pub(super) text: String,
    pub(super) met: bool,
}

impl Note {
    /// A figure that must not exceed a limit.
    pub(super) fn at_most(what: &str, value: u64, limit: u64, unit: &str) -> Self {
        Self { text: format!("{what} {value}{unit} (goal {limit}{unit})"), met: value <= limit }
    }
}

pub(super) fn print(rows: &[Row], go: bool) {
    println!(
        "\n{:<34}{:>10}  {:<24}{:>8}{:>7}  {:<8}Go program",
        "what", "ours", "against", "ratio", "goal", ""
    );
    for row in rows {
        let ratio = row.own.as_secs_f64() / row.reference.as_secs_f64().max(1e-9);
        let against = format!("{} {}", row.against, show(row.reference));
        let go = match &row.go {
            Go::Measured(time) => show(*time),
            Go::Recorded(text) => format!("{text} (recorded)"),
            Go::Unknown => String::new(),
        };
        println!(
            "{:<34}{:>10}  {against:<24}{ratio:>7.2}x{:>6.2}x  {:<8}{go}",
            row.what,
            show(row.own),
            row.goal,
            verdict(ratio <= row.goal)
        );
        for note in &row.notes {
            println!("    {:<74}{}", note.text, verdict(note.met));
        }
    }
    if !go {
        println!(
            "\nThe Go program's figures are recorded ones; DOCKER_MACHINE_GO=path measures a real one."
        );
    }
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "MISSED" }
}

fn show(time: Duration) -> String {
    let milliseconds = time.as_secs_f64() * 1e3;
    if milliseconds < 1000.0 {
        format!("{milliseconds:.1} ms")
    } else {
        format!("{:.2} s", milliseconds / 1e3)
    }
}

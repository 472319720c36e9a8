//! Commands that should take no time.

use std::process::Command;

use anyhow::Result;

use super::measure::{cpu, medians};
use super::report::{Go, Note, Row};
use super::{Subject, succeed};

const ROUNDS: usize = 51;
/// Many, since the kernel tells CPU time in hundredths of a second.
const CPU_ROUNDS: u32 = 200;

pub(super) fn run(subject: &Subject) -> Result<Vec<Row>> {
    let store = subject.store("startup")?;
    succeed(
        &mut subject.own(&store, &["create", "-d", "none", "--url", "tcp://127.0.0.1:9", "m"]),
    )?;
    let commands: [(&[&str], Go); 4] = [
        (&["version"], Go::Recorded("7 ms")),
        (&["ip", "m"], Go::Recorded("15 ms")),
        (&["inspect", "m"], Go::Recorded("15 ms")),
        (&["status", "m"], Go::Unknown),
    ];
    let mut rows = Vec::new();
    for (arguments, recorded) in commands {
        let mut reference = || Command::new("/bin/true");
        let [own, reference] =
            medians(ROUNDS, [&mut || subject.own(&store, arguments), &mut reference])?;
        let go = match subject.go(&store, arguments) {
            Some(_) => {
                let mut go =
                    || subject.go(&store, arguments).unwrap_or_else(|| Command::new("false"));
                let [time] = medians(ROUNDS, [&mut go])?;
                Go::Measured(time)
            }
            None => recorded,
        };
        let what = arguments.join(" ");
        let mut notes = Vec::new();
        if arguments == ["version"] {
            let used = cpu(CPU_ROUNDS, || subject.own(&store, &["--version"]))?;
            let used = u64::try_from(used.as_micros()).unwrap_or(u64::MAX);
            notes.push(Note::at_most("CPU time of --version", used, 3000, " us"));
        }
        rows.push(Row { what, own, reference, against: "/bin/true", goal: 4.0, go, notes });
    }
    Ok(rows)
}

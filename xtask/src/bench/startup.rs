//! Commands that should take no time.

use std::process::Command;

use anyhow::Result;

use super::measure::medians;
use super::report::{Go, Row};
use super::{Subject, succeed};

const ROUNDS: usize = 51;

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
        rows.push(Row {
            what,
            own,
            reference,
            against: "/bin/true",
            goal: 4.0,
            go,
            notes: Vec::new(),
        });
    }
    Ok(rows)
}

//! `ls` over many machines.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::measure::{children, medians, peak_mib};
use super::report::{Go, Note, Row};
use super::{Subject, succeed};

/// The machine that the others are copies of. No other text of its files contains this.
pub(super) const SEED: &str = "seedling";

pub(super) fn run(subject: &Subject) -> Result<Vec<Row>> {
    let mut rows = Vec::new();
    for (count, rounds) in [(500, 15), (5000, 5)] {
        let store = subject.store(&format!("ls-{count}"))?;
        let files = fill(subject, &store, "machine", "tcp://127.0.0.1:9", count)?;
        for (arguments, goal) in [(&["ls"][..], 2.5), (&["ls", "-q"], 2.0)] {
            let mut cat = || {
                let mut cat = Command::new("cat");
                cat.args(&files);
                cat
            };
            let [own, reference] =
                medians(rounds, [&mut || subject.own(&store, arguments), &mut cat])?;
            let recorded = count == 500 && arguments == ["ls"];
            let go = match subject.go(&store, arguments) {
                Some(_) => {
                    let mut go =
                        || subject.go(&store, arguments).unwrap_or_else(|| Command::new("false"));
                    let [time] = medians(1, [&mut go])?;
                    Go::Measured(time)
                }
                None if recorded => Go::Recorded("4.3 s, 75 MiB"),
                None => Go::Unknown,
            };
            let command = subject.own(&store, arguments);
            let mut notes = vec![Note::at_most("child processes", children(&command)?, 0, "")];
            let peak = peak_mib(&command)?;
            notes.push(match count {
                500 => Note::at_most("peak memory", peak, 30, " MiB"),
                _ => Note { text: format!("peak memory {peak} MiB"), met: true },
            });
            let what = format!("{}, {count} machines", arguments.join(" "));
            rows.push(Row { what, own, reference, against: "cat", goal, go, notes });
        }
    }
    Ok(rows)
}

/// Makes machines with that endpoint, whose names begin alike, and gives back their files.
pub(super) fn fill(
    subject: &Subject,
    store: &Path,
    name: &str,
    url: &str,
    count: usize,
) -> Result<Vec<PathBuf>> {
    succeed(&mut subject.own(store, &["create", "-d", "none", "--url", url, SEED]))?;
    let files = copies(store, name, count)?;
    succeed(&mut subject.own(store, &["rm", "-y", SEED]))?;
    Ok(files)
}

/// Copies the first machine, to names that begin alike, and gives back the files of the copies.
pub(super) fn copies(store: &Path, name: &str, count: usize) -> Result<Vec<PathBuf>> {
    let machines = store.join("machines");
    let seed = machines.join(SEED);
    let mut files = Vec::with_capacity(count);
    for number in 0..count {
        let name = format!("{name}{number:04}");
        let folder = machines.join(&name);
        fs::create_dir(&folder).context("cannot make a machine")?;
        for entry in fs::read_dir(&seed).context("cannot read the first machine")? {
            let from = entry.context("cannot read the first machine")?.path();
            let to = folder.join(from.file_name().unwrap_or_default());
            if from.extension().is_some_and(|extension| extension == "json") {
                let text = fs::read_to_string(&from).context("cannot read the first machine")?;
                fs::write(&to, text.replace(SEED, &name)).context("cannot copy a machine")?;
            } else {
                fs::copy(&from, &to).context("cannot copy a machine")?;
            }
        }
        files.push(folder.join("config.json"));
    }
    Ok(files)
}

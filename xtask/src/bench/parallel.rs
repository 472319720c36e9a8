//! Many processes make one certificate authority.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};

use super::report::{Go, Note, Row};
use super::{Subject, measure, succeed};

const COUNT: usize = 50;

pub(super) fn run(subject: &Subject) -> Result<Vec<Row>> {
    let one = subject.store("authority-one")?;
    let alone = measure::once(&mut create(subject, &one, "m"))?;
    let store = subject.store("authority")?;
    let begin = Instant::now();
    let running: Vec<_> = (0..COUNT)
        .map(|number| {
            create(subject, &store, &format!("m{number}"))
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .context("cannot start a create")
        })
        .collect::<Result<_>>()?;
    for child in running {
        let output = child.wait_with_output().context("cannot wait for a create")?;
        ensure!(
            output.status.success(),
            "a create failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let own = begin.elapsed();
    let listed = succeed(&mut subject.own(&store, &["ls", "-q"]))?.lines().count();
    let notes = vec![
        Note { text: format!("machines {listed} (goal {COUNT})"), met: listed == COUNT },
        certificates(&store)?,
    ];
    Ok(vec![Row {
        what: format!("create -d none, {COUNT} at once"),
        own,
        reference: alone,
        against: "one alone",
        goal: COUNT as f64,
        go: Go::Recorded("never all verify"),
        notes,
    }])
}

fn create(subject: &Subject, store: &Path, name: &str) -> Command {
    subject.own(store, &["create", "-d", "none", "--url", "tcp://127.0.0.1:9", name])
}

/// The store's own client certificate, and a copy for each machine whose driver has it provisioned.
fn certificates(store: &Path) -> Result<Note> {
    let mut files = vec![store.join("certs/cert.pem")];
    for entry in fs::read_dir(store.join("machines")).context("cannot list the machines")? {
        let copy = entry.context("cannot list the machines")?.path().join("cert.pem");
        files.extend(copy.is_file().then_some(copy));
    }
    let authority = store.join("certs/ca.pem");
    let verified = files.iter().filter(|file| {
        let mut verify = Command::new("openssl");
        verify.args(["verify", "-CAfile"]).arg(&authority).arg(file);
        succeed(&mut verify).is_ok()
    });
    let (verified, count) = (verified.count(), files.len());
    let text = format!("client certificates that verify {verified} (goal {count})");
    Ok(Note { text, met: verified == count })
}

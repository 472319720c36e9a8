//! Many processes make one certificate authority.

use std::fs;
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
    let authority = store.join("certs/ca.pem");
    let mut verified = 0;
    for entry in fs::read_dir(store.join("machines")).context("cannot list the machines")? {
        let certificate = entry.context("cannot list the machines")?.path().join("cert.pem");
        let mut verify = Command::new("openssl");
        verify.args(["verify", "-CAfile"]).arg(&authority).arg(certificate);
        verified += u64::from(succeed(&mut verify).is_ok());
    }
    let notes = vec![Note {
        text: format!("client certificates that verify {verified} (goal {COUNT})"),
        met: verified == COUNT as u64,
    }];
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

fn create(subject: &Subject, store: &std::path::Path, name: &str) -> Command {
    subject.own(store, &["create", "-d", "none", "--url", "tcp://127.0.0.1:9", name])
}

//! Commands that connect to engines, against other programs that do.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use machine_testbed::{Bed, Host, HostKind};

use super::listing::fill;
use super::measure::medians;
use super::report::{Go, Note, Row};
use super::{Subject, create, succeed};
use crate::hosts::describe;

const ROUNDS: usize = 31;

/// A machine `m` on a host of its own, in a store of this name.
fn machine(subject: &Subject, store: &str) -> Result<(Host, std::path::PathBuf)> {
    let host = Bed::get()?.host(HostKind::Docker).map_err(describe)?;
    let store = subject.store(store)?;
    succeed(&mut create::create(subject, &store, &host, "m"))?;
    Ok((host, store))
}

/// `env` and `config` shake hands with an engine; so does openssl, with the same one.
pub(super) fn handshakes(subject: &Subject) -> Result<Vec<Row>> {
    let (host, store) = machine(subject, "handshakes")?;
    let peer = format!("{}:2376", host.address());
    let mut rows = Vec::new();
    for arguments in [&["env", "--shell", "sh", "m"][..], &["config", "m"]] {
        let mut openssl = || s_client(&store.join("machines/m"), &peer);
        let [own, reference] =
            medians(ROUNDS, [&mut || subject.own(&store, arguments), &mut openssl])?;
        rows.push(Row {
            what: arguments.join(" "),
            own,
            reference,
            against: "openssl s_client",
            goal: 1.0,
            go: Go::Unknown,
            notes: Vec::new(),
        });
    }
    Ok(rows)
}

fn s_client(certificates: &Path, peer: &str) -> Command {
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", peer, "-verify_return_error", "-quiet", "-no_ign_eof"]);
    for (flag, file) in [("-CAfile", "ca.pem"), ("-cert", "cert.pem"), ("-key", "key.pem")] {
        command.arg(flag).arg(certificates.join(file));
    }
    command.stdin(std::process::Stdio::null());
    command
}

/// Machines, and those among them whose engine takes connections and never answers.
const FLEET: (usize, usize) = (200, 20);
/// The time-out given to `ls`, in seconds.
const PATIENCE: u64 = 2;
/// What it may take beyond that.
const GRACE: f64 = 0.5;

/// `ls` over many engines of which some hang.
pub(super) fn fleet(subject: &Subject) -> Result<Vec<Row>> {
    let (host, store) = machine(subject, "fleet")?;
    let hung = TcpListener::bind("127.0.0.1:0")?;
    let (all, hanging) = FLEET;
    fill(subject, &store, "live", &format!("tcp://{}:2376", host.address()), all - hanging)?;
    fill(subject, &store, "hung", &format!("tcp://{}", hung.local_addr()?), hanging)?;
    succeed(&mut subject.own(&store, &["rm", "-y", "m"]))?;
    let patience = PATIENCE.to_string();
    let format = "{{.Name}} {{.State}} {{.DockerVersion}}";
    let list = || subject.own(&store, &["ls", "-t", &patience, "--format", format]);
    let said = succeed(&mut list())?;
    let rows = |state: &str| said.lines().filter(|line| line.contains(state)).count();
    let (answered, late) = (rows(" Running v"), rows(" Timeout "));
    let wait = || {
        let mut sleep = Command::new("sleep");
        sleep.arg(&patience);
        sleep
    };
    let [own, reference] = medians(3, [&mut { list }, &mut { wait }])?;
    Ok(vec![Row {
        what: format!("ls -t {PATIENCE}, {all} engines, {hanging} hang"),
        own,
        reference,
        against: "sleep",
        goal: 1.0 + GRACE / Duration::from_secs(PATIENCE).as_secs_f64(),
        go: Go::Unknown,
        notes: vec![
            exactly("engines that answered", answered, all - hanging),
            exactly("engines that timed out", late, hanging),
        ],
    }])
}

fn exactly(what: &str, value: usize, goal: usize) -> Note {
    Note { text: format!("{what} {value} (goal {goal})"), met: value == goal }
}

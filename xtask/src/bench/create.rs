//! `create -d generic` against a script that does the same by hand.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use machine_testbed::{Bed, Host, HostKind};

use super::measure::{median, once};
use super::report::{Go, Note, Row};
use super::{Subject, succeed};
use crate::hosts::describe;

const ROUNDS: usize = 5;
const GOAL: f64 = 1.25;

/// One SSH connection that writes three certificate files and a drop-in, and restarts Docker; then requests over TLS
/// until one is answered. It knows all that `create` must find out.
const SCRIPT: &str = r#"set -e
{
    cat "$SETUP"
    for file in ca server server-key; do
        echo "cat >/etc/docker/$file.pem <<'END'"
        cat "$CERTS/$file.pem"
        echo END
    done
    cat <<'REMOTE'
cat >/etc/systemd/system/docker.service.d/10-machine.conf <<END
[Service]
ExecStart=
ExecStart=$(command -v dockerd) -H tcp://0.0.0.0:2376 -H unix:///var/run/docker.sock --tlsverify --tlscacert /etc/docker/ca.pem --tlscert /etc/docker/server.pem --tlskey /etc/docker/server-key.pem
END
systemctl daemon-reload
systemctl restart docker
REMOTE
} | ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
    -o IdentitiesOnly=yes -i "$KEY" "root@$IP" sh -s
until curl -sf --cacert "$CERTS/ca.pem" --cert "$CERTS/cert.pem" --key "$CERTS/key.pem" "https://$IP:2376/version"; do
    sleep 0.02
done
"#;

const FOLDERS: &str =
    "set -e; umask 077; mkdir -p /etc/docker /etc/systemd/system/docker.service.d\n";
const INSTALL: &str = "set -e; export DEBIAN_FRONTEND=noninteractive\n\
                       apt-get -qq update </dev/null; apt-get -qq install docker.io </dev/null >/dev/null 2>&1\n\
                       umask 077; mkdir -p /etc/docker /etc/systemd/system/docker.service.d\n";

pub(super) fn with_docker(subject: &Subject) -> Result<Vec<Row>> {
    let go = Go::Recorded("13.7 s, 23 connections");
    compare(subject, HostKind::Docker, "create -d generic", FOLDERS, go).map(|row| vec![row])
}

pub(super) fn without_docker(subject: &Subject) -> Result<Vec<Row>> {
    let what = "create -d generic, installing";
    compare(subject, HostKind::Plain, what, INSTALL, Go::Unknown).map(|row| vec![row])
}

fn compare(
    subject: &Subject,
    kind: HostKind,
    what: &str,
    setup: &str,
    recorded: Go,
) -> Result<Row> {
    let bed = Bed::get()?;
    let store = warm_store(subject, what)?;
    let (mut own, mut reference, mut go) = (Vec::new(), Vec::new(), Vec::new());
    let mut logins = 0;
    for round in 0..ROUNDS {
        let host = bed.host(kind).map_err(describe)?;
        let mut script = script(subject, &host, setup)?;
        reference.push(once(&mut script)?);
        drop(host);
        let host = bed.host(kind).map_err(describe)?;
        let name = format!("m{round}");
        own.push(once(&mut create(subject, &store, &host, &name))?);
        logins = host.ssh_logins().map_err(describe)?;
        answers(&store, &name, &host)?;
        drop(host);
        if subject.go.is_some() {
            let host = bed.host(kind).map_err(describe)?;
            let arguments = arguments(&host, &format!("go{round}"));
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let mut command = subject.go(&store, &arguments).context("no Go program")?;
            go.push(once(&mut command)?);
        }
    }
    Ok(Row {
        what: what.to_owned(),
        own: median(own),
        reference: median(reference),
        against: "script",
        goal: GOAL,
        go: if go.is_empty() { recorded } else { Go::Measured(median(go)) },
        notes: vec![Note::at_most("SSH connections", logins as u64, 1, "")],
    })
}

pub(super) fn eight(subject: &Subject) -> Result<Vec<Row>> {
    const COUNT: usize = 8;
    let bed = Bed::get()?;
    let store = warm_store(subject, "eight")?;
    let (mut own, mut reference) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let hosts = bed.hosts(HostKind::Docker, COUNT).map_err(describe)?;
        let scripts: Vec<Command> =
            hosts.iter().map(|host| script(subject, host, FOLDERS)).collect::<Result<_>>()?;
        reference.push(together(scripts)?);
        drop(hosts);
        let hosts = bed.hosts(HostKind::Docker, COUNT).map_err(describe)?;
        let creates = hosts
            .iter()
            .enumerate()
            .map(|(number, host)| create(subject, &store, host, &format!("m{round}-{number}")));
        own.push(together(creates.collect())?);
        for (number, host) in hosts.iter().enumerate() {
            answers(&store, &format!("m{round}-{number}"), host)?;
        }
    }
    Ok(vec![Row {
        what: format!("create -d generic, {COUNT} at once"),
        own: median(own),
        reference: median(reference),
        against: "scripts",
        goal: GOAL,
        go: Go::Unknown,
        notes: Vec::new(),
    }])
}

/// Runs all at once, and gives back how long it took until the last has ended.
fn together(commands: Vec<Command>) -> Result<Duration> {
    let begin = Instant::now();
    thread::scope(|scope| {
        let running: Vec<_> = commands
            .into_iter()
            .map(|mut command| scope.spawn(move || once(&mut command)))
            .collect();
        running.into_iter().try_for_each(|run| match run.join() {
            Ok(done) => done.map(drop),
            Err(_) => Err(anyhow!("a measurement panicked")),
        })
    })?;
    Ok(begin.elapsed())
}

/// A store that has its authority already: the script gets its certificates for nothing as well.
fn warm_store(subject: &Subject, name: &str) -> Result<PathBuf> {
    let store = subject.store(&name.replace(' ', "-"))?;
    succeed(
        &mut subject.own(&store, &["create", "-d", "none", "--url", "tcp://127.0.0.1:9", "first"]),
    )?;
    Ok(store)
}

fn arguments(host: &Host, name: &str) -> Vec<String> {
    let address = host.address().to_string();
    let key = host.ssh_key().display().to_string();
    ["create", "-d", "generic", "--generic-ip-address", &address, "--generic-ssh-key", &key, name]
        .map(str::to_owned)
        .to_vec()
}

pub(super) fn create(subject: &Subject, store: &Path, host: &Host, name: &str) -> Command {
    let arguments = arguments(host, name);
    subject.own(store, &arguments.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Certificates are made before the clock starts.
fn script(subject: &Subject, host: &Host, setup: &str) -> Result<Command> {
    let address = host.address().to_string();
    let certs = subject.store(&format!("script-{address}"))?;
    fs::write(certs.join("extensions"), format!("subjectAltName=IP:{address}\n"))
        .context("cannot write the script's files")?;
    fs::write(certs.join("setup"), setup).context("cannot write the script's files")?;
    let make = "set -e
        new() { openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj \"/O=bench/CN=$1\" -keyout \"$2\" \"$3\" -out \"$4\"; }
        new ca ca-key.pem -x509 ca.pem
        sign() { openssl x509 -req -in \"$1\" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out \"$2\" -days 2 -extfile extensions; }
        new server server-key.pem -new server.csr; sign server.csr server.pem
        new client key.pem -new client.csr; sign client.csr cert.pem";
    succeed(Command::new("sh").args(["-c", make]).current_dir(&certs))?;
    let mut command = Command::new("sh");
    command
        .args(["-c", SCRIPT])
        .env("IP", &address)
        .env("KEY", host.ssh_key())
        .env("SETUP", certs.join("setup"))
        .env("CERTS", certs)
        .stdin(Stdio::null());
    Ok(command)
}

/// That the machine really serves Docker over TLS with what the store holds.
fn answers(store: &Path, name: &str, host: &Host) -> Result<()> {
    let folder = store.join("machines").join(name);
    let mut curl = Command::new("curl");
    for (flag, file) in [("--cacert", "ca.pem"), ("--cert", "cert.pem"), ("--key", "key.pem")] {
        curl.arg(flag).arg(folder.join(file));
    }
    let text = succeed(curl.args(["-sf", &format!("https://{}:2376/version", host.address())]))?;
    ensure!(text.contains("ApiVersion"), "{name} does not serve Docker: {text}");
    Ok(())
}

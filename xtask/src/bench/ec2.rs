//! Machines on EC2, as moto plays it: nobody can log into them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use xshell::cmd;

use super::measure::{children, median, medians};
use super::report::{Go, Note, Row};
use super::{Subject, program, succeed};
use crate::shell;

const LISTED: usize = 200;
const MADE: usize = 20;
const LISTINGS: usize = 11;
const CREATES: usize = 3;
/// What a call takes where creates are timed, in seconds.
const LATENCY: &str = "0.2";
/// What a second of waiting takes, for the binary and the service: calls are to be timed, not waits.
const SCALE: &str = "0.001";

pub(super) fn run(subject: &Subject) -> Result<Vec<Row>> {
    let own = build(subject)?;
    Ok(vec![listing(subject, &own)?, creates(subject, &own)?])
}

/// A build with the cloud in it, which the other benches do without.
fn build(subject: &Subject) -> Result<PathBuf> {
    let sh = shell::open()?;
    cmd!(sh, "cargo build --release --package machine-cli --features cloud").run()?;
    cmd!(sh, "cargo build --release --package machine-testcloud").run()?;
    subject.keep("with-cloud")
}

/// `ls` of many instances against a client that knows their ids and reads nothing of the answer.
fn listing(subject: &Subject, own: &Path) -> Result<Row> {
    let account = Account::open(subject, own, "ec2-ls", "0")?;
    account.make(LISTED, "vm")?;
    let query = account.store.join("query");
    fs::write(&query, account.query()?).context("cannot write the bare request")?;
    let mut bare = || {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--data-binary"]);
        curl.arg(format!("@{}", query.display())).arg(&account.endpoint);
        curl
    };
    let answer = succeed(&mut bare())?;
    let described = answer.matches("<instanceId>").count();
    ensure!(described == LISTED, "{described} of {LISTED} instances are described");
    let listed = succeed(&mut account.own(&["ls"]))?;
    let running = listed.lines().filter(|line| line.contains("Running")).count();
    ensure!(running == LISTED, "{running} of {LISTED} machines run");
    let [own, reference] = medians(LISTINGS, [&mut || account.own(&["ls"]), &mut bare])?;
    Ok(Row {
        what: format!("ls, {LISTED} machines of EC2"),
        own,
        reference,
        against: "DescribeInstances",
        goal: 1.3,
        go: Go::Recorded("200 plugins, 200 calls"),
        notes: vec![Note::at_most("child processes", children(&account.own(&["ls"]))?, 0, "")],
    })
}

/// Many against one, with a group and certificates that are there already.
fn creates(subject: &Subject, own: &Path) -> Result<Row> {
    let account = Account::open(subject, own, "ec2-create", LATENCY)?;
    account.make(1, "first")?;
    let (mut one, mut many) = (Vec::new(), Vec::new());
    for round in 0..CREATES {
        one.push(account.make(1, &format!("one{round}"))?);
        many.push(account.make(MADE, &format!("many{round}"))?);
    }
    Ok(Row {
        what: format!("create --count {MADE} on EC2"),
        own: median(many),
        reference: median(one),
        against: "one",
        goal: 1.5,
        go: Go::Unknown,
        notes: Vec::new(),
    })
}

/// An account of its own, and a store.
struct Account<'a> {
    own: &'a Path,
    endpoint: String,
    store: PathBuf,
    /// Where the `ssh` is that cannot log in.
    path: String,
    /// Ends when its standard input does.
    cloud: Child,
}

impl<'a> Account<'a> {
    fn open(subject: &Subject, own: &'a Path, name: &str, delay: &str) -> Result<Self> {
        let store = subject.store(name)?;
        let folder = store.join("path");
        fs::create_dir(&folder).context("cannot make a folder")?;
        let ssh = folder.join("ssh");
        fs::write(&ssh, "#!/bin/sh\nexit 255\n").context("cannot write a program")?;
        let runs = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&ssh, runs).context("cannot write a program")?;
        let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
        let mut cloud = Command::new(shell::target().join("release/machine-testcloud"));
        cloud.args(["--delay", delay, "--scale", SCALE]);
        cloud.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut cloud = cloud.spawn().context("cannot start the cloud")?;
        let output = cloud.stdout.take().context("the cloud has no output")?;
        let mut endpoint = String::new();
        BufReader::new(output).read_line(&mut endpoint).context("the cloud is mute")?;
        if endpoint.is_empty() {
            bail!("the cloud does not start");
        }
        Ok(Self { own, endpoint: endpoint.trim().to_owned(), store, path, cloud })
    }

    fn own(&self, arguments: &[&str]) -> Command {
        let mut command = program(self.own, &self.store, arguments);
        command.env("PATH", &self.path).env("MACHINE_WAIT_SCALE", SCALE);
        command.env("AWS_ENDPOINT", &self.endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", "bench").env("AWS_SECRET_ACCESS_KEY", "bench");
        command
    }

    /// Makes machines, and gives back how long it took until all of them ran. It ends in failure,
    /// as nobody lets it log in.
    fn make(&self, count: usize, name: &str) -> Result<Duration> {
        let number = count.to_string();
        let many = ["create", "-d", "amazonec2", "--count", &number, name];
        let one = ["create", "-d", "amazonec2", name];
        let mut command = self.own(if count > 1 { &many } else { &one });
        let begin = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let output = child.stdout.take().context("the program has no output")?;
        let (mut running, mut took) = (0, Duration::ZERO);
        for line in BufReader::new(output).lines() {
            if line?.contains("Detecting operating system") {
                (running, took) = (running + 1, begin.elapsed());
            }
        }
        child.wait().context("cannot wait for a child")?;
        ensure!(running == count, "{command:?}: {running} machines run");
        Ok(took)
    }

    /// The one request that tells of all of them.
    fn query(&self) -> Result<String> {
        let mut query =
            "Action=DescribeInstances&Version=2016-11-15&MaxResults=1000&Filter.1.Name=instance-id"
                .to_owned();
        for (index, name) in succeed(&mut self.own(&["ls", "-q"]))?.lines().enumerate() {
            let file = self.store.join("machines").join(name).join("config.json");
            let text = fs::read(&file).context("cannot read a machine")?;
            let config: Value = serde_json::from_slice(&text).context("cannot read a machine")?;
            let id =
                config["Driver"]["InstanceId"].as_str().context("a machine has no instance")?;
            query += &format!("&Filter.1.Value.{}={id}", index + 1);
        }
        Ok(query)
    }
}

impl Drop for Account<'_> {
    fn drop(&mut self) {
        drop(self.cloud.stdin.take());
        self.cloud.wait().ok();
    }
}

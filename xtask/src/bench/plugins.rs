//! Machines of a driver that is a program of its own, written in Go.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};

use super::listing::{SEED, copies};
use super::measure::{median, medians, once, peak_mib};
use super::report::{Go, Note, Row};
use super::{Subject, succeed};
use crate::shell;

const MACHINES: usize = 100;
const AT_ONCE: usize = 8;
const ROUNDS: usize = 5;
/// On machines of a driver of this name nothing is set up.
const DRIVER: &str = "ci-test";

pub(super) fn run(subject: &Subject) -> Result<Vec<Row>> {
    let driver = Driver::build(subject)?;
    let store = subject.store("plugins")?;
    succeed(&mut driver.own(subject, &store, &["create", "-d", DRIVER, SEED]))?;
    copies(&store, "machine", MACHINES)?;
    for number in 0..MACHINES {
        fs::write(driver.cloud.join(format!("server-machine{number:04}")), "running")
            .context("cannot make a machine")?;
    }
    succeed(&mut driver.own(subject, &store, &["rm", "-y", SEED]))?;
    Ok(vec![driver.listing(subject, &store)?, driver.help(subject, &store)?])
}

struct Driver {
    program: PathBuf,
    /// Where it is found.
    path: PathBuf,
    /// Where its machines are.
    cloud: PathBuf,
}

impl Driver {
    fn build(subject: &Subject) -> Result<Self> {
        let [path, cloud] =
            ["plugin-path", "plugin-cloud"].map(|name| subject.work.path().join(name));
        for folder in [&path, &cloud] {
            fs::create_dir_all(folder).context("cannot make a folder")?;
        }
        let program = path.join(format!("docker-machine-driver-{DRIVER}"));
        let mut go = Command::new("go");
        go.args(["build", "-o"]).arg(&program).arg("./driver");
        go.current_dir(shell::root().join("machine-plugin/tests/go"));
        succeed(go.env("GOTOOLCHAIN", "local").env("CGO_ENABLED", "0"))?;
        Ok(Self { program, path, cloud })
    }

    fn own(&self, subject: &Subject, store: &Path, arguments: &[&str]) -> Command {
        let mut command = subject.own(store, arguments);
        command.env("PATH", &self.path).env("PEER_CLOUD", &self.cloud);
        command
    }

    fn listing(&self, subject: &Subject, store: &Path) -> Result<Row> {
        let (mut own, mut alone) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let times = (once(&mut self.own(subject, store, &["ls"]))?, self.processes_alone()?);
            if round > 0 {
                own.push(times.0);
                alone.push(times.1);
            }
        }
        let listed = succeed(&mut self.own(subject, store, &["ls"]))?;
        let running = listed.lines().filter(|line| line.contains("Running")).count();
        ensure!(running == MACHINES, "{running} of {MACHINES} machines run");
        let peak = peak_mib(&self.own(subject, store, &["ls"]))?;
        Ok(Row {
            what: format!("ls, {MACHINES} machines of a plugin"),
            own: median(own),
            reference: median(alone),
            against: "its processes",
            goal: 2.0,
            go: Go::Unknown,
            notes: vec![
                Note::at_most("peak memory", peak, 60, " MiB"),
                Note::at_most(
                    "plugins at once",
                    self.most_at_once(subject, store)?,
                    AT_ONCE as u64,
                    "",
                ),
            ],
        })
    }

    /// Each started until it says where it listens, and ended: nothing is asked of them.
    fn processes_alone(&self) -> Result<Duration> {
        let (begin, next) = (Instant::now(), AtomicUsize::new(0));
        thread::scope(|scope| {
            let worker = || {
                while next.fetch_add(1, Ordering::SeqCst) < MACHINES {
                    self.start_and_end()?;
                }
                Ok(())
            };
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(worker)).collect();
            workers.into_iter().try_for_each(|worker| match worker.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
        .map(|()| begin.elapsed())
    }

    fn start_and_end(&self) -> Result<()> {
        let mut plugin = Command::new(&self.program);
        plugin.env("MACHINE_PLUGIN_TOKEN", "42").env("PEER_CLOUD", &self.cloud);
        plugin.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut plugin = plugin.spawn().context("cannot start the plugin")?;
        let output = plugin.stdout.take().context("the plugin has no output")?;
        BufReader::new(output).read_line(&mut String::new()).context("the plugin is mute")?;
        plugin.kill().context("cannot end the plugin")?;
        plugin.wait().context("cannot end the plugin")?;
        Ok(())
    }

    /// Each says when it starts how many there are.
    fn most_at_once(&self, subject: &Subject, store: &Path) -> Result<u64> {
        let calls = self.cloud.join(".calls");
        fs::remove_file(&calls).context("cannot count plugins")?;
        succeed(self.own(subject, store, &["ls"]).env("PEER_MODE", "count"))?;
        let text = fs::read_to_string(&calls).context("cannot count plugins")?;
        let counts = text.lines().filter_map(|line| line.split_once(" living ")?.1.parse().ok());
        counts.max().context("no plugin was counted")
    }

    fn help(&self, subject: &Subject, store: &Path) -> Result<Row> {
        let mut times = Vec::new();
        let mut own = || self.own(subject, store, &["create", "-d", DRIVER, "--help"]);
        let mut rounds = Vec::new();
        for _ in 0..=4 * ROUNDS {
            let begin = Instant::now();
            self.start_and_end()?;
            times.push(begin.elapsed());
            let [took] = medians(1, [&mut own])?;
            rounds.push(took);
        }
        Ok(Row {
            what: "create -d PLUGIN --help".to_owned(),
            own: median(rounds),
            reference: median(times),
            against: "its process",
            goal: 2.0,
            go: Go::Unknown,
            notes: Vec::new(),
        })
    }
}

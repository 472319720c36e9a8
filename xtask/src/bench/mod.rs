//! Times the release build against what it is measured by, both in the same run.

mod create;
mod ec2;
mod engines;
mod listing;
mod measure;
mod parallel;
mod plugins;
mod report;
mod startup;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;
use xshell::{Shell, cmd};

use crate::{setup, shell};
use report::Row;

struct Bench {
    name: &'static str,
    about: &'static str,
    run: fn(&Subject) -> Result<Vec<Row>>,
}

const BENCHES: &[Bench] = &[
    Bench {
        name: "startup",
        about: "version, ip, inspect and status against /bin/true, and the CPU time of --version",
        run: startup::run,
    },
    Bench {
        name: "ls",
        about: "ls and ls -q over 500 and 5000 machines against cat of the same files",
        run: listing::run,
    },
    Bench {
        name: "fleet",
        about: "ls over 200 engines of which 20 hang against its own time-out",
        run: engines::fleet,
    },
    Bench {
        name: "handshake",
        about: "env and config against openssl s_client with the same engine",
        run: engines::handshakes,
    },
    Bench {
        name: "create",
        about: "create -d generic on a host with Docker against a script",
        run: create::with_docker,
    },
    Bench {
        name: "install",
        about: "the same on a host without Docker",
        run: create::without_docker,
    },
    Bench {
        name: "eight",
        about: "eight creates at once on eight hosts against the script on eight",
        run: create::eight,
    },
    Bench {
        name: "authority",
        about: "50 creates at once in an empty store share one certificate authority",
        run: parallel::run,
    },
    Bench {
        name: "plugins",
        about: "ls over 100 machines of a Go driver and help of its flags against its processes",
        run: plugins::run,
    },
    Bench {
        name: "ec2",
        about: "ls over 200 machines of EC2 against one call, and create --count 20 against one",
        run: ec2::run,
    },
];

pub(crate) fn run(sh: &Shell, names: &[String]) -> Result<()> {
    if names == ["--list"] {
        for bench in BENCHES {
            println!("{:<12}{}", bench.name, bench.about);
        }
        return Ok(());
    }
    if let Some(unknown) =
        names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != **name))
    {
        bail!("there is no bench `{unknown}`: see --list");
    }
    let mut packages = setup::missing(setup::BENCH);
    packages.extend(machine_testbed::missing_for_moto());
    setup::install(sh, &packages)?;
    cmd!(sh, "cargo build --release --package machine-cli").run()?;
    let subject = Subject::new()?;
    let mut rows = Vec::new();
    for bench in BENCHES
        .iter()
        .filter(|bench| names.is_empty() || names.iter().any(|name| name == bench.name))
    {
        println!("{}: {}", bench.name, bench.about);
        rows.extend((bench.run)(&subject).with_context(|| format!("bench `{}`", bench.name))?);
    }
    report::print(&rows, subject.go.is_some());
    Ok(())
}

/// What is measured.
struct Subject {
    /// Our release build.
    own: PathBuf,
    /// The Go program, where `DOCKER_MACHINE_GO` names one.
    go: Option<PathBuf>,
    /// A folder for stores.
    work: TempDir,
}

impl Subject {
    fn new() -> Result<Self> {
        let mut subject = Self {
            own: PathBuf::new(),
            go: env::var_os("DOCKER_MACHINE_GO").map(PathBuf::from),
            work: tempfile::tempdir().context("cannot make a folder for stores")?,
        };
        subject.own = subject.keep("default")?;
        Ok(subject)
    }

    /// A copy of what was just built: other builds take its place.
    fn keep(&self, name: &str) -> Result<PathBuf> {
        let copy = self.store(name)?.join("docker-machine");
        std::fs::copy(shell::target().join("release/docker-machine"), &copy)
            .context("cannot copy what was built")?;
        Ok(copy)
    }

    /// Our program on a store.
    fn own(&self, store: &Path, arguments: &[&str]) -> Command {
        program(&self.own, store, arguments)
    }

    /// The Go program on a store.
    fn go(&self, store: &Path, arguments: &[&str]) -> Option<Command> {
        self.go.as_ref().map(|go| program(go, store, arguments))
    }

    /// A store of this name with nothing in it.
    fn store(&self, name: &str) -> Result<PathBuf> {
        let store = self.work.path().join(name);
        std::fs::create_dir_all(&store).context("cannot make a store")?;
        Ok(store)
    }
}

fn program(path: &Path, store: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("DOCKER_") || text.starts_with("MACHINE_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).env("MACHINE_STORAGE_PATH", store).stdin(Stdio::null());
    command
}

/// Runs it and fails with its words when it does.
fn succeed(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} failed: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

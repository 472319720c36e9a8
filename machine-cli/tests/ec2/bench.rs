use crate::answer::Answer;
use machine_host::RealClock;
use machine_testcloud::{Cloud, Request};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// What a second of waiting takes, for the binary and for the service.
const SCALE: f64 = 0.004;

/// Where all instances seem to be: nobody is there.
const NOWHERE: &str = "127.0.0.2";

/// An account, and a sealed home for the binary.
pub(crate) struct Bench {
    pub(crate) cloud: Cloud,
    runtime: Runtime,
    scale: f64,
    folder: tempfile::TempDir,
}

impl Bench {
    /// A fresh account; none where moto cannot be had, which is a failure where it is required.
    pub(crate) fn or_skip() -> Option<Self> {
        Self::with_scale(SCALE)
    }

    /// With other waits than most tests have.
    pub(crate) fn with_scale(scale: f64) -> Option<Self> {
        let cloud = match Cloud::start(Arc::new(RealClock::scaled(scale))) {
            Ok(cloud) => cloud,
            Err(why) if std::env::var_os("MACHINE_TESTS_REQUIRED").is_some_and(|v| v == "1") => {
                panic!("moto is required: {why}")
            }
            Err(why) => {
                eprintln!("skipped: {why}");
                return None;
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let bench = Self { cloud, runtime, scale, folder: tempfile::tempdir().unwrap() };
        bench.cloud.set_address(NOWHERE);
        // Nobody may call the addresses that moto hands out, whatever goes wrong; and these are words
        // after which nobody calls again, which would take three minutes.
        let bin = bench.home().join("bin");
        std::fs::create_dir(&bin).unwrap();
        let ssh = bin.join("ssh");
        std::fs::write(&ssh, "#!/bin/sh\necho 'Host key verification failed.' >&2\nexit 255\n")
            .unwrap();
        std::fs::set_permissions(&ssh, std::fs::Permissions::from_mode(0o755)).unwrap();
        Some(bench)
    }

    /// Lets the binary log in for real, where instances are somewhere.
    pub(crate) fn use_ssh(&self) {
        std::fs::remove_file(self.home().join("bin/ssh")).unwrap();
    }

    /// What a second of waiting takes, in seconds.
    pub(crate) fn scale(&self) -> f64 {
        self.scale
    }

    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.home().join("store")
    }

    /// The binary with nothing of the caller's environment but `PATH`, and that behind our own.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docker-machine"));
        command.args(args).env_clear().current_dir(self.home()).stdin(Stdio::null());
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.home().join("bin").display()));
        command.env("HOME", self.home()).env("USER", "tester").env("SHELL", "/bin/sh");
        command.env("MACHINE_STORAGE_PATH", self.store());
        command.env("MACHINE_WAIT_SCALE", self.scale.to_string());
        command.env("AWS_ENDPOINT", self.cloud.endpoint());
        command.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "canary");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        Answer::new(self.command(args).output().unwrap())
    }

    /// Makes a machine that nobody can log into.
    #[track_caller]
    pub(crate) fn make(&self, args: &[&str]) {
        is_made(&self.run(&[&["create", "-d", "amazonec2"], args].concat()));
    }

    /// Makes a security group by hand, as a stranger would.
    pub(crate) fn make_group(&self, name: &str) {
        self.runtime.block_on(self.cloud.make_group(name, &BTreeMap::new(), &[22, 2376]));
    }

    /// All that is in the account.
    pub(crate) fn resources(&self) -> Vec<String> {
        self.runtime.block_on(self.cloud.resources())
    }

    /// Names below the store's `machines/` and `journal/`.
    pub(crate) fn left(&self) -> Vec<String> {
        let names = |folder: &str| {
            let all = std::fs::read_dir(self.store().join(folder)).into_iter().flatten();
            all.map(|e| format!("{folder}/{}", e.unwrap().file_name().to_string_lossy()))
                .collect::<Vec<_>>()
        };
        [names("machines"), names("journal")].concat()
    }
}

/// What a `create` says whose driver has done its part.
#[track_caller]
pub(crate) fn is_made(answer: &Answer) {
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    let words = ["waiting for machine to be running", "Error detecting OS"];
    assert!(words.iter().any(|words| answer.stderr.contains(words)), "{answer:?}");
}

/// Calls of that name.
pub(crate) fn count(calls: &[Request], action: &str) -> usize {
    calls.iter().filter(|call| call.action == action).count()
}

use crate::answer::Answer;
use machine_testbed::{Bed, Host};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A sealed home and store for the binary.
pub(crate) struct Bench {
    pub(crate) bed: &'static Bed,
    folder: tempfile::TempDir,
}

impl Bench {
    /// None where there are no hosts: the reason is printed.
    pub(crate) fn or_skip() -> Option<Self> {
        Some(Self { bed: Bed::or_skip()?, folder: tempfile::tempdir().unwrap() })
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub(crate) fn home(&self) -> &Path {
        self.folder.path()
    }

    /// The binary with nothing of the caller's environment but `PATH`.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docker-machine"));
        command.args(args).env_clear().current_dir(self.home()).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home()).env("USER", "tester").env("SHELL", "/bin/sh");
        command.env("MACHINE_STORAGE_PATH", self.store());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Answer {
        Answer::new(self.command(args).output().unwrap())
    }

    /// Flags that create a machine on `host`.
    pub(crate) fn flags(host: &Host) -> Vec<String> {
        vec![
            "-d".into(),
            "generic".into(),
            format!("--generic-ip-address={}", host.address()),
            format!("--generic-ssh-key={}", host.ssh_key().display()),
        ]
    }

    pub(crate) fn create(&self, host: &Host, more: &[&str], name: &str) -> Answer {
        let flags = Self::flags(host);
        let mut args = vec!["create"];
        args.extend(flags.iter().map(String::as_str));
        args.extend(more);
        args.push(name);
        self.run(&args)
    }

    /// A real docker client, with the environment that `env NAME` prints.
    pub(crate) fn docker(&self, name: &str, args: &[&str]) -> Answer {
        let exports = self.run(&["env", name]).ok();
        let script = format!("{exports}\nexec \"$@\"");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "sh"]).arg(self.bed.docker_client()).args(args);
        command.env("HOME", self.home()).stdin(Stdio::null());
        Answer::new(command.output().unwrap())
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

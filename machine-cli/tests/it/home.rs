use crate::platform;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The program under test.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_docker-machine");

/// A home folder with nothing of the caller's in it.
pub(crate) struct Home {
    folder: TempDir,
    variables: Vec<(String, String)>,
    input: String,
}

/// What a caller sees.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        Self { folder, variables: Vec::new(), input: String::new() }
    }

    /// A home whose store holds these `none` machines.
    pub(crate) fn with(names: &[&str]) -> Self {
        let home = Self::new();
        names.iter().for_each(|name| home.add(name, &config(name)));
        home
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.path().join("store")
    }

    pub(crate) fn machine(&self, name: &str) -> PathBuf {
        self.store().join("machines").join(name)
    }

    /// Writes a machine's `config.json`; `@STORE@` in it is the store.
    pub(crate) fn add(&self, name: &str, config: &str) {
        let folder = self.machine(name);
        std::fs::create_dir_all(&folder).unwrap();
        let text = config.replace("@STORE@", &self.store().to_string_lossy());
        std::fs::write(folder.join("config.json"), text).unwrap();
    }

    /// Sets an environment variable of the program.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What the program reads.
    pub(crate) fn input(&mut self, text: &str) -> &mut Self {
        text.clone_into(&mut self.input);
        self
    }

    /// Where programs are looked for.
    pub(crate) fn bin(&self) -> PathBuf {
        self.path().join("bin")
    }

    /// The program, ready to run.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(PROGRAM);
        platform::rename(&mut command);
        command.args(args).current_dir(self.path()).env_clear();
        command.env("HOME", self.path()).env("USERPROFILE", self.path()).env("USER", "tester");
        command.env("SHELL", "/bin/bash").env("PATH", self.bin());
        command.env("MACHINE_STORAGE_PATH", self.store());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Answer {
        let mut child = self.command(args).spawn().unwrap();
        // A program that does not read closes its end early.
        child.stdin.take().unwrap().write_all(self.input.as_bytes()).ok();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap().replace(&*self.path().to_string_lossy(), "@HOME@")
        };
        Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs the words of a line.
    pub(crate) fn line(&self, line: &str) -> Answer {
        self.run(&line.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>())
    }

    /// Checks what a line answers.
    #[track_caller]
    pub(crate) fn check(&self, line: &str, code: i32, out: &str, err: &str) {
        let want = Answer { code: Some(code), out: out.to_owned(), err: err.to_owned() };
        assert_eq!(self.line(line), want, "{line}");
    }

    /// Checks that a line prints `out` and succeeds.
    #[track_caller]
    pub(crate) fn prints(&self, line: &str, out: &str) {
        self.check(line, 0, out, "");
    }

    /// Checks that a line fails with `err` alone.
    #[track_caller]
    pub(crate) fn fails(&self, line: &str, err: &str) {
        self.check(line, 1, "", err);
    }
}

/// Text of the error of a machine that is not there.
pub(crate) fn missing(name: &str) -> String {
    format!(
        "Docker machine \"{name}\" does not exist. Use \"docker-machine ls\" to list machines. \
         Use \"docker-machine create\" to add a new one.\n"
    )
}

pub(crate) const NO_DEFAULT: &str =
    "Error: No machine name(s) specified and no \"default\" machine exists\n";

pub(crate) const EXPECTED_ONE: &str = "Error: Expected one machine name as an argument\n";

/// `config.json` as the Go program writes it for `create -d none --url tcp://127.0.0.1:1`.
pub(crate) fn config(name: &str) -> String {
    include_str!("../golden/config.json").trim_end().replace("NAME", name)
}

/// The same with another driver object; `fields` follow the base fields.
pub(crate) fn with_driver(name: &str, driver: &str, object: &str) -> String {
    let text = config(name);
    let start = text.find("    \"Driver\": {").unwrap();
    let end = text.find("    \"DriverName\"").unwrap();
    format!("{}    \"Driver\": {object},\n{}", &text[..start], &text[end..])
        .replace("\"DriverName\": \"none\"", &format!("\"DriverName\": \"{driver}\""))
}

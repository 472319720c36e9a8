//! The Go host, with a store and a cloud of its own.
use crate::provider::CLOUD;
use machine_plugin::Driver;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

pub(crate) struct Host {
    folder: TempDir,
    program: PathBuf,
}

impl Host {
    pub(crate) fn new(program: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in ["store", "cloud", "bin"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        // Names that Docker Machine has built in are looked for in itself.
        for name in ["docker-machine-driver-folder", "docker-machine"] {
            let me = std::env::current_exe().unwrap();
            let script = format!("#!/bin/sh\nexec '{}'\n", me.display());
            write_program(&folder.path().join("bin").join(name), &script);
        }
        Self { folder, program }
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("store")
    }

    pub(crate) fn command(&self, driver: &str, args: &[&str]) -> Command {
        let mut go = Command::new(&self.program);
        go.arg(self.store()).args(["m1", driver]).args(args);
        go.env("PATH", self.folder.path().join("bin")).env(CLOUD, self.folder.path().join("cloud"));
        go.env("FOLDER_TOKEN", "good").env_remove("MACHINE_PLUGIN_TOKEN");
        go
    }

    /// The served driver for our own client.
    pub(crate) fn driver(&self) -> Driver {
        let path = self.folder.path().join("bin/driver-with-cloud");
        let script = format!(
            "#!/bin/sh\nexport {CLOUD}='{}' FOLDER_TOKEN=good\nexec '{}'\n",
            self.folder.path().join("cloud").display(),
            std::env::current_exe().unwrap().display(),
        );
        write_program(&path, &script);
        Driver::new("folder", path)
    }

    /// Result and error of one command.
    pub(crate) fn run(&self, driver: &str, args: &[&str]) -> (Json, Option<String>) {
        let output = self.command(driver, args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // Lines of the plugin come first.
        let answer = text.lines().last().unwrap_or_default();
        let answer: Json = serde_json::from_str(answer).unwrap_or_else(|_| {
            panic!("{args:?}: {text} {}", String::from_utf8_lossy(&output.stderr))
        });
        (answer["result"].clone(), answer["error"].as_str().map(str::to_owned))
    }

    #[track_caller]
    pub(crate) fn ok(&self, driver: &str, args: &[&str]) -> Json {
        let (result, error) = self.run(driver, args);
        assert_eq!(error, None, "{args:?}");
        result
    }

    #[track_caller]
    pub(crate) fn err(&self, driver: &str, args: &[&str]) -> String {
        self.run(driver, args).1.expect("it should fail")
    }

    /// The settings as stored.
    pub(crate) fn settings(&self) -> Json {
        let path = self.store().join("machines/m1/driver.json");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    pub(crate) fn set_settings(&self, settings: &Json) {
        fs::write(self.store().join("machines/m1/driver.json"), settings.to_string()).unwrap();
    }

    pub(crate) fn cloud(&self) -> BTreeSet<String> {
        names(&self.folder.path().join("cloud"))
    }

    pub(crate) fn journals(&self) -> BTreeSet<String> {
        names(&self.store().join("plugins/journal"))
    }
}

fn names(folder: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(folder).into_iter().flatten();
    files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect()
}

/// By a child, or another thread's child may hold the file open for writing.
fn write_program(path: &Path, script: &str) {
    let mut shell = Command::new("sh");
    shell.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let mut shell = shell.spawn().unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(shell.wait().unwrap().success());
}

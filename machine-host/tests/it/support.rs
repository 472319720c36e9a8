//! What several tests need.
use machine_core::State;
use machine_host::{Config, EngineOptions, Entry, Own, Store, SwarmOptions};
use std::path::Path;
use std::process::{Command, Output};

/// Says why a test cannot run here; where tests are required, that is a failure.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("MACHINE_TESTS_REQUIRED").is_none_or(|v| v != "1"), "skipped: {why}");
    println!("skipped: {why}");
}

/// Text of an error and its causes.
pub(crate) fn chain(error: &machine_core::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// A machine of the driver `none` with no flags given.
pub(crate) fn entry(store: &Store, name: &str, own: Option<Own>) -> Entry {
    let root = store.root().display();
    let driver = format!(
        r#"{{"IPAddress":"127.0.0.1:2376","MachineName":"{name}","SSHUser":"","SSHPort":0,"SSHKeyPath":"","StorePath":"{root}","SwarmMaster":false,"SwarmHost":"","SwarmDiscovery":"","URL":"tcp://127.0.0.1:2376"}}"#
    );
    let (engine, swarm) = (EngineOptions::default(), SwarmOptions::default());
    let driver = State::from_json(&driver).unwrap();
    let auth = store.auth_options(name);
    Entry::new(Config::new(name, "none", driver, &engine, &swarm, &auth).unwrap(), own)
}

/// Puts a `config.json` of any content into a store.
pub(crate) fn put(store: &Store, name: &str, config: impl AsRef<[u8]>) {
    let folder = store.machine_dir(name);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.json"), config).unwrap();
}

/// All paths below a folder with mode and content, to tell whether anything was written.
pub(crate) fn snapshot(folder: &Path) -> Vec<String> {
    let mut all = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let content = if metadata.is_file() { std::fs::read(&path).unwrap() } else { vec![] };
            let (time, mode) = (metadata.modified().unwrap(), metadata.permissions());
            all.push(format!("{} {time:?} {mode:?} {content:?}", path.display()));
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    all.sort();
    all
}

/// Permission bits, where the system has some.
pub(crate) fn mode(path: &Path) -> Option<u32> {
    crate::platform::mode_of(&path.metadata().unwrap())
}

/// A test of this program in a process of its own: it must be `#[ignore]`d, and finds `value` in
/// the environment variable `CHILD`.
pub(crate) fn child(test: &str, value: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]).env("CHILD", value);
    command
}

/// [`child`] with a file system of its own (`options` as for `mount -t tmpfs -o`) on the folder
/// `place`. None, with the reason, where that is not allowed.
pub(crate) fn child_on_tmpfs(test: &str, place: &Path, options: &str) -> Result<Output, String> {
    let probe =
        Command::new("unshare").args(["-m", "mount", "-t", "tmpfs", "tmpfs"]).arg(place).output();
    match probe {
        Ok(probe) if probe.status.success() => {}
        Ok(probe) => return Err(String::from_utf8_lossy(&probe.stderr).trim().to_owned()),
        Err(e) => return Err(format!("unshare: {e}")),
    }
    let script = r#"mount -t tmpfs -o "$1" tmpfs "$2" && shift 2 && exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", script, "sh", options]).arg(place);
    command.arg(std::env::current_exe().unwrap());
    command.args([test, "--exact", "--ignored", "--nocapture"]).env("CHILD", place);
    Ok(command.output().unwrap())
}

pub(crate) fn assert_success(output: &Output) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}\n{}", text(&output.stdout), text(&output.stderr));
    let ran = text(&output.stdout).contains("1 passed");
    assert!(ran, "the child ran nothing: {}", text(&output.stdout));
}

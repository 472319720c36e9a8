//! From `driver new` to a machine that is removed again: what the author of a driver does.
use crate::bench::Bench;
use machine_testbed::{Host, HostKind};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Cargo in the new crate, without a network. What it builds is kept for the next run.
fn cargo(folder: &Path, words: &[&str]) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("driver-new");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.args(words).current_dir(folder);
    cargo.env("CARGO_TARGET_DIR", &target).env("CARGO_PROFILE_DEV_DEBUG", "0");
    let output = cargo.output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "cargo {words:?}: {said}");
    target
}

/// A tool that has one machine, `host`, and asks the test to switch it.
fn write_tool(folder: &Path, host: &Host) -> PathBuf {
    let script = format!(
        r#"#!/bin/sh
cd '{folder}' || exit 1
known() {{ [ -e name ] && [ "$1" = "$(cat name)" ] || exit 3; }}
case $1 in
list) [ ! -e name ] || echo "$(cat name) $(cat state) {address}" ;;
create)
    ssh -i '{key}' -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
        root@{address} 'cat >>.ssh/authorized_keys' || exit 1
    echo running >state && echo "$2" >name ;;
start | stop)
    known "$2"
    touch "ask-$1"
    while [ -e "ask-$1" ]; do sleep 0.05; done
    case $1 in start) echo running ;; stop) echo stopped ;; esac >state ;;
delete) known "$2" && rm name ;;
esac
"#,
        folder = folder.display(),
        address = host.address(),
        key = host.ssh_key().display(),
    );
    let path = folder.join("tool");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// Switches the host as the tool asks, until the end.
fn switch(folder: &Path, host: &Host, ended: &AtomicBool) {
    while !ended.load(Ordering::SeqCst) {
        for (what, ask) in ["start", "stop"].map(|what| (what, folder.join(format!("ask-{what}"))))
        {
            if ask.exists() {
                if what == "start" { host.start() } else { host.stop() }.unwrap();
                fs::remove_file(ask).unwrap();
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends the thread that switches, also when the test fails.
struct End<'a>(&'a AtomicBool);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

#[test]
fn a_new_driver_is_written_built_installed_and_used() {
    let Some(bench) = Bench::or_skip() else { return };
    let ours = workspace().display().to_string();
    let said = bench.run(&["driver", "new", "mydriver", "--patch-path", &ours]).ok();
    assert_eq!(said, "Wrote driver \"mydriver\" to mydriver/; see mydriver/README.md\n");
    let folder = bench.home().join("mydriver");
    cargo(&folder, &["fmt", "--check"]);
    // The versions that are here already.
    fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
    cargo(&folder, &["test", "--quiet", "--offline"]);
    let target = cargo(&folder, &["build", "--quiet", "--offline", "--locked"]);

    let missing = bench.run(&["driver", "install", "mydriver"]);
    assert!(missing.stderr.starts_with("the driver itself is missing: "), "{missing:?}");
    let program = "docker-machine-driver-mydriver";
    fs::copy(target.join("debug").join(program), folder.join(program)).unwrap();
    let said = bench.run(&["driver", "install", "mydriver"]).ok();
    assert_eq!(said, "Installed driver \"mydriver\" 0.1.0\n");
    fs::remove_dir_all(&folder).unwrap();

    let host = bench.bed.host(HostKind::Docker).unwrap();
    let place = bench.home().join("tool");
    fs::create_dir(&place).unwrap();
    let tool = write_tool(&place, &host).display().to_string();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| switch(&place, &host, &ended));
        let _end = End(&ended);
        let said =
            bench.run(&["create", "--driver=mydriver", "--mydriver-command", &tool, "my-vm"]).ok();
        assert!(said.contains("Docker is up and running!"), "{said}");
        let row = bench.run(&["ls", "--format", "{{.Name}} {{.DriverName}} {{.State}}"]).ok();
        assert_eq!(row, "my-vm mydriver Running\n");
        assert!(bench.docker("my-vm", &["version"]).ok().contains("Server:"));

        bench.run(&["stop", "my-vm"]).ok();
        assert!(!host.is_running().unwrap());
        assert_eq!(bench.run(&["status", "my-vm"]).ok(), "Stopped\n");
        bench.run(&["start", "my-vm"]).ok();
        assert_eq!(bench.run(&["status", "my-vm"]).ok(), "Running\n");
        assert_eq!(bench.run(&["ssh", "my-vm", "echo", "foo"]).ok(), "foo\n");

        bench.run(&["rm", "-y", "my-vm"]).ok();
        assert!(!place.join("name").exists());
        assert_eq!(bench.left(), Vec::<String>::new());
    });
    assert_eq!(bench.run(&["driver", "rm", "mydriver"]).ok(), "Removed driver \"mydriver\"\n");
}

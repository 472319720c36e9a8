//! The shells that hosts have, without a host.
use crate::site::{LIMIT, wait};
use machine_core::SshEndpoint;
use machine_host::{Patience, RealClock, Session, SshClient, Target};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

/// Shells that a host may have as its `sh`.
const SHELLS: [&str; 3] = ["dash", "bash --posix", "busybox sh"];

fn is_there(shell: &str) -> bool {
    let program = shell.split(' ').next().unwrap_or_default();
    let there = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output();
    there.is_ok_and(|o| o.status.success())
}

/// A client that starts a shell here instead of logging in, as whoever runs the test.
fn local(folder: &Path, shell: &str) -> Target {
    let program = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    };
    program("id", "#!/bin/sh\necho 0\n");
    let start = format!("#!/bin/sh\necho motd\nPATH={}:$PATH exec {shell}\n", folder.display());
    let inner = format!("#!/bin/sh\nexec {shell} \"$@\"\n");
    program("sh", &inner);
    let endpoint = SshEndpoint::new("localhost", 22, "root");
    let mut target = Target::new("m", endpoint, folder.join("known_hosts"));
    target.client = SshClient::Program(program("ssh", &start));
    target
}

#[test]
fn frames_are_understood_by_every_posix_shell() {
    for shell in SHELLS.into_iter().filter(|s| is_there(s)) {
        let folder = tempfile::tempdir().unwrap();
        let target = local(folder.path(), shell);
        wait(async {
            let (clock, patience) = (RealClock::default(), Patience::EXISTING);
            let (mut session, _) = Session::open(&target, &clock, patience).await.unwrap();
            let script = "cat; note a b; printf '%s' \"it's\"; echo e >&2; (exit 2); exit 5";
            let mut notes = Vec::new();
            let mut note = |text: &str| notes.push(text.to_owned());
            let reply = session.run_with_notes(script, LIMIT, &mut note).await.unwrap();
            assert_eq!((reply.status, reply.stdout.as_str()), (5, "it's"), "{shell}");
            assert_eq!((reply.stderr.as_str(), notes.len()), ("e\n", 1), "{shell}");
            let long = "x".repeat(300_000);
            let script = format!("cat <<'END' | tr -d '\\n' | wc -c\n{long}\nEND\n");
            let reply = session.run(&script, LIMIT).await.unwrap();
            assert_eq!(reply.stdout.trim(), "300000", "{shell}");
            assert_ne!(session.run("if (", LIMIT).await.unwrap().status, 0, "{shell}");
            assert_eq!(session.run("exit 7", LIMIT).await.unwrap().status, 7, "{shell}");
            session.close().await;
        });
    }
}

#[test]
fn the_scripts_are_posix() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/provision/scripts");
    for entry in std::fs::read_dir(folder).unwrap() {
        let script = entry.unwrap().path();
        for shell in SHELLS.into_iter().filter(|s| is_there(s)) {
            let line = format!("exec {shell} -n \"$0\"");
            let out = Command::new("sh").args(["-c", &line]).arg(&script).output().unwrap();
            let said = String::from_utf8_lossy(&out.stderr);
            assert!(out.status.success(), "{shell}: {}: {said}", script.display());
        }
    }
}

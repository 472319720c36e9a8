//! What goes wrong on a host or on our disk: one clear error, the right exit code, nothing lost.
use crate::answer::Answer;
use crate::bench::Bench;
use machine_testbed::HostKind;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

/// One error, in one place, and the machine can be removed.
#[track_caller]
fn refused(bench: &Bench, answer: &Answer, words: &[&str]) {
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    assert!(answer.stderr.starts_with("Error creating machine: "), "{answer:?}");
    for word in words {
        assert!(answer.stderr.contains(word), "no {word:?}: {answer:?}");
    }
    assert_eq!(bench.run(&["rm", "-y", "m"]).exit, Some(0));
    assert_eq!(bench.left(), Vec::<String>::new());
}

#[test]
fn an_option_that_the_daemon_refuses_leaves_the_engine_running() {
    let Some(bench) = Bench::or_skip() else { return };
    for kind in [HostKind::Docker, HostKind::NewDocker] {
        let host = bench.bed.host(kind).unwrap();
        let answer = bench.create(&host, &["--engine-opt=no-such-option=1"], "m");
        refused(&bench, &answer, &["no-such-option"]);
        host.wait_docker().unwrap();
        host.exec("test ! -e /etc/systemd/system/docker.service.d/10-machine.conf").unwrap();
    }
}

#[test]
fn a_full_disk_ends_an_installation_with_a_clear_error() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Plain).unwrap();
    let disk = host.limit_disk("/usr", 1_000_000).unwrap();
    let answer = bench.create(&host, &[], "m");
    refused(&bench, &answer, &["disk is full"]);
    disk.lift().unwrap();
}

#[test]
fn a_host_without_docker_is_left_alone_when_nothing_may_be_installed() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Plain).unwrap();
    let before = host.exec("dpkg -l | sha256sum").unwrap();
    let answer = bench.create(&host, &["--engine-install-url=none"], "m");
    refused(&bench, &answer, &["engine"]);
    assert_eq!(host.exec("dpkg -l | sha256sum").unwrap(), before);
}

#[test]
fn a_denied_login_says_so() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let answer = bench.create(&host, &["--generic-ssh-user=nobody-here"], "m");
    refused(&bench, &answer, &["nobody-here@", "Permission denied"]);
}

#[test]
fn a_changed_host_key_is_refused_until_it_is_accepted() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    bench.create(&host, &[], "m").ok();
    host.replace_host_key().unwrap();
    let refused = bench.run(&["ssh", "m", "echo", "hello"]);
    assert_eq!((refused.exit, refused.stdout.as_str()), (Some(1), ""), "{refused:?}");
    let mut restart = bench.command(&["restart", "m"]);
    let refused = Answer::new(restart.output().unwrap());
    assert_eq!(refused.exit, Some(1), "{refused:?}");
    assert!(refused.stderr.contains("MACHINE_ACCEPT_HOST_KEY=m"), "{refused:?}");
    let mut accept = bench.command(&["ssh", "m", "echo", "hello"]);
    let accepted = Answer::new(accept.env("MACHINE_ACCEPT_HOST_KEY", "m").output().unwrap());
    assert_eq!(accepted.ok(), "hello\n");
    assert_eq!(bench.run(&["ssh", "m", "echo", "hello"]).ok(), "hello\n");
}

#[test]
fn ctrl_c_while_ssh_is_waited_for_leaves_a_machine_that_can_be_removed() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    host.stop_ssh().unwrap();
    // Something must answer there, or the machine does not count as running.
    let answers = std::net::TcpListener::bind((host.gateway(), 0)).unwrap();
    let port = answers.local_addr().unwrap().port();
    let (ip, key) = (host.gateway().to_string(), host.ssh_key().display().to_string());
    let mut command = bench.command(&["create", "-d", "generic", "--generic-ip-address", &ip]);
    command.args(["--generic-ssh-key", &key, "--generic-ssh-port", &port.to_string(), "m"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().starts_with("Waiting for SSH")));
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(bench.run(&["status", "m"]).exit, Some(0));
    bench.run(&["rm", "-y", "m"]).ok();
    assert_eq!(bench.left(), Vec::<String>::new());
}

/// Runs the binary with its store on a file system of its own, gone with the process.
fn on_disk(bench: &Bench, options: &str, args: &str) -> Answer {
    let (store, binary) = (bench.store(), env!("CARGO_BIN_EXE_docker-machine"));
    let store = store.display();
    let script = format!(
        "set -e; mkdir -p {store}; mount -t tmpfs -o {options} tmpfs {store}; \
         exec {binary} -s {store} {args}"
    );
    let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    Answer::new(output)
}

#[test]
fn a_store_that_cannot_be_written_is_one_clear_error() {
    let Some(bench) = Bench::or_skip() else { return };
    let create = "create -d none --url tcp://127.0.0.1:2376 m";
    let read_only = on_disk(&bench, "ro", create);
    assert_eq!(read_only.exit, Some(1), "{read_only:?}");
    assert!(read_only.stderr.contains("read-only file system"), "{read_only:?}");
    assert_eq!(on_disk(&bench, "ro", "ls -q").ok(), "");
    for pages in 1..12 {
        let full = on_disk(&bench, &format!("size={}k", pages * 4), create);
        if full.exit == Some(0) {
            assert!(pages > 2, "that disk was too large to be full");
            return;
        }
        assert_eq!(full.exit, Some(1), "{full:?}");
        assert!(full.stderr.contains("no space left on device"), "{full:?}");
        assert_eq!(full.stderr.lines().count(), 1, "{full:?}");
    }
    panic!("it never fits");
}

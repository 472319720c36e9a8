//! `--native-ssh`: everything over the built-in client.
use crate::bench::Bench;
use machine_testbed::HostKind;
use std::process::{Command, Stdio};

#[test]
fn a_machine_is_made_and_used_without_the_systems_ssh() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let before = host.ssh_logins().unwrap();
    let flags = Bench::flags(&host);
    let mut args = vec!["--native-ssh", "create"];
    args.extend(flags.iter().map(String::as_str));
    args.push("dev");
    bench.run(&args).ok();
    assert_eq!(host.ssh_logins().unwrap() - before, 1, "one SSH connection");
    bench.docker("dev", &["version"]).ok();

    // In a terminal, so lines end as there.
    assert_eq!(bench.run(&["--native-ssh", "ssh", "dev", "echo", "foo"]).ok(), "foo\r\n");
    bench.run(&["--native-ssh", "ssh", "dev", "df", "-h"]).ok();
    let failed = bench.run(&["--native-ssh", "ssh", "dev", "exit 3"]);
    assert_eq!(failed.exit, Some(1));
    assert_eq!(failed.stderr, "Process exited with status 3\n");

    // Where there is no `ssh` nobody need ask.
    let empty = bench.home().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let mut command = bench.command(&["ssh", "dev", "tty"]);
    let seen = command.env("PATH", &empty).output().unwrap();
    let seen = String::from_utf8(seen.stdout).unwrap();
    assert!(seen.starts_with("/dev/pts/"), "{seen}");
    bench.run(&["--native-ssh", "restart", "dev"]).ok();

    host.replace_host_key().unwrap();
    let refused = bench.run(&["--native-ssh", "ssh", "dev", "true"]);
    assert_eq!((refused.exit, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("MACHINE_ACCEPT_HOST_KEY=dev"), "{}", refused.stderr);
    bench.run(&["rm", "-y", "dev"]).ok();
}

/// A machine with no key of its own is reached with those of the user's agent.
#[test]
fn an_agents_key_logs_in() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let socket = bench.home().join("agent");
    let mut agent = Command::new("ssh-agent");
    agent.arg("-D").arg("-a").arg(&socket).stdout(Stdio::null()).stderr(Stdio::null());
    let mut agent = agent.spawn().unwrap();
    while !socket.exists() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let mut added = Command::new("ssh-add");
    added.arg("-q").arg(host.ssh_key()).env("SSH_AUTH_SOCK", &socket);
    assert!(added.stderr(Stdio::null()).status().unwrap().success());
    let address = format!("--generic-ip-address={}", host.address());
    let args = [
        "--native-ssh",
        "create",
        "-d",
        "generic",
        &address,
        "--engine-install-url",
        "none",
        "dev",
    ];
    let made = bench.command(&args).env("SSH_AUTH_SOCK", &socket).output();
    agent.kill().unwrap();
    agent.wait().unwrap();
    let made = made.unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    bench.docker("dev", &["version"]).ok();
}

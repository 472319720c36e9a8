//! The test bed itself, on real hosts.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod hosts;
mod owners;
mod proxy;

use std::process::{Command, Output};

use machine_testbed::Host;

/// Runs a command line over SSH as a caller of the bed would.
fn ssh(host: &Host, user: &str, script: &str) -> Output {
    ssh_command(host, user, script).output().unwrap()
}

fn ssh_command(host: &Host, user: &str, script: &str) -> Command {
    let mut command = Command::new("ssh");
    command
        .args(["-F", "none", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no"])
        .args(["-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"])
        .args(["-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=2", "-i"])
        .arg(host.ssh_key())
        .arg(format!("{user}@{}", host.address()))
        .arg(script);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

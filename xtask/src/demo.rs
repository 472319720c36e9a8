//! From nothing to a container's output, on a real host, with every command shown.

use std::env;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use machine_testbed::{Bed, HostKind};
use xshell::{Shell, cmd};

use crate::hosts::describe;
use crate::{setup, shell};

pub(crate) fn run(sh: &Shell) -> Result<()> {
    if !cfg!(target_os = "linux") || !setup::is_root() {
        bail!("the demo boots a host in a container of its own: it needs Linux and root");
    }
    setup::run(sh)?;
    cmd!(sh, "cargo build --package machine-cli").run()?;
    let bed = Bed::get()?;
    let host = bed.host(HostKind::Docker).map_err(describe)?;
    println!("\nA Debian host with SSH and Docker has booted at {}.", host.address());
    let busybox = bed.busybox().map_err(describe)?;
    let store = tempfile::tempdir().context("cannot make a folder for the demo's store")?;
    let lines = lines(&host.address().to_string(), host.ssh_key(), &busybox);
    perform(&lines, store.path())
}

fn lines(address: &str, key: &Path, busybox: &Path) -> Vec<String> {
    let (key, busybox) = (key.display(), busybox.display());
    vec![
        format!(
            "docker-machine create -d generic --generic-ip-address {address} --generic-ssh-key {key} demo"
        ),
        "docker-machine ls".to_owned(),
        r#"eval "$(docker-machine env demo)""#.to_owned(),
        format!("docker import {busybox} busybox"),
        r#"docker run --rm busybox echo "Hello from a container on $(docker-machine ip demo)""#
            .to_owned(),
        "docker-machine rm -y demo".to_owned(),
        "docker-machine ls".to_owned(),
    ]
}

/// Runs the lines in one shell, as a person would, and stops at the first that fails.
fn perform(lines: &[String], store: &Path) -> Result<()> {
    let mut script = String::from("set -e\n");
    for line in lines {
        let shown = line.replace('\'', r"'\''");
        script.push_str(&format!("printf '\\n$ %s\\n' '{shown}'\n{line}\n"));
    }
    let mut path = vec![shell::target().join("debug")];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let mut command = Command::new("sh");
    for (name, _) in env::vars_os() {
        // The demo is about its own machine, not one that this shell points at.
        if name.to_string_lossy().starts_with("DOCKER_")
            || name.to_string_lossy().starts_with("MACHINE_")
        {
            command.env_remove(name);
        }
    }
    let status = command
        .args(["-c", &script])
        .env("PATH", env::join_paths(path)?)
        // `env` speaks the language of the shell that is named here.
        .env("SHELL", "/bin/sh")
        .env("MACHINE_STORAGE_PATH", store)
        .status()
        .context("cannot run sh")?;
    ensure!(status.success(), "the command above failed");
    Ok(())
}

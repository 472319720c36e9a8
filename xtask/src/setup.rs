//! Installs what the other tasks need.

use std::path::Path;

use anyhow::{Result, bail};
use xshell::{Shell, cmd};

use crate::hosts;

/// A program, and the Debian package that brings it. The test hosts have a list of their own.
const BUILD: &[(&str, &str)] = &[
    // libFuzzer is C++.
    ("c++", "g++"),
    ("cc", "gcc"),
    ("git", "git"),
    ("go", "golang-go"),
    ("openssl", "openssl"),
    ("strace", "strace"),
];

/// What benches measure with, beside that.
pub(crate) const BENCH: &[(&str, &str)] =
    &[("curl", "curl"), ("openssl", "openssl"), ("strace", "strace"), ("time", "time")];

pub(crate) fn run(sh: &Shell) -> Result<()> {
    let mut packages = missing(BUILD);
    packages.extend(machine_testbed::missing_for_moto());
    install(sh, &packages)?;
    machine_testbed::moto().map_err(hosts::describe)?;
    println!("everything that is needed is here");
    Ok(())
}

/// Installs these packages and those that test hosts need, or says that they must be.
pub(crate) fn install(sh: &Shell, packages: &[&str]) -> Result<()> {
    let mut packages = packages.to_vec();
    packages.extend(machine_testbed::missing_packages());
    if packages.is_empty() {
        return Ok(());
    }
    let list = packages.join(" ");
    if !is_root() || !Path::new("/usr/bin/apt-get").exists() {
        bail!(
            "these packages are missing (Debian's names): {list}\nas root: apt-get install {list}"
        );
    }
    let _noninteractive = sh.push_env("DEBIAN_FRONTEND", "noninteractive");
    cmd!(sh, "apt-get -q update").run()?;
    cmd!(sh, "apt-get -q install --yes --no-install-recommends {packages...}").run()?;
    Ok(())
}

/// The packages of those programs that are not here.
pub(crate) fn missing(programs: &[(&str, &'static str)]) -> Vec<&'static str> {
    programs
        .iter()
        .filter(|(name, _)| !machine_testbed::has_program(name))
        .map(|(_, package)| *package)
        .collect()
}

/// Whether this process may install things.
pub(crate) fn is_root() -> bool {
    machine_testbed::is_root()
}

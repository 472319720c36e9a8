//! Upgrading the engine.
use super::Rounds;
use super::answer::{Answer, bounded, daemon_error, is_disk_full, package_error};
use super::detect::{Distribution, Packages};
use super::error::ProvisionError;
use super::install::{INSTALLATION, LOCK};
use machine_core::{ErrorKind, Result};
use std::time::Duration;

/// Longest time for the daemon to start again.
const DAEMON: Duration = Duration::from_secs(60);

/// What an upgrade did.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Upgraded {
    /// The package that the daemon is from.
    pub package: String,
    /// Its version before.
    pub from: String,
    /// Its version now: the same where there was no newer one.
    pub to: String,
}

/// One round trip.
pub(super) async fn upgrade(rounds: &mut Rounds<'_>, row: &Distribution) -> Result<Upgraded> {
    let answer = rounds.run("upgrade", &script(row), LOCK + INSTALLATION + DAEMON).await?;
    Ok(read(&Answer::parse(&answer))?)
}

fn script(row: &Distribution) -> String {
    let manager = match row.packages {
        Packages::Apt(_) => "apt",
        Packages::Dnf(_) => "dnf",
        Packages::Pacman(_) => "pacman",
        Packages::Zypper(_) => "zypper",
    };
    let (lock, daemon) = (LOCK.as_secs(), DAEMON.as_secs());
    let (install, upgrade) =
        (include_str!("scripts/install.sh"), include_str!("scripts/upgrade.sh"));
    format!("lock_limit={lock} daemon_limit={daemon}\n{install}{upgrade}upgrade {manager}\n")
}

fn read(answer: &Answer<'_>) -> Result<Upgraded, ProvisionError> {
    let value = |key| answer.value(key).unwrap_or_default().to_owned();
    let Some(what) = answer.value("failed") else {
        let done = Upgraded { package: value("package"), from: value("from"), to: value("to") };
        return match done.to.is_empty() {
            true => Err(ProvisionError::Answer("it is cut short".to_owned())),
            false => Ok(done),
        };
    };
    let text = answer.text("why");
    let upgrade = |why, kind| ProvisionError::Upgrade { why, kind };
    Err(match what {
        _ if is_disk_full(text) => {
            let why = format!("the host's disk is full: {}", package_error(text));
            upgrade(why, ErrorKind::Other)
        }
        "missing" => ProvisionError::NoEngine,
        "owner" => ProvisionError::NoPackage(bounded(text)),
        "lock" => {
            let (lock, why) = (LOCK.as_secs(), package_error(text));
            let why = format!("another program held the package manager for {lock} s: {why}");
            upgrade(why, ErrorKind::Transient)
        }
        "sources" => upgrade(package_error(text), ErrorKind::Transient),
        "restart" => {
            let log = answer.text("log");
            let why = daemon_error(log).unwrap_or_else(|| bounded(text));
            ProvisionError::Restart(why)
        }
        _ => upgrade(package_error(text), ErrorKind::Other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upgrade_is_read() {
        let text = "@package docker.io\n@from 20.10\n@to 26.1\n";
        let done = read(&Answer::parse(text)).unwrap();
        assert_eq!((&*done.package, &*done.from, &*done.to), ("docker.io", "20.10", "26.1"));
        assert!(read(&Answer::parse("@package docker.io\n@from 20.10\n")).is_err());
    }

    #[test]
    fn failures_name_their_reason() {
        for (text, expected) in [
            ("@failed owner\n@why\n /usr/local/bin/dockerd\n", "/usr/local/bin/dockerd"),
            ("@failed missing\n@why\n \n", "no Docker engine"),
            ("@failed packages\n@why\n E: Held packages were changed\n", "Held packages"),
            ("@failed sources\n@why\n W: Failed to fetch http://x\n", "Failed to fetch"),
            ("@failed restart\n@why\n x\n@log\n failed to start daemon: y\n", "start daemon: y"),
            ("@failed packages\n@why\n No space left on device\n", "disk is full"),
        ] {
            let error = read(&Answer::parse(text)).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}

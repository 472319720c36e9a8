//! Installing the engine.
use super::answer::{Answer, bounded, is_disk_full, package_error};
use super::detect::{Distribution, Packages};
use super::error::ProvisionError;
use super::look::{self, Look};
use super::{Rounds, engine, quoted};
use machine_core::{ErrorKind, Result};
use std::time::Duration;

/// Longest wait for the package manager's lock.
pub(super) const LOCK: Duration = Duration::from_secs(180);
/// Longest time for the installation itself.
pub(super) const INSTALLATION: Duration = Duration::from_secs(15 * 60);

/// The script that Docker Machine has always used where none was named.
const DEFAULT_URL: &str = "https://get.docker.com";

/// What to do on a host without an engine.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Install<'a> {
    /// Install the distribution's own package.
    Package,
    /// Fetch a shell script from this URL and run it as root.
    Script(&'a str),
    /// Give up.
    Never,
}

impl<'a> Install<'a> {
    /// Reads a stored `--engine-install-url`: `none` is [`Install::Never`]; nothing and Docker
    /// Machine's default are [`Install::Package`]. Quotes round the URL are tolerated.
    pub fn from_url(url: &'a str) -> Self {
        match engine::unquoted(url.trim()).trim() {
            "" | DEFAULT_URL => Self::Package,
            "none" => Self::Never,
            url => Self::Script(url),
        }
    }
}

/// Installs the engine, and looks again: one round trip.
pub(super) async fn install(rounds: &mut Rounds<'_>, row: &Distribution) -> Result<Look> {
    let script = script(rounds.plan.install, row)? + &look::script();
    let answer = rounds.run("install", &script, LOCK + INSTALLATION).await?;
    if let Some(failed) = failure(&Answer::parse(&answer)) {
        return Err(failed.into());
    }
    Ok(Look::parse(&answer)?)
}

fn script(install: Install<'_>, row: &Distribution) -> Result<String, ProvisionError> {
    let (manager, names) = match row.packages {
        Packages::Apt(names) => ("by_apt", names),
        Packages::Dnf(names) => ("by_dnf", names),
        Packages::Pacman(names) => ("by_pacman", names),
        Packages::Zypper(names) => ("by_zypper", names),
    };
    let call = match install {
        Install::Never => return Err(ProvisionError::NotInstalled),
        Install::Package => format!("packages {manager} {}", names.join(" ")),
        Install::Script(url) => {
            let url = engine::unquoted(url.trim()).trim();
            format!("script {} {manager}", quoted("--engine-install-url", url)?)
        }
    };
    let lock = LOCK.as_secs();
    Ok(format!("lock_limit={lock}\n{}{call}\n", include_str!("scripts/install.sh")))
}

pub(super) fn failure(answer: &Answer<'_>) -> Option<ProvisionError> {
    let what = answer.value("failed")?;
    let text = answer.text("why");
    let why = package_error(text);
    let install = |why, kind| ProvisionError::Install { why, kind };
    Some(match what {
        _ if is_disk_full(text) => {
            install(format!("the host's disk is full: {why}"), ErrorKind::Other)
        }
        "lock" => {
            let lock = LOCK.as_secs();
            let why = format!("another program held the package manager for {lock} s: {why}");
            install(why, ErrorKind::Transient)
        }
        "fetch" => {
            let why = format!("the script cannot be fetched: {}", bounded(text));
            install(why, ErrorKind::Transient)
        }
        "script" => ProvisionError::InstallScript(package_error(text)),
        _ => install(
            format!("{why}; a script that installs it can be named by --engine-install-url"),
            ErrorKind::Other,
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::detect::OsRelease;

    fn debian() -> &'static Distribution {
        Distribution::of(&OsRelease::parse("ID=debian")).unwrap()
    }

    #[test]
    fn the_url_is_read_as_people_write_it() {
        for (url, expected) in [
            ("", Install::Package),
            ("https://get.docker.com", Install::Package),
            ("none", Install::Never),
            ("'none'", Install::Never),
            ("'https://x/y'", Install::Script("https://x/y")),
            (" \"https://x/y\" ", Install::Script("https://x/y")),
        ] {
            assert_eq!(Install::from_url(url), expected, "{url}");
        }
    }

    #[test]
    fn the_call_stands_behind_the_functions() {
        let text = script(Install::Package, debian()).unwrap();
        assert!(text.ends_with("\npackages by_apt docker.io\n"));
        let text = script(Install::Script("'https://x/a b'"), debian()).unwrap();
        assert!(text.ends_with("\nscript 'https://x/a b' by_apt\n"));
        let text = script(Install::Script("https://x/';reboot'"), debian()).unwrap();
        assert!(text.ends_with("\nscript \"https://x/';reboot'\" by_apt\n"), "{text}");
        assert!(script(Install::Never, debian()).is_err());
    }

    #[test]
    fn failures_name_their_reason() {
        let read = |text: &str| failure(&Answer::parse(text)).unwrap().to_string();
        let full = read("@failed packages\n@why\n dpkg: error: No space left on device\n");
        assert!(full.contains("disk is full"), "{full}");
        let held = read("@failed lock\n@why\n E: Could not get lock /x. It is held by 7 (apt)\n");
        assert!(held.contains("180 s") && held.contains("held by 7"), "{held}");
        assert!(failure(&Answer::parse("@os\n")).is_none());
    }
}

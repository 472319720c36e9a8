//! A script of the user's in place of an installation.
use super::answer::{Answer, bounded};
use super::detect::{Distribution, Packages};
use super::error::ProvisionError;
use super::install::{self, INSTALLATION, LOCK};
use super::look::Look;
use super::{Rounds, name};
use machine_core::Result;
use std::fmt::Write as _;
use uuid::Uuid;
use zeroize::Zeroizing;

/// One round trip. The script may hold secrets: it travels on standard input alone.
pub(super) async fn run(
    rounds: &mut Rounds<'_>,
    host: &Look,
    row: &Distribution,
    script: &str,
) -> Result<()> {
    let text = compose(rounds.plan.host_name, host, row, script)?;
    let answer = rounds.run("script", &text, LOCK + INSTALLATION).await?;
    match failure(&Answer::parse(&answer)) {
        Some(failed) => Err(failed.into()),
        None => Ok(()),
    }
}

fn compose(
    host_name: Option<&str>,
    host: &Look,
    row: &Distribution,
    script: &str,
) -> Result<Zeroizing<String>, ProvisionError> {
    let manager = match row.packages {
        Packages::Apt(_) => "by_apt",
        Packages::Dnf(_) => "by_dnf",
        Packages::Pacman(_) => "by_pacman",
        Packages::Zypper(_) => "by_zypper",
    };
    // Reserved in one go: growing would leave copies of the script behind.
    let mut out = Zeroizing::new(String::with_capacity(script.len() + (32 << 10)));
    let (install, custom) = (include_str!("scripts/install.sh"), include_str!("scripts/custom.sh"));
    let _ = write!(out, "lock_limit={}\n{install}{custom}{}", LOCK.as_secs(), name::SCRIPT);
    out.push_str(&name::call(host_name, host, row)?);
    let end = Uuid::new_v4().simple().to_string();
    let _ = write!(out, "custom {manager} <<'{end}'\n{script}\n{end}\n");
    Ok(out)
}

fn failure(answer: &Answer<'_>) -> Option<ProvisionError> {
    match answer.value("failed")? {
        "custom" => Some(ProvisionError::Custom(bounded(answer.text("why")))),
        _ => install::failure(answer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_tells_what_the_script_said() {
        let text = "@failed custom\n@why\n no such token\n (exit status 7)\n";
        let error = failure(&Answer::parse(text)).unwrap().to_string();
        assert!(error.contains("no such token") && error.contains("7"), "{error}");
        assert!(failure(&Answer::parse("")).is_none());
    }
}

//! Makes a host a Docker host over TLS: look, install where the engine is missing, apply.
mod answer;
mod apply;
mod custom;
mod detect;
mod engine;
mod error;
mod flags;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod install;
mod look;
mod name;
mod systemd;
mod upgrade;

pub use engine::EngineFlags;
pub use install::Install;
pub use upgrade::Upgraded;

use crate::{Progress, Session};
use error::ProvisionError;
use machine_core::{Clock, Result, Secret};
use std::time::Duration;

/// What a host is to become.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct Plan<'a> {
    /// Driver's name, for the engine's `provider` label.
    pub driver: &'a str,
    /// What the user asked of the engine. Default: nothing.
    pub engine: EngineFlags<'a>,
    /// Port of the engine. Default: 2376.
    pub port: u16,
    /// Listen on IPv6 too. Default: no, as Docker Machine.
    pub ipv6: bool,
    /// Name that the host gets. Default: the one it has.
    pub host_name: Option<&'a str>,
    /// What to do where there is no engine. Default: the distribution's package.
    pub install: Install<'a>,
    /// Certificates and key of the server.
    pub certificates: Certificates<'a>,
    /// Measures the rounds.
    pub clock: &'a dyn Clock,
    /// Hears of the progress.
    pub note: &'a (dyn Fn(Progress) + Send + Sync),
}

impl<'a> Plan<'a> {
    /// A plan with all defaults; set the other fields by assignment.
    pub fn new(
        driver: &'a str,
        certificates: Certificates<'a>,
        clock: &'a dyn Clock,
        note: &'a (dyn Fn(Progress) + Send + Sync),
    ) -> Self {
        Self {
            driver,
            engine: EngineFlags::default(),
            port: 2376,
            ipv6: false,
            host_name: None,
            install: Install::Package,
            certificates,
            clock,
            note,
        }
    }

    fn listen(&self) -> String {
        let address = if self.ipv6 { "[::]" } else { "0.0.0.0" };
        format!("tcp://{address}:{}", self.port)
    }
}

/// What the engine proves itself with, in PEM form.
#[derive(Clone, Copy, Debug)]
pub struct Certificates<'a> {
    /// CA that clients must have their certificates from.
    pub authority: &'a str,
    /// The server's certificate.
    pub server: &'a str,
    /// Its key.
    pub key: &'a Secret,
}

/// What provisioning did.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Provisioned {
    /// Docker Machine's word for the distribution, for example `ubuntu(systemd)`.
    pub distribution: String,
    /// The engine was started, or started again.
    pub restarted: bool,
    /// The engine was installed.
    pub installed: bool,
    /// Round trips and how long each took.
    pub rounds: Vec<(String, Duration)>,
}

/// Makes the host at the other end a Docker host; where it is one already, nothing changes and the
/// engine is not restarted. Two round trips, or three where the engine is missing.
///
/// What the host's user had configured stays in force. When the engine does not start with its new
/// options, the old ones are put back before this returns.
///
/// # Errors
/// `Unsupported` for a system that is not known; `Conflict` when the host's own configuration says
/// otherwise; `InvalidOption` when the daemon refuses an option; `NotFound` when there is no engine
/// and none may be installed; `Indeterminate` when the connection is lost.
pub async fn provision(session: &mut Session, plan: &Plan<'_>) -> Result<Provisioned> {
    let mut rounds = Rounds { session, plan, took: Vec::new() };
    (plan.note)(Progress::DetectingProvisioner);
    let mut host = look::look(&mut rounds).await?;
    let distribution = host.distribution()?;
    let name = distribution.name.to_owned();
    (plan.note)(Progress::ProvisioningWith { distribution: name.clone() });
    host.check_system(distribution)?;
    let installed = !host.has_engine();
    if installed || distribution.announces_install {
        (plan.note)(Progress::InstallingEngine);
    }
    if installed {
        host = install::install(&mut rounds, distribution).await?;
    }
    (plan.note)(Progress::CopyingCertsLocally);
    (plan.note)(Progress::CopyingCertsToMachine);
    (plan.note)(Progress::ConfiguringEngine);
    let restarted = apply::apply(&mut rounds, &host, distribution).await?;
    Ok(Provisioned { distribution: name, restarted, installed, rounds: rounds.took })
}

/// Finds out which distribution the host runs, and waits until it has booted: one round trip.
///
/// # Errors
/// As [`provision`].
pub async fn detect(
    session: &mut Session,
    clock: &dyn Clock,
    note: &(dyn Fn(Progress) + Send + Sync),
) -> Result<String> {
    let key = Secret::new(String::new());
    let certificates = Certificates { authority: "", server: "", key: &key };
    let plan = Plan::new("", certificates, clock, note);
    note(Progress::DetectingProvisioner);
    let mut rounds = Rounds { session, plan: &plan, took: Vec::new() };
    Ok(look::look(&mut rounds).await?.distribution()?.name.to_owned())
}

/// Runs a shell script as root once the host has booted, in place of all that [`provision`] does;
/// the host gets `host_name` where one is given. Two round trips. Gives back Docker Machine's word
/// for the distribution.
///
/// # Errors
/// As [`provision`]; `Other` with the end of its output when the script fails.
pub async fn run_script(
    session: &mut Session,
    script: &str,
    host_name: Option<&str>,
    clock: &dyn Clock,
    note: &(dyn Fn(Progress) + Send + Sync),
) -> Result<String> {
    let key = Secret::new(String::new());
    let certificates = Certificates { authority: "", server: "", key: &key };
    let mut plan = Plan::new("", certificates, clock, note);
    plan.host_name = host_name;
    note(Progress::DetectingProvisioner);
    let mut rounds = Rounds { session, plan: &plan, took: Vec::new() };
    let host = look::look(&mut rounds).await?;
    let distribution = host.distribution()?;
    let name = distribution.name.to_owned();
    note(Progress::ProvisioningWith { distribution: name.clone() });
    note(Progress::RunningScript);
    custom::run(&mut rounds, &host, distribution, script).await?;
    Ok(name)
}

/// Upgrades the package that the host's daemon is from, and restarts the engine: two round trips.
///
/// # Errors
/// As [`provision`]; `Unsupported` for a daemon that is from no package.
pub async fn upgrade(
    session: &mut Session,
    clock: &dyn Clock,
    note: &(dyn Fn(Progress) + Send + Sync),
) -> Result<Upgraded> {
    let key = Secret::new(String::new());
    let certificates = Certificates { authority: "", server: "", key: &key };
    let plan = Plan::new("", certificates, clock, note);
    note(Progress::DetectingProvisioner);
    let mut rounds = Rounds { session, plan: &plan, took: Vec::new() };
    let host = look::look(&mut rounds).await?;
    let distribution = host.distribution()?;
    host.check_system(distribution)?;
    note(Progress::UpgradingEngine);
    upgrade::upgrade(&mut rounds, distribution).await
}

/// The round trips of one provisioning.
struct Rounds<'a> {
    session: &'a mut Session,
    plan: &'a Plan<'a>,
    took: Vec<(String, Duration)>,
}

impl Rounds<'_> {
    /// One round trip; the script's standard output.
    async fn run(&mut self, name: &str, script: &str, limit: Duration) -> Result<String> {
        let note = self.plan.note;
        let start = self.plan.clock.now();
        let mut waits = |what: &str| match what {
            "boot" => note(Progress::WaitingForBoot),
            "lock" => note(Progress::WaitingForPackageLock),
            "restart" => note(Progress::RestartingEngine),
            _ => {}
        };
        let reply = self.session.run_with_notes(script, limit, &mut waits).await?;
        let time = self.plan.clock.now().saturating_sub(start);
        tracing::debug!(round = name, status = reply.status, ?time, stderr = reply.stderr);
        note(Progress::Took { phase: name.to_owned(), time });
        self.took.push((name.to_owned(), time));
        Ok(reply.stdout)
    }
}

/// A word for a shell.
fn quoted(what: &str, word: &str) -> Result<String, ProvisionError> {
    match shlex::try_quote(word) {
        Ok(quoted) => Ok(quoted.into_owned()),
        Err(_) => Err(ProvisionError::Option {
            option: format!("{what} {word:?}"),
            why: "it holds a NUL".to_owned(),
        }),
    }
}

use machine_core::Event;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// What a command is doing, with no wording decided yet.
///
/// The variants of one `create` come in the order in which they stand here.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Progress {
    /// Another command holds a lock that this one needs.
    WaitingForLock,
    /// The CA certificate is past its end and is made anew.
    AuthorityOutdated,
    /// A CA is made.
    CreatingAuthority {
        /// Its certificate.
        path: PathBuf,
    },
    /// The client certificate is past its end and is made anew.
    ClientCertificateOutdated,
    /// A client certificate is made.
    CreatingClientCertificate {
        /// The certificate.
        path: PathBuf,
    },
    /// The provider's check before anything is made.
    Checking,
    /// The provider makes the machine.
    Creating,
    /// The provider removes what a failed or interrupted `create` made.
    Unwinding,
    /// Something the provider said or did.
    Provider(Event),
    /// The provider starts the machine.
    Starting,
    /// The provider stops the machine.
    Stopping,
    /// The provider stops the machine without asking it.
    Killing,
    /// The machine is restarted.
    Restarting,
    /// The machine is up.
    Started,
    /// The machine is down.
    Stopped,
    /// The machine is down, unasked.
    Killed,
    /// The machine has another address than its certificates are for; it is set up anew.
    AddressChanged,
    /// The machine exists; it is not known to run yet.
    WaitingForRunning,
    /// The machine runs; what it is comes next.
    DetectingSystem,
    /// SSH has not answered yet.
    WaitingForSsh,
    /// SSH answered.
    DetectingProvisioner,
    /// The host has not finished booting.
    WaitingForBoot,
    /// The host's distribution is known.
    ProvisioningWith {
        /// Docker Machine's word for it, for example `ubuntu(systemd)`.
        distribution: String,
    },
    /// The machine is off, and is started to be upgraded.
    StartingToUpgrade,
    /// CA and client's certificate are made anew where that is due.
    RegeneratingClientCertificates,
    /// The engine's package is upgraded.
    UpgradingEngine,
    /// The engine restarts after its upgrade.
    RestartingEngine,
    /// Another program holds the host's package manager.
    WaitingForPackageLock,
    /// A script of the user's runs in place of an installation.
    RunningScript,
    /// Nothing is done about an engine, since such a script stood in its place.
    NoEngineOfOurs,
    /// The engine is installed.
    InstallingEngine,
    /// The client's files are copied into the machine's folder.
    CopyingCertsLocally,
    /// The server's files are copied to the host.
    CopyingCertsToMachine,
    /// The engine's options are written, and it restarts where they changed.
    ConfiguringEngine,
    /// A TLS connection to the engine is tried.
    CheckingEngine,
    /// The engine answered.
    EngineUp,
    /// No more comes about this machine, whatever became of it.
    Ended,
    /// One phase ended; for those who look for where the time goes.
    Took {
        /// The phase.
        phase: String,
        /// How long it took.
        time: Duration,
    },
}

/// Where progress goes. A command line words it; tests collect it.
pub trait ProgressSink: Send + Sync {
    /// Takes one item about `machine`; must not block.
    fn emit(&self, machine: &str, progress: Progress);
}

impl<F: Fn(&str, Progress) + Send + Sync> ProgressSink for F {
    fn emit(&self, machine: &str, progress: Progress) {
        self(machine, progress);
    }
}

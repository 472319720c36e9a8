//! Docker Machine's words for what goes on.

use super::plain::Output;
use machine_core::Event;
use machine_host::{Progress, ProgressSink};
use std::sync::Arc;

/// Prints progress as lines.
pub(crate) struct Reporter {
    out: Arc<Output>,
}

impl Reporter {
    pub(crate) fn new(out: Arc<Output>) -> Self {
        Self { out }
    }
}

impl Drop for Reporter {
    fn drop(&mut self) {
        self.out.all_done();
    }
}

impl ProgressSink for Reporter {
    fn emit(&self, machine: &str, progress: Progress) {
        tracing::debug!("({machine}) {progress:?}");
        if let Some(line) = words(machine, &progress) {
            self.out.news_of(machine, &line);
        }
        match progress {
            Progress::Ended | Progress::EngineUp | Progress::Stopped | Progress::Killed => {
                self.out.done(machine)
            }
            progress => {
                if let Some(phase) = phase(progress) {
                    self.out.phase(machine, phase);
                }
            }
        }
    }
}

/// What the user waits for from here on.
fn phase(progress: Progress) -> Option<String> {
    let text = match progress {
        Progress::WaitingForLock => "waiting for another command",
        Progress::CreatingAuthority { .. } | Progress::CreatingClientCertificate { .. } => {
            "making certificates"
        }
        Progress::Checking => "checking",
        Progress::Creating => "creating",
        Progress::Unwinding => "removing what was made",
        Progress::Provider(Event::Making { key }) => return Some(format!("making {key}")),
        Progress::Provider(Event::Deleting { key }) => return Some(format!("deleting {key}")),
        Progress::Starting => "starting",
        Progress::Stopping => "stopping",
        Progress::Killing => "killing",
        Progress::Restarting => "restarting",
        Progress::WaitingForRunning => "waiting for it to run",
        Progress::WaitingForSsh => "waiting for SSH",
        Progress::DetectingProvisioner => "looking at it",
        Progress::WaitingForBoot => "waiting for it to finish booting",
        Progress::WaitingForPackageLock => "waiting for its package manager",
        Progress::UpgradingEngine => "upgrading Docker",
        Progress::RestartingEngine => "restarting Docker",
        Progress::InstallingEngine => "installing Docker",
        Progress::RunningScript => "running the custom install script",
        Progress::CopyingCertsLocally | Progress::CopyingCertsToMachine => "copying certificates",
        Progress::ConfiguringEngine => "configuring Docker",
        Progress::CheckingEngine => "connecting to Docker",
        _ => return None,
    };
    Some(text.to_owned())
}

/// The line that Docker Machine prints; nothing where it prints none.
fn words(machine: &str, progress: &Progress) -> Option<String> {
    let fixed = |line: &str| Some(line.to_owned());
    match progress {
        Progress::AuthorityOutdated => {
            fixed("CA certificate is outdated and needs to be regenerated")
        }
        Progress::CreatingAuthority { path } => Some(format!("Creating CA: {}", path.display())),
        Progress::ClientCertificateOutdated => {
            fixed("Client certificate is outdated and needs to be regenerated")
        }
        Progress::CreatingClientCertificate { path } => {
            Some(format!("Creating client certificate: {}", path.display()))
        }
        Progress::Checking => fixed("Running pre-create checks..."),
        Progress::Creating => fixed("Creating machine..."),
        Progress::Provider(Event::Said { line }) => Some(format!("({machine}) {line}")),
        Progress::Starting => Some(format!("Starting \"{machine}\"...")),
        Progress::Stopping => Some(format!("Stopping \"{machine}\"...")),
        Progress::Killing => Some(format!("Killing \"{machine}\"...")),
        Progress::Restarting => Some(format!("Restarting \"{machine}\"...")),
        Progress::Started => Some(format!("Machine \"{machine}\" was started.")),
        Progress::Stopped => Some(format!("Machine \"{machine}\" was stopped.")),
        Progress::Killed => Some(format!("Machine \"{machine}\" was killed.")),
        Progress::WaitingForRunning => {
            fixed("Waiting for machine to be running, this may take a few minutes...")
        }
        Progress::DetectingSystem => fixed("Detecting operating system of created instance..."),
        Progress::WaitingForSsh => fixed("Waiting for SSH to be available..."),
        Progress::DetectingProvisioner => fixed("Detecting the provisioner..."),
        Progress::ProvisioningWith { distribution } => {
            Some(format!("Provisioning with {distribution}..."))
        }
        Progress::StartingToUpgrade => fixed("Starting machine so machine can be upgraded..."),
        Progress::RegeneratingClientCertificates => fixed("Regenerating local certificates"),
        Progress::UpgradingEngine => fixed("Upgrading docker..."),
        Progress::RestartingEngine => fixed("Restarting docker..."),
        Progress::InstallingEngine => fixed("Installing Docker..."),
        Progress::RunningScript => fixed("Running the custom install script..."),
        Progress::NoEngineOfOurs => Some(format!(
            "Docker was not provisioned on machine {machine}, which has a custom install script: \
             nothing was done"
        )),
        Progress::CopyingCertsLocally => fixed("Copying certs to the local machine directory..."),
        Progress::CopyingCertsToMachine => fixed("Copying certs to the remote machine..."),
        Progress::ConfiguringEngine => {
            fixed("Setting Docker configuration on the remote daemon...")
        }
        Progress::CheckingEngine => fixed("Checking connection to Docker..."),
        Progress::EngineUp => fixed("Docker is up and running!"),
        _ => None,
    }
}

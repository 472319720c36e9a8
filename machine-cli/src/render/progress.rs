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

impl ProgressSink for Reporter {
    fn emit(&self, machine: &str, progress: Progress) {
        if let Some(line) = words(machine, &progress) {
            self.out.news(&line);
        }
        tracing::debug!("({machine}) {progress:?}");
    }
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
        Progress::InstallingEngine => fixed("Installing Docker..."),
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

use crate::server::machine::Machine;
use machine_core::{Error, ErrorKind, MachineState, Result, SshEndpoint, Status};
use std::sync::PoisonError;
use std::time::Duration;
use tokio::time::Instant;

/// How long addresses are taken as known: hosts ask for host, port, user and key one by one, and
/// again for each command over SSH.
const FRESH: Duration = Duration::from_secs(10);
/// Where Docker listens.
const DOCKER_PORT: u16 = 2376;

/// A look at the machine, and when it was.
pub(crate) struct Seen {
    status: Status,
    at: Instant,
}

/// What hosts ask about a machine.
impl Machine {
    async fn status(&self) -> Result<Status> {
        let status = self.look().await?;
        let seen = Seen { status: status.clone(), at: Instant::now() };
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(seen);
        Ok(status)
    }

    /// As [`Machine::status`], or what it said a moment ago of a machine with an address.
    async fn addresses(&self) -> Result<Status> {
        let known = {
            let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = seen.as_ref().filter(|seen| seen.at.elapsed() < FRESH);
            fresh.map(|seen| seen.status.clone()).filter(|status| status.ssh.is_some())
        };
        match known {
            Some(status) => Ok(status),
            None => self.status().await,
        }
    }

    /// The state's number on the wire.
    pub(crate) async fn state(&self) -> Result<i64> {
        Ok(match self.status().await?.state {
            MachineState::Running => 1,
            MachineState::Paused => 2,
            MachineState::Saved => 3,
            MachineState::Stopped => 4,
            MachineState::Stopping => 5,
            MachineState::Starting => 6,
            MachineState::Error => 7,
            MachineState::Timeout => 8,
            MachineState::NotFound => 9,
            _ => 0,
        })
    }

    pub(crate) async fn ip(&self) -> Result<String> {
        let ip = self.addresses().await?.ip;
        ip.ok_or_else(|| Error::new(ErrorKind::Other, "", "IP address is not set"))
    }

    pub(crate) async fn url(&self) -> Result<String> {
        let status = self.addresses().await?;
        if status.state != MachineState::Running {
            // Hosts know this text.
            return Err(Error::new(ErrorKind::Other, "", "Host is not running"));
        }
        let at = |ip: String| match ip.contains(':') {
            true => format!("tcp://[{ip}]:{DOCKER_PORT}"),
            false => format!("tcp://{ip}:{DOCKER_PORT}"),
        };
        Ok(status.url.or_else(|| status.ip.map(at)).unwrap_or_default())
    }

    pub(crate) async fn ssh_host(&self) -> Result<String> {
        let status = self.addresses().await?;
        let host = status.ssh.map(|ssh| ssh.host).or(status.ip);
        host.ok_or_else(|| Error::new(ErrorKind::Other, "", "the machine has no address yet"))
    }

    async fn endpoint(&self) -> Option<SshEndpoint> {
        self.addresses().await.ok()?.ssh
    }

    pub(crate) async fn ssh_port(&self) -> i64 {
        let stored = self.settings().ssh_port;
        let port = self.endpoint().await.map_or(stored, |ssh| i64::from(ssh.port));
        if port == 0 { 22 } else { port }
    }

    pub(crate) async fn ssh_user(&self) -> String {
        let user = self.endpoint().await.map_or(self.settings().ssh_user, |ssh| ssh.user);
        if user.is_empty() { "root".to_owned() } else { user }
    }

    pub(crate) async fn ssh_key_path(&self) -> String {
        let key = self.endpoint().await.and_then(|ssh| ssh.key);
        key.map_or(self.settings().ssh_key_path, |key| key.to_string_lossy().into_owned())
    }
}

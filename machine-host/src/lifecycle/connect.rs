use super::Machines;
use crate::engine::{Endpoint, EngineError, EngineVersion};
use crate::ssh::{self, Patience, Session, Target};
use crate::store::Entry;
use machine_core::{Error, ErrorKind, MachineState, Result, Status};
use rustls::ClientConfig;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// Until a connection is up (docker/machine, `libmachine/cert/cert.go`: dial time-out).
const DIAL: Duration = Duration::from_secs(20);

/// How a Docker client reaches a machine.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Connection {
    /// Docker endpoint, `tcp://HOST:PORT`.
    pub url: String,
    /// Address of the machine.
    pub ip: String,
    /// The machine's folder: `ca.pem`, `cert.pem`, `key.pem` are in it.
    pub certs: PathBuf,
}

impl Machines {
    /// The Docker endpoint of a machine that runs.
    ///
    /// # Errors
    /// `Host is not running`; those of the provider.
    pub async fn url(&self, entry: &Entry) -> Result<String> {
        Ok(running_url(&self.status(entry).await?)?.to_owned())
    }

    /// Looks whether a client can connect: a real handshake, with the client's certificate. With
    /// `swarm`, at the port of the classic swarm's master.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] where there is no such master; what went wrong with the
    /// connection, and what to do.
    pub async fn check(&self, entry: &Entry, swarm: bool) -> Result<Connection> {
        has_engine(entry)?;
        let status = self.status(entry).await?;
        let url = running_url(&status)?;
        let mut connection = Connection {
            url: url.to_owned(),
            ip: status.ip.clone().unwrap_or_default(),
            certs: self.store.machine_dir(&entry.name),
        };
        let engine = Endpoint::parse(url)?;
        if !swarm {
            return match self.handshake(entry, &engine).await {
                Ok(()) => Ok(connection),
                Err(error) => Err(invalid_certificates(&engine, error)),
            };
        }
        let port = swarm_port(entry)?;
        let master = Endpoint::new(engine.host.clone(), port);
        connection.url = format!("tcp://{master}");
        let Err(error) = self.handshake(entry, &master).await else { return Ok(connection) };
        if self.handshake(entry, &engine).await.is_ok() {
            let text = "Connection to Swarm cannot be checked but the certs are valid. \
                        Maybe swarm is not started";
            tracing::debug!(%error, "swarm does not answer");
            return Err(Error::new(ErrorKind::Transient, "", text));
        }
        Err(invalid_certificates(&master, error))
    }

    /// The version of a machine's engine.
    ///
    /// # Errors
    /// `Host is not running`; those of the connection.
    pub async fn engine_version(&self, entry: &Entry) -> Result<EngineVersion> {
        has_engine(entry)?;
        let url = self.url(entry).await?;
        self.ask_version(entry, &url, Some(DIAL)).await
    }

    /// The command that logs into a machine, or runs `args` there.
    ///
    /// # Errors
    /// When the machine does not run, or its key cannot be used.
    pub async fn ssh_command(&self, entry: &Entry, args: &[String]) -> Result<Command> {
        ssh::command(&self.running_target(entry).await?, args)
    }

    /// Logs into a machine with the built-in client, or runs `command` there, in a terminal of the
    /// caller; its exit status.
    ///
    /// # Errors
    /// As [`Machines::ssh_command`], and those of [`ssh::Terminal::run`].
    #[cfg(feature = "native-ssh")]
    pub async fn ssh_terminal<I, O>(
        &self,
        entry: &Entry,
        command: Option<&str>,
        terminal: ssh::Terminal<I, O>,
    ) -> Result<i32>
    where
        I: tokio::io::AsyncRead + Unpin,
        O: tokio::io::AsyncWrite + Unpin,
    {
        terminal.run(&self.running_target(entry).await?, command).await
    }

    async fn running_target(&self, entry: &Entry) -> Result<Target> {
        let status = self.status(entry).await?;
        if status.state != MachineState::Running {
            let text =
                format!("Error: Cannot run SSH command: Host \"{}\" is not running", entry.name);
            return Err(Error::new(ErrorKind::Transient, "", text));
        }
        self.accepted_target(entry, &status).await
    }

    /// How a machine is logged into, running or not: for programs that call `ssh` themselves.
    ///
    /// # Errors
    /// Those of the provider; `IP address is not set` where it has none.
    pub async fn ssh_target(&self, entry: &Entry) -> Result<Target> {
        let status = self.status(entry).await?;
        if status.ssh.is_none() && status.ip.is_none() {
            return Err(Error::new(ErrorKind::Unsupported, "", "IP address is not set"));
        }
        self.accepted_target(entry, &status).await
    }

    /// Where the user accepts a changed host key, logs in once to see and pin it.
    async fn accepted_target(&self, entry: &Entry, status: &Status) -> Result<Target> {
        let mut target = self.target(entry, status)?;
        if target.accept_changed_key {
            let _lock = self.lock(&entry.name).await?;
            let clock = self.clock.as_ref();
            let (session, keys) = Session::open(&target, clock, Patience::EXISTING).await?;
            session.close().await;
            let mut entry = self.store.load(&entry.name)?;
            self.pin(&mut entry, keys.clone())?;
            (target.host_keys, target.accept_changed_key) = (keys, false);
        }
        Ok(target)
    }

    async fn handshake(&self, entry: &Entry, endpoint: &Endpoint) -> Result<(), EngineError> {
        endpoint.handshake(|| self.client_config(entry), DIAL).await
    }

    /// The client's side of TLS for a machine; machines of a store share theirs.
    pub(super) fn client_config(&self, entry: &Entry) -> Result<Arc<ClientConfig>> {
        self.configs.get(&self.store.auth_paths(entry)?)
    }
}

/// Rancher's words for a machine on which a script stood in the place of an engine.
fn has_engine(entry: &Entry) -> Result<()> {
    match entry.install_script() {
        None => Ok(()),
        Some(_) => {
            let text = "Docker was not installed on machine";
            Err(Error::new(ErrorKind::Unsupported, "", text))
        }
    }
}

fn running_url(status: &Status) -> Result<&str> {
    match (&status.url, status.state) {
        (Some(url), MachineState::Running) => Ok(url),
        _ => Err(Error::new(ErrorKind::Transient, "", "Host is not running")),
    }
}

fn swarm_port(entry: &Entry) -> Result<u16> {
    let swarm = entry.config.host.swarm()?;
    let Some(swarm) = swarm.filter(|swarm| swarm.master) else {
        let text = format!(
            "\"{}\" is not a swarm master. The --swarm flag is intended for use with swarm masters",
            entry.name
        );
        return Err(Error::new(ErrorKind::InvalidOption, "", text));
    };
    Ok(Endpoint::parse(&swarm.host)?.port)
}

/// Docker Machine's words (`libmachine/check/check.go`); the empty last line is part of them.
fn invalid_certificates(endpoint: &Endpoint, error: EngineError) -> Error {
    let error = Error::from(error);
    let text = format!(
        "Error checking and/or regenerating the certs: There was an error validating certificates \
         for host \"{endpoint}\": {error}\n\
         You can attempt to regenerate them using 'docker-machine regenerate-certs [name]'.\n\
         Be advised that this will trigger a Docker daemon restart which might stop running \
         containers.\n"
    );
    Error::new(error.kind(), "", text).with_source(error)
}

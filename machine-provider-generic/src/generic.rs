use crate::config::{GenericConfig, generic_options};
use crate::error::Failure;
use crate::platform::sync_folder;
use crate::state::{Base, ENGINE_PORT, GenericState, SSH_PORT, SSH_USER, port};
use async_trait::async_trait;
use machine_core::{
    Capabilities, Cx, Event, MachineState, OptionSpec, Options, Prepared, Provider, Record, Result,
    SshEndpoint, State, Status, undo,
};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Name of [`Generic`].
pub const GENERIC: &str = "generic";

/// How long a host may take to accept a connection (docker/machine, `drivers/generic`).
const DIAL_LIMIT: Duration = Duration::from_secs(15);
/// Bound on a key file: the largest RSA keys in use have a few KiB.
const KEY_LIMIT: u64 = 1 << 20;
/// Files that Docker Machine and its successor keep in a machine's folder themselves.
const RESERVED: &[&str] = &[
    "ca.pem",
    "cert.pem",
    "config.json",
    "config.json.bak",
    "key.pem",
    "known_hosts",
    "machine.json",
    "server-key.pem",
    "server.pem",
];

/// A host that is there already and answers on SSH: driver `generic`.
///
/// It is neither made nor deleted, so nothing is written to the journal. The copy of the user's key
/// is no resource either: it lies in the machine's folder, which is the caller's and goes with it.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Generic;

impl Generic {
    /// Needs no credentials beside the user's SSH key.
    pub fn new() -> Self {
        Self
    }
}

#[async_trait]
impl Provider for Generic {
    fn name(&self) -> &str {
        GENERIC
    }

    fn capabilities(&self) -> Capabilities {
        let mut able = Capabilities::default();
        able.existing_host = true;
        able.restart_over_ssh = true;
        able.own_ssh_key = true;
        able
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        Ok(generic_options())
    }

    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        let config = GenericConfig::new(options)?;
        let base = Base {
            ip_address: config.address,
            ssh_user: config.ssh_user,
            ssh_port: i64::from(config.ssh_port),
            ..Base::new(cx)
        };
        let engine_port = i64::from(config.engine_port);
        let state = GenericState { base, engine_port, ssh_key: config.ssh_key };
        Ok(Prepared::new(State::new(&state)?))
    }

    async fn check(&self, _: &Cx<'_>, state: &mut State) -> Result<()> {
        let state: GenericState = state.read()?;
        if state.ssh_key.is_empty() {
            return Ok(());
        }
        match fs_err::metadata(&state.ssh_key) {
            Ok(file) if !file.is_file() => Err(Failure::KeyIsNoFile(state.ssh_key).into()),
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                Err(Failure::NoKey(state.ssh_key).into())
            }
            _ => Ok(()),
        }
    }

    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let mut fields: GenericState = state.read()?;
        let say = |line: String| cx.events.emit(Event::Said { line });
        if fields.ssh_key.is_empty() {
            say("No SSH key specified. Assuming an existing key at the default location.".into());
            return Ok(());
        }
        say("Importing SSH key...".into());
        let from = PathBuf::from(&fields.ssh_key);
        let to = cx.dir.join(imported_name(&from)?);
        import(from.clone(), to.clone()).await?;
        if let Err(error) = import(beside(&from), beside(&to)).await {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            say(format!("Couldn't copy SSH public key : {}", cause.unwrap_or(error.to_string())));
        }
        fields.base.ssh_key_path = to.display().to_string();
        state.write(&fields)
    }

    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        undo(&[], cx, state).await // a journal that does name something is not for us to forget
    }

    fn adopt(&self, _: &State) -> Result<Vec<Record>> {
        Ok(Vec::new())
    }

    async fn kill(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Err(self.unsupported("kill"))
    }

    /// The caller does it over SSH.
    async fn restart(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        Err(self.unsupported("restart"))
    }

    // No `batch_key`: each host answers for itself, so a shared call would only make all of them
    // wait for the one that does not.

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        let mut statuses: Vec<_> = machines.iter().map(|state| stopped(state)).collect();
        let mut dials = JoinSet::new();
        for (index, status) in statuses.iter().enumerate() {
            if let Ok((Status { ssh: Some(ssh), .. }, _)) = status {
                let address = (ssh.host.clone(), ssh.port);
                dials.spawn(async move { (index, answers(address).await) });
            }
        }
        while let Some(dialled) = dials.join_next().await {
            if let Ok((index, true)) = dialled
                && let Ok((status, url)) = &mut statuses[index]
            {
                status.state = MachineState::Running;
                status.url = Some(std::mem::take(url));
            }
        }
        statuses.into_iter().map(|status| status.map(|(status, _)| status)).collect()
    }
}

/// What the state alone tells, and the Docker endpoint should the host answer.
fn stopped(state: &State) -> Result<(Status, String)> {
    let GenericState { base, engine_port, .. } = state.read()?;
    let mut status = Status::new(MachineState::Stopped);
    let ssh_port = port("SSHPort", base.ssh_port, SSH_PORT)?;
    let engine_port = port("EnginePort", engine_port, ENGINE_PORT)?;
    if base.ip_address.is_empty() {
        return Ok((status, String::new())); // no address, no endpoint
    }
    let host = base.ip_address;
    let url = match host.contains(':') {
        true => format!("tcp://[{host}]:{engine_port}"),
        false => format!("tcp://{host}:{engine_port}"),
    };
    let user = if base.ssh_user.is_empty() { SSH_USER } else { &base.ssh_user };
    let mut ssh = SshEndpoint::new(host.clone(), ssh_port, user);
    ssh.key = Some(base.ssh_key_path).filter(|path| !path.is_empty()).map(PathBuf::from);
    (status.ip, status.ssh) = (Some(host), Some(ssh));
    Ok((status, url))
}

async fn answers(address: (String, u16)) -> bool {
    matches!(timeout(DIAL_LIMIT, TcpStream::connect(address)).await, Ok(Ok(_)))
}

/// Where the key goes, inside the machine's folder: its own name, unless that would be overwritten
/// by, or overwrite, what else lives there.
fn imported_name(key: &Path) -> Result<String, Failure> {
    let name = key.file_name().map(|name| name.to_string_lossy().into_owned());
    let name = name.ok_or_else(|| Failure::KeyIsNoFile(key.display().to_string()))?;
    Ok(if RESERVED.contains(&name.as_str()) { format!("ssh-{name}") } else { name })
}

/// The public half's path.
fn beside(key: &Path) -> PathBuf {
    let mut path = key.as_os_str().to_owned();
    path.push(".pub");
    path.into()
}

/// Copies a key; the copy appears whole, durable and 0600.
async fn import(from: PathBuf, to: PathBuf) -> Result<(), Failure> {
    let path = from.clone();
    let copied = tokio::task::spawn_blocking(move || copy(&from, &to)).await;
    copied.map_err(io::Error::other).flatten().map_err(|source| Failure::Copy { path, source })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let folder = to.parent().unwrap_or(Path::new("."));
    if !fs_err::metadata(from)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a file"));
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?; // 0600 from its first moment
    let copied = io::copy(&mut fs_err::File::open(from)?.take(KEY_LIMIT + 1), &mut file)?;
    if copied > KEY_LIMIT {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "too large for a key"));
    }
    file.as_file().sync_all()?;
    file.persist(to)?;
    sync_folder(folder)
}

//! One look at many machines.
use crate::account::{Account, account_id, stored_keys};
use crate::client::{Identity, Instance, InstanceState, Reply};
use crate::clock::RealClock;
use crate::error::Failure;
use crate::options::SSH_PORT;
use crate::rules::DOCKER_PORT;
use crate::scope::Scope;
use crate::session::Session;
use crate::sightings::FILTER_LIMIT;
use crate::state::Driver;
use crate::steps::is_instance_id;
use machine_core::{Error, ErrorKind, MachineState, Result, SshEndpoint, State, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use tracing::warn;

/// Login name where the state names none: Docker Machine's default.
pub(crate) const SSH_USER: &str = "ubuntu";

/// Machines that one call can answer for.
struct Batch {
    identity: Option<Identity>,
    scope: Scope,
    /// Places in the list asked for.
    machines: Vec<(usize, Driver)>,
}

/// The region, and whose keys where the machine has some of its own.
pub(crate) fn batch_key(state: &State) -> Option<String> {
    let driver: Driver = state.read().ok()?;
    let scope = Scope::of(&driver);
    Some(match stored_keys(&driver) {
        Some(_) => format!("{scope} {}", driver.id), // never shared: the key is nobody's business
        None => scope.to_string(),
    })
}

pub(crate) async fn statuses(account: &Account, machines: &[&State]) -> Vec<Result<Status>> {
    let mut answers: Vec<Option<Result<Status>>> = machines.iter().map(|_| None).collect();
    let mut batches: Vec<Batch> = Vec::new();
    for (index, state) in machines.iter().enumerate() {
        let driver = match state.read::<Driver>() {
            Ok(driver) if is_instance_id(&driver.instance_id) => driver,
            Ok(_) => {
                answers[index] = Some(Err(Failure::NoInstance.into()));
                continue;
            }
            Err(error) => {
                answers[index] = Some(Err(error));
                continue;
            }
        };
        let (identity, scope) = (stored_keys(&driver), Scope::of(&driver));
        let same = |batch: &&mut Batch| batch.identity == identity && batch.scope == scope;
        match batches.iter_mut().find(same) {
            Some(batch) => batch.machines.push((index, driver)),
            None => batches.push(Batch { identity, scope, machines: vec![(index, driver)] }),
        }
    }
    for batch in batches {
        for (index, answer) in ask(account, batch).await {
            answers[index] = Some(answer);
        }
    }
    let unasked = || Err(Error::new(ErrorKind::Other, "statuses", "not asked"));
    answers.into_iter().map(|answer| answer.unwrap_or_else(unasked)).collect()
}

async fn ask(account: &Account, batch: Batch) -> Vec<(usize, Result<Status>)> {
    let Some((_, first)) = batch.machines.first() else { return Vec::new() };
    let session = account.session(&RealClock, first, &batch.scope).await.hurried();
    let ids: BTreeSet<_> = batch.machines.iter().map(|(_, d)| d.instance_id.clone()).collect();
    let found = look(&session, ids).await;
    let mut answers = Vec::new();
    for (index, driver) in batch.machines {
        let answer = match &found {
            Err(error) => Err(error.clone().into()),
            Ok(found) => match found.get(&driver.instance_id) {
                Some(instance) => status(&driver, instance),
                None => Err(absent(&session, &driver).await),
            },
        };
        answers.push((index, answer));
    }
    answers
}

/// By filter: an unknown id among ids would fail the call for all.
async fn look(session: &Session<'_>, ids: BTreeSet<String>) -> Reply<BTreeMap<String, Instance>> {
    let ids: Vec<_> = ids.into_iter().collect();
    let mut found = BTreeMap::new();
    for some in ids.chunks(FILTER_LIMIT) {
        let filter = [("instance-id", some.to_vec())];
        let instances = session.call(|ec2| ec2.instances(&filter)).await?;
        found.extend(instances.into_iter().map(|instance| (instance.id.clone(), instance)));
    }
    Ok(found)
}

/// Gone, or only out of sight of these credentials.
async fn absent(session: &Session<'_>, driver: &Driver) -> Error {
    match wrong_account(session, driver).await {
        Some(failure) => failure.into(),
        None => Failure::Gone { id: driver.instance_id.clone(), reason: String::new() }.into(),
    }
}

/// Whether the credentials are another account's than the machine's.
pub(crate) async fn wrong_account(session: &Session<'_>, driver: &Driver) -> Option<Failure> {
    let owner = &driver.launch.account;
    if owner.is_empty() {
        return None;
    }
    let actual = account_id(session).await.filter(|actual| actual != owner)?;
    Some(Failure::WrongAccount { owner: owner.clone(), actual })
}

fn status(driver: &Driver, instance: &Instance) -> Result<Status> {
    let state = match instance.state {
        InstanceState::Pending => MachineState::Starting,
        InstanceState::Running => MachineState::Running,
        InstanceState::Stopping | InstanceState::ShuttingDown => MachineState::Stopping,
        InstanceState::Stopped => MachineState::Stopped,
        InstanceState::Terminated => {
            let (id, reason) = (instance.id.clone(), instance.reason.clone());
            return Err(Failure::Gone { id, reason }.into());
        }
        InstanceState::Unknown => {
            warn!(instance = %instance.id, "unrecognized instance state");
            MachineState::Error
        }
    };
    let mut status = Status::new(state);
    status.ip = address(driver, instance);
    if let Some(ip) = &status.ip {
        let host = if ip.contains(':') { format!("[{ip}]") } else { ip.clone() };
        if state == MachineState::Running {
            status.url = Some(format!("tcp://{host}:{DOCKER_PORT}"));
        }
        let port = u16::try_from(driver.ssh_port).ok().filter(|port| *port > 0);
        let user = if driver.ssh_user.is_empty() { SSH_USER } else { &driver.ssh_user };
        let mut ssh = SshEndpoint::new(ip.clone(), port.unwrap_or(SSH_PORT), user);
        if !driver.ssh_private_key_path.is_empty() {
            ssh.key =
                Some(PathBuf::from(&driver.ssh_key_path)).filter(|p| !p.as_os_str().is_empty());
        }
        status.ssh = Some(ssh);
    }
    Ok(status)
}

/// Where the machine is reached.
pub(crate) fn address(driver: &Driver, instance: &Instance) -> Option<String> {
    if driver.private_ip_only || driver.use_private_ip {
        return instance.private_ip.clone();
    }
    instance.public_ip.clone().or_else(|| instance.ipv6.clone())
}

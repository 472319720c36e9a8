use super::account::{MemoryAccount, MemoryThing};
use super::client::MemoryClient;
use super::config::{Config, options};
use super::error::CloudError;
use super::state::MemoryState;
use super::steps::{Group, Instance, Key, switched_off};
use async_trait::async_trait;
use machine_core::{
    Capabilities, Cx, Error, Found, Intent, MachineState, OptionSpec, Options, Prepared, Provider,
    Record, Result, Secret, SshEndpoint, State, Status, Step, TAG_MACHINE, TAG_STORE, run_steps,
    undo,
};
use std::collections::BTreeMap;

/// Makes machines in a [`MemoryAccount`].
#[derive(Debug)]
pub struct MemoryProvider {
    account: MemoryAccount,
    client: MemoryClient,
    /// Where the credentials came from.
    source: Option<String>,
}

impl MemoryProvider {
    /// Not signed in yet.
    pub fn new(account: MemoryAccount) -> Self {
        Self { client: MemoryClient::new(account.clone(), None), account, source: None }
    }

    /// The connection, signed in if the provider is.
    pub fn client(&self) -> &MemoryClient {
        &self.client
    }

    /// What a machine is made of, in order of creation. Independent of any machine, so that
    /// `remove` has the same steps with a state that is lost.
    pub fn steps(&self) -> Vec<Box<dyn Step>> {
        let client = || self.client.clone();
        vec![Box::new(Key(client())), Box::new(Group(client())), Box::new(Instance(client()))]
    }
}

#[async_trait]
impl Provider for MemoryProvider {
    fn name(&self) -> &str {
        "memory"
    }

    fn capabilities(&self) -> Capabilities {
        let mut able = Capabilities::default();
        (able.start_stop, able.find_tagged) = (true, true);
        able
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        Ok(options())
    }

    async fn sign_in(&mut self, options: &Options, source: Option<&str>) -> Result<()> {
        let named = options.text("memory-profile").or_else(|| source?.strip_prefix("profile="));
        let (secret, source) = match (options.secret("memory-secret-key"), named) {
            (Some(secret), _) => (Some(secret.clone()), Some("option".to_owned())),
            (None, Some(name)) => {
                let secret = self.account.profile(name).ok_or(CloudError::NoCredentials)?;
                (Some(Secret::new(secret.to_owned())), Some(format!("profile={name}")))
            }
            (None, None) => (None, None),
        };
        self.client = MemoryClient::new(self.account.clone(), secret);
        self.source = source;
        Ok(())
    }

    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        let state = State::new(&MemoryState::new(cx, Config::new(options)?))?;
        let prepared = Prepared::new(state);
        Ok(match &self.source {
            Some(source) => prepared.with_source(source.clone()),
            None => prepared,
        })
    }

    async fn check(&self, _cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let region = state.read::<MemoryState>()?.region;
        self.client.list(|thing| thing.region == region).await.map(|_| ())
    }

    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        run_steps(&self.steps(), cx, state).await
    }

    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        undo(&self.steps(), cx, state).await
    }

    fn adopt(&self, state: &State) -> Result<Vec<Record>> {
        let s: MemoryState = state.read()?;
        let mut records = Vec::new();
        for (kind, id) in [("key", s.key_id), ("group", s.group_id), ("instance", s.instance_id)] {
            if !id.is_empty() {
                records.extend(Record::adopted(kind, intent(kind, &s.region), &id));
            }
        }
        Ok(records)
    }

    async fn start(&self, _cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let s: MemoryState = state.read()?;
        self.client.switch(&s.region, &s.instance_id, true).await
    }

    async fn stop(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let s: MemoryState = state.read()?;
        self.client.switch(&s.region, &s.instance_id, false).await?;
        switched_off(&self.client, cx, &s.region, &s.instance_id).await
    }

    fn batch_key(&self, state: &State) -> Option<String> {
        state.read::<MemoryState>().ok().map(|s| s.region)
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        let states: Vec<Result<MemoryState>> = machines.iter().map(|s| s.read()).collect();
        let mut regions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for state in states.iter().flatten() {
            regions.entry(&state.region).or_default().push(&state.instance_id);
        }
        let mut answers = BTreeMap::new();
        for (region, ids) in regions {
            answers.insert(region.to_owned(), self.client.describe(region, &ids).await);
        }
        let status = |state: Result<MemoryState>| {
            let state = state?;
            match answers.get(&state.region) {
                Some(Ok(found)) => self.status(&state, found.get(&state.instance_id)),
                // One failed call is an answer for each of its machines.
                Some(Err(e)) => Err(Error::new(e.kind(), "memory.describe", e.to_string())),
                None => Err(CloudError::Missing { id: state.instance_id }.into()),
            }
        };
        states.into_iter().map(status).collect()
    }

    async fn find_tagged(&self, scope: &str, store: &str) -> Result<Vec<Found>> {
        let ours = |thing: &MemoryThing| {
            thing.region == scope && thing.tags.get(TAG_STORE).is_some_and(|id| id == store)
        };
        let found = self.client.list(ours).await?.into_iter();
        let found = found.map(|(id, thing)| {
            let machine = thing.tags.get(TAG_MACHINE).cloned();
            let age = self.client.age(&thing);
            Found::new(machine, &thing.kind, intent(&thing.kind, scope), id).with_age(age)
        });
        Ok(found.collect())
    }
}

impl MemoryProvider {
    fn status(&self, state: &MemoryState, thing: Option<&MemoryThing>) -> Result<Status> {
        let missing = || CloudError::Missing { id: state.instance_id.clone() };
        let thing = thing.ok_or_else(missing)?;
        let mut status = Status::new(match (thing.on, self.client.is_switching(thing)) {
            _ if thing.goes.is_some() => MachineState::Stopping,
            (true, true) => MachineState::Starting,
            (true, false) => MachineState::Running,
            (false, true) => MachineState::Stopping,
            (false, false) => MachineState::Stopped,
        });
        if status.state == MachineState::Running {
            let ip = match state.private {
                true => thing.ip.replacen("192.0.2.", "10.0.0.", 1),
                false => thing.ip.clone(),
            };
            status.url = Some(format!("tcp://{ip}:2376"));
            status.ssh = Some(SshEndpoint::new(ip.clone(), state.ssh_port, &state.ssh_user));
            status.ip = Some(ip);
        }
        Ok(status)
    }
}

/// What the journal would have said of a thing that was found or adopted.
fn intent(kind: &str, region: &str) -> Intent {
    let intent = Intent::new(kind, region);
    if kind == "group" { intent.with_shared() } else { intent }
}

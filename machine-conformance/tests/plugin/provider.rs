//! Runs a [`Binary`] as a provider.
use super::binary::{Binary, DriverJson};
use async_trait::async_trait;
use machine_conformance::{Faults, Fixture, LAG};
use machine_core::{
    Capabilities, Cx, Error, ErrorKind, Event, Intent, MachineState, OptionKind, OptionSpec,
    OptionValue, Options, Prepared, Provider, Record, Result, SshEndpoint, State, Status, Step,
    run_steps, undo,
};
use serde::Deserialize;
use std::time::Duration;

/// A mistake that the provider can be told to make.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[allow(dead_code, reason = "the suite's own run makes none")]
pub(crate) enum PluginBug {
    ReplyReplacesState,
    NotAdopted,
    MissingIsFailure,
    SearchIsNone,
    StartPretends,
    SaysTwoLines,
    SaysMadeItself,
}

impl PluginBug {
    #[allow(dead_code, reason = "the suite's own run makes none")]
    pub(crate) const ALL: &'static [Self] = &[
        Self::ReplyReplacesState,
        Self::NotAdopted,
        Self::MissingIsFailure,
        Self::SearchIsNone,
        Self::StartPretends,
        Self::SaysTwoLines,
        Self::SaysMadeItself,
    ];
}

struct PluginProvider {
    name: String,
    binary: Binary,
    bug: Option<PluginBug>,
}

impl PluginProvider {
    fn steps(&self) -> Vec<Box<dyn Step>> {
        vec![Box::new(Machine { binary: self.binary.clone(), bug: self.bug })]
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Name {
    #[serde(default)]
    machine_name: String,
}

/// All that the plugin makes, as one resource: what it is made of only the plugin knows.
struct Machine {
    binary: Binary,
    bug: Option<PluginBug>,
}

impl Machine {
    async fn keep(&self, cx: &Cx<'_>, state: &mut State, json: &str) -> Result<()> {
        let reply = State::from_json(json)?;
        if self.bug == Some(PluginBug::ReplyReplacesState) {
            *state = reply;
        } else {
            state.write(&reply)?;
        }
        cx.save(state).await
    }
}

#[async_trait]
impl Step for Machine {
    fn name(&self) -> &str {
        "machine"
    }

    async fn intent(&self, cx: &Cx<'_>, _: &State, attempt: usize) -> Result<Option<Intent>> {
        Ok((attempt == 0).then(|| Intent::new("machine", "").with_name(cx.name)))
    }

    async fn make(&self, cx: &Cx<'_>, state: &mut State, i: &Intent) -> Result<String> {
        let (json, made) = self.binary.create(state.as_json()).await;
        self.keep(cx, state, &json).await?; // before the verdict: on failure it says what is left
        let line = match self.bug {
            Some(PluginBug::SaysTwoLines) => "(acme) creating\n(acme) still",
            _ => "(acme) creating",
        };
        cx.events.emit(Event::Said { line: line.into() });
        if self.bug == Some(PluginBug::SaysMadeItself) {
            cx.events.emit(Event::Made { key: i.key.clone(), id: cx.name.to_owned() });
        }
        // Texts only: any failure may have left something.
        made.map_err(|text| Error::new(ErrorKind::Other, "", text))?;
        Ok(cx.name.to_owned())
    }

    async fn find(&self, cx: &Cx<'_>, state: &State, _: &Intent) -> Result<Vec<String>> {
        let until = cx.clock.now() + LAG;
        loop {
            let truth = cx.clock.now() >= until || self.bug == Some(PluginBug::SearchIsNone);
            if self.binary.exists(state.as_json()).await? {
                return Ok(vec![cx.name.to_owned()]);
            }
            if truth {
                return Ok(Vec::new());
            }
            cx.clock.sleep(Duration::from_secs(5)).await;
        }
    }

    async fn unmake(&self, cx: &Cx<'_>, state: &mut State, i: &Intent, _: &str) -> Result<()> {
        let (json, removed) = self.binary.remove(state.as_json()).await;
        self.keep(cx, state, &json).await?;
        let Err(text) = removed else { return Ok(()) };
        // "Does not exist" has no kind on the wire: look instead of reading the text.
        let look = self.bug != Some(PluginBug::MissingIsFailure);
        if look && self.find(cx, state, i).await?.is_empty() {
            return Ok(());
        }
        Err(Error::new(ErrorKind::Other, "", text))
    }
}

#[async_trait]
impl Provider for PluginProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn capabilities(&self) -> Capabilities {
        let mut able = Capabilities::default();
        (able.own_ssh_key, able.needs_keeper) = (true, true);
        able
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        let flags = self.binary.get_create_flags().into_iter();
        Ok(flags
            .map(|(name, kind)| match kind {
                "int" => OptionSpec::new(name, OptionKind::Int, "Memory in MB")
                    .with_default(OptionValue::Int(1024)),
                _ => OptionSpec::new(name, OptionKind::Text, "Color"),
            })
            .collect())
    }

    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        // A foreign driver is told of what is not its own, too.
        let swarm = cx.shared.text("swarm-host");
        let missing = || Error::new(ErrorKind::InvalidOption, "", "flag swarm-host is missing");
        let state = State::new(&DriverJson {
            machine_name: cx.name.to_owned(),
            store_path: cx.store.display().to_string(),
            swarm_host: swarm.ok_or_else(missing)?.to_owned(),
            memory: options.int("acme-memory").unwrap_or_default(),
            color: options.text("acme-color").unwrap_or_default().to_owned(),
            ..DriverJson::default()
        })?;
        Ok(Prepared::new(state))
    }

    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        run_steps(&self.steps(), cx, state).await
    }

    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        undo(&self.steps(), cx, state).await
    }

    fn adopt(&self, state: &State) -> Result<Vec<Record>> {
        let name = state.read::<Name>()?.machine_name;
        if name.is_empty() || self.bug == Some(PluginBug::NotAdopted) {
            return Ok(Vec::new());
        }
        Ok(Record::adopted("machine", Intent::new("machine", ""), &name).into())
    }

    async fn start(&self, _: &Cx<'_>, _: &mut State) -> Result<()> {
        match self.bug {
            Some(PluginBug::StartPretends) => Ok(()),
            _ => Err(self.unsupported("start")),
        }
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        let missing = || Error::new(ErrorKind::NotFound, "", "machine does not exist");
        let status = |state: &&State| {
            let number = self.binary.running(state.as_json()).ok_or_else(missing)?;
            let ip = format!("192.0.2.{number}");
            let mut status = Status::new(MachineState::Running);
            status.ssh = Some(SshEndpoint::new(&*ip, 22, "docker"));
            status.ip = Some(ip);
            Ok(status)
        };
        machines.iter().map(status).collect()
    }
}

/// A fresh hypervisor, for the suite.
pub(crate) struct PluginFixture {
    binary: Binary,
    bug: Option<PluginBug>,
}

impl PluginFixture {
    pub(crate) fn new(bug: Option<PluginBug>) -> Self {
        Self { binary: Binary::default(), bug }
    }
}

#[async_trait]
impl Fixture for PluginFixture {
    fn provider(&self) -> Box<dyn Provider> {
        // The name is what `--driver` said.
        Box::new(PluginProvider { name: "acme".into(), binary: self.binary.clone(), bug: self.bug })
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        vec![("acme-color".into(), OptionValue::Text("red".into()))]
    }

    async fn resources(&self) -> Vec<String> {
        self.binary.ids()
    }

    fn faults(&self) -> Faults {
        self.binary.faults.clone()
    }

    fn expand(&self, id: &str) -> Vec<String> {
        ["disk", "vm"].map(|kind| format!("{kind}-{id}")).into()
    }
}

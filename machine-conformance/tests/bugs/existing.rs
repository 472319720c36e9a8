//! A provider of hosts that are there already, and what it can get wrong.
use async_trait::async_trait;
use machine_conformance::{Faults, Fixture};
use machine_core::{
    Capabilities, Cx, Error, ErrorKind, Intent, MachineState, OptionKind, OptionSpec, OptionValue,
    Options, Prepared, Provider, Record, Result, SshEndpoint, State, Status,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ExistingBug {
    GoneAfterRemove,
    WritesJournal,
    DeletesHost,
    LeftoverStopsCreate,
}

impl ExistingBug {
    pub(crate) const ALL: &'static [Self] =
        &[Self::GoneAfterRemove, Self::WritesJournal, Self::DeletesHost, Self::LeftoverStopsCreate];
}

type Hosts = Arc<Mutex<BTreeSet<String>>>;

struct Existing {
    hosts: Hosts,
    bug: Option<ExistingBug>,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(default)]
struct Fields {
    #[serde(rename = "IPAddress")]
    ip: String,
    #[serde(rename = "Removed")]
    removed: bool,
}

#[async_trait]
impl Provider for Existing {
    fn name(&self) -> &str {
        "existing"
    }

    fn capabilities(&self) -> Capabilities {
        let mut able = Capabilities::default();
        (able.existing_host, able.own_ssh_key) = (true, true);
        able
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        Ok(vec![OptionSpec::new("existing-ip", OptionKind::Text, "Address")])
    }

    async fn prepare(&self, _: &Cx<'_>, options: &Options) -> Result<Prepared> {
        let ip = options.text("existing-ip").unwrap_or_default().to_owned();
        Ok(Prepared::new(State::new(&Fields { ip, removed: false })?))
    }

    async fn create(&self, cx: &Cx<'_>, _: &mut State) -> Result<()> {
        let failed = |e: std::io::Error| Error::wrap(ErrorKind::Other, "key", e);
        let (half, whole) = (cx.dir.join("key.tmp"), cx.dir.join("key"));
        match self.bug {
            Some(ExistingBug::LeftoverStopsCreate) => {
                drop(fs::File::create_new(&half).map_err(failed)?)
            }
            _ => fs::write(&half, "key").map_err(failed)?,
        }
        cx.clock.sleep(Duration::ZERO).await; // a point to be cut off at
        fs::rename(half, whole).map_err(failed)?;
        if self.bug == Some(ExistingBug::WritesJournal) {
            let [intent, _] = Record::adopted("host", Intent::new("host", ""), "h");
            cx.journal.append(intent).await?;
        }
        Ok(())
    }

    async fn remove(&self, _: &Cx<'_>, state: &mut State) -> Result<()> {
        let mut fields: Fields = state.read()?;
        if self.bug == Some(ExistingBug::DeletesHost) {
            self.hosts.lock().unwrap().remove(&fields.ip);
        }
        fields.removed = self.bug == Some(ExistingBug::GoneAfterRemove);
        state.write(&fields)
    }

    fn adopt(&self, _: &State) -> Result<Vec<Record>> {
        Ok(Vec::new())
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        let status = |state: &&State| {
            let fields: Fields = state.read()?;
            if fields.removed || !self.hosts.lock().unwrap().contains(&fields.ip) {
                return Err(Error::new(ErrorKind::NotFound, "", "no such host"));
            }
            let mut status = Status::new(MachineState::Running);
            status.ssh = Some(SshEndpoint::new(&*fields.ip, 22, "root"));
            status.ip = Some(fields.ip);
            Ok(status)
        };
        machines.iter().map(status).collect()
    }
}

pub(crate) struct ExistingFixture {
    hosts: Hosts,
    bug: Option<ExistingBug>,
}

impl ExistingFixture {
    pub(crate) fn new(bug: Option<ExistingBug>) -> Self {
        let hosts = BTreeSet::from(["192.0.2.1".to_owned(), "192.0.2.2".to_owned()]);
        Self { hosts: Arc::new(Mutex::new(hosts)), bug }
    }
}

#[async_trait]
impl Fixture for ExistingFixture {
    fn provider(&self) -> Box<dyn Provider> {
        Box::new(Existing { hosts: self.hosts.clone(), bug: self.bug })
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        vec![("existing-ip".to_owned(), OptionValue::Text("192.0.2.1".to_owned()))]
    }

    async fn resources(&self) -> Vec<String> {
        self.hosts.lock().unwrap().iter().cloned().collect()
    }

    fn faults(&self) -> Faults {
        Faults::default()
    }

    fn makes_nothing(&self) -> bool {
        true
    }
}

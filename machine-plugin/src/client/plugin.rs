use crate::client::fields::Fields;
use crate::client::held::Held;
use crate::client::listener::Listener;
use crate::client::machine::Machine;
use crate::client::method::Method;
use crate::client::session::Session;
use crate::client::status::status;
use crate::client::{Driver, TimeLimits};
use machine_core::{Cx, Error, ErrorKind, MachineState, Result, State, Status, Step};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// Name of the machine as which a plugin is asked for its flags; Docker Machine's own.
pub(crate) const FLAG_LOOKUP: &str = "flag-lookup";

/// How long a machine may take to stop: Docker Machine gives up after 60 tries, 3 s apart
/// (docker/machine, `libmachine/mcnutils/utils.go`, `WaitFor`).
const STOPPING: Duration = Duration::from_secs(180);
const LOOK: Duration = Duration::from_secs(3);

/// What a provider and its steps share.
#[derive(Debug)]
pub(crate) struct Plugin {
    pub(crate) driver: Driver,
    pub(crate) limits: TimeLimits,
    pub(crate) held: Held,
}

impl Plugin {
    pub(crate) fn new(driver: Driver, limits: TimeLimits) -> Self {
        Self { driver, limits, held: Held::default() }
    }

    pub(crate) fn steps(self: &Arc<Self>) -> Vec<Box<dyn Step>> {
        vec![Box::new(Machine::new(self.clone()))]
    }

    /// A plugin that is asked about itself.
    pub(crate) async fn look_up(&self, listener: Listener<'_>) -> Result<Session> {
        Session::open(&self.driver, &self.limits, &base(FLAG_LOOKUP, "")?, listener).await
    }

    /// A plugin for one operation on one machine.
    pub(crate) async fn open(&self, cx: &Cx<'_>, state: &State) -> Result<Session> {
        let listener = Listener::new(cx.name, cx.events);
        // With its state lost, a machine still has its name.
        let lost = state.read::<Fields>()?.is_empty();
        let base = base(cx.name, &cx.store.to_string_lossy())?;
        let state = if lost { &base } else { state };
        Session::open(&self.driver, &self.limits, state, listener).await
    }

    /// One call that changes the machine.
    pub(crate) async fn change(
        &self,
        cx: &Cx<'_>,
        state: &mut State,
        method: Method,
    ) -> Result<()> {
        self.settle(cx, state).await;
        let listener = Listener::new(cx.name, cx.events);
        let mut session = self.open(cx, state).await?;
        session.learn(state, listener).await.ok();
        let changed = session.run(method, listener).await;
        let mut learned = Ok(false);
        if session.is_usable() {
            learned = session.learn(state, listener).await;
        }
        session.close(listener).await;
        changed.and(learned.map(drop))
    }

    /// Waits until a machine that was told to stop has done so, each look by a plugin of its own:
    /// some answer what they saw first for ever.
    pub(crate) async fn until_stopped(&self, cx: &Cx<'_>, state: &State) -> Result<()> {
        let end = cx.clock.now() + STOPPING;
        loop {
            let seen = status(&self.driver, &self.limits, state).await;
            match seen {
                Ok(Status { state: MachineState::Stopped | MachineState::Saved, .. }) => {
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
                _ if cx.clock.now() >= end => {
                    let text = format!("the machine did not stop within {STOPPING:?}");
                    return Err(Error::new(ErrorKind::Transient, "", text));
                }
                _ => cx.clock.sleep(LOOK).await,
            }
        }
    }
}

/// What Docker Machine's base driver knows of a machine that does not exist yet, field by field.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Base<'a> {
    #[serde(rename = "IPAddress")]
    ip_address: &'a str,
    machine_name: &'a str,
    #[serde(rename = "SSHUser")]
    ssh_user: &'a str,
    #[serde(rename = "SSHPort")]
    ssh_port: u16,
    #[serde(rename = "SSHKeyPath")]
    ssh_key_path: &'a str,
    store_path: &'a str,
    swarm_master: bool,
    swarm_host: &'a str,
    swarm_discovery: &'a str,
}

pub(crate) fn base(machine_name: &str, store_path: &str) -> Result<State> {
    State::new(&Base {
        ip_address: "",
        machine_name,
        ssh_user: "",
        ssh_port: 0,
        ssh_key_path: "",
        store_path,
        swarm_master: false,
        swarm_host: "",
        swarm_discovery: "",
    })
}

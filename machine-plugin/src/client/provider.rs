use crate::client::fields::Fields;
use crate::client::flags;
use crate::client::listener::Listener;
use crate::client::machine::MACHINE;
use crate::client::method::Method;
use crate::client::plugin::{FLAG_LOOKUP, Plugin, base};
use crate::client::status::{machine_name, status};
use crate::client::{Driver, TimeLimits};
use async_trait::async_trait;
use machine_core::{
    Capabilities, Cx, Error, ErrorKind, Intent, OptionSpec, Options, Prepared, Provider, Record,
    Result, State, Status, run_steps, undo,
};
use std::fmt;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Runs a driver binary as a provider: a process for each operation on each machine, none in
/// between.
///
/// The one exception is `create`: what `prepare` starts is kept for `check` and `create` by the same
/// value, since drivers keep flags in memory. When `create` is dropped, the driver's own `Create`
/// goes on as long as this value lives, and `remove` waits for it first: what it made is known to
/// that process alone. So drop the value only after that.
///
/// Needs a tokio runtime with I/O and time.
pub struct PluginProvider(Arc<Plugin>);

impl PluginProvider {
    /// Starts nothing yet.
    pub fn new(driver: Driver) -> Self {
        Self(Arc::new(Plugin::new(driver, TimeLimits::default())))
    }

    /// Replaces the default time limits.
    #[must_use]
    pub fn with_limits(self, limits: TimeLimits) -> Self {
        Self(Arc::new(Plugin::new(self.0.driver.clone(), limits)))
    }

    /// The driver.
    pub fn driver(&self) -> &Driver {
        &self.0.driver
    }

    /// Starts the plugin once and asks for the driver's name, which may be another than ours.
    ///
    /// # Errors
    /// Any, when it does not start, listen or answer.
    pub async fn identify(&self) -> Result<String> {
        let listener = Listener::log_only(FLAG_LOOKUP);
        let mut session = self.0.look_up(listener).await?;
        let name = session.text(Method::DriverName, listener).await;
        session.close(listener).await;
        name
    }
}

impl fmt::Debug for PluginProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PluginProvider").field(&self.0.driver).finish()
    }
}

#[async_trait]
impl Provider for PluginProvider {
    fn name(&self) -> &str {
        self.0.driver.name()
    }

    fn capabilities(&self) -> Capabilities {
        let mut capabilities = Capabilities::default();
        capabilities.start_stop = true;
        capabilities.own_ssh_key = true;
        capabilities.needs_keeper = true;
        capabilities.bounds_statuses = true;
        // Docker Machine sets nothing up on them
        // (docker/machine, `libmachine/libmachine.go`, `performCreate`).
        capabilities.endpoint_only = matches!(self.name(), "none" | "ci-test");
        capabilities
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        let listener = Listener::log_only(FLAG_LOOKUP);
        let mut session = self.0.look_up(listener).await?;
        let flags = session.flags(listener).await;
        session.close(listener).await;
        flags
    }

    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        let mut state = base(cx.name, &cx.store.to_string_lossy())?;
        self.0.settle(cx, &mut state.clone()).await;
        let listener = Listener::new(cx.name, cx.events);
        let mut session = self.0.open(cx, &state).await?;
        let prepared = async {
            let specs = session.flags(listener).await?;
            let values = flags::values(&specs, options, cx.shared);
            session.call(Method::SetConfigFromFlags, values, listener).await?;
            session.learn(&mut state, listener).await
        };
        match prepared.await {
            Ok(_) => {
                self.0.held.put(cx.id, session, self.0.limits.hold);
                Ok(Prepared::new(state))
            }
            Err(error) => {
                session.close(listener).await;
                Err(error)
            }
        }
    }

    async fn check(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let listener = Listener::new(cx.name, cx.events);
        let mut session = match self.0.held.take(cx.id) {
            Some(session) => session,
            None => self.0.open(cx, state).await?,
        };
        let checked = async {
            session.update(state, listener).await?;
            session.run(Method::PreCreateCheck, listener).await?;
            session.learn(state, listener).await
        };
        match checked.await {
            Ok(_) => {
                self.0.held.put(cx.id, session, self.0.limits.hold);
                Ok(())
            }
            Err(error) => {
                session.close(listener).await;
                Err(error)
            }
        }
    }

    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        run_steps(&self.0.steps(), cx, state).await
    }

    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.0.settle(cx, state).await;
        undo(&self.0.steps(), cx, state).await
    }

    fn adopt(&self, state: &State) -> Result<Vec<Record>> {
        if state.read::<Fields>()?.is_empty() {
            return Ok(Vec::new());
        }
        // Drivers that have no base driver in them keep no name; one machine has one state.
        let name = Some(machine_name(state)).filter(|name| !name.is_empty());
        let id = name.as_deref().unwrap_or(MACHINE);
        Ok(Record::adopted(MACHINE, Intent::new(MACHINE, ""), id).into())
    }

    async fn start(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.0.change(cx, state, Method::Start).await
    }

    async fn stop(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.0.change(cx, state, Method::Stop).await?;
        self.0.until_stopped(cx, state).await
    }

    async fn kill(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.0.change(cx, state, Method::Kill).await?;
        self.0.until_stopped(cx, state).await
    }

    async fn restart(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.0.change(cx, state, Method::Restart).await
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        let mut looks = JoinSet::new();
        for (index, state) in machines.iter().enumerate() {
            let (driver, limits, state) = (self.0.driver.clone(), self.0.limits, (*state).clone());
            looks.spawn(async move { (index, status(&driver, &limits, &state).await) });
        }
        let missing = || Err(Error::new(ErrorKind::Other, "", "the look at the machine broke off"));
        let mut all: Vec<_> = machines.iter().map(|_| missing()).collect();
        while let Some(look) = looks.join_next().await {
            if let Ok((index, status)) = look {
                all[index] = status;
            }
        }
        all
    }
}

use crate::account::{Account, stored_keys};
use crate::check;
use crate::client::{Instance, InstanceState};
use crate::clock::RealClock;
use crate::config;
use crate::error::Failure;
use crate::options::specs;
use crate::scope::Scope;
use crate::session::Session;
use crate::state::{Addresses, Driver};
use crate::status::{address, batch_key, statuses, wrong_account};
use crate::steps::{
    GROUP, GroupStep, INSTANCE, InstanceStep, KEY_PAIR, KeyPairStep, Rounds, is_instance_id,
    user_tags, wait_for, zone_letter,
};
use crate::{owner, tagged, user_key};
use async_trait::async_trait;
use machine_core::{
    Capabilities, Cx, Error, ErrorKind, Event, Found, Intent, Leftover, OptionSpec, Options,
    Prepared, Provider, Record, Result, State, Status, Step, resources, run_steps, undo,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracing::instrument;

/// Name of [`AmazonEc2`] in `--driver` and in `config.json`: Docker Machine's.
pub const NAME: &str = "amazonec2";

/// EC2's code for an order that does not fit the instance's state.
const WRONG_STATE: &str = "IncorrectInstanceState";
/// A new instance shows up within this time, or counts as failed.
const APPEARANCE: Duration = Duration::from_secs(5 * 60);
/// Longest start or stop.
const POWER: Duration = Duration::from_secs(10 * 60);

/// Machines on Amazon EC2: driver `amazonec2`.
///
/// A machine is a key pair, an instance and, shared by the machines of a store, security groups.
/// All of it is written to the journal before it exists, and carries tags from its first moment.
pub struct AmazonEc2 {
    account: Arc<Account>,
    advised: AtomicBool,
}

impl AmazonEc2 {
    /// Not signed in: the SDK's own chain of credentials holds until [`Provider::sign_in`].
    pub fn new() -> Self {
        Self { account: Arc::new(Account::new()), advised: AtomicBool::new(false) }
    }

    async fn session<'c>(&self, cx: &Cx<'c>, driver: &Driver) -> Session<'c> {
        self.account.session(cx.clock, driver, &Scope::of(driver)).await
    }

    /// Steps of a machine with that many groups.
    fn steps(&self, groups: usize, own_key: bool) -> Vec<Box<dyn Step>> {
        let account = || self.account.clone();
        let mut steps: Vec<Box<dyn Step>> = Vec::new();
        if own_key {
            steps.push(Box::new(KeyPairStep { account: account() }));
        }
        for index in 0..groups {
            steps.push(Box::new(GroupStep::new(account(), index)));
        }
        steps.push(Box::new(InstanceStep::new(account())));
        steps
    }

    /// Keys that Docker Machine left in the clear go on working; this tells how to be rid of them.
    fn advise(&self, cx: &Cx<'_>, driver: &Driver) {
        if stored_keys(driver).is_some() && !self.advised.swap(true, Ordering::Relaxed) {
            let line = format!(
                "The AWS keys of {} are stored in clear in its config.json. Put them into a \
                 profile or the environment, and empty AccessKey, SecretKey and SessionToken there.",
                cx.name
            );
            cx.events.emit(Event::Said { line });
        }
    }

    /// The machine's instance, and calls for it.
    async fn instance<'c>(&self, cx: &Cx<'c>, state: &State) -> Result<(Driver, Session<'c>)> {
        let driver: Driver = state.read()?;
        self.advise(cx, &driver);
        if !is_instance_id(&driver.instance_id) {
            return Err(Failure::NoInstance.into());
        }
        let session = self.session(cx, &driver).await;
        Ok((driver, session))
    }

    async fn halt(&self, cx: &Cx<'_>, state: &mut State, force: bool) -> Result<()> {
        let (driver, session) = self.instance(cx, state).await?;
        let id = &driver.instance_id;
        let off = |state| state == InstanceState::Stopped;
        match session.call(|ec2| ec2.stop(id, force)).await {
            Err(error) if error.code() == WRONG_STATE => {
                // Still on its way up, or down.
                let settled = |state| state == InstanceState::Running || off(state);
                if !off(wait_for(&session, id, settled, POWER).await?.state) {
                    session.call(|ec2| ec2.stop(id, force)).await?;
                }
            }
            stopped => stopped?,
        }
        let instance = wait_for(&session, id, off, POWER).await?;
        show_addresses(state, &driver, &instance)
    }

    /// What comes before the first step, and the steps.
    async fn get_ready(&self, cx: &Cx<'_>, state: &mut State) -> Result<Vec<Box<dyn Step>>> {
        let mut driver: Driver = state.read()?;
        self.advise(cx, &driver);
        if !driver.ssh_private_key_path.is_empty() {
            let path = user_key::import(&driver, cx.dir).await?;
            driver.ssh_key_path = path.to_string_lossy().into_owned();
            state.write(&driver)?;
        }
        if driver.launch.plan.is_none() {
            let session = self.session(cx, &driver).await;
            check::plan_only(&session, &mut driver).await?;
            state.write(&driver)?;
        }
        Ok(self.steps(driver.group_names().len(), !driver.existing_key))
    }

    /// A create that failed: all that the journal knows goes.
    async fn unwound(&self, cx: &Cx<'_>, state: &mut State, error: Error) -> Error {
        match undo(&self.steps(1, true), cx, state).await {
            Ok(()) => error,
            Err(stuck) => error.with_leftovers(stuck.into_leftovers()),
        }
    }

    /// Waits until the new instance can be seen, so that "not found" means gone from here on, and
    /// shows other readers what it is.
    async fn settle(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let mut driver: Driver = state.read()?;
        let session = self.session(cx, &driver).await;
        if !is_instance_id(&driver.instance_id) {
            driver.instance_id = self.of_request(cx, &session, &driver.instance_id).await?;
        }
        let id = driver.instance_id.clone();
        let ending =
            |state| matches!(state, InstanceState::ShuttingDown | InstanceState::Terminated);
        let seen = wait_for(&session, &id, |_| true, APPEARANCE).await;
        let instance = match seen {
            Ok(instance) if ending(instance.state) => {
                return Err(Failure::Gone { id, reason: instance.reason }.into());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Failure::Invisible(id).into());
            }
            seen => seen?,
        };
        driver.ip_address = address(&driver, &instance).unwrap_or_default();
        driver.private_ip_address = instance.private_ip.unwrap_or_default();
        driver.zone = zone_letter(&driver.region, &instance.zone).to_owned();
        driver.instance_type = instance.instance_type;
        driver.subnet_id = instance.subnet;
        driver.vpc_id = instance.vpc;
        driver.launch.account = instance.owner;
        owner::note(cx.journal, &driver.launch.account).await?;
        let plan = driver.launch.plan.iter().flat_map(|plan| &plan.images);
        if let Some(source) = plan.into_iter().find(|source| source.id == instance.image)
            && !driver.launch.user_given
        {
            driver.ssh_user.clone_from(&source.ssh_user);
        }
        driver.ami = instance.image;
        state.write(&driver)
    }

    /// The instance that came of a spot request, where the process died before it was written down.
    async fn of_request(
        &self,
        cx: &Cx<'_>,
        session: &Session<'_>,
        request: &str,
    ) -> Result<String> {
        let filter = [crate::client::is("spot-instance-request-id", request)];
        let mut rounds = Rounds::of_lag(cx.clock);
        loop {
            let is_last = rounds.last().await;
            let found = session.call(|ec2| ec2.spot_requests(&filter)).await?;
            if let Some(id) = found.into_iter().find_map(|request| request.instance) {
                let known = resources(&cx.journal.records().await?);
                let of = known.iter().find(|r| r.ids.iter().any(|known| known == request));
                if let Some(key) = of.map(|resource| resource.intent.key.clone()) {
                    cx.journal.append(Record::Created { key, id: id.clone() }).await?;
                }
                return Ok(id);
            }
            if is_last {
                return Err(Failure::Invisible(request.to_owned()).into());
            }
        }
    }
}

impl Default for AmazonEc2 {
    fn default() -> Self {
        Self::new()
    }
}

fn show_addresses(state: &mut State, driver: &Driver, instance: &Instance) -> Result<()> {
    state.write(&Addresses {
        ip_address: &address(driver, instance).unwrap_or_default(),
        private_ip_address: instance.private_ip.as_deref().unwrap_or_default(),
    })
}

#[async_trait]
impl Provider for AmazonEc2 {
    fn name(&self) -> &str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        let mut able = Capabilities::default();
        able.start_stop = true;
        able.find_tagged = true;
        able
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        Ok(specs())
    }

    async fn sign_in(&mut self, options: &Options, source: Option<&str>) -> Result<()> {
        let mut account = Account::new();
        account.sign_in(options, source);
        self.account = Arc::new(account);
        Ok(())
    }

    #[instrument(skip_all, fields(provider = NAME, machine = cx.name))]
    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        let driver = config::driver(cx, options)?;
        if let (_, Some(count)) = user_tags(&driver.tags) {
            let line = format!("Tags are not key value in pairs. {count} elements found");
            cx.events.emit(Event::Said { line });
        }
        self.account.probe(&driver.region).await?;
        Ok(Prepared::new(State::new(&driver)?).with_source(self.account.source()))
    }

    #[instrument(skip_all, fields(provider = NAME, machine = cx.name))]
    async fn check(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let mut driver: Driver = state.read()?;
        let session = self.session(cx, &driver).await;
        check::check(cx, &session, &mut driver).await?;
        state.write(&driver)
    }

    #[instrument(skip_all, fields(provider = NAME, machine = cx.name))]
    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        // What an earlier try left is not kept for a machine that cannot be.
        let steps = match self.get_ready(cx, state).await {
            Ok(steps) => steps,
            Err(error) => return Err(self.unwound(cx, state, error).await),
        };
        cx.events.emit(Event::Said { line: "Launching instance...".to_owned() });
        run_steps(&steps, cx, state).await?;
        match self.settle(cx, state).await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.unwound(cx, state, error).await),
        }
    }

    #[instrument(skip_all, fields(provider = NAME, machine = cx.name))]
    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        // The journal is enough: a state that cannot be read does not stop a removal.
        let mut driver: Driver = state.read().unwrap_or_default();
        self.advise(cx, &driver);
        let records = cx.journal.records().await?;
        if driver.launch.account.is_empty() {
            driver.launch.account = owner::noted(&records).unwrap_or_default();
        }
        let scope = Scope::of(&driver);
        let known = if driver.region.is_empty() { owner::place(&records) } else { None };
        let session = self.account.session(cx.clock, &driver, &known.unwrap_or(scope)).await;
        if let Some(failure) = wrong_account(&session, &driver).await {
            // With another account's eyes all is gone, and would be struck from the journal.
            return Err(kept(cx, failure).await);
        }
        undo(&self.steps(1, true), cx, state).await
    }

    fn adopt(&self, state: &State) -> Result<Vec<Record>> {
        let driver: Driver = state.read()?;
        let scope = Scope::of(&driver).to_string();
        let mut records = Vec::new();
        if !driver.existing_key && !driver.key_name.is_empty() {
            let intent = Intent::new(KEY_PAIR, &scope).with_name(driver.key_name.clone());
            records.extend(Record::adopted(KEY_PAIR, intent, &driver.key_name));
        }
        for id in driver.group_ids().iter().filter(|id| !id.is_empty()) {
            // One without the store's tag, such as Docker Machine's own, is left alone later.
            let intent = Intent::new(GROUP, &scope).with_shared();
            records.extend(Record::adopted(GROUP, intent, id));
        }
        if !driver.instance_id.is_empty() {
            let intent = Intent::new(INSTANCE, &scope);
            records.extend(Record::adopted(INSTANCE, intent, &driver.instance_id));
        }
        Ok(records)
    }

    #[instrument(skip_all, fields(provider = NAME, machine = cx.name))]
    async fn start(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let (driver, session) = self.instance(cx, state).await?;
        let id = &driver.instance_id;
        match session.call(|ec2| ec2.start(id)).await {
            Err(error) if error.code() == WRONG_STATE => {
                // Still on its way down.
                let settled = |s| matches!(s, InstanceState::Stopped | InstanceState::Running);
                wait_for(&session, id, settled, POWER).await?;
                session.call(|ec2| ec2.start(id)).await?;
            }
            started => started?,
        }
        let up = |state| state == InstanceState::Running;
        let instance = wait_for(&session, id, up, POWER).await?;
        show_addresses(state, &driver, &instance)
    }

    #[instrument(skip_all, fields(provider = NAME, machine = cx.name))]
    async fn stop(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.halt(cx, state, false).await
    }

    #[instrument(skip_all, fields(provider = NAME, machine = cx.name))]
    async fn kill(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.halt(cx, state, true).await
    }

    /// Keeps address and place, as a stop and a start would not.
    #[instrument(skip_all, fields(provider = NAME, machine = cx.name))]
    async fn restart(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let (driver, session) = self.instance(cx, state).await?;
        Ok(session.call(|ec2| ec2.reboot(&driver.instance_id)).await?)
    }

    fn batch_key(&self, state: &State) -> Option<String> {
        batch_key(state)
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        statuses(&self.account, machines).await
    }

    async fn find_tagged(&self, scope: &str, store: &str) -> Result<Vec<Found>> {
        let place = Scope::parse(scope);
        if !place.is_sound() {
            return Err(Failure::NoSuchScope(scope.to_owned()).into());
        }
        let session = self.account.session_for(&RealClock, &place).await;
        tagged::find(&session, scope, store).await
    }
}

/// Everything that the journal knows remains.
async fn kept(cx: &Cx<'_>, failure: Failure) -> Error {
    let text = failure.to_string();
    let error: Error = failure.into();
    let records = match cx.journal.records().await {
        Ok(records) => records,
        Err(unreadable) => return unreadable,
    };
    let open = resources(&records).into_iter().filter(|resource| resource.open);
    let left = open.map(|resource| {
        let cause = Error::new(ErrorKind::Credentials, "", text.clone());
        Leftover::new(resource.intent, resource.ids, cause)
    });
    error.with_leftovers(left.collect())
}

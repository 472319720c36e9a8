use super::look::Rounds;
use super::{GROUP, next_key, session, shared_tags};
use crate::account::Account;
use crate::client::{ApiError, Filter, Group, Reply, Rule, is};
use crate::error::Failure;
use crate::rules::{missing, needed};
use crate::scope::Scope;
use crate::session::Session;
use crate::state::Driver;
use async_trait::async_trait;
use machine_core::{
    Cx, Error, ErrorKind, Intent, Record, Result, State, Step, TAG_STORE, resources,
};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Rounds of look and change before giving up against somebody who keeps deleting.
const ROUNDS: usize = 3;

/// A security group of the store, or whatever has its name already. One step per name given.
pub(crate) struct GroupStep {
    pub(crate) account: Arc<Account>,
    index: usize,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shown {
    security_group_ids: Vec<String>,
}

impl GroupStep {
    pub(crate) fn new(account: Arc<Account>, index: usize) -> Self {
        let name = match index {
            0 => GROUP.to_owned(),
            index => format!("{GROUP}.{index}"),
        };
        Self { account, index, name }
    }
}

#[async_trait]
impl Step for GroupStep {
    fn name(&self) -> &str {
        &self.name
    }

    fn owns(&self, step: &str) -> bool {
        step == GROUP || step.strip_prefix(GROUP).is_some_and(|rest| rest.starts_with('.'))
    }

    async fn intent(&self, _: &Cx<'_>, state: &State, attempt: usize) -> Result<Option<Intent>> {
        let driver: Driver = state.read()?;
        let Some(name) = driver.group_names().into_iter().nth(self.index) else { return Ok(None) };
        let scope = Scope::of(&driver).to_string();
        let intent = Intent::new(GROUP, scope).with_name(name).with_choice(vpc(&driver));
        Ok((attempt == 0).then(|| intent.with_shared()))
    }

    async fn make(&self, cx: &Cx<'_>, state: &mut State, intent: &Intent) -> Result<String> {
        let driver: Driver = state.read()?;
        let session = session(&self.account, cx, state, intent).await?;
        let name = intent.name.clone().unwrap_or_default();
        let groups = &session.link.groups;
        Ok(groups.ensure(cx, &session, &driver, &name, &vpc(&driver)).await?)
    }

    async fn find(&self, cx: &Cx<'_>, state: &State, intent: &Intent) -> Result<Vec<String>> {
        let session = session(&self.account, cx, state, intent).await?;
        let name = intent.name.clone().unwrap_or_default();
        if name.starts_with("sg-") {
            return Ok(Vec::new()); // given by id: never made
        }
        let filters = named(&name, intent.choice.as_deref().unwrap_or_default());
        let mut rounds = Rounds::of_lag(cx.clock);
        loop {
            let is_last = rounds.last().await;
            let groups = session.call(|ec2| ec2.groups(&filters)).await?;
            let ours = groups.into_iter().filter(|group| is_ours(cx, group));
            let ids: Vec<_> = ours.map(|group| group.id).collect();
            if is_last || !ids.is_empty() {
                return Ok(ids);
            }
        }
    }

    async fn unmake(
        &self,
        cx: &Cx<'_>,
        state: &mut State,
        intent: &Intent,
        id: &str,
    ) -> Result<()> {
        let session = session(&self.account, cx, state, intent).await?;
        let filter = [is("group-id", id)];
        let found = session.call(|ec2| ec2.groups(&filter)).await?;
        if found.iter().any(|group| !is_ours(cx, group)) {
            return Ok(());
        }
        // Not seen: gone, or so new that it is ours.
        session.link.groups.forget(id).await;
        let in_use = [is("network-interface.group-id", id)];
        let mut rounds = Rounds::of_lag(cx.clock);
        loop {
            let is_last = rounds.last().await;
            match session.call(|ec2| ec2.delete_group(id)).await {
                Err(error) if error.kind == ErrorKind::Conflict => {}
                done => return Ok(done?),
            }
            // An instance holds its group a little longer than it lives; whatever else uses the
            // group for longer than that is somebody's.
            let users = session.call(|ec2| ec2.instances(&in_use)).await?;
            let alive = |state| state != crate::client::InstanceState::Terminated;
            if is_last || users.iter().any(|user| alive(user.state)) {
                return Err(Failure::GroupInUse(id.to_owned()).into());
            }
        }
    }

    fn project(&self, state: &mut State, id: Option<&str>) -> Result<()> {
        let mut ids = state.read::<Driver>()?.security_group_ids;
        match id {
            Some(id) => {
                ids.resize(ids.len().max(self.index + 1), String::new());
                ids[self.index] = id.to_owned();
            }
            None => ids.clear(),
        }
        state.write(&Shown { security_group_ids: ids })
    }
}

fn vpc(driver: &Driver) -> String {
    let planned = driver.launch.plan.as_ref().map(|plan| plan.vpc.clone());
    planned.unwrap_or_else(|| driver.vpc_id.clone())
}

/// Group names are unique in a VPC; an id may stand for one.
pub(crate) fn named(name: &str, vpc: &str) -> Vec<Filter> {
    let by = if name.starts_with("sg-") { "group-id" } else { "group-name" };
    let mut filters = vec![is(by, name)];
    if !vpc.is_empty() {
        filters.push(is("vpc-id", vpc));
    }
    filters
}

/// Whether the group carries the store's tag. A caller without a store takes any for its own.
pub(crate) fn is_ours(cx: &Cx<'_>, group: &Group) -> bool {
    let ours = cx.tags.get(TAG_STORE).filter(|id| !id.is_empty());
    group.tags.get(TAG_STORE).is_some_and(|theirs| ours.is_none_or(|ours| ours == theirs))
}

/// Makes groups again that vanished under a `create`: the last `rm` of another process found them
/// unused. Each under a key of its own, so that the journal knows it before it exists, and then
/// under the key that its step ended with, which is the one that stays.
pub(crate) async fn make_again(
    account: &Arc<Account>,
    cx: &Cx<'_>,
    state: &mut State,
) -> Result<()> {
    let driver: Driver = state.read()?;
    let session = account.session(cx.clock, &driver, &Scope::of(&driver)).await;
    for id in driver.group_ids() {
        session.link.groups.forget(&id).await;
    }
    for index in 0..driver.group_names().len() {
        let step = GroupStep::new(account.clone(), index);
        let Some(mut intent) = step.intent(cx, state, 0).await? else { continue };
        let known = resources(&cx.journal.records().await?);
        let mut settled = known
            .iter()
            .filter(|r| r.intent.step() == step.name && r.open && !r.deleting && !r.ids.is_empty());
        let settled = settled.next_back().map(|resource| resource.intent.key.clone());
        intent.key = next_key(&known, &step.name);
        cx.journal.append(Record::Intent(intent.clone())).await?;
        let id = step.make(cx, state, &intent).await?;
        for key in [Some(intent.key), settled].into_iter().flatten() {
            cx.journal.append(Record::Created { key, id: id.clone() }).await?;
        }
        step.project(state, Some(&id))?;
    }
    Ok(())
}

/// Groups seen to be there, with rules that they were seen to have: many machines that are made at
/// once look once.
#[derive(Default)]
pub(crate) struct Ensured(Mutex<BTreeMap<InVpc, (Group, Vec<Rule>)>>);

/// VPC and group name.
type InVpc = (String, String);

impl Ensured {
    /// The id of the group, which is made and completed where it is ours to do so.
    async fn ensure(
        &self,
        cx: &Cx<'_>,
        session: &Session<'_>,
        driver: &Driver,
        name: &str,
        vpc: &str,
    ) -> Result<String> {
        let rules = match driver.security_group_read_only {
            true => Vec::new(),
            false => needed(driver).map_err(|e| Error::from(e).with_no_effect())?,
        };
        let mut known = self.0.lock().await;
        let key = (vpc.to_owned(), name.to_owned());
        if let Some((group, granted)) = known.get(&key)
            && rules.iter().all(|rule| granted.contains(rule))
        {
            return Ok(group.id.clone());
        }
        let mut vanished: Option<ApiError> = None;
        for _ in 0..ROUNDS {
            let got = look_or_make(cx, session, driver, name, vpc).await;
            let got = got.map_err(|e| if vanished.is_some() { e.with_effect() } else { e })?;
            let Some((group, is_new)) = got else {
                let (name, vpc) = (name.to_owned(), vpc.to_owned());
                return Err(Error::from(Failure::NoSuchGroup { name, vpc }).with_no_effect());
            };
            let lacking = missing(&group, &rules);
            if !lacking.is_empty() && (is_new || is_ours(cx, &group)) {
                match authorize(session, &group.id, &lacking, is_new).await {
                    Ok(()) => {}
                    Err(error) if error.kind == ErrorKind::NotFound => {
                        vanished = Some(error);
                        continue;
                    }
                    Err(error) => return Err(error.with_effect().into()),
                }
            }
            let id = group.id.clone();
            known.insert(key, (group, rules));
            return Ok(id);
        }
        Err(vanished.map_or_else(
            || Failure::GroupInUse(name.to_owned()).into(),
            |error| error.with_effect().into(),
        ))
    }

    pub(crate) async fn forget(&self, id: &str) {
        self.0.lock().await.retain(|_, (group, _)| group.id != id);
    }
}

/// The group, and whether it is new; none where an id was given that is nobody's.
async fn look_or_make(
    cx: &Cx<'_>,
    session: &Session<'_>,
    driver: &Driver,
    name: &str,
    vpc: &str,
) -> Reply<Option<(Group, bool)>> {
    let filters = named(name, vpc);
    if let Some(group) = session.call(|ec2| ec2.groups(&filters)).await?.pop() {
        return Ok(Some((group, false)));
    }
    if name.starts_with("sg-") {
        return Ok(None);
    }
    let tags = shared_tags(cx, driver, name);
    let error = match session.call(|ec2| ec2.create_group(name, vpc, &tags)).await {
        Ok(id) => return Ok(Some((Group { id, tags, ..Group::default() }, true))),
        Err(error) if error.code() == "InvalidGroup.Duplicate" => error,
        Err(error) => return Err(error),
    };
    // Made by another machine meanwhile, or by a try whose reply was lost.
    let mut rounds = Rounds::of_lag(cx.clock);
    loop {
        let is_last = rounds.last().await;
        let found = session.call(|ec2| ec2.groups(&filters)).await;
        match found.map_err(ApiError::with_effect)?.pop() {
            Some(group) => return Ok(Some((group, false))),
            None if is_last => return Err(error.with_effect()),
            None => {}
        }
    }
}

async fn authorize(session: &Session<'_>, group: &str, rules: &[Rule], is_new: bool) -> Reply<()> {
    let mut rounds = Rounds::of_lag(session.clock);
    loop {
        let is_last = rounds.last().await;
        match session.call(|ec2| ec2.authorize(group, rules)).await {
            Err(error) if error.code() == "InvalidPermission.Duplicate" => break,
            // Too new to be known everywhere.
            Err(error) if error.kind == ErrorKind::NotFound && is_new && !is_last => {}
            done => return done,
        }
    }
    // One that is there already has kept all others out.
    for rule in rules {
        let rule = std::slice::from_ref(rule);
        match session.call(|ec2| ec2.authorize(group, rule)).await {
            Err(error) if error.code() == "InvalidPermission.Duplicate" => {}
            done => done?,
        }
    }
    Ok(())
}

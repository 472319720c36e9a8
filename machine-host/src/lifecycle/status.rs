use super::Machines;
use crate::engine::{Endpoint, EngineVersion};
use crate::store::{Entry, LockName};
use futures_util::future::join_all;
use machine_core::{Error, ErrorKind, MachineState, Provider, Result, State, Status};
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// Longest that one look at a machine may take.
const STATUS: Duration = Duration::from_secs(10);
/// Engines asked at once: below the usual limit of 1024 open files.
const ENGINES: usize = 512;

/// What `ls` shows of one machine.
#[derive(Debug)]
#[non_exhaustive]
pub struct Look {
    /// State and addresses.
    pub status: Result<Status>,
    /// The engine's version, where there was a URL to ask.
    pub version: Option<Result<EngineVersion>>,
    /// How long it took.
    pub took: Duration,
    /// The limit was reached before everything was known.
    pub timed_out: bool,
}

/// Machines that may share one call: their provider, and where they stand in the list.
struct Group {
    provider: Result<Arc<dyn Provider>, Arc<Error>>,
    members: Vec<usize>,
}

impl Group {
    fn bounds_itself(&self) -> bool {
        self.provider.as_ref().is_ok_and(|p| p.capabilities().bounds_statuses)
    }
}

impl Machines {
    /// States and addresses, one answer each, in the order asked. Never writes.
    ///
    /// Machines that share a service are asked for in one call; a call that takes longer than 10 s
    /// fails for its machines alone. A provider that bounds its looks itself is given its time.
    pub async fn statuses(&self, entries: &[Entry]) -> Vec<Result<Status>> {
        let groups = self.groups(entries).await;
        let asked = groups.into_iter().map(|group| async move {
            let answers = self.ask(&group, entries, Some(STATUS)).await;
            group.members.into_iter().zip(answers)
        });
        in_order(join_all(asked).await)
    }

    /// State and address of one machine.
    ///
    /// # Errors
    /// Those of its provider; [`ErrorKind::Transient`] after 10 s.
    pub async fn status(&self, entry: &Entry) -> Result<Status> {
        let mut all = self.statuses(std::slice::from_ref(entry)).await;
        all.pop().unwrap_or_else(|| Err(no_answer()))
    }

    /// What `ls` shows: state, addresses, and the engine's version, each machine within `limit`;
    /// none at all is too little even for what is known without asking. Never writes.
    pub async fn look(&self, entries: &[Entry], limit: Duration) -> Vec<Look> {
        let late =
            || Look { status: Err(too_late(limit)), version: None, took: limit, timed_out: true };
        if limit.is_zero() {
            return entries.iter().map(|_| late()).collect();
        }
        let started = Instant::now();
        let engines = Semaphore::new(ENGINES);
        let seen: Vec<OnceLock<Look>> = entries.iter().map(|_| OnceLock::new()).collect();
        let groups = self.groups(entries).await;
        let look_at = async |group: &Group, each: Option<Duration>| {
            let answers = self.ask(group, entries, None).await;
            let looks = group.members.iter().zip(answers).map(async |(&index, status)| {
                let version = self.version_of(&entries[index], &status, &engines, each).await;
                let timed_out = status.as_ref().is_ok_and(|s| s.state == MachineState::Timeout);
                let took = started.elapsed();
                seen[index].set(Look { status, version, took, timed_out }).ok();
            });
            join_all(looks).await;
        };
        let (queued, others): (Vec<_>, Vec<_>) =
            groups.iter().partition(|group| group.bounds_itself());
        // One timer for all, since each costs a call; but where looks wait for each other, the
        // wait counts against no machine.
        let others = join_all(others.into_iter().map(|group| look_at(group, None)));
        let queued = join_all(queued.into_iter().map(|group| look_at(group, Some(limit))));
        tokio::join!(async { tokio::time::timeout(limit, others).await.ok() }, queued);
        seen.into_iter().map(|look| look.into_inner().unwrap_or_else(late)).collect()
    }

    /// As [`Machines::status`], over a provider that is there already.
    pub(super) async fn status_of(&self, provider: &dyn Provider, entry: &Entry) -> Result<Status> {
        bounded(provider, &[&entry.config.driver], Some(STATUS))
            .await
            .pop()
            .unwrap_or_else(|| Err(no_answer()))
    }

    async fn version_of(
        &self,
        entry: &Entry,
        status: &Result<Status>,
        engines: &Semaphore,
        limit: Option<Duration>,
    ) -> Option<Result<EngineVersion>> {
        let Ok(Status { state: MachineState::Running, url: Some(url), .. }) = status else {
            return None;
        };
        let _place = engines.acquire().await;
        Some(self.ask_version(entry, url, limit).await)
    }

    /// The engine's version at `url`, with the machine's own certificates.
    pub(super) async fn ask_version(
        &self,
        entry: &Entry,
        url: &str,
        limit: Option<Duration>,
    ) -> Result<EngineVersion> {
        let endpoint = Endpoint::parse(url).map_err(unanswered)?;
        let config = || self.client_config(entry);
        let asked = match limit {
            Some(limit) => endpoint.version(config, limit).await,
            None => endpoint.version_unbounded(config).await,
        };
        asked.map_err(|error| match error.is_refused() {
            true => unanswered("Cannot connect to the docker engine endpoint").with_source(error),
            false => unanswered(error),
        })
    }

    async fn ask(
        &self,
        group: &Group,
        entries: &[Entry],
        limit: Option<Duration>,
    ) -> Vec<Result<Status>> {
        let members = group.members.iter().map(|&index| &entries[index]);
        let provider = match &group.provider {
            Ok(provider) => provider,
            Err(error) => return members.map(|_| Err(copy(error))).collect(),
        };
        let needs_keeper = provider.capabilities().needs_keeper;
        // What a driver is making it cannot tell of.
        let is_made =
            |entry: &&Entry| needs_keeper && self.store.is_locked(LockName::Keeper(&entry.name));
        let (made, others): (Vec<_>, Vec<_>) = members.clone().partition(is_made);
        let states: Vec<_> = others.iter().map(|entry| &entry.config.driver).collect();
        let mut answers = bounded(provider.as_ref(), &states, limit).await.into_iter();
        let is_made = |entry: &Entry| made.iter().any(|other| other.name == entry.name);
        let answer = |entry| match is_made(entry) {
            true => Ok(Status::new(MachineState::Starting)),
            false => answers.next().unwrap_or_else(|| Err(no_answer())),
        };
        members.map(answer).collect()
    }

    async fn groups(&self, entries: &[Entry]) -> Vec<Group> {
        type Account<'a> = (&'a str, Option<String>);
        let mut has_account: BTreeMap<&str, bool> = BTreeMap::new();
        let mut providers: BTreeMap<Account<'_>, Result<Arc<dyn Provider>, Arc<Error>>> =
            BTreeMap::new();
        let mut shared: BTreeMap<(Account<'_>, String), usize> = BTreeMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let driver = entry.config.driver_name.as_str();
            let has_account =
                *has_account.entry(driver).or_insert_with(|| self.has_account(driver));
            let source = has_account.then(|| self.source_of(entry)).flatten();
            let account = (driver, source);
            let provider = match providers.get(&account) {
                Some(provider) => provider.clone(),
                None => {
                    let source = account.1.as_deref();
                    let made = self.signed_in_as(driver, source).await.map_err(Arc::new);
                    providers.insert(account.clone(), made.clone());
                    made
                }
            };
            let key = provider.as_ref().ok().and_then(|p| p.batch_key(&entry.config.driver));
            let key = key.map(|key| (account, key));
            let known = key.as_ref().and_then(|key| shared.get(key).copied());
            match known {
                Some(group) => groups[group].members.push(index),
                None => {
                    if let Some(key) = key {
                        shared.insert(key, groups.len());
                    }
                    groups.push(Group { provider, members: vec![index] });
                }
            }
        }
        groups
    }

    /// Whether a driver's machines are in an account, so that it matters whose.
    fn has_account(&self, driver: &str) -> bool {
        let able = self.registry.provider(driver).map(|provider| provider.capabilities());
        able.is_some_and(|able| !able.endpoint_only && !able.existing_host)
    }

    /// Where a machine's credentials come from; an entry of a long list has not read that yet.
    fn source_of(&self, entry: &Entry) -> Option<String> {
        match &entry.own {
            Some(own) => own.source.clone(),
            None => self.store.load_own(&entry.name).ok().flatten()?.source,
        }
    }
}

async fn bounded(
    provider: &dyn Provider,
    states: &[&State],
    limit: Option<Duration>,
) -> Vec<Result<Status>> {
    let asked = provider.statuses(states);
    let answers = match limit.filter(|_| !provider.capabilities().bounds_statuses) {
        Some(limit) => tokio::time::timeout(limit, asked).await.map_err(|_| limit),
        None => Ok(asked.await),
    };
    match answers {
        Ok(answers) if answers.len() == states.len() => answers,
        Ok(_) => states.iter().map(|_| Err(no_answer())).collect(),
        Err(limit) => states.iter().map(|_| Err(too_late(limit))).collect(),
    }
}

fn in_order<T, I: IntoIterator<Item = (usize, T)>>(answers: Vec<I>) -> Vec<T> {
    let mut all: Vec<_> = answers.into_iter().flatten().collect();
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, answer)| answer).collect()
}

/// Docker Machine's words (`libmachine/mcndockerclient/docker_versioner.go`).
pub(super) fn unanswered(why: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Transient, "", format!("Unable to query docker version: {why}"))
}

fn no_answer() -> Error {
    Error::new(ErrorKind::Other, "statuses", "the provider gave no answer for this machine")
}

fn too_late(limit: Duration) -> Error {
    let text = format!("no answer within {} s", limit.as_secs());
    Error::new(ErrorKind::Transient, "", text)
}

/// One sign-in failed for many machines: each gets its kind and text.
fn copy(error: &Error) -> Error {
    Error::new(error.kind(), error.operation().to_owned(), error.to_string())
}

use super::Machines;
use crate::engine::{Endpoint, EngineVersion};
use crate::store::{Entry, LockName};
use futures_util::future::join_all;
use machine_core::{Error, ErrorKind, MachineState, Provider, Result, State, Status};
use std::collections::BTreeMap;
use std::sync::Arc;
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
            let answers = self.ask(&group, entries, STATUS).await;
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

    /// What `ls` shows: state, addresses, and the engine's version, each machine within `limit`.
    /// Never writes.
    pub async fn look(&self, entries: &[Entry], limit: Duration) -> Vec<Look> {
        let engines = Semaphore::new(ENGINES);
        let engines = &engines;
        let groups = self.groups(entries).await;
        let looked = groups.into_iter().map(|group| async move {
            let started = Instant::now();
            let answers = self.ask(&group, entries, limit).await;
            // Where looks wait for each other, the wait counts against no machine.
            let asked = match group.bounds_itself() {
                true => Instant::now(),
                false => started,
            };
            let looks = group.members.iter().zip(answers).map(|(&index, status)| async move {
                let mut look = self.finish(&entries[index], status, asked, limit, engines).await;
                look.took = started.elapsed();
                (index, look)
            });
            join_all(looks).await
        });
        in_order(join_all(looked).await)
    }

    /// As [`Machines::status`], over a provider that is there already.
    pub(super) async fn status_of(&self, provider: &dyn Provider, entry: &Entry) -> Result<Status> {
        bounded(provider, &[&entry.config.driver], STATUS)
            .await
            .pop()
            .unwrap_or_else(|| Err(no_answer()))
    }

    async fn finish(
        &self,
        entry: &Entry,
        status: Result<Status>,
        asked: Instant,
        limit: Duration,
        engines: &Semaphore,
    ) -> Look {
        let mut version = None;
        if let Ok(Status { state: MachineState::Running, url: Some(url), .. }) = &status {
            let _place = engines.acquire().await;
            let left = limit.saturating_sub(asked.elapsed());
            version = Some(self.ask_version(entry, url, left).await);
        }
        let took = asked.elapsed();
        let gave_up = status.as_ref().is_ok_and(|s| s.state == MachineState::Timeout);
        Look { status, version, took, timed_out: gave_up || took >= limit }
    }

    /// The engine's version at `url`, with the machine's own certificates.
    pub(super) async fn ask_version(
        &self,
        entry: &Entry,
        url: &str,
        limit: Duration,
    ) -> Result<EngineVersion> {
        let endpoint = Endpoint::parse(url).map_err(unanswered)?;
        let asked = endpoint.version(|| self.client_config(entry), limit).await;
        asked.map_err(|error| match error.is_refused() {
            true => unanswered("Cannot connect to the docker engine endpoint").with_source(error),
            false => unanswered(error),
        })
    }

    async fn ask(&self, group: &Group, entries: &[Entry], limit: Duration) -> Vec<Result<Status>> {
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
        type Account<'a> = (&'a str, Option<&'a str>);
        let mut providers: BTreeMap<Account<'_>, Result<Arc<dyn Provider>, Arc<Error>>> =
            BTreeMap::new();
        let mut shared: BTreeMap<(Account<'_>, String), usize> = BTreeMap::new();
        let mut groups: Vec<Group> = Vec::new();
        for (index, entry) in entries.iter().enumerate() {
            let source = entry.own.as_ref().and_then(|own| own.source.as_deref());
            let account = (entry.config.driver_name.as_str(), source);
            let provider = match providers.get(&account) {
                Some(provider) => provider.clone(),
                None => {
                    let made = self.signed_in_as(account.0, source).await.map_err(Arc::new);
                    providers.insert(account, made.clone());
                    made
                }
            };
            let key = provider.as_ref().ok().and_then(|p| p.batch_key(&entry.config.driver));
            let known = key.clone().and_then(|key| shared.get(&(account, key)).copied());
            match known {
                Some(group) => groups[group].members.push(index),
                None => {
                    if let Some(key) = key {
                        shared.insert((account, key), groups.len());
                    }
                    groups.push(Group { provider, members: vec![index] });
                }
            }
        }
        groups
    }
}

async fn bounded(
    provider: &dyn Provider,
    states: &[&State],
    limit: Duration,
) -> Vec<Result<Status>> {
    let asked = provider.statuses(states);
    let answers = match provider.capabilities().bounds_statuses {
        true => Ok(asked.await),
        false => tokio::time::timeout(limit, asked).await,
    };
    match answers {
        Ok(answers) if answers.len() == states.len() => answers,
        Ok(_) => states.iter().map(|_| Err(no_answer())).collect(),
        Err(_) => states.iter().map(|_| Err(too_late(limit))).collect(),
    }
}

fn in_order<T, I: IntoIterator<Item = (usize, T)>>(answers: Vec<I>) -> Vec<T> {
    let mut all: Vec<_> = answers.into_iter().flatten().collect();
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, answer)| answer).collect()
}

/// Docker Machine's words (`libmachine/mcndockerclient/docker_versioner.go`).
fn unanswered(why: impl std::fmt::Display) -> Error {
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

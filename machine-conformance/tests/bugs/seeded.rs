//! Steps, journals, sinks and an undo as a careless author would write them.
use super::cloud::CloudBug;
use async_trait::async_trait;
use machine_conformance::{LAG, MemoryClient, MemoryThing};
use machine_core::{
    Cx, Error, ErrorKind, Event, EventSink, Intent, Journal, Leftover, Record, Result, State,
    StateSink, Step, TAG_MACHINE, TAG_STORE, resources,
};
use std::sync::Mutex;
use std::time::Duration;

const PAUSE: Duration = Duration::from_secs(5);

pub(crate) struct BuggyStep {
    pub(crate) inner: Box<dyn Step>,
    pub(crate) client: MemoryClient,
    pub(crate) bug: CloudBug,
}

impl BuggyStep {
    fn matches(&self, cx: &Cx<'_>, intent: &Intent, thing: &MemoryThing) -> bool {
        thing.kind == self.inner.name()
            && thing.region == intent.scope
            && match (&intent.name, self.inner.name()) {
                (Some(name), "group") => thing.name == *name,
                _ if self.bug == CloudBug::SearchWithoutMachineTag => true,
                _ => thing.tags.get(TAG_MACHINE).is_some_and(|id| id == cx.id),
            }
    }

    async fn listed(&self, cx: &Cx<'_>, intent: &Intent) -> Result<Vec<String>> {
        let found = self.client.list(|t| self.matches(cx, intent, t)).await?;
        Ok(found.into_iter().map(|(id, _)| id).collect())
    }
}

#[async_trait]
impl Step for BuggyStep {
    fn name(&self) -> &str {
        self.inner.name()
    }

    async fn intent(&self, cx: &Cx<'_>, state: &State, attempt: usize) -> Result<Option<Intent>> {
        let mut intent = self.inner.intent(cx, state, attempt).await?;
        if let (Some(intent), CloudBug::SharedNotMarked) = (&mut intent, self.bug) {
            intent.shared = false;
        }
        Ok(intent)
    }

    async fn make(&self, cx: &Cx<'_>, state: &mut State, intent: &Intent) -> Result<String> {
        let made = match (self.bug, self.inner.name()) {
            (CloudBug::RepeatWithoutToken, "instance") => {
                let mut untold = intent.clone();
                untold.token.clear();
                match self.inner.make(cx, state, &untold).await {
                    Err(_) => self.inner.make(cx, state, &untold).await,
                    made => made,
                }
            }
            _ => self.inner.make(cx, state, intent).await,
        };
        made.map_err(|e| match self.bug {
            CloudBug::LostReplyIsNoEffect => e.with_no_effect(),
            _ => e,
        })
    }

    async fn find(&self, cx: &Cx<'_>, state: &State, intent: &Intent) -> Result<Vec<String>> {
        match self.bug {
            CloudBug::SingleLook => self.listed(cx, intent).await,
            CloudBug::SearchWithoutMachineTag => {
                let until = cx.clock.now() + LAG;
                loop {
                    let truth = cx.clock.now() >= until;
                    let found = self.listed(cx, intent).await?;
                    if truth || !found.is_empty() {
                        return Ok(found);
                    }
                    cx.clock.sleep(PAUSE).await;
                }
            }
            CloudBug::FailedSearchIsNone => {
                Ok(self.inner.find(cx, state, intent).await.unwrap_or_default())
            }
            _ => self.inner.find(cx, state, intent).await,
        }
    }

    async fn unmake(&self, cx: &Cx<'_>, s: &mut State, intent: &Intent, id: &str) -> Result<()> {
        let is_group = self.inner.name() == "group";
        match self.bug {
            CloudBug::DeletedWrittenFirst => {
                cx.journal.append(Record::Deleted { key: intent.key.clone() }).await?;
            }
            CloudBug::RemoveNeedsState => {
                #[derive(serde::Deserialize)]
                struct Fields {
                    #[serde(default, rename = "Region")]
                    region: String,
                }
                if s.read::<Fields>()?.region != intent.scope {
                    return Ok(());
                }
            }
            CloudBug::DeletionNotWaitedFor => return self.client.delete(&intent.scope, id).await,
            CloudBug::DeletionWaitedForEver => {
                self.client.delete(&intent.scope, id).await?;
                while self.client.get(&intent.scope, id).await.is_ok() {
                    cx.clock.sleep(PAUSE).await;
                }
                return Ok(());
            }
            CloudBug::DeletionWaitGivesUp => {
                let removed = self.inner.unmake(cx, s, intent, id).await;
                return removed.or_else(|e| match e.kind() {
                    ErrorKind::Transient => Ok(()),
                    _ => Err(e),
                });
            }
            CloudBug::DeletesGroupsWithoutTag if is_group => {
                return self.client.delete(&intent.scope, id).await;
            }
            CloudBug::DeletesGroupsOfOtherStores if is_group => {
                let group = self.client.get(&intent.scope, id).await?;
                return match group.tags.contains_key(TAG_STORE) {
                    true => self.client.delete(&intent.scope, id).await,
                    false => Ok(()),
                };
            }
            _ => {}
        }
        self.inner.unmake(cx, s, intent, id).await.map_err(|e| {
            let other = |text: &str| Error::new(ErrorKind::Other, "memory", text);
            match (self.bug, e.kind()) {
                (CloudBug::MissingIsFailure, ErrorKind::NotFound) => other("gone"),
                (CloudBug::SharedInUseIsFailure, ErrorKind::Conflict) => other("in use"),
                _ => e,
            }
        })
    }

    fn project(&self, state: &mut State, id: Option<&str>) -> Result<()> {
        self.inner.project(state, id)?;
        if self.bug == CloudBug::StateWrittenAfresh {
            let known: serde_json::Map<String, serde_json::Value> = state.read()?;
            *state = State::new(
                &known
                    .into_iter()
                    .filter(|(k, _)| k != "ZzForeign")
                    .collect::<serde_json::Map<_, _>>(),
            )?;
        }
        Ok(())
    }

    fn again(&self, error: &Error) -> bool {
        self.inner.again(error)
    }
}

pub(crate) struct BadJournal<'a> {
    inner: &'a dyn Journal,
    bug: CloudBug,
    secret: &'a str,
    held_back: Mutex<Vec<Record>>,
}

impl<'a> BadJournal<'a> {
    pub(crate) fn new(inner: &'a dyn Journal, bug: CloudBug, secret: &'a str) -> Self {
        Self { inner, bug, secret, held_back: Mutex::default() }
    }
}

#[async_trait]
impl Journal for BadJournal<'_> {
    async fn append(&self, record: Record) -> Result<()> {
        let record = match (self.bug, record) {
            (CloudBug::IntentWrittenLate, Record::Intent(intent)) => {
                self.held_back.lock().unwrap().push(Record::Intent(intent));
                return Ok(());
            }
            (CloudBug::BuildsOnWhatWasBeingRemoved, Record::Deleting { .. }) => return Ok(()),
            (CloudBug::SecretInJournal, Record::Intent(intent)) => {
                Record::Intent(intent.with_choice(format!("a?key={}", self.secret)))
            }
            (_, record) => record,
        };
        let held_back = std::mem::take(&mut *self.held_back.lock().unwrap());
        for intent in held_back {
            self.inner.append(intent).await?;
        }
        self.inner.append(record).await
    }

    async fn records(&self) -> Result<Vec<Record>> {
        let mut records = self.inner.records().await?;
        if self.bug == CloudBug::OnlyLastAttemptUndone {
            let all = resources(&records);
            let is_last = |key: &str| {
                let step = key.split('/').next().unwrap_or_default();
                all.iter().rfind(|r| r.intent.step() == step).is_some_and(|r| r.intent.key == key)
            };
            records.retain(|record| match record {
                Record::Intent(intent) => is_last(&intent.key),
                Record::Created { key, .. } | Record::Deleted { key } => is_last(key),
                _ => true,
            });
        }
        Ok(records)
    }
}

pub(crate) struct BadEvents<'a> {
    inner: &'a dyn EventSink,
    bug: CloudBug,
}

impl<'a> BadEvents<'a> {
    pub(crate) fn new(inner: &'a dyn EventSink, bug: CloudBug) -> Self {
        Self { inner, bug }
    }
}

impl EventSink for BadEvents<'_> {
    fn emit(&self, event: Event) {
        match (self.bug, event) {
            (CloudBug::MadeSaidEarly, Event::Making { key }) => {
                self.inner.emit(Event::Making { key: key.clone() });
                self.inner.emit(Event::Made { key, id: "soon".to_owned() });
            }
            (CloudBug::MadeSaidEarly, Event::Made { .. }) => {}
            (CloudBug::DeletedNotSaid, Event::Deleted { .. }) => {}
            (_, event) => self.inner.emit(event),
        }
    }
}

/// Keeps of a state what its author thought of.
pub(crate) struct BadSaves<'a>(Option<&'a dyn StateSink>);

impl<'a> BadSaves<'a> {
    pub(crate) fn new(inner: Option<&'a dyn StateSink>) -> Self {
        Self(inner)
    }
}

#[async_trait]
impl StateSink for BadSaves<'_> {
    async fn save(&self, state: &State) -> Result<()> {
        let mut fields: serde_json::Map<String, serde_json::Value> = state.read()?;
        fields.insert("Zones".to_owned(), serde_json::Value::Bool(false));
        match self.0 {
            Some(inner) => inner.save(&State::new(&fields)?).await,
            None => Ok(()),
        }
    }
}

/// `undo` by somebody in a hurry.
pub(crate) async fn undo_until_first_failure(
    steps: &[Box<dyn Step>],
    cx: &Cx<'_>,
    state: &mut State,
) -> Result<()> {
    let known = resources(&cx.journal.records().await?);
    for resource in known.iter().rev().filter(|r| r.open) {
        let intent = &resource.intent;
        let Some(step) = steps.iter().find(|s| s.name() == intent.step()) else { continue };
        let mut ids = resource.ids.clone();
        if ids.is_empty() {
            ids = step.find(cx, state, intent).await?;
        }
        for id in ids {
            match step.unmake(cx, state, intent, &id).await {
                Err(cause)
                    if cause.kind() != ErrorKind::NotFound
                        && !(cause.kind() == ErrorKind::Conflict && intent.shared) =>
                {
                    let first = Leftover::new(intent.clone(), vec![id], cause);
                    return Err(Error::stuck("remove", vec![first]));
                }
                _ => {}
            }
        }
        cx.journal.append(Record::Deleted { key: intent.key.clone() }).await?;
        step.project(state, None)?;
    }
    Ok(())
}

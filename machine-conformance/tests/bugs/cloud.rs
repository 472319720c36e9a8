//! The published example, with one bug at a time laid around it.
use super::seeded::{BadEvents, BadJournal, BadSaves, BuggyStep, undo_until_first_failure};
use async_trait::async_trait;
use machine_conformance::{
    Faults, Fixture, MemoryClient, MemoryFixture, MemoryProvider, MemoryThing, SECRET_KEY, STORE,
};
use machine_core::{
    Capabilities, Cx, Error, ErrorKind, Event, Found, OptionKind, OptionSpec, OptionValue, Options,
    Prepared, Provider, Record, Result, State, Status, Step, run_steps, undo,
};
use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

macro_rules! bugs {
    ($($bug:ident),* $(,)?) => {
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        pub(crate) enum CloudBug { $($bug),* }
        impl CloudBug {
            pub(crate) const ALL: &'static [Self] = &[$(Self::$bug),*];
        }
    };
}

bugs![
    // Journal, steps, removal.
    IntentWrittenLate,
    OnlyLastAttemptUndone,
    SingleLook,
    SearchWithoutMachineTag,
    FailedSearchIsNone,
    EarlierStepsNotUnwound,
    UndoInOrderOfCreation,
    DeletedWrittenFirst,
    MissingIsFailure,
    SharedInUseIsFailure,
    SharedNotMarked,
    LostReplyIsNoEffect,
    RepeatWithoutToken,
    ErrorsSwallowed,
    LeftoversDropped,
    FirstFailureEndsRemove,
    AdoptForgetsKey,
    RemoveNeedsState,
    FindTaggedForgetsGroup,
    FindTaggedIgnoresStore,
    DeletionNotWaitedFor,
    DeletionWaitedForEver,
    DeletionWaitGivesUp,
    BuildsOnWhatWasBeingRemoved,
    DeletesGroupsWithoutTag,
    DeletesGroupsOfOtherStores,
    SavesHalfAState,
    // State, options, the provider's own memory.
    StateWrittenAfresh,
    StatusesInOwnOrder,
    OneMissingSpoilsAll,
    StatusWithoutAddress,
    StatusesRemembered,
    LastPreparedRemembered,
    PrepareMakesKey,
    PrepareWritesJournal,
    PrepareCounts,
    OptionDropped,
    OddOptionPanics,
    OptionNamedTwice,
    StopDoesNotWait,
    RemoveOfNothingFails,
    // Secrets and sources.
    SecretInState,
    SecretInSource,
    SecretInJournal,
    SecretInEvent,
    SecretInError,
    SecretInFile,
    WrongSecretRepeated,
    SourceOfTwoLines,
    SourceForgotten,
    SourceIgnored,
    // Events.
    MadeSaidEarly,
    DeletedNotSaid,
];

pub(crate) struct CloudFixture {
    inner: MemoryFixture,
    bug: CloudBug,
}

impl CloudFixture {
    pub(crate) fn new(bug: CloudBug) -> Self {
        Self { inner: MemoryFixture::new(), bug }
    }
}

#[async_trait]
impl Fixture for CloudFixture {
    fn provider(&self) -> Box<dyn Provider> {
        Box::new(Cloud {
            inner: MemoryProvider::new(self.inner.account().clone()),
            bug: self.bug,
            given: String::new(),
            prepared: Mutex::default(),
            known: Mutex::default(),
        })
    }

    fn options(&self) -> Vec<(String, OptionValue)> {
        self.inner.options()
    }

    fn options_without_secrets(&self) -> Option<Vec<(String, OptionValue)>> {
        self.inner.options_without_secrets()
    }

    async fn resources(&self) -> Vec<String> {
        self.inner.resources().await
    }

    fn faults(&self) -> Faults {
        self.inner.faults()
    }

    fn scopes(&self) -> Vec<String> {
        self.inner.scopes()
    }

    fn deletes_later(&self) -> &[&str] {
        self.inner.deletes_later()
    }

    async fn make_shared(&self, tags: &BTreeMap<String, String>) -> bool {
        self.inner.make_shared(tags).await
    }

    async fn clear_shared(&self) {
        self.inner.clear_shared().await;
    }
}

struct Cloud {
    inner: MemoryProvider,
    bug: CloudBug,
    /// The secret as it was given.
    given: String,
    prepared: Mutex<Option<State>>,
    known: Mutex<HashMap<usize, Status>>,
}

impl Cloud {
    fn has(&self, bug: CloudBug) -> bool {
        self.bug == bug
    }

    fn client(&self) -> MemoryClient {
        self.inner.client().clone()
    }

    fn steps(&self) -> Vec<Box<dyn Step>> {
        let buggy = |inner| -> Box<dyn Step> {
            Box::new(BuggyStep { inner, client: self.client(), bug: self.bug })
        };
        self.inner.steps().into_iter().map(buggy).collect()
    }

    fn with_secret(&self, error: Error) -> Error {
        match self.has(CloudBug::SecretInError) {
            true => Error::new(error.kind(), "memory", format!("{error} ({})", self.given)),
            false => error,
        }
    }
}

#[async_trait]
impl Provider for Cloud {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn options(&self) -> Result<Vec<OptionSpec>> {
        let mut options = self.inner.options().await?;
        if self.has(CloudBug::OptionNamedTwice) {
            options.push(OptionSpec::new("memory-zones", OptionKind::Text, "Other zones"));
        }
        Ok(options)
    }

    async fn sign_in(&mut self, options: &Options, source: Option<&str>) -> Result<()> {
        if let Some(secret) = options.secret("memory-secret-key") {
            self.given = secret.expose().to_owned();
        }
        let source = source.filter(|_| !self.has(CloudBug::SourceIgnored));
        self.inner.sign_in(options, source).await
    }

    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared> {
        if self.has(CloudBug::OddOptionPanics) {
            let size = options.int("memory-size").unwrap_or_default();
            assert!(size > 0, "who would ask for that?");
        }
        let mut prepared = self.inner.prepare(cx, options).await?;
        let mut set = |field: &str, value: &str| {
            let fields: BTreeMap<_, _> = [(field, value)].into();
            prepared.state.write(&fields)
        };
        match self.bug {
            CloudBug::SecretInState => set("AccessKey", &self.given)?,
            CloudBug::PrepareCounts => {
                static COUNT: AtomicUsize = AtomicUsize::new(0);
                set("Id", &COUNT.fetch_add(1, Ordering::SeqCst).to_string())?;
            }
            CloudBug::OptionDropped => {
                let size: BTreeMap<_, _> = [("Size", 1)].into();
                prepared.state.write(&size)?;
            }
            CloudBug::SecretInSource => prepared.source = Some(format!("key={}", self.given)),
            CloudBug::SourceOfTwoLines => prepared.source = Some("a\nb".to_owned()),
            CloudBug::SourceForgotten => prepared.source = None,
            CloudBug::PrepareMakesKey => {
                let mut key = MemoryThing::default();
                key.kind = "key".to_owned();
                self.client().make(key).await?;
            }
            CloudBug::PrepareWritesJournal => {
                let record = Record::Deleted { key: "key/1".to_owned() };
                cx.journal.append(record).await.ok();
            }
            _ => {}
        }
        *self.prepared.lock().unwrap() = Some(prepared.state.clone());
        Ok(prepared)
    }

    async fn check(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let checked = self.inner.check(cx, state).await;
        checked.map_err(|e| match self.has(CloudBug::WrongSecretRepeated) {
            true => Error::new(e.kind(), "memory", format!("{:?} was refused", self.given)),
            false => e,
        })
    }

    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let journal = BadJournal::new(cx.journal, self.bug, &self.given);
        let (events, states) = (BadEvents::new(cx.events, self.bug), BadSaves::new(cx.states));
        let mut cx = *cx;
        (cx.journal, cx.events) = (&journal, &events);
        if self.has(CloudBug::SavesHalfAState) {
            cx.states = Some(&states);
        }
        let last = self.prepared.lock().unwrap().clone();
        if self.has(CloudBug::LastPreparedRemembered) {
            *state = last.unwrap_or_else(|| state.clone());
        }
        match self.bug {
            CloudBug::SecretInFile => {
                let path = cx.dir.join("debug.log");
                std::fs::write(path, format!("signed in with {SECRET_KEY}")).unwrap();
            }
            CloudBug::SecretInEvent => {
                let line = format!("signed in with {}", self.given);
                cx.events.emit(Event::Said { line });
            }
            CloudBug::EarlierStepsNotUnwound => {
                for step in self.steps() {
                    run_steps(&[step], &cx, state).await?;
                }
                return Ok(());
            }
            _ => {}
        }
        run_steps(&self.steps(), &cx, state).await.map_err(|e| self.with_secret(e))
    }

    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        let journal = BadJournal::new(cx.journal, self.bug, &self.given);
        let events = BadEvents::new(cx.events, self.bug);
        let mut cx = *cx;
        (cx.journal, cx.events) = (&journal, &events);
        let mut steps = self.steps();
        match self.bug {
            CloudBug::UndoInOrderOfCreation => steps.reverse(),
            CloudBug::FirstFailureEndsRemove => {
                return undo_until_first_failure(&steps, &cx, state).await;
            }
            CloudBug::RemoveOfNothingFails if cx.journal.records().await?.is_empty() => {
                return Err(Error::new(ErrorKind::NotFound, "memory", "no such machine"));
            }
            _ => {}
        }
        let removed = undo(&steps, &cx, state).await;
        match (removed, self.bug) {
            (Err(_), CloudBug::ErrorsSwallowed) => Ok(()),
            (Err(e), CloudBug::LeftoversDropped) => {
                Err(Error::new(ErrorKind::Stuck, "remove", e.to_string()))
            }
            (removed, _) => removed,
        }
    }

    fn adopt(&self, state: &State) -> Result<Vec<Record>> {
        let mut records = self.inner.adopt(state)?;
        match self.bug {
            CloudBug::AdoptForgetsKey => records.retain(|record| match record {
                Record::Intent(intent) => intent.step() != "key",
                Record::Created { key, .. } => !key.starts_with("key/"),
                _ => true,
            }),
            CloudBug::SharedNotMarked => {
                for record in &mut records {
                    if let Record::Intent(intent) = record {
                        intent.shared = false;
                    }
                }
            }
            _ => {}
        }
        Ok(records)
    }

    async fn start(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.inner.start(cx, state).await
    }

    async fn stop(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        if self.has(CloudBug::StopDoesNotWait) {
            #[derive(serde::Deserialize)]
            #[serde(rename_all = "PascalCase")]
            struct Fields {
                region: String,
                instance_id: String,
            }
            let fields: Fields = state.read()?;
            return self.client().switch(&fields.region, &fields.instance_id, false).await;
        }
        self.inner.stop(cx, state).await
    }

    fn batch_key(&self, state: &State) -> Option<String> {
        self.inner.batch_key(state)
    }

    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>> {
        let mut all = self.inner.statuses(machines).await;
        match self.bug {
            CloudBug::StatusesInOwnOrder => all.sort_by_key(Result::is_err),
            CloudBug::OneMissingSpoilsAll if all.iter().any(Result::is_err) => {
                let missing = || Error::new(ErrorKind::NotFound, "memory", "one is missing");
                all = all.iter().map(|_| Err(missing())).collect();
            }
            CloudBug::StatusWithoutAddress => all.iter_mut().flatten().for_each(|s| s.ip = None),
            CloudBug::StatusesRemembered => {
                let mut known = self.known.lock().unwrap();
                for (index, status) in all.iter_mut().enumerate() {
                    if let Ok(status) = status {
                        *status = known.entry(index).or_insert_with(|| status.clone()).clone();
                    }
                }
            }
            _ => {}
        }
        all
    }

    async fn find_tagged(&self, scope: &str, store: &str) -> Result<Vec<Found>> {
        let store = if self.has(CloudBug::FindTaggedIgnoresStore) { STORE } else { store };
        let mut found = self.inner.find_tagged(scope, store).await?;
        if self.has(CloudBug::FindTaggedForgetsGroup) {
            found.retain(|found| found.intent.kind != "group");
        }
        Ok(found)
    }
}

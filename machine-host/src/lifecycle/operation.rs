use super::Machines;
use crate::store::{Entry, Store};
use crate::{FileJournal, Progress, ProgressSink};
use async_trait::async_trait;
use machine_core::{
    Cx, Error, ErrorKind, Event, EventSink, Journal, Options, Record, Result, State, StateSink,
    TAG_MACHINE, TAG_STORE,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What the [`Cx`] of one operation on one machine borrows.
pub(super) struct Operation<'a> {
    id: String,
    name: String,
    pub(super) public_key: String,
    pub(super) shared: Options,
    dir: PathBuf,
    cache: PathBuf,
    tags: BTreeMap<String, String>,
    events: Relay<'a>,
    machines: &'a Machines,
}

impl<'a> Operation<'a> {
    /// `store` is the store's id, for the tags; empty where it has none yet, and so has made nothing.
    pub(super) fn new(machines: &'a Machines, name: &str, id: &str, store: &str) -> Self {
        let tag = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            public_key: String::new(),
            shared: Options::none(),
            dir: machines.store.machine_dir(name),
            cache: machines.store.cache_dir(),
            tags: [tag(TAG_MACHINE, id), tag(TAG_STORE, store)].into(),
            events: Relay { name: name.to_owned(), to: machines.progress.as_ref() },
            machines,
        }
    }

    pub(super) fn cx<'c>(&'c self, journal: &'c dyn Journal) -> Cx<'c> {
        let clock = self.machines.clock.as_ref();
        let mut cx = Cx::new(&self.id, &self.name, journal, clock, &self.events);
        cx.public_key = &self.public_key;
        cx.dir = &self.dir;
        cx.cache = &self.cache;
        cx.store = self.machines.store.root();
        cx.shared = &self.shared;
        cx.tags = &self.tags;
        cx
    }

    pub(super) fn emit(&self, progress: Progress) {
        self.machines.progress.emit(&self.name, progress);
    }
}

/// Passes a provider's events on.
struct Relay<'a> {
    name: String,
    to: &'a dyn ProgressSink,
}

impl EventSink for Relay<'_> {
    fn emit(&self, event: Event) {
        self.to.emit(&self.name, Progress::Provider(event));
    }
}

/// Stores the state in the middle of an operation.
pub(super) struct Saver<'a> {
    pub(super) store: &'a Store,
    pub(super) entry: Entry,
}

#[async_trait]
impl StateSink for Saver<'_> {
    async fn save(&self, state: &State) -> Result<()> {
        let mut entry = self.entry.clone();
        entry.config.driver = state.clone();
        self.store.save(&entry)
    }
}

/// For what changes nothing, and so has nothing to record.
pub(super) struct NoJournal;

#[async_trait]
impl Journal for NoJournal {
    async fn append(&self, _: Record) -> Result<()> {
        Err(Error::new(ErrorKind::Unsupported, "journal.append", "nothing may be made yet"))
    }

    async fn records(&self) -> Result<Vec<Record>> {
        Ok(Vec::new())
    }
}

impl Machines {
    /// The journal of a machine, opened or made.
    pub(super) fn journal(&self, id: &str) -> Result<FileJournal> {
        FileJournal::open(&self.store.journal_path(id))
    }
}

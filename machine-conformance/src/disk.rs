use crate::clock::yield_once;
use async_trait::async_trait;
use machine_core::{
    Error, ErrorKind, Event, EventSink, Journal, MemoryJournal, Record, Result, State, StateSink,
};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What happened, in order: events as they were emitted, records once they were durable.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    Said(Event),
    Wrote(Record),
}

#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Entry>>>);

impl Log {
    pub(crate) fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventSink for Log {
    fn emit(&self, event: Event) {
        self.entries().push(Entry::Said(event));
    }
}

/// Journal and state file. A write can be dropped in its middle, and the disk can fill up.
#[derive(Default)]
pub(crate) struct Disk {
    journal: MemoryJournal,
    state: Mutex<Option<State>>,
    /// Writes still allowed, plus one; 0 means no limit.
    limit: AtomicUsize,
    log: Log,
}

impl Disk {
    pub(crate) fn new(log: Log) -> Self {
        Self { log, ..Self::default() }
    }

    /// Only `writes` more writes succeed.
    pub(crate) fn fill_after(&self, writes: usize) {
        self.limit.store(writes + 1, Ordering::SeqCst);
    }

    pub(crate) fn heal(&self) {
        self.limit.store(0, Ordering::SeqCst);
    }

    /// What [`machine_core::Cx::save`] stored since the last call.
    pub(crate) fn take_saved(&self) -> Option<State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn has_room(&self) -> Result<()> {
        match self.limit.load(Ordering::SeqCst) {
            0 => {}
            1 => return Err(Error::new(ErrorKind::Other, "disk", "no space left on device")),
            left => self.limit.store(left - 1, Ordering::SeqCst),
        }
        Ok(())
    }
}

#[async_trait]
impl Journal for Disk {
    async fn append(&self, record: Record) -> Result<()> {
        yield_once().await;
        self.has_room()?;
        self.log.entries().push(Entry::Wrote(record.clone()));
        self.journal.append(record).await?;
        yield_once().await;
        Ok(())
    }

    async fn records(&self) -> Result<Vec<Record>> {
        yield_once().await;
        self.journal.records().await
    }
}

#[async_trait]
impl StateSink for Disk {
    async fn save(&self, state: &State) -> Result<()> {
        yield_once().await;
        self.has_room()?;
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = Some(state.clone());
        yield_once().await;
        Ok(())
    }
}

/// For `prepare` and `check`, which change nothing and so have nothing to record.
#[derive(Default)]
pub(crate) struct NoJournal {
    asked: AtomicBool,
}

impl NoJournal {
    /// Whether somebody tried, even if the refusal was swallowed.
    pub(crate) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Journal for NoJournal {
    async fn append(&self, _: Record) -> Result<()> {
        self.asked.store(true, Ordering::SeqCst);
        Err(Error::new(ErrorKind::Unsupported, "journal", "nothing may be made yet"))
    }

    async fn records(&self) -> Result<Vec<Record>> {
        Ok(Vec::new())
    }
}

use crate::{Clock, EventSink, Journal, Options, Result, State};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::path::Path;

/// Tag that holds [`Cx::id`].
pub const TAG_MACHINE: &str = "docker-machine-id";
/// Tag that holds the store's id: what [`crate::Provider::find_tagged`] looks for.
pub const TAG_STORE: &str = "docker-machine-store";

static NO_TAGS: BTreeMap<String, String> = BTreeMap::new();
static NO_OPTIONS: Options = Options::none();

/// Where an operation can leave a state before it ends.
#[async_trait]
pub trait StateSink: Send + Sync {
    /// Returns only once the state would outlive a power cut.
    ///
    /// # Errors
    /// When it cannot be stored.
    async fn save(&self, state: &State) -> Result<()>;
}

/// What the caller lends to one operation on one machine.
///
/// Made by [`Cx::new`]; set the other fields by assignment.
#[non_exhaustive]
#[derive(Clone, Copy)]
pub struct Cx<'a> {
    /// The machine's own id (uuid), also in every tag. Unlike the name it is never used again.
    pub id: &'a str,
    /// The machine's name.
    pub name: &'a str,
    /// OpenSSH form; the caller keeps the private half. Default: empty.
    pub public_key: &'a str,
    /// cloud-init user data. Default: none.
    pub user_data: Option<&'a str>,
    /// The machine's folder. Default: the current one.
    pub dir: &'a Path,
    /// A folder that machines share, for images. Default: the current one.
    pub cache: &'a Path,
    /// The store's root, which a foreign driver must be told. Default: the current folder.
    pub store: &'a Path,
    /// `create`'s own options (engine, swarm), which a foreign driver must be told. Default: none.
    pub shared: &'a Options,
    /// Tags for every resource that takes some. Default: none.
    pub tags: &'a BTreeMap<String, String>,
    /// Write-ahead record.
    pub journal: &'a dyn Journal,
    /// All waiting goes through it.
    pub clock: &'a dyn Clock,
    /// Progress.
    pub events: &'a dyn EventSink,
    /// Behind [`Cx::save`]. Default: nothing is stored.
    pub states: Option<&'a dyn StateSink>,
}

impl<'a> Cx<'a> {
    /// Starts from what has no sensible default.
    pub fn new(
        id: &'a str,
        name: &'a str,
        journal: &'a dyn Journal,
        clock: &'a dyn Clock,
        events: &'a dyn EventSink,
    ) -> Self {
        Self {
            id,
            name,
            public_key: "",
            user_data: None,
            dir: Path::new("."),
            cache: Path::new("."),
            store: Path::new("."),
            shared: &NO_OPTIONS,
            tags: &NO_TAGS,
            journal,
            clock,
            events,
            states: None,
        }
    }

    /// Makes `state` durable in the middle of an operation, for what a kill must not lose.
    ///
    /// # Errors
    /// Those of [`StateSink::save`].
    pub async fn save(&self, state: &State) -> Result<()> {
        match self.states {
            Some(states) => states.save(state).await,
            None => Ok(()),
        }
    }
}

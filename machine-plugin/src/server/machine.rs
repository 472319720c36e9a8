use crate::server::flags;
use crate::server::journal::{self, Refusing};
use crate::server::printer::Printer;
use crate::server::settings::{KeyPath, Overlay, OwnId, Settings};
use crate::server::view::Seen;
use async_trait::async_trait;
use machine_core::{
    Cx, Error, ErrorKind, Journal, OptionSpec, OptionValue, Options, Provider, Result, State,
    StateSink, TAG_MACHINE, TAG_STORE, merge,
};
use machine_host::{Own, RealClock, Store, generate_ssh_key};
use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Mutex as Turn, OnceCell, RwLock};

/// What a host can ask to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Operation {
    Check,
    Create,
    Remove,
    Start,
    Stop,
    Kill,
    Restart,
}

/// The one machine that this process serves.
pub(crate) struct Machine {
    provider: RwLock<Box<dyn Provider>>,
    signed_in: Turn<bool>,
    specs: OnceCell<Vec<OptionSpec>>,
    memory: Memory,
    shared: Mutex<Options>,
    /// One operation after the other; looks go beside them.
    turn: Turn<()>,
    clock: RealClock,
    pub(super) seen: Mutex<Option<Seen>>,
}

/// The state as it is now: the host fetches it, also in the middle of `Create`.
struct Memory(Mutex<State>);

impl Memory {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl StateSink for Memory {
    async fn save(&self, state: &State) -> Result<()> {
        *self.lock() = state.clone();
        Ok(())
    }
}

impl Machine {
    pub(crate) fn new(provider: Box<dyn Provider>) -> Self {
        Self {
            provider: RwLock::new(provider),
            signed_in: Turn::new(false),
            specs: OnceCell::new(),
            memory: Memory(Mutex::default()),
            shared: Mutex::default(),
            turn: Turn::new(()),
            clock: RealClock::default(),
            seen: Mutex::default(),
        }
    }

    pub(crate) async fn driver_name(&self) -> String {
        self.provider.read().await.name().to_owned()
    }

    pub(super) fn current(&self) -> State {
        self.memory.lock().clone()
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings::of(&self.memory.lock())
    }

    /// The settings as JSON.
    pub(crate) fn raw(&self) -> String {
        self.memory.lock().as_json().to_owned()
    }

    /// Lays stored settings over those that are there.
    pub(crate) fn configure(&self, json: &str) -> Result<()> {
        let new = State::from_json(json)?;
        self.forget();
        self.memory.lock().write(&new)
    }

    pub(crate) async fn specs(&self) -> Result<&[OptionSpec]> {
        let ask = || async { self.provider.read().await.options().await };
        self.specs.get_or_try_init(ask).await.map(Vec::as_slice)
    }

    /// Turns create flags into settings.
    pub(crate) async fn prepare(&self, values: Vec<(String, OptionValue)>) -> Result<()> {
        let _turn = self.turn.lock().await;
        let specs = self.specs().await?;
        let (own, other): (Vec<_>, Vec<_>) =
            values.into_iter().partition(|(name, _)| specs.iter().any(|s| s.name == *name));
        let is_set = |(name, value): &(String, OptionValue)| {
            specs.iter().any(|s| s.name == *name && !flags::is_unset(s, value))
        };
        let options = Options::new(specs, own.into_iter().filter(is_set))?;
        let others: Vec<_> = other
            .iter()
            .map(|(name, value)| OptionSpec::new(name.clone(), flags::kind(value), ""))
            .collect();
        let shared = Options::new(&others, other)?;
        self.sign_in(&options, None).await?;

        let mut state = self.current();
        let settings = Settings::of(&state);
        let id = Own::new().id;
        let place = Place::new(&settings, &id, String::new());
        let mut cx = place.cx(&Refusing, &self.clock);
        cx.shared = &shared;
        let prepared = self.provider.read().await.prepare(&cx, &options).await?;
        state.write(&prepared.state)?;
        state.write(&Overlay {
            machine_name: &settings.machine_name,
            store_path: &settings.store_path,
            swarm_master: shared.switch("swarm-master"),
            swarm_host: shared.text("swarm-host").unwrap_or_default(),
            swarm_discovery: shared.text("swarm-discovery").unwrap_or_default(),
            plugin_machine_id: &id,
            plugin_credentials: prepared.source.as_deref(),
        })?;
        *self.memory.lock() = state;
        *self.shared.lock().unwrap_or_else(PoisonError::into_inner) = shared;
        Ok(())
    }

    /// Does something with the machine; its settings are kept, done or not.
    pub(crate) async fn perform(&self, operation: Operation) -> Result<()> {
        let _turn = self.turn.lock().await;
        self.sign_in_later().await?;
        self.forget();
        let mut state = self.current();
        let done = self.do_it(operation, &mut state).await;
        *self.memory.lock() = state;
        self.forget();
        done
    }

    async fn do_it(&self, operation: Operation, state: &mut State) -> Result<()> {
        let provider = self.provider.read().await;
        let settings = Settings::of(state);
        let mut id = settings.plugin_machine_id.clone();
        if id.is_empty() {
            // Made by a driver in Go, of whose settings this is a continuation.
            id = Own::new().id;
            state.write(&OwnId { id: &id })?;
        }
        let shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if operation == Operation::Check {
            let place = Place::new(&settings, &id, String::new());
            let mut cx = place.cx(&Refusing, &self.clock);
            cx.shared = &shared;
            return provider.check(&cx, state).await;
        }
        if settings.store_path.is_empty() || settings.machine_name.is_empty() {
            let text = "the settings name no machine or no store";
            return Err(Error::new(ErrorKind::InvalidOption, "", text));
        }
        let store = Store::new(&settings.store_path);
        let mut place = Place::new(&settings, &id, store.id()?);
        if operation == Operation::Create && !provider.capabilities().own_ssh_key {
            let path = place.dir.join("id_rsa");
            place.public_key = generate_ssh_key(&path)?;
            state.write(&KeyPath { path: &path.to_string_lossy() })?;
        }
        // Before the first call: what dies on the way must be found under this id.
        self.memory.save(state).await?;
        let journal = journal::open(store.root(), &id)?;
        let mut cx = place.cx(&journal, &self.clock);
        cx.shared = &shared;
        cx.states = Some(&self.memory);
        match operation {
            Operation::Create => provider.create(&cx, state).await,
            Operation::Start => provider.start(&cx, state).await,
            Operation::Stop => provider.stop(&cx, state).await,
            Operation::Kill => provider.kill(&cx, state).await,
            Operation::Restart => provider.restart(&cx, state).await,
            Operation::Check => Ok(()),
            Operation::Remove => {
                merge(&journal, provider.adopt(state)?).await?;
                provider.remove(&cx, state).await?;
                journal.close().await.map(drop)
            }
        }
    }

    async fn sign_in(&self, options: &Options, source: Option<&str>) -> Result<()> {
        let mut signed_in = self.signed_in.lock().await;
        self.provider.write().await.sign_in(options, source).await?;
        *signed_in = true;
        Ok(())
    }

    /// For what comes without flags: with the secrets that the environment has.
    pub(super) async fn sign_in_later(&self) -> Result<()> {
        if *self.signed_in.lock().await {
            return Ok(());
        }
        let specs = self.specs().await?;
        let secret = |spec: &OptionSpec| {
            let value = env::var(spec.env.as_deref()?).ok().filter(|value| !value.is_empty())?;
            spec.secret.then(|| (spec.name.to_string(), OptionValue::Text(value)))
        };
        let secrets = Options::new(specs, specs.iter().filter_map(secret))?.secrets();
        let source = self.settings().plugin_credentials;
        self.sign_in(&secrets, source.as_deref()).await
    }

    pub(super) async fn look(&self) -> Result<machine_core::Status> {
        self.sign_in_later().await?;
        let state = self.current();
        let mut all = self.provider.read().await.statuses(&[&state]).await;
        let missing = || Error::new(ErrorKind::Other, "", "the provider gave no answer");
        all.pop().ok_or_else(missing)?
    }

    fn forget(&self) {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// What the [`Cx`] of one operation borrows.
struct Place {
    id: String,
    name: String,
    store: PathBuf,
    dir: PathBuf,
    cache: PathBuf,
    public_key: String,
    tags: BTreeMap<String, String>,
}

impl Place {
    fn new(settings: &Settings, id: &str, store_id: String) -> Self {
        let store = Store::new(&settings.store_path);
        Self {
            id: id.to_owned(),
            name: settings.machine_name.clone(),
            dir: store.machine_dir(&settings.machine_name),
            cache: store.cache_dir(),
            store: Path::new(&settings.store_path).to_owned(),
            public_key: String::new(),
            tags: [(TAG_MACHINE.to_owned(), id.to_owned()), (TAG_STORE.to_owned(), store_id)]
                .into(),
        }
    }

    fn cx<'a>(&'a self, journal: &'a dyn Journal, clock: &'a RealClock) -> Cx<'a> {
        let mut cx = Cx::new(&self.id, &self.name, journal, clock, &Printer);
        cx.public_key = &self.public_key;
        cx.dir = &self.dir;
        cx.cache = &self.cache;
        cx.store = &self.store;
        cx.tags = &self.tags;
        cx
    }
}

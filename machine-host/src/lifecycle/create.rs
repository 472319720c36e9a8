use super::about::About;
use super::operation::{NoJournal, Operation, Saver};
use super::setup::KEY;
use super::{Machines, script};
use crate::store::{
    AuthOptions, AuthPaths, Config, EngineOptions, Entry, Lock, LockName, Own, SwarmOptions,
};
use crate::{FileJournal, Progress, keys, tls};
use futures_util::{StreamExt, stream};
use machine_core::{Cx, Error, ErrorKind, Options, Provider, Result, State};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::OnceCell;

/// Machines that are made at once: each holds a connection and a few files.
const CREATES: usize = 64;

/// What to make.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CreateSpec {
    /// Driver to make it with.
    pub driver: String,
    /// Values for the driver's own options, checked against their specs.
    pub options: Options,
    /// `create`'s options by name, which a foreign driver must be told.
    pub shared: Options,
    /// How the engine is to run.
    pub engine: EngineOptions,
    /// Classic swarm, stored as it is.
    pub swarm: SwarmOptions,
    /// Names that the server's certificate is also good for.
    pub tls_sans: Vec<String>,
    /// [`EngineOptions::install_url`] was asked for, rather than being the default: only then is
    /// the script behind Docker Machine's default URL run, on a host without an engine.
    pub install_url_given: bool,
    /// Shell script to run as root in place of all that makes a Docker host: there will be no
    /// engine and no certificates of ours. Default: none.
    pub install_script: Option<PathBuf>,
    /// Name that the host gets. Default: the machine's, and on a host that was there before, the
    /// one it has.
    pub host_name: Option<String>,
}

impl CreateSpec {
    /// A machine of `driver` with `options`, with defaults for all else.
    pub fn new(driver: impl Into<String>, options: Options) -> Self {
        Self {
            driver: driver.into(),
            options,
            shared: Options::none(),
            engine: EngineOptions::default(),
            swarm: SwarmOptions::default(),
            tls_sans: Vec::new(),
            install_url_given: false,
            install_script: None,
            host_name: None,
        }
    }
}

/// How far `create` came.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub enum Stage {
    /// The name.
    Name,
    /// The driver, its credentials, or a machine of that name: nothing was looked at yet.
    Driver,
    /// The driver's options.
    Options,
    /// CA and client certificate.
    Certificates,
    /// The driver's check; a command exits with 3.
    Check,
    /// Storing the new entry.
    Save,
    /// The driver's create. What it made is gone, or among the error's leftovers.
    Create,
    /// Waiting for the machine to run.
    Wait,
    /// Logging in and looking at it.
    Detect,
    /// Installing and configuring the engine.
    Provision,
    /// Connecting to the engine.
    Verify,
}

impl Stage {
    /// Whether the machine stays, so that it can be provisioned again.
    pub fn machine_stays(self) -> bool {
        matches!(self, Self::Wait | Self::Detect | Self::Provision | Self::Verify)
    }
}

/// Why `create` failed.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
#[non_exhaustive]
pub struct CreateError {
    /// How far it came.
    pub stage: Stage,
    /// Whether an [`super::Interrupt`] ended it.
    pub interrupted: bool,
    /// The cause.
    pub error: Error,
}

impl CreateError {
    pub(super) fn interrupted(stage: Stage) -> Self {
        let error = Error::new(ErrorKind::Other, "", "interrupted");
        Self { stage, interrupted: true, error }
    }
}

/// For `map_err`.
pub(super) fn at(stage: Stage) -> impl Fn(Error) -> CreateError {
    move |error| CreateError { stage, interrupted: false, error }
}

/// The one provider of machines that are made together, signed in when the first needs it.
pub(super) struct Signing<'a> {
    machines: &'a Machines,
    spec: &'a CreateSpec,
    signed_in: OnceCell<Arc<dyn Provider>>,
}

impl<'a> Signing<'a> {
    pub(super) fn new(machines: &'a Machines, spec: &'a CreateSpec) -> Self {
        Self { machines, spec, signed_in: OnceCell::new() }
    }

    async fn get(&self) -> Result<Arc<dyn Provider>, CreateError> {
        let sign_in = async || {
            let mut provider =
                self.machines.provider(&self.spec.driver).map_err(at(Stage::Driver))?;
            let signed_in = provider.sign_in(&self.spec.options, None).await;
            signed_in.map_err(at(Stage::Options))?;
            Ok(Arc::from(provider))
        };
        self.signed_in.get_or_try_init(sign_in).await.cloned()
    }
}

/// The base fields that the host fills (Docker Machine, `libmachine/drivers/base.go`).
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Base<'a> {
    machine_name: &'a str,
    store_path: &'a str,
}

#[derive(Serialize)]
struct Key<'a> {
    #[serde(rename = "SSHKeyPath")]
    path: &'a str,
}

impl Machines {
    /// Makes a machine, and of it a Docker host.
    ///
    /// # Errors
    /// See [`Stage`] for what each leaves behind.
    pub async fn create(&self, name: &str, spec: &CreateSpec) -> Result<(), CreateError> {
        self.create_one(name, spec, &Signing::new(self, spec)).await
    }

    /// Makes several machines side by side, one result each, in the order given. What a provider
    /// can look up once for all of them it looks up once.
    pub async fn create_many(
        &self,
        names: &[String],
        spec: &CreateSpec,
    ) -> Vec<Result<(), CreateError>> {
        let signing = Signing::new(self, spec);
        let made = names.iter().map(|name| async {
            let made = self.create_one(name, spec, &signing).await;
            self.progress.emit(name, Progress::Ended);
            made
        });
        stream::iter(made).buffered(CREATES).collect().await
    }

    async fn create_one(
        &self,
        name: &str,
        spec: &CreateSpec,
        signing: &Signing<'_>,
    ) -> Result<(), CreateError> {
        check_name(name).map_err(at(Stage::Name))?;
        let unsigned = self.provider(&spec.driver).map_err(at(Stage::Driver))?;
        let able = unsigned.capabilities();
        let Some(keeper) = self.settings.keeper.as_ref().filter(|_| able.needs_keeper) else {
            let (_lock, mut entry, provider) = self.prepare(name, spec, signing).await?;
            self.make(provider.as_ref(), &mut entry, spec).await?;
            return self.finish(provider.as_ref(), &mut entry, spec).await;
        };
        let keeping = self.make_kept(keeper, name, spec).await?;
        let finished = async {
            let mut entry = self.store.load(name).map_err(at(Stage::Wait))?;
            let source = entry.own.as_ref().and_then(|own| own.source.as_deref());
            let mut provider = unsigned;
            provider.sign_in(&spec.options, source).await.map_err(at(Stage::Wait))?;
            self.finish(provider.as_ref(), &mut entry, spec).await
        };
        let finished = finished.await;
        keeping.end().await;
        finished
    }

    /// Of a machine that was made, a Docker host; where it is to be one.
    async fn finish(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        spec: &CreateSpec,
    ) -> Result<(), CreateError> {
        match provider.capabilities().endpoint_only {
            true => Ok(()),
            false => self.set_up_new(provider, entry, spec.install_url_given).await,
        }
    }

    /// All up to the durable entry. The lock is held until the machine is whole.
    pub(super) async fn prepare(
        &self,
        name: &str,
        spec: &CreateSpec,
        signing: &Signing<'_>,
    ) -> Result<(Lock, Entry, Arc<dyn Provider>), CreateError> {
        // Nothing exists yet, so there is nothing to end in good order.
        let prepared = self.settings.interrupt.unless(self.prepare_entry(name, spec, signing));
        prepared.await.unwrap_or_else(|| Err(CreateError::interrupted(Stage::Check)))
    }

    async fn prepare_entry(
        &self,
        name: &str,
        spec: &CreateSpec,
        signing: &Signing<'_>,
    ) -> Result<(Lock, Entry, Arc<dyn Provider>), CreateError> {
        // Before the lock, whose file may have no place to be in for the same reason.
        self.is_taken(name)?;
        let lock = self.lock(name).await.map_err(at(Stage::Save))?;
        if self.is_taken(name)? {
            let text = format!("Docker machine \"{name}\" already exists");
            return Err(at(Stage::Driver)(Error::new(ErrorKind::Conflict, "", text)));
        }
        match self.prepare_locked(name, spec, signing).await {
            Ok((entry, provider)) => Ok((lock, entry, provider)),
            Err(error) => {
                // Of a machine that never was, nobody would remove it; it is only left behind.
                lock.unlink().ok();
                Err(error)
            }
        }
    }

    async fn prepare_locked(
        &self,
        name: &str,
        spec: &CreateSpec,
        signing: &Signing<'_>,
    ) -> Result<(Entry, Arc<dyn Provider>), CreateError> {
        if let Some(path) = &spec.install_script {
            script::read(path).map_err(at(Stage::Options))?;
            let provider = self.provider(&spec.driver).map_err(at(Stage::Driver))?;
            if provider.capabilities().endpoint_only {
                let text = "a script cannot be run on a machine that cannot be logged into";
                return Err(at(Stage::Options)(Error::new(ErrorKind::InvalidOption, "", text)));
            }
        }
        let mut own = Own::new();
        own.install_script.clone_from(&spec.install_script);
        own.host_name.clone_from(&spec.host_name);
        // One that cannot be read is told of once it is needed.
        let store_id = self.store.known_id().ok().flatten().unwrap_or_default();
        let mut operation = Operation::new(self, name, &own.id, &store_id);
        operation.shared = spec.shared.clone();
        let cx = operation.cx(&NoJournal);
        let provider = signing.get().await?;
        let prepared = provider.prepare(&cx, &spec.options).await.map_err(at(Stage::Options))?;
        let mut state = prepared.state;
        lay_base_fields(&mut state, &cx).map_err(at(Stage::Options))?;

        let auth = self.auth_options(name, spec.tls_sans.clone());
        let bootstrap = async {
            if spec.install_script.is_none() {
                self.bootstrap(name, &auth).await?;
            }
            operation.emit(Progress::Checking);
            Ok(())
        };
        let (bootstrapped, checked) = tokio::join!(bootstrap, provider.check(&cx, &mut state));
        bootstrapped.map_err(at(Stage::Certificates))?;
        checked.map_err(at(Stage::Check))?;

        let config = Config::new(name, &spec.driver, state, &spec.engine, &spec.swarm, &auth);
        own.source = prepared.source;
        let entry = Entry::new(config.map_err(at(Stage::Save))?, Some(own));
        self.store.add(&entry).map_err(at(Stage::Save))?;
        Ok((entry, provider))
    }

    fn is_taken(&self, name: &str) -> Result<bool, CreateError> {
        self.store.try_exists(name).map_err(|error| {
            let text = format!("Error checking if host exists: {error}");
            at(Stage::Driver)(Error::new(error.kind(), "", text))
        })
    }

    pub(super) async fn bootstrap(&self, name: &str, auth: &AuthOptions) -> Result<()> {
        let paths = AuthPaths {
            ca_cert: auth.ca_cert_path.clone(),
            ca_key: auth.ca_private_key_path.clone(),
            client_cert: auth.client_cert_path.clone(),
            client_key: auth.client_key_path.clone(),
        };
        let waiting = || self.progress.emit(name, Progress::WaitingForLock);
        let _lock = self.store.lock(LockName::Authority, &waiting).await?;
        tls::bootstrap(&paths, &self.store.certs_dir(), &self.settings.owner, &|progress| {
            self.progress.emit(name, progress);
        })
    }

    /// The provider's part: from here on every way out leaves `config.json` and journal.
    pub(super) async fn make(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        spec: &CreateSpec,
    ) -> Result<(), CreateError> {
        let id = entry.own.as_ref().map(|own| own.id.clone()).unwrap_or_default();
        let store_id = self.store.id().map_err(at(Stage::Save))?;
        let journal = self.journal(&id).map_err(at(Stage::Save))?;
        if provider.capabilities().find_tagged {
            About::of(entry).note(&journal).await.map_err(at(Stage::Save))?;
        }
        let mut operation = Operation::new(self, &entry.name, &id, &store_id);
        operation.shared = spec.shared.clone();
        let mut state = entry.config.driver.clone();
        let own_ssh_key = provider.capabilities().own_ssh_key;
        if !own_ssh_key {
            let path = self.store.machine_dir(&entry.name).join(KEY);
            operation.public_key = keys::generate_ssh_key(&path).map_err(at(Stage::Save))?;
            let path = path.to_string_lossy();
            state.write(&Key { path: &path }).map_err(at(Stage::Save))?;
        }
        operation.emit(Progress::Creating);
        let saver = Saver { store: &self.store, entry: entry.clone() };
        let mut cx = operation.cx(&journal);
        cx.states = Some(&saver);
        let created = self.settings.interrupt.unless(provider.create(&cx, &mut state)).await;
        let created = match created {
            Some(created) => created.map_err(at(Stage::Create)),
            None => {
                operation.emit(Progress::Unwinding);
                let mut stopped = CreateError::interrupted(Stage::Create);
                if let Err(error) = unwind(provider, &cx, &mut state, &journal).await {
                    stopped.error = stopped.error.with_leftovers(error.into_leftovers());
                }
                Err(stopped)
            }
        };
        entry.config.driver = state;
        let saved = self.store.save(entry).map_err(at(Stage::Save)); // on Ok and on Err
        created.and(saved)
    }

    pub(super) async fn lock(&self, name: &str) -> Result<Lock> {
        let waiting = || {
            tracing::debug!(machine = name, "waiting for another command on this machine");
            self.progress.emit(name, Progress::WaitingForLock);
        };
        self.store.lock(LockName::Machine(name), &waiting).await
    }
}

/// The one way to delete, for a `create` whose future was dropped.
async fn unwind(
    provider: &dyn Provider,
    cx: &Cx<'_>,
    state: &mut State,
    journal: &FileJournal,
) -> Result<()> {
    machine_core::merge(journal, provider.adopt(state)?).await?;
    provider.remove(cx, state).await
}

fn lay_base_fields(state: &mut State, cx: &Cx<'_>) -> Result<()> {
    let store_path = cx.store.to_string_lossy();
    state.write(&Base { machine_name: cx.name, store_path: &store_path })
}

/// Docker Machine's rule for the names of new machines (its `libmachine/host/host.go`).
///
/// # Errors
/// [`ErrorKind::InvalidOption`] for a name that `create` would refuse.
pub fn check_name(name: &str) -> Result<()> {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.';
    if name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(sound) {
        return Ok(());
    }
    let text = "Invalid hostname specified. Allowed hostname chars are: 0-9a-zA-Z . -";
    Err(Error::new(ErrorKind::InvalidOption, "", text))
}

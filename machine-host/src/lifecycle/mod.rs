//! Where the other modules meet: what happens to a machine, over any provider.
mod about;
mod connect;
mod create;
mod gc;
mod interrupt;
mod keeper;
mod operation;
mod power;
mod provision;
mod remove;
mod run;
mod script;
mod setup;
mod status;

pub use connect::Connection;
pub use create::{CreateError, CreateSpec, Stage, check_name};
pub use gc::{Orphan, OrphanPart, Orphans, OrphansSpec};
pub use interrupt::{Interrupt, Interrupter};
pub use keeper::{Keeper, keep};
pub use power::Power;
pub use provision::Regenerate;
pub use remove::Removal;
pub use status::Look;

use crate::ssh::SshClient;
use crate::store::{AuthOptions, Entry, Store};
use crate::tls::ClientConfigs;
use crate::{Progress, ProgressSink, RealClock};
use futures_util::{StreamExt, stream};
use machine_core::{Clock, Error, ErrorKind, Options, Provider, Result};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Mutex;

/// Machines that are worked on at once; a provider limits its calls by itself.
const AT_ONCE: usize = 16;

/// How a program uses a store; the rest of the fields are set by assignment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The store's root; need not exist.
    pub store: PathBuf,
    /// CA certificate of new machines. Default: `certs/ca.pem` in the store.
    pub ca_cert: Option<PathBuf>,
    /// Its key. Default: `certs/ca-key.pem`.
    pub ca_key: Option<PathBuf>,
    /// Client certificate of new machines. Default: `certs/cert.pem`.
    pub client_cert: Option<PathBuf>,
    /// Its key. Default: `certs/key.pem`.
    pub client_key: Option<PathBuf>,
    /// What providers are signed in with, for machines that exist. Default: nothing, so that each
    /// looks where the machine's credentials came from.
    pub credentials: Options,
    /// Who the certificates are made out to. Default: the user's name, or `unknown`.
    pub owner: String,
    /// What ends an operation early. Default: nothing does.
    pub interrupt: Interrupt,
    /// The SSH client. Default: `ssh`, found on `PATH`.
    pub ssh: SshClient,
    /// What runs creates that must outlive this process, as those of plugins. Default: none; then
    /// what a driver makes in the moment in which this process is killed may be lost.
    pub keeper: Option<Keeper>,
}

impl Settings {
    /// A store, with defaults for all else.
    pub fn new(store: impl Into<PathBuf>) -> Self {
        Self {
            store: store.into(),
            ca_cert: None,
            ca_key: None,
            client_cert: None,
            client_key: None,
            credentials: Options::none(),
            owner: crate::platform::user_name(),
            interrupt: Interrupt::never(),
            ssh: SshClient::default(),
            keeper: None,
        }
    }
}

/// The providers that a program knows.
pub trait Registry: Send + Sync {
    /// A fresh provider for the driver of that name; none when it is not known.
    fn provider(&self, driver: &str) -> Option<Box<dyn Provider>>;
}

impl<F: Fn(&str) -> Option<Box<dyn Provider>> + Send + Sync> Registry for F {
    fn provider(&self, driver: &str) -> Option<Box<dyn Provider>> {
        self(driver)
    }
}

/// The machines of one store. Making one costs nothing and touches nothing.
pub struct Machines {
    settings: Settings,
    store: Store,
    registry: Box<dyn Registry>,
    progress: Arc<dyn ProgressSink>,
    clock: Box<dyn Clock>,
    configs: ClientConfigs,
    /// Those signed in so far: machines with the same credentials share one, and so its limits.
    providers: Mutex<BTreeMap<Account, Arc<dyn Provider>>>,
}

/// Driver, and where the credentials come from.
type Account = (String, Option<String>);

impl Machines {
    /// The machines in `settings.store`.
    pub fn new(
        settings: Settings,
        registry: impl Registry + 'static,
        progress: Arc<dyn ProgressSink>,
    ) -> Self {
        Self {
            store: Store::new(settings.store.clone()),
            settings,
            registry: Box::new(registry),
            progress,
            clock: Box::new(RealClock::default()),
            configs: ClientConfigs::default(),
            providers: Mutex::default(),
        }
    }

    /// Waits by another clock, for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// The files.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// A fresh provider that has not signed in.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] when the driver is not known.
    pub fn provider(&self, driver: &str) -> Result<Box<dyn Provider>> {
        self.registry.provider(driver).ok_or_else(|| {
            let text = format!(
                "Driver \"{driver}\" not found. Do you have the plugin binary \
                 \"docker-machine-driver-{driver}\" accessible in your PATH?"
            );
            Error::new(ErrorKind::Unsupported, "", text)
        })
    }

    /// A provider for a machine that exists, with the credentials it was made with.
    async fn signed_in(&self, entry: &Entry) -> Result<Arc<dyn Provider>> {
        let source = entry.own.as_ref().and_then(|own| own.source.as_deref());
        self.signed_in_as(&entry.config.driver_name, source).await
    }

    async fn signed_in_as(&self, driver: &str, source: Option<&str>) -> Result<Arc<dyn Provider>> {
        let account = (driver.to_owned(), source.map(str::to_owned));
        let mut known = self.providers.lock().await;
        if let Some(provider) = known.get(&account) {
            return Ok(provider.clone());
        }
        let mut provider = self.registry.provider(driver).ok_or_else(|| {
            let text = format!(
                "Driver \"{driver}\" not found. Do you have the plugin binary accessible in your \
                 PATH?"
            );
            Error::new(ErrorKind::Unsupported, "", text)
        })?;
        provider.sign_in(&self.settings.credentials, source).await?;
        let provider = known.entry(account).or_insert(Arc::from(provider));
        Ok(provider.clone())
    }

    /// Works on machines side by side: one result each, in the order given. When one cannot be
    /// loaded, nothing is done: the errors of all such.
    async fn on_each<'a, W>(
        &'a self,
        names: &'a [String],
        work: impl Fn(&'a str) -> W,
    ) -> Result<Vec<Result<()>>, Vec<Error>>
    where
        W: Future<Output = Result<()>>,
    {
        self.store.load_all(names)?;
        let works = names.iter().map(|name| {
            let work = work(name);
            async move {
                let done = work.await;
                self.progress.emit(name, Progress::Ended);
                done
            }
        });
        Ok(stream::iter(works).buffered(AT_ONCE).collect().await)
    }

    fn auth_options(&self, name: &str, sans: Vec<String>) -> AuthOptions {
        let mut auth = self.store.auth_options(name);
        let given = &self.settings;
        let paths = [
            (&mut auth.ca_cert_path, &given.ca_cert),
            (&mut auth.ca_private_key_path, &given.ca_key),
            (&mut auth.client_cert_path, &given.client_cert),
            (&mut auth.client_key_path, &given.client_key),
        ];
        for (path, given) in paths {
            if let Some(given) = given {
                path.clone_from(given);
            }
        }
        auth.server_cert_sans = sans;
        auth
    }
}

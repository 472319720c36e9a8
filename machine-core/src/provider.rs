use crate::{Cx, Error, ErrorKind, Intent, OptionSpec, Options, Record, Result, State, Status};
use async_trait::async_trait;
use std::time::Duration;

/// What a provider can do beyond the required methods; set the fields of a default by assignment.
/// Must not change over the value's life.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Capabilities {
    /// `stop` and `start` work, and keep the disk.
    pub start_stop: bool,
    /// `find_tagged` works, so `gc` can.
    pub find_tagged: bool,
    /// A machine is a Docker endpoint and nothing else: nothing to wait for, log into or set up.
    pub endpoint_only: bool,
    /// The host was there before and stays afterwards: on it, nothing is changed beyond what Docker
    /// over TLS needs.
    pub existing_host: bool,
    /// The caller restarts the machine over SSH, rather than through `restart`.
    pub restart_over_ssh: bool,
    /// The provider sees to the SSH key itself, as an existing host and a plugin do: the caller
    /// makes none, and no [`crate::SshEndpoint::key`] means whatever the SSH program tries unasked.
    pub own_ssh_key: bool,
    /// What `create` makes is known to its process alone until it returns, as with a plugin: the
    /// caller runs it in a process that outlives the command.
    pub needs_keeper: bool,
    /// `statuses` bounds each look by itself, as where looks wait for each other: the caller sets no
    /// limit of its own.
    pub bounds_statuses: bool,
}

/// What [`Provider::prepare`] found out.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Prepared {
    /// First state of the machine.
    pub state: State,
    /// Where the credentials came from, one line such as `profile=dev` and never a credential. Kept
    /// with the machine, and handed to [`Provider::sign_in`] by later commands.
    pub source: Option<String>,
}

impl Prepared {
    /// A state that needed no credentials.
    pub fn new(state: State) -> Self {
        Self { state, source: None }
    }

    /// Sets [`Prepared::source`].
    #[must_use]
    pub fn with_source(mut self, source: impl Into<String>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// A tagged resource, found without any store.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Found {
    /// Machine id from its tag; none on what machines share.
    pub machine: Option<String>,
    /// What the journal would have said: all that `remove` needs beside the id.
    pub intent: Intent,
    /// Provider id.
    pub id: String,
    /// How long it has been there at least, where the service tells: a start may count anew.
    pub age: Option<Duration>,
}

impl Found {
    /// A resource of `step`.
    pub fn new(machine: Option<String>, step: &str, intent: Intent, id: impl Into<String>) -> Self {
        let id = id.into();
        let intent = intent.with_key(step, &id);
        Self { machine, intent, id, age: None }
    }

    /// Sets [`Found::age`].
    #[must_use]
    pub fn with_age(mut self, age: Option<Duration>) -> Self {
        self.age = age;
        self
    }

    /// As journal records, for the one way to delete.
    pub fn records(&self) -> [Record; 2] {
        Record::pair(self.intent.clone(), &self.id)
    }
}

/// A way to make and run machines.
///
/// A value serves one set of credentials and many machines. It may hold connections, but nothing
/// about a machine: all of that is in [`State`] and the journal. Every method may be dropped at any
/// await, or die with its process.
#[async_trait]
pub trait Provider: Send + Sync {
    /// Name used in `--driver` and in the stored configuration.
    fn name(&self) -> &str;

    /// What is supported.
    fn capabilities(&self) -> Capabilities;

    /// Create options.
    async fn options(&self) -> Result<Vec<OptionSpec>>;

    /// Takes what credentials are made of. Called once, before anything but the methods above.
    /// Default: nothing.
    ///
    /// `create` hands over all of its options and no source. Later commands hand over the secret
    /// options that they know ([`Options::secrets`]; mostly none), and where `create` found the
    /// machine's credentials ([`Prepared::source`]).
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when they cannot be right; nothing is asked of the service yet.
    async fn sign_in(&mut self, _options: &Options, _source: Option<&str>) -> Result<()> {
        Ok(())
    }

    /// Turns options into a first state, and says where credentials came from. Reads only: the
    /// journal of `cx` refuses. No secret enters the state.
    ///
    /// All that `create` needs of the options must be in the state: another process, or another
    /// machine on this value, may come between.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] for what cannot work.
    async fn prepare(&self, cx: &Cx<'_>, options: &Options) -> Result<Prepared>;

    /// Pre-create check: asks the service whether `create` can work. Reads only.
    ///
    /// # Errors
    /// Any; the caller exits 3 and leaves nothing.
    async fn check(&self, _cx: &Cx<'_>, _state: &mut State) -> Result<()> {
        Ok(())
    }

    /// Makes the machine, or makes nothing; after a crash, carries on.
    ///
    /// Returns once its resources exist: the caller waits for Running and an address through
    /// `statuses`, and saves `state` on Ok *and* on Err, but cannot when the process dies.
    ///
    /// # Errors
    /// Every resource in the journal is gone, or is among [`Error::leftovers`].
    async fn create(&self, cx: &Cx<'_>, state: &mut State) -> Result<()>;

    /// Removes all that the journal knows. Removing twice succeeds; so does removing with the
    /// journal alone, where `find_tagged` is supported.
    ///
    /// # Errors
    /// Only when something may remain; all of it is in [`Error::leftovers`].
    async fn remove(&self, cx: &Cx<'_>, state: &mut State) -> Result<()>;

    /// What `state` says exists, oldest first, made by [`Record::adopted`]: the journal of a machine
    /// that another program made. The caller asks before each removal and [`crate::merge`]s.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`] when the state cannot be read.
    fn adopt(&self, state: &State) -> Result<Vec<Record>>;

    /// Starts a stopped machine. May return before it runs: the caller waits through `statuses`.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] by default.
    async fn start(&self, _cx: &Cx<'_>, _state: &mut State) -> Result<()> {
        Err(self.unsupported("start"))
    }

    /// Stops a machine, its disk kept. Returns once it is stopped.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] by default.
    async fn stop(&self, _cx: &Cx<'_>, _state: &mut State) -> Result<()> {
        Err(self.unsupported("stop"))
    }

    /// Stops a machine without asking it. Default: `stop`.
    ///
    /// # Errors
    /// As `stop`.
    async fn kill(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.stop(cx, state).await
    }

    /// Default: `stop`, then `start`.
    ///
    /// # Errors
    /// As those.
    async fn restart(&self, cx: &Cx<'_>, state: &mut State) -> Result<()> {
        self.stop(cx, state).await?;
        self.start(cx, state).await
    }

    /// Machines with the same key may share one `statuses` call. Default: none may.
    fn batch_key(&self, _state: &State) -> Option<String> {
        None
    }

    /// One answer per machine, in the order asked; one failure spoils no other. A machine that is
    /// gone is [`ErrorKind::NotFound`].
    async fn statuses(&self, machines: &[&State]) -> Vec<Result<Status>>;

    /// All in `scope` that carries the store's tag.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`] by default.
    async fn find_tagged(&self, _scope: &str, _store: &str) -> Result<Vec<Found>> {
        Err(self.unsupported("find_tagged"))
    }

    /// The error of a method that this provider lacks, in Docker Machine's words.
    fn unsupported(&self, method: &str) -> Error {
        let message = format!("{} driver does not support {method}", self.name());
        Error::new(ErrorKind::Unsupported, "", message)
    }
}

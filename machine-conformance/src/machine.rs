use crate::disk::{Disk, Log, NoJournal};
use crate::{Fixture, STORE};
use libtest_mimic::Failed;
use machine_core::{
    Clock, Cx, Error, ErrorKind, MachineState, OptionKind, OptionSpec, OptionValue, Options,
    Prepared, Provider, Result, State, Status, TAG_MACHINE, TAG_STORE, merge,
};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

/// A key that services accept; nobody has its private half.
const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHaY30E4TBUC+sfTxo/TbKTz4ScO7g870yNhxpL2ht/s conformance";

/// One operation may wait that long; more means for ever.
const PATIENCE: Duration = Duration::from_secs(24 * 3600);
/// A machine has that long to reach a state.
const SETTLE: Duration = Duration::from_secs(15 * 60);
/// Pause between two looks at a state.
const PAUSE: Duration = Duration::from_secs(5);

/// What a host keeps about a machine, and what it does with it.
pub(crate) struct Machine<'a> {
    pub(crate) fixture: &'a dyn Fixture,
    pub(crate) id: String,
    given: Vec<(String, OptionValue)>,
    pub(crate) name: String,
    store: PathBuf,
    dir: PathBuf,
    cache: PathBuf,
    shared: Options,
    tags: BTreeMap<String, String>,
    clock: Box<dyn Clock>,
    pub(crate) log: Log,
    pub(crate) disk: Disk,
    /// Before `create`, where nothing may be recorded.
    pub(crate) nowhere: NoJournal,
    pub(crate) state: State,
    pub(crate) source: Option<String>,
}

impl<'a> Machine<'a> {
    /// Nothing is prepared yet; the machine's folder is there.
    pub(crate) fn blank(
        fixture: &'a dyn Fixture,
        store: &Path,
        given: Vec<(String, OptionValue)>,
    ) -> Result<Self, Failed> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let (id, name) =
            (format!("00000000-0000-4000-8000-{number:012}"), format!("conf-{number}"));
        let (dir, cache) = (store.join("machines").join(&name), store.join("cache"));
        std::fs::create_dir_all(&dir)?;
        std::fs::create_dir_all(&cache)?;
        let tags = [(TAG_MACHINE, id.as_str()), (TAG_STORE, STORE)];
        let log = Log::default();
        Ok(Self {
            fixture,
            given,
            store: store.to_owned(),
            dir,
            cache,
            shared: shared_options()?,
            tags: tags.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            clock: fixture.clock(),
            disk: Disk::new(log.clone()),
            log,
            nowhere: NoJournal::default(),
            state: State::default(),
            source: None,
            id,
            name,
        })
    }

    /// Prepared and checked.
    pub(crate) async fn new(
        fixture: &'a dyn Fixture,
        store: &Path,
        given: Vec<(String, OptionValue)>,
    ) -> Result<Self, Failed> {
        let mut machine = Self::blank(fixture, store, given)?;
        let (provider, options) = machine.signed_in().await?;
        let Prepared { mut state, source, .. } =
            provider.prepare(&machine.cx_before(), &options).await?;
        provider.check(&machine.cx_before(), &mut state).await?;
        (machine.state, machine.source) = (state, source);
        Ok(machine)
    }

    /// What `create` lends, and all later operations.
    pub(crate) fn cx(&self) -> Cx<'_> {
        let clock = self.clock.as_ref();
        let mut cx = Cx::new(&self.id, &self.name, &self.disk, clock, &self.log);
        cx.public_key = PUBLIC_KEY;
        (cx.dir, cx.cache, cx.store) = (&self.dir, &self.cache, &self.store);
        (cx.shared, cx.tags) = (&self.shared, &self.tags);
        cx.states = Some(&self.disk);
        cx
    }

    /// What `prepare` and `check` get.
    pub(crate) fn cx_before(&self) -> Cx<'_> {
        let mut cx = self.cx();
        (cx.journal, cx.states) = (&self.nowhere, None);
        cx
    }

    /// The process of a `create`: all options are known.
    pub(crate) async fn signed_in(&self) -> Result<(Box<dyn Provider>, Options)> {
        let mut provider = self.fixture.provider();
        let options = Options::new(&provider.options().await?, self.given.iter().cloned())?;
        provider.sign_in(&options, None).await?;
        Ok((provider, options))
    }

    /// The process of a later command: of the options only secret ones are known.
    pub(crate) async fn signed_in_later(&self) -> Result<Box<dyn Provider>> {
        let mut provider = self.fixture.provider();
        let options = Options::new(&provider.options().await?, self.given.iter().cloned())?;
        provider.sign_in(&options.secrets(), self.source.as_deref()).await?;
        Ok(provider)
    }

    /// As a host does: the state is saved on Ok and on Err, not when the process died (`None`).
    pub(crate) async fn create(&mut self) -> Option<Result<()>> {
        self.create_within(usize::MAX).await
    }

    pub(crate) async fn remove(&mut self) -> Option<Result<()>> {
        self.remove_within(usize::MAX).await
    }

    pub(crate) async fn created(&mut self) -> Result<(), Failed> {
        let done = self.create().await.ok_or("create: the process died")?;
        done.map_err(|e| format!("create: {e}").into())
    }

    pub(crate) async fn removed(&mut self) -> Result<(), Failed> {
        let done = self.remove().await.ok_or("remove: the process died")?;
        done.map_err(|e| format!("remove: {e}").into())
    }

    /// Dropped at the await number `polls`.
    pub(crate) async fn create_within(&mut self, polls: usize) -> Option<Result<()>> {
        match self.signed_in().await {
            Ok((provider, _)) => {
                self.process(provider, polls, async |p, cx, s| p.create(cx, s).await).await
            }
            Err(error) => Some(Err(error)),
        }
    }

    pub(crate) async fn remove_within(&mut self, polls: usize) -> Option<Result<()>> {
        self.run_within(polls, async |p, cx, s| {
            merge(cx.journal, p.adopt(s)?).await?;
            p.remove(cx, s).await
        })
        .await
    }

    /// Any operation of a later command.
    pub(crate) async fn run(
        &mut self,
        operation: impl AsyncFnOnce(&dyn Provider, &Cx<'_>, &mut State) -> Result<()>,
    ) -> Result<()> {
        let died = || Err(Error::new(ErrorKind::Other, "run", "the process died"));
        self.run_within(usize::MAX, operation).await.unwrap_or_else(died)
    }

    async fn run_within(
        &mut self,
        polls: usize,
        operation: impl AsyncFnOnce(&dyn Provider, &Cx<'_>, &mut State) -> Result<()>,
    ) -> Option<Result<()>> {
        match self.signed_in_later().await {
            Ok(provider) => self.process(provider, polls, operation).await,
            Err(error) => Some(Err(error)),
        }
    }

    async fn process(
        &mut self,
        provider: Box<dyn Provider>,
        polls: usize,
        operation: impl AsyncFnOnce(&dyn Provider, &Cx<'_>, &mut State) -> Result<()>,
    ) -> Option<Result<()>> {
        let mut state = self.state.clone();
        let faults = self.fixture.faults();
        let cx = self.cx();
        let end = self.clock.now() + PATIENCE;
        let operation =
            patient(self.clock.as_ref(), end, operation(provider.as_ref(), &cx, &mut state));
        let ended = within(polls, faults.until_dead(operation)).await.flatten();
        let saved = self.disk.take_saved();
        if ended.is_some() {
            self.state = state;
        } else if let Some(saved) = saved {
            self.state = saved; // what the next process finds on disk
        }
        ended
    }

    pub(crate) async fn status(&self) -> Result<Status> {
        self.status_by(self.signed_in_later().await?.as_ref()).await
    }

    async fn status_by(&self, provider: &dyn Provider) -> Result<Status> {
        let mut all = provider.statuses(&[&self.state]).await;
        let count = all.len();
        all.pop().filter(|_| count == 1).unwrap_or_else(|| {
            Err(Error::new(ErrorKind::Other, "statuses", "one asked, not one answered"))
        })
    }

    /// Looks until the machine is in `state`, as a host does.
    pub(crate) async fn reaches(&self, state: MachineState) -> Result<Status, Failed> {
        self.reaches_by(self.signed_in_later().await?.as_ref(), state).await
    }

    pub(crate) async fn reaches_by(
        &self,
        provider: &dyn Provider,
        state: MachineState,
    ) -> Result<Status, Failed> {
        let end = self.clock.now() + SETTLE;
        loop {
            let status = self.status_by(provider).await;
            let status = status.map_err(|e| format!("waiting for {state}: {e}"))?;
            if status.state == state {
                return Ok(status);
            }
            if self.clock.now() >= end {
                return Err(format!("still {} instead of {state}", status.state).into());
            }
            self.clock.sleep(PAUSE).await;
        }
    }
}

/// Some of what `create` has beside the provider's options.
fn shared_options() -> Result<Options> {
    let text = |text: &str| OptionValue::Text(text.to_owned());
    let specs = [
        OptionSpec::new("engine-install-url", OptionKind::Text, ""),
        OptionSpec::new("swarm-host", OptionKind::Text, ""),
        OptionSpec::new("swarm-master", OptionKind::Switch, ""),
        OptionSpec::new("engine-label", OptionKind::List, ""),
    ];
    let given = [
        ("engine-install-url", text("https://get.docker.com")),
        ("swarm-host", text("tcp://0.0.0.0:3376")),
        ("swarm-master", OptionValue::Switch(false)),
        ("engine-label", OptionValue::List(vec!["a=b".to_owned()])),
    ];
    Options::new(&specs, given.map(|(name, value)| (name.to_owned(), value)))
}

/// Drops `future` once it was polled `polls` times.
async fn within<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}

/// Ends an operation that waits and waits.
async fn patient<T>(
    clock: &dyn Clock,
    end: Duration,
    operation: impl Future<Output = Result<T>>,
) -> Result<T> {
    let mut operation = pin!(operation);
    poll_fn(|cx| {
        if clock.now() > end {
            let error = Error::new(ErrorKind::Other, "suite", "the operation waited for a day");
            return Poll::Ready(Err(error));
        }
        operation.as_mut().poll(cx)
    })
    .await
}

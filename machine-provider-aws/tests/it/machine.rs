//! What a host does with one machine, without a host.
use machine_conformance::VirtualClock;
use machine_core::{
    Clock, Cx, Error, Event, EventSink, Journal as _, MachineState, MemoryJournal, OptionKind,
    OptionSpec, OptionValue, Options, Provider, Record, Result, State, Status, TAG_MACHINE,
    TAG_STORE, merge,
};
use machine_provider_aws::AmazonEc2;
use machine_testcloud::Cloud;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(crate) const PUBLIC_KEY: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHaY30E4TBUC+sfTxo/TbKTz4ScO7g870yNhxpL2ht/s test";
pub(crate) const STORE: &str = "store-of-the-tests";

/// An account and a clock; none where moto cannot be had, which is a failure where it is required.
pub(crate) fn start() -> Option<(Cloud, VirtualClock)> {
    let clock = VirtualClock::default();
    match Cloud::start(Arc::new(clock.clone())) {
        Ok(cloud) => Some((cloud, clock)),
        Err(why) if std::env::var_os("MACHINE_TESTS_REQUIRED").is_some_and(|v| v == "1") => {
            panic!("moto is required: {why}")
        }
        Err(why) => {
            eprintln!("skipped: {why}");
            None
        }
    }
}

/// Begins a test, or skips it.
macro_rules! cloud {
    () => {
        match crate::machine::start() {
            Some(cloud) => cloud,
            None => return,
        }
    };
}
pub(crate) use cloud;

/// One option as a user gives it: a bare name is a switch, numbers are numbers.
pub(crate) type Given = (&'static str, OptionValue);

pub(crate) fn text(name: &'static str, value: &str) -> Given {
    (name, OptionValue::Text(value.to_owned()))
}

pub(crate) fn int(name: &'static str, value: i64) -> Given {
    (name, OptionValue::Int(value))
}

pub(crate) fn on(name: &'static str) -> Given {
    (name, OptionValue::Switch(true))
}

pub(crate) fn list(name: &'static str, values: &[&str]) -> Given {
    (name, OptionValue::List(values.iter().map(|v| (*v).to_owned()).collect()))
}

#[derive(Default)]
pub(crate) struct Said(Mutex<Vec<Event>>);

impl EventSink for Said {
    fn emit(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Said {
    pub(crate) fn lines(&self) -> Vec<String> {
        let events = self.0.lock().unwrap();
        let lines = events.iter().filter_map(|event| match event {
            Event::Said { line } => Some(line.clone()),
            _ => None,
        });
        lines.collect()
    }
}

pub(crate) struct Machine {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) shared: Options,
    pub(crate) clock: VirtualClock,
    pub(crate) journal: MemoryJournal,
    pub(crate) said: Said,
    pub(crate) options: Options,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) state: State,
    pub(crate) source: Option<String>,
}

impl Machine {
    /// Nothing is asked yet.
    pub(crate) async fn new(cloud: &Cloud, clock: &VirtualClock, given: &[Given]) -> Self {
        Self::with(Arc::new(signed_in(cloud, given).await), cloud, clock, given).await
    }

    /// On a provider value that serves others as well.
    pub(crate) async fn with(
        provider: Arc<dyn Provider>,
        cloud: &Cloud,
        clock: &VirtualClock,
        given: &[Given],
    ) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let id = format!("{number:08x}-1111-4222-8333-444444444444");
        let tags = [(TAG_MACHINE, id.as_str()), (TAG_STORE, STORE)];
        let options = options(provider.as_ref(), cloud, given).await;
        Self {
            name: format!("vm{number}"),
            tags: tags.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
            id,
            provider,
            shared: Options::none(),
            clock: clock.clone(),
            journal: MemoryJournal::default(),
            said: Said::default(),
            options,
            dir: tempfile::tempdir().unwrap(),
            state: State::default(),
            source: None,
        }
    }

    pub(crate) fn swarm_master(&mut self, host: &str) {
        let specs = [
            OptionSpec::new("swarm-master", OptionKind::Switch, ""),
            OptionSpec::new("swarm-host", OptionKind::Text, ""),
        ];
        let given = [on("swarm-master"), text("swarm-host", host)];
        let given = given.map(|(name, value)| (name.to_owned(), value));
        self.shared = Options::new(&specs, given).unwrap();
    }

    pub(crate) fn cx(&self) -> Cx<'_> {
        let mut cx = Cx::new(&self.id, &self.name, &self.journal, &self.clock, &self.said);
        cx.public_key = PUBLIC_KEY;
        cx.tags = &self.tags;
        cx.shared = &self.shared;
        cx.dir = self.dir.path();
        cx.store = self.dir.path();
        cx
    }

    pub(crate) async fn prepare(&mut self) -> Result<()> {
        let provider = self.provider.clone();
        let prepared = provider.prepare(&self.cx(), &self.options).await?;
        (self.state, self.source) = (prepared.state, prepared.source);
        Ok(())
    }

    pub(crate) async fn check(&mut self) -> Result<()> {
        self.prepare().await?;
        let (provider, mut state) = (self.provider.clone(), self.state.clone());
        let checked = provider.check(&self.cx(), &mut state).await;
        self.state = state;
        checked
    }

    /// All that a `create` does.
    pub(crate) async fn create(&mut self) -> Result<()> {
        self.check().await?;
        self.create_only().await
    }

    pub(crate) async fn create_only(&mut self) -> Result<()> {
        let (provider, mut state) = (self.provider.clone(), self.state.clone());
        let created = provider.create(&self.cx(), &mut state).await;
        self.state = state;
        created
    }

    pub(crate) async fn remove(&mut self) -> Result<()> {
        let (provider, mut state) = (self.provider.clone(), self.state.clone());
        merge(&self.journal, provider.adopt(&state)?).await?;
        let removed = provider.remove(&self.cx(), &mut state).await;
        self.state = state;
        removed
    }

    pub(crate) async fn power(
        &mut self,
        order: impl AsyncFnOnce(&dyn Provider, &Cx<'_>, &mut State) -> Result<()>,
    ) -> Result<()> {
        let (provider, mut state) = (self.provider.clone(), self.state.clone());
        let done = order(provider.as_ref(), &self.cx(), &mut state).await;
        self.state = state;
        done
    }

    pub(crate) async fn status(&self) -> Result<Status> {
        self.provider.statuses(&[&self.state]).await.remove(0)
    }

    /// Looks until it runs, as a host does.
    pub(crate) async fn runs(&self) -> Status {
        for _ in 0..100 {
            let status = self.status().await.unwrap();
            if status.state == MachineState::Running {
                return status;
            }
            self.clock.sleep(Duration::from_secs(3)).await;
        }
        panic!("it never runs")
    }

    pub(crate) fn fields(&self) -> BTreeMap<String, Value> {
        serde_json::from_str(self.state.as_json()).unwrap()
    }

    pub(crate) fn field(&self, name: &str) -> Value {
        self.fields().remove(name).unwrap_or_default()
    }

    pub(crate) async fn lines(&self) -> Vec<String> {
        self.journal.records().await.unwrap().iter().map(Record::to_line).collect()
    }
}

async fn signed_in(cloud: &Cloud, given: &[Given]) -> AmazonEc2 {
    let mut provider = AmazonEc2::new();
    let options = options(&provider, cloud, given).await;
    provider.sign_in(&options, None).await.unwrap();
    provider
}

/// Keys and endpoint, and what the test adds.
pub(crate) async fn options(provider: &dyn Provider, cloud: &Cloud, given: &[Given]) -> Options {
    let usual = [
        text("amazonec2-access-key", "AKIATEST"),
        text("amazonec2-secret-key", "canary/of+these+tests"),
        text("amazonec2-endpoint", &cloud.endpoint()),
    ];
    let all = usual.into_iter().chain(given.iter().cloned());
    let all = all.map(|(name, value)| (name.to_owned(), value));
    Options::new(&provider.options().await.unwrap(), all).unwrap()
}

/// The whole chain, as a user sees it.
pub(crate) fn whole(error: &Error) -> String {
    let mut out = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        out += &format!(": {cause}");
        next = cause.source();
    }
    out
}

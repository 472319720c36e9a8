//! The Go driver with a cloud of its own, and what a host lends to operations on it.
use crate::go;
use async_trait::async_trait;
use machine_core::{
    Clock, Cx, Event, EventSink, MemoryJournal, OptionValue, Options, Provider, Result, State,
    StateSink,
};
use machine_plugin::{Driver, PluginProvider, TimeLimits};
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{fs, io};
use tempfile::TempDir;
use tokio::sync::Notify;

/// How long anything may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Peer {
    folder: TempDir,
    driver: Driver,
}

impl Peer {
    /// `mode` is what is wrong with the plugin as a whole.
    pub(crate) fn new(mode: &str) -> Option<Self> {
        Self::with_env(mode, &[])
    }

    pub(crate) fn with_env(mode: &str, env: &[(&str, &str)]) -> Option<Self> {
        let program = go::program("driver")?;
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("cloud")).unwrap();
        let path = folder.path().join("docker-machine-driver-peer");
        let mut script = format!(
            "#!/bin/sh\nexport PEER_CLOUD='{}' PEER_MODE='{mode}'\n",
            folder.path().join("cloud").display()
        );
        for (name, value) in env {
            script += &format!("export {name}='{value}'\n");
        }
        script += &format!("exec '{}'\n", program.display());
        write_program(&path, &script).unwrap();
        let driver = Driver::new("peer", path);
        Some(Self { folder, driver })
    }

    pub(crate) fn driver(&self) -> Driver {
        self.driver.clone()
    }

    pub(crate) fn provider(&self) -> PluginProvider {
        PluginProvider::new(self.driver())
    }

    pub(crate) fn provider_with(&self, change: impl Fn(&mut TimeLimits)) -> PluginProvider {
        let mut limits = TimeLimits::default();
        change(&mut limits);
        self.provider().with_limits(limits)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn cloud(&self) -> PathBuf {
        self.folder.path().join("cloud")
    }

    /// All that was made.
    pub(crate) fn things(&self) -> BTreeSet<String> {
        let all = fs::read_dir(self.cloud()).unwrap();
        let all = all.map(|file| file.unwrap().file_name().into_string().unwrap());
        all.filter(|name| !name.starts_with('.')).collect()
    }

    pub(crate) fn delete(&self, thing: &str) {
        fs::remove_file(self.cloud().join(thing)).unwrap();
    }

    pub(crate) fn set(&self, thing: &str, content: &str) {
        fs::write(self.cloud().join(thing), content).unwrap();
    }

    fn noted(&self) -> Vec<(u32, String)> {
        let text = fs::read_to_string(self.cloud().join(".calls")).unwrap_or_default();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(pid, call)| (pid.parse().unwrap(), call.to_owned())).collect()
    }

    /// What drivers noted, in order, heartbeats left out.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.noted().into_iter().map(|(_, call)| call).filter(|call| call != "Heartbeat").collect()
    }

    pub(crate) fn heartbeats(&self) -> usize {
        self.noted().iter().filter(|(_, call)| call == "Heartbeat").count()
    }

    /// Processes of the driver, dead or alive.
    pub(crate) fn pids(&self) -> Vec<u32> {
        let started = self.noted().into_iter().filter(|(_, call)| call == "start");
        started.map(|(pid, _)| pid).collect()
    }

    pub(crate) fn living(&self) -> Vec<u32> {
        self.pids().into_iter().filter(|pid| is_alive(*pid)).collect()
    }

    /// Waits until the driver stands at this gate.
    pub(crate) async fn reached(&self, gate: &str) {
        let file = self.cloud().join(format!(".at-{gate}"));
        until(|| file.exists()).await;
    }

    /// Lets it on.
    pub(crate) fn pass(&self, gate: &str) {
        fs::write(self.cloud().join(format!(".pass-{gate}")), "").unwrap();
    }

    pub(crate) async fn all_ended(&self) {
        until(|| self.living().is_empty()).await;
    }
}

/// Written by a child: a file that this process has open for writing cannot be run, and any thread
/// here may be starting a program that inherits it.
pub(crate) fn write_program(path: &Path, script: &str) -> io::Result<()> {
    let mut shell = Command::new("sh");
    shell.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let mut shell = shell.spawn()?;
    shell.stdin.take().unwrap().write_all(script.as_bytes())?;
    if shell.wait()?.success() { Ok(()) } else { Err(io::Error::other("not written")) }
}

fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A zombie is dead, but not yet taken notice of.
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
}

/// Sends a signal by name.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args(["-s", name, &pid.to_string()]).status().unwrap();
    assert!(sent.success());
}

pub(crate) async fn until(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "waited in vain");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// What a host keeps about one machine.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) journal: MemoryJournal,
    pub(crate) events: Mutex<Vec<Event>>,
    pub(crate) saved: Mutex<Vec<State>>,
    pub(crate) shared: Options,
    pub(crate) refuse_saves: bool,
    any_save: Notify,
}

impl Host {
    pub(crate) fn cx(&self) -> Cx<'_> {
        let mut cx = Cx::new("id-1", "m1", &self.journal, &RealTime, self);
        cx.store = Path::new("/store");
        cx.states = Some(self);
        cx.shared = &self.shared;
        cx
    }

    /// Lines that the plugin printed for the user.
    pub(crate) fn said(&self) -> Vec<String> {
        let events = self.events.lock().unwrap();
        let said = events.iter().filter_map(|event| match event {
            Event::Said { line } => Some(line.clone()),
            _ => None,
        });
        said.collect()
    }

    /// Waits for a saved state with this field.
    pub(crate) async fn saved_with(&self, field: &str) -> State {
        loop {
            let saved = self.any_save.notified();
            let found =
                self.saved.lock().unwrap().iter().rfind(|s| s.as_json().contains(field)).cloned();
            if let Some(state) = found {
                return state;
            }
            tokio::time::timeout(PATIENCE, saved).await.expect("waited in vain");
        }
    }

    /// Options, prepare and check, as before every create.
    pub(crate) async fn prepared(
        &self,
        provider: &PluginProvider,
        given: &[(&str, OptionValue)],
    ) -> Result<State> {
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let options = Options::new(&provider.options().await?, given)?;
        let mut state = provider.prepare(&self.cx(), &options).await?.state;
        provider.check(&self.cx(), &mut state).await?;
        Ok(state)
    }

    /// A machine that behaves as told.
    pub(crate) async fn created(&self, provider: &PluginProvider, behave: &str) -> State {
        let given = [("peer-behave", OptionValue::Text(behave.to_owned()))];
        let mut state = self.prepared(provider, &given).await.unwrap();
        provider.create(&self.cx(), &mut state).await.unwrap();
        state
    }
}

impl EventSink for Host {
    fn emit(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }
}

#[async_trait]
impl StateSink for Host {
    async fn save(&self, state: &State) -> Result<()> {
        if self.refuse_saves {
            return Err(machine_core::Error::new(machine_core::ErrorKind::Other, "", "disk full"));
        }
        self.saved.lock().unwrap().push(state.clone());
        self.any_save.notify_waiters();
        Ok(())
    }
}

struct RealTime;

#[async_trait]
impl Clock for RealTime {
    fn now(&self) -> Duration {
        static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
        START.get_or_init(Instant::now).elapsed()
    }

    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

//! What every command is given.

use crate::failure::Failure;
use crate::registry::Drivers;
use crate::render::plain::Output;
use crate::render::progress::Reporter;
use crate::{docker, golang, help, platform};
use machine_core::Options;
use machine_host::{Entry, Interrupt, Keeper, Machines, RealClock, Settings, SshClient, Store};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

/// The command line as it was given, and what its global flags say.
pub(crate) struct Context {
    /// The command line as text, without what stands there for the Docker CLI.
    pub(crate) argv: Vec<String>,
    /// The command line byte for byte, for what is handed on.
    pub(crate) os_argv: Vec<OsString>,
    /// The program's name without folders.
    pub(crate) program: String,
    /// Where output goes.
    pub(crate) out: Arc<Output>,
    globals: OnceLock<Options>,
    credentials: OnceLock<Options>,
    debug: OnceLock<bool>,
}

/// First word of a command line that nobody types: see [`Context::keep`].
pub(crate) const KEEPER: &str = "keep-create";

/// Its lines may have no reader, as in a program that outlives its caller: that is no failure, and
/// the subscriber must not come to tell of one.
struct Unheard(std::io::Stderr);

impl Write for Unheard {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write_all(bytes).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush().ok();
        Ok(())
    }
}

/// The store when neither flag nor variable names one.
pub(crate) fn home_store() -> PathBuf {
    platform::home().join(".docker").join("machine")
}

/// The store that help texts show.
pub(crate) fn default_store() -> PathBuf {
    match std::env::var_os("MACHINE_STORAGE_PATH").filter(|path| !path.is_empty()) {
        Some(path) => path.into(),
        None => home_store(),
    }
}

impl Context {
    pub(crate) fn new(os_argv: Vec<OsString>) -> Self {
        let mut argv: Vec<String> =
            os_argv.iter().map(|a| a.to_string_lossy().into_owned()).collect();
        let first = argv.first().map(String::as_str).unwrap_or_default();
        let program = Path::new(first).file_name().map_or("docker-machine".into(), |name| {
            let name = name.to_string_lossy();
            name.strip_suffix(".exe").unwrap_or(&name).to_owned()
        });
        if let words @ 1.. = docker::words(&argv) {
            argv.drain(1..=words);
        }
        Self {
            argv,
            os_argv,
            program,
            out: Arc::default(),
            globals: OnceLock::new(),
            credentials: OnceLock::new(),
            debug: OnceLock::new(),
        }
    }

    /// `-D` counts wherever it stands, as it always did, and `MACHINE_DEBUG` has the last word.
    pub(crate) fn start_debug_log(&self) -> Result<(), Failure> {
        let words = ["-D", "--debug", "-debug"];
        let mut debug = self.argv.iter().skip(1).any(|arg| words.contains(&arg.as_str()));
        if let Some(text) = crate::variable("MACHINE_DEBUG").filter(|text| !text.is_empty()) {
            debug = golang::parse_bool(&text).ok_or_else(|| {
                let quoted = golang::quote(&text);
                Failure::new(format!(
                    "Error parsing boolean value from MACHINE_DEBUG: \
                     strconv.ParseBool: parsing {quoted}: invalid syntax"
                ))
            })?;
        }
        self.debug.set(debug).ok();
        if debug {
            // Our own lines alone: others may tell secrets there, as Amazon's SDK does of the keys
            // that it signs with.
            let told = Targets::new()
                .with_default(Level::WARN)
                .with_target("docker_machine", Level::DEBUG)
                .with_target("machine_", Level::DEBUG);
            let lines = tracing_subscriber::fmt::layer()
                .with_writer(|| Unheard(std::io::stderr()))
                .with_ansi(false)
                // Docker Machine's lines have nothing before them.
                .without_time()
                .with_level(false)
                .with_target(false)
                .with_filter(told);
            tracing_subscriber::registry().with(lines).init();
            tracing::debug!("Docker Machine Version:  {}", help::version());
        }
        Ok(())
    }

    pub(crate) fn set_globals(&self, options: Options) {
        self.globals.set(options).ok();
    }

    /// What machines of this command are signed in with, beside where their credentials came from.
    pub(crate) fn set_credentials(&self, options: Options) {
        self.credentials.set(options).ok();
    }

    /// A global text flag that is not empty.
    pub(crate) fn global(&self, name: &str) -> Option<&str> {
        self.globals.get()?.text(name).filter(|text| !text.is_empty())
    }

    /// `NAME version X, build Y`.
    pub(crate) fn version_line(&self) -> String {
        format!("{} version {}", self.program, help::version())
    }

    /// The error of a command that does not exist.
    pub(crate) fn unknown_command(&self, name: &str) -> Failure {
        let argv0 = self.argv.first().map_or("docker-machine", String::as_str);
        Failure::new(format!(
            "{program}: '{name}' is not a {program} command. See '{argv0} --help'.",
            program = self.program
        ))
    }

    fn root(&self) -> PathBuf {
        self.global("storage-path").map_or_else(home_store, PathBuf::from)
    }

    /// The store alone, for commands that ask nobody.
    pub(crate) fn store(&self) -> Store {
        Store::new(self.root())
    }

    /// The drivers that this command can use.
    pub(crate) fn drivers(&self) -> Drivers {
        Drivers::of(&self.store())
    }

    /// The library, which tells what it does through `out`.
    pub(crate) fn machines(&self) -> Machines {
        self.machines_until(Interrupt::never())
    }

    /// As [`Context::machines`], for work that an interrupt ends in good order.
    pub(crate) fn machines_until(&self, interrupt: Interrupt) -> Machines {
        self.machines_of(interrupt, None)
    }

    /// As [`Context::machines`], with a limit for one look at a machine.
    pub(crate) fn machines_within(&self, look: Duration) -> Machines {
        self.machines_of(Interrupt::never(), Some(look))
    }

    fn machines_of(&self, interrupt: Interrupt, look: Option<Duration>) -> Machines {
        let path = |name: &str| self.global(name).map(PathBuf::from);
        let mut settings = Settings::new(self.root());
        settings.ca_cert = path("tls-ca-cert");
        settings.ca_key = path("tls-ca-key");
        settings.client_cert = path("tls-client-cert");
        settings.client_key = path("tls-client-key");
        settings.credentials = self.credentials.get().cloned().unwrap_or_default();
        settings.interrupt = interrupt;
        settings.ssh = self.ssh_client();
        settings.keeper = self.keeper();
        let drivers = Drivers::of(&self.store()).looking_for(look);
        let registry = move |driver: &str| drivers.provider(driver);
        let machines = Machines::new(settings, registry, Arc::new(Reporter::new(self.out.clone())));
        match wait_scale() {
            Some(scale) => machines.with_clock(RealClock::scaled(scale)),
            None => machines,
        }
    }

    /// The system's client, unless there is none or the user wants another.
    pub(crate) fn ssh_client(&self) -> SshClient {
        #[cfg(feature = "native-ssh")]
        {
            let is_wanted = self.globals.get().is_some_and(|global| global.switch("native-ssh"));
            if is_wanted || platform::find_program("ssh").is_none() {
                return SshClient::Native;
            }
        }
        SshClient::default()
    }

    /// This program once more, for creates that must outlive it.
    fn keeper(&self) -> Option<Keeper> {
        let is_debug = self.debug.get().copied().unwrap_or_default();
        let debug = is_debug.then(|| OsString::from("-D"));
        let args = [KEEPER.into()].into_iter().chain(debug).collect();
        let mut keeper = Keeper::new(std::env::current_exe().ok()?, args);
        keeper.stderr = is_debug;
        Some(keeper)
    }

    /// Is such a program.
    pub(crate) fn keep(&self) -> Result<(), Failure> {
        let registry = |store: &Store| {
            let drivers = Drivers::of(store);
            move |driver: &str| drivers.provider(driver)
        };
        let kept = self.block_on(machine_host::keep(registry))?;
        // Only its kind knows what to say to it.
        kept.map_err(|_| self.unknown_command(KEEPER))
    }

    /// Names on the command line, or the machine called `default` if there is one.
    pub(crate) fn targets(&self, args: Vec<String>) -> Result<Vec<String>, Failure> {
        if !args.is_empty() {
            return Ok(args);
        }
        let found = self.store().try_exists("default").map_err(|error| {
            Failure::because("Error checking if host \"default\" exists: ", &error)
        });
        if found? {
            return Ok(vec!["default".to_owned()]);
        }
        Err(Failure::new("Error: No machine name(s) specified and no \"default\" machine exists"))
    }

    /// The one machine that a command is about.
    pub(crate) fn target(&self, args: Vec<String>) -> Result<String, Failure> {
        if args.len() > 1 {
            return Err(expected_one());
        }
        Ok(self.targets(args)?.swap_remove(0))
    }

    /// Loads several machines; all that fail are told, one a line.
    pub(crate) fn load_all(&self, names: &[String]) -> Result<Vec<Entry>, Failure> {
        let loaded = self.store().load_all(names);
        loaded.or_else(|errors| join_failures(errors.into_iter().map(Err::<Entry, _>)))
    }

    /// Runs asynchronous work on this thread.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> Result<T, Failure> {
        // The graph may hold two TLS providers; a default that none of our libraries relies on
        // keeps others from panicking.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::because("", &error))?;
        let done = runtime.block_on(work);
        runtime.shutdown_background(); // a look-up in DNS that hangs must not keep us
        Ok(done)
    }
}

/// `MACHINE_WAIT_SCALE`: what a second of waiting takes, in seconds. For tests against services that
/// are faster, or slower, than real ones.
fn wait_scale() -> Option<f64> {
    let scale: f64 = crate::variable("MACHINE_WAIT_SCALE")?.trim().parse().ok()?;
    (scale.is_finite() && scale > 0.0).then_some(scale)
}

/// The error of a command that takes one name.
pub(crate) fn expected_one() -> Failure {
    Failure::new("Error: Expected one machine name as an argument")
}

/// All values, or the texts of all failures, one a line.
pub(crate) fn join_failures<T, E: Into<Failure>>(
    results: impl IntoIterator<Item = Result<T, E>>,
) -> Result<Vec<T>, Failure> {
    let mut values = Vec::new();
    let mut failures: Vec<Failure> = Vec::new();
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(error) => failures.push(error.into()),
        }
    }
    if failures.is_empty() {
        return Ok(values);
    }
    let texts: Vec<_> = failures.iter().map(|failure| failure.text.as_str()).collect();
    let mut joined = Failure::new(texts.join("\n"));
    joined.hints = failures.into_iter().flat_map(|failure| failure.hints).collect();
    Err(joined)
}

//! A create that outlives its command.
//!
//! What a foreign driver makes is known to its process alone until its `Create` returns. So the
//! driver's part of a create runs in a process of its own, the keeper: it holds the machine's lock,
//! lets `Create` come to its end whatever happens to the command, and saves what the driver knows.
//! The command watches: a request goes to the keeper's stdin, progress comes back line by line.
use super::create::{CreateError, CreateSpec, Stage, at};
use super::{Interrupt, Interrupter, Machines, Registry, Settings};
use crate::store::{EngineOptions, LockName, SwarmOptions};
use crate::{Progress, ProgressSink, platform};
use machine_core::{Error, ErrorKind, Intent, Leftover, OptionKind, OptionSpec, OptionValue};
use machine_core::{Options, Result};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// The program that is started for a create which must outlive its command; it calls [`keep`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Keeper {
    /// The program.
    pub program: PathBuf,
    /// Its arguments. All else travels on its stdin.
    pub args: Vec<OsString>,
    /// It writes to our stderr, and keeps that open when it outlives us. Default: it has none.
    pub stderr: bool,
}

impl Keeper {
    /// A program without a stderr.
    pub fn new(program: impl Into<PathBuf>, args: Vec<OsString>) -> Self {
        Self { program: program.into(), args, stderr: false }
    }
}

/// What the command says after its request, when it is interrupted.
const INTERRUPT: &str = "interrupt";

#[derive(Deserialize, Serialize)]
struct Request {
    store: PathBuf,
    ca_cert: Option<PathBuf>,
    ca_key: Option<PathBuf>,
    client_cert: Option<PathBuf>,
    client_key: Option<PathBuf>,
    owner: String,
    name: String,
    driver: String,
    options: Vec<(String, Value)>,
    shared: Vec<(String, Value)>,
    engine: EngineOptions,
    swarm: SwarmOptions,
    tls_sans: Vec<String>,
    install_url_given: bool,
    install_script: Option<PathBuf>,
    host_name: Option<String>,
}

#[derive(Deserialize, Serialize)]
enum Value {
    Switch(bool),
    Text(String),
    Secret(String),
    List(Vec<String>),
    Int(i64),
}

/// One line of the keeper's.
#[derive(Deserialize, Serialize)]
enum Message {
    Progress(Progress),
    Ended(Result<(), Failure>),
}

#[derive(Deserialize, Serialize)]
struct Failure {
    stage: Stage,
    interrupted: bool,
    error: Fault,
}

/// An [`Error`] on its way.
#[derive(Deserialize, Serialize)]
struct Fault {
    kind: ErrorKind,
    /// Its own text, then that of each cause.
    texts: Vec<String>,
    leftovers: Vec<(Intent, Vec<String>, Fault)>,
}

impl Machines {
    /// The driver's part of a create, in a process of its own: returns once that has ended.
    pub(super) async fn make_kept(
        &self,
        keeper: &Keeper,
        name: &str,
        spec: &CreateSpec,
    ) -> Result<(), CreateError> {
        let begun = self.begin(keeper, name, spec).await.map_err(at(Stage::Driver))?;
        let (mut child, mut input) = begun;
        let Some(output) = child.stdout.take() else { return Err(at(Stage::Driver)(lost(""))) };
        let mut lines = BufReader::new(output).split(b'\n');
        let (mut told, mut stage) = (false, Stage::Driver);
        loop {
            let line = tokio::select! {
                line = lines.next_segment() => line.ok().flatten(),
                () = self.settings.interrupt.wait(), if !told => {
                    told = true;
                    // When it cannot be told, it has ended.
                    input.write_all(format!("{INTERRUPT}\n").as_bytes()).await.ok();
                    continue;
                }
            };
            match line.and_then(|line| serde_json::from_slice(&line).ok()) {
                Some(Message::Progress(progress)) => {
                    if progress == Progress::Creating {
                        stage = Stage::Create;
                    }
                    self.progress.emit(name, progress);
                }
                Some(Message::Ended(ended)) => {
                    drop(input);
                    child.wait().await.ok();
                    return ended.map_err(Failure::into_error);
                }
                None => {
                    let status = child.wait().await.map(|status| status.to_string());
                    return Err(at(stage)(lost(&status.unwrap_or_default())));
                }
            }
        }
    }

    async fn begin(
        &self,
        keeper: &Keeper,
        name: &str,
        spec: &CreateSpec,
    ) -> Result<(Child, ChildStdin)> {
        let failed =
            |error| Error::new(ErrorKind::Other, "start keeper", "failed").with_source(error);
        let request = serde_json::to_vec(&self.request(name, spec));
        // It may hold secrets.
        let mut request = Zeroizing::new(request.map_err(|error| failed(io::Error::from(error)))?);
        request.push(b'\n');
        let mut command = Command::new(&keeper.program);
        command.args(&keeper.args).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.stderr(if keeper.stderr { Stdio::inherit() } else { Stdio::null() });
        platform::before_leaving(command.as_std_mut());
        let mut child = command.spawn().map_err(failed)?;
        let Some(mut input) = child.stdin.take() else { return Err(lost("")) };
        input.write_all(&request).await.map_err(failed)?;
        Ok((child, input))
    }

    fn request(&self, name: &str, spec: &CreateSpec) -> Request {
        let settings = &self.settings;
        Request {
            store: settings.store.clone(),
            ca_cert: settings.ca_cert.clone(),
            ca_key: settings.ca_key.clone(),
            client_cert: settings.client_cert.clone(),
            client_key: settings.client_key.clone(),
            owner: settings.owner.clone(),
            name: name.to_owned(),
            driver: spec.driver.clone(),
            options: values(&spec.options),
            shared: values(&spec.shared),
            engine: spec.engine.clone(),
            swarm: spec.swarm.clone(),
            tls_sans: spec.tls_sans.clone(),
            install_url_given: spec.install_url_given,
            install_script: spec.install_script.clone(),
            host_name: spec.host_name.clone(),
        }
    }

    /// What the keeper does.
    async fn make_as_keeper(&self, name: &str, spec: &CreateSpec) -> Result<(), CreateError> {
        super::create::check_name(name).map_err(at(Stage::Name))?;
        let mut provider = self.provider(&spec.driver).map_err(at(Stage::Driver))?;
        let (_lock, mut entry) = self.prepare(name, spec, provider.as_mut()).await?;
        // For those who look at the machine meanwhile.
        let kept =
            self.store.lock(LockName::Keeper(name), &|| {}).await.map_err(at(Stage::Save))?;
        let made = self.make(provider.as_ref(), &mut entry, spec).await;
        kept.unlink().ok(); // nobody needs the file
        made
    }
}

/// Serves one create as a [`Keeper`]: reads the request from stdin, writes progress and the end to
/// stdout. When the other side goes away before anything could be made, it ends; after that, it
/// lets the driver finish.
///
/// Call it in a program that does nothing else, within a tokio runtime with I/O and time.
///
/// # Errors
/// When stdin holds no request.
pub async fn keep(registry: impl Registry + 'static) -> Result<()> {
    let mut line = String::new();
    let read = io::stdin().lock().read_line(&mut line);
    read.map_err(|e| Error::wrap(ErrorKind::Other, "read request", e))?;
    let request: Request = serde_json::from_str(&line)
        .map_err(|e| Error::wrap(ErrorKind::InvalidOption, "read request", e))?;
    platform::leave_session();
    let (interrupter, interrupt) = Interrupt::channel();
    let gone = watch_input(interrupter);
    let (name, settings, spec) = request.open(interrupt)?;
    let (report, writer) = Report::to_stdout();
    let report = Arc::new(report);
    let machines = Machines::new(settings, registry, report.clone());
    {
        let work = machines.make_as_keeper(&name, &spec);
        tokio::pin!(work);
        let ended = tokio::select! {
            biased;
            ended = &mut work => Some(ended),
            _ = gone => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None if report.is_creating() => work.await,
            None => return Ok(()),
        };
        report.send(Message::Ended(ended.map_err(Failure::new)));
    }
    drop((machines, report));
    writer.join().ok();
    Ok(())
}

/// Resolves when the other side has gone. A thread, for a pending read would keep the runtime from
/// ending.
fn watch_input(interrupter: Interrupter) -> oneshot::Receiver<()> {
    let (gone, is_gone) = oneshot::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines() {
            match line {
                Ok(line) if line == INTERRUPT => interrupter.interrupt(),
                Ok(_) => {}
                Err(_) => break,
            }
        }
        gone.send(()).ok();
        // Dropped, an interrupter can come no more; that is all it means here.
        drop(interrupter);
    });
    is_gone
}

/// Sends progress. Never blocks, and goes on when nobody reads.
struct Report {
    lines: mpsc::Sender<Message>,
    creating: AtomicBool,
}

impl Report {
    fn to_stdout() -> (Self, JoinHandle<()>) {
        let (lines, messages) = mpsc::channel::<Message>();
        let writer = thread::spawn(move || {
            for message in messages {
                let Ok(mut line) = serde_json::to_vec(&message) else { continue };
                line.push(b'\n');
                let mut out = io::stdout().lock();
                if out.write_all(&line).and_then(|()| out.flush()).is_err() {
                    return;
                }
            }
        });
        (Self { lines, creating: AtomicBool::new(false) }, writer)
    }

    fn send(&self, message: Message) {
        self.lines.send(message).ok();
    }

    fn is_creating(&self) -> bool {
        self.creating.load(Ordering::SeqCst)
    }
}

impl ProgressSink for Report {
    fn emit(&self, _: &str, progress: Progress) {
        if progress == Progress::Creating {
            self.creating.store(true, Ordering::SeqCst);
        }
        self.send(Message::Progress(progress));
    }
}

impl Request {
    fn open(self, interrupt: Interrupt) -> Result<(String, Settings, CreateSpec)> {
        let mut settings = Settings::new(self.store);
        settings.ca_cert = self.ca_cert;
        settings.ca_key = self.ca_key;
        settings.client_cert = self.client_cert;
        settings.client_key = self.client_key;
        settings.owner = self.owner;
        settings.interrupt = interrupt;
        let mut spec = CreateSpec::new(self.driver, options(self.options)?);
        spec.shared = options(self.shared)?;
        spec.engine = self.engine;
        spec.swarm = self.swarm;
        spec.tls_sans = self.tls_sans;
        spec.install_url_given = self.install_url_given;
        spec.install_script = self.install_script;
        spec.host_name = self.host_name;
        Ok((self.name, settings, spec))
    }
}

fn values(options: &Options) -> Vec<(String, Value)> {
    let value = |value: &OptionValue| {
        Some(match value {
            OptionValue::Switch(on) => Value::Switch(*on),
            OptionValue::Text(text) => Value::Text(text.clone()),
            OptionValue::Secret(secret) => Value::Secret(secret.expose().to_owned()),
            OptionValue::List(list) => Value::List(list.clone()),
            OptionValue::Int(int) => Value::Int(*int),
            _ => return None,
        })
    };
    options.iter().filter_map(|(name, of)| Some((name.to_owned(), value(of)?))).collect()
}

fn options(values: Vec<(String, Value)>) -> Result<Options> {
    let (mut specs, mut given) = (Vec::new(), Vec::new());
    for (name, value) in values {
        let is_secret = matches!(value, Value::Secret(_));
        let (kind, value) = match value {
            Value::Switch(on) => (OptionKind::Switch, OptionValue::Switch(on)),
            Value::Text(text) | Value::Secret(text) => (OptionKind::Text, OptionValue::Text(text)),
            Value::List(list) => (OptionKind::List, OptionValue::List(list)),
            Value::Int(int) => (OptionKind::Int, OptionValue::Int(int)),
        };
        let spec = OptionSpec::new(name.clone(), kind, "");
        specs.push(if is_secret { spec.with_secret() } else { spec });
        given.push((name, value));
    }
    Options::new(&specs, given)
}

impl Failure {
    fn new(error: CreateError) -> Self {
        let CreateError { stage, interrupted, error } = error;
        Self { stage, interrupted, error: Fault::new(error) }
    }

    fn into_error(self) -> CreateError {
        CreateError {
            stage: self.stage,
            interrupted: self.interrupted,
            error: self.error.into_error(),
        }
    }
}

impl Fault {
    fn new(error: Error) -> Self {
        let mut texts = vec![error.to_string()];
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            texts.push(error.to_string());
            cause = error.source();
        }
        let kind = error.kind();
        let leftovers = error.into_leftovers().into_iter();
        let leftovers = leftovers.map(|l| (l.intent, l.ids, Self::new(l.cause))).collect();
        Self { kind, texts, leftovers }
    }

    fn into_error(self) -> Error {
        let mut texts = self.texts.into_iter();
        let error = Error::new(self.kind, "", texts.next().unwrap_or_default());
        let deepest_first = texts.rev();
        let cause = deepest_first
            .fold(None, |source: Option<Box<Cause>>, text| Some(Box::new(Cause { text, source })));
        let leftovers = self.leftovers.into_iter();
        let leftovers = leftovers.map(|(i, ids, cause)| Leftover::new(i, ids, cause.into_error()));
        let error = error.with_leftovers(leftovers.collect());
        match cause {
            Some(cause) => error.with_source(*cause),
            None => error,
        }
    }
}

/// A cause that came as text.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Cause {
    text: String,
    source: Option<Box<Cause>>,
}

/// The driver may have made something.
fn lost(status: &str) -> Error {
    let text = format!("the process that watched over it has ended ({status})");
    Error::new(ErrorKind::Indeterminate, "", text)
}

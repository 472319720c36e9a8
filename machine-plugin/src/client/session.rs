use crate::client::connection::{Connection, Handle};
use crate::client::error::{Broken, CallError, StartError};
use crate::client::fields::{Fields, Knowledge};
use crate::client::listener::Listener;
use crate::client::method::Method;
use crate::client::process::Process;
use crate::client::{Driver, TimeLimits, flags};
use crate::codec::Value;
use crate::rpc::{API_VERSION, Body, SERVICES};
use machine_core::{Error, ErrorKind, OptionSpec, Result, State};
use std::pin::pin;
use std::time::Duration;
use tokio::task::{JoinHandle, JoinSet};

/// How long the end of a process may take to show after that of its connection.
const LAST_BREATH: Duration = Duration::from_secs(2);

/// A plugin that runs for one machine, and is told about no other: settings are merged, so one
/// machine's would leak into the next's.
///
/// Dropped, it is killed; [`Session::close`] ends it in good order.
#[derive(Debug)]
pub(crate) struct Session {
    process: Process,
    connection: Connection,
    service: &'static str,
    limits: TimeLimits,
    knowledge: Knowledge,
    broken: bool,
    creating: Option<JoinHandle<Result<Value, CallError>>>,
    _heartbeat: JoinSet<()>,
}

impl Session {
    /// Starts a plugin and tells it the machine's settings.
    pub(crate) async fn open(
        driver: &Driver,
        limits: &TimeLimits,
        state: &State,
        listener: Listener<'_>,
    ) -> Result<Self> {
        let (mut process, address) = Process::start(driver, limits, listener).await?;
        let connection = Connection::open(&address, limits.handshake);
        let connection = match listener.during(process.output(), connection).await {
            Ok(connection) => connection,
            Err(error) => {
                process.kill(listener).await;
                return Err(error.into());
            }
        };
        let mut session = Self {
            process,
            connection,
            service: SERVICES[0],
            limits: *limits,
            knowledge: Knowledge::default(),
            broken: false,
            creating: None,
            _heartbeat: JoinSet::new(),
        };
        match session.greet(state, listener).await {
            Ok(()) => Ok(session),
            Err(error) => {
                session.close(listener).await;
                Err(error.with_no_effect())
            }
        }
    }

    async fn greet(&mut self, state: &State, listener: Listener<'_>) -> Result<()> {
        let mut answers = self.version_and_settings(state, listener).await;
        if answers.0.is_err() {
            self.service = SERVICES[1];
            answers = self.version_and_settings(state, listener).await;
        }
        let version = match answers.0 {
            Ok(version) => version,
            Err(cause) => return Err(self.explain(Method::GetVersion, cause, listener).await),
        };
        match version.as_int() {
            Some(API_VERSION) => {}
            Some(other) => return Err(StartError::Version(other).into()),
            None => return Err(self.wrong_type(Method::GetVersion)),
        }
        match answers.1 {
            Ok(_) => Ok(()),
            Err(cause) => Err(self.explain(Method::SetConfigRaw, cause, listener).await),
        }
    }

    /// Both in one go, since the version is no affair of the driver's: a look has many steps.
    async fn version_and_settings(
        &mut self,
        state: &State,
        listener: Listener<'_>,
    ) -> (Result<Value, CallError>, Result<Value, CallError>) {
        let handle = self.connection.handle().clone();
        self._heartbeat = JoinSet::new();
        self._heartbeat.spawn(keep_alive(handle.clone(), self.service, self.limits));
        let ask = |method, body| call(handle.clone(), self.service, method, body, self.limits);
        let version = ask(Method::GetVersion, Body::empty());
        let settings = ask(Method::SetConfigRaw, settings(state));
        let both = async {
            let (mut version, mut settings) = (pin!(version), pin!(settings));
            let mut told = None;
            loop {
                tokio::select! {
                    version = &mut version => {
                        return match (version, told) {
                            // To be tried again by another name: no need to wait.
                            (Err(cause), _) => (Err(cause), Err(CallError::Closed)),
                            (version, Some(told)) => (version, told),
                            (version, None) => (version, settings.await),
                        };
                    }
                    answer = &mut settings, if told.is_none() => told = Some(answer),
                }
            }
        };
        listener.during(self.process.output(), both).await
    }

    /// Tells it the machine's settings.
    async fn configure(&mut self, state: &State, listener: Listener<'_>) -> Result<()> {
        self.call(Method::SetConfigRaw, settings(state), listener).await.map(drop)
    }

    /// The same, where the settings are not what it said itself. To be told again is not what
    /// drivers expect.
    pub(crate) async fn update(&mut self, state: &State, listener: Listener<'_>) -> Result<()> {
        match self.knowledge.agrees(state)? {
            true => Ok(()),
            false => self.configure(state, listener).await,
        }
    }

    /// Brings `state` to what the plugin knows; says whether anything changed.
    pub(crate) async fn learn(
        &mut self,
        state: &mut State,
        listener: Listener<'_>,
    ) -> Result<bool> {
        let said = self.call(Method::GetConfigRaw, Body::empty(), listener).await?;
        self.take_in(&said, state)
    }

    fn take_in(&mut self, said: &Value, state: &mut State) -> Result<bool> {
        let method = Method::GetConfigRaw;
        let said = said.as_bytes().ok_or_else(|| self.wrong_type(method))?;
        let not_json = || Broken::NotJson { method: method.name() }.into_error(method);
        self.knowledge.learn(Fields::parse(said).ok_or_else(not_json)?, state)
    }

    pub(crate) async fn flags(&mut self, listener: Listener<'_>) -> Result<Vec<OptionSpec>> {
        let reply = self.call(Method::GetCreateFlags, Body::empty(), listener).await?;
        flags::specs(&reply).ok_or_else(|| self.wrong_type(Method::GetCreateFlags))
    }

    /// Calls a method that takes nothing.
    pub(crate) async fn run(&mut self, method: Method, listener: Listener<'_>) -> Result<Value> {
        self.call(method, Body::empty(), listener).await
    }

    pub(crate) async fn text(&mut self, method: Method, listener: Listener<'_>) -> Result<String> {
        let reply = self.run(method, listener).await?;
        reply.as_text().map(str::to_owned).ok_or_else(|| self.wrong_type(method))
    }

    pub(crate) async fn int(&mut self, method: Method, listener: Listener<'_>) -> Result<i64> {
        let reply = self.run(method, listener).await?;
        reply.as_int().ok_or_else(|| self.wrong_type(method))
    }

    /// Port, user and key file for SSH: fields of nearly every driver, so asked for in one go.
    pub(crate) async fn ssh_fields(&self, listener: Listener<'_>) -> [Result<Value, CallError>; 3] {
        let ask = |method| {
            let handle = self.connection.handle().clone();
            call(handle, self.service, method, Body::empty(), self.limits)
        };
        let port = ask(Method::GetSshPort);
        let user = ask(Method::GetSshUsername);
        let key = ask(Method::GetSshKeyPath);
        let all = async { tokio::join!(port, user, key) };
        listener.during(self.process.output(), all).await.into()
    }

    pub(crate) async fn call(
        &mut self,
        method: Method,
        body: Body,
        listener: Listener<'_>,
    ) -> Result<Value> {
        match self.ask(method, body, listener).await {
            Ok(value) => Ok(value),
            Err(cause) => Err(self.explain(method, cause, listener).await),
        }
    }

    async fn ask(
        &self,
        method: Method,
        body: Body,
        listener: Listener<'_>,
    ) -> Result<Value, CallError> {
        let call = call(self.connection.handle().clone(), self.service, method, body, self.limits);
        listener.during(self.process.output(), call).await
    }

    /// Starts `Create`, which then goes on whether or not anybody waits for it.
    pub(crate) fn begin_create(&mut self) {
        let handle = self.connection.handle().clone();
        let create = call(handle, self.service, Method::Create, Body::empty(), self.limits);
        self.creating = Some(tokio::spawn(create));
    }

    /// Whether `Create` was begun and its end not yet seen.
    pub(crate) fn is_creating(&self) -> bool {
        self.creating.is_some()
    }

    /// Waits for the end of `Create`, or at most `time`: then `None`, and `state` is what the
    /// plugin knows by now.
    pub(crate) async fn creating(
        &mut self,
        time: Duration,
        state: &mut State,
        listener: Listener<'_>,
    ) -> Option<Result<()>> {
        let create = self.creating.as_mut()?;
        let handle = self.connection.handle().clone();
        let (service, limits) = (self.service, self.limits);
        let look = async {
            tokio::time::sleep(time).await;
            call(handle, service, Method::GetConfigRaw, Body::empty(), limits).await
        };
        let either = async {
            tokio::select! {
                biased;
                ended = create => Ok(ended),
                said = look => Err(said),
            }
        };
        match listener.during(self.process.output(), either).await {
            Err(said) => {
                // Not all plugins can answer now, and none has to.
                if let Ok(said) = said {
                    self.take_in(&said, state).ok();
                }
                None
            }
            Ok(ended) => {
                self.creating = None;
                Some(match ended.unwrap_or(Err(CallError::Closed)) {
                    Ok(_) => Ok(()),
                    Err(cause) => Err(self.explain(Method::Create, cause, listener).await),
                })
            }
        }
    }

    /// Turns a failed call into an error; a plugin that does not work any more is ended.
    async fn explain(&mut self, method: Method, cause: CallError, listener: Listener<'_>) -> Error {
        let name = method.name();
        let broken = match cause {
            CallError::Driver(text) => {
                let kind = match method {
                    Method::SetConfigFromFlags => ErrorKind::InvalidOption,
                    _ => ErrorKind::Other,
                };
                return Error::new(kind, "", text);
            }
            // It may still say what it made, and end in good order.
            CallError::Late(limit) => {
                return Broken::Late { method: name, limit }.into_error(method);
            }
            CallError::Silent => {
                self.process.kill(listener).await;
                Broken::Silent { method: name }
            }
            CallError::Garbled(source) => {
                self.process.kill(listener).await;
                Broken::Garbled { method: name, source }
            }
            CallError::Closed => match self.process.ended(LAST_BREATH, listener).await {
                Some(status) => {
                    self.process.end(LAST_BREATH, listener).await;
                    let said = self.process.last_words();
                    Broken::Ended { method: name, status: status.to_string(), said }
                }
                None => {
                    self.process.kill(listener).await;
                    Broken::Closed { method: name, said: self.process.last_words() }
                }
            },
        };
        self.broken = true;
        broken.into_error(method)
    }

    fn wrong_type(&self, method: Method) -> Error {
        Broken::WrongType { method: method.name() }.into_error(method)
    }

    /// Whether it can still be asked.
    pub(crate) fn is_usable(&self) -> bool {
        !self.broken
    }

    /// Ends it, and returns once no process is left.
    pub(crate) async fn close(mut self, listener: Listener<'_>) {
        if self.broken {
            return;
        }
        // The answer may be lost: plugins exit while they give it.
        let closed = self.ask(Method::Close, Body::empty(), listener).await;
        match closed {
            Ok(_) | Err(CallError::Closed | CallError::Driver(_)) => {
                self.process.end(self.limits.close, listener).await;
            }
            Err(_) => self.process.kill(listener).await,
        }
    }
}

fn settings(state: &State) -> Body {
    Body::bytes(state.as_json().as_bytes().to_vec())
}

async fn call(
    handle: Handle,
    service: &'static str,
    method: Method,
    body: Body,
    limits: TimeLimits,
) -> Result<Value, CallError> {
    let name = method.name();
    if method != Method::Heartbeat {
        tracing::debug!(method = name, "calling plugin");
    }
    handle.call(format!("{service}.{name}"), body, method.limit(&limits)).await
}

/// Plugins end by themselves some time after the last heartbeat.
async fn keep_alive(handle: Handle, service: &'static str, limits: TimeLimits) {
    loop {
        tokio::time::sleep(limits.heartbeat).await;
        let beat = call(handle.clone(), service, Method::Heartbeat, Body::empty(), limits);
        match beat.await {
            Ok(_) | Err(CallError::Driver(_)) => {}
            Err(CallError::Late(_)) => return handle.give_up(CallError::Silent),
            Err(_) => return,
        }
    }
}

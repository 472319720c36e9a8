//! From a machine that exists to a Docker host: also what `provision` and `start` run.
use super::Machines;
use super::create::{CreateError, Stage, at};
use crate::Progress;
use crate::engine::Endpoint;
use crate::provision::{self, Certificates, EngineFlags, Install, Plan};
use crate::ssh::{self, Patience, Session, Target};
use crate::store::Entry;
use crate::tls::{self, ServerPair};
use machine_core::{Error, ErrorKind, MachineState, Provider, Result, Status};
use std::path::Path;
use std::time::{Duration, Instant};

/// Docker Machine waits 60 times 3 s for a state (`libmachine/mcnutils/utils.go`, `WaitFor`).
const RUNNING: Duration = Duration::from_secs(180);
/// Until the engine answers over TLS (docker/machine, `libmachine/cert/cert.go`: dial time-out).
const TLS: Duration = Duration::from_secs(20);
/// Docker's port for TLS (IANA).
const DOCKER_PORT: u16 = 2376;

/// What differs between the ways to come here.
#[derive(Clone, Copy, Default)]
pub(super) struct Manner {
    /// See [`super::CreateSpec::install_url_given`].
    pub(super) install_url_given: bool,
    /// The machine was just made: the connection is checked, and that is told.
    pub(super) is_new: bool,
    /// The server's certificate is made anew even where the old one is good, and swarm is passed
    /// over: what `regenerate-certs` is for.
    pub(super) renews: bool,
}

impl Machines {
    /// Waits until a new machine runs, and sets it up.
    pub(super) async fn set_up_new(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        install_url_given: bool,
    ) -> Result<(), CreateError> {
        self.progress.emit(&entry.name, Progress::WaitingForRunning);
        let wait = self.until_running(provider, entry);
        let status = match self.settings.interrupt.unless(wait).await {
            Some(status) => status.map_err(at(Stage::Wait))?,
            None => return Err(CreateError::interrupted(Stage::Wait)),
        };
        self.progress.emit(&entry.name, Progress::DetectingSystem);
        let manner = Manner { install_url_given, is_new: true, renews: false };
        self.set_up(provider, entry, &status, manner).await
    }

    /// Makes a machine that runs a Docker host; where it is one already, little happens.
    pub(super) async fn set_up(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        status: &Status,
        manner: Manner,
    ) -> Result<(), CreateError> {
        let mut stage = Stage::Detect;
        let work = self.set_up_stages(provider, entry, status, manner, &mut stage);
        match self.settings.interrupt.unless(work).await {
            Some(done) => done.map_err(at(stage)),
            None => Err(CreateError::interrupted(stage)),
        }
    }

    async fn set_up_stages(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        status: &Status,
        manner: Manner,
        stage: &mut Stage,
    ) -> Result<()> {
        let name = entry.name.clone();
        let emit = |progress| self.progress.emit(&name, progress);
        let mut session = self.log_in(provider, entry, status).await?;

        *stage = Stage::Provision;
        let own_name = entry.own.as_ref().and_then(|own| own.host_name.clone());
        let is_ours = !provider.capabilities().existing_host;
        let host_name = own_name.or_else(|| is_ours.then(|| name.clone()));
        if let Some(script) = entry.install_script() {
            self.run_script(entry, &mut session, script, host_name.as_deref()).await?;
            session.close().await;
            return self.store.save(entry);
        }
        let auth = entry.config.host.auth()?.unwrap_or_else(|| self.store.auth_options(&name));
        let paths = self.store.auth_paths(entry)?;
        let ip = status.ip.clone().unwrap_or_default();
        let mut names = auth.server_cert_sans.clone();
        names.extend([ip, "localhost".to_owned()]);
        let organization = format!("{}.{name}", self.settings.owner);
        let swarm = entry.config.host.swarm()?.filter(|_| !manner.renews);
        let is_master = swarm.is_some_and(|swarm| swarm.master);
        let [certificate, key] = [&auth.server_cert_path, &auth.server_key_path]
            .map(|path| self.store.resolve(entry, path));
        // With the same pair the engine need not restart.
        let stored = (!manner.renews && !is_master)
            .then(|| ServerPair::stored(&paths.ca_cert, &certificate, &key, &names));
        let server = match stored.flatten() {
            Some(stored) => stored,
            None => tls::issue_server(&paths, &organization, &names, is_master)?,
        };
        let engine = entry.config.host.engine()?.unwrap_or_default();
        let endpoint = engine_endpoint(status)?;
        let authority = read(&paths.ca_cert)?;
        let certificates =
            Certificates { authority: &authority, server: &server.cert_pem, key: &server.key_pem };
        let note = |progress| self.progress.emit(&name, progress);
        let mut plan =
            Plan::new(&entry.config.driver_name, certificates, self.clock.as_ref(), &note);
        plan.engine = EngineFlags::from(&engine);
        plan.port = endpoint.port;
        plan.ipv6 = endpoint.host.contains(':');
        plan.host_name = host_name.as_deref();
        plan.install = match Install::from_url(&engine.install_url) {
            Install::Package if manner.install_url_given => Install::Script(&engine.install_url),
            install => install,
        };
        provision::provision(&mut session, &plan).await?;
        tls::copy_client_files(&paths, &self.store.machine_dir(&name))?;
        server.write(&certificate, &key)?;
        session.close().await;

        *stage = Stage::Verify;
        if manner.is_new {
            emit(Progress::CheckingEngine);
        }
        let started = Instant::now();
        self.until_engine_answers(entry, &endpoint).await?;
        emit(Progress::Took { phase: "engine over TLS".to_owned(), time: started.elapsed() });
        if manner.is_new {
            emit(Progress::EngineUp);
        }
        self.store.save(entry)
    }

    /// Polls until the machine runs and says where SSH is.
    pub(super) async fn until_running(
        &self,
        provider: &dyn Provider,
        entry: &Entry,
    ) -> Result<Status> {
        self.poll(async || {
            let status = self.status_of(provider, entry).await?;
            let up = status.state == MachineState::Running && status.ssh.is_some();
            Ok(up.then_some(status))
        })
        .await
    }

    /// Polls with back-off until `look` sees what is waited for; what is gone ends it at once.
    pub(super) async fn poll<T>(&self, look: impl AsyncFn() -> Result<Option<T>>) -> Result<T> {
        let until = self.clock.now() + RUNNING;
        let mut pause = Duration::from_millis(200);
        loop {
            let last = match look().await {
                Ok(Some(seen)) => return Ok(seen),
                Ok(None) => None,
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
                Err(error) => Some(error),
            };
            if self.clock.now() >= until {
                let text = "Maximum number of retries (60) exceeded"; // Docker Machine's words
                let error = Error::new(ErrorKind::Transient, "", text);
                return Err(match last {
                    Some(last) => error.with_source(last),
                    None => error,
                });
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    /// Opens the one SSH connection, and pins the host's key at the first.
    pub(super) async fn log_in(
        &self,
        provider: &dyn Provider,
        entry: &mut Entry,
        status: &Status,
    ) -> Result<Session> {
        let started = Instant::now();
        let name = entry.name.clone();
        self.progress.emit(&name, Progress::WaitingForSsh);
        let target = self.target(entry, status)?;
        let patience = match provider.capabilities().existing_host {
            true => Patience::EXISTING,
            false => Patience::BOOTING,
        };
        let (session, keys) = Session::open(&target, self.clock.as_ref(), patience).await?;
        self.pin(entry, keys)?;
        let took = Progress::Took { phase: "ssh connection".to_owned(), time: started.elapsed() };
        self.progress.emit(&name, took);
        Ok(session)
    }

    /// Keeps the keys by which a host is known from now on.
    pub(super) fn pin(&self, entry: &mut Entry, keys: Vec<String>) -> Result<()> {
        match &mut entry.own {
            Some(own) if own.host_keys != keys => own.host_keys = keys,
            _ => return Ok(()),
        }
        self.store.save(entry)
    }

    pub(super) fn target(&self, entry: &Entry, status: &Status) -> Result<Target> {
        let endpoint = status.ssh.clone().ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "", "the machine cannot be logged into")
        })?;
        let dir = self.store.machine_dir(&entry.name);
        let key = endpoint.key.clone().map(|key| self.store.resolve(entry, &key));
        let mut target = Target::new(&entry.name, endpoint, dir.join("known_hosts"));
        target.key = key;
        target.client.clone_from(&self.settings.ssh);
        target.host_keys = entry.own.as_ref().map(|own| own.host_keys.clone()).unwrap_or_default();
        target.accept_changed_key = ssh::accepts_host_key(&entry.name);
        Ok(target)
    }

    /// The provisioner saw the port open, so this is usually one try.
    pub(super) async fn until_engine_answers(
        &self,
        entry: &Entry,
        endpoint: &Endpoint,
    ) -> Result<()> {
        let until = self.clock.now() + TLS;
        let mut pause = Duration::from_millis(20);
        loop {
            match endpoint.handshake(|| self.client_config(entry), TLS).await {
                Ok(()) => return Ok(()),
                Err(error) if self.clock.now() >= until => return Err(error.into()),
                Err(_) => {}
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
    }

    /// After a start: log in, look what it is, wait for the engine.
    pub(super) async fn settle(&self, provider: &dyn Provider, entry: &mut Entry) -> Result<()> {
        if provider.capabilities().endpoint_only {
            return Ok(());
        }
        let status = self.until_running(provider, entry).await?;
        let mut session = self.log_in(provider, entry, &status).await?;
        let note = |progress| self.progress.emit(&entry.name, progress);
        provision::detect(&mut session, self.clock.as_ref(), &note).await?;
        session.close().await;
        if entry.install_script().is_some() {
            return Ok(());
        }
        self.until_engine_answers(entry, &engine_endpoint(&status)?).await
    }

    /// Restarts a machine from within, and waits until it is another boot that answers.
    pub(super) async fn reboot(&self, provider: &dyn Provider, entry: &mut Entry) -> Result<()> {
        let status = self.until_running(provider, entry).await?;
        let mut session = self.log_in(provider, entry, &status).await?;
        let before = session.run(BOOT, ROUND).await?.stdout;
        // The connection may end before the reply does.
        session.run("shutdown -r now || systemctl reboot", ROUND).await.ok();
        drop(session);
        let target = self.target(entry, &status)?;
        self.poll(async || {
            let (mut session, _) =
                Session::open(&target, self.clock.as_ref(), Patience::BOOTING).await?;
            let now = session.run(BOOT, ROUND).await?.stdout;
            Ok((now != before).then_some(()))
        })
        .await
    }
}

/// Tells one boot of a machine from the next: of its kernel, or (in a container) of its init.
const BOOT: &str = "cat /proc/sys/kernel/random/boot_id; cut -d' ' -f22 /proc/1/stat";
/// For a script that only looks.
const ROUND: Duration = Duration::from_secs(20);

/// Where the engine listens: the port of the URL, else Docker's own.
pub(super) fn engine_endpoint(status: &Status) -> Result<Endpoint> {
    match &status.url {
        Some(url) => Endpoint::parse(url),
        None => Ok(Endpoint::new(status.ip.clone().unwrap_or_default(), DOCKER_PORT)),
    }
}

fn read(path: &Path) -> Result<String> {
    fs_err::read_to_string(path).map_err(|e| Error::wrap(ErrorKind::Other, "", e))
}

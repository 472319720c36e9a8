//! A host of the test bed and all that a machine on it would have.
use machine_core::{Error, Secret, SshEndpoint};
use machine_host::{
    Certificates, EngineFlags, Install, Patience, Plan, Progress, Provisioned, RealClock, Session,
    Target, provision,
};
use machine_testbed::{Bed, Host, HostKind};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use std::future::Future;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use tempfile::TempDir;

/// Enough for a host that answers at all.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Runs a future on a runtime of its own.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}

/// A host, a CA and a certificate for each side.
pub(crate) struct Site {
    pub(crate) host: Host,
    pub(crate) folder: TempDir,
    bed: &'static Bed,
    authority: String,
    server: (String, Secret),
    notes: Mutex<Vec<Progress>>,
}

/// What a test asks for.
#[derive(Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub(crate) user: &'a str,
    pub(crate) engine: EngineFlags<'a>,
    pub(crate) port: u16,
    pub(crate) install: Install<'a>,
    pub(crate) host_name: Option<&'a str>,
}

impl Default for Wish<'_> {
    fn default() -> Self {
        let engine = EngineFlags::default();
        let install = Install::Package;
        Self { user: "root", engine, port: 2376, install, host_name: None }
    }
}

impl Site {
    /// A ready host of this kind; none where there is no test bed.
    pub(crate) fn of(kind: HostKind) -> Option<Self> {
        let bed = Bed::or_skip()?;
        let host = bed.host(kind).unwrap();
        Some(Self::on(bed, host))
    }

    /// The same around a host that may still boot.
    pub(crate) fn on(bed: &'static Bed, host: Host) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new([]).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let authority = ca.self_signed(&ca_key).unwrap().pem();
        let issuer = Issuer::new(ca, ca_key);
        let issue = |name: String, usage| {
            let key = KeyPair::generate().unwrap();
            let mut params = CertificateParams::new([name]).unwrap();
            params.extended_key_usages = vec![usage];
            (params.signed_by(&key, &issuer).unwrap().pem(), key.serialize_pem())
        };
        let server = issue(host.address().to_string(), ExtendedKeyUsagePurpose::ServerAuth);
        let client = issue("client".to_owned(), ExtendedKeyUsagePurpose::ClientAuth);
        for (name, text) in [("ca", &authority), ("cert", &client.0), ("key", &client.1)] {
            std::fs::write(folder.path().join(format!("{name}.pem")), text).unwrap();
        }
        let server = (server.0, Secret::new(server.1));
        Self { host, folder, bed, authority, server, notes: Mutex::default() }
    }

    pub(crate) fn known_hosts(&self) -> PathBuf {
        self.folder.path().join("known_hosts")
    }

    pub(crate) fn target(&self, user: &str) -> Target {
        let endpoint = SshEndpoint::new(self.host.address().to_string(), 22, user);
        Target::new(self.host.name(), endpoint, self.known_hosts()).with_key(self.bed.client_key())
    }

    pub(crate) async fn open(&self, user: &str) -> Result<Session, Error> {
        let target = self.target(user);
        let (session, _) =
            Session::open(&target, &RealClock::default(), Patience::EXISTING).await?;
        Ok(session)
    }

    /// One session and one provisioning.
    pub(crate) fn provision(&self, wish: &Wish<'_>) -> Result<Provisioned, Error> {
        wait(async {
            let mut session = self.open(wish.user).await?;
            let done = self.provision_over(&mut session, wish).await;
            session.close().await;
            done
        })
    }

    pub(crate) async fn provision_over(
        &self,
        session: &mut Session,
        wish: &Wish<'_>,
    ) -> Result<Provisioned, Error> {
        let clock = RealClock::default();
        let note = |p: Progress| self.notes.lock().unwrap().push(p);
        let (authority, server, key) = (&*self.authority, &*self.server.0, &self.server.1);
        let certificates = Certificates { authority, server, key };
        let mut plan = Plan::new("generic", certificates, &clock, &note);
        plan.engine = wish.engine;
        plan.port = wish.port;
        plan.install = wish.install;
        plan.host_name = wish.host_name;
        provision(session, &plan).await
    }

    /// Whether this was heard of.
    pub(crate) fn heard(&self, progress: &Progress) -> bool {
        self.notes.lock().unwrap().contains(progress)
    }

    /// What the engine answers a real client over TLS.
    pub(crate) fn docker(&self, port: u16, args: &[&str]) -> Result<String, String> {
        let out = Command::new(self.bed.docker_client())
            .env("DOCKER_CERT_PATH", self.folder.path())
            .env("DOCKER_TLS_VERIFY", "1")
            .env("DOCKER_HOST", format!("tcp://{}:{port}", self.host.address()))
            .args(args)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if out.status.success() { Ok(text(&out.stdout)) } else { Err(text(&out.stderr)) }
    }

    /// The engine's process: another one after a restart.
    pub(crate) fn engine_pid(&self) -> String {
        self.host.exec("systemctl show docker -p MainPID --value").unwrap()
    }

    /// Checksums of all that provisioning may touch.
    pub(crate) fn files(&self) -> String {
        let folders = "/etc/docker /etc/systemd/system /run/systemd/system /etc/hosts";
        self.host.exec(&format!("find {folders} -type f | sort | xargs sha256sum")).unwrap()
    }
}

use super::super::error::SshError;
use super::super::host_keys::Trust;
use super::super::open::Fault;
use super::super::target::{Target, bare};
use super::identity;
use crate::platform;
use machine_core::SshEndpoint;
use russh::client::{self, AuthResult, Config, Handle};
use russh::keys::{Algorithm, HashAlg, PublicKeyOrCertificate};
use russh::{Disconnect, Preferred};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

/// As the program's `ConnectTimeout`.
const CONNECT: Duration = Duration::from_secs(10);
/// As the program's `ServerAliveInterval` and `ServerAliveCountMax`.
const ALIVE: (Duration, usize) = (Duration::from_secs(10), 3);

/// A connection to a host, logged in.
pub(super) type Login = Handle<HostKeys>;

/// What the host must show, and what it has shown.
pub(super) struct HostKeys {
    /// Empty: whatever it shows.
    pinned: Vec<String>,
    shown: Arc<Mutex<Shown>>,
}

#[derive(Default)]
struct Shown {
    /// `TYPE BASE64`.
    key: String,
    fingerprint: String,
}

impl client::Handler for HostKeys {
    type Error = russh::Error;

    async fn check_server_key(
        &mut self,
        shown: &PublicKeyOrCertificate,
    ) -> Result<bool, Self::Error> {
        // We offer to take no certificates.
        let PublicKeyOrCertificate::PublicKey { key, .. } = shown else { return Ok(false) };
        let text = key.to_openssh()?;
        let mut words = text.split(' ');
        let key_text = [words.next(), words.next()].map(Option::unwrap_or_default).join(" ");
        let is_known = self.pinned.is_empty() || self.pinned.contains(&key_text);
        let fingerprint = key.fingerprint(HashAlg::Sha256).to_string();
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) =
            Shown { key: key_text, fingerprint };
        Ok(is_known)
    }
}

/// Dials, checks the host's key, and logs in.
pub(super) async fn log_in(
    target: &Target,
    trust: &Trust,
) -> Result<Result<Login, Fault>, SshError> {
    target.destination()?; // as careful as with the program, though nothing is split here
    let identities = identity::of(target).await?;
    let socket = match dial(&target.endpoint).await {
        Ok(socket) => socket,
        Err(fault) => return Ok(Err(fault)),
    };
    let pinned = match trust {
        Trust::Pinned { keys, .. } => keys.clone(),
        Trust::First { .. } => Vec::new(),
    };
    let config = Config {
        preferred: preferred(&pinned),
        keepalive_interval: Some(ALIVE.0),
        keepalive_max: ALIVE.1,
        nodelay: true,
        ..Config::default()
    };
    let shown: Arc<Mutex<Shown>> = Arc::default();
    let keys = HostKeys { pinned, shown: shown.clone() };
    let mut login = match client::connect_stream(Arc::new(config), socket, keys).await {
        Ok(login) => login,
        Err(russh::Error::UnknownKey) => {
            let fingerprint = &shown.lock().unwrap_or_else(PoisonError::into_inner).fingerprint;
            return Ok(Err(Fault::HostKey(format!("the host shows {fingerprint}"))));
        }
        Err(error) => return Ok(Err(Fault::Unreachable(text(&error)))),
    };
    let user = match target.endpoint.user.as_str() {
        "" => platform::user_name(),
        user => user.to_owned(),
    };
    match identities.log_in(&mut login, &user).await {
        Ok(AuthResult::Success) => {
            let key = shown.lock().unwrap_or_else(PoisonError::into_inner).key.clone();
            trust.saw(target, &key)?;
            Ok(Ok(login))
        }
        Ok(AuthResult::Failure { .. }) => {
            login.disconnect(Disconnect::NoMoreAuthMethodsAvailable, "", "").await.ok();
            Ok(Err(Fault::Refused("Permission denied (publickey)".to_owned())))
        }
        Err(error) => Ok(Err(Fault::Refused(text(&error)))),
    }
}

async fn dial(endpoint: &SshEndpoint) -> Result<TcpStream, Fault> {
    let host = bare(&endpoint.host);
    let plain = |error: &std::io::Error| platform::error_text(error);
    let found = lookup_host((host, endpoint.port)).await;
    let addresses: Vec<_> = found.map_err(|e| Fault::Unresolved(plain(&e)))?.collect();
    match timeout(CONNECT, TcpStream::connect(addresses.as_slice())).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(error)) => Err(Fault::Unreachable(plain(&error))),
        Err(_) => Err(Fault::Unreachable(format!("no answer in {} s", CONNECT.as_secs()))),
    }
}

/// A host with several keys must show the one that we know.
fn preferred(pinned: &[String]) -> Preferred {
    let is_pinned = |algorithm: &Algorithm| {
        let kind = match algorithm {
            Algorithm::Rsa { .. } => "ssh-rsa",
            other => other.as_str(),
        };
        pinned.iter().any(|key| key.split(' ').next() == Some(kind))
    };
    let (mut first, others): (Vec<_>, Vec<_>) =
        Preferred::DEFAULT.key.iter().cloned().partition(is_pinned);
    first.extend(others);
    Preferred { key: first.into(), ..Preferred::DEFAULT }
}

/// Russh's words, as one that reads them in the middle of a sentence expects.
pub(super) fn text(error: &russh::Error) -> String {
    match error {
        russh::Error::IO(error) => platform::error_text(error),
        russh::Error::Disconnect | russh::Error::HUP => "the connection was closed".to_owned(),
        other => other.to_string(),
    }
}

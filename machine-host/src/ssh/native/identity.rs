use super::super::error::SshError;
use super::super::target::Target;
use super::connect::Login;
use crate::platform::{self, Agent};
use russh::MethodSet;
use russh::client::AuthResult;
use russh::keys::agent::AgentIdentity;
use russh::keys::{HashAlg, PrivateKey, PrivateKeyWithHashAlg, PublicKey, load_secret_key};
use std::sync::Arc;

/// Agents may hold many keys, and servers end the connection after some: as a rule the sixth.
const AGENT_KEYS: usize = 4;
/// Where users have their keys, in the order in which the program tries them.
const FILES: [&str; 3] = ["id_rsa", "id_ecdsa", "id_ed25519"];

/// What a host is offered, in this order.
pub(super) struct Identities {
    agent: Option<(Agent, Vec<PublicKey>)>,
    keys: Vec<Arc<PrivateKey>>,
}

/// The machine's own key alone; where it has none, the agent's and the user's.
pub(super) async fn of(target: &Target) -> Result<Identities, SshError> {
    if let Some(path) = &target.key {
        let key = load_secret_key(path, None)
            .map_err(|e| SshError::KeyUse { path: path.clone(), why: e.to_string() })?;
        return Ok(Identities { agent: None, keys: vec![Arc::new(key)] });
    }
    let folder = platform::home_dir().unwrap_or_default().join(".ssh");
    let keys = FILES.iter().filter_map(|name| load_secret_key(folder.join(name), None).ok());
    Ok(Identities { agent: agent().await, keys: keys.map(Arc::new).collect() })
}

async fn agent() -> Option<(Agent, Vec<PublicKey>)> {
    let mut agent = platform::ssh_agent().await?;
    let all = agent.request_identities().await.ok()?;
    let keys = all.into_iter().filter_map(|identity| match identity {
        AgentIdentity::PublicKey { key, .. } => Some(key),
        AgentIdentity::Certificate { .. } => None,
    });
    Some((agent, keys.take(AGENT_KEYS).collect()))
}

impl Identities {
    /// Offers each until one is taken.
    pub(super) async fn log_in(
        self,
        login: &mut Login,
        user: &str,
    ) -> Result<AuthResult, russh::Error> {
        let mut last =
            AuthResult::Failure { remaining_methods: MethodSet::empty(), partial_success: false };
        if let Some((mut agent, keys)) = self.agent {
            for key in keys {
                let hash = rsa_hash(login, key.algorithm().is_rsa()).await?;
                let answer = login.authenticate_publickey_with(user, key, hash, &mut agent).await;
                // An agent that will not sign is no reason to give up.
                if let Ok(answer) = answer {
                    if answer.success() {
                        return Ok(answer);
                    }
                    last = answer;
                }
            }
        }
        for key in self.keys {
            let hash = rsa_hash(login, key.algorithm().is_rsa()).await?;
            let key = PrivateKeyWithHashAlg::new(key, hash);
            last = login.authenticate_publickey(user, key).await?;
            if last.success() {
                break;
            }
        }
        Ok(last)
    }
}

/// The best that the server takes; SHA-1 for one that is too old to say.
async fn rsa_hash(login: &Login, is_rsa: bool) -> Result<Option<HashAlg>, russh::Error> {
    if !is_rsa {
        return Ok(None);
    }
    Ok(login.best_supported_rsa_hash().await?.flatten())
}

use super::error::SshError;
use super::host_keys::Trust;
#[cfg(feature = "native-ssh")]
use super::native;
use super::session::{Break, Session, reason};
use super::system;
use super::target::{SshClient, Target};
use machine_core::{Clock, Result};
use std::time::Duration;

/// Longest time one try may take from the start of the client to the shell's first answer.
const TRY: Duration = Duration::from_secs(45);
/// Pauses between tries grow from the first to the second.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(3));

/// How long to go on when a host does not let us in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Patience {
    /// From the first try on, while nothing answers.
    pub limit: Duration,
    /// From the first answer that denies the login, or the first failed name look-up, on.
    pub refusal: Duration,
}

impl Patience {
    /// For a host that was just made or started: 180 s, whatever it answers, since addresses, keys
    /// and users appear one by one while it boots.
    pub const BOOTING: Self =
        Self { limit: Duration::from_secs(180), refusal: Duration::from_secs(180) };
    /// For a host that should be up: 180 s for it to answer, 10 s once it denies the login.
    pub const EXISTING: Self =
        Self { limit: Duration::from_secs(180), refusal: Duration::from_secs(10) };

    /// Limits other than those.
    pub fn new(limit: Duration, refusal: Duration) -> Self {
        Self { limit, refusal }
    }
}

/// What one try met.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Fault {
    Unreachable(String),
    Unresolved(String),
    Refused(String),
    NoShell(String),
    HostKey(String),
}

impl Session {
    /// Logs in, and tries again with growing pauses until the host answers or `patience` ends.
    ///
    /// Also gives the host's keys, each `TYPE BASE64`: those that were pinned, or on first contact
    /// those that the host has shown, for the caller to keep.
    ///
    /// # Errors
    /// `Transient` when nothing answers in time; `Credentials` when the login is denied or the host
    /// key is not the pinned one (refused at once); `NotFound` when the name cannot be resolved;
    /// `Permission` when the login gives no shell.
    pub async fn open(
        target: &Target,
        clock: &dyn Clock,
        patience: Patience,
    ) -> Result<(Self, Vec<String>)> {
        target.check_key()?;
        let trust = Trust::of(target)?;
        let start = clock.now();
        let (mut refused, mut pause) = (None, PAUSES.0);
        loop {
            trust.reset()?;
            let fault = match one_try(target, &trust).await? {
                Ok(session) => {
                    let keys = trust.settle(target)?;
                    return Ok((session, keys));
                }
                Err(fault) => fault,
            };
            tracing::debug!(machine = target.name, ?fault, "no SSH session yet");
            let now = clock.now();
            let mut end = start + patience.limit;
            if matches!(fault, Fault::Refused(_) | Fault::Unresolved(_) | Fault::NoShell(_)) {
                end = end.min(*refused.get_or_insert(now) + patience.refusal);
            }
            if matches!(fault, Fault::HostKey(_)) || now + pause > end {
                return Err(give_up(target, patience, fault).into());
            }
            clock.sleep(pause).await;
            pause = (pause * 2).min(PAUSES.1);
        }
    }
}

/// What one try gives; an error that another would not change.
async fn one_try(target: &Target, trust: &Trust) -> Result<Result<Session, Fault>, SshError> {
    let link = match &target.client {
        SshClient::Program(program) => {
            let args = system::session(target, trust)?;
            system::start(program, args)
                .map_err(|source| SshError::NoClient { program: program.clone(), source })?
        }
        #[cfg(feature = "native-ssh")]
        SshClient::Native => match native::shell(target, trust, TRY).await? {
            Ok(link) => link,
            Err(fault) => return Ok(Err(fault)),
        },
    };
    Ok(Session::over(target.to_string(), link, TRY).await.map_err(classify))
}

fn classify(fault: Break) -> Fault {
    match fault {
        Break::TimedOut { said } if said.is_empty() => {
            Fault::Unreachable(format!("no answer in {} s", TRY.as_secs()))
        }
        Break::TimedOut { said } => Fault::Unreachable(said),
        Break::Ended { exit, said } => {
            // 255 is the client's own; anything else comes from the other side's shell.
            let by_client = exit.and_then(|exit| exit.code).is_none_or(|code| code == 255);
            if said.contains("Host key verification failed")
                || said.contains("REMOTE HOST IDENTIFICATION HAS CHANGED")
            {
                Fault::HostKey(said)
            } else if said.contains("Could not resolve hostname") {
                Fault::Unresolved(said)
            } else if said.contains("Permission denied")
                || said.contains("Too many authentication failures")
            {
                Fault::Refused(said)
            } else if by_client {
                let why = if said.is_empty() { "the connection was closed".into() } else { said };
                Fault::Unreachable(why)
            } else {
                Fault::NoShell(if said.is_empty() { "the shell ended".into() } else { said })
            }
        }
    }
}

pub(super) fn give_up(target: &Target, patience: Patience, fault: Fault) -> SshError {
    let peer = target.to_string();
    match fault {
        Fault::Unreachable(why) => SshError::Unreachable { peer, limit: patience.limit, why },
        Fault::Unresolved(why) => SshError::Unresolved { peer, why },
        Fault::Refused(why) => SshError::Refused { peer, why },
        Fault::NoShell(why) => SshError::NoShell { peer, why },
        Fault::HostKey(why) => {
            let shown = fingerprint(&why).map(|f| format!(" (now {f})")).unwrap_or_default();
            tracing::debug!(why = reason(&why), "host key refused");
            SshError::HostKey { peer, name: target.name.clone(), shown }
        }
    }
}

/// The fingerprint in the client's warning.
fn fingerprint(text: &str) -> Option<&str> {
    let start = text.find("SHA256:")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "+/=:".contains(c);
    let rest = &text[start..];
    Some(rest[..rest.find(|c| !plain(c)).unwrap_or(rest.len())].trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(said: &str) -> Fault {
        classify(Break::Ended { exit: None, said: said.into() })
    }

    #[test]
    fn the_clients_words_are_understood() {
        let refused = "ssh: connect to host h port 22: Connection refused";
        assert!(matches!(fault(refused), Fault::Unreachable(_)));
        assert!(matches!(fault("root@h: Permission denied (publickey)."), Fault::Refused(_)));
        assert!(matches!(fault("ssh: Could not resolve hostname x: Name"), Fault::Unresolved(_)));
        assert!(matches!(fault("…; Host key verification failed."), Fault::HostKey(_)));
    }

    #[test]
    fn the_fingerprint_is_taken_from_the_warning() {
        let text = "by the remote host is; SHA256:abc+/1. ; Please contact";
        assert_eq!(fingerprint(text), Some("SHA256:abc+/1"));
        assert_eq!(fingerprint("none"), None);
    }
}

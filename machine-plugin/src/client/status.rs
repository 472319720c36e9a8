use crate::client::listener::Listener;
use crate::client::method::Method;
use crate::client::session::Session;
use crate::client::{Driver, TimeLimits};
use crate::codec::Value;
use machine_core::{Error, ErrorKind, MachineState, Result, SshEndpoint, State, Status};
use std::path::PathBuf;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Plugins that may be asked for a status at the same time, in the whole program.
static AT_ONCE: Semaphore = Semaphore::const_new(8);

/// One look at a machine, by a plugin of its own: some answer what they saw first for ever.
pub(crate) async fn status(driver: &Driver, limits: &TimeLimits, state: &State) -> Result<Status> {
    // It is never closed.
    let _permit = AT_ONCE.acquire().await.ok();
    let name = machine_name(state);
    let listener = Listener::log_only(&name);
    let look = async {
        let mut session = Session::open(driver, limits, state, listener).await?;
        let status = ask(&mut session, listener).await;
        session.close(listener).await;
        status
    };
    match timeout(limits.status, look).await {
        Ok(status) => status,
        Err(_) => Ok(Status::new(MachineState::Timeout)),
    }
}

async fn ask(session: &mut Session, listener: Listener<'_>) -> Result<Status> {
    let state = machine_state(session, listener).await?;
    let mut status = Status::new(state);
    if state != MachineState::Running {
        return Ok(status);
    }
    let known = |text: Result<String>| text.ok().filter(|text| !text.is_empty());
    status.ip = known(session.text(Method::GetIp, listener).await);
    if status.ip.is_none() && session.is_usable() {
        status.ip = known(session.text(Method::GetIpv6, listener).await);
    }
    status.url = known(session.text(Method::GetUrl, listener).await);
    status.ssh = ssh(session, listener).await;
    // It answered before, so a failure now would be hidden behind empty fields.
    match session.is_usable() {
        true => Ok(status),
        false => Err(Error::new(ErrorKind::Transient, "", "the plugin ended during a look")),
    }
}

async fn ssh(session: &mut Session, listener: Listener<'_>) -> Option<SshEndpoint> {
    let host = session.text(Method::GetSshHostname, listener).await.ok()?;
    if host.is_empty() {
        return None;
    }
    // Old drivers lack some of them.
    let [port, user, key] = session.ssh_fields(listener).await.map(Result::ok);
    let port = port.and_then(|port| u16::try_from(port.as_int()?).ok()).filter(|port| *port > 0);
    let text = |value: Option<Value>| Some(value?.as_text()?.to_owned());
    let user = text(user).filter(|user| !user.is_empty()).unwrap_or("root".to_owned());
    let mut ssh = SshEndpoint::new(host, port.unwrap_or(22), user);
    ssh.key = text(key).filter(|key| !key.is_empty()).map(PathBuf::from);
    Some(ssh)
}

/// The state; an error of kind `NotFound` where the driver says that the machine is gone.
async fn machine_state(session: &mut Session, listener: Listener<'_>) -> Result<MachineState> {
    let gone = |text: &str| Error::new(ErrorKind::NotFound, "", text);
    match session.int(Method::GetState, listener).await {
        Ok(number) => match known_state(number) {
            Some(MachineState::NotFound) => Err(gone("machine does not exist")),
            Some(state) => Ok(state),
            None => {
                let text = format!("the driver answered with the unknown state {number}");
                Err(Error::new(ErrorKind::Other, "", text))
            }
        },
        Err(error) if session.is_usable() && says_missing(&error.to_string()) => {
            Err(gone(&error.to_string()))
        }
        Err(error) => Err(error),
    }
}

fn known_state(number: i64) -> Option<MachineState> {
    Some(match number {
        0 => MachineState::None,
        1 => MachineState::Running,
        2 => MachineState::Paused,
        3 => MachineState::Saved,
        4 => MachineState::Stopped,
        5 => MachineState::Stopping,
        6 => MachineState::Starting,
        7 => MachineState::Error,
        8 => MachineState::Timeout,
        9 => MachineState::NotFound,
        _ => return None,
    })
}

/// Looks whether a machine may still be there, by a plugin of its own.
pub(crate) async fn may_exist(
    driver: &Driver,
    limits: &TimeLimits,
    state: &State,
    listener: Listener<'_>,
) -> bool {
    let Ok(mut session) = Session::open(driver, limits, state, listener).await else {
        return true;
    };
    let seen = machine_state(&mut session, listener).await;
    session.close(listener).await;
    match seen {
        // Many drivers have no other state for what they do not find.
        Ok(MachineState::None | MachineState::Error) => false,
        Ok(_) => true,
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// Whether a driver's text means that its machine does not exist. The wire has no kinds of error.
pub(crate) fn says_missing(text: &str) -> bool {
    const MISSING: [&str; 14] = [
        "not found",
        "notfound",
        "not exist",
        "doesn't exist",
        "no longer exists",
        "could not find",
        "no such machine",
        "no such server",
        "no such instance",
        "already deleted",
        "already removed",
        "already terminated",
        "already destroyed",
        "nothing to remove",
    ];
    // About the network, the driver's own tools or its files: says nothing of the machine.
    const OTHER: [&str; 5] = [
        "no such host",
        "no such file",
        "command not found",
        "executable file not found",
        "host not found",
    ];
    let text = text.to_lowercase();
    MISSING.iter().any(|m| text.contains(m)) && !OTHER.iter().any(|o| text.contains(o))
}

pub(crate) fn machine_name(state: &State) -> String {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Name {
        #[serde(default)]
        machine_name: String,
    }
    state.read().map_or_else(|_| String::new(), |name: Name| name.machine_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_machines_are_told_from_missing_anything_else() {
        for text in
            ["server not found", "machine does not exist", "404 Not Found", "InstanceNotFound"]
        {
            assert!(says_missing(text), "{text}");
        }
        for text in [
            "dial tcp: lookup api.example.com: no such host",
            "exec: \"tool\": executable file not found in $PATH",
            "open id_rsa: no such file or directory",
            "connection refused",
            "",
        ] {
            assert!(!says_missing(text), "{text}");
        }
    }
}

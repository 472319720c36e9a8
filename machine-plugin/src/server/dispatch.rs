use crate::codec::Value;
use crate::rpc::{API_VERSION, Body, SERVICES};
use crate::server::flags;
use crate::server::machine::{Machine, Operation};
use crate::server::serve::Signal;
use machine_core::Error;
use std::error::Error as StdError;

/// Answers one call, in the words of Go's `net/rpc` where there is no such method.
pub(crate) async fn dispatch(
    machine: &Machine,
    called: &str,
    body: &Value,
) -> Result<(Body, Option<Signal>), String> {
    let (service, method) = called
        .rsplit_once('.')
        .ok_or_else(|| format!("rpc: service/method request ill-formed: {called}"))?;
    if !SERVICES.contains(&service) {
        return Err(format!("rpc: can't find service {called}"));
    }
    match method {
        "Heartbeat" => return Ok((Body::empty(), Some(Signal::Heartbeat))),
        "Close" => return Ok((Body::empty(), Some(Signal::Close))),
        _ => {}
    }
    match call(machine, method, body).await {
        Some(Ok(answer)) => Ok((answer, None)),
        Some(Err(error)) => Err(text(&error)),
        None => Err(format!("rpc: can't find method {called}")),
    }
}

async fn call(machine: &Machine, method: &str, body: &Value) -> Option<Result<Body, Error>> {
    let operation = match method {
        "PreCreateCheck" => Operation::Check,
        "Create" => Operation::Create,
        "Remove" => Operation::Remove,
        "Start" => Operation::Start,
        "Stop" => Operation::Stop,
        "Kill" => Operation::Kill,
        "Restart" => Operation::Restart,
        _ => return read(machine, method, body).await,
    };
    Some(machine.perform(operation).await.map(|()| Body::empty()))
}

async fn read(machine: &Machine, method: &str, body: &Value) -> Option<Result<Body, Error>> {
    Some(match method {
        "GetVersion" => Ok(Body::int(API_VERSION)),
        "DriverName" => Ok(Body::text(machine.driver_name().await)),
        "GetMachineName" => Ok(Body::text(machine.settings().machine_name)),
        "GetConfigRaw" => Ok(Body::bytes(machine.raw().into_bytes())),
        "SetConfigRaw" => {
            let json = body.as_bytes().unwrap_or_default();
            machine.configure(&String::from_utf8_lossy(json)).map(|()| Body::empty())
        }
        "GetCreateFlags" => machine.specs().await.map(|specs| Body::flags(flags::flags(specs))),
        "SetConfigFromFlags" => machine.prepare(flags::values(body)).await.map(|()| Body::empty()),
        "GetState" => machine.state().await.map(Body::int),
        "GetIP" => machine.ip().await.map(Body::text),
        // Rancher's library asks for it, and takes nothing for an answer.
        "GetIPv6" => {
            let ip = machine.ip().await.unwrap_or_default();
            Ok(Body::text(if ip.contains(':') { ip } else { String::new() }))
        }
        "GetURL" => machine.url().await.map(Body::text),
        "GetSSHHostname" => machine.ssh_host().await.map(Body::text),
        "GetSSHPort" => Ok(Body::int(machine.ssh_port().await)),
        "GetSSHUsername" => Ok(Body::text(machine.ssh_user().await)),
        "GetSSHKeyPath" => Ok(Body::text(machine.ssh_key_path().await)),
        _ => return None,
    })
}

/// An error with its causes, and what may remain.
fn text(error: &Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(next) = cause {
        text += &format!(": {next}");
        cause = next.source();
    }
    for leftover in error.leftovers() {
        let (key, ids) = (&leftover.intent.key, leftover.ids.join(" "));
        // `remove` names them already.
        if !text.contains(key.as_str()) {
            text += &format!("; may remain: {key} {ids} ({})", leftover.cause);
        }
    }
    text
}

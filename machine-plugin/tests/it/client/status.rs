//! Looks at machines.
use crate::peer::Peer;
use machine_core::{ErrorKind, MachineState, Provider, State};
use std::time::Duration;

fn named(name: &str, behave: &str) -> State {
    let json = serde_json::json!({"MachineName": name, "IPAddress": "1.2.3.4", "Behave": behave});
    State::from_json(&json.to_string()).unwrap()
}

#[tokio::test]
async fn each_machine_gets_its_own_answer_in_order() {
    let Some(peer) = Peer::new("") else { return };
    peer.set("server-a", "running");
    peer.set("server-b", "stopped");
    let provider = peer.provider_with(|limits| limits.status = Duration::from_secs(5));
    let states = [
        named("a", ""),
        named("gone", ""),
        named("b", ""),
        named("hangs", "state-hang"),
        named("far", "unreachable"),
        named("a", ""),
    ];
    let answers = provider.statuses(&states.each_ref()).await;
    let brief = |answer: &Result<machine_core::Status, machine_core::Error>| match answer {
        Ok(status) => Ok(status.state),
        Err(error) => Err(error.kind()),
    };
    assert_eq!(
        answers.iter().map(brief).collect::<Vec<_>>(),
        [
            Ok(MachineState::Running),
            Err(ErrorKind::NotFound),
            Ok(MachineState::Stopped),
            Ok(MachineState::Timeout),
            Err(ErrorKind::Other),
            Ok(MachineState::Running),
        ]
    );
    assert_eq!(answers[0].as_ref().unwrap().ip.as_deref(), Some("1.2.3.4"));
    assert!(provider.statuses(&[]).await.is_empty());
    peer.all_ended().await;
}

#[tokio::test]
async fn eight_at_once() {
    let Some(peer) = Peer::new("count") else { return };
    peer.set("server-a", "running");
    let states = vec![named("a", ""); 40];
    let answers = peer.provider().statuses(&states.iter().collect::<Vec<_>>()).await;
    assert!(answers.iter().all(|a| a.as_ref().unwrap().state == MachineState::Running));
    let most = peer.calls().iter().filter_map(|c| c.strip_prefix("living ")?.parse().ok()).max();
    assert!((1..=8).contains(&most.unwrap_or(0)), "{most:?}");
    assert_eq!(peer.pids().len(), 40);
}

#[tokio::test]
async fn a_state_that_nobody_knows_is_an_error() {
    let Some(peer) = Peer::new("odd") else { return };
    let answer = peer.provider().statuses(&[&named("a", "")]).await.remove(0);
    assert_eq!(answer.unwrap_err().to_string(), "the driver answered with the unknown state 42");
}

#[tokio::test]
async fn a_dropped_look_leaves_no_process() {
    let Some(peer) = Peer::new("") else { return };
    let provider = peer.provider();
    let state = named("hangs", "state-hang");
    let machines = [&state];
    tokio::select! {
        _ = provider.statuses(&machines) => panic!("it should hang"),
        () = crate::peer::until(|| peer.calls().iter().any(|c| c == "GetState")) => {}
    }
    peer.all_ended().await;
}

#[tokio::test]
async fn the_only_address_may_be_one_of_version_six() {
    let Some(peer) = Peer::new("ipv6") else { return };
    peer.set("server-a", "running");
    let status = peer.provider().statuses(&[&named("a", "")]).await.remove(0).unwrap();
    assert_eq!(status.ip.as_deref(), Some("2001:db8::7"));
}

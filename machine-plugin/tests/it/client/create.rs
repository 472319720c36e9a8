//! What happens while and after a driver creates.
use crate::peer::{Host, Peer, signal};
use machine_core::{ErrorKind, Journal, OptionValue, Provider, State, resources};
use std::time::Duration;

fn behave(how: &str) -> [(&'static str, OptionValue); 1] {
    [("peer-behave", OptionValue::Text(how.to_owned()))]
}

const GATES: [(&str, OptionValue); 1] = [("peer-gates", OptionValue::Switch(true))];

#[tokio::test]
async fn what_the_driver_knows_is_saved_before_during_and_after() {
    let Some(peer) = Peer::new("") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    let mut state = host.prepared(&provider, &GATES).await.unwrap();
    let cx = host.cx();
    let watch = async {
        peer.reached("begin").await;
        let before = host.saved.lock().unwrap()[0].clone();
        assert!(!before.as_json().contains("Step"), "not saved before Create");
        host.saved_with(r#""Step":1"#).await;
        peer.pass("begin");
        host.saved_with(r#""KeyID":"key-m1""#).await;
        peer.pass("key");
        host.saved_with(r#""ServerID":"server-m1""#).await;
        peer.pass("server");
    };
    let (created, ()) = tokio::join!(provider.create(&cx, &mut state), watch);
    created.unwrap();
    let last = host.saved.lock().unwrap().last().cloned().unwrap();
    assert_eq!(last.as_json(), state.as_json());
}

#[tokio::test]
async fn nothing_is_made_that_could_not_be_written_down() {
    let Some(peer) = Peer::new("") else { return };
    let provider = peer.provider();
    let mut host = Host::default();
    host.refuse_saves = true;
    let mut state = host.prepared(&provider, &[]).await.unwrap();
    let error = provider.create(&host.cx(), &mut state).await.unwrap_err();
    assert_eq!(error.to_string(), "disk full");
    assert!(error.no_effect() && error.leftovers().is_empty());
    assert!(peer.things().is_empty() && peer.living().is_empty());
    assert!(!peer.calls().iter().any(|call| call.starts_with("Create")));
}

/// Creates, and expects to fail with nothing left behind, neither thing nor process.
async fn fails(how: &str) -> Option<(ErrorKind, String)> {
    let peer = Peer::new("")?;
    let provider = peer.provider_with(|limits| {
        limits.create = Duration::from_secs(2);
        limits.close = Duration::from_secs(2);
    });
    let host = Host::default();
    let mut state = host.prepared(&provider, &behave(how)).await.unwrap();
    let error = provider.create(&host.cx(), &mut state).await.unwrap_err();
    assert!(error.leftovers().is_empty(), "{how}: {error:?}");
    assert_eq!(peer.living(), [0; 0], "{how}");
    if error.kind() != ErrorKind::Indeterminate {
        assert!(peer.things().is_empty(), "{how}");
    }
    assert!(resources(&host.journal.records().await.unwrap()).iter().all(|r| !r.open));
    Some((error.kind(), error.to_string()))
}

#[tokio::test]
async fn an_error_unwinds() {
    let Some((kind, text)) = fails("create-error").await else { return };
    assert_eq!((kind, text.as_str()), (ErrorKind::Other, "quota exceeded: servers (limit 10)"));
}

#[tokio::test]
async fn a_panic_that_the_library_catches_is_an_error() {
    let Some((kind, text)) = fails("create-panic").await else { return };
    assert_eq!(kind, ErrorKind::Other);
    assert!(text.starts_with("Panic in the driver: index out of range\n"), "{text}");
}

#[tokio::test]
async fn a_panic_that_ends_the_plugin_is_named() {
    let Some((kind, text)) = fails("create-hard-panic").await else { return };
    assert_eq!(kind, ErrorKind::Indeterminate);
    let panic = "the plugin ended during Create (exit status: 2); it said: panic: not an error";
    assert!(text.starts_with(panic), "{text}");
    assert!(text.ends_with("may remain"), "{text}");
}

#[tokio::test]
async fn an_exit_is_named() {
    let Some((kind, text)) = fails("create-exit").await else { return };
    assert_eq!(kind, ErrorKind::Indeterminate);
    assert!(text.starts_with("the plugin ended during Create (exit status: 4)"), "{text}");
}

#[tokio::test]
async fn a_hung_create_ends_and_is_unwound() {
    let Some(peer) = Peer::new("") else { return };
    let provider = peer.provider_with(|limits| limits.create = Duration::from_secs(2));
    let host = Host::default();
    let mut state = host.prepared(&provider, &behave("create-hang")).await.unwrap();
    let error = provider.create(&host.cx(), &mut state).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
    assert!(error.to_string().starts_with("the plugin did not answer Create within 2s"), "{error}");
    // It could still say what it had made.
    assert!(peer.things().is_empty() && error.leftovers().is_empty());
    assert_eq!(peer.living(), [0; 0]);
}

#[tokio::test]
async fn a_killed_plugin_leaves_what_was_saved_to_be_removed() {
    let Some(peer) = Peer::new("") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    let mut state = host.prepared(&provider, &GATES).await.unwrap();
    let cx = host.cx();
    let kill = async {
        peer.pass("begin");
        host.saved_with(r#""KeyID":"key-m1""#).await;
        let [pid] = peer.living()[..] else { panic!("not one plugin") };
        signal(pid, "KILL");
    };
    let (created, ()) = tokio::join!(provider.create(&cx, &mut state), kill);
    let error = created.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
    assert!(error.to_string().contains("(signal: 9 (SIGKILL))"), "{error}");
    assert!(peer.things().is_empty() && peer.living().is_empty());
}

#[tokio::test]
async fn noise_neither_stops_a_driver_nor_is_lost() {
    let Some(peer) = Peer::new("") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    host.created(&provider, "create-noise").await;
    let said = host.said();
    let count = said.iter().filter(|line| line.starts_with("out ")).count();
    assert_eq!(count, 20_000);
    let long: usize = said.iter().filter(|l| l.starts_with("xx")).map(|l| l.len()).sum();
    assert_eq!(long, 200_000);
    assert!(said.iter().any(|line| line == "not \u{fffd} text"));
}

#[tokio::test]
async fn a_long_create_is_kept_alive() {
    // This one ends itself after 0.4 s without a heartbeat, as all do after 10 s.
    let Some(peer) = Peer::with_env("", &[("PEER_HEARTBEAT_MS", "400")]) else { return };
    let provider = peer.provider_with(|limits| limits.heartbeat = Duration::from_millis(50));
    let host = Host::default();
    let mut state = host.created(&provider, "create-long,slow-check").await;
    assert!(peer.heartbeats() > 20, "{}", peer.heartbeats());
    provider.remove(&host.cx(), &mut state).await.unwrap();
    assert!(!peer.calls().contains(&"no heartbeat".to_owned()));
}

/// Drops `create` at its first await after the driver reached a gate.
async fn dropped(provider: &impl Provider, peer: &Peer, host: &Host, state: &mut State) {
    let cx = host.cx();
    tokio::select! {
        _ = provider.create(&cx, state) => panic!("it should wait"),
        () = peer.reached("key") => {}
    }
}

#[tokio::test]
async fn a_dropped_create_is_waited_for_and_removed() {
    let Some(peer) = Peer::new("") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    let mut state = host.prepared(&provider, &GATES).await.unwrap();
    peer.pass("begin");
    dropped(&provider, &peer, &host, &mut state).await;
    assert_eq!(peer.living().len(), 1, "the driver goes on");
    peer.pass("key");
    peer.pass("server");
    provider.remove(&host.cx(), &mut state).await.unwrap();
    assert!(peer.things().is_empty() && peer.living().is_empty());
    assert!(host.saved.lock().unwrap().iter().any(|s| s.as_json().contains("ServerID")));
}

#[tokio::test]
async fn with_its_provider_a_dropped_create_ends() {
    let Some(peer) = Peer::new("") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    let mut state = host.prepared(&provider, &GATES).await.unwrap();
    peer.pass("begin");
    dropped(&provider, &peer, &host, &mut state).await;
    drop(provider);
    peer.all_ended().await;
}

//! Whether a machine is gone is looked up, not read from an error.
use crate::peer::{Host, Peer};
use machine_core::{ErrorKind, Journal, Provider, State, resources};

async fn removal(peer: &Peer, host: &Host, state: &mut State) -> Result<(), (ErrorKind, String)> {
    let removed = peer.provider().remove(&host.cx(), state).await;
    assert_eq!(peer.living(), [0; 0]);
    let open = resources(&host.journal.records().await.unwrap()).iter().any(|r| r.open);
    assert_eq!(open, removed.is_err());
    removed.map_err(|e| (e.kind(), e.leftovers()[0].cause.to_string()))
}

/// A machine whose server vanished behind its driver's back.
async fn vanished(peer: &Peer, host: &Host, behave: &str) -> State {
    let state = host.created(&peer.provider(), behave).await;
    peer.delete("server-m1");
    state
}

#[tokio::test]
async fn gone_already_is_removed() {
    let Some(peer) = Peer::new("") else { return };
    let host = Host::default();
    let mut state = vanished(&peer, &host, "").await;
    removal(&peer, &host, &mut state).await.unwrap();
}

#[tokio::test]
async fn without_a_state_the_words_decide() {
    let Some(peer) = Peer::new("") else { return };
    let host = Host::default();
    let mut state = vanished(&peer, &host, "state-none").await;
    removal(&peer, &host, &mut state).await.unwrap();
    // A server that is in no known state is another matter.
    let host = Host::default();
    peer.delete("key-m1");
    let mut state = host.created(&peer.provider(), "remove-error").await;
    peer.set("server-m1", "rebuilding");
    let failed = removal(&peer, &host, &mut state).await.unwrap_err();
    assert_eq!(failed, (ErrorKind::Stuck, "the server is locked".to_owned()));
}

#[tokio::test]
async fn a_machine_that_is_still_there_is_a_leftover() {
    let Some(peer) = Peer::new("") else { return };
    let host = Host::default();
    let mut state = host.created(&peer.provider(), "remove-error").await;
    for _ in 0..2 {
        let failed = removal(&peer, &host, &mut state).await.unwrap_err();
        assert_eq!(failed, (ErrorKind::Stuck, "the server is locked".to_owned()));
    }
    assert_eq!(peer.things().len(), 2);
    state.write(&serde_json::json!({"Behave": ""})).unwrap();
    removal(&peer, &host, &mut state).await.unwrap();
    assert!(peer.things().is_empty());
}

#[tokio::test]
async fn what_a_look_cannot_see_is_a_leftover() {
    let Some(peer) = Peer::new("") else { return };
    let host = Host::default();
    let mut state = host.created(&peer.provider(), "key-error").await;
    let failed = removal(&peer, &host, &mut state).await.unwrap_err();
    assert_eq!(failed, (ErrorKind::Stuck, "cannot delete the key: forbidden".to_owned()));
    assert_eq!(peer.things().into_iter().collect::<Vec<_>>(), ["key-m1"]);
}

#[tokio::test]
async fn what_cannot_be_looked_up_is_a_leftover() {
    let Some(peer) = Peer::new("") else { return };
    let host = Host::default();
    let mut state = vanished(&peer, &host, "unreachable").await;
    let failed = removal(&peer, &host, &mut state).await.unwrap_err();
    assert_eq!(failed, (ErrorKind::Stuck, "server not found".to_owned()));
}

#[tokio::test]
async fn a_driver_that_dies_in_remove_is_no_proof() {
    let Some(peer) = Peer::new("") else { return };
    let host = Host::default();
    let mut state = host.created(&peer.provider(), "remove-exit").await;
    let (kind, text) = removal(&peer, &host, &mut state).await.unwrap_err();
    assert_eq!(kind, ErrorKind::Stuck);
    assert!(text.starts_with("the plugin ended during Remove (exit status: 5)"), "{text}");
}

#[tokio::test]
async fn a_machine_that_never_was_is_removed_by_its_journal() {
    let Some(peer) = Peer::new("") else { return };
    let (host, provider) = (Host::default(), peer.provider());
    let mut state = host.prepared(&provider, &[]).await.unwrap();
    let intent = machine_core::Intent::new("machine", "").with_key("machine", "1");
    host.journal.append(machine_core::Record::Intent(intent)).await.unwrap();
    drop(provider);
    peer.all_ended().await;
    removal(&peer, &host, &mut state).await.unwrap();
}

/// What it made only its settings tell: asked without them, a driver finds nothing to do.
#[tokio::test]
async fn without_its_settings_nothing_is_known_to_be_gone() {
    let Some(peer) = Peer::new("") else { return };
    let host = Host::default();
    host.created(&peer.provider(), "").await;
    let failed = removal(&peer, &host, &mut State::default()).await.unwrap_err();
    let text = "its settings are lost, and only they tell the driver what to remove";
    assert_eq!(failed, (ErrorKind::Stuck, text.to_owned()));
    assert_eq!(peer.things().len(), 2);
}

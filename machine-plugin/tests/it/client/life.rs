//! A machine from its options to its end.
use crate::peer::{Host, Peer};
use machine_core::{
    Event, Journal, MachineState, OptionKind, OptionSpec, OptionValue, Options, Provider, State,
};
use serde_json::{Value as Json, json};
use std::path::Path;

fn json(state: &State) -> Json {
    serde_json::from_str(state.as_json()).unwrap()
}

fn text(text: &str) -> OptionValue {
    OptionValue::Text(text.to_owned())
}

#[tokio::test]
async fn flags_become_options() {
    let Some(peer) = Peer::new("") else { return };
    let options = peer.provider().options().await.unwrap();
    let brief = |spec: &OptionSpec| {
        let env = spec.env.as_deref().unwrap_or("").to_owned();
        (spec.name.to_string(), spec.kind, env, spec.default.clone())
    };
    let list =
        |items: &[&str]| Some(OptionValue::List(items.iter().map(|i| (*i).to_owned()).collect()));
    let row =
        |name: &str, kind, env: &str, default| (name.to_owned(), kind, env.to_owned(), default);
    assert_eq!(
        options.iter().take(6).map(brief).collect::<Vec<_>>(),
        [
            row("peer-text", OptionKind::Text, "PEER_TEXT", Some(text("dflt"))),
            row("peer-empty", OptionKind::Text, "", None),
            row("peer-int", OptionKind::Int, "PEER_INT", Some(OptionValue::Int(-7))),
            row("peer-switch", OptionKind::Switch, "", None),
            row("peer-list", OptionKind::List, "", list(&["d1", "d2"])),
            row("peer-absent", OptionKind::List, "", None),
        ]
    );
    assert_eq!(options[0].help, "a text");
    assert_eq!(peer.living(), [0; 0]);
}

#[tokio::test]
async fn hundreds_of_flags_are_fine() {
    let Some(peer) = Peer::new("many-flags") else { return };
    let options = peer.provider().options().await.unwrap();
    assert_eq!(options.len(), 510);
    assert_eq!(options[509].default, Some(OptionValue::Int(499)));
}

#[tokio::test]
async fn a_whole_life() {
    let Some(peer) = Peer::new("") else { return };
    let provider = peer.provider();
    let mut host = Host::default();
    let shared = OptionSpec::new("engine-install-url", OptionKind::Text, "");
    host.shared =
        Options::new(&[shared], [("engine-install-url".into(), text("http://x"))]).unwrap();
    let given = [
        ("peer-text", text("ours")),
        ("peer-switch", OptionValue::Switch(true)),
        ("peer-list", OptionValue::List(vec!["one".to_owned()])),
        ("peer-token", text("s3cret")),
        ("peer-user-data", text("#cloud-config")),
    ];
    let mut state = host.prepared(&provider, &given).await.unwrap();
    for (field, value) in [
        ("MachineName", json!("m1")),
        ("StorePath", json!("/store")),
        ("Text", json!("ours")),
        ("Empty", json!("")),
        ("Int", json!(-7)),
        ("Switch", json!(true)),
        ("List", json!(["one"])),
        ("Absent", json!(null)),
        ("Token", json!("s3cret")),
        ("SwarmHost", json!("tcp://0.0.0.0:3376")),
    ] {
        assert_eq!(json(&state)[field], value, "{field}");
    }
    // Longer than a float holds.
    assert!(state.as_json().contains("12345678901234567000"), "{}", state.as_json());
    assert!(host.journal.records().await.unwrap().is_empty());
    let shown = format!("{state:?} {provider:?} {:?}", host.events.lock().unwrap());
    assert!(!shown.contains("s3cret"), "{shown}");

    // Another program's field, which the driver does not know.
    state.write(&json!({"Foreign": 1})).unwrap();
    provider.create(&host.cx(), &mut state).await.unwrap();
    assert_eq!(json(&state)["ServerID"], "server-m1");
    assert_eq!(json(&state)["Foreign"], 1);
    assert_eq!(json(&state).get("Note"), None, "the driver cleared it");
    assert_eq!(peer.things().into_iter().collect::<Vec<_>>(), ["key-m1", "server-m1"]);
    // Options and the machine: two processes, and what flags said was not lost on the way.
    assert_eq!(peer.pids().len(), 2);
    let all = "start GetCreateFlags start GetCreateFlags SetConfigFromFlags PreCreateCheck Create \"#cloud-config\"";
    assert_eq!(peer.calls().join(" "), all);
    let said = host.said();
    for line in ["install url is http://x", "Creating key...", "Creation done"] {
        assert!(said.iter().any(|l| l == line), "{line}: {said:?}");
    }
    let made = Event::Made { key: "machine/1".to_owned(), id: "m1".to_owned() };
    assert!(host.events.lock().unwrap().contains(&made));
    assert_eq!(peer.living(), [0; 0]);

    let status = async |state: &State| provider.statuses(&[state]).await.remove(0).unwrap();
    let seen = status(&state).await;
    assert_eq!(seen.state, MachineState::Running);
    assert_eq!(seen.ip.as_deref(), Some("127.0.0.1"));
    assert_eq!(seen.url.as_deref(), Some("tcp://127.0.0.1:2376"));
    let ssh = seen.ssh.unwrap();
    assert_eq!((ssh.host.as_str(), ssh.port, ssh.user.as_str()), ("127.0.0.1", 22, "root"));
    assert_eq!(ssh.key.as_deref(), Some(Path::new("/store/machines/m1/id_rsa")));

    provider.stop(&host.cx(), &mut state).await.unwrap();
    assert_eq!(status(&state).await.state, MachineState::Stopped);
    assert!(status(&state).await.ip.is_none());
    let steps = json(&state)["Step"].as_i64().unwrap();
    provider.start(&host.cx(), &mut state).await.unwrap();
    assert_eq!(json(&state)["Step"], steps + 1, "what the driver changes is kept");
    assert_eq!(status(&state).await.state, MachineState::Running);
    provider.kill(&host.cx(), &mut state).await.unwrap();
    assert_eq!(status(&state).await.state, MachineState::Stopped);
    provider.restart(&host.cx(), &mut state).await.unwrap();
    assert_eq!(status(&state).await.state, MachineState::Running);

    provider.remove(&host.cx(), &mut state).await.unwrap();
    assert!(peer.things().is_empty());
    assert_eq!(json(&state)["Foreign"], 1);
    provider.remove(&host.cx(), &mut state).await.unwrap();
    assert_eq!(peer.living(), [0; 0]);
}

#[tokio::test]
async fn an_old_driver_is_enough() {
    let Some(peer) = Peer::new("old") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    let mut state = host.created(&provider, "").await;
    let seen = provider.statuses(&[&state]).await.remove(0).unwrap();
    assert_eq!((seen.state, seen.ip), (MachineState::Running, None));
    let ssh = seen.ssh.unwrap();
    assert_eq!((ssh.port, ssh.user.as_str(), ssh.key), (22, "root", None));
    let error = provider.kill(&host.cx(), &mut state).await.unwrap_err();
    assert_eq!(error.to_string(), "rpc: can't find method RpcServerDriver.Kill");
    provider.remove(&host.cx(), &mut state).await.unwrap();
    assert!(peer.things().is_empty());
}

#[tokio::test]
async fn a_driver_without_readable_settings_is_told_off() {
    let Some(peer) = Peer::new("odd") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    let error = host.prepared(&provider, &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "the plugin's answer to GetConfigRaw is not a JSON object");
    assert_eq!(peer.living(), [0; 0]);
}

#[tokio::test]
async fn errors_are_the_drivers_words() {
    let Some(peer) = Peer::new("") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    let error =
        host.prepared(&provider, &[("peer-behave", text("flags-error"))]).await.unwrap_err();
    assert_eq!(error.kind(), machine_core::ErrorKind::InvalidOption);
    assert_eq!(error.to_string(), "peer-behave: this is no value");
    assert_eq!(peer.living(), [0; 0]);
    let error =
        host.prepared(&provider, &[("peer-behave", text("check-error"))]).await.unwrap_err();
    assert_eq!(error.to_string(), "the account is not allowed to");
    assert_eq!(peer.living(), [0; 0]);
}

#[tokio::test]
async fn what_is_prepared_and_never_made_ends() {
    let Some(peer) = Peer::new("") else { return };
    let (provider, host) = (peer.provider(), Host::default());
    host.prepared(&provider, &[]).await.unwrap();
    assert_eq!(peer.living().len(), 1);
    // The same machine again: the first is of no use any more.
    host.prepared(&provider, &[]).await.unwrap();
    assert_eq!(peer.living().len(), 1);
    drop(provider);
    peer.all_ended().await;

    let provider = peer.provider_with(|limits| limits.hold = std::time::Duration::from_millis(50));
    host.prepared(&provider, &[]).await.unwrap();
    peer.all_ended().await;
    // Flags that were in memory alone are lost; the machine is made all the same.
    let mut state = host.prepared(&provider, &[]).await.unwrap();
    peer.all_ended().await;
    provider.create(&host.cx(), &mut state).await.unwrap();
    provider.remove(&host.cx(), &mut state).await.unwrap();
    assert!(peer.things().is_empty());
}

#[tokio::test]
async fn another_programs_machine_is_adopted() {
    let Some(peer) = Peer::new("") else { return };
    let (provider, first) = (peer.provider(), Host::default());
    let mut state = first.created(&provider, "").await;
    // Its journal is lost, or never was.
    let host = Host::default();
    let records = provider.adopt(&state).unwrap();
    machine_core::merge(&host.journal, records).await.unwrap();
    provider.remove(&host.cx(), &mut state).await.unwrap();
    assert!(peer.things().is_empty());
    // Known already under its name, it is not there twice.
    machine_core::merge(&first.journal, provider.adopt(&state).unwrap()).await.unwrap();
    let known = machine_core::resources(&first.journal.records().await.unwrap());
    assert_eq!(known.len(), 1);
    assert!(provider.adopt(&State::default()).unwrap().is_empty());
    let nameless = State::from_json(r#"{"ID":"x"}"#).unwrap();
    assert_eq!(provider.adopt(&nameless).unwrap().len(), 2);
}

use super::{prepare, reports_what_it_never_made, status, text, with_cx};
use machine_core::{ErrorKind, MachineState, Provider, Result, SshEndpoint, State};
use machine_provider_generic::{NONE, NoDriver};
use std::path::Path;

#[tokio::test]
async fn the_state_is_that_of_docker_machine() {
    let provider = NoDriver::new();
    assert_eq!((provider.name(), NONE), ("none", "none"));
    let prepared = prepare(&provider, &[("url", text("tcp://127.0.0.1:2376"))]).await.unwrap();
    let want = concat!(
        r#"{"IPAddress":"127.0.0.1:2376","MachineName":"m","SSHUser":"","SSHPort":0,"#,
        r#""SSHKeyPath":"","StorePath":"/store","SwarmMaster":false,"SwarmHost":"","#,
        r#""SwarmDiscovery":"","URL":"tcp://127.0.0.1:2376"}"#,
    );
    assert_eq!(prepared.state.as_json(), want);
    assert_eq!(prepared.source, None);
}

#[tokio::test]
async fn an_url_is_asked_for() {
    for given in [&[][..], &[("url", text(""))]] {
        let error = prepare(&NoDriver::new(), given).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        assert_eq!(error.to_string(), "--url option is required when no driver is selected");
    }
}

#[tokio::test]
async fn it_runs_and_has_no_way_in() {
    let state = r#"{"IPAddress":"h:1","URL":"tcp://h:1"}"#;
    let status = status(&NoDriver::new(), &State::from_json(state).unwrap()).await.unwrap();
    assert_eq!(status.state, MachineState::Running);
    assert_eq!((status.ip.as_deref(), status.url.as_deref()), (Some("h:1"), Some("tcp://h:1")));
    assert_eq!(status.ssh, Some(SshEndpoint::new("", 0, "")));
}

#[tokio::test]
async fn one_unreadable_state_spoils_no_other() {
    let bad = State::from_json(r#"{"URL":7}"#).unwrap();
    let statuses = NoDriver::new().statuses(&[&bad, &State::default()]).await;
    let kind = statuses[0].as_ref().unwrap_err().kind();
    assert_eq!((kind, statuses[1].is_ok()), (ErrorKind::InvalidOption, true));
}

#[tokio::test]
async fn it_cannot_be_started_or_stopped() {
    let provider = NoDriver::new();
    let mut state = State::default();
    let ((), _) = with_cx(Path::new("."), async |cx| {
        let refused = |done: Result<()>, want: &str| {
            let error = done.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert_eq!(error.to_string(), format!("hosts without a driver cannot be {want}"));
        };
        refused(provider.start(cx, &mut state).await, "started");
        refused(provider.stop(cx, &mut state).await, "stopped");
        refused(provider.kill(cx, &mut state).await, "killed");
        refused(provider.restart(cx, &mut state).await, "restarted");
    })
    .await;
}

#[tokio::test]
async fn it_is_an_endpoint_and_asks_nobody() {
    let able = NoDriver::new().capabilities();
    assert!(able.endpoint_only && able.own_ssh_key && !able.start_stop);
    let keys = ["{}", r#"{"URL":"tcp://h"}"#]
        .map(|json| NoDriver::new().batch_key(&State::from_json(json).unwrap()).unwrap());
    assert_eq!(keys[0], keys[1], "one call serves all");
    reports_what_it_never_made(&NoDriver::new()).await;
}

//! Plugins that do not get as far as their first answer, and those that do in an odd way.
use crate::peer::{Peer, signal};
use machine_core::{ErrorKind, Provider};
use machine_plugin::{Driver, PluginProvider};
use std::time::Duration;

/// The error of a plugin in this mode, which must leave no process behind.
async fn refused(mode: &str) -> Option<(ErrorKind, String)> {
    let peer = Peer::new(mode)?;
    let provider = peer.provider_with(|limits| {
        limits.handshake = Duration::from_secs(1);
        limits.close = Duration::from_secs(1);
    });
    let error = provider.options().await.unwrap_err();
    assert_eq!(peer.living(), [0; 0], "{mode}");
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |e| e.source());
    let text: Vec<_> = causes.map(ToString::to_string).collect();
    Some((error.kind(), text.join(": ")))
}

macro_rules! refused {
    ($($name:ident: $mode:literal, $kind:ident, $text:literal;)*) => {$(
        #[tokio::test]
        async fn $name() {
            let Some((kind, text)) = refused($mode).await else { return };
            assert_eq!(kind, ErrorKind::$kind, "{text}");
            assert!(text.contains($text), "{text}");
        }
    )*};
}

refused! {
    a_mute_plugin_is_given_up: "mute", Other,
        "Error attempting to get plugin server address for RPC: Failed to dial the plugin server in 1s";
    noise_is_no_address: "garbage", Other, "Failed to dial the plugin server in 1s";
    an_early_exit_is_explained: "exit", Other,
        "(exit status: 3); it said: cannot load the configuration of the driver";
    a_refused_port_is_fatal: "refused", Other, "cannot reach the plugin at 127.0.0.1:1: Connection refused";
    a_deaf_plugin_is_given_up: "deaf", Other, "no answer within 1s";
    another_server_is_refused: "other-server", Other, "unexpected answer to CONNECT: \"HTTP/1.0 200 OK\"";
    what_is_no_gob_is_refused: "no-gob", Other, "answer to GetVersion cannot be read: message over the limit";
    another_version_is_refused: "version2", Unsupported,
        "Driver binary uses an incompatible API version (2)";
}

#[tokio::test]
async fn what_cannot_be_started_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("docker-machine-driver-gone");
    let error = PluginProvider::new(Driver::new("gone", &path)).options().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), format!("cannot start {}", path.display()));
}

#[tokio::test]
async fn a_binary_that_is_no_plugin_is_explained() {
    let provider = PluginProvider::new(Driver::new("cat", "/bin/cat"));
    let error = provider.options().await.unwrap_err();
    let text = "/bin/cat ended before it said where it listens (exit status: 0)";
    assert_eq!(error.to_string(), text);
}

#[tokio::test]
async fn a_banner_before_the_address_is_passed_over() {
    let Some(peer) = Peer::new("banner") else { return };
    assert_eq!(peer.provider().identify().await.unwrap(), "peer");
    assert_eq!(peer.living(), [0; 0]);
}

#[tokio::test]
async fn a_plugin_that_does_not_end_is_killed() {
    let Some(peer) = Peer::new("stubborn") else { return };
    let provider = peer.provider_with(|limits| limits.close = Duration::from_millis(300));
    assert_eq!(provider.identify().await.unwrap(), "peer");
    assert_eq!((peer.pids().len(), peer.living().len()), (1, 0));
}

#[tokio::test]
async fn the_first_service_name_still_works() {
    let Some(peer) = Peer::new("old") else { return };
    assert_eq!(peer.provider().options().await.unwrap().len(), 10);
    // It has no such method; the connection is none the worse.
    let error = peer.provider().identify().await.unwrap_err();
    assert_eq!(error.to_string(), "rpc: can't find method RpcServerDriver.DriverName");
    assert_eq!(peer.living(), [0; 0]);
}

#[tokio::test]
async fn answers_of_the_wrong_type_are_errors() {
    let Some(peer) = Peer::new("odd") else { return };
    let error = peer.provider().identify().await.unwrap_err();
    assert_eq!(error.to_string(), "the plugin's answer to DriverName has the wrong type");
    assert_eq!(peer.living(), [0; 0]);
}

#[tokio::test]
async fn a_stopped_plugin_is_noticed_by_its_silence() {
    let Some(peer) = Peer::new("") else { return };
    let provider = peer.provider_with(|limits| {
        limits.heartbeat = Duration::from_millis(50);
        limits.silence = Duration::from_millis(500);
    });
    let host = crate::peer::Host::default();
    let gates = [("peer-gates", machine_core::OptionValue::Switch(true))];
    let mut state = host.prepared(&provider, &gates).await.unwrap();
    let cx = host.cx();
    let create = provider.create(&cx, &mut state);
    let stop = async {
        peer.reached("begin").await;
        let [pid] = peer.living()[..] else { panic!("not one plugin") };
        signal(pid, "STOP");
        // Unwinding starts another, which must not wait.
        peer.pass("begin");
        peer.pass("key");
    };
    let (created, ()) = tokio::join!(create, stop);
    let error = created.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate);
    assert!(error.to_string().starts_with("the plugin stopped answering during Create"), "{error}");
    assert_eq!(peer.living(), [0; 0]);
}

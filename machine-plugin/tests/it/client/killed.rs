//! Our own process is killed: the plugin must not outlive its heartbeat.
use crate::peer::{Host, Peer};
use machine_core::{OptionValue, Provider};
use machine_plugin::{Driver, PluginProvider};
use std::process::{Command, Stdio};

/// Names the plugin's folder to the process that will be killed.
const FOLDER: &str = "PLUGIN_TEST_FOLDER";

#[tokio::test]
async fn a_plugin_ends_after_its_client() {
    let Some(peer) = Peer::with_env("", &[("PEER_HEARTBEAT_MS", "1000")]) else { return };
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["client::killed::victim", "--exact", "--ignored"])
        .env(FOLDER, peer.folder())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    peer.reached("begin").await;
    assert_eq!(peer.living().len(), 1);
    victim.kill().unwrap();
    victim.wait().unwrap();
    peer.all_ended().await;
    assert!(peer.calls().contains(&"no heartbeat".to_owned()));
}

#[tokio::test]
#[ignore = "started by the test above"]
async fn victim() {
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let driver = Driver::new("peer", folder.join("docker-machine-driver-peer"));
    let (provider, host) = (PluginProvider::new(driver), Host::default());
    let gates = [("peer-gates", OptionValue::Switch(true))];
    let mut state = host.prepared(&provider, &gates).await.unwrap();
    provider.create(&host.cx(), &mut state).await.unwrap();
}

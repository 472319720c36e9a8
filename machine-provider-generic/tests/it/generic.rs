use super::platform::is_private;
use super::{prepare, reports_what_it_never_made, status, text, with_cx};
use machine_core::{
    Error, ErrorKind, MachineState, OptionValue, Provider, Result, SshEndpoint, State,
};
use machine_provider_generic::{GENERIC, Generic};
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;

fn state(ip: &str, port: u16) -> State {
    State::from_json(&format!(r#"{{"IPAddress":"{ip}","SSHPort":{port}}}"#)).unwrap()
}

/// A port of `host` on which nobody listens.
async fn closed_port(host: &str) -> u16 {
    TcpListener::bind((host, 0)).await.unwrap().local_addr().unwrap().port()
}

#[tokio::test]
async fn the_state_is_that_of_docker_machine() {
    let provider = Generic::new();
    assert_eq!((provider.name(), GENERIC), ("generic", "generic"));
    let given = [("generic-ip-address", text("192.0.2.1")), ("generic-ssh-key", text("~/k"))];
    let prepared = prepare(&provider, &given).await.unwrap();
    let want = concat!(
        r#"{"IPAddress":"192.0.2.1","MachineName":"m","SSHUser":"root","SSHPort":22,"#,
        r#""SSHKeyPath":"","StorePath":"/store","SwarmMaster":false,"SwarmHost":"","#,
        r#""SwarmDiscovery":"","EnginePort":2376,"SSHKey":"~/k"}"#,
    );
    assert_eq!(prepared.state.as_json(), want);
}

#[tokio::test]
async fn options_that_cannot_work_are_refused() {
    let address = ("generic-ip-address", text("192.0.2.1"));
    for (given, want) in [
        (vec![], "generic driver requires the --generic-ip-address option"),
        (
            vec![address.clone(), ("generic-ssh-port", OptionValue::Int(65536))],
            "--generic-ssh-port is not a port: 65536",
        ),
        (
            vec![address, ("generic-engine-port", OptionValue::Int(-1))],
            "--generic-engine-port is not a port: -1",
        ),
    ] {
        let error = prepare(&Generic::new(), &given).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidOption, want));
    }
}

#[tokio::test]
async fn who_answers_runs_and_all_are_asked_at_once() {
    let up = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = up.local_addr().unwrap().port();
    let (up, down) = (state("127.0.0.1", port), state("127.0.0.1", closed_port("127.0.0.1").await));
    let (nowhere, bad) = (state("", port), State::from_json(r#"{"SSHPort":99999}"#).unwrap());
    let all = Generic::new().statuses(&[&up, &down, &nowhere, &bad, &up]).await;
    let states: Vec<_> = all.iter().map(|s| s.as_ref().map(|s| s.state).ok()).collect();
    let (running, stopped) = (Some(MachineState::Running), Some(MachineState::Stopped));
    assert_eq!(states, [running, stopped, stopped, None, running]);
    let url = |index: usize| all[index].as_ref().unwrap().url.as_deref();
    assert_eq!((url(0), url(1)), (Some("tcp://127.0.0.1:2376"), None));
    let nowhere = all[2].as_ref().unwrap();
    assert_eq!((&nowhere.ip, &nowhere.ssh), (&None, &None));
    assert_eq!(all[3].as_ref().unwrap_err().to_string(), "SSHPort is not a port: 99999");
}

#[tokio::test]
async fn an_ipv6_address_gets_brackets_in_the_url() {
    let Ok(up) = TcpListener::bind("[::1]:0").await else {
        eprintln!("skipped: this system has no IPv6");
        let required = std::env::var_os("MACHINE_TESTS_REQUIRED").is_some_and(|v| v == "1");
        assert!(!required, "no IPv6");
        return;
    };
    let state = state("::1", up.local_addr().unwrap().port());
    let status = status(&Generic::new(), &state).await.unwrap();
    assert_eq!(status.url.as_deref(), Some("tcp://[::1]:2376"));
    assert_eq!(status.ip.as_deref(), Some("::1"));
}

#[tokio::test]
async fn ssh_falls_back_to_docker_machines_defaults() {
    let port = closed_port("127.0.0.1").await;
    let none = status(&Generic::new(), &state("127.0.0.1", port)).await.unwrap();
    assert_eq!(none.ssh, Some(SshEndpoint::new("127.0.0.1", port, "root")), "no key is named");
    // A name that is never found, so that nobody on port 22 is asked.
    let text = r#"{"IPAddress":"host.invalid","SSHUser":"","SSHPort":0,"SSHKeyPath":"/k"}"#;
    let filled = status(&Generic::new(), &State::from_json(text).unwrap()).await.unwrap();
    let mut want = SshEndpoint::new("host.invalid", 22, "root");
    want.key = Some(PathBuf::from("/k"));
    assert_eq!((filled.ssh, filled.ip.as_deref()), (Some(want), Some("host.invalid")));
}

async fn create(dir: &Path, key: &str) -> (Result<State>, Vec<String>) {
    let mut state = State::from_json(&format!(r#"{{"SSHKey":"{key}"}}"#)).unwrap();
    with_cx(dir, async |cx| {
        let provider = Generic::new();
        provider.check(cx, &mut state).await?;
        provider.create(cx, &mut state).await?;
        Ok::<_, Error>(state)
    })
    .await
}

fn key_path(state: &State) -> PathBuf {
    #[derive(serde::Deserialize)]
    struct Fields {
        #[serde(rename = "SSHKeyPath")]
        path: PathBuf,
    }
    state.read::<Fields>().unwrap().path
}

#[tokio::test]
async fn the_key_is_imported() {
    let (dir, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = keys.path().join("id_ed25519");
    fs_err::write(&key, "private").unwrap();
    fs_err::write(keys.path().join("id_ed25519.pub"), "public").unwrap();
    for round in 0..2 {
        let (state, said) = create(dir.path(), key.to_str().unwrap()).await;
        let copy = key_path(&state.unwrap());
        assert_eq!(said, ["Importing SSH key..."], "round {round}");
        assert_eq!(copy, dir.path().join("id_ed25519"));
        let public = dir.path().join("id_ed25519.pub");
        for (path, want) in [(&copy, "private"), (&public, "public")] {
            assert_eq!(fs_err::read_to_string(path).unwrap(), want);
            assert!(is_private(path), "{}", path.display());
        }
        assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 2, "nothing half-written");
    }
}

#[tokio::test]
async fn a_missing_public_half_is_no_failure() {
    let (dir, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = keys.path().join("k");
    fs_err::write(&key, "private").unwrap();
    let (state, said) = create(dir.path(), key.to_str().unwrap()).await;
    assert_eq!(key_path(&state.unwrap()), dir.path().join("k"));
    assert!(said[1].starts_with("Couldn't copy SSH public key : "), "{said:?}");
    assert_eq!(said.len(), 2);
}

/// Certificates come later and would overwrite it.
#[tokio::test]
async fn a_key_named_like_a_file_of_the_machines_own_gets_another_name() {
    let (dir, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = keys.path().join("config.json");
    fs_err::write(&key, "private").unwrap();
    fs_err::write(dir.path().join("config.json"), "{}").unwrap();
    let (state, _) = create(dir.path(), key.to_str().unwrap()).await;
    assert_eq!(key_path(&state.unwrap()), dir.path().join("ssh-config.json"));
    assert_eq!(fs_err::read_to_string(dir.path().join("config.json")).unwrap(), "{}");
}

#[tokio::test]
async fn no_key_is_assumed_to_be_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let (state, said) = create(dir.path(), "").await;
    assert_eq!(state.unwrap().as_json(), r#"{"SSHKey":""}"#);
    let want = "No SSH key specified. Assuming an existing key at the default location.";
    assert_eq!(said, [want]);
}

#[tokio::test]
async fn a_key_that_is_none_fails_the_check() {
    let dir = tempfile::tempdir().unwrap();
    let (missing, _) = create(dir.path(), "/no/such").await;
    assert_eq!(missing.unwrap_err().to_string(), r#"SSH key does not exist: "/no/such""#);
    // Not expanded, as in Docker Machine: the shell does that.
    let (home, _) = create(dir.path(), "~/key").await;
    assert_eq!(home.unwrap_err().to_string(), r#"SSH key does not exist: "~/key""#);
    let (folder, _) = create(dir.path(), dir.path().to_str().unwrap()).await;
    assert!(folder.unwrap_err().to_string().starts_with("SSH key is not a file: "));
    assert_eq!(fs_err::read_dir(dir.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_is_far_too_large_is_no_key() {
    let (dir, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let key = keys.path().join("k");
    for (size, taken) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        fs_err::File::create(&key).unwrap().set_len(size).unwrap();
        let (state, _) = create(dir.path(), key.to_str().unwrap()).await;
        assert_eq!(state.is_ok(), taken, "{size} bytes");
    }
    let files: Vec<_> = fs_err::read_dir(dir.path()).unwrap().collect();
    assert_eq!(files.len(), 1, "nothing half-written: {files:?}");
}

#[tokio::test]
async fn it_reports_what_it_never_made() {
    reports_what_it_never_made(&Generic::new()).await;
}

#[tokio::test]
async fn it_cannot_be_started_or_stopped() {
    let provider = Generic::new();
    assert!(provider.capabilities().restart_over_ssh);
    let mut state = State::default();
    let ((), _) = with_cx(Path::new("."), async |cx| {
        let refused = |done: Result<()>, want: &str| {
            let error = done.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unsupported);
            assert_eq!(error.to_string(), format!("generic driver does not support {want}"));
        };
        refused(provider.start(cx, &mut state).await, "start");
        refused(provider.stop(cx, &mut state).await, "stop");
        refused(provider.kill(cx, &mut state).await, "kill");
        refused(provider.restart(cx, &mut state).await, "restart");
    })
    .await;
}

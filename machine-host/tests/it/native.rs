//! The built-in client with real hosts.
use crate::site::{LIMIT, Site, wait};
use machine_core::{ErrorKind, SshEndpoint};
use machine_host::{
    Patience, RealClock, Session, Size, SshClient, Target, Terminal, generate_ssh_key,
};
use machine_testbed::{HostKind, Proxy};
use std::net::SocketAddr;
use tokio::sync::watch;

fn target(site: &Site, user: &str) -> Target {
    let mut target = site.target(user);
    target.client = SshClient::Native;
    target
}

async fn open(target: &Target) -> machine_core::Result<(Session, Vec<String>)> {
    Session::open(target, &RealClock::default(), Patience::EXISTING).await
}

#[test]
fn scripts_run_over_one_connection_and_their_streams_stay_apart() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let target = target(&site, "root");
    wait(async {
        let (mut session, _) = open(&target).await.unwrap();
        let reply = session.run("cat; echo out; echo err >&2; exit 3", LIMIT).await.unwrap();
        let streams = (reply.status, reply.stdout.as_str(), reply.stderr.as_str());
        assert_eq!(streams, (3, "out\n", "err\n"));
        let script = "head -c 20000000 /dev/zero; head -c 300000 /dev/zero >&2; echo; echo last";
        let reply = session.run(script, LIMIT).await.unwrap();
        assert!(reply.stdout.ends_with("\nlast\n"));
        let big = format!("cat >/dev/null <<'X'\n{}\nX\necho $?", "x".repeat(3 << 20));
        assert_eq!(session.run(&big, LIMIT).await.unwrap().stdout, "0\n");
        session.close().await;
    });
    assert_eq!(site.host.ssh_logins().unwrap(), 1);
}

#[test]
fn a_host_key_is_pinned_for_both_clients_and_a_changed_one_refused() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let mut target = target(&site, "root");
    wait(async {
        let (session, keys) = open(&target).await.unwrap();
        session.close().await;
        target.host_keys = keys;
        let mut other = target.clone();
        other.client = SshClient::default();
        open(&other).await.unwrap();

        let new = site.host.replace_host_key().unwrap();
        let error = open(&target).await.err().unwrap();
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::Credentials);
        assert!(
            text.contains("MACHINE_ACCEPT_HOST_KEY=") && text.contains("(now SHA256:"),
            "{text}"
        );

        target.accept_changed_key = true;
        let (_, keys) = open(&target).await.unwrap();
        assert_eq!(keys, [new]);
    });
}

/// The key that was pinned need not be the one that the client would rather see.
#[test]
fn of_several_host_keys_the_pinned_one_is_asked_for() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.host.exec("rm -f /etc/ssh/ssh_host_rsa_key*; ssh-keygen -q -t rsa -N '' -f /etc/ssh/ssh_host_rsa_key; systemctl restart ssh").unwrap();
    let rsa = site.host.exec("cut -d' ' -f1,2 /etc/ssh/ssh_host_rsa_key.pub").unwrap();
    let mut target = target(&site, "root");
    target.host_keys = vec![rsa.trim().to_owned()];
    wait(async { open(&target).await.map(drop) }).unwrap();
}

/// Docker Machine's own keys: RSA, PKCS#1.
#[test]
fn a_key_of_docker_machine_logs_in() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let path = site.folder.path().join("id_rsa");
    let made = std::process::Command::new("ssh-keygen")
        .args(["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f"])
        .arg(&path)
        .status();
    assert!(made.unwrap().success());
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    site.host.exec(&format!("echo '{}' >>/root/.ssh/authorized_keys", public.trim())).unwrap();
    let mut target = target(&site, "root");
    target.key = Some(path);
    wait(async { open(&target).await.map(drop) }).unwrap();
}

#[test]
fn what_keeps_us_out_is_told_apart() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let patience = Patience::new(LIMIT, std::time::Duration::ZERO);
    let tried = |target: &Target| {
        let clock = RealClock::default();
        wait(async { Session::open(target, &clock, patience).await.map(drop) }).unwrap_err()
    };
    let denied = tried(&target(&site, "nobody"));
    assert_eq!(denied.kind(), ErrorKind::Credentials);
    assert!(denied.to_string().contains("Permission denied"), "{denied}");

    let mut unknown = target(&site, "root");
    unknown.endpoint = SshEndpoint::new("no.such.host.invalid", 22, "root");
    assert_eq!(tried(&unknown).kind(), ErrorKind::NotFound);

    let mut bad_key = target(&site, "root");
    let path = site.folder.path().join("bad");
    generate_ssh_key(&path).unwrap();
    std::fs::write(&path, "no key").unwrap();
    bad_key.key = Some(path);
    let error = tried(&bad_key);
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(error.to_string().contains("cannot be used as a key"), "{error}");
}

#[test]
fn a_connection_that_is_cut_is_an_error() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let proxy = Proxy::to(SocketAddr::from((site.host.address(), 22))).unwrap();
    let mut target = target(&site, "root");
    target.endpoint = SshEndpoint::new("127.0.0.1", proxy.address().port(), "root");
    wait(async {
        let (mut session, _) = open(&target).await.unwrap();
        proxy.cut();
        let error = session.run("true", LIMIT).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Indeterminate);
        assert!(error.to_string().contains("lost"), "{error}");
        session.close().await;
    });
}

/// Each side waits for the other to take what it writes.
#[test]
fn a_terminal_takes_much_input_while_it_gives_much_output() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let target = target(&site, "root");
    let typed = "0123456789abcdef\n".repeat(1 << 19);
    let mut seen = Vec::new();
    let (_told, size) = watch::channel(Size::default());
    let input = format!("{typed}\u{4}");
    let terminal = Terminal { input: input.as_bytes(), output: &mut seen, size };
    let ran = wait(async {
        tokio::time::timeout(LIMIT, terminal.run(&target, Some("stty -echo; cat"))).await
    });
    assert_eq!(ran.expect("it hangs").unwrap(), 0);
    assert!(seen.len() >= typed.len(), "{} of {}", seen.len(), typed.len());
}

#[test]
fn a_terminal_is_a_terminal_and_has_a_size() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let target = target(&site, "root");
    let run = |command: Option<&str>, typed: &'static str| {
        let mut seen = Vec::new();
        let (_told, size) = watch::channel(Size::new(123, 45));
        let terminal = Terminal { input: typed.as_bytes(), output: &mut seen, size };
        let status = wait(terminal.run(&target, command)).unwrap();
        (status, String::from_utf8(seen).unwrap())
    };
    let (status, seen) = run(Some("tty; stty size; echo $TERM; exit 7"), "");
    assert_eq!(status, 7);
    let lines: Vec<_> = seen.lines().map(str::trim_end).collect();
    assert!(lines[0].starts_with("/dev/pts/"), "{seen}");
    assert_eq!(lines[1..], ["45 123", "xterm"]);
    let (status, seen) = run(None, "echo a$((1+1))b; exit 5\n");
    assert_eq!(status, 5);
    assert!(seen.contains("a2b"), "{seen}");
}

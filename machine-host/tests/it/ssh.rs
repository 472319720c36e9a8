//! Sessions with real hosts.
use crate::site::{LIMIT, Site, wait};
use machine_core::{Clock, ErrorKind, SshEndpoint};
use machine_host::{Patience, RealClock, Session, SshClient, Target, ssh_command};
use machine_testbed::{Bed, HostKind, Proxy};
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::time::Duration;

/// Time that passes only in sleeps, which are over at once.
#[derive(Default)]
struct Jumping(Mutex<(Duration, u32)>);

#[async_trait::async_trait]
impl Clock for Jumping {
    fn now(&self) -> Duration {
        self.0.lock().unwrap().0
    }

    async fn sleep(&self, time: Duration) {
        let mut state = self.0.lock().unwrap();
        state.0 += time;
        state.1 += 1;
    }
}

#[test]
fn scripts_cannot_disturb_each_other() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    // Noise that every login makes, on both streams.
    site.host.exec("echo 'echo hello; echo >&2 hello' >>/root/.bashrc; sed -i '1i echo first' /root/.bashrc").unwrap();
    wait(async {
        let mut session = site.open("root").await.unwrap();
        let reply = session.run("cat; echo out; echo err >&2; exit 3", LIMIT).await.unwrap();
        assert_eq!(
            (reply.status, reply.stdout.as_str(), reply.stderr.as_str()),
            (3, "out\n", "err\n")
        );
        let reply = session.run("printf 'no end'", LIMIT).await.unwrap();
        assert_eq!((reply.status, reply.stdout.as_str()), (0, "no end"));
        let reply = session.run("if then fi (", LIMIT).await.unwrap();
        assert_ne!(reply.status, 0);
        assert_ne!(reply.stderr, "");
        let reply = session.run("sleep 600 & echo $!", LIMIT).await.unwrap();
        let reply = session.run(&format!("kill {}", reply.stdout), LIMIT).await.unwrap();
        assert_eq!(reply.status, 0);
        let reply = session.run("id -u; cat <<'X'\n'\"$(id)\nX\n", LIMIT).await.unwrap();
        assert_eq!(reply.stdout, "0\n'\"$(id)\n");
        session.close().await;
    });
    assert_eq!(site.host.ssh_logins().unwrap(), 1);
}

#[test]
fn output_without_end_is_bounded_in_size_and_time() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    wait(async {
        let mut session = site.open("root").await.unwrap();
        let reply =
            session.run("head -c 20000000 /dev/zero; echo; echo last", LIMIT).await.unwrap();
        assert!(reply.stdout.len() < 1 << 20, "{}", reply.stdout.len());
        assert!(reply.stdout.ends_with("last\n"));
        let error = session.run("cat /dev/zero", Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Indeterminate);
        let error = session.run("true", LIMIT).await.unwrap_err();
        assert!(error.to_string().contains("over"), "{error}");
    });
}

#[test]
fn notes_arrive_while_the_script_runs() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.host.exec("mkfifo -m 666 /tmp/go").unwrap();
    wait(async {
        let mut session = site.open("deploy").await.unwrap();
        let mut notes = Vec::new();
        let mut note = |text: &str| {
            notes.push(text.to_owned());
            site.host.exec("echo >/tmp/go").unwrap();
        };
        let script = "echo a; note one two; read x </tmp/go; echo b";
        let reply = session.run_with_notes(script, LIMIT, &mut note).await.unwrap();
        assert_eq!((reply.stdout.as_str(), notes), ("a\nb\n", vec!["one two".to_owned()]));
    });
}

#[test]
fn root_rights_come_by_sudo_or_are_missed_clearly() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    wait(async {
        let mut session = site.open("deploy").await.unwrap();
        assert_eq!(session.run("id -u", LIMIT).await.unwrap().stdout, "0\n");
        let mut session = site.open("guest").await.unwrap();
        let error = session.run("id -u", LIMIT).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Permission);
        let text = error.to_string();
        assert!(text.contains("guest@") && text.contains("password"), "{text}");
        site.host.exec("rm /usr/bin/sudo").unwrap();
        let mut session = site.open("deploy").await.unwrap();
        let text = session.run("id -u", LIMIT).await.unwrap_err().to_string();
        assert!(text.contains("not found") && text.contains("install sudo"), "{text}");
    });
}

#[test]
fn a_host_key_is_pinned_and_a_changed_one_refused_until_it_is_accepted() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let (clock, patience) = (RealClock::default(), Patience::EXISTING);
    wait(async {
        let mut target = site.target("root");
        let (session, keys) = Session::open(&target, &clock, patience).await.unwrap();
        session.close().await;
        assert_eq!(keys, [site.host.host_key().unwrap()]);
        target.host_keys = keys;

        let new = site.host.replace_host_key().unwrap();
        for pins in [target.host_keys.clone(), Vec::new()] {
            // Without a record, the keys of the earlier login still count.
            let mut target = target.clone();
            target.host_keys = pins;
            let start = clock.now();
            let error = Session::open(&target, &clock, patience).await.err().unwrap();
            assert!(clock.now() - start < patience.refusal, "not refused at once");
            let text = error.to_string();
            assert_eq!(error.kind(), ErrorKind::Credentials);
            let advice = format!("MACHINE_ACCEPT_HOST_KEY={}", site.host.name());
            assert!(text.contains(&advice) && text.contains("SHA256:"), "{text}");
            let out = ssh_command(&target, &["true".to_owned()]).unwrap().output().unwrap();
            let said = String::from_utf8_lossy(&out.stderr);
            assert!(said.contains("HOST IDENTIFICATION HAS CHANGED"), "{said}");
        }

        target.accept_changed_key = true;
        let (_, keys) = Session::open(&target, &clock, patience).await.unwrap();
        assert_eq!(keys, [new]);
        target.accept_changed_key = false;
        target.host_keys = keys;
        Session::open(&target, &clock, patience).await.unwrap();
    });
}

#[test]
fn the_interactive_client_logs_in_and_pins_too() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let target = site.target("root");
    let args = ["echo", "hi", "there"].map(str::to_owned);
    let out = ssh_command(&target, &args).unwrap().output().unwrap();
    assert_eq!(String::from_utf8_lossy(&out.stdout), "hi there\n");
    site.host.replace_host_key().unwrap();
    let out = ssh_command(&target, &args).unwrap().output().unwrap();
    assert_eq!((out.status.code(), out.stdout.len()), (Some(255), 0));
}

#[test]
fn a_denied_login_is_not_waited_for_on_a_host_that_is_up() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let clock = Jumping::default();
    let error = wait(Session::open(&site.target("nobody"), &clock, Patience::EXISTING));
    let error = error.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(error.to_string().contains("Permission denied"), "{error}");
    let (waited, tries) = *clock.0.lock().unwrap();
    assert!(waited <= Patience::EXISTING.refusal && tries >= 3, "{waited:?} {tries}");
}

#[test]
fn a_host_that_boots_may_deny_the_login_for_a_while() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.host.exec("mv /root/.ssh /root/ssh").unwrap();
    let clock = AfterSleeps { site: &site, script: "mv /root/ssh /root/.ssh", left: Mutex::new(3) };
    wait(Session::open(&site.target("root"), &clock, Patience::BOOTING)).unwrap();
}

/// Changes a host at the third wait.
struct AfterSleeps<'a> {
    site: &'a Site,
    script: &'static str,
    left: Mutex<u32>,
}

#[async_trait::async_trait]
impl Clock for AfterSleeps<'_> {
    fn now(&self) -> Duration {
        Duration::ZERO
    }

    async fn sleep(&self, _: Duration) {
        let mut left = self.left.lock().unwrap();
        *left -= 1;
        if *left == 0 {
            self.site.host.exec(self.script).unwrap();
        }
    }
}

#[test]
fn a_host_key_that_changes_before_the_first_login_is_no_change() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.host.exec("mv /root/.ssh /root/ssh").unwrap();
    let script = "mv /root/ssh /root/.ssh; rm /etc/ssh/ssh_host_*; ssh-keygen -A >/dev/null; systemctl restart ssh";
    let clock = AfterSleeps { site: &site, script, left: Mutex::new(3) };
    let (_, keys) = wait(Session::open(&site.target("root"), &clock, Patience::BOOTING)).unwrap();
    assert_eq!(keys, [site.host.host_key().unwrap()]);
}

#[test]
fn an_address_where_nothing_answers_is_given_up_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let target =
        Target::new("m", SshEndpoint::new("127.0.0.1", port, "root"), folder.path().join("k"));
    let clock = Jumping::default();
    let error = wait(Session::open(&target, &clock, Patience::EXISTING)).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Transient);
    let text = error.to_string();
    assert!(text.contains("180 s") && text.contains("Connection refused"), "{text}");
    assert!(clock.now() <= Patience::EXISTING.limit);
    assert!(clock.now() > Patience::EXISTING.limit - Duration::from_secs(10));
}

#[test]
fn a_client_that_is_not_there_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut target =
        Target::new("m", SshEndpoint::new("127.0.0.1", 1, "root"), folder.path().join("k"));
    target.client = SshClient::Program(folder.path().join("none"));
    let clock = Jumping::default();
    let error = wait(Session::open(&target, &clock, Patience::BOOTING)).err().unwrap();
    assert!(error.to_string().contains("install the OpenSSH client"), "{error}");
    assert_eq!(clock.now(), Duration::ZERO);
}

#[test]
fn a_connection_that_is_cut_or_goes_silent_is_an_error() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let proxy = Proxy::to(SocketAddr::from((site.host.address(), 22))).unwrap();
    let mut target = site.target("root");
    target.endpoint = SshEndpoint::new("127.0.0.1", proxy.address().port(), "root");
    let clock = RealClock::default();
    wait(async {
        let (mut session, _) = Session::open(&target, &clock, Patience::EXISTING).await.unwrap();
        proxy.cut();
        let error = session.run("true", LIMIT).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Indeterminate);
        assert!(error.to_string().contains("lost"), "{error}");

        let (mut session, _) = Session::open(&target, &clock, Patience::EXISTING).await.unwrap();
        proxy.stall_after(0);
        let error = session.run("true", Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Indeterminate);
        assert!(error.to_string().contains("no answer over SSH within 1 s"), "{error}");
    });
    assert_eq!(proxy.connections(), 2);
}

#[test]
fn dropping_a_session_ends_its_client() {
    let Some(bed) = Bed::or_skip() else { return };
    let site = Site::on(bed, bed.host(HostKind::Docker).unwrap());
    let clients = || {
        let marker = site.known_hosts().display().to_string();
        let mut count = 0;
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let line = std::fs::read(entry.path().join("cmdline")).unwrap_or_default();
            count += usize::from(String::from_utf8_lossy(&line).contains(&marker));
        }
        count
    };
    wait(async {
        let mut session = site.open("root").await.unwrap();
        assert_eq!(clients(), 1);
        let run = session.run("sleep 600", LIMIT);
        let _ = tokio::time::timeout(Duration::from_millis(200), run).await;
        assert!(session.run("true", LIMIT).await.is_err());
        drop(session);
        while clients() > 0 {
            tokio::task::yield_now().await;
        }
    });
}

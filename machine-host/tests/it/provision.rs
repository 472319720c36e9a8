//! Provisioning of real hosts.
use crate::site::{LIMIT, Site, Wish, wait};
use crate::support::chain;
use machine_core::ErrorKind;
use machine_host::{EngineFlags, Install, Progress};
use machine_testbed::{Bed, HostKind};
use std::io::{Read as _, Write as _};
use std::net::TcpListener;

const DROP_IN: &str = "/etc/systemd/system/docker.service.d/10-machine.conf";

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|i| (*i).to_owned()).collect()
}

/// The engine's labels, which it gives in no certain order.
fn labels(site: &Site, port: u16) -> Vec<String> {
    let text = site.docker(port, &["info", "--format", "{{range .Labels}}{{println .}}{{end}}"]);
    let mut labels: Vec<_> = text.unwrap().lines().map(str::to_owned).collect();
    labels.sort();
    labels
}

#[test]
fn a_docker_host_is_reached_over_tls_and_a_second_time_nothing_changes() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let done = site.provision(&Wish::default()).unwrap();
    assert_eq!(
        (done.distribution.as_str(), done.restarted, done.installed),
        ("debian", true, false)
    );
    assert!(done.rounds.len() <= 3, "{:?}", done.rounds);
    assert_eq!(site.host.ssh_logins().unwrap(), 1);
    assert!(site.docker(2376, &["version", "--format", "{{.Server.Version}}"]).is_ok());
    site.host.load_busybox().unwrap();
    assert_eq!(site.docker(2376, &["run", "--rm", "busybox", "echo", "hi"]), Ok("hi".into()));
    let modes = site.host.exec("cd /etc/docker && stat -c '%a %n' *.pem").unwrap();
    assert_eq!(modes, "644 ca.pem\n600 server-key.pem\n644 server.pem\n");
    assert_eq!(site.host.exec("find / -xdev -name '*.machine-*'").unwrap(), "");

    let (pid, files) = (site.engine_pid(), site.files());
    let again = site.provision(&Wish::default()).unwrap();
    assert!(!again.restarted && !again.installed);
    assert_eq!((site.engine_pid(), site.files()), (pid, files));
}

#[test]
fn a_client_without_a_certificate_is_refused() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.provision(&Wish::default()).unwrap();
    std::fs::remove_file(site.folder.path().join("cert.pem")).unwrap();
    std::fs::remove_file(site.folder.path().join("key.pem")).unwrap();
    site.docker(2376, &["version"]).unwrap_err();
}

#[test]
fn options_reach_the_engine_in_one_piece() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let (noted, env) = (list(&["note=a \"b\" $HOME 50%"]), list(&["ODD=a \"b\" $HOME 50% \\"]));
    let (mirrors, flags) = (list(&["http://mirror.test/"]), list(&["max-concurrent-uploads=2"]));
    let mut engine = EngineFlags::default();
    engine.labels = &noted;
    engine.env = &env;
    engine.registry_mirror = &mirrors;
    engine.arbitrary_flags = &flags;
    site.provision(&Wish { engine, port: 12376, ..Wish::default() }).unwrap();
    assert_eq!(labels(&site, 12376), [r#"note=a "b" $HOME 50%"#, "provider=generic"]);
    let read = site.docker(12376, &["info", "--format", "{{.RegistryConfig.Mirrors}}"]);
    assert_eq!(read, Ok("[http://mirror.test/]".to_owned()));
    let environ = site.host.exec("tr '\\0' '\\n' </proc/$(pidof dockerd)/environ").unwrap();
    assert!(environ.lines().any(|l| l == format!("ODD={}", &env[0][4..])), "{environ}");
}

#[test]
fn what_the_user_configured_stays_in_force() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let user = "[Service]\nEnvironment=MINE=1\nExecStart=\nExecStart=/usr/sbin/dockerd -H fd:// \
                --containerd=/run/containerd/containerd.sock \\\n  --shutdown-timeout 7 $DOCKER_OPTS\n";
    site.host.write("/etc/systemd/system/docker.service.d/20-user.conf", user).unwrap();
    site.host.write("/etc/default/docker", "DOCKER_OPTS=\"--label from=opts\"\n").unwrap();
    let json = r#"{"log-driver": "local", "insecure-registries": ["reg:5000"]}"#;
    site.host.write("/etc/docker/daemon.json", json).unwrap();
    let insecure = list(&["reg:5000"]);
    let mut engine = EngineFlags::default();
    engine.insecure_registry = &insecure;
    site.provision(&Wish { engine, ..Wish::default() }).unwrap();
    assert_eq!(labels(&site, 2376), ["from=opts", "provider=generic"]);
    let driver = site.docker(2376, &["info", "--format", "{{.LoggingDriver}}"]);
    assert_eq!(driver, Ok("local".to_owned()));
    let command = site.host.exec("tr '\\0' ' ' </proc/$(pidof dockerd)/cmdline").unwrap();
    assert!(command.contains("--shutdown-timeout 7"), "{command}");
    assert!(!command.contains("insecure"), "{command}");
    let environ = site.host.exec("tr '\\0' '\\n' </proc/$(pidof dockerd)/environ").unwrap();
    assert!(environ.lines().any(|l| l == "MINE=1"));
    assert_eq!(site.host.exec("docker ps -q").unwrap(), "");
    assert!(!site.provision(&Wish { engine, ..Wish::default() }).unwrap().restarted);
}

#[test]
fn a_conflict_is_named_and_the_host_is_left_alone() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    for (json, key) in [
        (r#"{"hosts": ["unix:///run/docker.sock"]}"#, "\"hosts\""),
        (r#"{"tlscert": "/etc/mine.pem"}"#, "\"tlscert\""),
        ("{", "daemon.json is not valid JSON"),
    ] {
        site.host.write("/etc/docker/daemon.json", json).unwrap();
        let (pid, files) = (site.engine_pid(), site.files());
        let error = site.provision(&Wish::default()).unwrap_err();
        assert!(chain(&error).contains(key), "{error}");
        assert_eq!((site.engine_pid(), site.files()), (pid, files));
    }
}

#[test]
fn options_that_the_engine_refuses_are_taken_back() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.provision(&Wish::default()).unwrap();
    let files = site.files();
    for (flag, why) in [
        ("no-such-flag=1", "unknown flag: --no-such-flag"),
        // Known to the flag parser, and refused only by the daemon itself.
        ("storage-driver=nonsense", "nonsense"),
    ] {
        let flags = list(&[flag]);
        let mut engine = EngineFlags::default();
        engine.arbitrary_flags = &flags;
        let error = site.provision(&Wish { engine, ..Wish::default() }).unwrap_err();
        let text = error.to_string();
        assert_eq!(error.kind(), ErrorKind::InvalidOption, "{text}");
        assert!(text.contains(why) && text.contains(&format!("--engine-opt {flag}")), "{text}");
        assert!(text.contains("the engine runs"), "{text}");
        assert_eq!(site.files(), files);
        site.docker(2376, &["version"]).unwrap();
    }
    assert!(!site.provision(&Wish::default()).unwrap().restarted);
}

#[test]
fn options_that_the_engine_refuses_on_first_contact_leave_no_trace() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let files = site.files();
    let flags = list(&["no-such-flag"]);
    let mut engine = EngineFlags::default();
    engine.arbitrary_flags = &flags;
    site.provision(&Wish { engine, ..Wish::default() }).unwrap_err();
    assert_eq!(site.files(), files);
    assert_eq!(site.host.exec("docker ps -q").unwrap(), "");
}

#[test]
fn a_newer_engine_checks_its_options_without_a_restart() {
    let Some(site) = Site::of(HostKind::NewDocker) else { return };
    let (pid, files) = (site.engine_pid(), site.files());
    let flags = list(&["log-level=nonsense"]);
    let mut engine = EngineFlags::default();
    engine.arbitrary_flags = &flags;
    let error = site.provision(&Wish { engine, ..Wish::default() }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    let text = error.to_string();
    assert!(text.contains("nothing was changed") && text.contains("log-level"), "{text}");
    assert_eq!((site.engine_pid(), site.files()), (pid, files));
    site.provision(&Wish::default()).unwrap();
    site.docker(2376, &["version"]).unwrap();
    assert_eq!(site.host.exec("docker ps -q").unwrap(), "");
}

#[test]
fn a_drop_in_of_docker_machine_is_replaced_and_the_hosts_socket_comes_back() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let old = "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd -H tcp://0.0.0.0:2375 \
               -H unix:///var/run/docker.sock --label old=1 \nEnvironment=\n";
    site.host.write(DROP_IN, old).unwrap();
    site.host.exec("systemctl daemon-reload && systemctl restart docker").unwrap();
    site.provision(&Wish::default()).unwrap();
    assert_eq!(labels(&site, 2376), ["provider=generic"]);
    assert_eq!(site.host.exec("docker ps -q").unwrap(), "");
}

#[test]
fn a_stopped_and_disabled_engine_is_started_and_enabled() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.provision(&Wish::default()).unwrap();
    site.host.exec("systemctl disable --now docker.service docker.socket 2>&1").unwrap();
    assert!(site.provision(&Wish::default()).unwrap().restarted);
    assert_eq!(site.host.exec("systemctl is-enabled docker").unwrap(), "enabled\n");
    site.docker(2376, &["version"]).unwrap();
}

#[test]
fn the_engine_is_installed_and_starts_once() {
    let Some(site) = Site::of(HostKind::Plain) else { return };
    let never = Wish { install: Install::Never, ..Wish::default() };
    assert_eq!(site.provision(&never).unwrap_err().kind(), ErrorKind::NotFound);

    // As a user who needs sudo.
    let done = site.provision(&Wish { user: "deploy", ..Wish::default() }).unwrap();
    assert!(done.installed && done.restarted && done.rounds.len() <= 6, "{done:?}");
    assert!(site.heard(&Progress::InstallingEngine));
    let starts = "journalctl -u docker -o cat | grep -c 'Starting up'";
    assert_eq!(site.host.exec(starts).unwrap(), "1\n");
    assert_eq!(site.host.exec("systemctl is-enabled docker").unwrap(), "enabled\n");
    assert_eq!(site.host.exec("find /run/systemd/system -name '*machine*'").unwrap(), "");
    assert_eq!(site.host.exec("docker ps -q").unwrap(), "");
    site.docker(2376, &["version"]).unwrap();
}

#[test]
fn a_held_package_lock_is_waited_for() {
    let Some(site) = Site::of(HostKind::Plain) else { return };
    let lock = site.host.hold_dpkg_lock().unwrap();
    let done = std::thread::scope(|scope| {
        let work = scope.spawn(|| site.provision(&Wish::default()));
        while !site.heard(&Progress::WaitingForPackageLock) && !work.is_finished() {
            std::thread::yield_now();
        }
        drop(lock);
        work.join().unwrap()
    });
    assert!(site.heard(&Progress::WaitingForPackageLock));
    assert!(done.unwrap().installed);
}

#[test]
fn a_full_disk_while_installing_is_named_and_can_be_repaired() {
    let Some(site) = Site::of(HostKind::Plain) else { return };
    let disk = site.host.limit_disk("/var/lib/dpkg", 400_000).unwrap();
    let error = site.provision(&Wish::default()).unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!(site.host.exec("find /run/systemd/system -name '*machine*'").unwrap(), "");
    disk.lift().unwrap();
    assert!(site.provision(&Wish::default()).unwrap().restarted);
    site.docker(2376, &["version"]).unwrap();
}

#[test]
fn a_full_disk_while_writing_changes_nothing() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let disk = site.host.limit_disk("/etc", 1).unwrap();
    let (pid, files) = (site.engine_pid(), site.files());
    let error = site.provision(&Wish::default()).unwrap_err();
    assert!(error.to_string().contains("disk is full"), "{error}");
    assert_eq!((site.engine_pid(), site.files()), (pid, files));
    disk.lift().unwrap();
    site.provision(&Wish::default()).unwrap();
}

#[test]
fn a_broken_repository_is_one_clear_error() {
    let Some(site) = Site::of(HostKind::Plain) else { return };
    site.host.exec("echo 'deb [trusted=yes] file:/none ./' >/etc/apt/sources.list").unwrap();
    let error = site.provision(&Wish::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("Unable to locate package docker.io"), "{text}");
    assert!(text.contains("--engine-install-url") && text.lines().count() == 1, "{text}");
}

/// Serves one answer to each request.
fn serve(listener: TcpListener, status: &'static str, body: &'static str) {
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let length = body.len();
            let head =
                format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close");
            let _ = write!(stream, "{head}\r\n\r\n{body}");
        }
    });
}

#[test]
fn a_script_from_a_url_installs_the_engine() {
    let Some(site) = Site::of(HostKind::Plain) else { return };
    let urls: Vec<_> = [
        ("404 Not Found", "echo ran >/ran"),
        ("200 OK", "echo sorry >&2; exit 3"),
        ("200 OK", "true"),
        (
            "200 OK",
            "apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install docker.io",
        ),
    ]
    .map(|(status, body)| {
        let listener = TcpListener::bind((site.host.gateway(), 0)).unwrap();
        let url = format!("'http://{}/install.sh'", listener.local_addr().unwrap());
        serve(listener, status, body);
        url
    })
    .into();
    let run =
        |url: &str| site.provision(&Wish { install: Install::from_url(url), ..Wish::default() });
    let text = run(&urls[0]).unwrap_err().to_string();
    assert!(text.contains("404"), "{text}");
    site.host.exec("test ! -e /ran").unwrap();
    assert_eq!(run(&urls[1]).unwrap_err().to_string(), "error installing docker: sorry");
    assert!(run(&urls[2]).unwrap_err().to_string().contains("no dockerd"));
    assert!(run(&urls[3]).unwrap().installed);
    site.docker(2376, &["version"]).unwrap();
}

#[test]
fn a_cut_connection_heals_with_the_next_run() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let wish = Wish::default();
    // Holds the restart up until the connection is gone.
    site.host.exec("mkfifo /run/gate && mkdir -p /etc/systemd/system/docker.service.d").unwrap();
    let gate = "[Service]\nExecStartPre=/bin/sh -c 'test ! -p /run/gate || read x </run/gate'\n";
    site.host.write("/etc/systemd/system/docker.service.d/05-gate.conf", gate).unwrap();
    let error = std::thread::scope(|scope| {
        let work = scope.spawn(|| site.provision(&wish));
        let written = format!("until [ -e {DROP_IN} ]; do sleep 0.05; done");
        site.host.exec(&written).unwrap();
        site.host.drop_ssh_connections().unwrap();
        work.join().unwrap().unwrap_err()
    });
    assert_eq!(error.kind(), ErrorKind::Indeterminate, "{error}");
    site.host.exec("echo >/run/gate; rm /run/gate").unwrap();
    site.provision(&wish).unwrap();
    site.docker(2376, &["version"]).unwrap();
    assert_eq!(site.host.exec("find /etc -name '*.machine-*'").unwrap(), "");
    site.host.exec("test ! -e /run/docker-machine.pending").unwrap();
}

#[test]
fn files_that_the_engine_has_not_read_yet_bring_a_restart() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.provision(&Wish::default()).unwrap();
    let pid = site.engine_pid();
    // As after a run that died between writing and restarting.
    site.host.exec(": >/run/docker-machine.pending").unwrap();
    assert!(site.provision(&Wish::default()).unwrap().restarted);
    assert_ne!(site.engine_pid(), pid);
    assert!(!site.provision(&Wish::default()).unwrap().restarted);
}

#[test]
fn the_end_of_the_hosts_boot_is_waited_for() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.host.exec("mkdir /run/cloud-init && : >/run/cloud-init/enabled").unwrap();
    std::thread::scope(|scope| {
        let work = scope.spawn(|| site.provision(&Wish::default()));
        while !site.heard(&Progress::WaitingForBoot) && !work.is_finished() {
            std::thread::yield_now();
        }
        site.host.exec("test ! -e /etc/docker/ca.pem && : >/run/cloud-init/result.json").unwrap();
        work.join().unwrap().unwrap();
    });
    assert!(site.heard(&Progress::WaitingForBoot));
}

#[test]
fn a_host_that_is_still_booting_is_waited_for() {
    let Some(bed) = Bed::or_skip() else { return };
    let site = Site::on(bed, bed.boot(HostKind::Docker).unwrap());
    site.provision(&Wish::default()).unwrap();
    site.docker(2376, &["version"]).unwrap();
}

#[test]
fn the_host_gets_its_name_only_where_asked() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    let (name, hosts) = (site.host.name(), site.host.exec("cat /etc/hosts").unwrap());
    site.provision(&Wish::default()).unwrap();
    assert_eq!(site.host.exec("hostname").unwrap().trim(), name);
    assert_eq!(site.host.exec("cat /etc/hosts").unwrap(), hosts);
    site.provision(&Wish { host_name: Some("web-1"), ..Wish::default() }).unwrap();
    assert_eq!(site.host.exec("cat /etc/hostname; hostname").unwrap(), "web-1\nweb-1\n");
    assert_eq!(site.host.exec("getent hosts web-1").unwrap().trim(), "127.0.1.1       web-1");
    let others = |text: &str| {
        text.lines().filter(|l| !l.starts_with("127.0.1.1")).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(others(&site.host.exec("cat /etc/hosts").unwrap()), others(&hosts));
}

#[test]
fn a_system_that_is_not_known_is_refused_untouched() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.host.exec("rm /etc/os-release; echo 'ID=plan9' >/etc/os-release").unwrap();
    let files = site.files();
    let error = site.provision(&Wish::default()).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.kind()),
        ("OS type not recognized", ErrorKind::Unsupported)
    );
    assert_eq!(site.files(), files);
}

#[test]
fn nothing_secret_stands_in_an_argument_list_on_the_host() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.host
        .exec("systemd-run -q --unit spy sh -c 'while :; do cat /proc/[0-9]*/cmdline; done >/run/spy 2>/dev/null'")
        .unwrap();
    site.provision(&Wish { user: "deploy", ..Wish::default() }).unwrap();
    site.host.exec("systemctl stop spy").unwrap();
    let seen = site.host.exec("tr '\\0' ' ' </run/spy | grep -ac systemctl").unwrap();
    assert_ne!(seen, "0\n");
    let secret = site.host.exec("sed -n 2p /etc/docker/server-key.pem").unwrap();
    let found = site.host.try_exec(&format!("grep -aqF '{}' /run/spy", secret.trim())).unwrap();
    assert_eq!(found.status, 1);
}

#[test]
fn scripts_run_in_the_small_shells_too() {
    let Some(site) = Site::of(HostKind::Docker) else { return };
    site.host
        .exec("dpkg-divert --local --rename --add /bin/sh >/dev/null; ln -sf bash /bin/sh")
        .unwrap();
    site.provision(&Wish::default()).unwrap();
    wait(async {
        let mut session = site.open("root").await.unwrap();
        let reply = session.run("echo ${BASH_VERSION:+bash}", LIMIT).await.unwrap();
        assert_eq!(reply.stdout, "bash\n");
    });
    assert!(!site.provision(&Wish::default()).unwrap().restarted);
}

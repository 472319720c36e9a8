//! Commands on machines that exist.
use crate::bench::Bench;
use machine_testbed::HostKind;

#[test]
fn files_are_copied_between_machines_and_certificates_are_made_anew() {
    let Some(bench) = Bench::or_skip() else { return };
    let hosts = bench.bed.hosts(HostKind::Docker, 2).unwrap();
    for (host, name) in hosts.iter().zip(["one", "two"]) {
        bench.create(host, &[], name).ok();
    }
    let local = bench.home().join("a file");
    std::fs::write(&local, "content\n").unwrap();
    let local = local.to_str().unwrap();
    assert_eq!(bench.run(&["scp", local, "one:/tmp/there"]).ok(), "");
    assert_eq!(bench.run(&["ssh", "one", "cat", "/tmp/there"]).ok(), "content\n");
    assert_eq!(bench.run(&["scp", "one:/tmp/there", "two:/tmp/beyond"]).ok(), "");
    assert_eq!(bench.run(&["ssh", "two", "cat", "/tmp/beyond"]).ok(), "content\n");
    bench.run(&["ssh", "one", "mkdir /tmp/folder && cp /tmp/there /tmp/folder"]).ok();
    let back = bench.home().join("back");
    bench.run(&["scp", "-r", "one:/tmp/folder", back.to_str().unwrap()]).ok();
    assert_eq!(std::fs::read_to_string(back.join("there")).unwrap(), "content\n");
    // Ports that differ: the second host listens at another one too.
    hosts[1]
        .exec("printf 'Port 22\\nPort 2222\\n' >>/etc/ssh/sshd_config && systemctl restart ssh")
        .unwrap();
    let config = bench.store().join("machines/two/config.json");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replace("\"SSHPort\": 22", "\"SSHPort\": 2222")).unwrap();
    bench.run(&["scp", "two:/tmp/beyond", "one:/tmp/again"]).ok();
    assert_eq!(bench.run(&["ssh", "one", "cat", "/tmp/again"]).ok(), "content\n");

    let server = || std::fs::read(bench.store().join("machines/one/server.pem")).unwrap();
    let before = server();
    let said = bench.run(&["regenerate-certs", "-f", "one"]).ok();
    let lines: Vec<_> = said.lines().collect();
    let want = [
        "Regenerating TLS certificates",
        "Waiting for SSH to be available...",
        "Detecting the provisioner...",
        "Provisioning with debian...",
        "Copying certs to the local machine directory...",
        "Copying certs to the remote machine...",
        "Setting Docker configuration on the remote daemon...",
    ];
    assert_eq!(lines, want);
    assert_ne!(server(), before);
    bench.docker("one", &["version"]).ok();
    assert_eq!(bench.run(&["provision", "one"]).ok().lines().collect::<Vec<_>>(), want[1..]);
    bench.docker("one", &["version"]).ok();
    bench.run(&["rm", "-y", "one", "two"]).ok();
}

#[test]
fn an_engine_is_upgraded() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Plain).unwrap();
    bench.create(&host, &[], "m").ok();
    let said = bench.run(&["upgrade", "m"]).ok();
    let want = "Waiting for SSH to be available...\nDetecting the provisioner...\n\
                Upgrading docker...\nRestarting docker...\n";
    assert_eq!(said, want);
    bench.docker("m", &["version"]).ok();
}

#[test]
fn a_script_is_run_in_place_of_the_installation() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Plain).unwrap();
    let script = bench.home().join("script");
    let text = "#!/bin/sh\nset -e\nread x || true\nhostname >/root/name\n\
                echo ran >>/root/ran\nexit $(cat /root/status 2>/dev/null || echo 0)\n";
    std::fs::write(&script, text).unwrap();
    let more = [
        "--custom-install-script",
        "script",
        "--hostname-override",
        "node-1",
        "--engine-label=a=b",
    ];
    let said = bench.create(&host, &more, "m").ok();
    let (before, after) = said.split_once("Provisioning with debian...\n").unwrap();
    assert!(before.starts_with("Running pre-create checks...\nCreating machine...\n"), "{said}");
    assert_eq!(after, "Running the custom install script...\n");
    let ran = "cat /root/ran /root/name /etc/hostname; command -v dockerd || echo none";
    assert_eq!(host.exec(ran).unwrap(), "ran\nnode-1\nnode-1\nnone\n");
    assert!(!bench.store().join("certs").exists(), "certificates that nobody needs");
    assert_eq!(host.exec("ls -d /tmp/tmp.* || true").unwrap(), "", "the script is left there");

    let gone = "Docker was not installed on machine";
    for (args, before) in [
        (["version", "m"], ""),
        (["config", "m"], "Error running connection boilerplate: "),
        (["env", "m"], "Error checking TLS connection: "),
    ] {
        let answer = bench.run(&args);
        assert_eq!((answer.exit, answer.stderr), (Some(1), format!("{before}{gone}\n")));
    }
    for args in [&["upgrade", "m"][..], &["regenerate-certs", "-f", "m"]] {
        let said = bench.run(args).ok();
        assert!(said.contains("Docker was not provisioned on machine m, "), "{said}");
    }
    bench.run(&["restart", "m"]).ok();

    // Again, with a script that fails; what it says is told.
    host.exec("echo 7 >/root/status").unwrap();
    std::fs::write(&script, format!("echo no such token >&2\n{text}")).unwrap();
    let answer = bench.run(&["provision", "m"]);
    let error = "the custom install script failed: no such token (exit status 7)\n";
    assert_eq!((answer.exit, answer.stderr.as_str()), (Some(1), error));
    assert_eq!(host.exec("cat /root/ran").unwrap(), "ran\nran\n");
    bench.run(&["rm", "-y", "m"]).ok();
}

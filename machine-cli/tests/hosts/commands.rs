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

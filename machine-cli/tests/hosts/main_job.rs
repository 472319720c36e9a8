use crate::bench::Bench;
use machine_testbed::HostKind;

/// Docker Machine's lines, in its order.
const LINES: &[&str] = &[
    "Running pre-create checks...",
    "Creating machine...",
    "(dev) Importing SSH key...",
    "Waiting for machine to be running, this may take a few minutes...",
    "Detecting operating system of created instance...",
    "Waiting for SSH to be available...",
    "Detecting the provisioner...",
    "Provisioning with debian...",
    "Copying certs to the local machine directory...",
    "Copying certs to the remote machine...",
    "Setting Docker configuration on the remote daemon...",
    "Checking connection to Docker...",
    "Docker is up and running!",
];

#[test]
fn a_host_becomes_a_docker_host_that_runs_a_container() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let before = host.ssh_logins().unwrap();
    let said = bench.create(&host, &[], "dev").ok();
    let lines: Vec<_> = said.lines().skip(2).collect(); // two name files of the store
    let (last, rest) = lines.split_last().unwrap();
    assert_eq!(rest, LINES);
    assert!(last.ends_with("run: docker-machine env dev") || last.contains(" env dev"), "{last}");
    assert_eq!(host.ssh_logins().unwrap() - before, 1, "one SSH connection");

    let url = format!("tcp://{}:2376", host.address());
    assert_eq!(bench.run(&["url", "dev"]).ok().trim(), url);
    let row = bench.run(&["ls"]).ok();
    let row: Vec<_> = row.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row, ["dev", "-", "generic", "Running", &url, "v20.10.24+dfsg1"]);

    bench.docker("dev", &["import", bench.bed.busybox().unwrap().to_str().unwrap(), "bb"]).ok();
    let said = bench.docker("dev", &["run", "--rm", "--network=none", "bb", "echo", "hello"]).ok();
    assert_eq!(said, "hello\n");

    assert_eq!(bench.run(&["ssh", "dev", "echo", "foo"]).ok(), "foo\n");
    bench.run(&["rm", "-y", "dev"]).ok();
    assert_eq!(bench.left(), Vec::<String>::new());
    assert_eq!(host.exec("systemctl is-active docker").unwrap().trim(), "active");
}

#[test]
fn a_host_without_docker_gets_the_distributions_own() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Plain).unwrap();
    let said = bench.create(&host, &[], "plain").ok();
    assert!(said.contains("Installing Docker...\n"), "{said}");
    let version = bench.docker("plain", &["version", "--format", "{{.Server.Version}}"]).ok();
    assert_eq!(version.trim(), "20.10.24+dfsg1");
    bench.run(&["rm", "-y", "plain"]).ok();
}

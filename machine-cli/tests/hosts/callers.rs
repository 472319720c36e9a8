//! What programs that call the binary do with it, one after the other, on real hosts.
use crate::answer::Answer;
use crate::bench::Bench;
use machine_testbed::{Host, HostKind};
use std::process::Command;

/// First argument of every call by GitLab Runner.
const TOKEN: &str = "--bugsnag-api-token=no-report";
/// A name of the form that it gives.
const NAME: &str = "runner-pu4ihlzh-c3-small-1618252113-969683af";

fn runner(bench: &Bench, args: &[&str]) -> Answer {
    bench.run(&[&[TOKEN], args].concat())
}

/// Its create: options as an administrator writes them, one argument each, name last.
fn create<'a>(options: &'a [String], more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["create", "--driver", "generic"];
    args.extend(options.iter().map(String::as_str));
    args.extend(more);
    args.push(NAME);
    args
}

fn options(host: &Host) -> Vec<String> {
    vec![
        format!("--generic-ip-address={}", host.address()),
        format!("--generic-ssh-key={}", host.ssh_key().display()),
        // Literal quotes, which a shell on the host once took away.
        "--engine-install-url='https://get.docker.com'".to_owned(),
        "--engine-storage-driver=overlay2".to_owned(),
    ]
}

/// After a create that failed: `inspect` when there is a `config.json`, `stop`, `rm -y`.
#[track_caller]
fn cleaned_up(bench: &Bench, has_entry: bool) {
    assert_eq!(bench.store().join("machines").join(NAME).join("config.json").exists(), has_entry);
    if has_entry {
        assert_eq!(runner(bench, &["inspect", NAME]).exit, Some(0));
        runner(bench, &["stop", NAME]); // its outcome is ignored
        assert_eq!(runner(bench, &["rm", "-y", NAME]).exit, Some(0));
    }
    assert_eq!(bench.left(), Vec::<String>::new());
}

#[test]
fn gitlab_runner_makes_uses_and_removes_a_machine() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let options = options(&host);

    // Each line of stderr would be logged as an error, each of stdout as it is.
    let said = runner(&bench, &create(&options, &[])).ok();
    assert!(!said.contains(['\u{1b}', '\r', '\u{8}']), "{said:?}");
    let machines = bench.store().join("machines");
    let seen = std::fs::read_dir(&machines).unwrap().map(|e| e.unwrap().file_name());
    assert_eq!(seen.collect::<Vec<_>>(), [NAME], "every folder there is taken for a machine");
    let config = std::fs::read(machines.join(NAME).join("config.json")).unwrap();
    let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
    assert_eq!(config["DriverName"], "generic");

    for _ in 0..3 {
        runner(&bench, &["config", NAME]).ok();
    }
    let url = runner(&bench, &["url", NAME]).ok();
    let path = "{{.HostOptions.AuthOptions.StorePath}}";
    let certs = runner(&bench, &["inspect", NAME, "-f", path]).ok();
    let mut docker = Command::new(bench.bed.docker_client());
    docker.args(["version", "--format", "{{.Server.Version}}"]).env_clear();
    docker.env("DOCKER_HOST", url.trim()).env("DOCKER_CERT_PATH", certs.trim());
    docker.env("DOCKER_TLS_VERIFY", "1").env("HOME", bench.home());
    assert_eq!(Answer::new(docker.output().unwrap()).ok().trim(), "20.10.24+dfsg1");

    // An engine that cannot be reached must fail `config`: the machine is removed then.
    host.exec("systemctl stop docker.socket docker").unwrap();
    let answer = runner(&bench, &["config", NAME]);
    assert_eq!((answer.exit, answer.stdout.as_str()), (Some(1), ""), "{answer:?}");
    runner(&bench, &["stop", NAME]);
    runner(&bench, &["rm", "-y", NAME]).ok();
    assert_eq!(bench.left(), Vec::<String>::new());
    let again = runner(&bench, &["rm", "-y", NAME]);
    assert_eq!(again.exit, Some(1), "{again:?}");
    assert_eq!(runner(&bench, &["rm", "-f", NAME]).exit, Some(0));
}

#[test]
fn gitlab_runner_cleans_up_what_failed_or_took_too_long() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let options = options(&host);

    let answer = runner(&bench, &create(&options, &["--generic-ssh-user=nobody-here"]));
    assert_eq!(answer.exit, Some(1), "{answer:?}");
    cleaned_up(&bench, true);
    let answer = runner(&bench, &create(&options, &["--generic-ssh-key=/nosuch"]));
    assert_eq!(answer.exit, Some(3), "{answer:?}");
    cleaned_up(&bench, false);

    // Past its time a command is killed: here while the host is set up, which waits for its lock.
    host.exec("mkfifo /run/held && (flock 9; cat /run/held) 9>/run/docker-machine.lock &").unwrap();
    let args = [&[TOKEN][..], &create(&options, &[])].concat();
    let mut running = bench.command(&args).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let mut lines =
        std::io::BufRead::lines(std::io::BufReader::new(running.stdout.take().unwrap()));
    let configuring = "Setting Docker configuration on the remote daemon...";
    assert!(lines.any(|line| line.unwrap() == configuring));
    running.kill().unwrap();
    running.wait().unwrap();
    host.exec("echo >/run/held").unwrap();
    cleaned_up(&bench, true);
    host.wait_docker().unwrap();
}

/// The cases of Docker Machine's own integration tests that any driver must pass, on one machine.
#[test]
fn the_cases_of_docker_machines_own_tests() {
    let Some(bench) = Bench::or_skip() else { return };
    let host = bench.bed.host(HostKind::Docker).unwrap();
    let answer = bench.run(&["inspect", "m"]);
    assert_eq!(answer.exit, Some(1));
    assert!(answer.stderr.starts_with("Docker machine \"m\" does not exist"), "{answer:?}");
    let more = [
        "--engine-label=spam=eggs",
        "--engine-storage-driver=overlay2",
        "--engine-insecure-registry=registry.myco.com",
        "--engine-env=TEST=VALUE",
        "--engine-opt=log-driver=none",
        "--tls-san=foo.bar.tld",
        "--tls-san=10.42.42.42",
    ];
    bench.create(&host, &more, "m").ok();

    // core-commands
    assert_eq!(bench.run(&["ls", "-q"]).ok(), "m\n");
    assert_eq!(bench.run(&["ls", "-q", "--filter", "state=Running"]).ok(), "m\n");
    let answer = bench.create(&host, &[], "m");
    assert_eq!((answer.exit, answer.stdout.as_str()), (Some(1), ""));
    assert_eq!(answer.stderr, "Docker machine \"m\" already exists\n");
    let url = bench.run(&["url", "m"]).ok();
    let ip = bench.run(&["ip", "m"]).ok();
    let address = host.address();
    assert_eq!(url, format!("tcp://{address}:2376\n"));
    assert_eq!(ip, format!("{address}\n"));
    assert_eq!(bench.run(&["version", "m"]).ok(), "20.10.24+dfsg1\n");
    assert_eq!(bench.run(&["status", "m"]).ok(), "Running\n");
    assert!(bench.run(&["ssh", "m", "--", "ls", "-lah", "/"]).ok().starts_with("total"));
    assert!(bench.run(&["ssh", "m", "--", "sudo", "docker", "version"]).ok().contains("Server:"));
    let flags = bench.run(&["config", "m"]).ok().replace('"', "");
    let flags: Vec<_> = flags.lines().collect();
    let mut docker = Command::new(bench.bed.docker_client());
    docker.args(&flags).args(["version", "--format", "{{.Server.Version}}"]);
    docker.env_clear().env("HOME", bench.home());
    assert_eq!(Answer::new(docker.output().unwrap()).ok(), "20.10.24+dfsg1\n");

    // env_shell
    let certs = bench.store().join("machines/m");
    let certs = certs.to_str().unwrap();
    let want = format!(
        "export DOCKER_TLS_VERIFY=\"1\"\nexport DOCKER_HOST=\"{}\"\n\
         export DOCKER_CERT_PATH=\"{certs}\"\nexport DOCKER_MACHINE_NAME=\"m\"\n\
         export NO_PROXY=\"{}\"\n",
        url.trim(),
        ip.trim()
    );
    let said = bench.run(&["env", "--shell", "bash", "--no-proxy", "m"]).ok();
    assert!(said.starts_with(&want), "{said}");

    // inspect_format
    assert_eq!(bench.run(&["inspect", "-f", "{{.DriverName}}", "m"]).ok(), "generic\n");
    assert_eq!(bench.run(&["inspect", "-f", "{{json .DriverName}}", "m"]).ok(), "\"generic\"\n");
    let pretty = bench.run(&["inspect", "-f", "{{prettyjson .Driver}}", "m"]).ok();
    assert!(pretty.lines().count() > 1, "{pretty}");

    // ssh-backends
    for backend in [&[][..], &["--native-ssh"]] {
        let ssh = |args: &[&str]| bench.run(&[backend, &["ssh", "m"], args].concat()).ok();
        assert!(ssh(&["df", "-h"]).contains("Filesystem"));
        // The built-in client runs it at a terminal, whose lines end otherwise.
        let end = if backend.is_empty() { "\n" } else { "\r\n" };
        assert_eq!(ssh(&["echo", "foo"]), format!("foo{end}"));
    }
    assert_eq!(bench.run(&["ssh", "m", "-C", "echo", "foo"]).ok(), "foo\n");

    // engine-options
    let info =
        bench.docker("m", &["info", "--format", "{{.Labels}} {{.Driver}} {{.LoggingDriver}}"]);
    let info = info.ok();
    assert!(info.contains("spam=eggs") && info.ends_with(" overlay2 none\n"), "{info}");
    let environ = host.exec("tr '\\0' '\\n' </proc/$(pidof dockerd)/environ").unwrap();
    assert!(environ.lines().any(|line| line == "TEST=VALUE"), "{environ}");
    let registries = "{{json .RegistryConfig.IndexConfigs}}";
    let info = bench.docker("m", &["info", "--format", registries]).ok();
    assert!(info.contains("registry.myco.com"), "{info}");

    // certs-extra-san and regenerate-certs
    let sans = "openssl x509 -noout -ext subjectAltName";
    let both = |text: &str| text.contains("DNS:foo.bar.tld") && text.contains("10.42.42.42");
    let names = || {
        let pem = host.exec("cat /etc/docker/server.pem").unwrap();
        std::fs::write(bench.home().join("pem"), pem).unwrap();
        let mut openssl = Command::new("sh");
        openssl.args(["-c", &format!("{sans} <pem")]).current_dir(bench.home());
        Answer::new(openssl.output().unwrap()).stdout
    };
    assert!(both(&names()), "{}", names());
    bench.run(&["regenerate-certs", "-f", "m"]).ok();
    assert!(both(&names()), "{}", names());
    bench.docker("m", &["version"]).ok();
    bench.run(&["rm", "-y", "m"]).ok();
}

//! `env`, `config` and `version NAME`, which connect to the engine.
use crate::engine;
use crate::home::{Home, config, with_driver};
use crate::platform::SHELL_MAY_BE_UNKNOWN;

/// A home with a machine whose engine answers, and its URL.
fn running() -> (Home, String) {
    let home = Home::new();
    home.line("create -d none --url tcp://127.0.0.1:1 dead");
    let url = format!("tcp://127.0.0.1:{}", engine::start(&home));
    home.line(&format!("create -d none --url {url} eng"));
    (home, url)
}

const CERTS: &str = "@HOME@/store/machines/eng";

#[test]
fn for_every_shell() {
    let (home, url) = running();
    for (shell, pattern, hint) in [
        ("sh", "export NAME=\"VALUE\"", "# eval $(LINE)"),
        ("bash", "export NAME=\"VALUE\"", "# eval $(LINE)"),
        ("POWERSHELL", "export NAME=\"VALUE\"", "# eval $(LINE)"),
        ("fish", "set -gx NAME \"VALUE\";", "# eval (LINE)"),
        ("tcsh", "setenv NAME \"VALUE\";", ": eval `LINE`"),
        ("powershell", "$Env:NAME = \"VALUE\"", "# & LINE | Invoke-Expression"),
        ("cmd", "SET NAME=VALUE", "REM \t@FOR /f \"tokens=*\" %i IN ('LINE') DO @%i"),
        (
            "emacs",
            "(setenv \"NAME\" \"VALUE\")",
            ";; (with-temp-buffer (shell-command \"LINE\" (current-buffer)) (eval-buffer))",
        ),
    ] {
        let line = format!("env --no-proxy --shell {shell} eng");
        let address = url.trim_start_matches("tcp://");
        let mut want = String::new();
        for (name, value) in [
            ("DOCKER_TLS_VERIFY", "1"),
            ("DOCKER_HOST", url.as_str()),
            ("DOCKER_CERT_PATH", CERTS),
            ("DOCKER_MACHINE_NAME", "eng"),
            ("NO_PROXY", address),
        ] {
            want.push_str(&pattern.replace("NAME", name).replace("VALUE", value));
            want.push('\n');
        }
        let comment = hint.split(' ').next().unwrap();
        want.push_str(&format!("{comment} Run this command to configure your shell: \n"));
        want.push_str(&hint.replace("LINE", &format!("docker-machine {line}")));
        want.push('\n');
        home.prints(&line, &want);
    }
}

#[test]
fn unset_needs_no_machine_and_no_store() {
    let home = Home::new();
    for (shell, pattern) in [
        ("sh", "unset NAME"),
        ("fish", "set -e NAME;"),
        ("tcsh", "unsetenv NAME;"),
        ("powershell", "Remove-Item Env:\\\\NAME"),
        ("cmd", "SET NAME="),
        ("emacs", "(setenv \"NAME\" nil)"),
    ] {
        let answer = home.line(&format!("env -u --shell {shell}"));
        assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{shell}");
        let lines: Vec<_> = answer.out.lines().collect();
        let names = ["DOCKER_TLS_VERIFY", "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_MACHINE_NAME"];
        let want: Vec<_> = names.iter().map(|name| pattern.replace("NAME", name)).collect();
        assert_eq!(lines[..4], want, "{shell}");
        assert_eq!(lines.len(), 6, "{shell}");
    }
    assert!(!home.store().exists());
    home.fails("env -u foo", "Error: Expected no machine name when the -u flag is present\n");
}

/// Docker Machine appends the variable's value to its name.
#[test]
fn unset_names_the_proxy_variable_alone() {
    let mut home = Home::new();
    home.set("NO_PROXY", "A");
    let proxy = |home: &Home| home.line("env -u --no-proxy").out.lines().nth(4).map(str::to_owned);
    assert_eq!(proxy(&home).as_deref(), Some("unset NO_PROXY"));
    home.set("no_proxy", "a");
    assert_eq!(proxy(&home).as_deref(), Some("unset no_proxy"));
}

#[test]
fn the_shell_is_found_by_its_variable() {
    let (mut home, _) = running();
    for (shell, first) in [
        ("/usr/bin/fish", "set -gx DOCKER_TLS_VERIFY \"1\";"),
        ("/opt/xyz", "export DOCKER_TLS_VERIFY=\"1\""),
    ] {
        home.set("SHELL", shell);
        assert_eq!(home.line("env eng").out.lines().next(), Some(first));
    }
    if SHELL_MAY_BE_UNKNOWN {
        home.set("SHELL", "");
        home.check(
            "env eng",
            1,
            "The default lines below are for a sh/bash shell, you can specify the shell you're \
             using, with the --shell flag.\n\n",
            "Error: Unknown shell\n",
        );
        assert_eq!(home.line("env --shell sh eng").code, Some(0));
    }
}

#[test]
fn the_address_joins_the_proxy_variable_once() {
    let (mut home, url) = running();
    let address = url.trim_start_matches("tcp://").to_owned();
    let fifth =
        |home: &Home| home.line("env --no-proxy eng").out.lines().nth(4).unwrap().to_owned();
    home.set("NO_PROXY", "localhost");
    assert_eq!(fifth(&home), format!("export NO_PROXY=\"localhost,{address}\""));
    home.set("NO_PROXY", &format!("x,{address},y"));
    assert_eq!(fifth(&home), format!("export NO_PROXY=\"x,{address},y\""));
    home.set("no_proxy", "");
    assert_eq!(fifth(&home), format!("export NO_PROXY=\"x,{address},y\""));
    home.set("no_proxy", "b");
    assert_eq!(fifth(&home), format!("export no_proxy=\"b,{address}\""));
}

#[test]
fn config_for_a_client() {
    let (home, url) = running();
    let want = format!(
        "--tlsverify\n--tlscacert=\"{CERTS}/ca.pem\"\n--tlscert=\"{CERTS}/cert.pem\"\n\
         --tlskey=\"{CERTS}/key.pem\"\n-H={url}\n"
    );
    home.prints("config eng", &want);
    home.prints("config eng dead", &want);
}

#[test]
fn an_engine_that_does_not_answer() {
    let (home, _) = running();
    let cause = "Error checking and/or regenerating the certs: There was an error validating \
                 certificates for host \"127.0.0.1:1\": dial tcp 127.0.0.1:1: connect: connection \
                 refused\n\
                 You can attempt to regenerate them using 'docker-machine regenerate-certs \
                 [name]'.\n\
                 Be advised that this will trigger a Docker daemon restart which might stop \
                 running containers.\n\n";
    home.fails("config dead", &format!("Error running connection boilerplate: {cause}"));
    home.fails("env dead", &format!("Error checking TLS connection: {cause}"));
    home.fails(
        "version dead",
        "Unable to query docker version: Cannot connect to the docker engine endpoint\n",
    );
    let base = "\"IPAddress\": \"127.0.0.1\", \"SSHPort\": 1";
    home.add("off", &with_driver("off", "generic", &format!("{{{base}}}")));
    home.fails("url off", "Host is not running\n");
    home.fails("version off", "Unable to query docker version: Host is not running\n");
}

#[test]
fn classic_swarm_at_its_own_port() {
    let (home, url) = running();
    let port = url.rsplit(':').next().unwrap();
    let master = config("swm")
        .replace("127.0.0.1:1", url.trim_start_matches("tcp://"))
        .replace("\"Master\": false", "\"Master\": true");
    home.add("swm", &master.replace("0.0.0.0:3376", &format!("0.0.0.0:{port}")));
    home.add("off", &master.replace("0.0.0.0:3376", "0.0.0.0:1"));
    assert_eq!(home.line("config --swarm swm").out.lines().nth(4), Some(&*format!("-H={url}")));
    home.fails(
        "config --swarm eng",
        "Error running connection boilerplate: \"eng\" is not a swarm master. The --swarm flag is \
         intended for use with swarm masters\n",
    );
    home.add("bad", &config("bad").replace("tcp://127.0.0.1:1", "127.0.0.1:1"));
    home.fails(
        "config --swarm bad",
        "Error running connection boilerplate: \"bad\" is not a swarm master. The --swarm flag is \
         intended for use with swarm masters\n",
    );
    home.fails(
        "config bad",
        "Error running connection boilerplate: Error parsing URL: parse \"127.0.0.1:1\": first path \
         segment in URL cannot contain colon\n",
    );
    home.fails(
        "config --swarm off",
        "Error running connection boilerplate: Connection to Swarm cannot be checked but the certs \
         are valid. Maybe swarm is not started\n",
    );
}

#[test]
fn versions_of_engines() {
    let (mut home, url) = running();
    home.prints("version eng", "20.10.7\n");
    home.prints(
        "ls -f {{.Name}}:{{.DockerVersion}}:{{.Error}} --filter name=eng",
        "eng:v20.10.7:\n",
    );
    home.set("DOCKER_HOST", &url);
    home.prints("active", "eng\n");
    home.prints("ls -f {{.Active}} --filter name=eng", "*\n");
}

/// What GitLab Runner does to a machine, in its order.
#[test]
fn as_gitlab_runner_calls_it() {
    let (home, url) = running();
    let t = "--bugsnag-api-token=no-report";
    let options = format!("--driver none --url={url} --engine-install-url='https://x.test'");
    let name = "runner-pu4ihlzh-c3-small-1618252113-969683af";
    assert_eq!(home.line(&format!("{t} create {options} {name}")).code, Some(0));
    for _ in 0..3 {
        assert_eq!(home.line(&format!("{t} config {name}")).code, Some(0));
    }
    home.prints(&format!("{t} url {name}"), &format!("{url}\n"));
    home.prints(
        &format!("{t} inspect {name} -f {{{{.HostOptions.AuthOptions.StorePath}}}}"),
        &format!("@HOME@/store/machines/{name}\n"),
    );
    home.prints(
        &format!("{t} inspect {name} -f {{{{.HostOptions.EngineOptions.InstallURL}}}}"),
        "https://x.test\n",
    );
    assert_eq!(home.line(&format!("{t} config dead")).code, Some(1));
    assert_eq!(home.line(&format!("{t} stop {name}")).code, Some(1));
    assert_eq!(home.line(&format!("{t} rm -y {name}")).code, Some(0));
    assert_eq!(home.line(&format!("{t} rm -f {name}")).code, Some(0));
    assert!(!home.machine(name).exists());
}

#[test]
fn the_programs_name_is_only_shown() {
    let (home, _) = running();
    let mut command = home.command(&["env", "eng"]);
    crate::platform::rename_to(&mut command, "/no such/docker-machine");
    let output = command.output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{out}");
    if crate::platform::NAMES_ARE_FREE {
        assert!(out.ends_with("# eval $(\"/no such/docker-machine\" env eng)\n"), "{out}");
    }
}

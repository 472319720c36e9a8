use super::*;
use crate::provision::systemd::{UnitFile, effective};
use proptest::prelude::*;

const DEBIAN: &str =
    "/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock $DOCKER_OPTS";
const LISTEN: &str = "tcp://0.0.0.0:2376";
const TLS: &str = "--tlsverify --tlscacert /etc/docker/ca.pem --tlscert /etc/docker/server.pem \
                   --tlskey /etc/docker/server-key.pem";
const JSON: &str = "/etc/docker/daemon.json";

/// A host by its ExecStart, its DOCKER_OPTS and its daemon.json.
fn host<'a>(exec_start: &str, opts: Option<&str>, json: Option<&'a str>) -> Host<'a> {
    let text = format!("[Service]\nExecStart={exec_start}\n");
    let unit = UnitFile { path: "/lib/systemd/system/docker.service".into(), text };
    let file = "/etc/default/docker".to_owned();
    let env = opts.map(|o| ("DOCKER_OPTS".to_owned(), (o.to_owned(), file)));
    Host {
        effective: effective(&[unit]).unwrap(),
        env: env.into_iter().collect(),
        config: (JSON, json),
    }
}

fn command(host: &Host<'_>, asked: &EngineFlags<'_>) -> String {
    let text = compose(host, asked, "generic", LISTEN).unwrap().drop_in;
    text.lines().find_map(|l| l.strip_prefix("ExecStart=/")).unwrap().to_owned()
}

fn refusal(host: &Host<'_>, asked: &EngineFlags<'_>) -> String {
    compose(host, asked, "generic", LISTEN).unwrap_err().to_string()
}

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|i| (*i).to_owned()).collect()
}

#[test]
fn options_stand_in_docker_machines_order_behind_the_hosts_own() {
    let (labels, env) = (list(&["x=y"]), list(&["A=b", "HTTP_PROXY=http://p"]));
    let (insecure, mirrors) = (list(&["reg:5000"]), list(&["http://mirror"]));
    let flags = list(&["foo=bar", "debug", "log-opt max-size=10m"]);
    let asked = EngineFlags {
        arbitrary_flags: &flags,
        env: &env,
        insecure_registry: &insecure,
        labels: &labels,
        registry_mirror: &mirrors,
        storage_driver: "overlay2",
    };
    let composed = compose(&host(DEBIAN, None, None), &asked, "generic", LISTEN).unwrap();
    let expected = format!(
        "[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd \
         --containerd=/run/containerd/containerd.sock $DOCKER_OPTS -H {LISTEN} -H fd:// \
         --storage-driver overlay2 {TLS} --label x=y --label provider=generic \
         --insecure-registry reg:5000 --registry-mirror http://mirror --foo=bar --debug \
         --log-opt max-size=10m\nEnvironment=\"A=b\" \"HTTP_PROXY=http://p\"\n"
    );
    assert_eq!(composed.drop_in, expected);
    let dry_run = composed.dry_run.unwrap().join(" ");
    let start = format!(
        "/usr/sbin/dockerd --containerd=/run/containerd/containerd.sock -H {LISTEN} -H fd://"
    );
    assert!(dry_run.starts_with(&start), "{dry_run}");
}

#[test]
fn a_plain_host_needs_no_dry_run_and_no_environment() {
    let composed =
        compose(&host(DEBIAN, None, None), &EngineFlags::default(), "generic", LISTEN).unwrap();
    assert_eq!(composed.dry_run, None);
    assert!(!composed.drop_in.contains("Environment"), "{}", composed.drop_in);
}

#[test]
fn the_users_flags_stay_and_the_usual_socket_is_there() {
    let asked = EngineFlags::default();
    let line = command(&host("/usr/bin/dockerd --data-root \"/my data\"", None, None), &asked);
    assert_eq!(
        line,
        format!(
            "usr/bin/dockerd --data-root \"/my data\" -H {LISTEN} -H unix:///var/run/docker.sock \
             {TLS} --label provider=generic"
        )
    );
    let line = command(&host(DEBIAN, Some("--data-root /d -H unix:///other.sock"), None), &asked);
    assert!(line.contains("$DOCKER_OPTS -H tcp://0.0.0.0:2376 -H fd:// --tls"), "{line}");
}

#[test]
fn flags_that_say_the_same_already_are_not_given_twice() {
    let asked = EngineFlags::default();
    let same = format!("/usr/bin/dockerd -H {LISTEN} -H unix:///run/docker.sock {TLS}");
    let line = command(&host(&same, None, None), &asked);
    assert_eq!(line.matches("--tlscacert").count(), 1);
    assert_eq!(line.matches(LISTEN).count(), 1);
    assert!(line.contains("-H unix:///run/docker.sock"), "{line}");
    let line = command(&host(DEBIAN, Some("-H tcp://:2376 --tlsverify"), None), &asked);
    assert!(!line.contains("tcp://") && !line.contains("--tlsverify"), "{line}");
}

#[test]
fn conflicting_flags_are_named_with_their_file() {
    let asked = EngineFlags::default();
    for (line, opts, parts) in [
        ("/d/dockerd --tlscert=/my.pem", None, ["docker.service", "--tlscert", "/my.pem"]),
        ("/d/dockerd --tlsverify=false", None, ["docker.service", "--tlsverify", "false"]),
        ("/d/dockerd -H tcp://127.0.0.1:2376", None, ["docker.service", "--host", LISTEN]),
        (DEBIAN, Some("-H tcp://:2375"), ["/etc/default/docker", "--host", "tcp://:2375"]),
    ] {
        let text = refusal(&host(line, opts, None), &asked);
        assert!(parts.iter().all(|p| text.contains(p)), "{text}");
    }
    let text = refusal(&host("/bin/sh -c dockerd", None, None), &asked);
    assert!(text.contains("/bin/sh"), "{text}");
}

#[test]
fn what_daemon_json_sets_is_left_out() {
    let json = r#"{"hosts": ["unix:///run/docker.sock", "tcp://[::]:2376"], "tlsverify": true,
        "tlscacert": "/etc/docker/ca.pem", "tlscert": "/etc/docker/server.pem",
        "tlskey": "/etc/docker/server-key.pem", "labels": ["a=b", "c=d"], "debug": true,
        "storage-driver": "vfs", "log-opts": {"max-size": "1m"}, "insecure-registries": ["r"]}"#;
    let (labels, insecure) = (list(&["a=b"]), list(&["r"]));
    let flags = list(&["debug", "log-opt=max-size=1m", "dns=8.8.8.8"]);
    let asked = EngineFlags {
        labels: &labels,
        insecure_registry: &insecure,
        arbitrary_flags: &flags,
        storage_driver: "vfs",
        ..EngineFlags::default()
    };
    let line = command(&host("/usr/bin/dockerd -H fd:// -D", None, Some(json)), &asked);
    assert_eq!(line, "usr/bin/dockerd -D --dns=8.8.8.8");
}

#[test]
fn conflicts_with_daemon_json_name_the_key() {
    let labels = list(&["x=y"]);
    let flags = list(&["log-driver=syslog"]);
    let none = EngineFlags::default();
    let labelled = EngineFlags { labels: &labels, ..none };
    let logging = EngineFlags { arbitrary_flags: &flags, ..none };
    for (json, asked, parts) in [
        (r#"{"tlscert": "/x"}"#, none, ["\"tlscert\"", "/x", "/etc/docker/server.pem"]),
        (r#"{"hosts": ["fd://"]}"#, none, ["\"hosts\"", "fd://", LISTEN]),
        (r#"{"hosts": "tcp://127.0.0.1:2376"}"#, none, ["\"hosts\"", "127.0.0.1", LISTEN]),
        (r#"{"tlsverify": false}"#, none, ["\"tlsverify\"", "false", "true"]),
        (r#"{"tls": false}"#, none, ["\"tls\"", "false", "true"]),
        (r#"{"labels": ["a=b"]}"#, labelled, ["\"labels\"", "a=b", "x=y"]),
        (r#"{"log-driver": "local"}"#, logging, ["\"log-driver\"", "local", "--engine-opt"]),
        ("[]", none, [JSON, "not", "object"]),
        ("{", none, [JSON, "not", "JSON"]),
    ] {
        let text = refusal(&host(DEBIAN, None, Some(json)), &asked);
        assert!(parts.iter().all(|p| text.contains(p)), "{text}");
        assert!(text.contains(JSON), "{text}");
    }
}

#[test]
fn an_empty_daemon_json_says_nothing() {
    let line = command(&host(DEBIAN, None, Some("\u{feff} \n")), &EngineFlags::default());
    assert!(line.contains("--tlsverify"), "{line}");
}

#[test]
fn the_drivers_label_gives_way_to_another_provider() {
    let labels = list(&["'provider=mine'", "a=b", "a=b"]);
    let asked = EngineFlags { labels: &labels, ..EngineFlags::default() };
    let line = command(&host(DEBIAN, None, None), &asked);
    assert!(line.ends_with("--label provider=mine --label a=b"), "{line}");
    let line = command(&host("/d/dockerd --label provider=x", None, None), &EngineFlags::default());
    assert!(!line.contains("provider=generic"), "{line}");
    let json = Some(r#"{"labels": ["q=r"]}"#);
    let line = command(&host(DEBIAN, None, json), &EngineFlags::default());
    assert!(!line.contains("--label"), "{line}");
}

#[test]
fn an_option_that_would_turn_tls_off_is_refused() {
    for flag in ["tlsverify=false", "--tlskey=/x", "tls false", "=x", ""] {
        let flags = list(&[flag]);
        let asked = EngineFlags { arbitrary_flags: &flags, ..EngineFlags::default() };
        let text = refusal(&host(DEBIAN, None, None), &asked);
        assert!(text.contains("--engine-opt"), "{text}");
    }
    let flags = list(&["tlsverify"]);
    let asked = EngineFlags { arbitrary_flags: &flags, ..EngineFlags::default() };
    assert_eq!(command(&host(DEBIAN, None, None), &asked).matches("--tlsverify").count(), 1);
}

#[test]
fn old_engines_keep_their_own_command() {
    let line =
        command(&host("/usr/bin/docker daemon -H fd://", None, None), &EngineFlags::default());
    assert!(line.starts_with("usr/bin/docker daemon -H tcp://"), "{line}");
}

proptest! {
    #[test]
    fn any_daemon_json_is_survived(json: String, key in "[a-z]{1,8}") {
        for text in [json.clone(), format!("{{\"{key}\": {json}}}"), format!("{{\"hosts\": {json:?}}}")] {
            let host = host(DEBIAN, Some(&json), Some(&text));
            let _ = compose(&host, &EngineFlags::default(), "generic", LISTEN);
        }
    }

    #[test]
    fn any_options_come_as_one_line(values in prop::collection::vec("[^\0]{1,20}", 1..4)) {
        let asked = EngineFlags { labels: &values, env: &values, ..EngineFlags::default() };
        let host = host(DEBIAN, None, None);
        let text = compose(&host, &asked, "generic", LISTEN).unwrap().drop_in;
        prop_assert_eq!(text.lines().count(), 4, "{}", text);
    }
}

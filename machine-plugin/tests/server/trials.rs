use crate::go;
use crate::host::Host;
use libtest_mimic::{Arguments, Trial};
use machine_core::{
    Cx, ErrorKind, Event, MachineState, MemoryJournal, OptionValue, Options, Provider, State,
};
use machine_host::RealClock;
use machine_plugin::PluginProvider;
use serde_json::json;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// A test with a host of its own.
type Hosted = fn(&Host);

pub(crate) fn run() -> ExitCode {
    let alone: [(&str, fn()); 3] = [
        ("by_hand_it_says_what_it_is", by_hand_it_says_what_it_is),
        ("others_than_clients_are_refused", others_than_clients_are_refused),
        ("without_heartbeat_it_ends", without_heartbeat_it_ends),
    ];
    let hosted: [(&str, Hosted); 10] = [
        ("options_become_flags", options_become_flags),
        ("a_whole_life", a_whole_life),
        ("errors_reach_the_host", errors_reach_the_host),
        ("a_failed_create_unwinds", a_failed_create_unwinds),
        ("a_panic_is_an_error", a_panic_is_an_error),
        ("what_a_dead_create_left_is_removed", what_a_dead_create_left_is_removed),
        ("machines_of_others_are_taken_over", machines_of_others_are_taken_over),
        ("our_own_client_drives_it", our_own_client_drives_it),
        ("none_is_served", none_is_served),
        ("generic_is_served", generic_is_served),
    ];
    let mut trials: Vec<_> = alone.map(|(name, test)| trial(name, test)).into();
    trials.extend(hosted.map(|(name, test)| match go::program("client") {
        Some(program) => trial(name, move || test(&Host::new(program))),
        None => trial(name, || ()).with_ignored_flag(true),
    }));
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

fn trial(name: &str, test: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        test();
        Ok(())
    })
}

fn options_become_flags(host: &Host) {
    let flags = host.ok("folder", &["flags"]);
    let flag = |name, kind, env, usage, default: serde_json::Value| json!({"name": name, "kind": kind, "env": env, "usage": usage, "default": default});
    assert_eq!(
        flags,
        json!([
            flag("folder-text", "StringFlag", "FOLDER_TEXT", "a text", json!("dflt")),
            flag("folder-number", "IntFlag", "", "a number", json!(-3)),
            flag("folder-switch", "BoolFlag", "", "a switch", json!(null)),
            flag("folder-list", "StringSliceFlag", "", "a list", json!(["d"])),
            flag("folder-token", "StringFlag", "FOLDER_TOKEN", "a secret", json!("")),
            flag("folder-behave", "StringFlag", "", "what goes wrong", json!("")),
        ])
    );
}

const TOKEN: &str = "folder-token=good";

fn a_whole_life(host: &Host) {
    let given = ["create", TOKEN, "folder-text=ours", "folder-switch=true", "folder-list=a,b"];
    host.ok("folder", &given);
    let settings = host.settings();
    for (field, value) in [
        ("Text", json!("ours")),
        ("Number", json!(-3)),
        ("Switch", json!(true)),
        ("List", json!(["a", "b"])),
        ("Behave", json!("nothing")),
        ("InstallUrl", json!("https://get.docker.com")),
        ("SwarmHost", json!("tcp://0.0.0.0:3376")),
        ("MachineName", json!("m1")),
        ("ServerId", json!("server-m1")),
        ("PluginCredentials", json!("token")),
    ] {
        assert_eq!(settings[field], value, "{field}");
    }
    assert!(!settings.to_string().contains("good"), "{settings}");
    assert_eq!(host.cloud().into_iter().collect::<Vec<_>>(), ["key-m1", "server-m1"]);
    let key = host.store().join("machines/m1/id_rsa");
    assert_eq!(settings["SSHKeyPath"], json!(key));
    let private = Command::new("find").arg(&key).args(["-perm", "600"]).output().unwrap();
    assert!(!private.stdout.is_empty(), "others can read the key");
    assert!(settings["PublicKey"].as_str().unwrap().starts_with("ssh-ed25519 "));
    assert_eq!(host.journals().len(), 1);

    let seen = json!({
        "driver": "folder", "machine": "m1", "state": "Running", "url": "tcp://127.0.0.1:2376",
        "ip": "127.0.0.1", "host": "127.0.0.1", "port": 2222, "user": "admin", "key": key,
    });
    assert_eq!(host.ok("folder", &["look"]), seen);
    host.ok("folder", &["stop"]);
    let stopped = host.ok("folder", &["look"]);
    assert_eq!(stopped["state"], "Stopped");
    assert_eq!(stopped["url"], "error: Host is not running");
    assert_eq!(stopped["ip"], "error: IP address is not set");
    host.ok("folder", &["start"]);
    assert_eq!(host.ok("folder", &["look"])["state"], "Running");
    host.ok("folder", &["kill"]);
    assert_eq!(host.ok("folder", &["look"])["state"], "Stopped");
    host.ok("folder", &["restart"]);
    assert_eq!(host.ok("folder", &["look"])["state"], "Running");
    let upgrade = host.err("folder", &["upgrade"]);
    assert_eq!(upgrade, "rpc: can't find method RPCServerDriver.Upgrade");
    host.ok("folder", &["remove"]);
    assert!(host.cloud().is_empty() && host.journals().is_empty());
    assert_eq!(host.err("folder", &["look"]), "server not found");
}

fn errors_reach_the_host(host: &Host) {
    assert_eq!(host.err("folder", &["create"]), "flags: folder-token is wrong");
    let check = host.err("folder", &["create", TOKEN, "folder-behave=check"]);
    assert_eq!(check, "check: folder.check: not allowed");
    assert!(host.cloud().is_empty() && host.journals().is_empty());
}

fn a_failed_create_unwinds(host: &Host) {
    let error = host.err("folder", &["create", TOKEN, "folder-behave=error"]);
    assert_eq!(error, "no more servers: limit 10");
    assert!(host.cloud().is_empty());
    host.ok("folder", &["remove"]);
    assert!(host.journals().is_empty());
}

fn a_panic_is_an_error(host: &Host) {
    let error = host.err("folder", &["create", TOKEN, "folder-behave=panic"]);
    assert!(error.starts_with("Panic in the driver: "), "{error}");
    assert!(error.contains("out of cheese"), "{error}");
}

/// It dies between effect and record: nothing but the journal knows.
fn what_a_dead_create_left_is_removed(host: &Host) {
    host.err("folder", &["create", TOKEN, "folder-behave=exit"]);
    assert_eq!(host.cloud().into_iter().collect::<Vec<_>>(), ["key-m1"]);
    host.ok("folder", &["remove"]);
    assert!(host.cloud().is_empty() && host.journals().is_empty());
}

/// Their settings have no id, and there is no journal.
fn machines_of_others_are_taken_over(host: &Host) {
    host.ok("folder", &["create", TOKEN]);
    host.set_settings(&json!({
        "MachineName": "m1", "StorePath": host.store(), "ServerId": "server-m1", "Other": 1,
    }));
    host.ok("folder", &["stop"]);
    let settings = host.settings();
    assert_eq!(settings["Other"], 1);
    assert!(settings["PluginMachineId"].as_str().is_some_and(|id| !id.is_empty()));
    host.ok("folder", &["remove"]);
    assert!(!host.cloud().contains("server-m1"));
}

fn our_own_client_drives_it(host: &Host) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let provider = PluginProvider::new(host.driver());
        let (journal, clock) = (MemoryJournal::default(), RealClock::default());
        let said = Mutex::new(Vec::new());
        let events = |event: Event| said.lock().unwrap().push(event);
        let mut cx = Cx::new("id", "m1", &journal, &clock, &events);
        let store = host.store();
        cx.store = &store;
        let specs = provider.options().await.unwrap();
        assert_eq!(specs.len(), 6);
        let token = ("folder-token".to_owned(), OptionValue::Text("good".to_owned()));
        let options = Options::new(&specs, [token]).unwrap();
        let mut state = provider.prepare(&cx, &options).await.unwrap().state;
        provider.check(&cx, &mut state).await.unwrap();
        std::fs::create_dir_all(store.join("machines/m1")).unwrap();
        provider.create(&cx, &mut state).await.unwrap();
        assert!(said.lock().unwrap().contains(&Event::Said { line: "booting".to_owned() }));
        assert_eq!(host.cloud().len(), 2);
        let state_of = async |state: &State| provider.statuses(&[state]).await.remove(0);
        assert_eq!(state_of(&state).await.unwrap().state, MachineState::Running);
        provider.stop(&cx, &mut state).await.unwrap();
        assert_eq!(state_of(&state).await.unwrap().state, MachineState::Stopped);
        provider.remove(&cx, &mut state).await.unwrap();
        assert!(host.cloud().is_empty() && host.journals().is_empty());
        assert_eq!(state_of(&state).await.unwrap_err().kind(), ErrorKind::NotFound);
    });
}

fn none_is_served(host: &Host) {
    host.ok("none", &["create", "url=tcp://127.0.0.1:2376"]);
    let seen = host.ok("none", &["look"]);
    assert_eq!((&seen["driver"], &seen["url"]), (&json!("none"), &json!("tcp://127.0.0.1:2376")));
    assert!(host.err("none", &["stop"]).contains("cannot be stopped"));
    host.ok("none", &["remove"]);
}

fn generic_is_served(host: &Host) {
    // A port on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let port = format!("generic-ssh-port={port}");
    host.ok("generic", &["create", "generic-ip-address=127.0.0.1", &port, "generic-ssh-user=me"]);
    let seen = host.ok("generic", &["look"]);
    assert_eq!((&seen["driver"], &seen["state"]), (&json!("generic"), &json!("Stopped")));
    assert!(host.err("generic", &["start"]).contains("does not support start"));
    host.ok("generic", &["remove"]);
}

fn by_hand_it_says_what_it_is() {
    let me = std::env::current_exe().unwrap();
    let output = Command::new(me).env("MACHINE_PLUGIN_BY_HAND", "1").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.starts_with("This is a Docker Machine plugin binary.\n"), "{said}");
    assert!(said.ends_with("(API version: 1)\n"), "{said}");
}

fn plugin() -> (std::process::Child, BufReader<std::process::ChildStdout>, String) {
    let mut me = Command::new(std::env::current_exe().unwrap());
    me.env("MACHINE_PLUGIN_TOKEN", "42").env("MACHINE_PLUGIN_DRIVER_NAME", "folder");
    let mut plugin = me.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(plugin.stdout.take().unwrap());
    let mut address = String::new();
    out.read_line(&mut address).unwrap();
    (plugin, out, address.trim().to_owned())
}

fn others_than_clients_are_refused() {
    let (mut plugin, _out, address) = plugin();
    let ask = |request: &[u8]| {
        let mut socket = TcpStream::connect(&address).unwrap();
        socket.write_all(request).unwrap();
        let mut answer = String::new();
        // It closes, in good order or not.
        socket.read_to_string(&mut answer).ok();
        answer
    };
    assert!(ask(b"GET /_goRPC_ HTTP/1.0\n\n").ends_with("405 must CONNECT\n"));
    assert!(ask(b"GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.0 404 "));
    let garbage = [&b"CONNECT /_goRPC_ HTTP/1.0\n\n"[..], &[0xf8, 0x7f, 0xff, 0xff, 0xff]].concat();
    let mut socket = TcpStream::connect(&address).unwrap();
    socket.write_all(&[&garbage[..], &[0xff; 8]].concat()).unwrap();
    let mut answer = Vec::new();
    socket.read_to_end(&mut answer).ok();
    assert_eq!(String::from_utf8(answer).unwrap(), "HTTP/1.0 200 Connected to Go RPC\n\n");
    assert!(plugin.try_wait().unwrap().is_none(), "others are still served");
    plugin.kill().unwrap();
    plugin.wait().unwrap();
}

fn without_heartbeat_it_ends() {
    let (mut plugin, mut out, _) = plugin();
    let start = Instant::now();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap(); // until it ends
    assert_eq!(plugin.wait().unwrap().code(), Some(1));
    // Promised to hosts: not before, and soon after.
    assert!(start.elapsed() >= Duration::from_secs(9), "{:?}", start.elapsed());
}

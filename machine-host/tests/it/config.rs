use crate::support::{entry, put};
use machine_core::ErrorKind;
use machine_host::{EngineOptions, Entry, Own, Store};
use serde_json::{Value, json};
use std::path::Path;

/// As Docker Machine 0.16.2 writes it.
const NONE: &str = r#"{
    "ConfigVersion": 3,
    "Driver": {
        "IPAddress": "127.0.0.1:2376",
        "MachineName": "foo",
        "SSHUser": "",
        "SSHPort": 0,
        "SSHKeyPath": "",
        "StorePath": "/home/user/.docker/machine",
        "SwarmMaster": false,
        "SwarmHost": "",
        "SwarmDiscovery": "",
        "URL": "tcp://127.0.0.1:2376"
    },
    "DriverName": "none",
    "HostOptions": {
        "Driver": "",
        "Memory": 0,
        "Disk": 0,
        "EngineOptions": {
            "ArbitraryFlags": [],
            "Dns": null,
            "GraphDir": "",
            "Env": [],
            "Ipv6": false,
            "InsecureRegistry": [],
            "Labels": [],
            "LogLevel": "",
            "StorageDriver": "",
            "SelinuxEnabled": false,
            "TlsVerify": true,
            "RegistryMirror": [],
            "InstallURL": "https://get.docker.com"
        },
        "SwarmOptions": {
            "IsSwarm": false,
            "Address": "",
            "Discovery": "",
            "Agent": false,
            "Master": false,
            "Host": "tcp://0.0.0.0:3376",
            "Image": "swarm:latest",
            "Strategy": "spread",
            "Heartbeat": 0,
            "Overcommit": 0,
            "ArbitraryFlags": [],
            "ArbitraryJoinFlags": [],
            "Env": null,
            "IsExperimental": false
        },
        "AuthOptions": {
            "CertDir": "/home/user/.docker/machine/certs",
            "CaCertPath": "/home/user/.docker/machine/certs/ca.pem",
            "CaPrivateKeyPath": "/home/user/.docker/machine/certs/ca-key.pem",
            "CaCertRemotePath": "",
            "ServerCertPath": "/home/user/.docker/machine/machines/foo/server.pem",
            "ServerKeyPath": "/home/user/.docker/machine/machines/foo/server-key.pem",
            "ClientKeyPath": "/home/user/.docker/machine/certs/key.pem",
            "ServerCertRemotePath": "",
            "ServerKeyRemotePath": "",
            "ClientCertPath": "/home/user/.docker/machine/certs/cert.pem",
            "ServerCertSANs": [],
            "StorePath": "/home/user/.docker/machine/machines/foo"
        }
    },
    "Name": "foo"
}"#;

fn stored(store: &Store, name: &str) -> String {
    std::fs::read_to_string(store.machine_dir(name).join("config.json")).unwrap()
}

#[test]
fn a_fresh_file_has_the_bytes_of_docker_machine() {
    let store = Store::new("/home/user/.docker/machine");
    assert_eq!(entry(&store, "foo", None).config.to_json(), NONE);
}

#[test]
fn reading_and_writing_changes_no_byte() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    put(&store, "foo", NONE);
    assert_eq!(store.load("foo").unwrap().config.to_json(), NONE);
}

#[test]
fn characters_are_escaped_as_in_go() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    store.add(&entry(&store, "foo", None)).unwrap();
    let mut foo = store.load("foo").unwrap();
    let mut engine = foo.config.host.engine().unwrap().unwrap();
    engine.labels = vec!["a=<b>&c".into(), "ünï=\u{2028}\"\\".into()];
    engine.install_url = "https://x/?a&b".into();
    foo.config.host.set_engine(&engine).unwrap();
    store.save(&foo).unwrap();
    let text = stored(&store, "foo");
    assert!(text.contains(r#""a=\u003cb\u003e\u0026c""#), "{text}");
    assert!(text.contains(r#""ünï=\u2028\"\\""#), "{text}");
    assert!(text.contains(r#""InstallURL": "https://x/?a\u0026b""#), "{text}");
    assert!(!text.ends_with('\n'));
    assert_eq!(store.load("foo").unwrap().config.host.engine().unwrap(), Some(engine));
}

#[test]
fn unknown_fields_and_texts_of_known_ones_survive_a_change_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let text = NONE
        .replace(
            "\"ConfigVersion\": 3,",
            "\"Added\": {\"x\": 12345678901234567890123},\n\"ConfigVersion\": 3,",
        )
        .replace(
            "\"SSHPort\": 0,",
            "\"SSHPort\": 0, \"Neu\": [1, {\"a\": 1.50}], \"Big\": 98765432109876543210,",
        )
        .replace("\"Disk\": 0,", "\"Disk\": 0, \"MachineOS\": \"linux\",")
        .replace("\"Heartbeat\": 0,", "\"Heartbeat\": 20000, \"Later\": null,")
        .replace("\"Overcommit\": 0,", "\"Overcommit\": 5e-2,")
        .replace("\"Ipv6\": false,", "\"Ipv6\": false, \"Swap\": [],")
        .replace("\"ServerCertSANs\": []", "\"ServerCertSANs\": null, \"Renewed\": 1.0");
    put(&store, "foo", &text);
    let mut foo = store.load("foo").unwrap();
    assert_eq!(foo.config.host.swarm().unwrap().unwrap().overcommit, 0.05);
    let mut engine = foo.config.host.engine().unwrap().unwrap();
    engine.labels.push("a=b".into());
    foo.config.host.set_engine(&engine).unwrap();
    let mut swarm = foo.config.host.swarm().unwrap().unwrap();
    swarm.is_swarm = true;
    foo.config.host.set_swarm(&swarm).unwrap();
    let auth = foo.config.host.auth().unwrap().unwrap();
    foo.config.host.set_auth(&auth).unwrap();
    store.save(&foo).unwrap();
    let new = stored(&store, "foo");
    for kept in [
        "12345678901234567890123",
        "1.50",
        "98765432109876543210",
        "\"MachineOS\": \"linux\"",
        "\"Overcommit\": 5e-2",
        "\"Heartbeat\": 20000",
        "\"Later\": null",
        "\"Swap\": []",
        "\"ServerCertSANs\": null",
        "\"Renewed\": 1.0",
        "\"Dns\": null",
    ] {
        assert!(new.contains(kept), "{kept} is not in {new}");
    }
    let mut want: Value = serde_json::from_str(&text).unwrap();
    want["HostOptions"]["EngineOptions"]["Labels"] = json!(["a=b"]);
    want["HostOptions"]["SwarmOptions"]["IsSwarm"] = json!(true);
    assert_eq!(serde_json::from_str::<Value>(&new).unwrap(), want);
}

#[test]
fn null_and_missing_parts_are_accepted() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let all_null = r#"{"ConfigVersion":3,"Driver":{},"DriverName":"x","HostOptions":{"EngineOptions":null,"SwarmOptions":null,"AuthOptions":null}}"#;
    for text in [all_null, r#"{"ConfigVersion":3,"HostOptions":null}"#, r#"{"ConfigVersion":3}"#] {
        put(&store, "foo", text);
        let mut foo = store.load("foo").unwrap();
        let host = &foo.config.host;
        assert_eq!(host.engine().unwrap(), None);
        assert_eq!(host.swarm().unwrap(), None);
        assert_eq!(host.auth().unwrap(), None);
        assert_eq!(foo.config.driver.as_json(), "{}");
        // One that is set then is whole.
        foo.config.host.set_engine(&EngineOptions::default()).unwrap();
        let text = foo.config.to_json();
        assert!(text.contains("\"Dns\": null") && text.contains("\"Labels\": []"), "{text}");
        assert!(!text.contains("CertDir"), "{text}");
    }
    let lists = NONE.replace("\"Labels\": []", "\"Labels\": null").replace("\"Memory\": 0,", "");
    put(&store, "foo", lists.replace("            \"StorageDriver\": \"\",\n", ""));
    let engine = store.load("foo").unwrap().config.host.engine().unwrap();
    assert_eq!(engine, Some(EngineOptions::default()));
}

#[test]
fn a_part_of_the_wrong_type_hurts_only_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    put(&store, "foo", NONE.replace("\"Labels\": []", "\"Labels\": {}"));
    let foo = store.load("foo").unwrap();
    let error = foo.config.host.engine().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidOption);
    assert!(error.to_string().starts_with("EngineOptions in config.json: "), "{error}");
    assert!(foo.config.host.swarm().unwrap().is_some());
}

#[test]
fn nothing_is_written_where_nothing_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    // Another program's layout and order.
    let value: Value = serde_json::from_str(NONE).unwrap();
    put(&store, "foo", value.to_string());
    store.add(&entry(&store, "bar", Some(Own::new()))).unwrap();
    let before = crate::support::snapshot(dir.path());
    for name in ["foo", "bar"] {
        store.save(&store.load(name).unwrap()).unwrap();
    }
    assert_eq!(crate::support::snapshot(dir.path()), before);
}

#[test]
fn debug_shows_no_setting() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    put(&store, "foo", NONE.replace("\"SSHUser\": \"\"", "\"Token\": \"hunter2\""));
    let foo = store.load("foo").unwrap();
    assert!(foo.config.driver.as_json().contains("hunter2"));
    assert!(!format!("{foo:?} {:?}", foo.config.host).contains("hunter2"));
}

/// A machine of a former version, in a store at `root`.
fn old(version: u8, root: &str) -> Value {
    let config: Value = serde_json::from_str(
        &NONE.replace("/home/user/.docker/machine", root).replace("machines/foo", "machines/old"),
    )
    .unwrap();
    let mut driver = config["Driver"].clone();
    driver.as_object_mut().unwrap().remove("StorePath");
    let machine = format!("{root}/machines/old");
    let flat = json!({
        "StorePath": machine, "CaCertPath": format!("{root}/certs/ca.pem"),
        "PrivateKeyPath": format!("{root}/certs/ca-key.pem"),
        "ServerCertPath": format!("{machine}/server.pem"),
        "ServerKeyPath": format!("{machine}/server-key.pem"),
        "ClientKeyPath": format!("{root}/certs/key.pem"),
        "ClientCertPath": format!("{root}/certs/cert.pem"),
    });
    let mut old = match version {
        2 => config,
        1 => {
            let mut host = config["HostOptions"].clone();
            host["AuthOptions"] = flat.clone();
            json!({"ConfigVersion": 1, "DriverName": "none", "HostOptions": host})
        }
        _ => {
            let mut old = flat.clone();
            old["DriverName"] = json!("none");
            old["SwarmHost"] = json!("tcp://0.0.0.0:3376");
            old["SwarmMaster"] = json!(true);
            old["SwarmDiscovery"] = json!("token://x");
            old
        }
    };
    old["Driver"] = driver;
    if version > 0 {
        old["ConfigVersion"] = json!(version);
        old["StorePath"] = json!(machine);
    }
    old
}

#[test]
fn old_versions_are_brought_up_to_date_in_memory_and_kept_on_a_save() {
    for version in [0, 1, 2] {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().to_str().unwrap();
        let store = Store::new(dir.path());
        let text = old(version, root)
            .to_string()
            .replace("\"SSHPort\":0", "\"SSHPort\":0,\"Big\":12345678901234567890");
        put(&store, "old", &text);
        let before = crate::support::snapshot(dir.path());
        let entry = store.load("old").unwrap();
        assert_eq!(crate::support::snapshot(dir.path()), before, "reading writes nothing");
        let new: Value = serde_json::from_str(&entry.config.to_json()).unwrap();
        assert_eq!(new["ConfigVersion"], 3);
        assert_eq!(new["Name"], "old");
        assert_eq!(new["Driver"]["StorePath"], root);
        assert!(entry.config.driver.as_json().contains("12345678901234567890"));
        for gone in ["StorePath", "CaCertPath", "PrivateKeyPath", "SwarmHost"] {
            assert!(new.get(gone).is_none(), "version {version}: {gone}");
        }
        let auth = entry.config.host.auth().unwrap().unwrap();
        let certs = store.certs_dir();
        assert_eq!(auth.cert_dir, certs);
        assert_eq!(auth.ca_cert_path, certs.join("ca.pem"));
        assert_eq!(auth.ca_private_key_path, certs.join("ca-key.pem"));
        assert_eq!(auth.client_cert_path, certs.join("cert.pem"));
        assert_eq!(auth.client_key_path, certs.join("key.pem"));
        assert_eq!(auth.server_cert_path, store.machine_dir("old").join("server.pem"));
        assert!(new["HostOptions"]["AuthOptions"].get("PrivateKeyPath").is_none());
        let engine = entry.config.host.engine().unwrap().unwrap();
        assert!(engine.tls_verify && engine.install_url == "https://get.docker.com");
        if version == 0 {
            let swarm = entry.config.host.swarm().unwrap().unwrap();
            assert_eq!((swarm.master, &*swarm.discovery, &*swarm.image), (true, "token://x", ""));
        }
        store.save(&entry).unwrap();
        let folder = store.machine_dir("old");
        assert_eq!(std::fs::read_to_string(folder.join("config.json.bak")).unwrap(), text);
        assert_eq!(stored(&store, "old"), entry.config.to_json());
        assert_eq!(crate::support::mode(&folder.join("config.json.bak")).unwrap_or(0o600), 0o600);
        let again: Entry = store.load("old").unwrap();
        assert_eq!(again.config.to_json(), entry.config.to_json());
    }
}

#[test]
fn an_old_version_that_names_no_folder_takes_the_one_it_is_in() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let mut two = old(2, "/nowhere");
    two.as_object_mut().unwrap().remove("StorePath");
    put(&store, "old", two.to_string());
    let config = store.load("old").unwrap().config;
    let driver: Value = serde_json::from_str(config.driver.as_json()).unwrap();
    assert_eq!(Path::new(driver["StorePath"].as_str().unwrap()), dir.path());
}

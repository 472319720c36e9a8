use crate::support::{
    assert_success, chain, child, child_on_tmpfs, entry, mode, put, skip, snapshot,
};
use machine_core::ErrorKind;
use machine_host::{AuthPaths, Own, Store};
use std::path::{Path, PathBuf};

fn missing(name: &str) -> String {
    format!(
        "Docker machine {name:?} does not exist. Use \"docker-machine ls\" to list machines. Use \"docker-machine create\" to add a new one."
    )
}

#[test]
fn a_machine_is_added_listed_loaded_saved_and_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("a/store"));
    let mut own = Own::new();
    own.source = Some("profile=dev".into());
    let foo = entry(&store, "foo", Some(own));
    store
        .add_with(&foo, |folder| {
            assert_eq!(store.names().unwrap(), [] as [&str; 0]);
            std::fs::write(folder.join("id_rsa"), "key").unwrap();
            Ok(())
        })
        .unwrap();
    store.add(&entry(&store, "bar", None)).unwrap();
    assert_eq!(store.names().unwrap(), ["bar", "foo"]);
    assert!(store.exists("foo") && store.machine_dir("foo").join("id_rsa").exists());
    let error = store.add(&foo).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.to_string(), "Docker machine \"foo\" already exists");

    let mut loaded = store.load("foo").unwrap();
    let own = loaded.own.as_mut().unwrap();
    assert_eq!(own.id, foo.own.as_ref().unwrap().id);
    assert_eq!(own.source.as_deref(), Some("profile=dev"));
    own.host_keys.push("ssh-ed25519 AAAA".into());
    loaded.config.driver_name = "other".into();
    store.save(&loaded).unwrap();
    let again = store.load("foo").unwrap();
    assert_eq!(again.config.driver_name, "other");
    assert_eq!(again.own.unwrap().host_keys, ["ssh-ed25519 AAAA"]);
    assert!(store.load("bar").unwrap().own.is_none());

    let root = store.root();
    for (path, want) in [
        ("", 0o700),
        ("machines", 0o700),
        ("machines/foo", 0o700),
        ("machines/foo/config.json", 0o600),
        ("machines/foo/machine.json", 0o600),
    ] {
        assert_eq!(mode(&root.join(path)).unwrap_or(want), want, "{path}");
    }
    store.forget("foo").unwrap();
    store.forget("foo").unwrap();
    assert_eq!(store.names().unwrap(), ["bar"]);
    assert_eq!(std::fs::read_dir(root.join("machines")).unwrap().count(), 1);
}

#[test]
fn a_failed_addition_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let refuse = |_: &Path| Err(machine_core::Error::new(ErrorKind::Other, "", "no key"));
    let error = store.add_with(&entry(&store, "foo", None), refuse).unwrap_err();
    assert_eq!(error.to_string(), "no key");
    assert_eq!(std::fs::read_dir(dir.path().join("machines")).unwrap().count(), 0);
    // What a kill left there is in nobody's way.
    std::fs::create_dir_all(dir.path().join("machines/.foo.new/old")).unwrap();
    store.add(&entry(&store, "foo", None)).unwrap();
    assert!(!store.machine_dir("foo").join("old").exists());
}

#[test]
fn readers_make_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("none"));
    assert_eq!(store.names().unwrap(), [] as [&str; 0]);
    assert_eq!(store.journals().unwrap(), [] as [&str; 0]);
    assert!(!store.exists("foo"));
    let error = store.load("foo").unwrap_err();
    assert_eq!((error.kind(), error.to_string()), (ErrorKind::NotFound, missing("foo")));
    assert_eq!(snapshot(dir.path()), [] as [&str; 0]);
}

#[test]
fn names_that_are_none_are_no_machines() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("store"));
    store.add(&entry(&store, "foo", None)).unwrap();
    std::fs::write(dir.path().join("precious"), "x").unwrap();
    let before = snapshot(dir.path());
    for name in ["", ".", "..", "../..", "foo/", "/", "./foo", "foo/..", "a\0b", "foo/../foo"] {
        assert!(!store.exists(name), "{name:?}");
        let mut foo = entry(&store, "x", None);
        foo.name = name.to_owned();
        for error in [
            store.load(name).unwrap_err(),
            store.forget(name).unwrap_err(),
            store.add(&foo).unwrap_err(),
            store.save(&foo).unwrap_err(),
        ] {
            assert_eq!((error.kind(), error.to_string()), (ErrorKind::NotFound, missing(name)));
        }
    }
    assert_eq!(snapshot(dir.path()), before);
}

#[test]
fn a_name_that_is_too_long_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let name = "x".repeat(300);
    assert!(!store.exists(&name));
    assert!(store.load(&name).is_err());
    let error = store.add(&entry(&store, &name, None)).unwrap_err();
    assert!(error.to_string().contains(&name), "{error}");
    assert_eq!(store.names().unwrap(), [] as [&str; 0]);
}

#[test]
fn many_are_loaded_as_one_by_one() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    for n in 0..150 {
        match n % 3 {
            0 => put(&store, &format!("m{n}"), "{"),
            _ => put(
                &store,
                &format!("m{n}"),
                entry(&store, &format!("m{n}"), None).config.to_json(),
            ),
        }
    }
    let mut names = store.names().unwrap();
    names.push("nosuch".into());
    let all = store.load_many(&names);
    assert_eq!(all.len(), names.len());
    for (name, loaded) in names.iter().zip(all) {
        match (loaded, store.load(name)) {
            (Ok(many), Ok(one)) => {
                assert_eq!((many.name, many.config.to_json()), (one.name, one.config.to_json()))
            }
            (Err(many), Err(one)) => assert_eq!(many.to_string(), one.to_string()),
            _ => panic!("{name}"),
        }
    }
}

#[test]
fn the_store_has_one_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("store"));
    let ids: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..20).map(|_| scope.spawn(|| store.id().unwrap())).collect();
        threads.into_iter().map(|t| t.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|id| *id == ids[0] && id.len() == 36), "{ids:?}");
    assert_eq!(std::fs::read_dir(store.root()).unwrap().count(), 1);
    std::fs::write(store.root().join("store.json"), "{}").unwrap();
    let error = store.id().unwrap_err();
    assert!(error.to_string().contains("store.json"), "{error}");
}

#[test]
fn journals_are_listed_by_id() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let own = Own::new();
    let path = store.journal_path(&own.id);
    std::fs::create_dir(path.parent().unwrap()).unwrap();
    std::fs::write(&path, "").unwrap();
    std::fs::write(path.with_file_name("x.tmp"), "").unwrap();
    assert_eq!(store.journals().unwrap(), [own.id]);
}

#[test]
fn fields_of_a_newer_machine_json_survive() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    store.add(&entry(&store, "foo", Some(Own::new()))).unwrap();
    let path = store.machine_dir("foo").join("machine.json");
    std::fs::write(&path, r#"{"later":{"n":12345678901234567890123},"id":"a-1"}"#).unwrap();
    let mut foo = store.load("foo").unwrap();
    foo.own.as_mut().unwrap().context = Some("foo".into());
    store.save(&foo).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"n\": 12345678901234567890123"), "{text}");
    assert_eq!(store.load("foo").unwrap().own.unwrap().context.as_deref(), Some("foo"));
    for bad in [r#"{"id":"../../x"}"#, r#"{"id":""}"#, "{}", "[", r#"{"id":"a","host_keys":3}"#] {
        std::fs::write(&path, bad).unwrap();
        let error = store.load("foo").unwrap_err();
        assert!(error.to_string().contains("foo/machine.json"), "{error}");
    }
}

/// A store that was copied elsewhere, its first place gone.
#[test]
fn a_store_that_was_moved_finds_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::new(dir.path().join("first"));
    let mut foo = entry(&first, "foo", None);
    let mut auth = foo.config.host.auth().unwrap().unwrap();
    auth.ca_cert_path = "/nowhere/certs/ca.pem".into(); // never was in the store
    foo.config.host.set_auth(&auth).unwrap();
    first.add(&foo).unwrap();
    for file in ["ca.pem", "ca-key.pem", "cert.pem", "key.pem"] {
        std::fs::create_dir_all(first.certs_dir()).unwrap();
        std::fs::write(first.certs_dir().join(file), "").unwrap();
    }
    std::fs::write(first.machine_dir("foo").join("id_rsa"), "").unwrap();
    let stored = first.load("foo").unwrap();
    assert_eq!(first.auth_paths(&stored).unwrap().ca_key, first.certs_dir().join("ca-key.pem"));

    std::fs::rename(first.root(), dir.path().join("second")).unwrap();
    let second = Store::new(dir.path().join("second"));
    std::fs::rename(second.machine_dir("foo"), second.machine_dir("bar")).unwrap();
    let moved = second.load("bar").unwrap();
    let want = AuthPaths::in_folder(&second.certs_dir());
    let paths = second.auth_paths(&moved).unwrap();
    assert_eq!(paths.ca_cert, Path::new("/nowhere/certs/ca.pem"));
    assert_eq!(
        (paths.ca_key, paths.client_cert, paths.client_key),
        (want.ca_key, want.client_cert, want.client_key)
    );
    let at = |file: &str| second.resolve(&moved, &first.machine_dir("foo").join(file));
    assert_eq!(at("id_rsa"), second.machine_dir("bar").join("id_rsa"));
    // Not there, but can be made there only.
    assert_eq!(at("server.pem"), second.machine_dir("bar").join("server.pem"));
    assert_eq!(at("no/such"), first.machine_dir("foo").join("no/such"));
    std::fs::write(dir.path().join("outside"), "").unwrap();
    let outside = first.root().join("../outside");
    assert_eq!(second.resolve(&moved, &outside), outside);
    // What is there stays, wherever it is.
    std::fs::create_dir_all(first.certs_dir()).unwrap();
    std::fs::write(first.certs_dir().join("key.pem"), "").unwrap();
    assert_eq!(second.auth_paths(&moved).unwrap().client_key, first.certs_dir().join("key.pem"));
}

#[test]
fn a_store_from_windows_finds_its_files() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let there = |path: &str| PathBuf::from(format!(r"C:\Users\me\.docker\machine\{path}"));
    let mut foo = entry(&store, "foo", None);
    let mut auth = foo.config.host.auth().unwrap().unwrap();
    auth.cert_dir = there("certs");
    auth.ca_cert_path = there(r"certs\ca.pem");
    auth.store_path = there(r"machines\foo");
    foo.config.host.set_auth(&auth).unwrap();
    store.add(&foo).unwrap();
    std::fs::create_dir(store.certs_dir()).unwrap();
    std::fs::write(store.certs_dir().join("ca.pem"), "").unwrap();
    assert_eq!(store.auth_paths(&foo).unwrap().ca_cert, store.certs_dir().join("ca.pem"));
}

#[test]
fn a_machine_without_auth_options_uses_those_of_the_store() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    put(&store, "foo", r#"{"ConfigVersion":3,"HostOptions":{"AuthOptions":null}}"#);
    let foo = store.load("foo").unwrap();
    assert_eq!(store.auth_paths(&foo).unwrap(), AuthPaths::in_folder(&store.certs_dir()));
}

#[test]
#[ignore = "a child of the next test"]
fn on_a_full_disk() {
    let place = PathBuf::from(std::env::var_os("CHILD").unwrap());
    let store = Store::new(&place);
    store.add(&entry(&store, "foo", Some(Own::new()))).unwrap();
    let ballast = place.join("ballast");
    let mut file = std::fs::File::create(&ballast).unwrap();
    while std::io::Write::write(&mut file, &[0; 512]).is_ok_and(|n| n > 0) {}
    drop(file);
    let mut foo = store.load("foo").unwrap();
    foo.config.driver_name = "y".repeat(9000);
    let before = snapshot(&store.machine_dir("foo"));
    let error = store.save(&foo).unwrap_err();
    let text = chain(&error);
    assert!(text.contains("machines/foo/config.json"), "{text}");
    assert!(text.ends_with("no space left on device"), "{text}");
    let error = store.add(&entry(&store, "bar", None)).unwrap_err();
    assert!(error.to_string().ends_with("no space left on device"), "{error}");
    assert_eq!(store.names().unwrap(), ["foo"]);
    assert_eq!(snapshot(&store.machine_dir("foo")).len(), before.len());
    store.load("foo").unwrap();
    std::fs::remove_file(ballast).unwrap();
    store.save(&foo).unwrap();
    assert_eq!(store.load("foo").unwrap().config.driver_name.len(), 9000);
    store.add(&entry(&store, "bar", None)).unwrap();
}

#[test]
fn a_full_disk_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    match child_on_tmpfs("store::on_a_full_disk", dir.path(), "size=64k") {
        Ok(output) => assert_success(&output),
        Err(why) => skip(&why),
    }
}

#[test]
#[ignore = "a child of the next test"]
fn on_a_read_only_store() {
    let place = PathBuf::from(std::env::var_os("CHILD").unwrap());
    let store = Store::new(&place);
    store.add(&entry(&store, "foo", Some(Own::new()))).unwrap();
    let status =
        std::process::Command::new("mount").args(["-o", "remount,ro"]).arg(&place).status();
    assert!(status.unwrap().success());
    let mut foo = store.load("foo").unwrap();
    assert_eq!(store.names().unwrap(), ["foo"]);
    store.save(&foo).unwrap(); // nothing changed
    foo.config.driver_name = "other".into();
    for (error, path) in [
        (store.save(&foo).unwrap_err(), "machines/foo/config.json"),
        (store.add(&entry(&store, "bar", None)).unwrap_err(), "machines/.bar.new"),
        (store.forget("foo").unwrap_err(), "machines/foo"),
        (store.id().unwrap_err(), "store.json"),
        (store.try_lock(machine_host::LockName::Store).unwrap_err(), "locks"),
    ] {
        let text = error.to_string();
        assert!(text.contains(path) && text.ends_with("read-only file system"), "{text}");
    }
    store.load("foo").unwrap();
}

#[test]
fn a_read_only_store_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    match child_on_tmpfs("store::on_a_read_only_store", dir.path(), "size=1m") {
        Ok(output) => assert_success(&output),
        Err(why) => skip(&why),
    }
}

#[test]
#[ignore = "a child of the next test"]
fn killed_while_saving() {
    let store = Store::new(PathBuf::from(std::env::var_os("CHILD").unwrap()));
    let mut foo = store.load("foo").unwrap();
    for n in 0.. {
        foo.config.driver_name = format!("{n}-").repeat(2000);
        store.save(&foo).unwrap();
    }
}

#[test]
fn a_kill_leaves_a_whole_file() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    store.add(&entry(&store, "foo", None)).unwrap();
    for _ in 0..10 {
        let before = store.load("foo").unwrap().config.driver_name;
        let mut writer = child("store::killed_while_saving", dir.path().to_str().unwrap());
        let mut writer = writer.stdout(std::process::Stdio::null()).spawn().unwrap();
        // Once it writes, any moment is as good as another.
        while store.load("foo").unwrap().config.driver_name == before {
            std::thread::yield_now();
        }
        writer.kill().unwrap();
        writer.wait().unwrap();
        store.load("foo").unwrap();
    }
}

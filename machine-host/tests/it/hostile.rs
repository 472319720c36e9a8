//! Stores as no sane program leaves them.
use crate::platform::symlink;
use crate::support::{entry, put, skip, snapshot};
use machine_core::ErrorKind;
use machine_host::Store;

fn text(store: &Store, name: &str) -> String {
    let error = store.load(name).unwrap_err();
    assert_ne!(error.kind(), ErrorKind::NotFound, "{error}");
    error.to_string()
}

#[test]
fn broken_files_have_the_words_of_docker_machine() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let good = entry(&store, "x", None).config.to_json();
    let migrated = "Error getting migrated host: ";
    let bytes: Vec<u8> = (0..=255).collect();
    let nested =
        [&b"{\"Driver\":{},\"SwarmHost\":"[..], &b"[".repeat(99), &b"]".repeat(99), b"}"].concat();
    let cases: [(&[u8], &str); 17] = [
        (b"", "unexpected end of JSON input"),
        (&good.as_bytes()[..good.len() / 2], "unexpected end of JSON input"),
        (&bytes, "invalid character '\\x00' looking for beginning of value"),
        (b"[]", "json: cannot unmarshal array into Go value of type host.MetadataV0"),
        (b" \"x\" ", "json: cannot unmarshal string into Go value of type host.MetadataV0"),
        (b"12", "json: cannot unmarshal number 12 into Go value of type host.MetadataV0"),
        (
            b"{\"ConfigVersion\":\"three\"}",
            "json: cannot unmarshal string into Go struct field MetadataV0.ConfigVersion of type int",
        ),
        (
            b"{\"ConfigVersion\":4}",
            "config version is from the future -- you should upgrade your Docker Machine client",
        ),
        (b"\xef\xbb\xbf{}", "invalid character 'ï' looking for beginning of value"),
        (b"{\"a\":1}x", "invalid character 'x' after top-level value"),
        // These crash Docker Machine.
        (b"null", "config.json describes no machine"),
        (b"{}", "config.json describes no machine"),
        (b"{\"ConfigVersion\":null}", "config.json describes no machine"),
        (b"{\"ConfigVersion\":2}", "config.json describes no machine"),
        (b"{\"ConfigVersion\":-7}", "config.json describes no machine"),
        (&b"{\"a\":".repeat(1 << 16), "exceeded max depth"),
        // Deeper once it is brought up to date.
        (&nested, "exceeded max depth"),
    ];
    for (content, want) in cases {
        put(&store, "foo", content);
        assert_eq!(text(&store, "foo"), format!("{migrated}{want}"));
        // None stops the others.
        put(&store, "ok", &good);
        let names = store.names().unwrap();
        assert!(store.load_many(&names).iter().any(Result::is_ok));
        store.forget("foo").unwrap();
    }
}

#[test]
fn strange_but_sound_files_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let good = entry(&store, "foo", None).config.to_json();
    // Go replaces what is not UTF-8; a lone surrogate is somebody else's field.
    let mut latin = good.replace("\"Labels\": []", "\"Labels\": [\"x\"]").into_bytes();
    let at = latin.windows(3).position(|w| w == b"\"x\"").unwrap();
    latin[at + 1] = 0xe9;
    put(&store, "foo", &latin);
    let engine = store.load("foo").unwrap().config.host.engine().unwrap().unwrap();
    assert_eq!(engine.labels, ["\u{fffd}"]);
    for strange in [
        good.replacen('{', "{\"x\":\"\\ud800\\u0000\",", 1),
        good.replacen('{', "{\"ConfigVersion\":2,\"RawDriver\":\"e30=\",", 1),
        good.replace("\"foo\"", "\"\\u0000../x\""),
        format!("{}{good}{0}", " \n\t\r".repeat(10_000)),
        good.replace("\"DriverName\": \"none\",", ""),
    ] {
        put(&store, "foo", &strange);
        let foo = store.load("foo").unwrap();
        assert_eq!((&*foo.name, &*foo.config.name), ("foo", "foo"));
    }
}

#[test]
fn what_is_no_file_is_an_error_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let path = |name: &str| store.machine_dir(name).join("config.json");
    std::fs::create_dir_all(path("folder")).unwrap();
    assert_eq!(
        text(&store, "folder"),
        format!("read {}: is a directory", path("folder").display())
    );
    std::fs::create_dir_all(store.machine_dir("noconfig")).unwrap();
    let want = format!("open {}: no such file or directory", path("noconfig").display());
    assert_eq!(text(&store, "noconfig"), want);
    std::fs::write(store.machine_dir("file"), "x").unwrap();
    let want = format!("open {}: not a directory", path("file").display());
    assert_eq!(text(&store, "file"), want);
    assert!(store.exists("file"));
    let long = path("long");
    put(&store, "long", "x");
    std::fs::File::options().write(true).open(&long).unwrap().set_len(1 << 40).unwrap();
    assert!(text(&store, "long").starts_with(&format!("read {}: is longer", long.display())));
    for (kind, arguments) in [("fifo", &["p"][..]), ("device", &["c", "1", "5"])] {
        std::fs::create_dir_all(store.machine_dir(kind)).unwrap();
        let made = std::process::Command::new("mknod").arg(path(kind)).args(arguments).status();
        if !made.is_ok_and(|status| status.success()) {
            skip(&format!("cannot make a {kind}"));
            continue;
        }
        assert!(text(&store, kind).starts_with(&format!("read {}: is a ", path(kind).display())));
        std::fs::rename(path(kind), store.machine_dir(kind).join("machine.json")).unwrap();
        put(&store, kind, entry(&store, kind, None).config.to_json());
        assert!(text(&store, kind).contains("machine.json: is a "));
        store.forget(kind).unwrap();
    }
    assert_eq!(store.names().unwrap(), ["folder", "long", "noconfig"]);
}

#[test]
fn links_are_loaded_but_not_listed_and_never_followed_to_delete() {
    let dir = tempfile::tempdir().unwrap();
    if let Err(e) = symlink("nowhere", dir.path().join("link")) {
        return skip(&format!("symlink: {e}"));
    }
    let store = Store::new(dir.path().join("store"));
    store.add(&entry(&store, "foo", None)).unwrap();
    put(&store, ".hidden", entry(&store, "x", None).config.to_json());
    let machines = store.root().join("machines");
    std::fs::write(machines.join("file"), "x").unwrap();
    let outside = dir.path().join("outside");
    std::fs::create_dir(&outside).unwrap();
    std::fs::write(outside.join("precious"), "x").unwrap();
    for (to, name) in
        [("foo", "link"), ("nowhere", "dangling"), ("loop", "loop"), ("../../outside", "away")]
    {
        symlink(to, machines.join(name)).unwrap();
    }
    assert_eq!(store.names().unwrap(), ["foo"]);
    assert_eq!(store.load("link").unwrap().config.name, "link");
    store.load(".hidden").unwrap();
    assert_eq!(store.load("dangling").unwrap_err().kind(), ErrorKind::NotFound);
    let want =
        format!("open {}/loop/config.json: too many levels of symbolic links", machines.display());
    assert_eq!(text(&store, "loop"), want);

    symlink(&outside, store.machine_dir("foo").join("inner")).unwrap();
    let kept = snapshot(&outside);
    for name in ["link", "dangling", "loop", "away", "file"] {
        store.forget(name).unwrap();
        assert!(store.machine_dir(name).symlink_metadata().is_err(), "{name}");
    }
    store.load("foo").unwrap();
    // Neither by what an earlier deletion or addition may have left.
    symlink(&outside, machines.join(".foo.gone")).unwrap();
    symlink(&outside, machines.join(".bar.new")).unwrap();
    store.forget("foo").unwrap();
    store.add(&entry(&store, "bar", None)).unwrap();
    assert_eq!(snapshot(&outside), kept);
}

#[test]
fn files_in_place_of_folders_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let root = dir.path().join("store");
    std::fs::write(&root, "x").unwrap();
    let store = Store::new(&root);
    let shown = root.display();
    assert_eq!(
        text(&store, "foo"),
        format!("open {shown}/machines/foo/config.json: not a directory")
    );
    let error = store.names().unwrap_err();
    assert_eq!(error.to_string(), format!("open {shown}/machines: not a directory"));
    let error = store.add(&entry(&store, "foo", None)).unwrap_err();
    assert_eq!(error.to_string(), format!("stat {shown}/machines/foo: not a directory"));
    std::fs::remove_file(&root).unwrap();
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("machines"), "x").unwrap();
    let error = store.names().unwrap_err();
    assert_eq!(error.to_string(), format!("readdirent {shown}/machines: not a directory"));
    let error = store.try_exists("new").unwrap_err();
    assert_eq!(error.to_string(), format!("stat {shown}/machines/new: not a directory"));
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(300))]

    /// Whatever the bytes: an answer, and one that reads as it writes.
    #[test]
    fn any_damage_has_an_answer(
        cut in 0usize..2600,
        edits in proptest::collection::vec((0usize..2600, proptest::num::u8::ANY), 0..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        let mut bytes = entry(&store, "foo", None).config.to_json().into_bytes();
        bytes.truncate(if cut < 1300 { bytes.len() } else { cut });
        for (at, byte) in edits {
            if let Some(b) = bytes.get_mut(at) {
                *b = byte;
            }
        }
        put(&store, "foo", &bytes);
        if let Ok(foo) = store.load("foo") {
            let text = foo.config.to_json();
            put(&store, "foo", &text);
            proptest::prop_assert_eq!(store.load("foo").unwrap().config.to_json(), text);
            let _ = (foo.config.host.engine(), foo.config.host.swarm(), store.auth_paths(&foo));
        }
    }
}

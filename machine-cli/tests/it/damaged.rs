use crate::home::{Home, config};
use crate::platform::fifo;

const UNREACHABLE: &str =
    "Unable to query docker version: Cannot connect to the docker engine endpoint";

/// A good machine, and one for each way in which a file can be broken.
fn store() -> Home {
    let home = Home::with(&["ok"]);
    let whole = config("x");
    for (name, text) in [
        ("empty", ""),
        ("truncated", &whole[..whole.len() / 2]),
        ("array", "[]"),
        ("null", "null"),
        ("string", "\"x\""),
        ("types", "{\"ConfigVersion\":\"three\"}"),
        ("object", "{}"),
        ("future", "{\"ConfigVersion\": 4}"),
        ("deep", &"[".repeat(100_000)),
    ] {
        home.add(name, text);
    }
    std::fs::create_dir(home.machine("noconfig")).unwrap();
    std::fs::create_dir_all(home.machine("folder").join("config.json")).unwrap();
    home
}

#[test]
fn a_damaged_machine_hurts_only_itself() {
    let home = store();
    home.prints("ls -q", "ok\n");
    home.prints("ls -q --filter driver=none", "ok\n");
    home.prints("status ok", "Running\n");
    let answer = home.line("ls");
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
    assert_eq!(answer.out.lines().count(), 13, "{}", answer.out);
    for (name, error) in [
        ("truncated", "Error getting migrated host: unexpected end of JSON input"),
        ("future", "config version is from the future"),
        ("noconfig", "open @HOME@/store/machines/noconfig/config.json: no such file or directory"),
    ] {
        let row = answer.out.lines().find(|line| line.starts_with(name)).unwrap();
        assert!(row.contains("   not found   Error   ") && row.contains(error), "{row}");
    }
    assert!(answer.out.contains(UNREACHABLE));
    home.prints(
        "ls -f {{.Name}}|{{.DriverName}}|{{.State}}|{{.Active}}|{{.DockerVersion}}|{{.SwarmOptions}} --filter name=nosuch",
        &["array", "deep", "empty", "folder", "future", "noconfig", "null", "object", "string", "truncated", "types"]
            .map(|name| format!("{name}|not found|Error|||<nil>\n"))
            .concat(),
    );
}

#[test]
fn every_command_says_why() {
    let home = store();
    for (name, reason) in [
        ("empty", "unexpected end of JSON input"),
        ("truncated", "unexpected end of JSON input"),
        (
            "future",
            "config version is from the future -- you should upgrade your Docker Machine client",
        ),
    ] {
        for command in ["status", "url", "ip", "inspect", "env", "config", "ssh", "start", "stop"] {
            let text = format!("Error getting migrated host: {reason}\n");
            home.fails(&format!("{command} {name}"), &text);
        }
    }
    for name in ["array", "null", "string", "types", "object", "deep", "folder", "noconfig"] {
        let answer = home.line(&format!("status {name}"));
        assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""), "{name}");
        assert_eq!(answer.err.lines().count(), 1, "{name}: {}", answer.err);
    }
}

#[test]
fn a_file_in_place_of_a_folder_is_told_for_what_was_looked_for() {
    let home = Home::new();
    std::fs::create_dir(home.store()).unwrap();
    std::fs::write(home.store().join("machines"), "x").unwrap();
    let path = "@HOME@/store/machines";
    home.fails(
        "active",
        &format!("Error getting active host: readdirent {path}: not a directory\n"),
    );
    let default = format!("stat {path}/default: not a directory\n");
    home.fails("status", &format!("Error checking if host \"default\" exists: {default}"));
    let new = format!("Error checking if host exists: stat {path}/new: not a directory\n");
    home.fails("create -d none --url tcp://1.2.3.4:5 new", &new);
    assert!(!home.store().join("certs").exists());
}

#[test]
fn removal_needs_force() {
    let home = store();
    for name in ["empty", "truncated", "null", "types", "future", "deep", "noconfig", "folder"] {
        let head = format!(
            "About to remove {name}\n\
             WARNING: This action will delete both local reference and remote instance.\n"
        );
        let refused = home.line(&format!("rm -y {name}"));
        assert_eq!((refused.code, refused.out.as_str()), (Some(1), head.as_str()), "{name}");
        assert!(refused.err.starts_with(&format!("Error removing host \"{name}\": ")));
        assert!(home.machine(name).exists());
        let forced = home.line(&format!("rm -f {name}"));
        let gone = format!("{head}Successfully removed {name}\n");
        assert_eq!((forced.code, forced.out, forced.err), (Some(0), gone, refused.err), "{name}");
        assert!(!home.machine(name).exists());
    }
    home.prints("ls -q", "ok\n");
}

#[test]
fn a_pipe_in_place_of_a_file_does_not_hang() {
    let home = Home::with(&["ok"]);
    std::fs::create_dir(home.machine("fifo")).unwrap();
    if !fifo(&home.machine("fifo").join("config.json")) {
        return;
    }
    assert_eq!(home.line("status fifo").code, Some(1));
    home.prints("ls -q", "ok\n");
    assert_eq!(home.line("rm -f fifo").code, Some(0));
    assert!(!home.machine("fifo").exists());
}

#[test]
fn options_that_are_null_are_none() {
    let home = Home::new();
    let mut text = config("nulls");
    for part in ["EngineOptions", "SwarmOptions", "AuthOptions"] {
        let start = text.find(&format!("\"{part}\": {{")).unwrap();
        let end = start + text[start..].find('}').unwrap() + 1;
        text.replace_range(start..end, &format!("\"{part}\": null"));
    }
    home.add("nulls", &text);
    home.prints("ls -q", "nulls\n");
    home.prints("status nulls", "Running\n");
    home.prints("ls -q --filter label=a=b", "");
    home.prints("ls -f {{.Name}}{{.EngineOptions}}", "nulls<nil>\n");
    home.prints("inspect -f {{.HostOptions.EngineOptions}} nulls", "<no value>\n");
}

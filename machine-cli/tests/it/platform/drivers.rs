//! Drivers under the store.
use super::go;
use crate::home::Home;
use std::fs;
use std::path::PathBuf;

/// A home with the folder of a driver, which the original library serves.
fn home() -> Option<(Home, PathBuf)> {
    let program = go::program("driver")?;
    let mut home = Home::new();
    let cloud = home.path().join("cloud");
    fs::create_dir(&cloud).unwrap();
    home.set("PEER_CLOUD", &cloud.to_string_lossy());
    let folder = home.path().join("peer");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("version.txt"), "1.4.0\n").unwrap();
    fs::write(folder.join("config.yml"), "name: peer\ndriver: peer\n").unwrap();
    fs::copy(program, folder.join("docker-machine-driver-peer")).unwrap();
    Some((home, folder))
}

const UNKNOWN: &str = "Driver \"peer\" not found. Do you have the plugin binary \
                       \"docker-machine-driver-peer\" accessible in your PATH?\n";

#[test]
fn an_installed_driver_is_used_listed_and_removed() {
    let Some((home, folder)) = home() else { return };
    home.fails("create -d peer x", UNKNOWN);
    home.prints("driver ls -q", "");
    home.prints("driver install peer", "Installed driver \"peer\" 1.4.0\n");
    fs::remove_dir_all(folder).unwrap();

    let help = home.line("create -d peer --help");
    assert!(help.code == Some(0) && help.out.contains("--peer-int \"-7\""), "{help:?}");
    home.prints("driver ls -q", "peer\n");
    let listed = home.line("driver ls").out;
    let lines: Vec<Vec<&str>> = listed.lines().map(|l| l.split_whitespace().collect()).collect();
    let path = "@HOME@/store/drivers/peer/docker-machine-driver-peer";
    let peer = ["peer", "1.4.0", "installed", path];
    assert_eq!(lines[0], ["NAME", "VERSION", "SOURCE", "PATH", "ERRORS"]);
    assert!(lines.iter().any(|line| line[..] == peer), "{listed}");
    assert!(lines.iter().any(|line| line[..] == ["none", "built-in"]), "{listed}");

    home.prints("driver rm peer", "Removed driver \"peer\"\n");
    home.fails("driver rm peer", "Driver \"peer\" is not installed\n");
    home.fails("create -d peer x", UNKNOWN);
}

#[test]
fn a_driver_that_machines_need_stays() {
    let Some((home, _)) = home() else { return };
    home.prints("driver install peer", "Installed driver \"peer\" 1.4.0\n");
    home.add("one", &crate::home::with_driver("one", "peer", "{\"MachineName\":\"one\"}"));
    home.fails(
        "driver rm peer",
        "Driver \"peer\" is not removed: machines need it (one). Remove them first, or use \
         --force\n",
    );
    home.prints("driver ls -q", "peer\n");
    home.prints("driver rm --force peer", "Removed driver \"peer\"\n");
}

#[test]
fn what_is_wrong_with_a_driver_is_said() {
    let Some((home, folder)) = home() else { return };
    fs::write(folder.join("version.txt"), "one").unwrap();
    home.fails(
        "driver install peer",
        "peer/version.txt: \"one\" is not a semantic version such as 1.2.3: unexpected character \
         'o' while parsing major version number\n",
    );
    home.fails(
        "driver install nosuch",
        "nosuch: a driver is a folder of its name or a program docker-machine-driver-NAME\n",
    );
    fs::copy(
        folder.join("docker-machine-driver-peer"),
        home.path().join("docker-machine-driver-none"),
    )
    .unwrap();
    home.fails(
        "driver install docker-machine-driver-none",
        "driver \"none\" is part of this program: another of its name would never be used\n",
    );
    for line in ["driver", "driver install", "driver install a b", "driver rm"] {
        let answer = home.line(line);
        assert!(
            answer.code == Some(1) && answer.out.starts_with("Usage: docker-machine driver"),
            "{line}: {answer:?}"
        );
    }
    home.fails(
        "driver nosuch",
        "docker-machine: 'driver nosuch' is not a docker-machine command. See 'docker-machine --help'.\n",
    );
    for line in [
        "driver --help",
        "driver ls --help",
        "driver install -h",
        "driver rm --help",
        "help driver",
    ] {
        let answer = home.line(line);
        assert!(
            answer.code == Some(0) && answer.out.starts_with("Usage: docker-machine driver"),
            "{line}: {answer:?}"
        );
    }
    assert!(!home.store().exists());
}

#[test]
fn a_new_driver_has_a_sound_name_and_a_folder_of_its_own() {
    let home = Home::new();
    for name in ["", "My", "x-", "a.b", "a/b", "..", "1st", "none"] {
        let answer = home.run(&["driver", "new", name]);
        assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""), "{name}");
    }
    fs::create_dir(home.path().join("taken")).unwrap();
    home.fails("driver new taken", "cannot write taken: File exists (os error 17)\n");
    home.prints(
        "driver new two-words",
        "Wrote driver \"two-words\" to two-words/; see two-words/README.md\n",
    );
    let read = |file: &str| fs::read_to_string(home.path().join("two-words").join(file)).unwrap();
    assert_eq!(read("version.txt"), "0.1.0\n");
    assert_eq!(read("config.yml"), "name: two-words\ndriver: two-words\n");
    assert!(read("src/options.rs").contains("\"TWO_WORDS_COMMAND\""));
    assert!(read("src/main.rs").contains("docker_machine_driver_two_words::Driver"));
    assert!(!read("Cargo.toml").contains("[patch"));
    for file in [
        "Cargo.toml",
        "README.md",
        "src/lib.rs",
        "src/tool.rs",
        "tests/conformance.rs",
        ".gitignore",
    ] {
        assert!(!read(file).contains('@'), "{file}");
    }
}

#[test]
fn what_docker_machine_has_built_in_is_played_by_an_old_one() {
    let Some((mut home, folder)) = home() else { return };
    home.fails(
        "create -d digitalocean x",
        "Driver \"digitalocean\" not found. Do you have the plugin binary \
         \"docker-machine-driver-digitalocean\" accessible in your PATH?\n",
    );
    let old = home.path().join("old-docker-machine");
    fs::rename(folder.join("docker-machine-driver-peer"), &old).unwrap();
    home.set("MACHINE_GO_BINARY", &old.to_string_lossy());
    let help = home.line("create -d digitalocean --help");
    assert!(help.code == Some(0) && help.out.contains("--peer-int"), "{help:?}");
    // It has no others, and what is linked here is not asked of it.
    home.fails("create -d peer x", UNKNOWN);
    assert!(!home.line("create -d none --help").out.contains("--peer-int"));
}

/// Rancher runs drivers as a user of their own. Only root can.
#[test]
fn a_driver_runs_as_the_user_that_is_named() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    const NOBODY: u32 = 65534;
    let Some((mut home, folder)) = home() else { return };
    if home.path().metadata().unwrap().uid() != 0 {
        return;
    }
    let open = |path: &std::path::Path| {
        fs::set_permissions(path, fs::Permissions::from_mode(0o777)).unwrap();
    };
    open(home.path());
    open(&home.path().join("cloud"));
    fs::rename(
        folder.join("docker-machine-driver-peer"),
        home.bin().join("docker-machine-driver-peer"),
    )
    .unwrap();
    home.set("MACHINE_PLUGIN_UID", "65534").set("MACHINE_PLUGIN_GID", "65534");
    assert_eq!(home.line("create -d peer --help").code, Some(0));
    let calls = home.path().join("cloud/.calls").metadata().unwrap();
    assert_eq!((calls.uid(), calls.gid()), (NOBODY, NOBODY));
    home.set("MACHINE_PLUGIN_GID", "wheel");
    let refused = home.line("create -d peer --help");
    assert!(refused.err.contains("MACHINE_PLUGIN_GID is not a number"), "{refused:?}");
}

/// Programs of the feature `drivers`.
#[cfg(feature = "drivers")]
#[test]
fn linked_drivers_are_programs_of_their_own() {
    use machine_plugin::{Driver, PluginProvider};
    for (name, program) in [
        ("generic", env!("CARGO_BIN_EXE_docker-machine-driver-generic")),
        ("none", env!("CARGO_BIN_EXE_docker-machine-driver-none")),
    ] {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let driver = PluginProvider::new(Driver::new(name, program));
        assert_eq!(runtime.block_on(driver.identify()).unwrap(), name);
    }
}

//! Where drivers are found.
use crate::peer::write_program;
use machine_core::ErrorKind;
use machine_plugin::{Driver, DriverSearch};
use std::fs;
use std::path::Path;

fn program(folder: &Path, name: &str) -> std::path::PathBuf {
    fs::create_dir_all(folder).unwrap();
    let path = folder.join(name);
    write_program(&path, "#!/bin/sh\n").unwrap();
    path
}

#[test]
fn folders_come_before_path_and_path_before_an_old_docker_machine() {
    let root = tempfile::tempdir().unwrap();
    let [own, first, second] = ["own", "first", "second"].map(|name| root.path().join(name));
    let path = std::env::join_paths([&first, &second]).unwrap();
    let go = root.path().join("docker-machine");
    let search = DriverSearch::new().with_folder(&own).with_path(path).with_go_binary(&go);
    let find = |name: &str| search.find(name).map(|found| found.path().to_owned());
    // Nothing yet: what Docker Machine has built in is its own, the rest is missing.
    assert_eq!(search.find("digitalocean").unwrap(), Driver::new("digitalocean", &go));
    assert_eq!(find("hetzner").unwrap_err().kind(), ErrorKind::NotFound);
    let last = program(&second, "docker-machine-driver-digitalocean");
    assert_eq!(find("digitalocean").unwrap(), last);
    let earlier = program(&first, "docker-machine-driver-digitalocean");
    assert_eq!(find("digitalocean").unwrap(), earlier);
    let installed = program(&own, "docker-machine-driver-digitalocean");
    assert_eq!(find("digitalocean").unwrap(), installed);
    program(&second, "docker-machine-driver-hetzner");
    assert_eq!(search.names(), ["digitalocean", "hetzner"]);
}

#[test]
fn a_missing_driver_is_told_in_the_old_words() {
    let error = DriverSearch::new().find("nope").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let text = "Driver \"nope\" not found. Do you have the plugin binary \
                \"docker-machine-driver-nope\" accessible in your PATH?";
    assert_eq!(error.to_string(), text);
}

#[test]
fn only_programs_count() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("docker-machine-driver-text"), "").unwrap();
    fs::create_dir(root.path().join("docker-machine-driver-folder")).unwrap();
    let search = DriverSearch::new().with_path(root.path());
    for name in ["text", "folder", "", "../x", "a/b"] {
        assert_eq!(search.find(name).unwrap_err().kind(), ErrorKind::NotFound, "{name}");
    }
    assert!(search.names().is_empty());
}

#[test]
fn an_absolute_path_is_a_driver_of_that_name() {
    let root = tempfile::tempdir().unwrap();
    let path = program(root.path(), "docker-machine-driver-own");
    let name = path.to_str().unwrap();
    assert_eq!(DriverSearch::new().find(name).unwrap(), Driver::new(name, &path));
    fs::remove_file(&path).unwrap();
    assert_eq!(DriverSearch::new().find(name).unwrap_err().kind(), ErrorKind::NotFound);
}

//! `run`, with a script in the Docker client's place.
#![cfg(unix)]
use crate::home::Home;

#[test]
fn needs_a_client_before_anything_is_made() {
    let home = Home::new();
    home.fails(
        "run -d none --url tcp://1.2.3.4:5 new busybox",
        "You must have a copy of the docker binary locally to use the run feature\n",
    );
    assert!(!home.store().exists());
}

#[test]
fn needs_a_name() {
    let home = Home::new();
    home.script("docker", "exit 0");
    let answer = home.line("run -d none --url u");
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), "Error: No machine name specified\n"));
    assert!(answer.out.starts_with("Usage: docker-machine run [OPTIONS] NAME [arg...]\n"));
}

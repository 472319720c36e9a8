//! The client is played by a script that tells how it was called.
use super::script;
use crate::home::{Home, with_driver};
use std::net::TcpListener;

/// A home with a `generic` machine whose SSH port accepts, and the listener that does.
fn up() -> (Home, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let home = Home::new();
    let object = format!(
        "{{\"IPAddress\": \"127.0.0.1\", \"MachineName\": \"up\", \"SSHUser\": \"ubuntu\", \
         \"SSHPort\": {port}, \"SSHKeyPath\": \"\", \"EnginePort\": 2376, \"SSHKey\": \"\"}}"
    );
    home.add("up", &with_driver("up", "generic", &object));
    script(
        &home.bin().join("ssh"),
        "for last; do :; done; echo \"$# $last\"; echo oops >&2; exit ${CODE:-0}",
    );
    (home, listener)
}

#[test]
fn hands_everything_behind_the_name_to_the_client() {
    let (home, _listener) = up();
    let bare = home.line("ssh up");
    assert_eq!((bare.code, bare.err.as_str()), (Some(0), "oops\n"));
    let count = |out: &str| out.split(' ').next().unwrap().parse::<usize>().unwrap();
    let args = ["ssh", "up", "-C", "-D", "--help", "--", "echo a  b"];
    let answer = home.run(&args);
    assert!(answer.out.ends_with(" echo a  b\n"), "{}", answer.out);
    assert_eq!(count(&answer.out), count(&bare.out) + args.len() - 2);
}

#[test]
fn never_passes_the_clients_code_on() {
    let (mut home, _listener) = up();
    home.set("CODE", "7");
    let answer = home.line("ssh up ls");
    assert_eq!((answer.code, answer.err.as_str()), (Some(1), "oops\nexit status 7\n"));
}

#[test]
fn wants_a_machine_that_runs() {
    let home = Home::new();
    let object = "{\"IPAddress\": \"127.0.0.1\", \"MachineName\": \"down\", \"SSHUser\": \"root\", \
                  \"SSHPort\": 1, \"SSHKeyPath\": \"\", \"EnginePort\": 2376, \"SSHKey\": \"\"}";
    home.add("down", &with_driver("down", "generic", object));
    home.fails("ssh down ls", "Error: Cannot run SSH command: Host \"down\" is not running\n");
    home.fails("ssh -x down", &crate::home::missing("-x"));
}

/// Docker Machine's own client says nothing then, and succeeds.
#[cfg(feature = "native-ssh")]
#[test]
fn the_built_in_client_tells_that_it_cannot_log_in() {
    let (home, listener) = up();
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let answer = home.line("--native-ssh ssh up ls");
    assert_eq!((answer.code, answer.out.as_str()), (Some(1), ""));
    assert!(answer.err.contains("ubuntu@127.0.0.1:"), "{}", answer.err);
    assert!(answer.err.contains("did not answer over SSH"), "{}", answer.err);
}

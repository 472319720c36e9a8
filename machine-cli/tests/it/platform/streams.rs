//! A reader who left, and a disk that is full.
use crate::home::Home;
use std::process::Stdio;

#[test]
fn a_closed_pipe_ends_quietly() {
    let home = Home::with(&["foo"]);
    for line in [&["help"][..], &["ls"], &["ls", "-q"], &["inspect", "foo"], &["--version"]] {
        let mut command = home.command(line);
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{line:?}");
        assert_eq!(output.status.code(), Some(0), "{line:?}");
    }
}

#[test]
fn work_goes_on_when_nobody_reads() {
    let home = Home::with(&["foo", "bar"]);
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = home.command(&["rm", "-y", "foo", "bar"]).stdout(writer).status().unwrap();
    assert_eq!(status.code(), Some(0));
    home.prints("ls -q", "");
}

#[test]
fn a_full_disk_is_an_error() {
    let Ok(full) = std::fs::OpenOptions::new().write(true).open("/dev/full") else {
        eprintln!("skipped: there is no /dev/full");
        return;
    };
    let home = Home::with(&["foo"]);
    for line in [&["help"][..], &["ls", "-q"], &["inspect", "foo"]] {
        let stdout = Stdio::from(full.try_clone().unwrap());
        let output = home.command(line).stdout(stdout).output().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{line:?}");
        assert!(err.starts_with("write to standard output: "), "{line:?}: {err}");
    }
}

#[test]
fn closed_streams_do_no_harm() {
    let home = Home::with(&["foo"]);
    let script = format!("exec '{}' ls -q >&- 2>&- <&-", crate::home::PROGRAM);
    let mut shell = std::process::Command::new("/bin/sh");
    let status =
        shell.args(["-c", &script]).env("MACHINE_STORAGE_PATH", home.store()).status().unwrap();
    assert_eq!(status.code(), Some(0));
}

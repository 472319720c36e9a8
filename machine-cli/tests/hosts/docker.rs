//! The binary as a plugin of a real Docker CLI.
use crate::answer::Answer;
use crate::bench::Bench;
use std::process::{Command, Stdio};

#[test]
fn docker_machine_is_a_command_of_docker() {
    let Some(bench) = Bench::or_skip() else { return };
    let plugins = bench.home().join(".docker/cli-plugins");
    std::fs::create_dir_all(&plugins).unwrap();
    let binary = env!("CARGO_BIN_EXE_docker-machine");
    std::os::unix::fs::symlink(binary, plugins.join("docker-machine")).unwrap();
    let docker = |args: &[&str]| {
        let mut command = Command::new(bench.bed.docker_client());
        command.args(args).env_clear().env("HOME", bench.home()).stdin(Stdio::null());
        command.env("MACHINE_STORAGE_PATH", bench.store());
        Answer::new(command.output().unwrap())
    };
    let help = docker(&["--help"]).ok();
    let row = help.lines().find(|line| line.trim_start().starts_with("machine*")).unwrap();
    assert!(row.contains("Create and run Docker hosts"), "{row}");
    docker(&["machine", "create", "-d", "none", "--url", "tcp://127.0.0.1:1", "dev"]).ok();
    assert_eq!(docker(&["machine", "ls", "-q"]).ok(), "dev\n");
    let context = ["-l", "error", "--tlscacert", "machine", "machine", "ip", "dev"];
    assert_eq!(docker(&context).ok(), "127.0.0.1:1\n");
    let help = docker(&["machine", "--help"]).ok();
    assert!(help.starts_with("Usage: docker-machine [OPTIONS] COMMAND"), "{help}");
    let failed = docker(&["machine", "ip", "other"]);
    assert_eq!(failed.exit, Some(1));
    assert!(failed.stderr.contains("other"), "{}", failed.stderr);
    docker(&["machine", "rm", "-y", "dev"]).ok();
    // What is asked without the CLI is not known, as ever.
    assert_eq!(bench.run(&["machine", "ls"]).exit, Some(1));
}

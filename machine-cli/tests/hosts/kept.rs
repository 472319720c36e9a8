//! A driver in Go makes the machine in a process that outlives the command, then it is set up.
use crate::answer::Answer;
use crate::bench::Bench;
use crate::go;
use machine_testbed::{Host, HostKind};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

struct Kept {
    bench: Bench,
    host: Host,
}

impl Kept {
    fn or_skip() -> Option<Self> {
        let (bench, program) = (Bench::or_skip()?, go::program("driver")?);
        std::fs::create_dir(bench.home().join("cloud")).unwrap();
        let driver = bench.home().join("docker-machine-driver-peer");
        std::fs::copy(program, &driver).unwrap();
        let host = bench.bed.host(HostKind::Docker).unwrap();
        let kept = Self { bench, host };
        kept.run(&["driver", "install", &driver.display().to_string()]).ok();
        Some(kept)
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bench.command(args);
        command.env("PEER_CLOUD", self.bench.home().join("cloud"));
        command.env("PEER_HOST", self.host.address().to_string());
        command.env("PEER_HOST_KEY", self.host.ssh_key());
        command
    }

    fn run(&self, args: &[&str]) -> Answer {
        Answer::new(self.command(args).output().unwrap())
    }

    fn rm_leaves_nothing(&self) {
        self.run(&["rm", "-y", "m"]).ok();
        assert_eq!(self.bench.left(), Vec::<String>::new());
        let things = std::fs::read_dir(self.bench.home().join("cloud")).unwrap();
        let things = things.map(|file| file.unwrap().file_name().into_string().unwrap());
        assert_eq!(things.filter(|name| !name.starts_with('.')).count(), 0);
        let locks = std::fs::read_dir(self.bench.store().join("locks")).unwrap();
        let locks: Vec<_> = locks.map(|file| file.unwrap().file_name()).collect();
        assert_eq!(locks, ["authority.lock"]);
    }

    /// A real docker client, with what `env` says.
    fn docker_answers(&self) {
        let exports = self.run(&["env", "m"]).ok();
        let script = format!("{exports}\nexec \"$0\" version");
        let mut docker = Command::new("sh");
        docker.args(["-c", &script]).arg(self.bench.bed.docker_client());
        let answer = Answer::new(docker.env("HOME", self.bench.home()).output().unwrap());
        assert!(answer.ok().contains("Server:"));
    }
}

#[test]
fn a_machine_of_a_go_driver_becomes_a_docker_host() {
    let Some(kept) = Kept::or_skip() else { return };
    let said = kept.run(&["create", "-d", "peer", "m"]).ok();
    assert!(said.contains("(m) Creation done\nWaiting for machine to be running"), "{said}");
    assert!(said.contains("Docker is up and running!\n"), "{said}");
    kept.docker_answers();
    assert_eq!(kept.run(&["ssh", "m", "echo", "foo"]).ok(), "foo\n");
    kept.rm_leaves_nothing();
}

#[test]
fn a_command_killed_in_the_set_up_gives_the_machine_free() {
    let Some(kept) = Kept::or_skip() else { return };
    let mut create =
        kept.command(&["create", "-d", "peer", "m"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(create.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("Provisioning with")));
    create.kill().unwrap();
    create.wait().unwrap();
    kept.run(&["provision", "m"]).ok();
    kept.docker_answers();
    kept.rm_leaves_nothing();
}

use crate::home::Home;

const COMMANDS: [&str; 22] = [
    "active",
    "config",
    "env",
    "inspect",
    "ip",
    "kill",
    "ls",
    "mount",
    "provision",
    "regenerate-certs",
    "restart",
    "rm",
    "scp",
    "ssh",
    "start",
    "status",
    "stop",
    "upgrade",
    "url",
    "version",
    "create-none",
    "create-generic",
];

fn golden(name: &str) -> String {
    let path = format!("{}/tests/golden/help/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The texts in `tests/golden/help` are Docker Machine's own, byte for byte.
#[test]
fn of_each_command() {
    let home = Home::new();
    for name in COMMANDS {
        let want = golden(name);
        let lines: Vec<String> = match name.strip_prefix("create-") {
            Some(driver) => vec![
                format!("create -d {driver} -h"),
                format!("create --driver={driver} --help"),
                format!("create foo -d {driver} -help"),
            ],
            None if name == "ssh" => vec!["help ssh".into(), "ssh -h".into(), "ssh --help".into()],
            None => vec![
                format!("help {name}"),
                format!("h {name} rm"),
                format!("{name} -h"),
                format!("{name} --help"),
                format!("{name} -help"),
                format!("{name} foo --help"),
            ],
        };
        for line in lines {
            home.prints(&line, &want);
        }
    }
    assert!(!home.store().exists());
}

#[test]
fn the_driver_is_also_taken_from_the_environment() {
    let mut home = Home::new();
    home.set("MACHINE_DRIVER", "none");
    home.prints("create -h", &golden("create-none"));
}

#[test]
fn of_the_program() {
    let home = Home::new();
    let answer = home.line("");
    assert_eq!(answer.err, "");
    for line in ["h", "help", "-h", "--h", "-help", "--help", "-v -h"] {
        assert_eq!(home.line(line), answer, "{line}");
    }
    for part in [
        "Usage: docker-machine [OPTIONS] COMMAND [arg...]\n\nCreate and manage machines running Docker.\n\nVersion: ",
        "\nOptions:\n  --debug, -D\t",
        "  --storage-path, -s \"@HOME@/store\"\tConfigures storage path [$MACHINE_STORAGE_PATH]\n",
        "\tUse the native (Go-based) SSH implementation. [$MACHINE_NATIVE_SSH]\n",
        "\tprint the version\n  \nCommands:\n  active\t",
        "\tPrint which machine is active\n",
        "\tDisplay the commands to set up the environment for the Docker client\n",
        "\n  \nRun 'docker-machine COMMAND --help' for more information on a command.\n",
    ] {
        assert!(answer.out.contains(part), "{part:?} is not in\n{}", answer.out);
    }
}

#[test]
fn version_in_every_spelling() {
    let home = Home::with(&["default"]);
    let answer = home.line("version");
    let version = answer.out.strip_prefix("docker-machine version ").unwrap();
    let (number, build) = version.trim_end().split_once(", build ").unwrap();
    assert_eq!(number, env!("CARGO_PKG_VERSION"));
    assert!(!build.is_empty() && !build.contains(' '));
    for line in ["-v", "--v", "-version", "--version"] {
        assert_eq!(home.line(line), answer, "{line}");
    }
    home.fails("version foo bar", crate::home::EXPECTED_ONE);
    home.fails("version nosuch", &crate::home::missing("nosuch"));
}

//! The scripts of `completion`, in the shells that are here.
use super::script;
use crate::home::{Home, PROGRAM};
use std::process::Command;

/// Runs a script in a shell, with the program on `PATH`; nothing where that shell is not here.
fn within(home: &Home, shell: &str, script: &str) -> Option<String> {
    let link = home.bin().join("docker-machine");
    if !link.exists() {
        std::os::unix::fs::symlink(PROGRAM, &link).unwrap();
    }
    let path = format!("{}:{}", home.bin().display(), std::env::var("PATH").unwrap());
    let mut command = Command::new(shell);
    command.args(["-c", script]).env_clear().env("PATH", path).env("HOME", home.path());
    command.env("MACHINE_STORAGE_PATH", home.store()).current_dir(home.path());
    let output = match command.output() {
        // Not every machine has every shell.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        output => output.unwrap(),
    };
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{shell}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn bash_completes_machines_and_flags() {
    let home = Home::with(&["dev", "prod"]);
    for (line, want) in [
        ("docker-machine rm -y p", "prod\n"),
        ("docker-machine rm -y ", "dev\nprod\n"),
        // Behind the sign at which bash cuts words.
        ("docker-machine create --driver=no", "none\n"),
        ("docker-machine ls --qu", "--quiet\n"),
    ] {
        let script = format!(
            "source <(docker-machine completion bash); COMP_LINE='{line}' COMP_POINT={}; \
             _docker_machine; printf '%s\\n' \"${{COMPREPLY[@]}}\"; complete -p docker-machine",
            line.len()
        );
        let Some(said) = within(&home, "bash", &script) else { return };
        let known = "complete -o default -F _docker_machine docker-machine\n";
        assert_eq!(said, format!("{want}{known}"), "{line}");
    }
}

#[test]
fn fish_completes_machines_and_flags() {
    let home = Home::with(&["dev", "prod"]);
    for (line, want) in [
        ("docker-machine rm -y p", "prod\n"),
        ("docker-machine env --shell=cm", "--shell=cmd\n"),
        ("docker-machine ls --qu", "--quiet\tEnable quiet mode\n"),
    ] {
        let script = format!("docker-machine completion fish | source; complete -C '{line}'");
        let Some(said) = within(&home, "fish", &script) else { return };
        assert_eq!(said, want, "{line}");
    }
}

#[test]
fn zsh_reads_its_script() {
    let home = Home::with(&["dev"]);
    let script = "autoload -Uz compinit && compinit -u -D; source <(docker-machine completion zsh); \
                  print $_comps[docker-machine]";
    let Some(said) = within(&home, "zsh", script) else { return };
    assert_eq!(said, "_docker_machine\n");
}

/// Those of the store as well as those on `PATH`, each once; nothing is started for it.
#[cfg(feature = "plugin")]
#[test]
fn drivers_are_offered_wherever_they_are() {
    let home = Home::new();
    let folder = home.store().join("drivers/kept");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("config.yml"), "name: kept\ndriver: kept\n").unwrap();
    script(&folder.join("docker-machine-driver-kept"), "exit 1");
    script(&home.bin().join("docker-machine-driver-found"), "exit 1");
    std::fs::write(home.bin().join("docker-machine-driver-text"), "").unwrap();
    let offered = |before: &[&str]| {
        let answer = home.run(&[&["__complete", "="], before].concat());
        let words = answer.out.lines().filter_map(|line| line.split('\t').next());
        words
            .filter(|w| ["kept", "found", "text"].contains(w))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(offered(&["create", "-d"]), ["found", "kept"]);
    assert_eq!(offered(&["driver", "rm"]), ["kept"]);
}

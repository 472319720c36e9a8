//! The reference in `docs/cli.md`, and man pages and completion scripts in `target/`.

use anyhow::Result;
use xshell::{Shell, cmd};

use crate::shell;

const SHELLS: [&str; 5] = ["bash", "zsh", "fish", "powershell", "elvish"];

pub(crate) fn run(sh: &Shell) -> Result<()> {
    cmd!(sh, "cargo build --package machine-cli --features full").run()?;
    let program = shell::target().join("debug/docker-machine");
    let page = cmd!(sh, "{program} __reference markdown").read()?;
    sh.write_file("docs/cli.md", page + "\n")?;
    let folder = shell::target().join("man");
    for name in cmd!(sh, "{program} __reference names").read()?.lines() {
        let page = cmd!(sh, "{program} __reference man {name}").read()?;
        sh.write_file(folder.join(format!("{name}.1")), page + "\n")?;
    }
    println!("man pages: {}", folder.display());
    let folder = shell::target().join("completions");
    for name in SHELLS {
        let script = cmd!(sh, "{program} completion {name}").read()?;
        sh.write_file(folder.join(format!("docker-machine.{name}")), script + "\n")?;
    }
    println!("completions: {}", folder.display());
    Ok(())
}

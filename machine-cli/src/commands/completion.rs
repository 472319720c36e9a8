use super::{Command, Run, no_flags, with_help};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;

pub(crate) const COMMAND: Command = Command {
    name: "completion",
    usage: "Print a script that completes command lines in a shell",
    description: "Argument is one of bash, zsh, fish, powershell, elvish.",
    arguments: "SHELL",
    flags: no_flags,
    run: Run::Flags(run),
};

/// Each asks `__complete`, so that it knows the machines of the moment and never grows old.
pub(super) const SCRIPTS: [(&str, &str); 5] = [
    ("bash", include_str!("../completion/bash.sh")),
    ("zsh", include_str!("../completion/zsh.zsh")),
    ("fish", include_str!("../completion/fish.fish")),
    ("powershell", include_str!("../completion/powershell.ps1")),
    ("elvish", include_str!("../completion/elvish.elv")),
];

fn run(context: &Context, command: &Command, invocation: Invocation) -> Result<(), Failure> {
    let [shell] = invocation.args.as_slice() else {
        return Err(with_help(context, command, "Error: Expected the name of a shell"));
    };
    let script = SCRIPTS.iter().find(|(name, _)| name == shell).map(|(_, script)| script);
    let Some(script) = script else {
        let known = SCRIPTS.map(|(name, _)| name).join(", ");
        return Err(Failure::new(format!("Error: Unknown shell {shell}: there are {known}")));
    };
    context.out.text(script);
    Ok(())
}

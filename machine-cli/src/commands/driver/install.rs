use super::{Command, Run, no_flags, with_help};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::registry;
use std::path::Path;

pub(super) const COMMAND: Command = Command {
    name: "driver install",
    usage: "Install a driver",
    description: "Argument is a driver's folder, which is called as the driver and holds \
                  version.txt, config.yml\n   and the driver itself, or a program \
                  docker-machine-driver-NAME. It takes the place of an\n   installed driver of \
                  that name, and goes before one on PATH.",
    arguments: "DIR|BINARY",
    flags: no_flags,
    run: Run::Flags(run),
};

fn run(context: &Context, command: &Command, invocation: Invocation) -> Result<(), Failure> {
    let [from] = invocation.args.as_slice() else {
        return Err(with_help(context, command, "Error: Expected one folder or program"));
    };
    let drivers = context.drivers().installed().with_reserved(registry::linked());
    let installed = context.block_on(drivers.install(Path::new(from)))??;
    let version = installed.version.map(|version| format!(" {version}")).unwrap_or_default();
    context.out.line(&format!("Installed driver \"{}\"{version}", installed.name));
    Ok(())
}

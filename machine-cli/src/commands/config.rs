use super::{ARGUMENTS, Command, ONE_NAME, Run};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::golang::quote;
use machine_core::{OptionKind, OptionSpec};

pub(crate) const COMMAND: Command = Command {
    name: "config",
    usage: "Print the connection config for machine",
    description: ONE_NAME,
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    vec![OptionSpec::new(
        "swarm",
        OptionKind::Switch,
        "Display the Swarm config instead of the Docker daemon",
    )]
}

/// Names after the first are not looked at, as in Docker Machine.
fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    context.out.keep_stdout_evaluable();
    let name = context.targets(invocation.args)?.swap_remove(0);
    let machines = context.machines();
    let entry = machines.store().load(&name)?;
    let connection = context
        .block_on(machines.check(&entry, invocation.options.switch("swarm")))?
        .map_err(|error| Failure::because("Error running connection boilerplate: ", &error))?;
    let file = |name: &str| quote(&connection.certs.join(name).to_string_lossy());
    context.out.line(&format!(
        "--tlsverify\n--tlscacert={}\n--tlscert={}\n--tlskey={}\n-H={}",
        file("ca.pem"),
        file("cert.pem"),
        file("key.pem"),
        connection.url
    ));
    Ok(())
}

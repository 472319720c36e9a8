use super::create::{self, Offer};
use super::{Command, Run, read};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::platform;
use machine_core::{OptionSpec, Options};
use machine_host::{Connection, CreateSpec, Interrupt};

pub(crate) const COMMAND: Command = Command {
    name: "run",
    usage: "Run a container on a machine, which is made or started first if need be",
    description: "Arguments are [create flags] [machine-name] [arguments of docker run]",
    arguments: "NAME [arg...]",
    flags,
    run: Run::Raw(run),
};

fn flags() -> Vec<OptionSpec> {
    create::flags()
}

/// All behind the name is the Docker client's, so flags stand before it.
fn run(context: &Context, command: &Command, args: &[String]) -> Result<(), Failure> {
    let own = create::leading_flags(context, args)?;
    let offer = Offer::new(context, &args[..own])?;
    let found =
        read(context, command, &offer.all, &[], args).map_err(|failure| failure.with_code(1))?;
    let Some(invocation) = found else { return Ok(()) };
    let Some((name, rest)) = invocation.args.split_first().filter(|(name, _)| !name.is_empty())
    else {
        context.out.text(&crate::help::command(command, &offer.all));
        return Err(Failure::new("Error: No machine name specified"));
    };
    let client = platform::find_program("docker").ok_or_else(|| {
        Failure::new("You must have a copy of the docker binary locally to use the run feature")
    })?;
    let connection = endpoint(context, &offer, name, &invocation)?;
    let rest = &context.os_argv[context.os_argv.len() - rest.len()..];
    let mut docker = std::process::Command::new(client);
    docker.arg("run").args(rest);
    docker.env_remove("DOCKER_CONTEXT").env("DOCKER_TLS_VERIFY", "1");
    docker.env("DOCKER_HOST", &connection.url).env("DOCKER_CERT_PATH", &connection.certs);
    let code = platform::become_program(docker).map_err(|error| Failure::because("", &error))?;
    match code {
        0 => Ok(()),
        code => Err(Failure::new("").with_code(code)),
    }
}

fn endpoint(
    context: &Context,
    offer: &Offer,
    name: &str,
    invocation: &Invocation,
) -> Result<Connection, Failure> {
    let (interrupter, interrupt) = Interrupt::channel();
    let machines = context.machines_until(interrupt);
    // A machine that exists is used as it is: nothing has to say how to make it.
    let spec = match machines.store().exists(name) {
        true => CreateSpec::new("", Options::none()),
        false => {
            create::check(name, &invocation.options)?;
            offer.spec(context, invocation)?
        }
    };
    context
        .block_on(async {
            let work = machines.run(name, &spec);
            platform::interruptible(work, || interrupter.interrupt()).await
        })?
        .map_err(|error| create::failed(name, &error))
}

use super::{ARGUMENTS, Command, ONE_NAME, Run};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::platform;
use crate::render::env::{Dialect, command_line};
use machine_core::{OptionKind, OptionSpec, Options};

pub(crate) const COMMAND: Command = Command {
    name: "env",
    usage: "Display the commands to set up the environment for the Docker client",
    description: ONE_NAME,
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    let switch =
        |name: &'static str, help: &'static str| OptionSpec::new(name, OptionKind::Switch, help);
    vec![
        switch("swarm", "Display the Swarm config instead of the Docker daemon"),
        OptionSpec::new(
            "shell",
            OptionKind::Text,
            "Force environment to be configured for a specified shell: [fish, cmd, powershell, \
             tcsh, emacs], default is auto-detect",
        ),
        switch("unset", "Unset variables instead of setting them").with_alias("u"),
        switch("no-proxy", "Add machine IP to NO_PROXY environment variable"),
    ]
}

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    context.out.keep_stdout_evaluable();
    let Invocation { options, args, .. } = invocation;
    let mut text = match options.switch("unset") {
        true => unset(context, &options, &args)?,
        false => set(context, &options, args)?,
    };
    text.1.push_str(&text.0.hint(&command_line(&context.argv)));
    context.out.text(&text.1);
    Ok(())
}

const NAMES: [&str; 4] =
    ["DOCKER_TLS_VERIFY", "DOCKER_HOST", "DOCKER_CERT_PATH", "DOCKER_MACHINE_NAME"];

fn unset(
    context: &Context,
    options: &Options,
    args: &[String],
) -> Result<(Dialect, String), Failure> {
    if !args.is_empty() {
        let text = "Error: Expected no machine name when the -u flag is present";
        return Err(Failure::new(text));
    }
    let dialect = dialect(context, options)?;
    let mut text: String = NAMES.iter().map(|name| dialect.unset(name)).collect();
    if options.switch("no-proxy") {
        text.push_str(&dialect.unset(no_proxy().0));
    }
    Ok((dialect, text))
}

fn set(
    context: &Context,
    options: &Options,
    args: Vec<String>,
) -> Result<(Dialect, String), Failure> {
    let name = context.target(args)?;
    let machines = context.machines();
    let entry = machines.store().load(&name)?;
    let connection = context
        .block_on(machines.check(&entry, options.switch("swarm")))?
        .map_err(|error| Failure::because("Error checking TLS connection: ", &error))?;
    let dialect = dialect(context, options)?;
    let certs = connection.certs.to_string_lossy();
    let values = ["1", connection.url.as_str(), &certs, &name];
    let mut text: String =
        NAMES.iter().zip(values).map(|(name, value)| dialect.set(name, value)).collect();
    for (name, value) in platform::CLIENT_VARIABLES {
        text.push_str(&dialect.set(name, value));
    }
    if options.switch("no-proxy") {
        let (variable, value) = no_proxy();
        let ip = &connection.ip;
        let value = match value {
            value if value.is_empty() => ip.clone(),
            value if value.contains(ip.as_str()) => value,
            value => format!("{value},{ip}"),
        };
        text.push_str(&dialect.set(variable, &value));
    }
    Ok((dialect, text))
}

/// The variable that says what needs no proxy, in the case in which it is set, and its value.
fn no_proxy() -> (&'static str, String) {
    match crate::variable("no_proxy").filter(|value| !value.is_empty()) {
        Some(value) => ("no_proxy", value),
        None => ("NO_PROXY", crate::variable("NO_PROXY").unwrap_or_default()),
    }
}

fn dialect(context: &Context, options: &Options) -> Result<Dialect, Failure> {
    if let Some(shell) = options.text("shell").filter(|shell| !shell.is_empty()) {
        return Ok(Dialect::of(shell));
    }
    match platform::shell() {
        platform::Shell::Known(name) => Ok(Dialect::of(&name)),
        platform::Shell::Assumed(name, advice) => {
            context.out.text(&format!("{advice}\n\n"));
            Ok(Dialect::of(&name))
        }
        platform::Shell::Unknown(advice) => {
            context.out.text(&format!("{advice}\n\n"));
            Err(Failure::new("Error: Unknown shell"))
        }
    }
}

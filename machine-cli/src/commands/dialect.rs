//! What Docker Machine does not have, and its help texts must not show: mostly of Rancher's fork.

use super::{Command, create, status};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::{golang, registry};
use machine_core::{OptionKind, OptionSpec, Options};
use machine_host::CreateSpec;

/// Commands that take [`UPDATE`].
const COMMANDS: [&str; 5] = ["kill", "provision", "rm", "status", "url"];

/// With it the driver's own flags are valid too, and sign in for this one command.
pub(super) const UPDATE: &str = "update-config";

/// Flags of one command line beside those of its help text.
pub(crate) struct Extra {
    /// The driver's own, of the machine that the command is about.
    driver: Vec<OptionSpec>,
    pub(crate) all: Vec<OptionSpec>,
}

impl Extra {
    /// Those of `command`, whose machine is the last of `args`.
    ///
    /// # Errors
    /// Those of the driver.
    pub(crate) fn of(
        context: &Context,
        command: &Command,
        args: &[String],
    ) -> Result<Self, Failure> {
        let mut extra = Self { driver: Vec::new(), all: unlisted(command) };
        if !COMMANDS.contains(&command.name) {
            return Ok(extra);
        }
        let asked = |arg: &String| arg.trim_start_matches('-').split('=').next() == Some(UPDATE);
        if !args.iter().any(|arg| arg.starts_with('-') && asked(arg)) {
            return Ok(extra);
        }
        // A machine that is not there, or whose driver is not, has no flags to add.
        let entry = args.last().and_then(|name| context.store().load(name).ok());
        if let Some(provider) = entry.and_then(|e| registry::provider(&e.config.driver_name)) {
            extra.driver = context.block_on(provider.options())??;
            let own = [(command.flags)(), extra.all.clone()].concat();
            extra.driver.retain(|spec| !own.iter().any(|own| own.name == spec.name));
            extra.all.extend(extra.driver.iter().cloned());
        }
        Ok(extra)
    }

    /// Keeps the credentials among the driver's own flags for this command.
    ///
    /// # Errors
    /// Values of the wrong kind.
    pub(crate) fn keep(&self, context: &Context, invocation: &Invocation) -> Result<(), Failure> {
        if !invocation.options.switch(UPDATE) {
            return Ok(());
        }
        let own = |name: &String| self.driver.iter().any(|spec| spec.name == *name);
        let given = invocation.given.iter().filter(|(name, _)| own(name)).cloned();
        context.set_credentials(Options::new(&self.driver, given)?.secrets());
        Ok(())
    }
}

/// Flags that are in no help text.
pub(super) fn unlisted(command: &Command) -> Vec<OptionSpec> {
    if command.name == create::COMMAND.name {
        let text =
            |name: &'static str, help: &'static str| OptionSpec::new(name, OptionKind::Text, help);
        return vec![
            text("custom-install-script", "Script to run as root instead of installing Docker"),
            text("hostname-override", "Name that the host gets instead of the machine's"),
        ];
    }
    let mut specs = Vec::new();
    if COMMANDS.contains(&command.name) {
        let help = "Take the driver's own flags too, and sign in with them for this command";
        specs.push(OptionSpec::new(UPDATE, OptionKind::Switch, help));
    }
    if command.name == status::COMMAND.name {
        specs.push(status::format());
    }
    specs
}

/// Puts what the flags of `create` among them say into `spec`.
///
/// # Errors
/// A name that no host can have.
pub(super) fn lay_create_flags(options: &Options, spec: &mut CreateSpec) -> Result<(), Failure> {
    let text = |name: &str| options.text(name).filter(|text| !text.is_empty());
    if let Some(path) = text("custom-install-script") {
        // It is read again when the machine is provisioned again, from whatever folder that is.
        let path = std::path::absolute(path);
        spec.install_script =
            Some(path.map_err(|error| Failure::because("--custom-install-script: ", &error))?);
    }
    if let Some(name) = text("hostname-override") {
        if name.len() > HOST_NAME || machine_host::check_name(name).is_err() {
            let text = format!(
                "--hostname-override: {} is not a host's name: letters, digits, . and -, at most \
                 {HOST_NAME} of them",
                golang::quote(name)
            );
            return Err(Failure::new(text));
        }
        spec.host_name = Some(name.to_owned());
    }
    Ok(())
}

/// Longest host name of Linux (`HOST_NAME_MAX` in its `limits.h`).
const HOST_NAME: usize = 64;

/// The secret store that this program does not have: to go on without it would lose the machines.
///
/// # Errors
/// When the command line asks for it.
pub(crate) fn refuse_secret_store(context: &Context) -> Result<(), Failure> {
    match context.global("secret-name") {
        None => Ok(()),
        Some(_) => Err(Failure::new(
            "--secret-name: machines cannot be kept in a Kubernetes secret; nothing was done",
        )),
    }
}

//! One file a command: its description and its function.
mod active;
mod complete;
mod completion;
mod config;
mod create;
pub(crate) mod dialect;
mod env;
mod filter;
mod help;
mod inspect;
mod ip;
mod ls;
mod mount;
mod power;
mod provision;
mod reference;
mod regenerate_certs;
mod rm;
mod run;
mod scp;
mod ssh;
mod status;
#[cfg(feature = "native-ssh")]
mod terminal;
mod upgrade;
mod url;
mod version;

use crate::argv::{self, Misuse};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::{self, Invocation};
use machine_core::{OptionKind, OptionSpec};

/// A command as help texts and flags need it.
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) usage: &'static str,
    /// More about its arguments; may be empty.
    pub(crate) description: &'static str,
    /// How its arguments are written.
    pub(crate) arguments: &'static str,
    pub(crate) flags: fn() -> Vec<OptionSpec>,
    pub(crate) run: Run,
}

/// Who reads the command's arguments.
pub(crate) enum Run {
    /// The grammar of all commands.
    Flags(fn(&Context, &Command, Invocation) -> Result<(), Failure>),
    /// The command itself.
    Raw(fn(&Context, &Command, &[String]) -> Result<(), Failure>),
}

/// How most commands write their arguments.
const ARGUMENTS: &str = "[arg...]";
const ONE_NAME: &str = "Argument is a machine name.";
const NAMES: &str = "Argument(s) are one or more machine names.";

/// All commands, in the order of the help text.
pub(crate) const COMMANDS: &[Command] = &[
    active::COMMAND,
    completion::COMMAND,
    config::COMMAND,
    create::COMMAND,
    env::COMMAND,
    inspect::COMMAND,
    ip::COMMAND,
    power::KILL,
    ls::COMMAND,
    provision::COMMAND,
    regenerate_certs::COMMAND,
    power::RESTART,
    rm::COMMAND,
    run::COMMAND,
    ssh::COMMAND,
    scp::COMMAND,
    mount::COMMAND,
    power::START,
    status::COMMAND,
    power::STOP,
    upgrade::COMMAND,
    url::COMMAND,
    version::COMMAND,
    help::COMMAND,
];

/// Commands that programs call, in no help text.
const HIDDEN: &[Command] = &[complete::COMMAND, reference::COMMAND];

/// The command of that name.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    let name = if name == "h" { "help" } else { name };
    COMMANDS.iter().chain(HIDDEN).find(|command| command.name == name)
}

fn no_flags() -> Vec<OptionSpec> {
    Vec::new()
}

/// Reads arguments, of which those in `extra` are in no help text, and which [`argv::reorder`] has put in order where the command wants that. Nothing
/// comes back when they ask for help, which is printed then. Misuse is told with exit code 0, as
/// Docker Machine does.
pub(crate) fn read(
    context: &Context,
    command: &Command,
    specs: &[OptionSpec],
    extra: &[OptionSpec],
    args: &[String],
) -> Result<Option<Invocation>, Failure> {
    let mut all = [specs, extra].concat();
    all.push(OptionSpec::new("help", OptionKind::Switch, "show help").with_alias("h"));
    let help = || crate::help::command(command, specs);
    let line = match argv::command(&all, args, &crate::variable) {
        Ok(line) => line,
        Err(misuse) => {
            let first = match &misuse {
                Misuse::Flag(_) => "Incorrect Usage.",
                Misuse::TwoForms(text) => text,
            };
            context.out.text(&format!("{first}\n\n{}", help()));
            return Err(Failure::new(misuse.text()).with_code(0));
        }
    };
    let found = flags::read(command.name, &all, line).map_err(Failure::new)?;
    if found.options.switch("help") {
        context.out.text(&help());
        return Ok(None);
    }
    Ok(Some(found))
}

/// A misuse that is answered with the help text.
fn with_help(context: &Context, command: &Command, text: &str) -> Failure {
    context.out.text(&crate::help::command(command, &(command.flags)()));
    Failure::new(text)
}

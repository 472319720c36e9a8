use super::power::batch;
use super::{ARGUMENTS, Command, NAMES, Run};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::prompt;
use machine_core::{OptionKind, OptionSpec};
use machine_host::Regenerate;

pub(crate) const COMMAND: Command = Command {
    name: "regenerate-certs",
    usage: "Regenerate TLS Certificates for a machine",
    description: NAMES,
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new("force", OptionKind::Switch, "Force rebuild and do not prompt")
            .with_alias("f"),
        OptionSpec::new(
            "client-certs",
            OptionKind::Switch,
            "Also regenerate client certificates and CA.",
        ),
    ]
}

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let Invocation { options, args, .. } = invocation;
    let out = &context.out;
    if !options.switch("force") {
        out.text("Regenerate TLS machine certs?  Warning: this is irreversible. (y/n): ");
        let answer = prompt::read(std::io::stdin().lock());
        if let Some(complaint) = answer.complaint() {
            return Err(Failure::new(complaint));
        }
        if !answer.is_yes() {
            return Ok(());
        }
    }
    out.line("Regenerating TLS certificates");
    let names = context.targets(args)?;
    let what = match options.switch("client-certs") {
        true => Regenerate::All,
        false => Regenerate::Server,
    };
    batch(context.block_on(context.machines().regenerate_certificates(what, &names))?)
}

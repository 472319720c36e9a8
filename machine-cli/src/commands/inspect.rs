use super::{ARGUMENTS, Command, ONE_NAME, Run, with_help};
use crate::context::{Context, expected_one};
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::registry;
use crate::render::json::{self, Machine};
use crate::template::{self, Extra, Template};
use machine_core::{OptionKind, OptionSpec, State};

pub(crate) const COMMAND: Command = Command {
    name: "inspect",
    usage: "Inspect information about a machine",
    description: ONE_NAME,
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    let help = "Format the output using the given go template.";
    vec![OptionSpec::new("format", OptionKind::Text, help).with_alias("f")]
}

/// What stands in the place of a driver that is not here, as Docker Machine shows it.
#[derive(serde::Serialize)]
struct Absent<'a> {
    #[serde(rename = "Name")]
    name: &'a str,
}

fn run(context: &Context, command: &Command, invocation: Invocation) -> Result<(), Failure> {
    if invocation.args.len() > 1 {
        return Err(with_help(context, command, &expected_one().text));
    }
    let name = context.target(invocation.args)?;
    let mut entry = context.store().load(&name)?;
    let format = invocation.options.text("format").unwrap_or_default();
    if format == json::FORMAT {
        let driver = &entry.config.driver_name;
        let hint = registry::remedy(driver).unwrap_or_default();
        let config = Some(&entry.config);
        let machine = Machine { name: &name, driver, config, hint: &hint, ..Machine::default() };
        context.out.line(&json::document(&[machine]));
        return Ok(());
    }
    if registry::provider(&entry.config.driver_name).is_none() {
        entry.config.driver = State::new(&Absent { name: &entry.config.driver_name })?;
    }
    let json = entry.config.to_json();
    if format.is_empty() {
        context.out.line(&json);
        return Ok(());
    }
    let parsed = Template::parse(format, Extra::Json)
        .map_err(|error| Failure::new(format!("template parsing error: {error}")))?;
    let data = template::read(&json).map_err(Failure::new)?;
    let mut text = String::new();
    let done = parsed.execute(&data, &mut text);
    if done.is_ok() {
        text.push('\n');
    }
    context.out.text(&text);
    done.map_err(|error| Failure::new(error.to_string()))
}

//! The reference of the command line, for `cargo xtask docs`: Markdown, or man pages one by one.
use super::{COMMANDS, Command, Run, create, dialect, no_flags};
use crate::context::Context;
use crate::failure::Failure;
use crate::registry;
use crate::render::reference::{Page, man, markdown};

pub(crate) const COMMAND: Command = Command {
    name: "__reference",
    usage: "",
    description: "",
    arguments: "",
    flags: no_flags,
    run: Run::Raw(run),
};

fn run(context: &Context, _: &Command, args: &[String]) -> Result<(), Failure> {
    let pages = pages(context)?;
    let text = match args {
        [form] if form == "markdown" => markdown(&pages),
        [form] if form == "names" => pages.iter().map(|page| page.file() + "\n").collect(),
        [form, name] if form == "man" => {
            let page = pages.iter().find(|page| page.file() == *name);
            page.map(|page| man(page, &pages)).unwrap_or_default()
        }
        _ => return Err(context.unknown_command(COMMAND.name)),
    };
    context.out.text(&text);
    Ok(())
}

/// The program, its commands, and `create` with each linked driver's own options.
fn pages(context: &Context) -> Result<Vec<Page>, Failure> {
    let mut globals = crate::globals();
    for spec in globals.iter_mut().filter(|spec| spec.name == "storage-path") {
        // The same whoever makes the reference.
        *spec = spec
            .clone()
            .with_default(machine_core::OptionValue::Text("$HOME/.docker/machine".to_owned()));
    }
    let mut pages = vec![Page {
        command: None,
        usage: "create and manage machines that run Docker".to_owned(),
        description: String::new(),
        arguments: "COMMAND [arg...]".to_owned(),
        options: vec![(String::new(), globals)],
    }];
    for command in COMMANDS {
        let mut options = vec![(String::new(), (command.flags)())];
        if command.name == create::COMMAND.name {
            for driver in registry::linked() {
                let own = create::options_of(context, driver)?;
                options.push((format!("Driver {driver}"), own));
            }
        }
        options.push(("In no help text".to_owned(), dialect::unlisted(command)));
        pages.push(Page {
            command: Some(command.name),
            usage: command.usage.to_owned(),
            description: command.description.to_owned(),
            arguments: command.arguments.to_owned(),
            options,
        });
    }
    Ok(pages)
}

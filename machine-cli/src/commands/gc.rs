use super::{Command, Run};
use crate::context::{Context, join_failures};
use crate::failure::Failure;
use crate::flags::Invocation;
use crate::prompt;
use crate::registry;
use crate::render::table::{LIST, align};
use machine_core::{OptionKind, OptionSpec};
use machine_host::{Orphan, OrphansSpec};

pub(crate) const COMMAND: Command = Command {
    name: "gc",
    usage: "Delete what is left of machines that are gone",
    description: "Looks in the regions that journals of this store name, and in those that are \
                  given, for what carries the store's tag and belongs to none of its machines.",
    arguments: "",
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    let list = |name, help| OptionSpec::new(name, OptionKind::List, help);
    vec![
        list("driver", "Look with this driver alone").with_alias("d"),
        list("region", "Look in this region as well"),
        OptionSpec::new("store-id", OptionKind::Text, "Look for what another store has lost"),
        OptionSpec::new("y", OptionKind::Switch, "Delete without asking"),
    ]
}

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let options = invocation.options;
    if let Some(extra) = invocation.args.first() {
        return Err(Failure::new(format!("Error: Expected no arguments, but got \"{extra}\"")));
    }
    let mut spec = OrphansSpec::default();
    spec.drivers = options.list("driver").to_vec();
    let known = context.drivers();
    if let Some(unknown) = spec.drivers.iter().find(|d| known.provider(d).is_none()) {
        return Err(super::create::unknown_driver(unknown));
    }
    spec.asked = registry::linked().map(str::to_owned).collect();
    spec.scopes = options.list("region").to_vec();
    spec.store_id = options.text("store-id").filter(|id| !id.is_empty()).map(str::to_owned);
    let machines = context.machines();
    let (out, found) = (&context.out, context.block_on(machines.orphans(&spec))??);
    if spec.store_id.is_some() && found.places == 0 && found.failures.is_empty() {
        // "Nothing" would be taken for an answer.
        return Err(Failure::new("Error: No journal names a region to look in: give --region"));
    }
    let mut failures: Vec<Failure> = found.failures.into_iter().map(Failure::from).collect();
    if found.busy > 0 {
        out.news(&format!("Left alone, as another command works on them: {} machines", found.busy));
    }
    if found.young > 0 {
        out.news(&format!("Left alone, as they may be in the making: {} resources", found.young));
    }
    if found.all.is_empty() {
        out.line("Nothing to delete.");
    } else {
        out.text(&table(&found.all));
        if !options.switch("y") {
            out.text("Delete these? (y/n): ");
            if !prompt::read(std::io::stdin().lock()).is_yes() {
                return Ok(());
            }
        }
        let collected = context.block_on(async {
            let mut failures = Vec::new();
            for orphan in &found.all {
                match machines.collect(orphan, &spec).await {
                    Ok(()) if is_shared(orphan) => out.line(
                        "Deleted what machines of the store shared, but for what others still use",
                    ),
                    Ok(()) => out.line(&format!("Deleted what was left of {}", named(orphan))),
                    Err(error) => {
                        let what = format!("Error deleting what is left of {}: ", named(orphan));
                        failures.push(Failure::because(&what, &error));
                    }
                }
            }
            failures
        })?;
        failures.extend(collected);
    }
    join_failures(failures.into_iter().map(Err::<(), _>)).map(drop)
}

/// Whether others may use it: then it stays, which is no failure.
fn is_shared(orphan: &Orphan) -> bool {
    orphan.name.is_none() && orphan.machine.is_none()
}

fn named(orphan: &Orphan) -> &str {
    let name = orphan.name.as_deref().or(orphan.machine.as_deref());
    name.unwrap_or("the store, which machines shared")
}

/// One line a resource.
fn table(orphans: &[Orphan]) -> String {
    let mut text = "MACHINE\tDRIVER\tREGION\tRESOURCE\tID\n".to_owned();
    for orphan in orphans {
        let machine = orphan.name.as_deref().or(orphan.machine.as_deref()).unwrap_or("-");
        for part in &orphan.parts {
            let id = if part.id.is_empty() { "-" } else { &part.id };
            text.push_str(&format!(
                "{machine}\t{}\t{}\t{}\t{id}\n",
                orphan.driver, part.scope, part.kind
            ));
        }
    }
    align(&text, LIST)
}

use super::{ARGUMENTS, Command, Run, dialect, read};
use crate::context::{Context, join_failures};
use crate::failure::{Failure, INTERRUPTED, PRE_CREATE, chain};
use crate::flags::Invocation;
use crate::{argv, golang, platform, registry};
use machine_core::{OptionKind, OptionSpec, OptionValue, Options, Provider};
use machine_host::{CreateError, CreateSpec, EngineOptions, Interrupt, Stage, SwarmOptions};

pub(crate) const COMMAND: Command = Command {
    name: "create",
    usage: "Create a machine",
    description: "Run 'docker-machine create --driver name --help' to include the create flags for \
                  that driver in the help text.",
    arguments: ARGUMENTS,
    flags,
    run: Run::Raw(run),
};

/// Flags of every driver.
pub(super) fn flags() -> Vec<OptionSpec> {
    let text = |name: &'static str, help: &'static str| {
        OptionSpec::new(name, OptionKind::Text, help).with_default(OptionValue::Text(String::new()))
    };
    let default =
        |spec: OptionSpec, value: &str| spec.with_default(OptionValue::Text(value.to_owned()));
    let list =
        |name: &'static str, help: &'static str| OptionSpec::new(name, OptionKind::List, help);
    let switch = |name: &'static str, help: &'static str| {
        OptionSpec::new(name, OptionKind::Switch, help).with_default(OptionValue::Switch(false))
    };
    vec![
        default(text("driver", "Driver to create machine with."), "virtualbox")
            .with_alias("d")
            .with_env("MACHINE_DRIVER"),
        default(
            text("engine-install-url", "Custom URL to use for engine installation"),
            "https://get.docker.com",
        )
        .with_env("MACHINE_DOCKER_INSTALL_URL"),
        list(
            "engine-opt",
            "Specify arbitrary flags to include with the created engine in the form flag=value",
        ),
        list(
            "engine-insecure-registry",
            "Specify insecure registries to allow with the created engine",
        ),
        list("engine-registry-mirror", "Specify registry mirrors to use")
            .with_env("ENGINE_REGISTRY_MIRROR"),
        list("engine-label", "Specify labels for the created engine"),
        text("engine-storage-driver", "Specify a storage driver to use with the engine"),
        list("engine-env", "Specify environment variables to set in the engine"),
        switch("swarm", "Configure Machine to join a Swarm cluster"),
        default(text("swarm-image", "Specify Docker image to use for Swarm"), "swarm:latest")
            .with_env("MACHINE_SWARM_IMAGE"),
        switch("swarm-master", "Configure Machine to be a Swarm master"),
        text("swarm-discovery", "Discovery service to use with Swarm"),
        default(text("swarm-strategy", "Define a default scheduling strategy for Swarm"), "spread"),
        list("swarm-opt", "Define arbitrary flags for Swarm master"),
        list("swarm-join-opt", "Define arbitrary flags for Swarm join"),
        default(
            text("swarm-host", "ip/socket to listen on for Swarm master"),
            "tcp://0.0.0.0:3376",
        ),
        text("swarm-addr", "addr to advertise for Swarm (default: detect and use the machine IP)"),
        switch("swarm-experimental", "Enable Swarm experimental features"),
        list("tls-san", "Support extra SANs for TLS certs"),
    ]
}

/// How many machines to make, where a driver makes them.
const COUNT: &str = "count";

/// The flags of one command line: those of every driver, and those of the one that it is about.
pub(super) struct Offer {
    /// The driver, where one was named or could be chosen.
    driver: Option<String>,
    /// Its own options.
    own: Vec<OptionSpec>,
    /// All, in the order of the help text.
    pub(super) all: Vec<OptionSpec>,
}

impl Offer {
    /// Finds the driver among `words` and asks for its options.
    ///
    /// # Errors
    /// When a driver is named that is not known.
    pub(super) fn new(context: &Context, words: &[String]) -> Result<Self, Failure> {
        let driver = choose(context, words)?;
        let mut own = match &driver {
            Some(driver) => options_of(context, driver)?,
            None => Vec::new(),
        };
        let mut all = flags();
        // A plugin may not take a name that is ours.
        let dialect = dialect::unlisted(&COMMAND);
        own.retain(|spec| !all.iter().chain(&dialect).any(|shared| shared.name == spec.name));
        all.extend(own.iter().cloned());
        all.sort_by_cached_key(crate::help::flag);
        Ok(Self { driver, own, all })
    }

    /// Offers to make several machines, unless the driver is for hosts that are there already, or
    /// has an option of that name.
    fn add_count(&mut self, context: &Context) {
        let drivers = context.drivers();
        let provider = self.driver.as_deref().and_then(|driver| drivers.provider(driver));
        let able = provider.map(|provider| provider.capabilities());
        let makes = able.is_some_and(|able| !able.endpoint_only && !able.existing_host);
        if !makes || self.all.iter().any(|spec| spec.name == COUNT) {
            return;
        }
        let help = "Create so many machines, named NAME-1, NAME-2 and so on";
        self.all.push(OptionSpec::new(COUNT, OptionKind::Int, help));
        self.all.sort_by_cached_key(crate::help::flag);
    }

    /// What to make, from what was given.
    ///
    /// # Errors
    /// When no driver was named and none can be chosen; misuse that needs no driver to be seen.
    pub(super) fn spec(
        &self,
        context: &Context,
        invocation: &Invocation,
    ) -> Result<CreateSpec, Failure> {
        let given = |name: &str| invocation.given.iter().find(|(n, _)| n == name).map(|(_, v)| v);
        let named = match given("driver") {
            Some(OptionValue::Text(driver)) => Some(driver),
            _ => None,
        };
        let driver = named.or(self.driver.as_ref()).ok_or_else(no_driver)?;
        // Only another spelling than those that `scan` knows names another driver here.
        let own = match self.driver.as_ref() == Some(driver) {
            true => self.own.clone(),
            false => options_of(context, driver).map_err(|mut failure| {
                failure.text.insert_str(0, "Error getting new host: ");
                failure
            })?,
        };
        let options = &invocation.options;
        let of = |specs: &[OptionSpec]| {
            let known = |name: &String| specs.iter().any(|spec| spec.name == *name);
            let values: Vec<_> =
                invocation.given.iter().filter(|(name, _)| known(name)).cloned().collect();
            Options::new(specs, values)
        };
        refuse_swarm(context, driver, options)?;
        let shared = flags();
        let mut spec = CreateSpec::new(driver.as_str(), of(&own)?);
        spec.shared = of(&shared)?;
        spec.swarm = swarm(options);
        spec.tls_sans = options.list("tls-san").to_vec();
        spec.engine = engine(options);
        spec.install_url_given = given("engine-install-url").is_some();
        Ok(spec)
    }
}

/// Docker Machine would run containers of an image that is not maintained any more.
fn refuse_swarm(context: &Context, driver: &str, options: &Options) -> Result<(), Failure> {
    let asked = ["swarm", "swarm-master"].into_iter().find(|name| options.switch(name));
    let stored = context.drivers().provider(driver).is_some_and(|p| p.capabilities().endpoint_only);
    match asked.filter(|_| !stored) {
        None => Ok(()),
        Some(flag) => Err(Failure::new(format!(
            "--{flag}: classic swarm is no more; create the machine without it, and run \
             `docker swarm init` there"
        ))),
    }
}

pub(super) fn options_of(context: &Context, driver: &str) -> Result<Vec<OptionSpec>, Failure> {
    let provider: Box<dyn Provider> =
        context.drivers().provider(driver).ok_or_else(|| unknown_driver(driver))?;
    Ok(context.block_on(provider.options())??)
}

pub(super) fn unknown_driver(driver: &str) -> Failure {
    let failure = Failure::new(format!(
        "Driver \"{driver}\" not found. Do you have the plugin binary \
         \"docker-machine-driver-{driver}\" accessible in your PATH?"
    ));
    match registry::remedy(driver) {
        Some(remedy) => failure.with_hint(remedy),
        None => failure,
    }
}

fn no_driver() -> Failure {
    let linked: Vec<_> = registry::linked().collect();
    Failure::new(format!(
        "No driver was named, and no hypervisor is here to choose one. Name one with --driver: {}",
        linked.join(", ")
    ))
}

/// Programs whose presence chooses a driver when none is named.
const HYPERVISORS: [(&str, &[&str]); 2] =
    [("virtualbox", &["VBoxManage"]), ("qemu", &["qemu-system-x86_64", "qemu-system-aarch64"])];

/// The driver that is named, or whose own flag appears, or whose hypervisor is here.
fn choose(context: &Context, words: &[String]) -> Result<Option<String>, Failure> {
    let named = scan(words)
        .filter(|driver| !driver.is_empty())
        .or_else(|| crate::variable("MACHINE_DRIVER").filter(|driver| !driver.is_empty()));
    if let Some(driver) = named {
        return match context.drivers().provider(&driver) {
            Some(_) => Ok(Some(driver)),
            None => Err(unknown_driver(&driver)),
        };
    }
    let flags: Vec<&str> = words
        .iter()
        .take_while(|arg| *arg != "--")
        .filter(|arg| arg.starts_with('-'))
        .map(|arg| arg.trim_start_matches('-'))
        .map(|arg| arg.split_once('=').map_or(arg, |(name, _)| name))
        .collect();
    for driver in registry::linked() {
        let specs = options_of(context, driver)?;
        let owns = |flag: &&str| {
            specs.iter().any(|s| s.name == **flag || s.aliases.iter().any(|a| a == *flag))
        };
        if flags.iter().any(owns) {
            return Ok(Some(driver.to_owned()));
        }
    }
    Ok(HYPERVISORS
        .iter()
        .find(|(driver, programs)| {
            context.drivers().provider(driver).is_some()
                && programs.iter().any(|program| platform::find_program(program).is_some())
        })
        .map(|(driver, _)| (*driver).to_owned()))
}

/// How many leading words are flags and their values: what follows is a name, and not ours. A flag
/// that neither a linked driver nor the named one has takes the next word, unless that is a flag.
pub(super) fn leading_flags(context: &Context, args: &[String]) -> Result<usize, Failure> {
    let mut known = flags();
    for driver in registry::linked() {
        known.extend(options_of(context, driver)?);
    }
    let of_plugin = |driver: Option<String>| match driver.filter(|driver| !driver.is_empty()) {
        Some(driver) if !registry::is_linked(&driver) => options_of(context, &driver),
        _ => Ok(Vec::new()),
    };
    known.extend(of_plugin(crate::variable("MACHINE_DRIVER"))?);
    let mut at = 0;
    while let Some(arg) = args.get(at).filter(|arg| arg.starts_with('-') && *arg != "--") {
        let name = arg.trim_start_matches('-');
        let spec = known.iter().find(|s| s.name == name || s.aliases.iter().any(|a| a == name));
        let takes_next = match spec {
            _ if name.contains('=') => false,
            Some(spec) => spec.kind != OptionKind::Switch,
            None => args.get(at + 1).is_some_and(|next| !next.starts_with('-')),
        };
        let end = at + if takes_next { 2 } else { 1 };
        known.extend(of_plugin(scan(args.get(at..end).unwrap_or_default()))?);
        at = end;
    }
    Ok(at.min(args.len()))
}

/// Docker Machine's look ahead for the driver: these four spellings, wherever they stand.
fn scan(words: &[String]) -> Option<String> {
    for (index, word) in words.iter().enumerate() {
        if (word == "-d" || word == "--driver") && index + 1 < words.len() {
            return words.get(index + 1).cloned();
        }
        if let Some(value) = word.strip_prefix("-d=").or_else(|| word.strip_prefix("--driver=")) {
            return value.split('=').next().map(str::to_owned);
        }
    }
    None
}

fn engine(options: &Options) -> EngineOptions {
    let mut engine = EngineOptions::default();
    engine.arbitrary_flags = options.list("engine-opt").to_vec();
    engine.env = options.list("engine-env").to_vec();
    engine.insecure_registry = options.list("engine-insecure-registry").to_vec();
    engine.labels = options.list("engine-label").to_vec();
    engine.registry_mirror = options.list("engine-registry-mirror").to_vec();
    engine.storage_driver = options.text("engine-storage-driver").unwrap_or_default().to_owned();
    engine.install_url =
        unquoted(options.text("engine-install-url").unwrap_or_default()).to_owned();
    engine.tls_verify = true;
    engine
}

/// Administrators quote the URL, which did no harm while a shell read it.
fn unquoted(text: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

fn swarm(options: &Options) -> SwarmOptions {
    let text = |name: &str| options.text(name).unwrap_or_default().to_owned();
    let mut swarm = SwarmOptions::default();
    swarm.is_swarm = options.switch("swarm") || options.switch("swarm-master");
    swarm.agent = options.switch("swarm");
    swarm.master = options.switch("swarm-master");
    swarm.address = text("swarm-addr");
    swarm.discovery = text("swarm-discovery");
    swarm.host = text("swarm-host");
    swarm.image = text("swarm-image");
    swarm.strategy = text("swarm-strategy");
    swarm.arbitrary_flags = options.list("swarm-opt").to_vec();
    swarm.arbitrary_join_flags = options.list("swarm-join-opt").to_vec();
    swarm.is_experimental = options.switch("swarm-experimental");
    swarm
}

fn run(context: &Context, command: &Command, args: &[String]) -> Result<(), Failure> {
    // Docker Machine looks at the whole command line, global flags included.
    let mut offer = Offer::new(context, context.argv.get(1..).unwrap_or_default())?;
    offer.add_count(context);
    let extra = dialect::unlisted(command);
    let read = read(context, command, &offer.all, &extra, &argv::reorder(args));
    // Unlike all others, this command does fail when it is misused.
    let Some(invocation) = read.map_err(|failure| failure.with_code(1))? else { return Ok(()) };
    if let Some(extra) = invocation.args.get(1..).filter(|extra| !extra.is_empty()) {
        let extra = extra.join(" ");
        let text = format!("Invalid command line. Found extra arguments [{extra}]");
        return Err(Failure::new(text));
    }
    let name = invocation.args.first().map(String::as_str).unwrap_or_default();
    if name.is_empty() {
        context.out.text(&crate::help::command(command, &offer.all));
        return Err(Failure::new("Error: No machine name specified"));
    }
    check(name, &invocation.options)?;
    let names = match invocation.given.iter().find(|(option, _)| option == COUNT) {
        Some((_, OptionValue::Int(count))) => numbered(name, *count)?,
        _ => vec![name.to_owned()],
    };
    let mut spec = offer.spec(context, &invocation)?;
    dialect::lay_create_flags(&invocation.options, &mut spec)?;
    let has_engine = spec.install_script.is_none();
    let program = context.argv.first().map_or("docker-machine", String::as_str);
    let mut failures = Vec::new();
    for (name, made) in names.iter().zip(make(context, &names, &spec)?) {
        match made {
            Ok(()) if !has_engine => {} // there is nothing to connect to
            Ok(()) => context.out.line(&format!(
                "To see how to connect your Docker Client to the Docker Engine running on this \
                 virtual machine, run: {program} env {name}"
            )),
            Err(error) if names.len() == 1 => failures.push(failed(name, &error)),
            Err(error) => {
                let mut failure = failed(name, &error);
                failure.text = format!("({name}) {}", failure.text);
                failures.push(failure);
            }
        }
    }
    // A pre-create check is the command's end only where nothing was made at all.
    let codes = failures.iter().map(|failure| failure.code);
    let code = match codes.clone().find(|code| *code == INTERRUPTED) {
        None if failures.len() == names.len() => codes.min(),
        interrupted => interrupted,
    };
    let joined = join_failures(failures.into_iter().map(Err::<(), _>)).map(drop);
    joined.map_err(|failure| failure.with_code(code.unwrap_or(1)))
}

/// `NAME-1` to `NAME-COUNT`.
fn numbered(name: &str, count: i64) -> Result<Vec<String>, Failure> {
    if count < 1 {
        return Err(Failure::new(format!("Error: --{COUNT} must be 1 or more, not {count}")));
    }
    Ok((1..=count).map(|number| format!("{name}-{number}")).collect())
}

/// What is wrong whatever the driver, in Docker Machine's order.
pub(super) fn check(name: &str, options: &Options) -> Result<(), Failure> {
    machine_host::check_name(name)
        .map_err(|error| Failure::because("Error creating machine: ", &error))?;
    let discovery = options.text("swarm-discovery").unwrap_or_default();
    let sound = discovery.split_once("://").is_some_and(|(scheme, _)| !scheme.contains(':'));
    if !discovery.is_empty() && !sound {
        return Err(Failure::new(format!(
            "Error parsing swarm discovery: Swarm Discovery URL was in the wrong format: \
             {discovery}"
        )));
    }
    Ok(())
}

fn make(
    context: &Context,
    names: &[String],
    spec: &CreateSpec,
) -> Result<Vec<Result<(), CreateError>>, Failure> {
    let (interrupter, interrupt) = Interrupt::channel();
    if names.len() > 1 {
        context.out.tell_machines_apart();
    }
    let machines = context.machines_until(interrupt);
    context.block_on(async {
        let work = machines.create_many(names, spec);
        platform::interruptible(work, || interrupter.interrupt()).await
    })
}

/// Docker Machine's words before the cause, by how far it came.
pub(super) fn failed(name: &str, error: &CreateError) -> Failure {
    let cause = chain(&error.error);
    let words = match error.stage {
        Stage::Name => "Error creating machine: ",
        Stage::Options => "Error setting machine configuration from flags provided: ",
        Stage::Certificates => "Error generating certificates: ",
        Stage::Check => {
            let quoted = golang::quote(&cause);
            let code = if error.interrupted { INTERRUPTED } else { PRE_CREATE };
            return Failure::new(format!("Error with pre-create check: {quoted}")).with_code(code);
        }
        Stage::Save => "Error saving host to store before attempting creation: ",
        Stage::Create => "Error creating machine: Error in driver during machine creation: ",
        Stage::Wait => "Error creating machine: Error waiting for machine to be running: ",
        Stage::Detect => "Error creating machine: Error detecting OS: ",
        Stage::Provision => "Error creating machine: Error running provisioning: ",
        Stage::Verify => "Error creating machine: Error checking the host: ",
        _ => "",
    };
    let mut failure = Failure::new(format!("{words}{cause}"));
    let left = error.error.leftovers();
    if !left.is_empty() {
        let left = left.iter().map(|left| format!("{} {}", left.intent.key, left.ids.join(" ")));
        let left: Vec<_> = left.map(|left| left.trim_end().to_owned()).collect();
        failure.text.push_str(&format!("; may remain: {}", left.join(", ")));
        failure = failure
            .with_hint(format!("`docker-machine rm {name}` removes what remains, once it can."));
    }
    if error.interrupted {
        failure.code = INTERRUPTED;
    }
    if error.stage.machine_stays() {
        failure = failure
            .with_hint(format!("The machine is there. `docker-machine rm {name}` removes it."));
    }
    failure
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn the_driver_is_found_in_four_spellings() {
        for (line, driver) in [
            ("create -d none x", Some("none")),
            ("create --driver none x", Some("none")),
            ("create -d=none x", Some("none")),
            ("create --driver=none=x y", Some("none")),
            ("create x -d a --driver b", Some("a")),
            ("create -driver none x", None),
            ("create x -d", None),
            ("create x", None),
        ] {
            assert_eq!(scan(&words(line)).as_deref(), driver, "{line}");
        }
    }

    #[test]
    fn quotes_around_a_url_are_no_part_of_it() {
        assert_eq!(unquoted("'https://x'"), "https://x");
        assert_eq!(unquoted("\"https://x\""), "https://x");
        assert_eq!(unquoted("https://x'"), "https://x'");
    }
}

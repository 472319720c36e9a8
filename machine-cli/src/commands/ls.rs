use super::active::{limit, timeout};
use super::filter::{Filters, masters};
use super::{ARGUMENTS, Command, Run};
use crate::context::Context;
use crate::failure::{Failure, chain};
use crate::flags::Invocation;
use crate::render::json;
use crate::render::table::{LIST, align};
use crate::template::{Extra, Struct, Template, Value};
use crate::{natural, registry};
use machine_core::{MachineState, OptionKind, OptionSpec};
use machine_host::{EngineOptions, Entry, HostOptions, Look, Machines, SwarmOptions};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

pub(crate) const COMMAND: Command = Command {
    name: "ls",
    usage: "List machines",
    description: "",
    arguments: ARGUMENTS,
    flags,
    run: Run::Flags(run),
};

fn flags() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new("quiet", OptionKind::Switch, "Enable quiet mode").with_alias("q"),
        OptionSpec::new("filter", OptionKind::List, "Filter output based on conditions provided"),
        timeout(),
        OptionSpec::new("format", OptionKind::Text, "Pretty-print machines using a Go template")
            .with_alias("f"),
    ]
}

/// One machine as `ls` shows it.
#[derive(Debug, Default)]
pub(super) struct Row<'e> {
    pub(super) name: String,
    /// Empty where nothing is known.
    active: &'static str,
    pub(super) active_host: bool,
    pub(super) active_swarm: bool,
    driver: String,
    /// As it is stored; empty where that cannot be read.
    stored_driver: String,
    state: Option<MachineState>,
    url: String,
    ip: String,
    swarm_options: Option<SwarmOptions>,
    swarm: String,
    /// Decoded by the templates that ask for the engine's options.
    host: Option<&'e HostOptions>,
    error: String,
    version: String,
    took: Duration,
}

impl Row<'_> {
    /// What to do about its error.
    fn hint(&self) -> String {
        match self.error.is_empty() {
            true => String::new(),
            false => registry::remedy(&self.stored_driver).unwrap_or_default(),
        }
    }

    /// The row for programs.
    fn machine<'a>(&'a self, hint: &'a str) -> json::Machine<'a> {
        json::Machine {
            name: &self.name,
            driver: &self.stored_driver,
            state: self.state,
            url: &self.url,
            ip: &self.ip,
            active: Some(self.active_host || self.active_swarm),
            engine_version: self.version.strip_prefix('v'),
            response_ms: Some(u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX)),
            error: &self.error,
            hint,
            config: None,
        }
    }

    pub(super) fn timed_out(&self) -> bool {
        self.state == Some(MachineState::Timeout)
    }
}

/// A machine that cannot be loaded: its name, and why.
type Damaged = (String, String);

fn run(context: &Context, _: &Command, invocation: Invocation) -> Result<(), Failure> {
    let options = invocation.options;
    let filters = Filters::parse(options.list("filter"))?;
    let limit = limit(options.int("timeout"));
    let machines = context.machines_within(limit);
    let (entries, damaged) = load(&machines)?;
    let statuses = match filters.need_states() {
        true => context.block_on(machines.statuses(&entries))?,
        false => Vec::new(),
    };
    let entries = filters.apply(context, entries, &statuses)?;
    if options.switch("quiet") {
        let names: String = entries.iter().map(|entry| format!("{}\n", entry.name)).collect();
        context.out.text(&names);
        return Ok(());
    }
    let format = Format::parse(options.text("format").unwrap_or_default())?;
    let masters = masters(&entries);
    let mut rows = context.block_on(rows(&machines, &entries, damaged, limit))?;
    for row in &mut rows {
        row.swarm = swarm_column(row, &masters);
    }
    let mut text = String::new();
    let done = format.print(&rows, &mut text);
    context.out.text(&if format.is_table() { align(&text, LIST) } else { text });
    done
}

fn load(machines: &Machines) -> Result<(Vec<Entry>, Vec<Damaged>), Failure> {
    let names = machines.store().names()?;
    let (mut entries, mut damaged) = (Vec::new(), Vec::new());
    for (name, loaded) in names.iter().zip(machines.store().load_many(&names)) {
        match loaded {
            Ok(entry) => entries.push(entry),
            Err(error) => damaged.push((name.clone(), chain(&error).replace('\n', ""))),
        }
    }
    Ok((entries, damaged))
}

fn swarm_column(row: &Row<'_>, masters: &BTreeMap<String, String>) -> String {
    match row.swarm_options.as_ref().filter(|swarm| !swarm.discovery.is_empty()) {
        None => String::new(),
        Some(swarm) => {
            let master = masters.get(&swarm.discovery).map(String::as_str).unwrap_or_default();
            format!("{master}{}", if swarm.master { " (master)" } else { "" })
        }
    }
}

/// All machines as `ls` shows them, in its order.
pub(super) async fn rows<'e>(
    machines: &Machines,
    entries: &'e [Entry],
    damaged: Vec<Damaged>,
    limit: Duration,
) -> Vec<Row<'e>> {
    let docker_host = crate::variable("DOCKER_HOST").unwrap_or_default();
    let drivers: BTreeSet<&str> = entries.iter().map(|e| e.config.driver_name.as_str()).collect();
    let known = drivers.into_iter().filter(|driver| registry::provider(driver).is_some());
    let known: BTreeSet<&str> = known.collect();
    let looks = machines.look(entries, limit).await;
    let mut rows: Vec<Row<'_>> = entries
        .iter()
        .zip(looks)
        .map(|(entry, look)| {
            let known = known.contains(entry.config.driver_name.as_str());
            row(entry, look, known, &docker_host, limit)
        })
        .chain(damaged.into_iter().map(|(name, error)| Row {
            name,
            driver: "not found".to_owned(),
            state: Some(MachineState::Error),
            error,
            ..Row::default()
        }))
        .collect();
    rows.sort_by(|a, b| natural::compare(&a.name, &b.name));
    rows
}

/// The error of a machine that is off is none here.
const NOT_RUNNING: &str = "Host is not running";

fn row<'e>(
    entry: &'e Entry,
    look: Look,
    known: bool,
    docker_host: &str,
    limit: Duration,
) -> Row<'e> {
    let driver = match known {
        true => entry.config.driver_name.clone(),
        false => "not-found".to_owned(),
    };
    if look.timed_out {
        return Row {
            name: entry.name.clone(),
            driver,
            stored_driver: entry.config.driver_name.clone(),
            state: Some(MachineState::Timeout),
            took: limit,
            ..Row::default()
        };
    }
    let swarm_options = entry.config.host.swarm().ok().flatten();
    let mut row = Row {
        name: entry.name.clone(),
        driver,
        stored_driver: entry.config.driver_name.clone(),
        swarm_options,
        host: Some(&entry.config.host),
        version: "Unknown".to_owned(),
        took: look.took,
        ..Row::default()
    };
    match look.status {
        Ok(status) => {
            row.state = Some(status.state);
            if status.state == MachineState::Running {
                row.url = status.url.unwrap_or_default();
            }
            row.ip = status.ip.unwrap_or_default();
        }
        Err(error) => {
            row.state = Some(MachineState::Error);
            row.error = chain(&error);
        }
    }
    match look.version {
        Some(Ok(version)) => row.version = format!("v{}", version.version),
        Some(Err(error)) => row.error = error.to_string(),
        None => {}
    }
    if row.error == NOT_RUNNING {
        row.error.clear();
    }
    let running = row.state == Some(MachineState::Running);
    row.active_host = running && row.url == docker_host;
    row.active_swarm = running
        && row
            .swarm_options
            .as_ref()
            .is_some_and(|swarm| swarm.master && swarm_url(&row.url, &swarm.host) == docker_host);
    row.active = match (row.active_swarm, row.active_host) {
        (true, _) => "* (swarm)",
        (false, true) => "*",
        _ => "-",
    };
    row
}

/// The machine's URL with the port of its swarm.
fn swarm_url(url: &str, swarm_host: &str) -> String {
    let before_port = |text: &str| text.rfind(':').filter(|at| !text[*at..].contains('/'));
    match (before_port(url), before_port(swarm_host)) {
        (Some(at), Some(port)) => format!("{}{}", &url[..at], &swarm_host[port..]),
        _ => String::new(),
    }
}

const HEADERS: [(&str, &str); 13] = [
    ("Name", "NAME"),
    ("Active", "ACTIVE"),
    ("ActiveHost", "ACTIVE_HOST"),
    ("ActiveSwarm", "ACTIVE_SWARM"),
    ("DriverName", "DRIVER"),
    ("State", "STATE"),
    ("URL", "URL"),
    ("SwarmOptions", "SWARM_OPTIONS"),
    ("Swarm", "SWARM"),
    ("EngineOptions", "ENGINE_OPTIONS"),
    ("Error", "ERRORS"),
    ("DockerVersion", "DOCKER"),
    ("ResponseTime", "RESPONSE"),
];

/// How rows are printed.
enum Format {
    /// The table that Docker Machine prints unasked; most callers want it, and it must be quick.
    Default,
    /// For programs.
    Json,
    /// A template, with a header and columns or without.
    Template { template: Template, table: bool },
}

impl Format {
    fn parse(format: &str) -> Result<Self, Failure> {
        if format.is_empty() {
            return Ok(Self::Default);
        }
        if format == json::FORMAT {
            return Ok(Self::Json);
        }
        let (text, table) = match format.strip_prefix("table") {
            Some(rest) => (rest, true),
            None => (format, false),
        };
        let text = text.trim_matches(' ').replace("\\t", "\t").replace("\\n", "\n") + "\n";
        let template = Template::parse(&text, Extra::Nothing)
            .map_err(|error| Failure::new(error.to_string()))?;
        Ok(Self::Template { template, table })
    }

    fn is_table(&self) -> bool {
        matches!(self, Self::Default | Self::Template { table: true, .. })
    }

    fn print(&self, rows: &[Row<'_>], out: &mut String) -> Result<(), Failure> {
        if matches!(self, Self::Json) {
            let hints: Vec<_> = rows.iter().map(Row::hint).collect();
            let machines: Vec<_> = rows.iter().zip(&hints).map(|(r, h)| r.machine(h)).collect();
            out.push_str(&json::document(&machines));
            out.push('\n');
            return Ok(());
        }
        let Self::Template { template, table } = self else {
            out.push_str("NAME\tACTIVE\tDRIVER\tSTATE\tURL\tSWARM\tDOCKER\tERRORS\n");
            for row in rows {
                let state = row.state.map(|state| state.to_string()).unwrap_or_default();
                let cells = [
                    &row.name,
                    row.active,
                    &row.driver,
                    &state,
                    &row.url,
                    &row.swarm,
                    &row.version,
                    &row.error,
                ];
                out.push_str(&cells.join("\t"));
                out.push('\n');
            }
            return Ok(());
        };
        let failed = |error: crate::template::TemplateError| Failure::new(error.to_string());
        if *table {
            let headers = HEADERS.iter().map(|(key, title)| ((*key).to_owned(), (*title).into()));
            template.execute(&Value::Map(Rc::new(headers.collect())), out).map_err(failed)?;
        }
        rows.iter().try_for_each(|row| template.execute(&value(row), out)).map_err(failed)
    }
}

/// Go's number of a state.
fn state_number(state: MachineState) -> i64 {
    match state {
        MachineState::Running => 1,
        MachineState::Paused => 2,
        MachineState::Saved => 3,
        MachineState::Stopped => 4,
        MachineState::Stopping => 5,
        MachineState::Starting => 6,
        MachineState::Error => 7,
        MachineState::Timeout => 8,
        _ => 0,
    }
}

fn value(row: &Row<'_>) -> Value {
    let engine = row.host.and_then(|host| host.engine().ok().flatten());
    let state = row.state.unwrap_or(MachineState::None);
    let named = Value::Named("state.State", state_number(state), state.to_string().into());
    let milliseconds = i64::try_from(row.took.as_millis()).unwrap_or(i64::MAX);
    let took = Value::Named(
        "time.Duration",
        milliseconds.saturating_mul(1_000_000),
        go_duration(milliseconds).into(),
    );
    Value::Struct(Rc::new(Struct {
        type_name: "commands.HostListItem",
        fields: vec![
            ("Name", row.name.as_str().into()),
            ("Active", row.active.into()),
            ("ActiveHost", row.active_host.into()),
            ("ActiveSwarm", row.active_swarm.into()),
            ("DriverName", row.driver.as_str().into()),
            ("State", named),
            ("URL", row.url.as_str().into()),
            ("SwarmOptions", swarm_value(row.swarm_options.as_ref())),
            ("Swarm", row.swarm.as_str().into()),
            ("EngineOptions", engine_value(engine.as_ref())),
            ("Error", row.error.as_str().into()),
            ("DockerVersion", row.version.as_str().into()),
            ("ResponseTime", took),
        ],
    }))
}

fn swarm_value(options: Option<&SwarmOptions>) -> Value {
    let Some(o) = options else { return Value::NilPointer("*swarm.Options") };
    Value::Struct(Rc::new(Struct {
        type_name: "*swarm.Options",
        fields: vec![
            ("IsSwarm", o.is_swarm.into()),
            ("Address", o.address.as_str().into()),
            ("Discovery", o.discovery.as_str().into()),
            ("Agent", o.agent.into()),
            ("Master", o.master.into()),
            ("Host", o.host.as_str().into()),
            ("Image", o.image.as_str().into()),
            ("Strategy", o.strategy.as_str().into()),
            ("Heartbeat", Value::Int(o.heartbeat)),
            ("Overcommit", Value::Float(o.overcommit)),
            ("ArbitraryFlags", o.arbitrary_flags.as_slice().into()),
            ("ArbitraryJoinFlags", o.arbitrary_join_flags.as_slice().into()),
            ("Env", o.env.as_slice().into()),
            ("IsExperimental", o.is_experimental.into()),
        ],
    }))
}

fn engine_value(options: Option<&EngineOptions>) -> Value {
    let Some(o) = options else { return Value::NilPointer("*engine.Options") };
    Value::Struct(Rc::new(Struct {
        type_name: "*engine.Options",
        fields: vec![
            ("ArbitraryFlags", o.arbitrary_flags.as_slice().into()),
            ("DNS", o.dns.as_slice().into()),
            ("GraphDir", o.graph_dir.as_str().into()),
            ("Env", o.env.as_slice().into()),
            ("Ipv6", o.ipv6.into()),
            ("InsecureRegistry", o.insecure_registry.as_slice().into()),
            ("Labels", o.labels.as_slice().into()),
            ("LogLevel", o.log_level.as_str().into()),
            ("StorageDriver", o.storage_driver.as_str().into()),
            ("SelinuxEnabled", o.selinux_enabled.into()),
            ("TLSVerify", o.tls_verify.into()),
            ("RegistryMirror", o.registry_mirror.as_slice().into()),
            ("InstallURL", o.install_url.as_str().into()),
        ],
    }))
}

/// A duration in Go's words.
fn go_duration(milliseconds: i64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    if seconds == 0 {
        return if rest == 0 { "0s".to_owned() } else { format!("{rest}ms") };
    }
    let fraction = match rest {
        0 => String::new(),
        _ => format!(".{rest:03}").trim_end_matches('0').to_owned(),
    };
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    let seconds = format!("{}{fraction}s", seconds % 60);
    match (hours, minutes) {
        (0, 0) => seconds,
        (0, _) => format!("{minutes}m{seconds}"),
        _ => format!("{hours}h{minutes}m{seconds}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_as_go_prints_them() {
        for (milliseconds, text) in [
            (0, "0s"),
            (3, "3ms"),
            (1000, "1s"),
            (1500, "1.5s"),
            (60_010, "1m0.01s"),
            (3_600_000, "1h0m0s"),
        ] {
            assert_eq!(go_duration(milliseconds), text);
        }
    }

    #[test]
    fn a_swarm_is_reached_at_its_own_port() {
        assert_eq!(swarm_url("tcp://1.2.3.4:2376", "tcp://0.0.0.0:3376"), "tcp://1.2.3.4:3376");
        assert_eq!(swarm_url("tcp://[::1]:2376", "tcp://0.0.0.0:3376"), "tcp://[::1]:3376");
        assert_eq!(swarm_url("tcp://h", "tcp://0.0.0.0:3376"), "");
    }
}

//! The `docker-machine` command.
mod argv;
mod commands;
mod context;
mod docker;
mod failure;
mod flags;
mod golang;
mod help;
mod natural;
mod platform;
mod prompt;
mod registry;
mod render;
mod template;

use commands::dialect::{self, Extra};
use commands::{Command, Run};
use context::Context;
use failure::Failure;
use machine_core::{OptionKind, OptionSpec, OptionValue};
use std::io::IsTerminal;
use std::process::ExitCode;

fn main() -> ExitCode {
    let context = Context::new(std::env::args_os().collect());
    let mut code = 0;
    match registry::serve() {
        Some(Ok(code)) => return code,
        Some(Err(text)) => {
            context.out.error(&text);
            return ExitCode::FAILURE;
        }
        None => {}
    }
    if let Err(failure) = run(&context) {
        code = failure.code;
        if !failure.text.is_empty() {
            context.out.error(&failure.text);
        }
        // Callers log every line of stderr as an error, so advice is for people alone.
        if std::io::stderr().is_terminal() {
            failure.hints.iter().for_each(|hint| context.out.error(hint));
        }
    }
    if let Some(reason) = context.out.failure() {
        context.out.error(&reason);
        code = code.max(1);
    }
    ExitCode::from(code)
}

/// Flags that stand before the command.
fn globals() -> Vec<OptionSpec> {
    let text = |name: &'static str, env: &'static str, help: &'static str| {
        OptionSpec::new(name, OptionKind::Text, help).with_env(env)
    };
    let storage = context::default_store().to_string_lossy().into_owned();
    vec![
        OptionSpec::new("debug", OptionKind::Switch, "Enable debug mode").with_alias("D"),
        text("storage-path", "MACHINE_STORAGE_PATH", "Configures storage path")
            .with_alias("s")
            .with_default(OptionValue::Text(storage)),
        text("tls-ca-cert", "MACHINE_TLS_CA_CERT", "CA to verify remotes against"),
        text("tls-ca-key", "MACHINE_TLS_CA_KEY", "Private key to generate certificates"),
        text("tls-client-cert", "MACHINE_TLS_CLIENT_CERT", "Client cert to use for TLS"),
        text("tls-client-key", "MACHINE_TLS_CLIENT_KEY", "Private key used in client TLS auth"),
        text(
            "github-api-token",
            "MACHINE_GITHUB_API_TOKEN",
            "Token to use for requests to the Github API",
        ),
        OptionSpec::new(
            "native-ssh",
            OptionKind::Switch,
            "Use the native (Go-based) SSH implementation.",
        )
        .with_env("MACHINE_NATIVE_SSH"),
        text(
            "bugsnag-api-token",
            "MACHINE_BUGSNAG_API_TOKEN",
            "BugSnag API token for crash reporting",
        ),
        text("secret-name", "K8S_SECRET_NAME", "Kubernetes secret to keep machines in (refused)"),
        text("secret-namespace", "K8S_SECRET_NAMESPACE", "Namespace of that secret"),
        text("kubeconfig", "KUBECONFIG", "Configuration to reach that secret with"),
        OptionSpec::new("help", OptionKind::Switch, "show help").with_alias("h"),
        OptionSpec::new("version", OptionKind::Switch, "print the version").with_alias("v"),
    ]
}

fn run(context: &Context) -> Result<(), Failure> {
    context.start_debug_log()?;
    if let Some(metadata) = docker::metadata(&context.argv) {
        context.out.line(&metadata);
        return Ok(());
    }
    if context.argv.get(1).is_some_and(|word| word == context::KEEPER) {
        return context.keep();
    }
    let specs = globals();
    let top = || help::top(&context.program, &specs);
    let line = match argv::globals(&specs, context.argv.get(1..).unwrap_or_default(), &variable) {
        Ok(line) => line,
        Err(misuse) => {
            let first = match &misuse {
                argv::Misuse::Flag(_) => "Incorrect Usage.\n\n".to_owned(),
                argv::Misuse::TwoForms(text) => format!("{text}\n"),
            };
            context.out.text(&(first + &top()));
            return Err(Failure::new(misuse.text()).with_code(0));
        }
    };
    let found = flags::read("docker-machine", &specs, line).map_err(Failure::new)?;
    if found.options.switch("help") {
        context.out.text(&top());
        return Ok(());
    }
    if found.options.switch("version") {
        context.out.line(&context.version_line());
        return Ok(());
    }
    context.set_globals(found.options);
    match found.args.split_first() {
        None => context.out.text(&top()),
        Some((name, _)) if name.is_empty() => context.out.text(&top()),
        Some((name, tail)) => {
            let command = commands::find(name).ok_or_else(|| context.unknown_command(name))?;
            if !matches!(command.name, "help" | "version" | "completion" | "__complete") {
                dialect::refuse_secret_store(context)?;
            }
            return invoke(context, command, tail);
        }
    }
    Ok(())
}

/// Value of an environment variable.
fn variable(name: &str) -> Option<String> {
    std::env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

fn invoke(context: &Context, command: &Command, tail: &[String]) -> Result<(), Failure> {
    match command.run {
        Run::Raw(function) => function(context, command, tail),
        Run::Flags(function) => {
            let specs = (command.flags)();
            let tail = argv::reorder(tail);
            let extra = Extra::of(context, command, &tail)?;
            match commands::read(context, command, &specs, &extra.all, &tail)? {
                Some(invocation) => {
                    extra.keep(context, &invocation)?;
                    function(context, command, invocation)
                }
                None => Ok(()),
            }
        }
    }
}

use crate::rpc::API_VERSION;
use crate::server::connection::serve_client;
use crate::server::machine::Machine;
use machine_core::Provider;
use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Without a heartbeat for this long, the other side is gone
/// (docker/machine, `libmachine/drivers/plugin/register_driver.go`).
const HEARTBEAT: Duration = Duration::from_secs(10);

/// What a client's call means for the whole process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signal {
    Heartbeat,
    Close,
}

/// The driver as which this process was started as a plugin; `None` when it was not.
///
/// A program that has several drivers, or does something else beside, asks this first.
pub fn requested() -> Option<String> {
    let token = env::var_os("MACHINE_PLUGIN_TOKEN");
    token
        .filter(|token| token == "42")
        .map(|_| env::var("MACHINE_PLUGIN_DRIVER_NAME").unwrap_or_default())
}

/// Serves `provider` as a driver binary until it is told to end; all that its `main` has to do.
///
/// ```no_run
/// use machine_conformance::{Fixture as _, MemoryFixture};
///
/// fn main() -> std::process::ExitCode {
///     machine_plugin::serve(MemoryFixture::new().provider())
/// }
/// ```
///
/// Works for Docker Machine, Rancher Machine, and our own client. Started by hand it says what it is
/// and fails. It makes a tokio runtime of its own.
///
/// What a provider leaves to its caller is done here: the machine's own id and where its credentials
/// come from are kept in its settings (fields `PluginMachineId`, `PluginCredentials`), the journal in
/// `plugins/journal/` of the store, the SSH key where Docker Machine has it. Secret options are taken
/// from their environment variables in later commands.
pub fn serve(provider: Box<dyn Provider>) -> ExitCode {
    if requested().is_none() {
        let text = format!(
            "This is a Docker Machine plugin binary.\n\
             Plugin binaries are not intended to be invoked directly.\n\
             Please use this plugin through the main 'docker-machine' binary.\n\
             (API version: {API_VERSION})\n"
        );
        io::stderr().write_all(text.as_bytes()).ok();
        return ExitCode::FAILURE;
    }
    // A provider that blocks must not stop the heartbeat.
    let runtime = match Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let ended = runtime.block_on(run(Arc::new(Machine::new(provider))));
    // What still runs is cut off, as by a kill: the journal knows all of it.
    runtime.shutdown_background();
    ended.unwrap_or_else(|error| failed(&error))
}

fn failed(error: &io::Error) -> ExitCode {
    io::stderr().write_all(format!("Error loading RPC server: {error}\n").as_bytes()).ok();
    ExitCode::FAILURE
}

async fn run(machine: Arc<Machine>) -> io::Result<ExitCode> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("{}\n", listener.local_addr()?);
    io::stdout().write_all(address.as_bytes())?;
    io::stdout().flush()?;
    let (sender, mut signals) = mpsc::channel(16);
    let mut end = Instant::now() + HEARTBEAT;
    loop {
        tokio::select! {
            signal = signals.recv() => match signal {
                Some(Signal::Heartbeat) => end = Instant::now() + HEARTBEAT,
                Some(Signal::Close) => return Ok(ExitCode::SUCCESS),
                None => return Ok(ExitCode::FAILURE),
            },
            client = listener.accept() => {
                if let Ok((socket, _)) = client {
                    tokio::spawn(serve_client(socket, machine.clone(), sender.clone()));
                }
            }
            () = sleep_until(end) => return Ok(ExitCode::FAILURE),
        }
    }
}

use super::error::EngineError;
use super::url::Endpoint;
use machine_core::Result;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use std::sync::Arc;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Opens a TLS connection before `end`, if there is one. `config` is asked for once somebody
/// listens: files need not be read for those who do not.
pub(super) async fn dial(
    endpoint: &Endpoint,
    config: impl FnOnce() -> Result<Arc<ClientConfig>>,
    end: Option<Instant>,
) -> Result<TlsStream<TcpStream>, EngineError> {
    let tcp = connect(endpoint, end).await?;
    // Its room is taken once it is needed: of many that are asked, many may not listen.
    Box::pin(shake(endpoint, tcp, config, end)).await
}

async fn shake(
    endpoint: &Endpoint,
    tcp: TcpStream,
    config: impl FnOnce() -> Result<Arc<ClientConfig>>,
    end: Option<Instant>,
) -> Result<TlsStream<TcpStream>, EngineError> {
    tcp.set_nodelay(true).map_err(|e| EngineError::talk(endpoint, e))?;
    let config = config().map_err(EngineError::setup)?;
    let name = ServerName::try_from(endpoint.host.clone());
    let name = name.map_err(|_| EngineError::bad_name(&endpoint.host))?;
    let shaken = until(end, TlsConnector::from(config).connect(name, tcp)).await;
    let shaken = shaken.map_err(|_| EngineError::timed_out("read", &endpoint.to_string()))?;
    shaken.map_err(|e| EngineError::talk(endpoint, e))
}

/// Each address in turn, as long as time is left for the next.
async fn connect(endpoint: &Endpoint, end: Option<Instant>) -> Result<TcpStream, EngineError> {
    let Endpoint { host, port } = endpoint;
    let found = until(end, lookup_host((host.as_str(), *port))).await;
    let found = found.map_err(|_| EngineError::timed_out("dial", &endpoint.to_string()))?;
    let addresses: Vec<_> = found.map_err(|e| EngineError::lookup(host, &e))?.collect();
    let mut first = None;
    for (n, address) in addresses.iter().enumerate() {
        let share = end.map(|end| {
            let left = end.saturating_duration_since(Instant::now());
            Instant::now() + left / u32::try_from(addresses.len() - n).unwrap_or(1)
        });
        let error = match until(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(e)) => EngineError::connect(*address, &e),
            Err(_) => EngineError::timed_out("dial", &address.to_string()),
        };
        first.get_or_insert(error);
    }
    Err(first.unwrap_or_else(|| EngineError::answer(endpoint, "no address")))
}

/// A timer costs a system call: a caller with a limit over many connections sets none for each.
pub(super) async fn until<T>(
    end: Option<Instant>,
    work: impl Future<Output = T>,
) -> Result<T, Elapsed> {
    match end {
        Some(end) => timeout_at(end, work).await,
        None => Ok(work.await),
    }
}

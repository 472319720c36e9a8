use super::dial::{dial, until};
use super::error::EngineError;
use super::url::Endpoint;
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use machine_core::Result;
use rustls::{ClientConfig, ProtocolVersion};
use serde::Deserialize;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::client::TlsStream;

/// Head and body of an answer are at most this long each.
const MAX_ANSWER: usize = 64 << 10;

/// What an engine says about itself.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[non_exhaustive]
pub struct EngineVersion {
    /// Of the engine: `20.10.24`.
    #[serde(rename = "Version")]
    pub version: String,
    /// The newest API that it speaks; empty where it does not say.
    #[serde(default, rename = "ApiVersion")]
    pub api_version: String,
    /// The oldest API that it speaks; empty where it does not say.
    #[serde(default, rename = "MinAPIVersion")]
    pub min_api_version: String,
}

impl Endpoint {
    /// Whether an engine and we accept each other's certificates, within `limit` in all.
    ///
    /// `config` is asked for once somebody listens there.
    ///
    /// # Errors
    /// Those of `config`; whatever stands in the way of a connection.
    pub async fn handshake(
        &self,
        config: impl FnOnce() -> Result<Arc<ClientConfig>>,
        limit: Duration,
    ) -> Result<(), EngineError> {
        let end = end_of(limit);
        let mut tls = dial(self, config, Some(end)).await?;
        // Before 1.3 the server had the last word. Since then its refusal of our certificate comes
        // when we read, so it must be made to say something.
        if tls.get_ref().1.protocol_version() == Some(ProtocolVersion::TLSv1_3) {
            let answered = timeout_at(end, ping(&mut tls, self)).await;
            answered.map_err(|_| EngineError::timed_out("read", &self.to_string()))??;
        }
        Ok(())
    }

    /// Asks an engine for its version, within `limit` in all. Engines of any age answer.
    ///
    /// `config` is asked for once somebody listens there.
    ///
    /// # Errors
    /// As [`Endpoint::handshake`]; when the answer is none of an engine.
    pub async fn version(
        &self,
        config: impl FnOnce() -> Result<Arc<ClientConfig>>,
        limit: Duration,
    ) -> Result<EngineVersion, EngineError> {
        let end = end_of(limit);
        self.version_until(config, Some(end)).await
    }

    /// As [`Endpoint::version`], where the caller sees to the limit.
    pub(crate) async fn version_unbounded(
        &self,
        config: impl FnOnce() -> Result<Arc<ClientConfig>>,
    ) -> Result<EngineVersion, EngineError> {
        self.version_until(config, None).await
    }

    async fn version_until(
        &self,
        config: impl FnOnce() -> Result<Arc<ClientConfig>>,
        end: Option<Instant>,
    ) -> Result<EngineVersion, EngineError> {
        let tls = dial(self, config, end).await?;
        let answered = Box::pin(until(end, get(tls, self, "/version"))).await;
        let body = answered.map_err(|_| EngineError::timed_out("read", &self.to_string()))??;
        serde_json::from_slice(&body)
            .map_err(|e| EngineError::answer(self, format!("this is no engine's version: {e}")))
    }
}

/// A limit that nobody lives to see must not overflow.
fn end_of(limit: Duration) -> Instant {
    Instant::now() + limit.min(Duration::from_secs(365 * 24 * 60 * 60))
}

async fn ping(tls: &mut TlsStream<TcpStream>, endpoint: &Endpoint) -> Result<(), EngineError> {
    let request = format!("GET /_ping HTTP/1.1\r\nHost: {endpoint}\r\nConnection: close\r\n\r\n");
    let sent = tls.write_all(request.as_bytes()).await;
    let sent = match sent {
        Ok(()) => tls.flush().await,
        failed => failed,
    };
    // One that has hung up may have said why before.
    match (tls.read(&mut [0; 1]).await, sent) {
        (Ok(1..), _) => Ok(()),
        (Err(e), _) | (Ok(0), Err(e)) => Err(EngineError::talk(endpoint, e)),
        (Ok(0), Ok(())) => Err(EngineError::closed(endpoint)),
    }
}

async fn get(
    tls: TlsStream<TcpStream>,
    endpoint: &Endpoint,
    path: &str,
) -> Result<Bytes, EngineError> {
    let failed = |e: hyper::Error| EngineError::talk(endpoint, e);
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_ANSWER)
        .handshake(TokioIo::new(tls))
        .await
        .map_err(failed)?;
    let request = Request::get(path)
        .header(header::HOST, endpoint.to_string())
        .header(header::USER_AGENT, "docker-machine")
        .body(Empty::<Bytes>::new())
        .map_err(|e| EngineError::answer(endpoint, e))?;
    let work = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
        let body = body.map_err(|e| match e.downcast::<hyper::Error>() {
            Ok(e) => failed(*e),
            Err(_) => EngineError::answer(endpoint, "the answer is too long"),
        })?;
        if status.is_success() {
            Ok(body.to_bytes())
        } else {
            Err(EngineError::answer(endpoint, format!("the answer is {status}")))
        }
    };
    let (mut work, mut connection) = (pin!(work), pin!(connection));
    tokio::select! {
        biased;
        done = &mut work => done,
        // The connection knows better why than the request that was on it.
        ended = &mut connection => match ended {
            Err(e) => Err(failed(e)),
            Ok(()) => work.await,
        },
    }
}

use super::error::Causes;
use super::{ApiError, Reply, http};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use machine_core::ErrorKind;
use std::net::IpAddr;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(10);
const CALL: &str = "check-ip";

/// The address that a service at `url` sees us come from; it answers with that and nothing else.
pub(crate) async fn caller_address(url: &str) -> Reply<IpAddr> {
    let settings = HttpConnectorSettings::builder().connect_timeout(LIMIT).read_timeout(LIMIT);
    let connector = http::connector(settings.build(), http::is_local(url));
    let mut request = HttpRequest::new(SdkBody::empty());
    request.set_uri(url).map_err(|error| {
        let text = format!("{url} is not a URL: check --amazonec2-check-ip-url");
        ApiError::unanswered(CALL, ErrorKind::InvalidOption, text).with_source(Causes::of(&error))
    })?;
    let reply = connector.call(request).await.map_err(|error| {
        let text = format!("no answer from {url}: check --amazonec2-check-ip-url");
        ApiError::unanswered(CALL, ErrorKind::Transient, text).with_source(Causes::of(&error))
    })?;
    let status = reply.status();
    let body = ByteStream::new(reply.into_body()).collect().await;
    let body = body.map(|bytes| bytes.into_bytes()).unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    match text.trim().parse() {
        Ok(address) if status.is_success() => Ok(address),
        _ => {
            let text =
                format!("{url} did not answer with an address: check --amazonec2-check-ip-url");
            Err(ApiError::unanswered(CALL, ErrorKind::Other, text))
        }
    }
}

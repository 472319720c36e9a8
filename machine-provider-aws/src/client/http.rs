use aws_sdk_ec2::config::SharedHttpClient;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

type Timeouts = (Option<Duration>, Option<Duration>);

/// HTTP as Docker Machine speaks it: through the environment's proxy, but to this computer.
///
/// The TLS provider is given explicitly: no process-wide default is needed.
#[derive(Debug)]
struct Http {
    direct: bool,
    /// Each has a pool of connections, so each is made once.
    connectors: Mutex<Vec<(Timeouts, SharedHttpConnector)>>,
}

impl HttpClient for Http {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let timeouts = (settings.connect_timeout(), settings.read_timeout());
        let mut made = self.connectors.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, connector)) = made.iter().find(|(known, _)| *known == timeouts) {
            return connector.clone();
        }
        let connector = SharedHttpConnector::new(connector(settings.clone(), self.direct));
        made.push((timeouts, connector.clone()));
        connector
    }
}

/// For the SDK.
pub(super) fn client(direct: bool) -> SharedHttpClient {
    SharedHttpClient::new(Http { direct, connectors: Mutex::default() })
}

pub(super) fn connector(settings: HttpConnectorSettings, direct: bool) -> Connector {
    let proxy = if direct { ProxyConfig::disabled() } else { ProxyConfig::from_env() };
    Connector::builder()
        .connector_settings(settings)
        .proxy_config(proxy)
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build()
}

/// Whether a URL leads to this computer, where Go's clients ask no proxy either (`net/http`,
/// `ProxyFromEnvironment`).
pub(super) fn is_local(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn this_computer_is_known() {
        for url in ["http://127.0.0.1:5000", "http://localhost/x", "https://[::1]:1/", "127.0.0.9"]
        {
            assert!(is_local(url), "{url}");
        }
        for url in
            ["https://ec2.eu-west-1.amazonaws.com", "http://10.0.0.1", "http://localhost.example"]
        {
            assert!(!is_local(url), "{url}");
        }
    }
}

use super::error::Causes;
use super::sdk::Sdk;
use super::{ApiError, Ec2, Reply, http};
use crate::scope::Scope;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{SharedCredentialsProvider, future};
use aws_sdk_ec2::config::{Credentials, ProvideCredentials, SharedHttpClient};
use machine_core::{ErrorKind, Secret};
use std::sync::Arc;
use std::time::Duration;

/// Time for the TCP and TLS handshakes.
const CONNECT: Duration = Duration::from_secs(10);
/// Time for a whole call; `RunInstances` alone may take tens of seconds.
const CALL: Duration = Duration::from_secs(90);
/// Where regions matter only to the service that hands out credentials, and none is known.
const FALLBACK_REGION: &str = "us-east-1";

/// An access key in clear.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Keys {
    pub(crate) access: Secret,
    pub(crate) secret: Secret,
    pub(crate) session: Option<Secret>,
}

/// Who signs the calls.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Identity {
    /// Whoever the SDK finds: environment, default profile, SSO, web identity, container, instance.
    Chain,
    /// A profile of the shared configuration, whatever the environment says.
    Profile(String),
    Keys(Keys),
}

/// Turns identities into signed-in clients.
#[derive(Clone, Debug)]
pub(crate) struct Keyring {
    http: SharedHttpClient,
    /// Past the environment's proxy.
    direct: SharedHttpClient,
}

impl Keyring {
    pub(crate) fn new() -> Self {
        Self { http: http::client(false), direct: http::client(true) }
    }

    /// Whether there are credentials at all, for a machine in `region`.
    pub(crate) async fn probe(&self, identity: &Identity, region: &str) -> Reply<()> {
        if matches!(identity, Identity::Keys(_)) {
            return Ok(());
        }
        let config = self.config(identity, or_fallback(region)).await;
        let Some(provider) = config.credentials_provider() else {
            return Err(missing("no credentials provider"));
        };
        match Sound(provider).provide_credentials().await {
            Ok(_) => Ok(()),
            Err(error) => {
                let text = match identity {
                    Identity::Profile(name) => format!(
                        "the profile {name} gives none: check --amazonec2-profile, AWS_PROFILE and \
                         ~/.aws, or sign in with it again"
                    ),
                    _ => "no usable credentials".to_owned(),
                };
                Err(missing(&text).with_source(Causes::of(&error)))
            }
        }
    }

    pub(crate) async fn client(&self, identity: &Identity, scope: &Scope) -> Arc<dyn Ec2> {
        let config = self.config(identity, or_fallback(&scope.region)).await;
        let mut builder = aws_sdk_ec2::config::Builder::from(&config);
        if let Some(provider) = config.credentials_provider() {
            builder = builder.credentials_provider(Sound(provider));
        }
        if let Some(endpoint) = &scope.endpoint {
            builder = builder.endpoint_url(endpoint);
            if http::is_local(endpoint) {
                builder = builder.http_client(self.direct.clone());
            }
        }
        Arc::new(Sdk::new(aws_sdk_ec2::Client::from_conf(builder.build())))
    }

    async fn config(&self, identity: &Identity, region: &str) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT)
            .operation_attempt_timeout(CALL)
            .build();
        // Repeats are ours, since only we know which calls may be repeated and whose turn it is.
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .http_client(self.http.clone())
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .region(Region::new(region.to_owned()));
        match identity {
            Identity::Chain => {}
            Identity::Profile(name) => {
                // A role is taken on in the machine's region, which is in the account's partition.
                let config = ProviderConfig::without_region()
                    .with_region(Some(Region::new(region.to_owned())))
                    .with_http_client(self.http.clone());
                let provider = ProfileFileCredentialsProvider::builder()
                    .configure(&config)
                    .profile_name(name)
                    .build();
                loader = loader.profile_name(name).credentials_provider(provider);
            }
            Identity::Keys(keys) => {
                let session = keys.session.as_ref().map(|secret| secret.expose().to_owned());
                let (access, secret) = (keys.access.expose(), keys.secret.expose());
                loader = loader
                    .credentials_provider(Credentials::new(access, secret, session, None, "keys"));
            }
        }
        loader.load().await
    }
}

/// Credentials without the line ends that secret stores add; and none that no header can carry, over
/// which the SDK panics.
#[derive(Debug)]
struct Sound(SharedCredentialsProvider);

impl ProvideCredentials for Sound {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async { sound(self.0.provide_credentials().await?) })
    }
}

fn sound(given: Credentials) -> Result<Credentials, CredentialsError> {
    let (access, secret) = (given.access_key_id().trim(), given.secret_access_key().trim());
    let session = given.session_token().map(str::trim);
    let is_sound = |text: &str| text.chars().all(|c| c.is_ascii_graphic());
    if !is_sound(access) || !session.is_none_or(is_sound) {
        let text = "the access key or the session token has characters that none can have";
        return Err(CredentialsError::invalid_configuration(text));
    }
    let session = session.map(str::to_owned);
    Ok(Credentials::new(access, secret, session, given.expiry(), "trimmed"))
}

fn or_fallback(region: &str) -> &str {
    if region.is_empty() { FALLBACK_REGION } else { region }
}

fn missing(text: &str) -> ApiError {
    ApiError::unanswered("credentials", ErrorKind::Credentials, text)
}

use super::Reply;
use super::codes::{kind_of, worded};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use machine_core::{Error, ErrorKind};
use std::error::Error as StdError;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tracing::debug;

/// Why one call failed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}", detail.message)]
pub(crate) struct ApiError {
    /// EC2's name of the call.
    pub(crate) operation: &'static str,
    pub(crate) kind: ErrorKind,
    /// The service refused, so the call changed nothing.
    pub(crate) refused: bool,
    pub(crate) retry_after: Option<Duration>,
    detail: Box<Detail>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

#[derive(Clone, Debug)]
struct Detail {
    message: String,
    code: Option<String>,
    request_id: Option<String>,
}

impl ApiError {
    /// What the service answered; for what we find out ourselves as well.
    pub(crate) fn answered(operation: &'static str, code: &str, message: &str) -> Self {
        let kind = kind_of(code);
        let message = worded(operation, code, kind, message);
        let detail = Detail { message, code: Some(code.to_owned()), request_id: None };
        Self {
            operation,
            kind,
            refused: kind != ErrorKind::Transient,
            retry_after: None,
            detail: Box::new(detail),
            source: None,
        }
    }

    pub(crate) fn unanswered(
        operation: &'static str,
        kind: ErrorKind,
        message: impl Into<String>,
    ) -> Self {
        let detail = Detail { message: message.into(), code: None, request_id: None };
        Self {
            operation,
            kind,
            refused: kind == ErrorKind::Credentials,
            retry_after: None,
            detail: Box::new(detail),
            source: None,
        }
    }

    pub(crate) fn with_source(mut self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The call, or one before it in the same step, may have changed something after all.
    pub(crate) fn with_effect(mut self) -> Self {
        self.refused = false;
        self
    }

    /// There were no credentials to sign with, so nobody was asked.
    pub(crate) fn is_unsigned(&self) -> bool {
        self.kind == ErrorKind::Credentials && self.detail.code.is_none()
    }

    pub(crate) fn with_advice(mut self, advice: &str) -> Self {
        self.detail.message = format!("{}: {advice}", self.detail.message);
        self
    }

    /// EC2's error code; empty where no answer of the service came.
    pub(crate) fn code(&self) -> &str {
        self.detail.code.as_deref().unwrap_or_default()
    }

    /// For the log.
    pub(crate) fn request_id(&self) -> &str {
        self.detail.request_id.as_deref().unwrap_or_default()
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        let (kind, refused, retry_after) = (error.kind, error.refused, error.retry_after);
        let mut outer = Self::wrap(kind, format!("ec2.{}", error.operation), error);
        if refused {
            outer = outer.with_no_effect();
        }
        match retry_after {
            Some(time) => outer.with_retry_after(time),
            None => outer,
        }
    }
}

/// Turns the SDK's result into ours.
pub(super) trait OrApiError<T> {
    fn of(self, operation: &'static str) -> Reply<T>;
}

impl<T, E> OrApiError<T> for Result<T, SdkError<E>>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    fn of(self, operation: &'static str) -> Reply<T> {
        let reply = self.map_err(|error| from_sdk(operation, error));
        if reply.is_ok() {
            debug!(operation, "answered"); // what fails is told where it is repeated
        }
        reply
    }
}

fn from_sdk<E>(operation: &'static str, error: SdkError<E>) -> ApiError
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    let status = error.raw_response().map(|r| r.status().as_u16());
    let header = error.raw_response().and_then(|r| r.headers().get("retry-after"));
    let retry_after = header.and_then(|text| text.parse().ok()).map(Duration::from_secs);
    let request_id = error.request_id().map(str::to_owned);
    let mut ours = match (&error, status) {
        (SdkError::ServiceError(_), _) if error.code().is_some_and(|code| !code.is_empty()) => {
            let code = error.code().unwrap_or_default().to_owned();
            let mut ours =
                ApiError::answered(operation, &code, error.message().unwrap_or_default());
            if status.is_some_and(|status| status >= 500) && ours.kind == ErrorKind::Other {
                (ours.kind, ours.refused) = (ErrorKind::Transient, false);
            }
            ours
        }
        (SdkError::ServiceError(_) | SdkError::ResponseError(_), Some(429)) => {
            ApiError::answered(operation, "RequestLimitExceeded", "HTTP status 429")
        }
        (SdkError::ServiceError(_) | SdkError::ResponseError(_), Some(status)) if status >= 500 => {
            let text = format!("the service failed with HTTP status {status}");
            ApiError::unanswered(operation, ErrorKind::Transient, text)
        }
        (SdkError::ServiceError(_) | SdkError::ResponseError(_), status) => {
            let text = format!(
                "no answer that is EC2's, HTTP status {}: check --amazonec2-endpoint and the proxy",
                status.unwrap_or_default()
            );
            let kind = match status {
                Some(200..300) | None => ErrorKind::Indeterminate,
                _ => ErrorKind::Other,
            };
            ApiError::unanswered(operation, kind, text)
        }
        (SdkError::TimeoutError(_), _) => {
            ApiError::unanswered(operation, ErrorKind::Indeterminate, "no reply in time")
        }
        (SdkError::ConstructionFailure(_), _) => {
            let text =
                "cannot build the request: check --amazonec2-region and --amazonec2-endpoint";
            ApiError::unanswered(operation, ErrorKind::InvalidOption, text)
                .with_source(Causes::of(&error))
        }
        _ => undelivered(operation, &error),
    };
    if ours.kind == ErrorKind::Indeterminate && operation.starts_with("Describe") {
        ours.kind = ErrorKind::Transient; // a look changes nothing, answered or not
    }
    (ours.retry_after, ours.detail.request_id) = (retry_after, request_id);
    ours
}

/// The request may not have left at all.
fn undelivered(operation: &'static str, error: &(dyn StdError + 'static)) -> ApiError {
    let chain = || causes(error);
    if chain().any(|e| e.is::<CredentialsError>()) {
        let text = "no usable credentials";
        return ApiError::unanswered(operation, ErrorKind::Credentials, text)
            .with_source(Causes::of(error));
    }
    let refused = chain()
        .filter_map(|e| e.downcast_ref::<io::Error>())
        .any(|e| e.kind() == io::ErrorKind::ConnectionRefused);
    // These have no kind of their own; their texts decide on nothing but the wording.
    let says = |text: &str| chain().any(|e| e.to_string().contains(text));
    let kind = if refused { ErrorKind::Transient } else { ErrorKind::Indeterminate };
    let text = match () {
        () if says("tunnel error") => {
            "the proxy does not lead to the service: check HTTPS_PROXY and NO_PROXY"
        }
        () if refused => "the service refuses connections",
        () if says("dns error") => {
            "the service's address cannot be found: check --amazonec2-region, \
             --amazonec2-endpoint and the network"
        }
        () if says("TLS handshake failed") => {
            "no secure connection to the service: check --amazonec2-endpoint and the proxy"
        }
        () => "no reply",
    };
    let mut ours = ApiError::unanswered(operation, kind, text).with_source(Causes::of(error));
    ours.refused = refused;
    ours
}

/// The SDK's chain of causes as one line: its own types are not ours to pass on, and their `Debug`
/// says more than is anybody's business.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Causes(String);

impl Causes {
    pub(super) fn of(error: &(dyn StdError + 'static)) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for cause in causes(error) {
            let text = one_line(&cause.to_string());
            if !texts.iter().any(|seen| seen.contains(&text)) {
                texts.push(text);
            }
        }
        Self(texts.join(": "))
    }
}

/// Lists that the SDK breaks into lines would break tables.
fn one_line(text: &str) -> String {
    // It shows a request whole, user data and all, where it cannot be sent.
    let text = text.split(" to request `").next().unwrap_or_default();
    let lines: Vec<_> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("; ").replace(":; ", ": ")
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

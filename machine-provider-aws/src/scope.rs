use crate::state::Driver;
use std::fmt;

/// What an id is only valid in: a region, of Amazon's or behind another endpoint.
///
/// As text it is `us-east-1` or `us-east-1@http://127.0.0.1:5000`: journals keep it, so that a
/// removal needs nothing else.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Scope {
    pub(crate) region: String,
    /// URL; none is Amazon's own.
    pub(crate) endpoint: Option<String>,
}

impl Scope {
    pub(crate) fn parse(text: &str) -> Self {
        let (region, endpoint) = match text.split_once('@') {
            Some((region, endpoint)) => {
                (region, Some(endpoint.to_owned()).filter(|endpoint| !endpoint.is_empty()))
            }
            None => (text, None),
        };
        Self { region: region.to_owned(), endpoint }
    }

    /// Whether anybody can be asked there: a person may have written it.
    pub(crate) fn is_sound(&self) -> bool {
        match &self.endpoint {
            // Docker Machine stores no region there that it does not know.
            Some(endpoint) => {
                is_url(endpoint) && (self.region.is_empty() || is_region(&self.region))
            }
            None => is_region(&self.region),
        }
    }

    pub(crate) fn of(driver: &Driver) -> Self {
        Self::at(&driver.region, &driver.endpoint, driver.disable_ssl)
    }

    /// As options say it: a host's name alone is an endpoint too.
    pub(crate) fn at(region: &str, endpoint: &str, disable_ssl: bool) -> Self {
        let endpoint = match endpoint {
            "" => None,
            url if url.contains("://") => Some(url.to_owned()),
            host if disable_ssl => Some(format!("http://{host}")),
            host => Some(format!("https://{host}")),
        };
        Self { region: region.to_owned(), endpoint }
    }
}

/// Whether a text can be a region's name: a label of a host's name.
fn is_region(text: &str) -> bool {
    let sound = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(sound)
}

/// Whether a text can be a service's URL.
fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let sound = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    matches!(scheme, "http" | "https")
        && host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[')
        && rest.chars().all(sound)
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.region)?;
        match &self.endpoint {
            Some(endpoint) => write!(f, "@{endpoint}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, is_region, is_url};
    use crate::state::Driver;

    #[test]
    fn a_scope_survives_the_journal() {
        for text in ["eu-west-1", "us-east-1@http://127.0.0.1:5000"] {
            assert_eq!(Scope::parse(text).to_string(), text);
        }
    }

    #[test]
    fn nothing_after_the_sign_is_amazons_own() {
        assert_eq!(Scope::parse("us-east-1@"), Scope::parse("us-east-1"));
    }

    #[test]
    fn regions_and_urls_are_known() {
        assert!(is_region("us-gov-west-1") && is_region("RegionOne"));
        for text in ["", "US East", "eu/west", "-a", "eu-west-1."] {
            assert!(!is_region(text), "{text}");
        }
        assert!(is_url("http://127.0.0.1:5000") && is_url("https://[::1]:1/services/Cloud?x=1"));
        for text in ["", "ec2.local", "ftp://x", "https://", "https://:1", "http://a b", "http:///"]
        {
            assert!(!is_url(text), "{text}");
        }
    }

    #[test]
    fn an_endpoint_without_scheme_gets_one() {
        let mut driver = Driver { endpoint: "ec2.local".into(), ..Driver::default() };
        assert_eq!(Scope::of(&driver).endpoint.as_deref(), Some("https://ec2.local"));
        driver.disable_ssl = true;
        assert_eq!(Scope::of(&driver).endpoint.as_deref(), Some("http://ec2.local"));
    }
}

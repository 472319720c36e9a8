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
            Some((region, endpoint)) => (region, Some(endpoint.to_owned())),
            None => (text, None),
        };
        Self { region: region.to_owned(), endpoint }
    }

    pub(crate) fn of(driver: &Driver) -> Self {
        let endpoint = match driver.endpoint.as_str() {
            "" => None,
            url if url.contains("://") => Some(url.to_owned()),
            host if driver.disable_ssl => Some(format!("http://{host}")),
            host => Some(format!("https://{host}")),
        };
        Self { region: driver.region.clone(), endpoint }
    }
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
    use super::Scope;
    use crate::state::Driver;

    #[test]
    fn a_scope_survives_the_journal() {
        for text in ["eu-west-1", "us-east-1@http://127.0.0.1:5000"] {
            assert_eq!(Scope::parse(text).to_string(), text);
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

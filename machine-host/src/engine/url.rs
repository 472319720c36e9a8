use crate::error::plain;
use machine_core::{ErrorKind, Result};
use std::fmt;
use std::net::IpAddr;

/// Where an engine listens.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Endpoint {
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Endpoint {
    /// A name or an address, and a port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port }
    }

    /// Reads `tcp://HOST:PORT`, or another scheme before the same; a path behind it is ignored.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidOption`], in Go's words: `parse "127.0.0.1:1": first path segment in URL
    /// cannot contain colon`, `address foo: missing port in address`.
    pub fn parse(url: &str) -> Result<Self> {
        let invalid = |why: &str| plain(ErrorKind::InvalidOption, format!("parse {url:?}: {why}"));
        if url.bytes().any(|b| b < 0x20 || b == 0x7f) {
            return Err(invalid("net/url: invalid control character in URL"));
        }
        let is_scheme = |s: &str| {
            let mut bytes = s.bytes();
            bytes.next().is_some_and(|b| b.is_ascii_alphabetic())
                && bytes.all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
        };
        let rest = match url.split_once(':') {
            Some((scheme, rest)) if is_scheme(scheme) => rest,
            Some(("", _)) => return Err(invalid("missing protocol scheme")),
            Some((before, _)) if !before.contains('/') => {
                return Err(invalid("first path segment in URL cannot contain colon"));
            }
            _ => url,
        };
        let authority = rest.strip_prefix("//").unwrap_or_default();
        let authority = authority.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, after) =
                    rest.split_once(']').ok_or_else(|| invalid("missing ']' in host"))?;
                // An address may be followed by the interface that leads there.
                let address = host.split_once('%').map_or(host, |(address, _)| address);
                if address.parse::<IpAddr>().is_err() {
                    return Err(invalid("invalid host"));
                }
                (host, after.strip_prefix(':'))
            }
            None => match authority.split_once(':') {
                Some((_, port)) if port.contains(':') => {
                    let text = format!("address {authority}: too many colons in address");
                    return Err(plain(ErrorKind::InvalidOption, text));
                }
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let Some(port) = port.filter(|port| !port.is_empty()) else {
            let text = format!("address {authority}: missing port in address");
            return Err(plain(ErrorKind::InvalidOption, text));
        };
        if host.is_empty() {
            return Err(invalid("no host"));
        }
        let port = port.parse().ok().filter(|_| port.bytes().all(|b| b.is_ascii_digit()));
        let port = port.ok_or_else(|| {
            invalid(&format!("invalid port \":{}\" after host", port_of(authority)))
        })?;
        Ok(Endpoint::new(host, port))
    }
}

/// `HOST:PORT`, an IPv6 address in brackets.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

fn port_of(authority: &str) -> &str {
    authority.rsplit_once(':').map_or("", |(_, port)| port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_engines() {
        for (url, host, port) in [
            ("tcp://1.2.3.4:2376", "1.2.3.4", 2376),
            ("tcp://[::1]:1", "::1", 1),
            ("tcp://[fe80::1%eth0]:65535", "fe80::1%eth0", 65535),
            ("https://user@a-b.example:443/v1?x#y", "a-b.example", 443),
            ("TCP://h:0", "h", 0),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!((&*endpoint.host, endpoint.port), (host, port), "{url}");
        }
        assert_eq!(Endpoint::new("::1", 1).to_string(), "[::1]:1");
        assert_eq!(Endpoint::new("h", 1).to_string(), "h:1");
    }

    #[test]
    fn what_is_none_is_refused_in_the_words_of_go() {
        for (url, want) in [
            (
                "127.0.0.1:1",
                "parse \"127.0.0.1:1\": first path segment in URL cannot contain colon",
            ),
            (":1", "parse \":1\": missing protocol scheme"),
            ("tcp://1.2.3.4", "address 1.2.3.4: missing port in address"),
            ("tcp://1.2.3.4:", "address 1.2.3.4:: missing port in address"),
            ("tcp://::1:2376", "address ::1:2376: too many colons in address"),
            ("tcp://h:x", "parse \"tcp://h:x\": invalid port \":x\" after host"),
            ("tcp://h:+1", "parse \"tcp://h:+1\": invalid port \":+1\" after host"),
            ("tcp://h:65536", "parse \"tcp://h:65536\": invalid port \":65536\" after host"),
            ("tcp://[::1", "parse \"tcp://[::1\": missing ']' in host"),
            ("tcp://[x]:1", "parse \"tcp://[x]:1\": invalid host"),
            ("tcp://[[1%]:1", "parse \"tcp://[[1%]:1\": invalid host"),
            ("tcp://:1", "parse \"tcp://:1\": no host"),
            ("tcp://h\n:1", "parse \"tcp://h\\n:1\": net/url: invalid control character in URL"),
            ("unix:///x", "address : missing port in address"),
            ("", "address : missing port in address"),
        ] {
            assert_eq!(Endpoint::parse(url).unwrap_err().to_string(), want, "{url}");
        }
    }
}

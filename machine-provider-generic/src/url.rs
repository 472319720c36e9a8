//! The host of a URL, by the rules of Go's `net/url` (`Parse`) that Docker Machine reads it with.

use std::net::Ipv6Addr;

/// The `host[:port]` of a URL, empty where it has none.
///
/// # Errors
/// What Go says of a text that is no URL.
pub(crate) fn host(url: &str) -> Result<String, String> {
    let (before, fragment) = url.split_once('#').unwrap_or((url, ""));
    let host = of(before).map_err(|why| format!("parse {before:?}: {why}"))?;
    match unescaped(fragment, is_any) {
        Ok(_) => Ok(host),
        Err(why) => Err(format!("parse {url:?}: {why}")),
    }
}

fn of(url: &str) -> Result<String, String> {
    if url.contains(|c: char| c.is_ascii_control()) {
        return Err("net/url: invalid control character in URL".to_owned());
    }
    let (scheme, rest) = match url.split_once(':') {
        Some(("", _)) => return Err("missing protocol scheme".to_owned()),
        Some((scheme, rest)) if is_scheme(scheme) => {
            if !rest.starts_with('/') {
                return Ok(String::new()); // as in mailto:someone
            }
            (scheme, rest)
        }
        _ if segment(url).contains(':') => {
            return Err("first path segment in URL cannot contain colon".to_owned());
        }
        _ => ("", url),
    };
    let rest = rest.split('?').next().unwrap_or_default();
    let (authority, path) = match rest.strip_prefix("//") {
        Some(authority) if !(scheme.is_empty() && authority.starts_with('/')) => {
            authority.split_at(authority.find('/').unwrap_or(authority.len()))
        }
        _ => ("", rest),
    };
    let host = host_of(authority)?;
    unescaped(path, is_any)?;
    Ok(host)
}

/// Up to the first `/` or `?`.
fn segment(url: &str) -> &str {
    url.split(['/', '?']).next().unwrap_or_default()
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

fn host_of(authority: &str) -> Result<String, String> {
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", authority),
    };
    let after = match host.rsplit_once('[') {
        // An IPv6 address has colons of its own, inside its brackets.
        Some(("", address)) => match address.rsplit_once(']') {
            Some((address, after)) => {
                let plain = address.split_once("%25").map_or(address, |(plain, _)| plain);
                if plain.parse::<Ipv6Addr>().is_err() {
                    return Err(format!(
                        "invalid host: ParseAddr({address:?}): unable to parse IP"
                    ));
                }
                after
            }
            None => return Err("missing ']' in host".to_owned()),
        },
        Some(_) => return Err("invalid IP-literal".to_owned()),
        None => host.rfind(':').map_or("", |at| &host[at..]),
    };
    let is_port = |port: &str| port.bytes().all(|b| b.is_ascii_digit());
    if !after.is_empty() && !after.strip_prefix(':').is_some_and(is_port) {
        return Err(format!("invalid port {after:?} after host"));
    }
    let host = unescaped(host, is_of_host)?;
    let is_of_user = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(is_of_user) {
        return Err("net/url: invalid userinfo".to_owned());
    }
    unescaped(user, is_any)?;
    Ok(host)
}

fn is_any(_: char) -> bool {
    true
}

fn is_of_host(c: char) -> bool {
    !c.is_ascii() || c.is_ascii_alphanumeric() || "-_.~!$&'()*+,;=:[]<>\"".contains(c)
}

/// Without `%XX`, which in a host may stand for nothing that is ASCII but `%` itself.
fn unescaped(text: &str, allowed: fn(char) -> bool) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    for (index, part) in text.split('%').enumerate() {
        let mut plain = part;
        if index > 0 {
            let code = part.get(..2).and_then(|code| u8::from_str_radix(code, 16).ok());
            let sound = code.filter(|code| allowed(' ') || !code.is_ascii() || *code == b'%');
            let Some(code) = sound.filter(|_| !part.starts_with('+')) else {
                let escape: String = format!("%{part}").chars().take(3).collect();
                return Err(format!("invalid URL escape {escape:?}"));
            };
            bytes.push(code);
            plain = &part[2..];
        }
        if let Some(c) = plain.chars().find(|c| !allowed(*c)) {
            return Err(format!("invalid character {:?} in host name", c.to_string()));
        }
        bytes.extend(plain.bytes());
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_are_those_of_the_go_program() {
        for (url, want) in [
            ("tcp://127.0.0.1:2376", "127.0.0.1:2376"),
            ("tcp://[::1]:2376", "[::1]:2376"),
            ("tcp://[fe80::1%25eth0]:2376", "[fe80::1%eth0]:2376"),
            ("tcp://h", "h"),
            ("tcp://h:", "h:"),
            ("tcp://", ""),
            ("none", ""),
            ("*", ""),
            ("a b", ""),
            ("a%20b", ""),
            ("unix:///var/run/docker.sock", ""),
            ("http://u:p@h:1/x%20y", "h:1"),
            ("http://u%40@h:1?%zz", "h:1"),
            ("http://h:1?q=@x", "h:1"),
            ("http://h:1#a:b", "h:1"),
            ("http://%C3%BC:1", "ü:1"),
            ("//h/x", "h"),
            ("///h/x", ""),
            ("///h?x", ""),
            ("a/b:c", ""),
            ("host:2376", ""),
            ("host:2376%zz", ""),
        ] {
            assert_eq!(host(url).as_deref(), Ok(want), "{url}");
        }
    }

    #[test]
    fn what_is_none_is_refused_in_the_words_of_go() {
        for (url, why) in [
            ("://h", "missing protocol scheme"),
            ("tcp://h\n:1", "net/url: invalid control character in URL"),
            ("127.0.0.1:2376", "first path segment in URL cannot contain colon"),
            ("1x://h", "first path segment in URL cannot contain colon"),
            ("a_b://h", "first path segment in URL cannot contain colon"),
            ("tcp://h:port", "invalid port \":port\" after host"),
            ("tcp://[::1]:x", "invalid port \":x\" after host"),
            ("tcp://[::1]x", "invalid port \"x\" after host"),
            ("tcp://[x]:1", "invalid host: ParseAddr(\"x\"): unable to parse IP"),
            ("tcp://[::1", "missing ']' in host"),
            ("tcp://h[::1]", "invalid IP-literal"),
            ("tcp://a b:1", "invalid character \" \" in host name"),
            ("tcp://a\\b", "invalid character \"\\\\\" in host name"),
            ("tcp://%41", "invalid URL escape \"%41\""),
            ("tcp://h/%zz", "invalid URL escape \"%zz\""),
            ("tcp://h/%+1", "invalid URL escape \"%+1\""),
            ("tcp://h/%4", "invalid URL escape \"%4\""),
            ("%zz", "invalid URL escape \"%zz\""),
            ("tcp://u u@h", "net/url: invalid userinfo"),
            ("tcp://u%4@h", "invalid URL escape \"%4\""),
            ("tcp://h#%zz", "invalid URL escape \"%zz\""),
        ] {
            assert_eq!(host(url), Err(format!("parse {url:?}: {why}")), "{url}");
        }
    }
}

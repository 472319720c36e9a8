//! What must be let in, and whether a group does.
use crate::client::{Group, Permission, Rule};
use crate::error::Failure;
use crate::state::Driver;
use std::collections::BTreeSet;
use std::net::IpAddr;

/// Stands for this computer's address in `--amazonec2-open-to`.
pub(crate) const CALLER: &str = "caller";

/// Port of Docker over TLS: Docker Machine's.
pub(crate) const DOCKER_PORT: u16 = 2376;
/// Port of a swarm manager where the URL names none: Docker Machine's default.
const SWARM_PORT: u16 = 3376;
const ANY_V4: &str = "0.0.0.0/0";
const ANY_V6: &str = "::/0";

/// A port of `--amazonec2-open-port`: `8080` or `53/udp`.
pub(crate) fn open_port(text: &str) -> Result<(u16, String), Failure> {
    let (port, protocol) = text.trim().split_once('/').unwrap_or((text.trim(), "tcp"));
    let protocol = protocol.to_ascii_lowercase();
    match port.parse() {
        Ok(port) if port > 0 && matches!(protocol.as_str(), "tcp" | "udp") => Ok((port, protocol)),
        _ => Err(Failure::BadOption {
            option: "amazonec2-open-port",
            value: text.to_owned(),
            why: "not PORT or PORT/PROTOCOL with tcp or udp".into(),
        }),
    }
}

/// A CIDR block in the form that EC2 keeps it in; an address alone is a block of one.
pub(crate) fn block(text: &str) -> Option<String> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.unwrap_or(most);
    if length > most {
        return None;
    }
    let network = match address {
        IpAddr::V4(v4) => IpAddr::V4((u32::from(v4) & mask(32, length) as u32).into()),
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & mask(128, length)).into()),
    };
    Some(format!("{network}/{length}"))
}

fn mask(bits: u32, length: u32) -> u128 {
    let all = if bits == 128 { u128::MAX } else { (1 << bits) - 1 };
    if length == 0 { 0 } else { all & (all << (bits - length)) }
}

/// Ports that the machine needs, in Docker Machine's order.
fn ports(driver: &Driver) -> Result<Vec<(u16, String)>, Failure> {
    let ssh = u16::try_from(driver.ssh_port).ok().filter(|port| *port > 0);
    let mut ports = vec![(ssh.unwrap_or(crate::options::SSH_PORT), "tcp".to_owned())];
    ports.push((DOCKER_PORT, "tcp".to_owned()));
    if driver.swarm_master {
        let port = driver.swarm_host.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        ports.push((port.unwrap_or(SWARM_PORT), "tcp".to_owned()));
    }
    for port in &driver.open_ports {
        ports.push(open_port(port)?);
    }
    Ok(ports)
}

/// Rules that a group of ours must have.
pub(crate) fn needed(driver: &Driver) -> Result<Vec<Rule>, Failure> {
    let wishes = &driver.launch;
    let mut blocks = wishes.open_to.clone();
    if blocks.is_empty() {
        blocks.push(ANY_V4.to_owned());
        if wishes.ipv6_address_count > 0 || wishes.ipv6_only {
            blocks.push(ANY_V6.to_owned());
        }
    }
    let mut rules = Vec::new();
    for (port, protocol) in ports(driver)? {
        for block in &blocks {
            let rule = Rule { port, protocol: protocol.clone(), block: block.clone() };
            if !rules.contains(&rule) {
                rules.push(rule);
            }
        }
    }
    Ok(rules)
}

/// Those of `rules` that the group does not grant.
pub(crate) fn missing(group: &Group, rules: &[Rule]) -> Vec<Rule> {
    let granted = |rule: &&Rule| {
        group.permissions.iter().any(|p| {
            lets_in(p, rule.port, &rule.protocol) && p.blocks.iter().any(|b| within(&rule.block, b))
        })
    };
    rules.iter().filter(|rule| !granted(rule)).cloned().collect()
}

/// Ports at which none of the groups lets anybody in, as `2376/tcp`. From where is not asked: that
/// may be another group, or a list of prefixes, and is the owner's business.
pub(crate) fn shut_ports<'a>(
    groups: impl Iterator<Item = &'a Group> + Clone,
    rules: &[Rule],
) -> BTreeSet<String> {
    let open = |rule: &Rule| {
        let mut permissions = groups.clone().flat_map(|group| &group.permissions);
        permissions.any(|p| lets_in(p, rule.port, &rule.protocol))
    };
    let shut = rules.iter().filter(|rule| !open(rule));
    shut.map(|rule| format!("{}/{}", rule.port, rule.protocol)).collect()
}

fn lets_in(permission: &Permission, port: u16, protocol: &str) -> bool {
    let port = i32::from(port);
    let all = permission.protocol == "-1";
    let ports = permission.ports.is_none_or(|(first, last)| (first..=last).contains(&port));
    all || (permission.protocol == protocol && ports)
}

/// Whether block `inner` lies in block `outer`.
fn within(inner: &str, outer: &str) -> bool {
    let parse = |text: &str| -> Option<(IpAddr, u32)> {
        let text = block(text)?;
        let (address, length) = text.split_once('/')?;
        Some((address.parse().ok()?, length.parse().ok()?))
    };
    let (Some((inner, inner_length)), Some((_, outer_length))) = (parse(inner), parse(outer))
    else {
        return false;
    };
    inner_length >= outer_length
        && block(&format!("{inner}/{outer_length}")).as_deref() == block(outer).as_deref()
}

#[cfg(test)]
mod tests {
    use super::{block, missing, needed, open_port, shut_ports, within};
    use crate::client::{Group, Permission};
    use crate::state::Driver;

    type Granted<'a> = (&'a str, Option<(i32, i32)>, &'a [&'a str]);

    fn group(permissions: &[Granted<'_>]) -> Group {
        let permission = |(protocol, ports, blocks): &Granted<'_>| {
            let blocks = blocks.iter().map(|b| (*b).to_owned()).collect();
            Permission { protocol: (*protocol).to_owned(), ports: *ports, blocks }
        };
        Group { permissions: permissions.iter().map(permission).collect(), ..Group::default() }
    }

    #[test]
    fn blocks_are_kept_as_networks() {
        for (text, want) in [
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("192.0.2.7", "192.0.2.7/32"),
            ("0.0.0.0/0", "0.0.0.0/0"),
            ("2001:db8::1/32", "2001:db8::/32"),
            ("::1", "::1/128"),
        ] {
            assert_eq!(block(text).as_deref(), Some(want));
        }
        for text in ["", "caller", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "a.b.c.d/8"] {
            assert_eq!(block(text), None, "{text}");
        }
    }

    #[test]
    fn a_block_lies_in_what_is_wider() {
        assert!(within("10.1.0.0/16", "10.0.0.0/8"));
        assert!(within("10.0.0.0/8", "0.0.0.0/0"));
        assert!(!within("0.0.0.0/0", "10.0.0.0/8"));
        assert!(!within("10.0.0.0/8", "11.0.0.0/8"));
        assert!(!within("10.0.0.0/8", "::/0"));
    }

    #[test]
    fn ports_have_protocols() {
        assert_eq!(open_port("8080").unwrap(), (8080, "tcp".into()));
        assert_eq!(open_port("53/UDP").unwrap(), (53, "udp".into()));
        for text in ["", "0", "70000", "80/sctp", "http"] {
            assert!(open_port(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_swarm_manager_and_open_ports_need_rules_of_their_own() {
        let driver = Driver {
            swarm_master: true,
            swarm_host: "tcp://0.0.0.0:4000".into(),
            open_ports: vec!["53/udp".into(), "2376".into()],
            ..Driver::default()
        };
        let rules = needed(&driver).unwrap();
        let shown: Vec<_> = rules.iter().map(|r| format!("{}/{}", r.port, r.protocol)).collect();
        assert_eq!(shown, ["22/tcp", "2376/tcp", "4000/tcp", "53/udp"]);
        assert!(rules.iter().all(|rule| rule.block == "0.0.0.0/0"));
    }

    #[test]
    fn what_a_group_grants_is_not_missing() {
        let rules = needed(&Driver::default()).unwrap();
        assert_eq!(missing(&group(&[]), &rules), rules);
        assert!(missing(&group(&[("-1", None, &["0.0.0.0/0"])]), &rules).is_empty());
        let only_ssh = group(&[("tcp", Some((20, 30)), &["0.0.0.0/0"])]);
        assert_eq!(missing(&only_ssh, &rules), rules[1..]);
        let narrow = group(&[("tcp", Some((1, 65535)), &["10.0.0.0/8"])]);
        assert_eq!(missing(&narrow, &rules), rules);
    }

    #[test]
    fn a_strangers_groups_are_asked_for_ports_alone_and_together() {
        let rules = needed(&Driver::default()).unwrap();
        let ssh = group(&[("tcp", Some((22, 22)), &[])]);
        let docker = group(&[("tcp", Some((2376, 2376)), &["10.0.0.0/8"])]);
        assert_eq!(
            shut_ports([&ssh].into_iter(), &rules).into_iter().collect::<Vec<_>>(),
            ["2376/tcp"]
        );
        assert!(shut_ports([&ssh, &docker].into_iter(), &rules).is_empty());
    }
}

//! Each host's own link to this machine: a pair of interfaces and a subnet that no other process uses.

use std::fs::{self, File};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::process::Command;

use crate::cache::claim_number;
use crate::error::Result;
use crate::process::{run, run_with};

/// For all caches of this machine: the address range is one for all.
const CLAIMS: &str = "/run/machine-testbed-links";
const RANGE: &str = "10.213.0.0/16";
const RANGE_V6: &str = "fd6d:7462::/48";
/// Subnets of four addresses in the range.
const COUNT: u32 = 1 << 11;

/// A claimed subnet. The number is free again when the value or the process ends.
#[derive(Debug)]
pub(crate) struct Link {
    number: u32,
    _claim: File,
}

impl Link {
    pub(crate) fn claim() -> Result<Self> {
        let (number, claim) = claim_number(Path::new(CLAIMS), COUNT)?;
        Ok(Self { number, _claim: claim })
    }

    pub(crate) fn number(&self) -> u32 {
        self.number
    }

    /// The host's end.
    pub(crate) fn guest(&self) -> Ipv4Addr {
        self.address(2)
    }

    /// This machine's end.
    pub(crate) fn near(&self) -> Ipv4Addr {
        self.address(1)
    }

    /// The host's end, by IPv6.
    pub(crate) fn guest_v6(&self) -> Ipv6Addr {
        self.address_v6(2)
    }

    /// Connects the network namespace of a process.
    pub(crate) fn attach(&self, process: &str) -> Result<()> {
        self.detach();
        let name = self.name();
        // Made within the other namespace at once: with the host, both ends go, whoever removes it.
        run(Command::new("ip").args([
            "link", "add", &name, "type", "veth", "peer", "name", "eth0", "netns", process,
        ]))?;
        // What is sent to a host that is off or gone must not leave by the default route.
        let near = setup(&name, self.near(), self.address_v6(1))
            + &format!(
                "ip route replace unreachable {RANGE} metric 4278198272
                ip -6 route replace unreachable {RANGE_V6} metric 4278198272 2>/dev/null || true
                "
            );
        run_with(Command::new("sh").arg("-s"), near.as_bytes())?;
        let far = setup("eth0", self.guest(), self.guest_v6())
            + &format!("ip link set lo up\nip route add default via {}\n", self.near());
        run_with(Command::new("nsenter").args(["-t", process, "-n", "sh", "-s"]), far.as_bytes())?;
        Ok(())
    }

    /// Disconnects. A link that is gone already is fine.
    pub(crate) fn detach(&self) {
        let _ = run(Command::new("ip").args(["link", "delete", &self.name()]));
    }

    /// Whether both ends are up, as this machine's kernel sees it.
    pub(crate) fn is_up(&self) -> bool {
        let state = fs::read_to_string(format!("/sys/class/net/{}/operstate", self.name()));
        state.is_ok_and(|state| state.trim() == "up")
    }

    /// Makes this machine look for the host anew, instead of waiting for an answer to what was lost.
    pub(crate) fn forget_neighbour(&self) -> Result<()> {
        run(Command::new("ip").args(["neighbour", "flush", "dev", &self.name()])).map(drop)
    }

    fn name(&self) -> String {
        format!("mtb{}", self.number)
    }

    fn address(&self, end: u32) -> Ipv4Addr {
        Ipv4Addr::from_bits(Ipv4Addr::new(10, 213, 0, 0).to_bits() | (self.number << 2) | end)
    }

    fn address_v6(&self, end: u16) -> Ipv6Addr {
        Ipv6Addr::new(0xfd6d, 0x7462, 0, self.number as u16, 0, 0, 0, end)
    }
}

/// A script that configures one end. A machine without IPv6 does without it.
fn setup(interface: &str, v4: Ipv4Addr, v6: Ipv6Addr) -> String {
    format!(
        "set -e
        ip address add {v4}/30 dev {interface}
        {{ echo 0 >/proc/sys/net/ipv6/conf/{interface}/disable_ipv6 &&
            ip address add {v6}/64 dev {interface} nodad; }} 2>/dev/null || true
        ip link set {interface} up
        "
    )
}

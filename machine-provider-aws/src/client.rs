//! Amazon EC2 as this crate sees it. The modules below are the only ones that name the SDK.
mod answers;
mod check_ip;
mod codes;
mod credentials;
mod error;
mod http;
mod requests;
mod sdk;

pub(crate) use check_ip::caller_address;
pub(crate) use credentials::{Identity, Keyring, Keys};
pub(crate) use error::ApiError;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::time::SystemTime;

pub(crate) type Reply<T> = Result<T, ApiError>;
pub(crate) type Tags = BTreeMap<String, String>;

/// One or more values of a named filter; the names are EC2's.
pub(crate) type Filter = (&'static str, Vec<String>);

/// A filter for one value.
pub(crate) fn is(name: &'static str, value: &str) -> Filter {
    (name, vec![value.to_owned()])
}

/// The calls that are made, each once: no repeats, no waits. Listings come whole.
#[async_trait]
pub(crate) trait Ec2: Send + Sync {
    async fn subnets(&self, filters: &[Filter]) -> Reply<Vec<Subnet>>;
    async fn default_vpc(&self) -> Reply<Option<String>>;
    async fn instance_types(&self, names: &[String]) -> Reply<Vec<TypeInfo>>;
    async fn offerings(&self, types: &[String]) -> Reply<Vec<Offering>>;
    async fn images(&self, query: &ImageQuery) -> Reply<Vec<Image>>;

    async fn key_pairs(&self, filters: &[Filter]) -> Reply<Vec<KeyPair>>;
    async fn import_key_pair(&self, name: &str, public_key: &str, tags: &Tags) -> Reply<()>;
    async fn delete_key_pair(&self, name: &str) -> Reply<()>;

    async fn groups(&self, filters: &[Filter]) -> Reply<Vec<Group>>;
    async fn create_group(&self, name: &str, vpc: &str, tags: &Tags) -> Reply<String>;
    async fn authorize(&self, group: &str, rules: &[Rule]) -> Reply<()>;
    async fn delete_group(&self, id: &str) -> Reply<()>;

    async fn instances(&self, filters: &[Filter]) -> Reply<Vec<Instance>>;
    async fn run_instance(&self, launch: &Launch) -> Reply<Launched>;
    async fn terminate(&self, id: &str) -> Reply<()>;
    async fn start(&self, id: &str) -> Reply<()>;
    async fn stop(&self, id: &str, force: bool) -> Reply<()>;
    async fn reboot(&self, id: &str) -> Reply<()>;

    async fn spot_requests(&self, filters: &[Filter]) -> Reply<Vec<SpotRequest>>;
    async fn cancel_spot_request(&self, id: &str) -> Reply<()>;
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Subnet {
    pub(crate) id: String,
    pub(crate) vpc: String,
    pub(crate) zone: String,
    pub(crate) zone_id: String,
    pub(crate) default_for_zone: bool,
    pub(crate) free_addresses: i32,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct TypeInfo {
    pub(crate) name: String,
    /// EC2's words: `i386`, `x86_64`, `arm64`, …
    pub(crate) architectures: Vec<String>,
}

/// A zone that has a type.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct Offering {
    pub(crate) instance_type: String,
    pub(crate) zone: String,
}

#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum ImageQuery {
    Id(String),
    /// Available images of an owner, whose name fits one of the patterns.
    Named {
        owner: String,
        patterns: Vec<String>,
        architecture: String,
    },
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Image {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) architecture: String,
    /// ISO 8601, so that text order is time order.
    pub(crate) created: String,
    pub(crate) root_device: String,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct KeyPair {
    pub(crate) name: String,
    /// Since when it is there.
    pub(crate) since: Option<SystemTime>,
    pub(crate) tags: Tags,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) id: String,
    pub(crate) name: String,
    /// Account number.
    pub(crate) owner: String,
    pub(crate) tags: Tags,
    pub(crate) permissions: Vec<Permission>,
}

/// What a group lets in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Permission {
    /// `tcp`, `udp`, …; `-1` for all.
    pub(crate) protocol: String,
    /// None where the protocol has no ports, or all are meant.
    pub(crate) ports: Option<(i32, i32)>,
    /// CIDR blocks. Other groups and prefix lists are not among them.
    pub(crate) blocks: Vec<String>,
}

/// One port, open to one block.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub(crate) struct Rule {
    pub(crate) port: u16,
    pub(crate) protocol: String,
    pub(crate) block: String,
}

/// An instance's state, in EC2's words.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum InstanceState {
    Pending,
    Running,
    Stopping,
    Stopped,
    ShuttingDown,
    Terminated,
    Unknown,
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::ShuttingDown => "shutting down",
            Self::Terminated => "terminated",
            Self::Unknown => "in an unknown state",
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    /// Account number.
    pub(crate) owner: String,
    pub(crate) state: InstanceState,
    /// Why it stopped or ended.
    pub(crate) reason: String,
    pub(crate) client_token: String,
    pub(crate) instance_type: String,
    pub(crate) image: String,
    pub(crate) zone: String,
    pub(crate) subnet: String,
    pub(crate) vpc: String,
    pub(crate) public_ip: Option<String>,
    pub(crate) private_ip: Option<String>,
    pub(crate) ipv6: Option<String>,
    pub(crate) spot_request: Option<String>,
    /// When it was last started.
    pub(crate) since: Option<SystemTime>,
    pub(crate) tags: Tags,
}

/// How an instance is bought.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Market {
    OnDemand,
    Spot {
        /// Dollars an hour; none is the on-demand price.
        max_price: Option<String>,
        /// For spot blocks, which the service no longer sells to newcomers.
        block_minutes: Option<i32>,
    },
}

/// Metadata service of an instance; none of a field is the account's own default.
#[derive(Clone, Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) endpoint: Option<String>,
    pub(crate) tokens: Option<String>,
    pub(crate) ipv6: Option<String>,
    pub(crate) hop_limit: Option<i32>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Volume {
    pub(crate) device: String,
    pub(crate) size_gib: i32,
    pub(crate) kind: String,
    pub(crate) iops: Option<i32>,
    pub(crate) throughput: Option<i32>,
    pub(crate) encrypted: bool,
    pub(crate) kms_key: Option<String>,
}

/// All of a `RunInstances` call for one instance.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) token: String,
    pub(crate) image: String,
    pub(crate) instance_type: String,
    pub(crate) key_name: String,
    pub(crate) subnet: String,
    pub(crate) groups: Vec<String>,
    pub(crate) public_address: bool,
    pub(crate) ipv6_addresses: Option<i32>,
    pub(crate) primary_ipv6: bool,
    pub(crate) monitoring: bool,
    pub(crate) ebs_optimized: bool,
    pub(crate) profile: Option<String>,
    pub(crate) volume: Volume,
    pub(crate) metadata: Metadata,
    pub(crate) market: Market,
    /// As the instance is to see it, not encoded.
    pub(crate) user_data: Option<Vec<u8>>,
    /// On everything that the call makes.
    pub(crate) tags: Tags,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Launched {
    pub(crate) id: String,
    pub(crate) reservation: String,
    pub(crate) spot_request: Option<String>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct SpotRequest {
    pub(crate) id: String,
    pub(crate) instance: Option<String>,
    /// May still launch something, or has something running.
    pub(crate) alive: bool,
    /// When it was made.
    pub(crate) since: Option<SystemTime>,
    pub(crate) tags: Tags,
}

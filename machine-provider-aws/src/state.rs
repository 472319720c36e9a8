use machine_core::Secret;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The `Driver` object of `config.json`: Docker Machine's fields in its order, then ours.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Driver {
    #[serde(rename = "IPAddress")]
    pub(crate) ip_address: String,
    pub(crate) machine_name: String,
    #[serde(rename = "SSHUser")]
    pub(crate) ssh_user: String,
    #[serde(rename = "SSHPort")]
    pub(crate) ssh_port: i64,
    #[serde(rename = "SSHKeyPath")]
    pub(crate) ssh_key_path: String,
    pub(crate) store_path: String,
    pub(crate) swarm_master: bool,
    pub(crate) swarm_host: String,
    pub(crate) swarm_discovery: String,

    pub(crate) id: String,
    #[serde(skip_serializing_if = "StoredKey::is_set")]
    pub(crate) access_key: StoredKey,
    #[serde(skip_serializing_if = "StoredKey::is_set")]
    pub(crate) secret_key: StoredKey,
    #[serde(skip_serializing_if = "StoredKey::is_set")]
    pub(crate) session_token: StoredKey,
    pub(crate) region: String,
    #[serde(rename = "AMI")]
    pub(crate) ami: String,
    #[serde(rename = "SSHKeyID")]
    pub(crate) ssh_key_id: i64,
    /// The key pair is the user's own and stays.
    pub(crate) existing_key: bool,
    pub(crate) key_name: String,
    pub(crate) instance_id: String,
    pub(crate) instance_type: String,
    #[serde(rename = "PrivateIPAddress")]
    pub(crate) private_ip_address: String,
    /// From before there could be several.
    pub(crate) security_group_id: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub(crate) security_group_ids: Vec<String>,
    pub(crate) security_group_name: String,
    #[serde(deserialize_with = "null_is_empty")]
    pub(crate) security_group_names: Vec<String>,
    pub(crate) security_group_read_only: bool,
    #[serde(deserialize_with = "null_is_empty")]
    pub(crate) open_ports: Vec<String>,
    pub(crate) tags: String,
    pub(crate) reservation_id: String,
    pub(crate) device_name: String,
    pub(crate) root_size: i64,
    pub(crate) volume_type: String,
    pub(crate) iam_instance_profile: String,
    pub(crate) vpc_id: String,
    pub(crate) subnet_id: String,
    pub(crate) zone: String,
    pub(crate) request_spot_instance: bool,
    pub(crate) spot_price: String,
    pub(crate) block_duration_minutes: i64,
    #[serde(rename = "PrivateIPOnly")]
    pub(crate) private_ip_only: bool,
    #[serde(rename = "UsePrivateIP")]
    pub(crate) use_private_ip: bool,
    pub(crate) use_ebs_optimized_instance: bool,
    pub(crate) monitoring: bool,
    #[serde(rename = "SSHPrivateKeyPath")]
    pub(crate) ssh_private_key_path: String,
    pub(crate) retry_count: i64,
    pub(crate) endpoint: String,
    #[serde(rename = "DisableSSL")]
    pub(crate) disable_ssl: bool,
    pub(crate) user_data_file: String,

    /// Only `create` reads it: Docker Machine may drop it afterwards.
    #[serde(skip_serializing_if = "Wishes::is_empty")]
    pub(crate) launch: Wishes,
}

impl Driver {
    /// All group ids, the legacy one first.
    pub(crate) fn group_ids(&self) -> Vec<String> {
        with_legacy(&self.security_group_id, &self.security_group_ids)
    }

    /// All group names, the legacy one first.
    pub(crate) fn group_names(&self) -> Vec<String> {
        with_legacy(&self.security_group_name, &self.security_group_names)
    }

    /// Of a list, or of a single zone.
    pub(crate) fn zones(&self) -> Vec<&str> {
        split(&self.launch.zones).collect()
    }
}

fn with_legacy(single: &str, list: &[String]) -> Vec<String> {
    let single = Some(single).filter(|single| !single.is_empty()).map(str::to_owned);
    let mut all: Vec<_> = single.into_iter().chain(list.iter().cloned()).collect();
    let mut seen = std::collections::BTreeSet::new();
    all.retain(|one| seen.insert(one.clone()));
    all
}

/// The parts of a comma list that say something.
pub(crate) fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim).filter(|part| !part.is_empty())
}

/// What Docker Machine has no field for, under `Launch`.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Wishes {
    /// Types to try, in order, separated by commas.
    pub(crate) instance_types: String,
    /// Zones to try, in order, separated by commas; empty: all that have the type.
    pub(crate) zones: String,
    /// Empty: given by id.
    pub(crate) image_family: String,
    /// The device name was given, so it does not follow the image.
    pub(crate) device_given: bool,
    /// The login name was given, so it does not follow the image.
    pub(crate) user_given: bool,
    /// CIDR blocks that rules are for; `caller` until it is resolved.
    pub(crate) open_to: Vec<String>,
    pub(crate) check_ip_url: String,
    pub(crate) volume_iops: i64,
    pub(crate) volume_throughput: i64,
    pub(crate) encrypted: bool,
    pub(crate) kms_key: String,
    pub(crate) http_endpoint: String,
    pub(crate) http_tokens: String,
    pub(crate) http_protocol_ipv6: String,
    pub(crate) hop_limit: i64,
    pub(crate) ipv6_address_count: i64,
    pub(crate) primary_ipv6: bool,
    pub(crate) ipv6_only: bool,
    pub(crate) spot_fallback: bool,
    /// Account number that the instance belongs to: another one's credentials would not find it,
    /// and take it for gone.
    pub(crate) account: String,
    /// What the look-ups of `check` came to.
    pub(crate) plan: Option<Plan>,
}

impl Wishes {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where and from what the machine can be made, best first.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Plan {
    pub(crate) vpc: String,
    pub(crate) places: Vec<Place>,
    /// One per architecture among the places.
    pub(crate) images: Vec<Source>,
}

/// A type in a zone.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Place {
    pub(crate) instance_type: String,
    pub(crate) architecture: String,
    pub(crate) zone: String,
    pub(crate) subnet: String,
}

/// An image to start from.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct Source {
    pub(crate) architecture: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) root_device: String,
    pub(crate) ssh_user: String,
}

/// A credential that Docker Machine left in clear: used, never written.
///
/// A set one is skipped when its struct is written, so the file keeps what it has; an empty one is
/// written, so that new files have the field where Docker Machine has it.
#[derive(Clone, Debug)]
pub(crate) struct StoredKey(Secret);

impl StoredKey {
    pub(crate) fn is_set(&self) -> bool {
        !self.0.expose().is_empty()
    }

    pub(crate) fn secret(&self) -> Option<&Secret> {
        Some(&self.0).filter(|_| self.is_set())
    }
}

impl Default for StoredKey {
    fn default() -> Self {
        Self(Secret::new(String::new()))
    }
}

impl<'de> Deserialize<'de> for StoredKey {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        Ok(Self(Secret::new(text.unwrap_or_default())))
    }
}

impl Serialize for StoredKey {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str("")
    }
}

/// Go writes a list that was never filled as `null`.
fn null_is_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

/// What a running instance shows of itself, for other readers of the state.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Addresses<'a> {
    #[serde(rename = "IPAddress")]
    pub(crate) ip_address: &'a str,
    #[serde(rename = "PrivateIPAddress")]
    pub(crate) private_ip_address: &'a str,
}

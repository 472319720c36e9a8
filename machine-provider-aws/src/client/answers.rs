//! The SDK's types into ours. A field that is missing reads as empty.
use super::codes::fate;
use super::{
    Group, Image, Instance, InstanceState, KeyPair, Permission, SpotRequest, Subnet, Tags, TypeInfo,
};
use aws_sdk_ec2::primitives::DateTime;
use aws_sdk_ec2::types::{self, InstanceStateName, SpotInstanceState};
use std::time::{Duration, SystemTime};

fn text(text: Option<String>) -> String {
    text.unwrap_or_default()
}

fn time(time: Option<DateTime>) -> Option<SystemTime> {
    let seconds = u64::try_from(time?.secs()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

fn named<T: AsRef<str>>(value: Option<T>) -> String {
    value.map(|v| v.as_ref().to_owned()).unwrap_or_default()
}

fn tags(tags: Option<Vec<types::Tag>>) -> Tags {
    let pair = |tag: types::Tag| Some((tag.key?, tag.value.unwrap_or_default()));
    tags.into_iter().flatten().filter_map(pair).collect()
}

pub(super) fn subnet(from: types::Subnet) -> Subnet {
    Subnet {
        id: text(from.subnet_id),
        vpc: text(from.vpc_id),
        zone: text(from.availability_zone),
        zone_id: text(from.availability_zone_id),
        default_for_zone: from.default_for_az.unwrap_or_default(),
        free_addresses: from.available_ip_address_count.unwrap_or(1),
    }
}

pub(super) fn type_info(from: types::InstanceTypeInfo) -> TypeInfo {
    let architectures = from.processor_info.and_then(|p| p.supported_architectures);
    let architectures = architectures.into_iter().flatten();
    TypeInfo {
        name: named(from.instance_type),
        architectures: architectures.map(|a| a.as_str().to_owned()).collect(),
    }
}

pub(super) fn image(from: types::Image) -> Image {
    Image {
        id: text(from.image_id),
        name: text(from.name),
        architecture: named(from.architecture),
        created: text(from.creation_date),
        root_device: text(from.root_device_name),
    }
}

pub(super) fn key_pair(from: types::KeyPairInfo) -> KeyPair {
    KeyPair { name: text(from.key_name), since: time(from.create_time), tags: tags(from.tags) }
}

pub(super) fn group(from: types::SecurityGroup) -> Group {
    let permissions = from.ip_permissions.into_iter().flatten();
    Group {
        id: text(from.group_id),
        name: text(from.group_name),
        owner: text(from.owner_id),
        tags: tags(from.tags),
        permissions: permissions.map(permission).collect(),
    }
}

fn permission(from: types::IpPermission) -> Permission {
    let v4 = from.ip_ranges.into_iter().flatten().filter_map(|range| range.cidr_ip);
    let v6 = from.ipv6_ranges.into_iter().flatten().filter_map(|range| range.cidr_ipv6);
    Permission {
        protocol: text(from.ip_protocol),
        ports: from.from_port.zip(from.to_port).filter(|(first, _)| *first >= 0),
        blocks: v4.chain(v6).collect(),
    }
}

pub(super) fn instance(from: types::Instance, owner: &str) -> Instance {
    let state = from.state.and_then(|state| state.name);
    let state = match state {
        Some(InstanceStateName::Pending) => InstanceState::Pending,
        Some(InstanceStateName::Running) => InstanceState::Running,
        Some(InstanceStateName::Stopping) => InstanceState::Stopping,
        Some(InstanceStateName::Stopped) => InstanceState::Stopped,
        Some(InstanceStateName::ShuttingDown) => InstanceState::ShuttingDown,
        Some(InstanceStateName::Terminated) => InstanceState::Terminated,
        _ => InstanceState::Unknown,
    };
    let first_v6 = from.network_interfaces.iter().flatten().find_map(|interface| {
        let addresses = interface.ipv6_addresses.as_deref()?;
        addresses.iter().find_map(|address| address.ipv6_address.clone())
    });
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    Instance {
        id: text(from.instance_id),
        owner: owner.to_owned(),
        state,
        reason: fate(text(from.state_reason.and_then(|reason| reason.message))),
        client_token: text(from.client_token),
        instance_type: named(from.instance_type),
        image: text(from.image_id),
        zone: text(from.placement.and_then(|placement| placement.availability_zone)),
        subnet: text(from.subnet_id),
        vpc: text(from.vpc_id),
        public_ip: given(from.public_ip_address),
        private_ip: given(from.private_ip_address),
        ipv6: given(from.ipv6_address).or(first_v6),
        spot_request: given(from.spot_instance_request_id),
        since: time(from.launch_time),
        tags: tags(from.tags),
    }
}

pub(super) fn spot_request(from: types::SpotInstanceRequest) -> SpotRequest {
    SpotRequest {
        id: text(from.spot_instance_request_id),
        instance: from.instance_id.filter(|id| !id.is_empty()),
        alive: matches!(from.state, Some(SpotInstanceState::Open | SpotInstanceState::Active)),
        since: time(from.create_time),
        tags: tags(from.tags),
    }
}

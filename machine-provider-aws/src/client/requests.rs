//! Our types into the SDK's.
use super::{Filter, Launch, Market, Metadata, Rule, Tags, Volume};
use aws_sdk_ec2::types::{
    self, HttpTokensState, InstanceMetadataEndpointState, InstanceMetadataProtocolState,
    MarketType, ResourceType, SpotInstanceType, VolumeType,
};

pub(super) fn filters(from: &[Filter]) -> Vec<types::Filter> {
    let filter = |(name, values): &Filter| {
        types::Filter::builder().name(*name).set_values(Some(values.clone())).build()
    };
    from.iter().map(filter).collect()
}

pub(super) fn tag_specification(kind: ResourceType, tags: &Tags) -> types::TagSpecification {
    let tag =
        |(key, value): (&String, &String)| types::Tag::builder().key(key).value(value).build();
    types::TagSpecification::builder()
        .resource_type(kind)
        .set_tags(Some(tags.iter().map(tag).collect()))
        .build()
}

/// Everything that one `RunInstances` makes.
pub(super) fn launch_tags(launch: &Launch) -> Vec<types::TagSpecification> {
    let mut kinds =
        vec![ResourceType::Instance, ResourceType::Volume, ResourceType::NetworkInterface];
    if launch.market != Market::OnDemand {
        kinds.push(ResourceType::SpotInstancesRequest); // refused where there is no request
    }
    kinds.into_iter().map(|kind| tag_specification(kind, &launch.tags)).collect()
}

pub(super) fn permission(rule: &Rule) -> types::IpPermission {
    let port = i32::from(rule.port);
    let permission =
        types::IpPermission::builder().ip_protocol(&rule.protocol).from_port(port).to_port(port);
    match rule.block.contains(':') {
        true => {
            let range = types::Ipv6Range::builder().cidr_ipv6(&rule.block).build();
            permission.ipv6_ranges(range)
        }
        false => permission.ip_ranges(types::IpRange::builder().cidr_ip(&rule.block).build()),
    }
    .build()
}

pub(super) fn network_interface(launch: &Launch) -> types::InstanceNetworkInterfaceSpecification {
    types::InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .subnet_id(&launch.subnet)
        .set_groups(Some(launch.groups.clone()))
        .associate_public_ip_address(launch.public_address)
        .set_ipv6_address_count(launch.ipv6_addresses)
        .set_primary_ipv6(launch.primary_ipv6.then_some(true))
        .delete_on_termination(true)
        .build()
}

pub(super) fn root_volume(from: &Volume) -> types::BlockDeviceMapping {
    let disk = types::EbsBlockDevice::builder()
        .volume_size(from.size_gib)
        .volume_type(VolumeType::from(from.kind.as_str()))
        .set_iops(from.iops)
        .set_throughput(from.throughput)
        .set_encrypted(from.encrypted.then_some(true))
        .set_kms_key_id(from.kms_key.clone())
        .delete_on_termination(true)
        .build();
    types::BlockDeviceMapping::builder().device_name(&from.device).ebs(disk).build()
}

/// None where nothing was asked for: the account's defaults hold.
pub(super) fn metadata(from: &Metadata) -> Option<types::InstanceMetadataOptionsRequest> {
    let Metadata { endpoint, tokens, ipv6, hop_limit } = from;
    if endpoint.is_none() && tokens.is_none() && ipv6.is_none() && hop_limit.is_none() {
        return None;
    }
    let options = types::InstanceMetadataOptionsRequest::builder()
        .set_http_endpoint(endpoint.as_deref().map(InstanceMetadataEndpointState::from))
        .set_http_tokens(tokens.as_deref().map(HttpTokensState::from))
        .set_http_protocol_ipv6(ipv6.as_deref().map(InstanceMetadataProtocolState::from))
        .set_http_put_response_hop_limit(*hop_limit);
    Some(options.build())
}

/// A one-time request: it ends with its instance, and is never left open.
pub(super) fn market(from: &Market) -> Option<types::InstanceMarketOptionsRequest> {
    let Market::Spot { max_price, block_minutes } = from else { return None };
    let spot = types::SpotMarketOptions::builder()
        .spot_instance_type(SpotInstanceType::OneTime)
        .set_max_price(max_price.clone())
        .set_block_duration_minutes(*block_minutes)
        .build();
    let market = types::InstanceMarketOptionsRequest::builder().market_type(MarketType::Spot);
    Some(market.spot_options(spot).build())
}

/// Base64, as EC2 wants user data.
pub(super) fn encoded(data: &[u8]) -> String {
    aws_smithy_types::base64::encode(data)
}

use super::error::OrApiError;
use super::{
    Ec2, Filter, Group, Image, ImageQuery, Instance, KeyPair, Launch, Launched, Offering, Reply,
    Rule, SpotRequest, Subnet, Tags, TypeInfo, answers, requests,
};
use crate::client::{ApiError, is};
use async_trait::async_trait;
use aws_sdk_ec2::Client;
use aws_sdk_ec2::primitives::Blob;
use aws_sdk_ec2::types::{
    IamInstanceProfileSpecification, InstanceType, LocationType, ResourceType,
    RunInstancesMonitoringEnabled,
};
use machine_core::ErrorKind;

/// Most that `DescribeInstances` puts on a page.
const PAGE: i32 = 1000;
/// Docker Machine's own.
const GROUP_DESCRIPTION: &str = "Docker Machine";

pub(super) struct Sdk(Client);

impl Sdk {
    pub(super) fn new(client: Client) -> Self {
        Self(client)
    }
}

/// All pages of a listing.
macro_rules! list {
    ($call:expr, $name:literal) => {
        $call.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await.of($name)
    };
}

#[async_trait]
impl Ec2 for Sdk {
    async fn subnets(&self, filters: &[Filter]) -> Reply<Vec<Subnet>> {
        let call = self.0.describe_subnets().set_filters(Some(requests::filters(filters)));
        let found = list!(call, "DescribeSubnets")?;
        Ok(found.into_iter().map(answers::subnet).collect())
    }

    async fn default_vpc(&self) -> Reply<Option<String>> {
        let call = self.0.describe_vpcs();
        let call = call.set_filters(Some(requests::filters(&[is("is-default", "true")])));
        let found = list!(call, "DescribeVpcs")?;
        Ok(found.into_iter().find_map(|vpc| vpc.vpc_id))
    }

    async fn instance_types(&self, names: &[String]) -> Reply<Vec<TypeInfo>> {
        // By filter: an unknown name among the ids would fail the call for all.
        let filter = [("instance-type", names.to_vec())];
        let call = self.0.describe_instance_types().set_filters(Some(requests::filters(&filter)));
        let found = list!(call, "DescribeInstanceTypes")?;
        Ok(found.into_iter().map(answers::type_info).collect())
    }

    async fn offerings(&self, types: &[String]) -> Reply<Vec<Offering>> {
        let filter = [("instance-type", types.to_vec())];
        let call = self.0.describe_instance_type_offerings();
        let call = call.location_type(LocationType::AvailabilityZone);
        let call = call.set_filters(Some(requests::filters(&filter)));
        let found = list!(call, "DescribeInstanceTypeOfferings")?;
        let offering = found.into_iter().filter_map(|offering| {
            let instance_type = offering.instance_type?.as_str().to_owned();
            Some(Offering { instance_type, zone: offering.location? })
        });
        Ok(offering.collect())
    }

    async fn images(&self, query: &ImageQuery) -> Reply<Vec<Image>> {
        let call = match query {
            ImageQuery::Id(id) => self.0.describe_images().image_ids(id),
            ImageQuery::Named { owner, patterns, architecture } => {
                let filters = [
                    ("name", patterns.clone()),
                    is("architecture", architecture),
                    is("state", "available"),
                ];
                let call = self.0.describe_images().owners(owner);
                call.set_filters(Some(requests::filters(&filters)))
            }
        };
        let found = list!(call, "DescribeImages")?;
        Ok(found.into_iter().map(answers::image).collect())
    }

    async fn key_pairs(&self, filters: &[Filter]) -> Reply<Vec<KeyPair>> {
        let call = self.0.describe_key_pairs().set_filters(Some(requests::filters(filters)));
        let found = call.send().await.of("DescribeKeyPairs")?.key_pairs.unwrap_or_default();
        Ok(found.into_iter().map(answers::key_pair).collect())
    }

    async fn import_key_pair(&self, name: &str, public_key: &str, tags: &Tags) -> Reply<()> {
        let call = self.0.import_key_pair().key_name(name);
        let call = call.public_key_material(Blob::new(public_key.as_bytes()));
        let call =
            call.tag_specifications(requests::tag_specification(ResourceType::KeyPair, tags));
        call.send().await.of("ImportKeyPair").map(drop)
    }

    async fn delete_key_pair(&self, name: &str) -> Reply<()> {
        self.0.delete_key_pair().key_name(name).send().await.of("DeleteKeyPair").map(drop)
    }

    async fn groups(&self, filters: &[Filter]) -> Reply<Vec<Group>> {
        let call = self.0.describe_security_groups().set_filters(Some(requests::filters(filters)));
        let found = list!(call, "DescribeSecurityGroups")?;
        Ok(found.into_iter().map(answers::group).collect())
    }

    async fn create_group(&self, name: &str, vpc: &str, tags: &Tags) -> Reply<String> {
        let call = self.0.create_security_group().group_name(name).vpc_id(vpc);
        let call = call.description(GROUP_DESCRIPTION);
        let tags = requests::tag_specification(ResourceType::SecurityGroup, tags);
        let reply = call.tag_specifications(tags).send().await.of("CreateSecurityGroup")?;
        reply.group_id.ok_or_else(|| no_id("CreateSecurityGroup"))
    }

    async fn authorize(&self, group: &str, rules: &[Rule]) -> Reply<()> {
        let permissions = rules.iter().map(requests::permission).collect();
        let call = self.0.authorize_security_group_ingress().group_id(group);
        let call = call.set_ip_permissions(Some(permissions));
        call.send().await.of("AuthorizeSecurityGroupIngress").map(drop)
    }

    async fn delete_group(&self, id: &str) -> Reply<()> {
        let call = self.0.delete_security_group().group_id(id);
        call.send().await.of("DeleteSecurityGroup").map(drop)
    }

    async fn instances(&self, filters: &[Filter]) -> Reply<Vec<Instance>> {
        let call = self.0.describe_instances().set_filters(Some(requests::filters(filters)));
        let pages = call.into_paginator().page_size(PAGE).items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await.of("DescribeInstances")?;
        let instances = found.into_iter().flat_map(|reservation| {
            let owner = reservation.owner_id.unwrap_or_default();
            let instances = reservation.instances.into_iter().flatten();
            instances.map(move |instance| answers::instance(instance, &owner))
        });
        Ok(instances.collect())
    }

    async fn run_instance(&self, launch: &Launch) -> Reply<Launched> {
        let profile = launch.profile.as_ref();
        let profile = profile.map(|name| IamInstanceProfileSpecification::builder().name(name));
        let monitoring = launch.monitoring;
        let monitoring =
            monitoring.then(|| RunInstancesMonitoringEnabled::builder().enabled(true).build());
        let call = self
            .0
            .run_instances()
            .client_token(&launch.token)
            .min_count(1)
            .max_count(1)
            .image_id(&launch.image)
            .instance_type(InstanceType::from(launch.instance_type.as_str()))
            .key_name(&launch.key_name)
            .network_interfaces(requests::network_interface(launch))
            .block_device_mappings(requests::root_volume(&launch.volume))
            .set_iam_instance_profile(profile.map(|profile| profile.build()))
            .set_monitoring(monitoring)
            .set_ebs_optimized(launch.ebs_optimized.then_some(true))
            .set_metadata_options(requests::metadata(&launch.metadata))
            .set_instance_market_options(requests::market(&launch.market))
            .set_user_data(launch.user_data.as_deref().map(requests::encoded))
            .set_tag_specifications(Some(requests::launch_tags(launch)));
        let reply = call.send().await.of("RunInstances")?;
        let reservation = reply.reservation_id.unwrap_or_default();
        let instance = reply.instances.into_iter().flatten().next();
        let instance = instance.map(|instance| answers::instance(instance, ""));
        let instance = instance.filter(|instance| !instance.id.is_empty());
        let instance = instance.ok_or_else(|| no_id("RunInstances"))?;
        Ok(Launched { id: instance.id, reservation, spot_request: instance.spot_request })
    }

    async fn terminate(&self, id: &str) -> Reply<()> {
        let call = self.0.terminate_instances().instance_ids(id);
        call.send().await.of("TerminateInstances").map(drop)
    }

    async fn start(&self, id: &str) -> Reply<()> {
        self.0.start_instances().instance_ids(id).send().await.of("StartInstances").map(drop)
    }

    async fn stop(&self, id: &str, force: bool) -> Reply<()> {
        let call = self.0.stop_instances().instance_ids(id).set_force(force.then_some(true));
        call.send().await.of("StopInstances").map(drop)
    }

    async fn reboot(&self, id: &str) -> Reply<()> {
        self.0.reboot_instances().instance_ids(id).send().await.of("RebootInstances").map(drop)
    }

    async fn spot_requests(&self, filters: &[Filter]) -> Reply<Vec<SpotRequest>> {
        let call = self.0.describe_spot_instance_requests();
        let call = call.set_filters(Some(requests::filters(filters)));
        let found = list!(call, "DescribeSpotInstanceRequests")?;
        Ok(found.into_iter().map(answers::spot_request).collect())
    }

    async fn cancel_spot_request(&self, id: &str) -> Reply<()> {
        let call = self.0.cancel_spot_instance_requests().spot_instance_request_ids(id);
        call.send().await.of("CancelSpotInstanceRequests").map(drop)
    }
}

/// A success without an id: it may exist.
fn no_id(operation: &'static str) -> ApiError {
    ApiError::unanswered(operation, ErrorKind::Indeterminate, "the reply names no id")
}

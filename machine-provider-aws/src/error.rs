use machine_core::{Error, ErrorKind};
use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// What goes wrong on our side of the service. Where Docker Machine has a text, it is Docker
/// Machine's, hence no operation before it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(
        "amazonec2 driver requires AWS credentials configured with the --amazonec2-access-key and \
         --amazonec2-secret-key options, environment variables, ~/.aws/credentials, or an instance \
         role"
    )]
    NoCredentials(#[source] Error),
    #[error("using --amazonec2-insecure-transport also requires --amazonec2-endpoint")]
    InsecureWithoutEndpoint,
    #[error("using --amazonec2-keypair-name also requires --amazonec2-ssh-keypath")]
    KeyPairWithoutKey,
    #[error("--{option} is not usable: {value:?} ({why})")]
    BadOption { option: &'static str, value: String, why: Cow<'static, str> },
    #[error("there is no region {0:?}; behind another endpoint it is written REGION@URL")]
    NoSuchScope(String),
    #[error("cannot read the file of --{option}: {path}")]
    File { option: &'static str, path: PathBuf, source: io::Error },
    #[error(
        "amazonec2 driver requires either the --amazonec2-subnet-id or --amazonec2-vpc-id option \
         or an AWS Account with a default vpc-id"
    )]
    NoVpc,
    #[error(
        "The desired subnet could not be located in this region. Is '--amazonec2-subnet-id' or \
         AWS_SUBNET_ID configured correctly?"
    )]
    NoSuchSubnet,
    #[error("SubnetId: {subnet} does not belong to VpcId: {vpc}")]
    SubnetElsewhere { subnet: String, vpc: String },
    #[error("subnet {subnet} is in zone {actual}, not in {asked}: check --amazonec2-zone")]
    SubnetInOtherZone { subnet: String, actual: String, asked: String },
    #[error(
        "unable to find a subnet that is both in the zone {zone} and belonging to VPC ID {vpc}: \
         check --amazonec2-zone and --amazonec2-vpc-id"
    )]
    NoSubnet { zone: String, vpc: String },
    #[error("there is no VPC {vpc} with a subnet in {region}: check --amazonec2-vpc-id")]
    NoNetwork { vpc: String, region: String },
    #[error("no zone with a subnet of {vpc} has {types}: check --amazonec2-{option}")]
    NotOffered { types: String, vpc: String, option: &'static str },
    #[error("there is no instance type {types} in {region}: check --amazonec2-instance-type")]
    NoSuchType { types: String, region: String },
    #[error(
        "image {image} is made for {image_architecture}, and none of {types} is: check \
         --amazonec2-ami and --amazonec2-instance-type"
    )]
    WrongArchitecture { image: String, image_architecture: String, types: String },
    #[error("there is no image {0} in this region: check --amazonec2-ami")]
    NoSuchImage(String),
    #[error(
        "no image of {family} for {architecture} was found in {region}: give one with \
         --amazonec2-ami"
    )]
    NoImage { family: String, architecture: String, region: String },
    #[error("There is no keypair with the name {0}. Please verify the key name provided.")]
    NoSuchKeyPair(String),
    #[error("there is no security group {name} in {vpc}: check --amazonec2-security-group")]
    NoSuchGroup { name: String, vpc: String },
    #[error(
        "security group {group} lets nothing in at {ports}, and is not ours to change: add what is \
         missing, or give --amazonec2-security-group-readonly"
    )]
    GroupLacksRules { group: String, ports: String },
    #[error("a key pair {0} exists already, and is not this machine's")]
    KeyPairTaken(String),
    #[error("no public SSH key was given")]
    NoPublicKey,
    #[error("cannot copy the SSH key {path}")]
    CopyKey { path: PathBuf, source: io::Error },
    #[error("there is no instance: the machine was never made, or is gone")]
    NoInstance,
    #[error("instance {id} is gone{}", after_colon(.reason))]
    Gone { id: String, reason: String },
    #[error("{0} was made, and does not show up")]
    Invisible(String),
    #[error("instance {id} is still {state} after {seconds} s")]
    Slow { id: String, state: String, seconds: u64 },
    #[error(
        "the machine belongs to AWS account {owner}, and the credentials to {actual}: sign in as \
         when it was made"
    )]
    WrongAccount { owner: String, actual: String },
    #[error("security group {0} is in use")]
    GroupInUse(String),
}

fn after_colon(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {text}") }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        use Failure as F;
        let kind = match &failure {
            F::NoCredentials(_) => ErrorKind::Credentials,
            F::NoInstance | F::Gone { .. } => ErrorKind::NotFound,
            F::KeyPairTaken(_) | F::GroupInUse(_) => ErrorKind::Conflict,
            F::Invisible(_) => ErrorKind::Indeterminate,
            F::Slow { .. } => ErrorKind::Transient,
            F::WrongAccount { .. } => ErrorKind::Credentials,
            F::CopyKey { .. } => ErrorKind::Other,
            _ => ErrorKind::InvalidOption,
        };
        Self::wrap(kind, "", failure)
    }
}

//! Create options of all dialects, as data: Docker Machine's, then GitLab's and Rancher's under
//! one of their names with the other as alias, then ours.
use machine_core::{OptionKind, OptionSpec, OptionValue};

use OptionKind::{Int, List, Switch, Text};

/// Docker Machine's defaults.
pub(crate) const REGION: &str = "us-east-1";
pub(crate) const INSTANCE_TYPE: &str = "t2.micro";
pub(crate) const GROUP: &str = "docker-machine";
pub(crate) const ROOT_GIB: i64 = 16;
pub(crate) const VOLUME_TYPE: &str = "gp2";
pub(crate) const SSH_PORT: u16 = 22;
pub(crate) const RETRIES: i64 = 5;
const SPOT_PRICE: &str = "0.50";

/// Where `--amazonec2-open-to caller` asks: Amazon's own service.
pub(crate) const CHECK_IP_URL: &str = "https://checkip.amazonaws.com";
/// Where the image comes from when none is named.
pub(crate) const IMAGE_FAMILY: &str = "ubuntu";

fn option(name: &'static str, kind: OptionKind, help: &'static str) -> OptionSpec {
    OptionSpec::new(name, kind, help)
}

fn text(value: &str) -> OptionValue {
    OptionValue::Text(value.to_owned())
}

pub(crate) fn specs() -> Vec<OptionSpec> {
    let mut all = credentials();
    all.extend(place());
    all.extend(network());
    all.extend(hardware());
    all.extend(access());
    all.extend(spot());
    all.extend(dialects());
    all
}

fn credentials() -> Vec<OptionSpec> {
    vec![
        option("amazonec2-access-key", Text, "AWS Access Key")
            .with_env("AWS_ACCESS_KEY_ID")
            .with_secret(),
        option("amazonec2-secret-key", Text, "AWS Secret Key")
            .with_env("AWS_SECRET_ACCESS_KEY")
            .with_secret(),
        option("amazonec2-session-token", Text, "AWS Session Token")
            .with_env("AWS_SESSION_TOKEN")
            .with_secret(),
        option(
            "amazonec2-profile",
            Text,
            "Profile of the shared AWS configuration to take credentials from",
        )
        .with_env("AWS_PROFILE"),
        option(
            "amazonec2-endpoint",
            Text,
            "Optional endpoint URL (hostname only or fully qualified URI)",
        )
        .with_env("AWS_ENDPOINT"),
        option("amazonec2-insecure-transport", Switch, "Disable SSL when sending requests")
            .with_env("AWS_INSECURE_TRANSPORT"),
        option(
            "amazonec2-retries",
            Int,
            "Set retry count for recoverable failures (use -1 to disable)",
        )
        .with_default(OptionValue::Int(RETRIES)),
    ]
}

fn place() -> Vec<OptionSpec> {
    vec![
        option("amazonec2-region", Text, "AWS region")
            .with_env("AWS_DEFAULT_REGION")
            .with_default(text(REGION)),
        option(
            "amazonec2-zone",
            Text,
            "AWS zone for instance (i.e. a,b,c,d,e), or several to try in order; default: any that has the type",
        )
        .with_env("AWS_ZONE"),
        option(
            "amazonec2-ami",
            Text,
            "AWS machine image; default: the newest of --amazonec2-ami-family",
        )
        .with_env("AWS_AMI"),
        option("amazonec2-ami-family", Text, "Whose newest image to use: ubuntu, debian or amazon-linux")
            .with_env("AWS_AMI_FAMILY")
            .with_default(text(IMAGE_FAMILY)),
        option("amazonec2-instance-type", Text, "AWS instance type, or several to try in order")
            .with_env("AWS_INSTANCE_TYPE")
            .with_default(text(INSTANCE_TYPE)),
        option("amazonec2-vpc-id", Text, "AWS VPC id; default: the account's default VPC")
            .with_env("AWS_VPC_ID"),
        option("amazonec2-subnet-id", Text, "AWS VPC subnet id").with_env("AWS_SUBNET_ID"),
    ]
}

fn network() -> Vec<OptionSpec> {
    let group = OptionValue::List(vec![GROUP.to_owned()]);
    vec![
        option("amazonec2-security-group", List, "AWS VPC security group")
            .with_env("AWS_SECURITY_GROUP")
            .with_default(group),
        option(
            "amazonec2-security-group-readonly",
            Switch,
            "Skip adding default rules to security groups",
        )
        .with_env("AWS_SECURITY_GROUP_READONLY"),
        option("amazonec2-open-port", List, "Make the specified port number accessible from the Internet"),
        option(
            "amazonec2-open-to",
            Text,
            "CIDR blocks that may reach the machine's ports, or caller for this computer's address; default: anybody",
        )
        .with_env("AWS_OPEN_TO"),
        option("amazonec2-check-ip-url", Text, "Where --amazonec2-open-to caller asks for the address")
            .with_env("AWS_CHECK_IP_URL")
            .with_default(text(CHECK_IP_URL)),
        option("amazonec2-private-address-only", Switch, "Only use a private IP address"),
        option(
            "amazonec2-use-private-address",
            Switch,
            "Force the usage of private IP address",
        ),
        option("amazonec2-ipv6-address-count", Int, "Number of IPv6 addresses of the instance")
            .with_env("AWS_IPV6_ADDRESS_COUNT"),
        option("amazonec2-enable-primary-ipv6", Switch, "Make the first IPv6 address the primary one")
            .with_env("AWS_ENABLE_PRIMARY_IPV6"),
        option("amazonec2-ipv6-address-only", Switch, "Give the instance no public IPv4 address")
            .with_env("AWS_IPV6_ADDRESS_ONLY"),
    ]
}

fn hardware() -> Vec<OptionSpec> {
    vec![
        option("amazonec2-device-name", Text, "AWS root device name; default: the image's")
            .with_env("AWS_DEVICE_NAME"),
        option("amazonec2-root-size", Int, "AWS root disk size (in GB)")
            .with_env("AWS_ROOT_SIZE")
            .with_default(OptionValue::Int(ROOT_GIB)),
        option("amazonec2-volume-type", Text, "Amazon EBS volume type")
            .with_env("AWS_VOLUME_TYPE")
            .with_default(text(VOLUME_TYPE)),
        option(
            "amazonec2-volume-iops",
            Int,
            "Operations a second of the root volume (gp3, io1, io2)",
        )
        .with_env("AWS_VOLUME_IOPS"),
        option("amazonec2-volume-throughput", Int, "Throughput of the root volume in MiB/s (gp3)")
            .with_env("AWS_VOLUME_THROUGHPUT"),
        option("amazonec2-iam-instance-profile", Text, "AWS IAM Instance Profile")
            .with_env("AWS_INSTANCE_PROFILE"),
        option("amazonec2-monitoring", Switch, "Set this flag to enable CloudWatch monitoring"),
        option("amazonec2-use-ebs-optimized-instance", Switch, "Create an EBS optimized instance"),
    ]
}

fn access() -> Vec<OptionSpec> {
    vec![
        option("amazonec2-ssh-port", Int, "SSH Port")
            .with_env("AWS_SSH_PORT")
            .with_default(OptionValue::Int(i64::from(SSH_PORT))),
        option("amazonec2-ssh-user", Text, "SSH Username; default: the image's")
            .with_env("AWS_SSH_USER"),
        option("amazonec2-ssh-keypath", Text, "SSH Key for Instance").with_env("AWS_SSH_KEYPATH"),
        option(
            "amazonec2-keypair-name",
            Text,
            "AWS keypair to use; requires --amazonec2-ssh-keypath",
        )
        .with_env("AWS_KEYPAIR_NAME"),
        option("amazonec2-tags", Text, "AWS Tags (e.g. key1,value1,key2,value2)")
            .with_env("AWS_TAGS"),
        option("amazonec2-userdata", Text, "path to file with cloud-init user data")
            .with_env("AWS_USERDATA"),
    ]
}

fn spot() -> Vec<OptionSpec> {
    vec![
        option("amazonec2-request-spot-instance", Switch, "Set this flag to request spot instance"),
        option("amazonec2-spot-price", Text, "AWS spot instance bid price (in dollar)")
            .with_default(text(SPOT_PRICE)),
        option(
            "amazonec2-block-duration-minutes",
            Int,
            "AWS spot instance duration in minutes (60, 120, 180, 240, 300, or 360)",
        ),
        option(
            "amazonec2-spot-fallback",
            Switch,
            "Where no spot instance is to be had, pay the on-demand price",
        )
        .with_env("AWS_SPOT_FALLBACK"),
    ]
}

fn dialects() -> Vec<OptionSpec> {
    vec![
        option("amazonec2-encrypt-ebs-volume", Switch, "Encrypt the root volume")
            .with_env("AWS_ENCRYPT_EBS_VOLUME")
            .with_alias("amazonec2-volume-encrypted"),
        option("amazonec2-kms-key", Text, "KMS key to encrypt the root volume with")
            .with_env("AWS_KMS_KEY")
            .with_alias("amazonec2-volume-kms-key"),
        option("amazonec2-http-endpoint", Text, "Instance metadata service: enabled or disabled")
            .with_env("AWS_HTTP_ENDPOINT"),
        option(
            "amazonec2-http-tokens",
            Text,
            "Tokens of the metadata service: optional or required",
        )
        .with_env("AWS_HTTP_TOKENS")
        .with_alias("amazonec2-metadata-token"),
        option(
            "amazonec2-metadata-token-response-hop-limit",
            Int,
            "How many network hops a metadata token may travel",
        )
        .with_env("AWS_METADATA_TOKEN_RESPONSE_HOP_LIMIT")
        .with_alias("amazonec2-http-put-response-hop-limit"),
        option(
            "amazonec2-http-protocol-ipv6",
            Text,
            "IPv6 endpoint of the metadata service: enabled or disabled",
        )
        .with_env("AWS_HTTP_PROTOCOL_IPV6"),
    ]
}

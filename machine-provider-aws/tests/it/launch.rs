//! Options into calls.
use crate::machine::{Machine, cloud, int, list, on, text, whole};
use machine_core::{ErrorKind, TAG_MACHINE, TAG_STORE};
use machine_testcloud::Request;

const TYPICAL: &[&str] = &[
    "DescribeSubnets",
    "DescribeInstanceTypes",
    "DescribeInstanceTypeOfferings",
    "DescribeImages",
    "DescribeSecurityGroups",
    "ImportKeyPair",
    "DescribeSecurityGroups",
    "RunInstances",
];

fn launch_of(calls: &[Request]) -> &Request {
    calls.iter().find(|call| call.action == "RunInstances").expect("a launch")
}

/// All calls but the polls at the end, in an order that does not depend on who came first.
fn sorted(calls: &[Request]) -> Vec<&str> {
    let mut names: Vec<_> = calls.iter().map(|call| call.action.as_str()).collect();
    names.retain(|name| *name != "DescribeInstances");
    names.sort_unstable();
    names
}

#[tokio::test]
async fn a_create_makes_eight_calls_and_ten_where_it_makes_the_group() {
    let (cloud, clock) = cloud!();
    let mut first = Machine::new(&cloud, &clock, &[]).await;
    first.create().await.unwrap();
    let mut with_group =
        [TYPICAL, &["CreateSecurityGroup", "AuthorizeSecurityGroupIngress"]].concat();
    with_group.sort_unstable();
    assert_eq!(sorted(&cloud.take_calls()), with_group);
    let mut second = Machine::new(&cloud, &clock, &[]).await;
    second.create().await.unwrap();
    let mut usual = TYPICAL.to_vec();
    usual.sort_unstable();
    assert_eq!(sorted(&cloud.take_calls()), usual);
}

#[tokio::test]
async fn defaults_are_docker_machines_but_for_the_image() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[]).await;
    machine.create().await.unwrap();
    let calls = cloud.take_calls();
    let launch = launch_of(&calls);
    for (field, want) in [
        // The newest image of the newest long-term release, of its publisher's alone.
        ("ImageId", "ami-0000000000000a003"),
        ("InstanceType", "t2.micro"),
        ("MinCount", "1"),
        ("MaxCount", "1"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/sda1"),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "16"),
        ("BlockDeviceMapping.1.Ebs.VolumeType", "gp2"),
        ("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true"),
        ("NetworkInterface.1.AssociatePublicIpAddress", "true"),
        ("NetworkInterface.1.DeviceIndex", "0"),
    ] {
        assert_eq!(launch.field(field), want, "{field}");
    }
    assert_eq!(launch.field("ClientToken"), format!("{}-instance-1", machine.id));
    for absent in ["MetadataOptions", "IamInstanceProfile", "UserData", "InstanceMarketOptions"] {
        assert!(!launch.fields.keys().any(|key| key.starts_with(absent)), "{absent}");
    }
    assert_eq!(machine.field("AMI"), "ami-0000000000000a003");
    assert_eq!(machine.field("SSHUser"), "ubuntu");
    assert_eq!(machine.field("Zone"), "a");
    let rules = calls.iter().find(|call| call.action == "AuthorizeSecurityGroupIngress").unwrap();
    let rule = |n| {
        let field = |name: &str| rules.field(&format!("IpPermissions.{n}.{name}")).to_owned();
        [field("IpProtocol"), field("FromPort"), field("ToPort"), field("IpRanges.1.CidrIp")]
    };
    assert_eq!(rule(1), ["tcp", "22", "22", "0.0.0.0/0"]);
    assert_eq!(rule(2), ["tcp", "2376", "2376", "0.0.0.0/0"]);
    assert_eq!(rule(3)[0], "");
}

#[tokio::test]
async fn everything_is_tagged_from_its_first_moment() {
    let (cloud, clock) = cloud!();
    let given = [text("amazonec2-tags", "team,blue,cost,7"), on("amazonec2-request-spot-instance")];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    machine.tags.insert("batch".into(), "b1".into());
    machine.create().await.unwrap();
    let calls = cloud.take_calls();
    let made_by = |action: &str| calls.iter().find(|call| call.action == action).unwrap();
    for (action, kind) in [
        ("ImportKeyPair", "key-pair"),
        ("CreateSecurityGroup", "security-group"),
        ("RunInstances", "instance"),
        ("RunInstances", "volume"),
        ("RunInstances", "network-interface"),
        ("RunInstances", "spot-instances-request"),
    ] {
        let tags = made_by(action).tags(kind);
        let tag = |name: &str| tags.get(name).map(String::as_str);
        assert_eq!((tag("team"), tag("cost")), (Some("blue"), Some("7")), "{kind}");
        assert_eq!(tag(TAG_STORE), Some(crate::machine::STORE), "{kind}");
        let of_machine = (kind != "security-group").then_some(machine.id.as_str());
        assert_eq!(tag(TAG_MACHINE), of_machine, "{kind}");
        assert!(tag("Name").is_some(), "{kind}");
    }
    assert_eq!(made_by("RunInstances").tags("instance")["Name"], machine.name);
}

#[tokio::test]
async fn every_setting_reaches_the_launch() {
    let (cloud, clock) = cloud!();
    let folder = tempfile::tempdir().unwrap();
    let user_data = folder.path().join("user-data");
    std::fs::write(&user_data, "#cloud-config\n{}\n").unwrap();
    let given = [
        text("amazonec2-zone", "c"),
        text("amazonec2-instance-type", "m5.large"),
        text("amazonec2-device-name", "/dev/xvdz"),
        int("amazonec2-root-size", 40),
        text("amazonec2-volume-type", "gp3"),
        int("amazonec2-volume-iops", 4000),
        int("amazonec2-volume-throughput", 250),
        on("amazonec2-encrypt-ebs-volume"),
        text("amazonec2-kms-key", "alias/disks"),
        text("amazonec2-iam-instance-profile", "builder"),
        on("amazonec2-monitoring"),
        on("amazonec2-use-ebs-optimized-instance"),
        text("amazonec2-http-endpoint", "enabled"),
        text("amazonec2-http-tokens", "required"),
        text("amazonec2-http-protocol-ipv6", "enabled"),
        int("amazonec2-metadata-token-response-hop-limit", 2),
        int("amazonec2-ipv6-address-count", 1),
        on("amazonec2-enable-primary-ipv6"),
        text("amazonec2-userdata", user_data.to_str().unwrap()),
        on("amazonec2-private-address-only"),
    ];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    // moto has no such profile; what counts is what was asked for.
    cloud.set_hook(|call| match call.action.as_str() {
        "RunInstances" => machine_testcloud::Answer::Refuse(400, "InvalidParameterValue", "no"),
        _ => machine_testcloud::Answer::Pass,
    });
    let error = machine.create().await.unwrap_err();
    assert_eq!(error.operation(), "ec2.RunInstances", "{error}");
    let calls = cloud.take_calls();
    let launch = launch_of(&calls);
    for (field, want) in [
        ("InstanceType", "m5.large"),
        ("BlockDeviceMapping.1.DeviceName", "/dev/xvdz"),
        ("BlockDeviceMapping.1.Ebs.VolumeSize", "40"),
        ("BlockDeviceMapping.1.Ebs.VolumeType", "gp3"),
        ("BlockDeviceMapping.1.Ebs.Iops", "4000"),
        ("BlockDeviceMapping.1.Ebs.Throughput", "250"),
        ("BlockDeviceMapping.1.Ebs.Encrypted", "true"),
        ("BlockDeviceMapping.1.Ebs.KmsKeyId", "alias/disks"),
        ("IamInstanceProfile.Name", "builder"),
        ("Monitoring.Enabled", "true"),
        ("EbsOptimized", "true"),
        ("MetadataOptions.HttpEndpoint", "enabled"),
        ("MetadataOptions.HttpTokens", "required"),
        ("MetadataOptions.HttpProtocolIpv6", "enabled"),
        ("MetadataOptions.HttpPutResponseHopLimit", "2"),
        ("NetworkInterface.1.Ipv6AddressCount", "1"),
        ("NetworkInterface.1.PrimaryIpv6", "true"),
        ("NetworkInterface.1.AssociatePublicIpAddress", "false"),
        ("UserData", "I2Nsb3VkLWNvbmZpZwp7fQo="),
    ] {
        assert_eq!(launch.field(field), want, "{field}");
    }
    // IPv6 is asked for, so it is let in as well.
    let rules = calls.iter().find(|call| call.action == "AuthorizeSecurityGroupIngress").unwrap();
    assert!(rules.fields.values().any(|value| value == "::/0"));
}

/// GitLab's and Rancher's words for the same thing.
#[tokio::test]
async fn dialects_mean_the_same() {
    let (cloud, clock) = cloud!();
    let mut fields = Vec::new();
    for given in [
        [
            text("amazonec2-http-tokens", "required"),
            int("amazonec2-http-put-response-hop-limit", 3),
            on("amazonec2-encrypt-ebs-volume"),
            text("amazonec2-kms-key", "k"),
        ],
        [
            text("amazonec2-metadata-token", "required"),
            int("amazonec2-metadata-token-response-hop-limit", 3),
            on("amazonec2-volume-encrypted"),
            text("amazonec2-volume-kms-key", "k"),
        ],
    ] {
        let mut machine = Machine::new(&cloud, &clock, &given).await;
        machine.prepare().await.unwrap();
        fields.push(machine.field("Launch").to_string());
    }
    assert_eq!(fields[0], fields[1]);
    assert!(fields[0].contains("required"));
}

#[tokio::test]
async fn the_image_fits_the_type() {
    let (cloud, clock) = cloud!();
    for (kind, family, image, user, device) in [
        ("t4g.micro", "ubuntu", "ami-0000000000000a004", "ubuntu", "/dev/sda1"),
        ("t3.micro", "debian", "ami-0000000000000b001", "admin", "/dev/xvda"),
        ("t4g.micro", "debian", "ami-0000000000000b002", "admin", "/dev/xvda"),
        ("t3.micro", "amazon-linux", "ami-0000000000000c001", "ec2-user", "/dev/xvda"),
    ] {
        let given = [text("amazonec2-instance-type", kind), text("amazonec2-ami-family", family)];
        let mut machine = Machine::new(&cloud, &clock, &given).await;
        machine.create().await.unwrap();
        let calls = cloud.take_calls();
        let launch = launch_of(&calls);
        assert_eq!(launch.field("ImageId"), image);
        assert_eq!(launch.field("BlockDeviceMapping.1.DeviceName"), device);
        assert_eq!(machine.field("SSHUser"), user);
        assert_eq!(machine.runs().await.ssh.unwrap().user, user);
    }
}

#[tokio::test]
async fn a_given_image_is_used_as_it_is() {
    let (cloud, clock) = cloud!();
    let golden = [
        text("amazonec2-ami", "ami-0000000000000d002"),
        text("amazonec2-instance-type", "t3.micro,t4g.micro"),
        text("amazonec2-ssh-user", "me"),
    ];
    let mut machine = Machine::new(&cloud, &clock, &golden).await;
    machine.create().await.unwrap();
    let calls = cloud.take_calls();
    let launch = launch_of(&calls);
    assert_eq!(launch.field("ImageId"), "ami-0000000000000d002");
    assert_eq!(launch.field("InstanceType"), "t4g.micro", "the type that the image runs on");
    assert_eq!(launch.field("BlockDeviceMapping.1.DeviceName"), "/dev/nvme0");
    assert_eq!(machine.field("SSHUser"), "me");
}

#[tokio::test]
async fn what_does_not_exist_is_named_with_its_option() {
    let (cloud, clock) = cloud!();
    for (given, wants) in [
        (vec![text("amazonec2-ami", "ami-0123456789abcdef0")], "--amazonec2-ami"),
        (
            vec![text("amazonec2-ami", "ami-0000000000000d002")],
            "ami-0000000000000d002 is made for arm64",
        ),
        (vec![text("amazonec2-instance-type", "t9.huge")], "--amazonec2-instance-type"),
        (vec![text("amazonec2-zone", "q")], "unable to find a subnet that is both in the zone q"),
        (
            vec![text("amazonec2-subnet-id", "subnet-0123")],
            "The desired subnet could not be located",
        ),
        (vec![text("amazonec2-vpc-id", "vpc-0123")], "there is no VPC vpc-0123 with a subnet"),
        (
            vec![
                text("amazonec2-keypair-name", "nobodys"),
                text("amazonec2-ssh-keypath", "Cargo.toml"),
            ],
            "There is no keypair with the name nobodys. Please verify the key name provided.",
        ),
        (vec![list("amazonec2-security-group", &["sg-0123"])], "--amazonec2-security-group"),
        (
            vec![list("amazonec2-security-group", &["new", "sg-0123"])],
            "there is no security group sg-0123",
        ),
    ] {
        let mut machine = Machine::new(&cloud, &clock, &given).await;
        let error = machine.check().await.unwrap_err();
        let text = whole(&error);
        assert!(text.contains(wants), "{text}");
        assert!(matches!(error.kind(), ErrorKind::InvalidOption | ErrorKind::NotFound), "{text}");
    }
    assert!(cloud.resources().await.is_empty());
}

#[tokio::test]
async fn options_that_cannot_work_ask_nobody() {
    let (cloud, clock) = cloud!();
    let keys = tempfile::tempdir().unwrap();
    let alone = keys.path().join("alone");
    std::fs::write(&alone, "a private half alone").unwrap();
    for (given, wants) in [
        (
            vec![text("amazonec2-keypair-name", "k")],
            "using --amazonec2-keypair-name also requires --amazonec2-ssh-keypath",
        ),
        (
            vec![text("amazonec2-endpoint", ""), on("amazonec2-insecure-transport")],
            "using --amazonec2-insecure-transport also requires --amazonec2-endpoint",
        ),
        (vec![list("amazonec2-open-port", &["80/sctp"])], "--amazonec2-open-port"),
        (vec![text("amazonec2-open-to", "10.0.0.0/40")], "--amazonec2-open-to"),
        (vec![text("amazonec2-http-tokens", "maybe")], "--amazonec2-http-tokens"),
        (vec![text("amazonec2-ami-family", "gentoo")], "--amazonec2-ami-family"),
        (vec![int("amazonec2-root-size", 0)], "--amazonec2-root-size"),
        (vec![int("amazonec2-ssh-port", 70000)], "--amazonec2-ssh-port"),
        (vec![int("amazonec2-volume-iops", -1)], "--amazonec2-volume-iops"),
        (vec![text("amazonec2-userdata", "/no/such/file")], "--amazonec2-userdata"),
        (vec![text("amazonec2-ssh-keypath", "/no/such/key")], "--amazonec2-ssh-keypath"),
        (vec![text("amazonec2-ssh-keypath", alone.to_str().unwrap())], "alone.pub"),
        (vec![text("amazonec2-region", "US East")], "--amazonec2-region is not usable"),
        (vec![text("amazonec2-endpoint", "not a url")], "--amazonec2-endpoint is not usable"),
        (vec![text("amazonec2-endpoint", "ftp://ec2")], "--amazonec2-endpoint is not usable"),
        (
            vec![on("amazonec2-request-spot-instance"), text("amazonec2-spot-price", "cheap")],
            "--amazonec2-spot-price is not usable",
        ),
        (
            vec![on("amazonec2-request-spot-instance"), text("amazonec2-spot-price", "0")],
            "--amazonec2-spot-price is not usable",
        ),
        (vec![int("amazonec2-block-duration-minutes", -60)], "-duration-minutes is not usable"),
        (vec![int("amazonec2-ssh-port", 0)], "not 1 to 65535"),
        (vec![text("amazonec2-http-endpoint", "on")], "not enabled or disabled"),
        (vec![text("amazonec2-ami-family", "nixos")], "not one of ubuntu, debian, amazon-linux"),
    ] {
        let mut machine = Machine::new(&cloud, &clock, &given).await;
        let error = machine.prepare().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidOption);
        let text = whole(&error);
        assert!(text.contains(wants), "{text}");
    }
    assert!(cloud.take_calls().is_empty());
}

#[tokio::test]
async fn odd_tags_lose_their_last_with_a_word() {
    let (cloud, clock) = cloud!();
    let mut machine = Machine::new(&cloud, &clock, &[text("amazonec2-tags", "a,1,b")]).await;
    machine.create().await.unwrap();
    let warning = "Tags are not key value in pairs. 3 elements found";
    assert!(machine.said.lines().iter().any(|line| line == warning));
    let calls = cloud.take_calls();
    let tags = launch_of(&calls).tags("instance");
    assert_eq!((tags.get("a").map(String::as_str), tags.get("b")), (Some("1"), None));
}

/// The user's key in place of the host's; with a key pair of the user's nothing is imported.
#[tokio::test]
async fn a_key_of_the_users_own() {
    let (cloud, clock) = cloud!();
    let keys = tempfile::tempdir().unwrap();
    let private = keys.path().join("mine");
    std::fs::write(&private, "the private half").unwrap();
    std::fs::write(keys.path().join("mine.pub"), crate::machine::PUBLIC_KEY).unwrap();
    let own_key = text("amazonec2-ssh-keypath", private.to_str().unwrap());

    let mut machine = Machine::new(&cloud, &clock, std::slice::from_ref(&own_key)).await;
    machine.create().await.unwrap();
    let copy = machine.dir.path().join("id_rsa");
    assert_eq!(std::fs::read_to_string(&copy).unwrap(), "the private half");
    assert_eq!(machine.runs().await.ssh.unwrap().key, Some(copy));
    assert!(cloud.take_actions().contains(&"ImportKeyPair".to_owned()));
    machine.remove().await.unwrap();

    // Base64 of a real key: moto looks.
    let key = "c3NoLWVkMjU1MTkgQUFBQUMzTnphQzFsWkRJMU5URTVBQUFBSUhhWTMwRTRUQlVDK3NmVHhvL1RiS1R6NFNjT\
               zdnODcweU5oeHBMMmh0L3MgdGVzdA==";
    let key = key.replace('+', "%2B").replace('=', "%3D");
    cloud.ask(&format!("Action=ImportKeyPair&KeyName=shared&PublicKeyMaterial={key}")).await;
    let given = [own_key, text("amazonec2-keypair-name", "shared")];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    cloud.take_calls();
    machine.create().await.unwrap();
    let calls = cloud.take_calls();
    assert_eq!(launch_of(&calls).field("KeyName"), "shared");
    assert!(!calls.iter().any(|call| call.action == "ImportKeyPair"));
    machine.remove().await.unwrap();
    assert_eq!(cloud.resources().await, ["shared"], "the user's pair stays");
}

/// A second create, after a crash, that cannot even begin: the first one's things go.
#[tokio::test]
async fn what_cannot_begin_leaves_nothing_of_an_earlier_try() {
    let (cloud, clock) = cloud!();
    let keys = tempfile::tempdir().unwrap();
    let private = keys.path().join("mine");
    std::fs::write(&private, "the private half").unwrap();
    std::fs::write(keys.path().join("mine.pub"), crate::machine::PUBLIC_KEY).unwrap();
    let given = [text("amazonec2-ssh-keypath", private.to_str().unwrap())];
    let mut machine = Machine::new(&cloud, &clock, &given).await;
    machine.check().await.unwrap();
    let before = machine.state.clone();
    machine.create_only().await.unwrap();
    machine.state = before;
    keys.close().unwrap();
    let error = machine.create_only().await.unwrap_err();
    assert!(whole(&error).contains("mine"), "{}", whole(&error));
    assert!(cloud.resources().await.is_empty());
    assert!(error.leftovers().is_empty());
}

//! EC2's error codes (AWS, "Error codes for the Amazon EC2 API"): what they mean to a caller, and
//! which option to change.
use machine_core::ErrorKind;

/// What a code means, whichever call it answers.
pub(super) fn kind_of(code: &str) -> ErrorKind {
    match code {
        "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "InvalidClientTokenId"
        | "MissingAuthenticationToken"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => ErrorKind::Credentials,

        "AccessDenied"
        | "AccessDeniedException"
        | "AuthFailure.ServiceLinkedRoleCreationNotPermitted"
        | "Blocked"
        | "OperationNotPermitted"
        | "OptInRequired"
        | "PendingVerification"
        | "UnauthorizedOperation" => ErrorKind::Permission,

        "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "EC2ThrottledException"
        | "BandwidthLimitExceeded"
        | "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "ThrottledException"
        | "TooManyRequestsException" => ErrorKind::RateLimited,

        "InsufficientCapacity"
        | "InsufficientFreeAddressesInSubnet"
        | "InsufficientHostCapacity"
        | "InsufficientInstanceCapacity"
        | "InsufficientReservedInstanceCapacity"
        | "SpotMaxPriceTooLow"
        // The type is not to be had in this zone, or not in this market.
        | "Unsupported"
        | "UnfulfillableCapacity" => ErrorKind::Capacity,

        "InternalError" | "InternalFailure" | "InternalServerError" | "ServiceUnavailable"
        | "Unavailable" => ErrorKind::Transient,

        "DependencyViolation" | "IdempotentParameterMismatch" | "IncorrectInstanceState"
        | "IncorrectSpotRequestState" | "IncorrectState" | "ResourceInUse" => ErrorKind::Conflict,

        "UnsupportedOperation" => ErrorKind::Unsupported,

        "TagLimitExceeded" => ErrorKind::InvalidOption, // there is no more to be had

        _ if code.ends_with("LimitExceeded") || code == "MaxSpotInstanceCountExceeded" => {
            ErrorKind::Quota
        }
        _ if code.ends_with(".NotFound") || code == "InvalidAMIID.Unavailable" => {
            ErrorKind::NotFound
        }
        _ if code.ends_with(".Duplicate") || code.ends_with(".InUse") => ErrorKind::Conflict,
        _ if code.starts_with("Invalid")
            || code.starts_with("Missing")
            || code.starts_with("Unknown")
            || code.contains("KeyId")
            || code.contains("KmsKey") =>
        {
            ErrorKind::InvalidOption
        }
        _ => ErrorKind::Other,
    }
}

/// EC2's own words, and what to change.
pub(super) fn worded(operation: &str, code: &str, kind: ErrorKind, message: &str) -> String {
    // An encoded message says nothing to a reader, and a lot of it.
    let message =
        message.split("Encoded authorization failure message:").next().unwrap_or_default();
    let message = message.trim().trim_end_matches('.');
    let said = if message.is_empty() { code.to_owned() } else { format!("{message} ({code})") };
    match advice(operation, code, kind, message) {
        Some(advice) => format!("{said}: {advice}"),
        None => said,
    }
}

/// Why an instance ended, in EC2's words, and what to change where it never came up (AWS,
/// "Troubleshoot instance termination issues").
pub(super) fn fate(reason: String) -> String {
    let option = match reason.split(':').next().unwrap_or_default() {
        "Client.InternalError" => "kms-key, and that its policy lets EC2 use it",
        "Client.InvalidSnapshot.NotFound" => "ami",
        "Client.VolumeLimitExceeded" => "root-size, and the account's quota for volumes",
        "Server.InsufficientInstanceCapacity" => "zone and --amazonec2-instance-type",
        _ => return reason,
    };
    format!("{reason}: check --amazonec2-{option}")
}

/// Orders to what exists: no option of `create` changes their outcome.
fn is_order(operation: &str) -> bool {
    let orders = ["Start", "Stop", "Reboot", "Terminate", "Delete", "Cancel"];
    orders.iter().any(|order| operation.starts_with(order))
}

fn advice(operation: &str, code: &str, kind: ErrorKind, message: &str) -> Option<String> {
    match kind {
        ErrorKind::Permission => permission(operation, code, message),
        ErrorKind::Credentials => Some(match code {
            // Also the answer of a region that is switched off.
            "AuthFailure" => "check the credentials, the clock, and that the region is enabled \
                              for the account"
                .to_owned(),
            "ExpiredToken" | "ExpiredTokenException" | "RequestExpired" => {
                "sign in again, or check the clock".to_owned()
            }
            _ => "check the credentials and the clock".to_owned(),
        }),
        _ if is_order(operation) => {
            (kind == ErrorKind::Capacity).then(|| "try again later".to_owned())
        }
        ErrorKind::Quota => {
            let raise = "raise the account's quota, or remove what is not needed";
            Some(match less(code) {
                Some(option) => format!("{raise}, or change --amazonec2-{option}"),
                None => raise.to_owned(),
            })
        }
        _ => option_of(code, message).map(|option| format!("check --amazonec2-{option}")),
    }
}

/// What the account may not do. EC2 names the permission where its answer is not encoded, and it
/// may be another service's.
fn permission(operation: &str, code: &str, message: &str) -> Option<String> {
    match code {
        "AuthFailure.ServiceLinkedRoleCreationNotPermitted" => {
            return Some("the permission iam:CreateServiceLinkedRole is needed".to_owned());
        }
        "OptInRequired" => return Some("accept its terms, or change --amazonec2-ami".to_owned()),
        // An account's state, and an instance's lock.
        "Blocked" | "OperationNotPermitted" | "PendingVerification" => return None,
        _ => {}
    }
    let named = message.split_once("not authorized to perform: ").map(|(_, rest)| rest);
    let named = named.and_then(|rest| rest.split([' ', ',']).next());
    if let Some(action) = named.filter(|action| action.contains(':')) {
        return Some(format!("the permission {action} is needed"));
    }
    Some(match operation {
        "RunInstances" => "the permission ec2:RunInstances is needed, with ec2:CreateTags, and \
                           iam:PassRole for --amazonec2-iam-instance-profile"
            .to_owned(),
        "CreateSecurityGroup" | "ImportKeyPair" => {
            format!("the permission ec2:{operation} is needed, with ec2:CreateTags")
        }
        _ => format!("the permission ec2:{operation} is needed"),
    })
}

/// Which option asks for less, or for something else, where a quota is used up.
fn less(code: &str) -> Option<&'static str> {
    Some(match code {
        "VcpuLimitExceeded" | "InstanceLimitExceeded" => "instance-type",
        "MaxSpotInstanceCountExceeded" => "instance-type, or give --amazonec2-spot-fallback",
        "RulesPerSecurityGroupLimitExceeded" => "open-port and --amazonec2-open-to",
        _ if code.starts_with("SecurityGroup") => "security-group",
        "VolumeLimitExceeded" => "root-size",
        "MaxIOPSLimitExceeded" => "volume-iops",
        _ => return None,
    })
}

/// Which option a refused value came from.
fn option_of(code: &str, message: &str) -> Option<&'static str> {
    let says = |text: &str| message.to_ascii_lowercase().contains(text);
    Some(match code {
        _ if code.starts_with("InvalidAMIID") => "ami",
        _ if code.starts_with("InvalidSubnet") => "subnet-id",
        "InsufficientFreeAddressesInSubnet" => "subnet-id",
        _ if code.starts_with("InvalidVpcID") => "vpc-id",
        "InvalidKey.Format" | "InvalidKeyPair.Format" => "ssh-keypath",
        _ if code.starts_with("InvalidKeyPair") => "keypair-name",
        _ if code.starts_with("InvalidGroup") || code.starts_with("InvalidSecurityGroup") => {
            "security-group"
        }
        _ if code.contains("KmsKey") || code.contains("KeyId") || code.contains("KMS") => "kms-key",
        "SpotMaxPriceTooLow" => "spot-price",
        "InvalidInstanceType" | "InsufficientInstanceCapacity" | "Unsupported" => "instance-type",
        "InvalidZone.NotFound" | "InvalidAvailabilityZone" => "zone",
        "InvalidBlockDeviceMapping" => "device-name and --amazonec2-root-size",
        "UnknownVolumeType.Unknown" | "InvalidVolumeType" => "volume-type",
        "InvalidUserData.Malformed" => "userdata",
        "InvalidPermission.Malformed" => "open-port and --amazonec2-open-to",
        "TagPolicyViolation" | "InvalidTagKey.Malformed" | "TagLimitExceeded" => "tags",
        _ if says("iaminstanceprofile") || says("instance profile") => "iam-instance-profile",
        _ if says("availability zone") => "zone",
        _ if says("instance type") => "instance-type",
        _ if says("iops") => "volume-iops",
        _ if says("volumesize") || says("volume size") => "root-size",
        _ if says("throughput") => "volume-throughput",
        _ if says("volumetype") || says("volume type") => "volume-type",
        _ if says("user data") => "userdata",
        _ if says("ipv6") => "ipv6-address-count",
        _ if says("tag key") || says("tag value") => "tags",
        _ if says("spot") && says("price") => "spot-price",
        _ if says("blockduration") || says("block duration") => "block-duration-minutes",
        _ if says("security group") => "security-group",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{kind_of, worded};
    use machine_core::ErrorKind;

    #[test]
    fn codes_have_kinds() {
        for (code, kind) in [
            ("RequestLimitExceeded", ErrorKind::RateLimited),
            ("VcpuLimitExceeded", ErrorKind::Quota),
            ("InstanceLimitExceeded", ErrorKind::Quota),
            ("InsufficientInstanceCapacity", ErrorKind::Capacity),
            ("InvalidInstanceID.NotFound", ErrorKind::NotFound),
            ("InvalidGroup.Duplicate", ErrorKind::Conflict),
            ("InvalidGroup.InUse", ErrorKind::Conflict),
            ("DependencyViolation", ErrorKind::Conflict),
            ("InvalidParameterValue", ErrorKind::InvalidOption),
            ("UnauthorizedOperation", ErrorKind::Permission),
            ("SomethingNew", ErrorKind::Other),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
    }

    #[test]
    fn messages_name_what_to_change() {
        for (operation, code, message, wants) in [
            (
                "DescribeImages",
                "InvalidAMIID.NotFound",
                "The image id '[ami-1]' does not exist",
                "check --amazonec2-ami",
            ),
            (
                "RunInstances",
                "InvalidParameterValue",
                "Value (x) for parameter iamInstanceProfile.name is invalid.",
                "check --amazonec2-iam-instance-profile",
            ),
            (
                "ImportKeyPair",
                "InvalidKey.Format",
                "Key is not in valid OpenSSH public key format",
                "check --amazonec2-ssh-keypath",
            ),
            (
                "RunInstances",
                "InvalidParameterValue",
                "Value (x) for parameter price is invalid. \"x\" is an invalid spot instance price",
                "check --amazonec2-spot-price",
            ),
            (
                "ImportKeyPair",
                "InvalidParameterValue",
                "Tag keys starting with 'aws:' are reserved for internal use",
                "check --amazonec2-tags",
            ),
            (
                "CreateSecurityGroup",
                "TagLimitExceeded",
                "You have reached the maximum number of tags",
                "check --amazonec2-tags",
            ),
            (
                "RunInstances",
                "InvalidParameter",
                "Security group sg-1 and subnet subnet-2 belong to different networks.",
                "check --amazonec2-security-group",
            ),
            (
                "RunInstances",
                "InvalidParameterValue",
                "Iops to volume size ratio of 600 is too high",
                "check --amazonec2-volume-iops",
            ),
            (
                "CreateSecurityGroup",
                "SecurityGroupLimitExceeded",
                "The maximum number of security groups has been reached.",
                "or change --amazonec2-security-group",
            ),
            (
                "AuthorizeSecurityGroupIngress",
                "RulesPerSecurityGroupLimitExceeded",
                "The maximum number of rules has been reached.",
                "or change --amazonec2-open-port and --amazonec2-open-to",
            ),
            (
                "RunInstances",
                "VcpuLimitExceeded",
                "You have requested more vCPU capacity",
                "or change --amazonec2-instance-type",
            ),
            ("StartInstances", "InsufficientInstanceCapacity", "None left.", "try again later"),
        ] {
            let text = worded(operation, code, kind_of(code), message);
            assert!(text.ends_with(wants), "{text}");
        }
    }

    #[test]
    fn the_permission_that_lacks_is_the_one_that_is_named() {
        for (operation, code, message, wants) in [
            ("DescribeImages", "UnauthorizedOperation", "No.", "ec2:DescribeImages is needed"),
            (
                "RunInstances",
                "UnauthorizedOperation",
                "You are not authorized. User: u is not authorized to perform: iam:PassRole on \
                 resource: r because no policy allows it. Encoded authorization failure message: x",
                "the permission iam:PassRole is needed",
            ),
            ("ImportKeyPair", "UnauthorizedOperation", "No.", "with ec2:CreateTags"),
            (
                "RunInstances",
                "AuthFailure.ServiceLinkedRoleCreationNotPermitted",
                "No.",
                "iam:CreateServiceLinkedRole is needed",
            ),
            ("RunInstances", "OptInRequired", "Accept the terms.", "change --amazonec2-ami"),
            // Nothing that a policy would change.
            ("RunInstances", "PendingVerification", "Wait.", "Wait (PendingVerification)"),
            ("RunInstances", "Blocked", "No.", "No (Blocked)"),
        ] {
            assert_eq!(kind_of(code), ErrorKind::Permission, "{code}");
            let text = worded(operation, code, ErrorKind::Permission, message);
            assert!(text.ends_with(wants), "{text}");
        }
    }

    #[test]
    fn an_encoded_message_is_left_out() {
        let said = "You are not authorized. Encoded authorization failure message: AbCdEf";
        let text = worded("StartInstances", "UnauthorizedOperation", ErrorKind::Permission, said);
        assert!(!text.contains("AbCdEf"), "{text}");
    }
}

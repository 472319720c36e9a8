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
        | "OptInRequired"
        | "RequestExpired"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => ErrorKind::Credentials,

        "AccessDenied"
        | "AccessDeniedException"
        | "Blocked"
        | "OperationNotPermitted"
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
    match kind {
        ErrorKind::Permission if code != "OperationNotPermitted" => {
            format!("{said}: the permission ec2:{operation} is needed")
        }
        ErrorKind::Credentials => format!("{said}: check the credentials and the clock"),
        ErrorKind::Quota => {
            format!("{said}: raise the account's quota, or remove what is not needed")
        }
        _ => match option_of(code, message) {
            Some(option) => format!("{said}: check --amazonec2-{option}"),
            None => said,
        },
    }
}

/// Which option a refused value came from.
fn option_of(code: &str, message: &str) -> Option<&'static str> {
    let says = |text: &str| message.to_ascii_lowercase().contains(text);
    Some(match code {
        _ if code.starts_with("InvalidAMIID") => "ami",
        _ if code.starts_with("InvalidSubnet") => "subnet-id",
        "InsufficientFreeAddressesInSubnet" => "subnet-id",
        _ if code.starts_with("InvalidVpcID") => "vpc-id",
        _ if code.starts_with("InvalidKeyPair") || code == "InvalidKey.Format" => "keypair-name",
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
        _ if says("volumesize") || says("volume size") => "root-size",
        _ if says("iops") => "volume-iops",
        _ if says("throughput") => "volume-throughput",
        _ if says("volumetype") || says("volume type") => "volume-type",
        _ if says("user data") => "userdata",
        _ if says("ipv6") => "ipv6-address-count",
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
        for (code, message, wants) in [
            ("InvalidAMIID.NotFound", "The image id '[ami-1]' does not exist", "--amazonec2-ami"),
            (
                "InvalidParameterValue",
                "Value (x) for parameter iamInstanceProfile.name is invalid.",
                "--amazonec2-iam-instance-profile",
            ),
            ("UnauthorizedOperation", "You are not authorized.", "ec2:RunInstances"),
        ] {
            let text = worded("RunInstances", code, kind_of(code), message);
            assert!(text.contains(wants), "{text}");
        }
    }

    #[test]
    fn an_encoded_message_is_left_out() {
        let said = "You are not authorized. Encoded authorization failure message: AbCdEf";
        let text = worded("StartInstances", "UnauthorizedOperation", ErrorKind::Permission, said);
        assert!(!text.contains("AbCdEf"), "{text}");
    }
}

//! Options into the first state.
use crate::error::Failure;
use crate::image;
use crate::options::{
    CHECK_IP_URL, GROUP, IMAGE_FAMILY, INSTANCE_TYPE, REGION, RETRIES, ROOT_GIB, SSH_PORT,
    VOLUME_TYPE,
};
use crate::rules::{CALLER, block, open_port};
use crate::scope::Scope;
use crate::state::{Driver, Wishes, split};
use crate::user_key;
use machine_core::{Cx, Options};
use std::borrow::Cow;
use std::path::Path;

/// Most that EC2 takes, before encoding (AWS, "Run commands when you launch an EC2 instance").
const USER_DATA_LIMIT: u64 = 16 * 1024;

/// Checks what can be checked without the service.
pub(crate) fn driver(cx: &Cx<'_>, options: &Options) -> Result<Driver, Failure> {
    let text = |name| options.text(name).unwrap_or_default().trim().to_owned();
    let or = |name, default: &str| {
        Some(text(name)).filter(|t| !t.is_empty()).unwrap_or(default.to_owned())
    };
    let number = |name, default| options.int(name).unwrap_or(default);

    let (endpoint, disable_ssl) =
        (text("amazonec2-endpoint"), options.switch("amazonec2-insecure-transport"));
    if disable_ssl && endpoint.is_empty() {
        return Err(Failure::InsecureWithoutEndpoint);
    }
    let region = or("amazonec2-region", REGION);
    let place = Scope::at(&region, &endpoint, disable_ssl);
    if !place.is_sound() {
        let is_region = Scope::at(&region, "", false).is_sound();
        return Err(match is_region {
            true => bad("amazonec2-endpoint", &endpoint, "not a host's name, nor a URL"),
            false => bad("amazonec2-region", &region, "not a region's name"),
        });
    }
    let (key_name, key_path) = (text("amazonec2-keypair-name"), text("amazonec2-ssh-keypath"));
    if !key_name.is_empty() && key_path.is_empty() {
        return Err(Failure::KeyPairWithoutKey);
    }
    if !key_path.is_empty() {
        readable("amazonec2-ssh-keypath", &key_path, u64::MAX)?;
        if key_name.is_empty() {
            let public = user_key::beside(Path::new(&key_path));
            readable("amazonec2-ssh-keypath", &public.to_string_lossy(), u64::MAX)?;
        }
    }
    let user_data_file = text("amazonec2-userdata");
    if !user_data_file.is_empty() {
        readable("amazonec2-userdata", &user_data_file, USER_DATA_LIMIT)?;
    }
    let instance_types = or("amazonec2-instance-type", INSTANCE_TYPE);
    let zones = text("amazonec2-zone");
    let open_ports = options.list("amazonec2-open-port").to_vec();
    for port in &open_ports {
        open_port(port)?;
    }
    let mut groups = options.list("amazonec2-security-group").to_vec();
    groups.retain(|group| !group.trim().is_empty());
    if groups.is_empty() {
        groups.push(GROUP.to_owned());
    }
    let ssh_port =
        within("amazonec2-ssh-port", number("amazonec2-ssh-port", i64::from(SSH_PORT)), 1, 65535)?;
    let shared = |name| cx.shared.text(name).unwrap_or_default().to_owned();
    let first = |list: &str| split(list).next().unwrap_or_default().to_owned();

    Ok(Driver {
        machine_name: cx.name.to_owned(),
        ssh_user: text("amazonec2-ssh-user"),
        ssh_port,
        store_path: cx.store.to_string_lossy().into_owned(),
        swarm_master: cx.shared.switch("swarm-master"),
        swarm_host: shared("swarm-host"),
        swarm_discovery: shared("swarm-discovery"),
        id: cx.id.replace('-', ""),
        region,
        ami: text("amazonec2-ami"),
        existing_key: !key_name.is_empty(),
        key_name,
        instance_type: first(&instance_types),
        security_group_names: groups,
        security_group_read_only: options.switch("amazonec2-security-group-readonly"),
        open_ports,
        tags: text("amazonec2-tags"),
        device_name: text("amazonec2-device-name"),
        root_size: within(
            "amazonec2-root-size",
            number("amazonec2-root-size", ROOT_GIB),
            1,
            65536,
        )?,
        volume_type: or("amazonec2-volume-type", VOLUME_TYPE),
        iam_instance_profile: text("amazonec2-iam-instance-profile"),
        vpc_id: text("amazonec2-vpc-id"),
        subnet_id: text("amazonec2-subnet-id"),
        zone: first(&zones),
        request_spot_instance: options.switch("amazonec2-request-spot-instance"),
        spot_price: price(options)?,
        block_duration_minutes: within(
            "amazonec2-block-duration-minutes",
            number("amazonec2-block-duration-minutes", 0),
            0,
            360,
        )?,
        private_ip_only: options.switch("amazonec2-private-address-only"),
        use_private_ip: options.switch("amazonec2-use-private-address"),
        use_ebs_optimized_instance: options.switch("amazonec2-use-ebs-optimized-instance"),
        monitoring: options.switch("amazonec2-monitoring"),
        ssh_private_key_path: key_path,
        retry_count: number("amazonec2-retries", RETRIES),
        endpoint,
        disable_ssl,
        user_data_file,
        launch: wishes(options, instance_types, zones)?,
        ..Driver::default()
    })
}

fn wishes(options: &Options, instance_types: String, zones: String) -> Result<Wishes, Failure> {
    let text = |name| options.text(name).unwrap_or_default().trim().to_owned();
    let or = |name, default: &str| {
        Some(text(name)).filter(|t| !t.is_empty()).unwrap_or(default.to_owned())
    };
    let optional = |name| match options.int(name).unwrap_or(0) {
        0 => Ok(0), // not given
        value => within(name, value, 1, i64::from(i32::MAX)),
    };
    let image_family = match text("amazonec2-ami") {
        given if !given.is_empty() => String::new(),
        _ => or("amazonec2-ami-family", IMAGE_FAMILY),
    };
    if !image_family.is_empty() && image::family(&image_family).is_none() {
        return Err(bad("amazonec2-ami-family", &image_family, image::family_names()));
    }
    let open_to = text("amazonec2-open-to");
    let open_to = split(&open_to).map(|one| match one {
        CALLER => Ok(CALLER.to_owned()),
        one => block(one).ok_or_else(|| bad("amazonec2-open-to", one, "no CIDR block")),
    });
    let ipv6_only = options.switch("amazonec2-ipv6-address-only");
    let ipv6_address_count = optional("amazonec2-ipv6-address-count")?;
    Ok(Wishes {
        device_given: !text("amazonec2-device-name").is_empty(),
        user_given: !text("amazonec2-ssh-user").is_empty(),
        instance_types,
        zones,
        image_family,
        open_to: open_to.collect::<Result<_, _>>()?,
        check_ip_url: or("amazonec2-check-ip-url", CHECK_IP_URL),
        volume_iops: optional("amazonec2-volume-iops")?,
        volume_throughput: optional("amazonec2-volume-throughput")?,
        encrypted: options.switch("amazonec2-encrypt-ebs-volume"),
        kms_key: text("amazonec2-kms-key"),
        http_endpoint: one_of(options, "amazonec2-http-endpoint", &["enabled", "disabled"])?,
        http_tokens: one_of(options, "amazonec2-http-tokens", &["optional", "required"])?,
        http_protocol_ipv6: one_of(
            options,
            "amazonec2-http-protocol-ipv6",
            &["enabled", "disabled"],
        )?,
        hop_limit: match options.int("amazonec2-metadata-token-response-hop-limit").unwrap_or(0) {
            0 => 0,
            limit => within("amazonec2-metadata-token-response-hop-limit", limit, 1, 64)?,
        },
        ipv6_address_count: if ipv6_only { ipv6_address_count.max(1) } else { ipv6_address_count },
        primary_ipv6: options.switch("amazonec2-enable-primary-ipv6"),
        ipv6_only,
        spot_fallback: options.switch("amazonec2-spot-fallback"),
        account: String::new(),
        plan: None,
    })
}

/// Dollars an hour; empty is the on-demand price.
fn price(options: &Options) -> Result<String, Failure> {
    let price = options.text("amazonec2-spot-price").unwrap_or_default().trim();
    let is_sum = price.chars().all(|c| c.is_ascii_digit() || c == '.')
        && price.parse::<f64>().is_ok_and(|price| price > 0.0);
    // Docker Machine looks at it for spot instances alone.
    let is_used = options.switch("amazonec2-request-spot-instance") && !price.is_empty();
    match is_sum || !is_used {
        true => Ok(price.to_owned()),
        false => Err(bad("amazonec2-spot-price", price, "no sum of dollars")),
    }
}

fn bad(option: &'static str, value: &str, why: impl Into<Cow<'static, str>>) -> Failure {
    Failure::BadOption { option, value: value.to_owned(), why: why.into() }
}

fn within(option: &'static str, value: i64, least: i64, most: i64) -> Result<i64, Failure> {
    match (least..=most).contains(&value) {
        true => Ok(value),
        false if most == i64::from(i32::MAX) => {
            Err(bad(option, &value.to_string(), format!("not {least} or more")))
        }
        false => Err(bad(option, &value.to_string(), format!("not {least} to {most}"))),
    }
}

fn one_of(
    options: &Options,
    option: &'static str,
    values: &[&'static str],
) -> Result<String, Failure> {
    let given = options.text(option).unwrap_or_default().trim();
    match given.is_empty() || values.contains(&given) {
        true => Ok(given.to_owned()),
        false => Err(bad(option, given, format!("not {}", values.join(" or ")))),
    }
}

fn readable(option: &'static str, path: &str, limit: u64) -> Result<(), Failure> {
    let failed = |source| Failure::File { option, path: path.into(), source };
    let file = fs_err::File::open(Path::new(path)).map_err(failed)?;
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(bad(option, path, "not a file"));
    }
    match about.len() > limit {
        true => Err(bad(option, path, "more than 16 KiB")),
        false => Ok(()),
    }
}

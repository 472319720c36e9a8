//! Where and from what a machine can be made: all look-ups that come before the first change.
use crate::client::{Image, ImageQuery, Subnet, TypeInfo, is};
use crate::error::Failure;
use crate::image::{family, login_name};
use crate::session::Session;
use crate::state::{Driver, Place, Plan, Source, split};
use machine_core::Result;
use std::collections::BTreeSet;
use tracing::info;

/// Architectures that images are looked for, best first.
const ARCHITECTURES: [&str; 2] = ["x86_64", "arm64"];
const FALLBACK_DEVICE: &str = "/dev/sda1";

pub(crate) async fn plan(session: &Session<'_>, driver: &Driver) -> Result<Plan> {
    let types: Vec<_> = split(&driver.launch.instance_types).map(str::to_owned).collect();
    let types = if types.is_empty() { vec![driver.instance_type.clone()] } else { types };
    let link = &session.link;
    let (subnets, infos, offerings) = tokio::join!(
        subnets(session, driver),
        link.types.get(session.clock, &types, session.call(|ec2| ec2.instance_types(&types))),
        link.offerings.get(session.clock, &types, session.call(|ec2| ec2.offerings(&types))),
    );
    let (subnets, infos, offerings) = (subnets?, infos?, offerings?);
    let mut given = None;
    if !driver.ami.is_empty() {
        given = Some(image_by_id(session, &driver.ami).await?);
    }
    let wanted = zones(driver, &subnets)?;
    let vpc = subnets.first().map(|subnet| subnet.vpc.clone()).unwrap_or_default();

    let mut places = Vec::new();
    for name in &types {
        let Some(info) = infos.iter().find(|info| info.name == *name) else {
            info!(instance_type = %name, "the region does not have the instance type");
            continue;
        };
        let Some(architecture) = architecture(info, given.as_ref()) else { continue };
        for (zone, subnet) in &wanted {
            if offerings.iter().any(|o| o.instance_type == *name && o.zone == *zone) {
                places.push(Place {
                    instance_type: name.clone(),
                    architecture: architecture.to_owned(),
                    zone: zone.clone(),
                    subnet: subnet.clone(),
                });
            }
        }
    }
    if places.is_empty() {
        return Err(nowhere(driver, types, &infos, given, vpc).into());
    }
    let images = sources(session, driver, &places, given).await?;
    Ok(Plan { vpc, places, images })
}

/// Why no place is left.
fn nowhere(
    driver: &Driver,
    types: Vec<String>,
    infos: &[TypeInfo],
    given: Option<Image>,
    vpc: String,
) -> Failure {
    let types = types.join(", ");
    let some_fit = infos.iter().any(|info| architecture(info, given.as_ref()).is_some());
    match given {
        _ if infos.is_empty() => Failure::NoSuchType { types, region: driver.region.clone() },
        Some(image) if !some_fit => Failure::WrongArchitecture {
            image: image.id,
            image_architecture: image.architecture,
            types,
        },
        _ => {
            let option = match (driver.zones().is_empty(), driver.subnet_id.is_empty()) {
                (false, _) => "zone",
                (true, false) => "subnet-id",
                (true, true) => "instance-type",
            };
            Failure::NotOffered { types, vpc, option }
        }
    }
}

fn architecture<'a>(info: &'a TypeInfo, image: Option<&Image>) -> Option<&'a str> {
    let mut known = info.architectures.iter().map(String::as_str);
    match image {
        Some(image) => known.find(|a| *a == image.architecture),
        None => ARCHITECTURES
            .iter()
            .find_map(|best| info.architectures.iter().map(String::as_str).find(|a| a == best)),
    }
}

/// Those of the given subnet, of the given VPC, or of the account's default VPC.
async fn subnets(session: &Session<'_>, driver: &Driver) -> Result<Vec<Subnet>> {
    let found = |name: &'static str, value: String| async move {
        let filter = [is(name, &value)];
        let call = session.call(|ec2| ec2.subnets(&filter));
        session.link.subnets.get(session.clock, &format!("{name}={value}"), call).await
    };
    let (subnet, vpc) = (&driver.subnet_id, &driver.vpc_id);
    if !subnet.is_empty() {
        let found = found("subnet-id", subnet.clone()).await?;
        let Some(one) = found.first() else { return Err(Failure::NoSuchSubnet.into()) };
        if !vpc.is_empty() && one.vpc != *vpc {
            let (subnet, vpc) = (subnet.clone(), vpc.clone());
            return Err(Failure::SubnetElsewhere { subnet, vpc }.into());
        }
        return Ok(found);
    }
    if !vpc.is_empty() {
        return Ok(found("vpc-id", vpc.clone()).await?);
    }
    // One call for the default network and its subnets, where each zone has its default one.
    let defaults = found("default-for-az", "true".to_owned()).await?;
    let served = |zone: &&str| defaults.iter().any(|subnet| is_zone(driver, subnet, zone));
    if !defaults.is_empty() && driver.zones().iter().all(served) {
        return Ok(defaults);
    }
    let vpc = match defaults.first() {
        Some(subnet) => Some(subnet.vpc.clone()),
        None => {
            let call = session.call(|ec2| ec2.default_vpc());
            session.link.default_vpc.get(session.clock, &(), call).await?
        }
    };
    let vpc = vpc.ok_or(Failure::NoVpc)?;
    Ok(found("vpc-id", vpc).await?)
}

/// A zone is given as a letter, a name or an id.
fn is_zone(driver: &Driver, subnet: &Subnet, zone: &str) -> bool {
    subnet.zone == zone
        || subnet.zone_id == zone
        || subnet.zone == format!("{}{zone}", driver.region)
}

/// Zones to try, in order, each with the best of its subnets.
fn zones(driver: &Driver, subnets: &[Subnet]) -> Result<Vec<(String, String)>, Failure> {
    let vpc = subnets.first().map(|subnet| subnet.vpc.clone());
    let vpc = vpc.unwrap_or_else(|| driver.vpc_id.clone());
    let best = |zone: &str| {
        let here = subnets.iter().filter(|subnet| subnet.zone == zone);
        // Of equals the last wins, so the list is turned round.
        let here: Vec<_> = here.rev().collect();
        here.into_iter().max_by_key(|s| (s.default_for_zone, s.free_addresses > 0))
    };
    if subnets.is_empty() {
        return Err(Failure::NoNetwork { vpc, region: driver.region.clone() });
    }
    let mut names = Vec::new();
    if driver.zones().is_empty() {
        let all: BTreeSet<_> = subnets.iter().map(|subnet| subnet.zone.clone()).collect();
        names.extend(all);
    }
    for zone in driver.zones() {
        match subnets.iter().find(|subnet| is_zone(driver, subnet, zone)) {
            Some(subnet) => names.push(subnet.zone.clone()),
            None if !driver.subnet_id.is_empty() => {
                return Err(Failure::SubnetInOtherZone {
                    subnet: driver.subnet_id.clone(),
                    actual: subnets.first().map(|s| s.zone.clone()).unwrap_or_default(),
                    asked: zone.to_owned(),
                });
            }
            None => return Err(Failure::NoSubnet { zone: zone.to_owned(), vpc }),
        }
    }
    let pair = |zone: String| best(&zone).map(|subnet| (zone, subnet.id.clone()));
    Ok(names.into_iter().filter_map(pair).collect())
}

async fn image_by_id(session: &Session<'_>, id: &str) -> Result<Image> {
    let found = images(session, ImageQuery::Id(id.to_owned())).await?;
    found.into_iter().next().ok_or_else(|| Failure::NoSuchImage(id.to_owned()).into())
}

async fn images(session: &Session<'_>, query: ImageQuery) -> Result<Vec<Image>> {
    let call = session.call(|ec2| ec2.images(&query));
    Ok(session.link.images.get(session.clock, &query, call).await?)
}

/// One image for each architecture that a place needs.
async fn sources(
    session: &Session<'_>,
    driver: &Driver,
    places: &[Place],
    given: Option<Image>,
) -> Result<Vec<Source>> {
    if let Some(image) = given {
        let user = login_name(&image.name);
        return Ok(vec![source(image, user)]);
    }
    let name = driver.launch.image_family.as_str();
    let none = |architecture: &str| Failure::NoImage {
        family: name.to_owned(),
        architecture: architecture.to_owned(),
        region: driver.region.clone(),
    };
    let mut found = Vec::new();
    let architectures: BTreeSet<_> = places.iter().map(|p| p.architecture.as_str()).collect();
    for architecture in architectures {
        let family = family(name).ok_or_else(|| none(architecture))?;
        let owner = family.owner(&driver.region).ok_or_else(|| none(architecture))?.to_owned();
        let (patterns, wanted) = (family.patterns(architecture), architecture.to_owned());
        let query = ImageQuery::Named { owner, patterns, architecture: wanted };
        let newest = family.newest(architecture, images(session, query).await?);
        found.push(source(newest.ok_or_else(|| none(architecture))?, family.ssh_user));
    }
    Ok(found)
}

fn source(image: Image, ssh_user: &str) -> Source {
    let device = Some(image.root_device).filter(|device| !device.is_empty());
    Source {
        architecture: image.architecture,
        id: image.id,
        name: image.name,
        root_device: device.unwrap_or_else(|| FALLBACK_DEVICE.to_owned()),
        ssh_user: ssh_user.to_owned(),
    }
}

//! What is asked before anything is made.
use crate::client::{Group, caller_address, is};
use crate::error::Failure;
use crate::plan::plan;
use crate::rules::{CALLER, block, needed, shut_ports};
use crate::session::Session;
use crate::state::{Driver, Plan};
use crate::steps::{is_ours, named, zone_letter};
use machine_core::{Cx, Result, TAG_STORE};

/// All look-ups; what they come to goes into `driver`.
pub(crate) async fn check(cx: &Cx<'_>, session: &Session<'_>, driver: &mut Driver) -> Result<()> {
    resolve_caller(driver).await?;
    let found = plan(session, driver).await?;
    let (groups, pair) =
        tokio::join!(groups(cx, session, driver, &found), key_pair(session, driver));
    pair?;
    groups?;
    show(driver, found);
    Ok(())
}

/// What `create` needs, where no check came before it.
pub(crate) async fn plan_only(session: &Session<'_>, driver: &mut Driver) -> Result<()> {
    resolve_caller(driver).await?;
    let found = plan(session, driver).await?;
    show(driver, found);
    Ok(())
}

/// The first place is shown until another one is taken.
fn show(driver: &mut Driver, plan: Plan) {
    if let Some(place) = plan.places.first() {
        driver.zone = zone_letter(&driver.region, &place.zone).to_owned();
        driver.instance_type.clone_from(&place.instance_type);
        let source = plan.images.iter().find(|s| s.architecture == place.architecture);
        if let Some(source) = source {
            driver.ami.clone_from(&source.id);
            if !driver.launch.device_given {
                driver.device_name.clone_from(&source.root_device);
            }
            if !driver.launch.user_given {
                driver.ssh_user.clone_from(&source.ssh_user);
            }
        }
    }
    driver.launch.plan = Some(plan);
}

async fn resolve_caller(driver: &mut Driver) -> Result<()> {
    let wishes = &mut driver.launch;
    for one in &mut wishes.open_to {
        if one == CALLER {
            let address = caller_address(&wishes.check_ip_url).await?.to_string();
            *one = block(&address).unwrap_or(address);
        }
    }
    Ok(())
}

/// A group that is not ours to change must let in what the machine needs.
async fn groups(cx: &Cx<'_>, session: &Session<'_>, driver: &Driver, plan: &Plan) -> Result<()> {
    // A store that has no id yet has made no group, whoever's tag one carries.
    let has_groups = cx.tags.get(TAG_STORE).is_none_or(|id| !id.is_empty());
    let mut theirs: Vec<Group> = Vec::new();
    let mut has_ours = false;
    for name in driver.group_names() {
        let filters = named(&name, &plan.vpc);
        let look = session.call(|ec2| ec2.groups(&filters));
        let found = session.link.group_views.get(session.clock, &filters, look).await;
        let group = match found {
            Ok(found) => found.into_iter().next(),
            Err(error) if error.kind == machine_core::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        match group {
            Some(group) if !has_groups || !is_ours(cx, &group) => theirs.push(group),
            None if name.starts_with("sg-") => {
                return Err(Failure::NoSuchGroup { name, vpc: plan.vpc.clone() }.into());
            }
            _ => has_ours = true,
        }
    }
    // One of ours gets all rules, and groups add up.
    if has_ours || driver.security_group_read_only {
        return Ok(());
    }
    let shut = shut_ports(theirs.iter(), &needed(driver)?);
    if shut.is_empty() {
        return Ok(());
    }
    let names: Vec<_> = theirs.iter().map(|g| format!("{} ({})", g.name, g.id)).collect();
    let ports: Vec<_> = shut.into_iter().collect();
    Err(Failure::GroupLacksRules { group: names.join(", "), ports: ports.join(", ") }.into())
}

/// A key pair of the user's must be there.
async fn key_pair(session: &Session<'_>, driver: &Driver) -> Result<()> {
    if !driver.existing_key {
        return Ok(());
    }
    let name = &driver.key_name;
    let filter = [is("key-name", name)];
    let look = async {
        let found = session.call(|ec2| ec2.key_pairs(&filter)).await?;
        Ok(found.iter().any(|pair| pair.name == *name))
    };
    match session.link.key_pairs.get(session.clock, name, look).await? {
        true => Ok(()),
        false => Err(Failure::NoSuchKeyPair(name.clone()).into()),
    }
}

use crate::client::{
    Ec2, Filter, Group, Identity, Image, ImageQuery, Keyring, Offering, Reply, Subnet, TypeInfo,
};
use crate::limiter::Limiter;
use crate::memo::Memo;
use crate::scope::Scope;
use crate::sightings::Sightings;
use crate::steps::Ensured;
use std::sync::{Arc, Mutex, PoisonError};

/// Everything that one account and region is spoken to with. Holds what is true of the region, and
/// nothing about a machine.
pub(crate) struct Link {
    pub(crate) ec2: Arc<dyn Ec2>,
    pub(crate) limiter: Limiter,
    pub(crate) sightings: Sightings,
    pub(crate) subnets: Memo<String, Vec<Subnet>>,
    pub(crate) default_vpc: Memo<(), Option<String>>,
    pub(crate) types: Memo<Vec<String>, Vec<TypeInfo>>,
    pub(crate) offerings: Memo<Vec<String>, Vec<Offering>>,
    pub(crate) images: Memo<ImageQuery, Vec<Image>>,
    /// As `check` sees them; `create` looks again.
    pub(crate) group_views: Memo<Vec<Filter>, Vec<Group>>,
    pub(crate) key_pairs: Memo<String, bool>,
    pub(crate) account: Memo<(), Option<String>>,
    pub(crate) groups: Ensured,
}

impl Link {
    fn new(ec2: Arc<dyn Ec2>) -> Self {
        Self {
            ec2,
            limiter: Limiter::default(),
            sightings: Sightings::default(),
            subnets: Memo::default(),
            default_vpc: Memo::default(),
            types: Memo::default(),
            offerings: Memo::default(),
            images: Memo::default(),
            group_views: Memo::default(),
            key_pairs: Memo::default(),
            account: Memo::default(),
            groups: Ensured::default(),
        }
    }
}

/// Links of one provider value, made when first needed.
pub(crate) struct Links {
    keyring: Keyring,
    made: Mutex<Vec<(Identity, Scope, Arc<Link>)>>,
}

impl Links {
    pub(crate) fn new() -> Self {
        Self { keyring: Keyring::new(), made: Mutex::default() }
    }

    pub(crate) async fn probe(&self, identity: &Identity, region: &str) -> Reply<()> {
        self.keyring.probe(identity, region).await
    }

    pub(crate) async fn to(&self, identity: &Identity, scope: &Scope) -> Arc<Link> {
        if let Some(link) = self.known(identity, scope) {
            return link;
        }
        let link = Arc::new(Link::new(self.keyring.client(identity, scope).await));
        let known = self.known(identity, scope); // by somebody else, meanwhile
        known.unwrap_or_else(|| {
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            made.push((identity.clone(), scope.clone(), link.clone()));
            link
        })
    }

    fn known(&self, identity: &Identity, scope: &Scope) -> Option<Arc<Link>> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let known = made.iter().find(|(i, s, _)| i == identity && s == scope);
        known.map(|(_, _, link)| link.clone())
    }
}

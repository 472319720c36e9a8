use std::collections::BTreeMap;

/// One call of EC2's query protocol.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// EC2's name of the call.
    pub action: String,
    /// Access key of the signature.
    pub signed_by: String,
    /// All fields by their dotted names.
    pub fields: BTreeMap<String, String>,
}

impl Request {
    pub(crate) fn parse(body: &[u8]) -> Self {
        let mut fields: BTreeMap<_, _> = form_urlencoded::parse(body).into_owned().collect();
        let action = fields.remove("Action").unwrap_or_default();
        Self { action, signed_by: String::new(), fields }
    }

    /// A field; empty where there is none.
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Values of `name.1`, `name.2`, …
    pub fn list(&self, name: &str) -> Vec<&str> {
        let numbered = (1..).map(|n| self.fields.get(&format!("{name}.{n}")));
        numbered.map_while(|value| value.map(String::as_str)).collect()
    }

    /// Values of a filter; none where there is no such filter.
    pub fn filter(&self, name: &str) -> Option<Vec<&str>> {
        let at = (1..).map_while(|n| {
            let filter = self.fields.get(&format!("Filter.{n}.Name"))?;
            Some((n, filter))
        });
        let found = at.into_iter().find(|(_, filter)| *filter == name);
        found.map(|(n, _)| self.list(&format!("Filter.{n}.Value")))
    }

    /// As moto is to see it: without filters that the proxy applies itself, and a listing of
    /// instances cut down to `listed`.
    pub(crate) fn for_moto(&self, listed: &[&str]) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        out.append_pair("Action", &self.action);
        let own = ["instance-state-name", "network-interface.group-id"];
        let hidden: Vec<_> = (1..)
            .map_while(|n| Some((n, self.fields.get(&format!("Filter.{n}.Name"))?)))
            .filter(|(_, name)| own.contains(&name.as_str()))
            .map(|(n, _)| format!("Filter.{n}."))
            .collect();
        for (name, value) in &self.fields {
            if !hidden.iter().any(|prefix| name.starts_with(prefix)) {
                out.append_pair(name, value);
            }
        }
        if self.action == "DescribeInstances" && self.filter("instance-id").is_none() {
            out.append_pair("Filter.99.Name", "instance-id");
            for (n, id) in listed.iter().enumerate() {
                out.append_pair(&format!("Filter.99.Value.{}", n + 1), id);
            }
        }
        out.finish()
    }

    /// Tags asked for, for one kind of resource.
    pub fn tags(&self, kind: &str) -> BTreeMap<String, String> {
        let mut specifications = (1..).map_while(|n| {
            let kind = self.fields.get(&format!("TagSpecification.{n}.ResourceType"))?;
            Some((n, kind))
        });
        let Some((n, _)) = specifications.find(|(_, k)| *k == kind) else { return BTreeMap::new() };
        let tags = (1..).map_while(|m| {
            let at = format!("TagSpecification.{n}.Tag.{m}");
            let key = self.fields.get(&format!("{at}.Key"))?;
            Some((key.clone(), self.field(&format!("{at}.Value")).to_owned()))
        });
        tags.collect()
    }

    /// A look at what is the same in all accounts at all times.
    pub(crate) fn is_constant(&self) -> bool {
        let constant = ["DescribeInstanceTypes", "DescribeInstanceTypeOfferings", "DescribeImages"];
        constant.contains(&self.action.as_str())
    }

    /// Whether it only looks.
    pub fn is_look(&self) -> bool {
        self.action.starts_with("Describe")
    }

    /// What a deletion names.
    pub fn deletes(&self) -> Option<&str> {
        let field = match self.action.as_str() {
            "TerminateInstances" => "InstanceId.1",
            "DeleteKeyPair" => "KeyName",
            "DeleteSecurityGroup" => "GroupId",
            "CancelSpotInstanceRequests" => "SpotInstanceRequestId.1",
            _ => return None,
        };
        Some(self.field(field))
    }

    /// A look by id, or at what hardly ever changes: such answers do not lag.
    pub fn is_by_id(&self) -> bool {
        let by = |name| self.filter(name).is_some();
        match self.action.as_str() {
            "DescribeInstances" => by("instance-id"),
            "DescribeSecurityGroups" => by("group-id"),
            "DescribeSpotInstanceRequests" => by("spot-instance-request-id"),
            "DescribeKeyPairs" => false,
            _ => true,
        }
    }
}

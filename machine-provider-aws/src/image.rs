//! Images that need no name: the newest of a publisher.
use crate::client::Image;
use std::cmp::Reverse;

/// A publisher's images.
pub(crate) struct Family {
    pub(crate) name: &'static str,
    /// Accounts in Amazon's commercial regions, its government ones, its Chinese ones; empty where
    /// the publisher has none that is known for sure: anybody can give an image any name.
    owners: [&'static str; 3],
    /// Of image names, best release first; `{arch}` is the publisher's word.
    patterns: &'static [&'static str],
    /// Publisher's word for `x86_64`; `arm64` is `arm64` everywhere.
    x86_64: &'static str,
    pub(crate) ssh_user: &'static str,
}

/// Owners: Canonical, "Find Ubuntu images on AWS"; Debian wiki, "Cloud/AmazonEC2Image"; AWS,
/// "AL2023 on EC2". Releases: those with support that the engine's packages are made for.
static FAMILIES: &[Family] = &[
    Family {
        name: "ubuntu",
        owners: ["099720109477", "513442679011", "837727238323"],
        patterns: &[
            "ubuntu/images/hvm-ssd*/ubuntu-*-26.04-{arch}-server-*",
            "ubuntu/images/hvm-ssd*/ubuntu-*-24.04-{arch}-server-*",
            "ubuntu/images/hvm-ssd*/ubuntu-*-22.04-{arch}-server-*",
        ],
        x86_64: "amd64",
        ssh_user: "ubuntu",
    },
    Family {
        name: "debian",
        owners: ["136693071363", "", ""],
        patterns: &["debian-13-{arch}-*", "debian-12-{arch}-*"],
        x86_64: "amd64",
        ssh_user: "admin",
    },
    Family {
        name: "amazon-linux",
        owners: ["137112412989", "amazon", "amazon"],
        patterns: &["al2023-ami-2023.*-kernel-*-{arch}"],
        x86_64: "x86_64",
        ssh_user: "ec2-user",
    },
];

pub(crate) fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}

/// What is wrong with a name that is none of them.
pub(crate) fn family_names() -> String {
    let names: Vec<_> = FAMILIES.iter().map(|family| family.name).collect();
    format!("not one of {}", names.join(", "))
}

impl Family {
    pub(crate) fn owner(&self, region: &str) -> Option<&'static str> {
        let owner = match region {
            _ if region.starts_with("us-gov-") => self.owners[1],
            _ if region.starts_with("cn-") => self.owners[2],
            _ => self.owners[0],
        };
        Some(owner).filter(|owner| !owner.is_empty())
    }

    /// `architecture` in EC2's words.
    pub(crate) fn patterns(&self, architecture: &str) -> Vec<String> {
        let word = if architecture == "x86_64" { self.x86_64 } else { architecture };
        self.patterns.iter().map(|pattern| pattern.replace("{arch}", word)).collect()
    }

    /// Of the best release that there is, the newest.
    pub(crate) fn newest(&self, architecture: &str, images: Vec<Image>) -> Option<Image> {
        let patterns = self.patterns(architecture);
        let rank = |image: &Image| patterns.iter().position(|p| fits(p, &image.name));
        let ranked = images.into_iter().filter_map(|image| Some((rank(&image)?, image)));
        ranked
            .max_by(|(a, x), (b, y)| {
                (Reverse(*a), &x.created, &x.name).cmp(&(Reverse(*b), &y.created, &y.name))
            })
            .map(|(_, image)| image)
    }
}

/// Whether `name` fits a pattern with `*` for anything.
fn fits(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = name.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut last = "";
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = part;
    }
    // What follows the last star must reach the end, even where it occurs earlier too.
    (last.is_empty() && pattern.ends_with('*')) || rest.is_empty() || name.ends_with(last)
}

/// Who logs into an image, by its name; Ubuntu's where that tells nothing, as Docker Machine does.
pub(crate) fn login_name(image: &str) -> &'static str {
    let name = image.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    match () {
        () if has(&["ubuntu"]) => "ubuntu",
        () if has(&["debian"]) => "admin",
        () if has(&["al2023", "amzn", "amazon", "rhel", "suse", "sles"]) => "ec2-user",
        () if has(&["centos"]) => "centos",
        () if has(&["rocky"]) => "rocky",
        () if has(&["fedora"]) => "fedora",
        () if has(&["flatcar", "coreos"]) => "core",
        () => "ubuntu",
    }
}

#[cfg(test)]
mod tests {
    use super::{family, fits, login_name};
    use crate::client::Image;

    fn image(name: &str, created: &str) -> Image {
        Image { id: name.into(), name: name.into(), created: created.into(), ..Image::default() }
    }

    #[test]
    fn the_best_release_wins_then_the_newest_image() {
        let ubuntu = family("ubuntu").unwrap();
        let images = vec![
            image(
                "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101",
                "2026-11-01",
            ),
            image(
                "ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20260901",
                "2026-09-01",
            ),
            image(
                "ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20261001",
                "2026-10-01",
            ),
            image(
                "ubuntu/images/hvm-ssd-gp3/ubuntu-questing-25.10-amd64-server-20261101",
                "2026-11-01",
            ),
        ];
        let newest = ubuntu.newest("x86_64", images).unwrap();
        assert!(newest.name.contains("26.04") && newest.name.ends_with("20261001"));
        assert!(ubuntu.newest("arm64", vec![image("something", "2026")]).is_none());
    }

    #[test]
    fn patterns_fit_whole_names() {
        assert!(fits("debian-13-amd64-*", "debian-13-amd64-20261101-2"));
        assert!(fits("al2023-ami-2023.*-kernel-*-arm64", "al2023-ami-2023.9.1-kernel-6.12-arm64"));
        assert!(!fits(
            "al2023-ami-2023.*-kernel-*-arm64",
            "al2023-ami-2023.9.1-kernel-6.12-arm64x"
        ));
        assert!(!fits(
            "al2023-ami-2023.*-kernel-*-arm64",
            "al2023-ami-minimal-2023.9-kernel-6-arm64"
        ));
        assert!(!fits("debian-13-amd64-*", "my-debian-13-amd64-1"));
    }

    #[test]
    fn owners_follow_the_partition() {
        let ubuntu = family("ubuntu").unwrap();
        assert_eq!(ubuntu.owner("eu-west-1"), Some("099720109477"));
        assert_eq!(ubuntu.owner("us-gov-west-1"), Some("513442679011"));
        assert_eq!(ubuntu.owner("cn-north-1"), Some("837727238323"));
        assert_eq!(family("debian").unwrap().owner("cn-north-1"), None);
    }

    #[test]
    fn login_names_follow_the_image() {
        for (name, user) in [
            ("debian-13-amd64-1", "admin"),
            ("al2023-ami-2023.9-kernel-6-x86_64", "ec2-user"),
            ("RHEL-10.0_HVM", "ec2-user"),
            ("Rocky-10-EC2-Base", "rocky"),
            ("my-golden-image", "ubuntu"),
        ] {
            assert_eq!(login_name(name), user, "{name}");
        }
    }
}

//! The images that every account finds, under the names that people use: Amazon Linux, Ubuntu, Debian. All of them are the
//! best that is there without a download, this machine's own userland. EC2 lists them, Systems Manager's public
//! parameters lead to them. Pure: what is named how.

/// An image that is offered under a well-known name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offer {
    /// As `DescribeImages` tells it; people search for it with wildcards.
    pub name: &'static str,
    pub owner: &'static str,
    /// `amazon`, for its own.
    pub owner_alias: Option<&'static str>,
    /// The root device, as AWS's image names it.
    pub root_device: &'static str,
    /// In GiB.
    pub root_size: i32,
    pub root_type: &'static str,
    /// Public parameters that lead to it.
    pub parameters: &'static [&'static str],
}

const AMAZON: &str = "137112412989";
const CANONICAL: &str = "099720109477";
const DEBIAN: &str = "136693071363";

/// When the images of these names came out, as `CreationDate` has it.
pub const CREATED: &str = "2025-11-14T00:00:00.000Z";

/// Everything that is offered.
pub static OFFERS: &[Offer] = &[
    Offer {
        name: "al2023-ami-2023.9.20251110.1-kernel-6.1-x86_64",
        owner: AMAZON,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
        root_size: 8,
        root_type: "gp3",
        parameters: &[
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
            "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64",
            "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-default-x86_64",
            "/aws/service/ami-amazon-linux-latest/al2023-ami-minimal-kernel-6.1-x86_64",
        ],
    },
    Offer {
        name: "amzn2-ami-hvm-2.0.20251110.1-x86_64-gp2",
        owner: AMAZON,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
        root_size: 8,
        root_type: "gp2",
        parameters: &[
            "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2",
            "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-ebs",
            "/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2",
        ],
    },
    Offer {
        name: "amzn-ami-hvm-2018.03.0.20231218.0-x86_64-gp2",
        owner: AMAZON,
        owner_alias: Some("amazon"),
        root_device: "/dev/xvda",
        root_size: 8,
        root_type: "gp2",
        parameters: &["/aws/service/ami-amazon-linux-latest/amzn-ami-hvm-x86_64-gp2"],
    },
    ubuntu(
        "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251113",
        "gp3",
        &[
            "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id",
            "/aws/service/canonical/ubuntu/server/noble/stable/current/amd64/hvm/ebs-gp3/ami-id",
        ],
    ),
    ubuntu(
        "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20251113",
        "gp2",
        &[
            "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
            "/aws/service/canonical/ubuntu/server/jammy/stable/current/amd64/hvm/ebs-gp2/ami-id",
        ],
    ),
    ubuntu(
        "ubuntu/images/hvm-ssd/ubuntu-focal-20.04-amd64-server-20250603",
        "gp2",
        &[
            "/aws/service/canonical/ubuntu/server/20.04/stable/current/amd64/hvm/ebs-gp2/ami-id",
            "/aws/service/canonical/ubuntu/server/focal/stable/current/amd64/hvm/ebs-gp2/ami-id",
        ],
    ),
    Offer {
        name: "debian-12-amd64-20251112-2294",
        owner: DEBIAN,
        owner_alias: None,
        root_device: "/dev/xvda",
        root_size: 8,
        root_type: "gp3",
        parameters: &["/aws/service/debian/release/12/latest/amd64"],
    },
];

const fn ubuntu(name: &'static str, root_type: &'static str, parameters: &'static [&'static str]) -> Offer {
    Offer { name, owner: CANONICAL, owner_alias: None, root_device: "/dev/sda1", root_size: 8, root_type, parameters }
}

impl Offer {
    /// Its id in a region: the same wherever and whenever the cloud is started.
    pub fn id(&self, region: &str) -> String {
        format!("ami-0{:016x}", hash(&[region, self.name]))
    }
}

/// The id that a public parameter of Systems Manager leads to.
pub fn of_parameter(parameter: &str, region: &str) -> Option<String> {
    let offer = OFFERS.iter().find(|offer| offer.parameters.contains(&parameter))?;
    Some(offer.id(region))
}

/// Every public parameter, with the id that it leads to.
pub fn parameters(region: &str) -> impl Iterator<Item = (&'static str, String)> {
    OFFERS.iter().flat_map(move |offer| offer.parameters.iter().map(move |name| (*name, offer.id(region))))
}

/// FNV-1a over the texts with a zero behind each.
fn hash(texts: &[&str]) -> u64 {
    let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_of_a_region_and_differ() {
        let mut ids: Vec<String> =
            OFFERS.iter().flat_map(|offer| ["us-east-1", "ap-northeast-1"].map(|region| offer.id(region))).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 2 * OFFERS.len());
        assert!(ids.iter().all(|id| id.len() == 21));
        let parameter = "/aws/service/ami-amazon-linux-latest/amzn2-ami-hvm-x86_64-gp2";
        assert_eq!(of_parameter(parameter, "us-east-1"), Some(OFFERS[1].id("us-east-1")));
    }
}

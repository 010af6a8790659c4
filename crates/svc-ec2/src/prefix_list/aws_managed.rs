//! The lists that AWS keeps for services with gateway endpoints. Their addresses are this cloud's.

use kogumo_netmodel::Public;

/// A list that nobody can change.
pub struct AwsManaged {
    pub id: String,
    /// `com.amazonaws.ap-northeast-1.s3`
    pub name: String,
    pub cidr: String,
}

/// The services that have gateway endpoints, with their ids in regions where they are well known.
const SERVICES: [(&str, &[(&str, &str)]); 2] = [
    ("s3", &[("ap-northeast-1", "pl-61a54008"), ("us-east-1", "pl-63a5400a"), ("us-west-2", "pl-68a54001")]),
    ("dynamodb", &[("ap-northeast-1", "pl-78a54011"), ("us-east-1", "pl-02cd2c6b"), ("us-west-2", "pl-00a54069")]),
];

/// The lists of a region.
pub fn of_region(public: Public, region: &str) -> Vec<AwsManaged> {
    let cidrs = [public.s3().to_string(), public.dynamodb().to_string()];
    let list = |((service, known), cidr): ((&str, &[(&str, &str)]), String)| {
        let id = known.iter().find(|(place, _)| *place == region).map(|(_, id)| (*id).to_owned());
        let name = format!("com.amazonaws.{region}.{service}");
        AwsManaged { id: id.unwrap_or_else(|| format!("pl-{:08x}", hash(&name))), name, cidr }
    };
    SERVICES.into_iter().zip(cidrs).map(list).collect()
}

/// The list of a service, by the service's name (`com.amazonaws.ap-northeast-1.s3`).
pub fn of_service(public: Public, region: &str, name: &str) -> Option<AwsManaged> {
    of_region(public, region).into_iter().find(|list| list.name == name)
}

/// FNV-1a: any number that is always the same will do.
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash: u32, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

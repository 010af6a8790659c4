//! The availability zones of AWS's regions, as accounts see most of them.

use std::collections::BTreeMap;

/// Zones by region. Source: AWS documentation, "Regions and Availability Zones".
pub fn zones() -> BTreeMap<String, Vec<String>> {
    const LETTERS: [(&str, &str); 24] = [
        ("us-east-1", "abcdef"),
        ("us-east-2", "abc"),
        ("us-west-1", "ac"),
        ("us-west-2", "abcd"),
        ("af-south-1", "abc"),
        ("ap-east-1", "abc"),
        ("ap-northeast-1", "acd"),
        ("ap-northeast-2", "abcd"),
        ("ap-northeast-3", "abc"),
        ("ap-south-1", "abc"),
        ("ap-south-2", "abc"),
        ("ap-southeast-1", "abc"),
        ("ap-southeast-2", "abc"),
        ("ap-southeast-3", "abc"),
        ("ca-central-1", "abd"),
        ("eu-central-1", "abc"),
        ("eu-central-2", "abc"),
        ("eu-north-1", "abc"),
        ("eu-south-1", "abc"),
        ("eu-west-1", "abc"),
        ("eu-west-2", "abc"),
        ("eu-west-3", "abc"),
        ("me-south-1", "abc"),
        ("sa-east-1", "abc"),
    ];
    let named = |(region, letters): (&str, &str)| {
        let zones = letters.chars().map(|letter| format!("{region}{letter}"));
        (region.to_owned(), zones.collect())
    };
    LETTERS.into_iter().map(named).collect()
}

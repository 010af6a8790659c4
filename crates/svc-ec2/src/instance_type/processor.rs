//! The processors of instance types. Source: Amazon EC2 Instance Types guide, "Processor" of each family.

use super::InstanceType;

fn family(one: &InstanceType) -> &'static str {
    one.name.split('.').next().unwrap_or_default()
}

/// Who makes them.
pub fn maker(one: &InstanceType) -> &'static str {
    match family(one) {
        _ if one.architecture == "arm64" => "AWS",
        family if family.ends_with('a') => "AMD",
        _ => "Intel",
    }
}

/// The sustained clock speed in GHz, of the families that have one speed for all their sizes.
pub fn clock(one: &InstanceType) -> Option<f64> {
    Some(match family(one) {
        "c4" => 2.9,
        "c5a" => 3.3,
        "c6a" | "m6a" | "r6a" => 3.6,
        "c6g" | "m6g" | "r6g" | "t4g" => 2.5,
        "c6i" | "m6i" | "r6i" => 3.5,
        "c7a" | "m7a" | "r7a" => 3.7,
        "c7g" | "m7g" | "r7g" => 2.6,
        "c7i" | "m7i" | "r7i" => 3.2,
        "m5" | "r5" => 3.1,
        "m5a" | "r5a" | "m3" | "t3" => 2.5,
        "t3a" => 2.2,
        _ => return None,
    })
}

//! DHCP options and prefix lists.

use serde_json::{Map, Value, json};

use super::tagged::{follow_tags, make};
use crate::kinds::hands::{Hands, text_at};
use crate::world::{Failure, Made, Work};

const OPTIONS: [(&str, &str); 6] = [
    ("DomainName", "domain-name"),
    ("DomainNameServers", "domain-name-servers"),
    ("NtpServers", "ntp-servers"),
    ("NetbiosNameServers", "netbios-name-servers"),
    ("NetbiosNodeType", "netbios-node-type"),
    ("Ipv6AddressPreferredLeaseTime", "ipv6-address-preferred-lease-time"),
];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let names: Vec<&str> = OPTIONS.iter().map(|(property, _)| *property).chain(["Tags"]).collect();
    w.only(&names)?;
    let values = |value: &Value| match value {
        Value::Array(values) => json!(values),
        Value::String(text) => json!([text]),
        other => json!([other.to_string()]),
    };
    let given = OPTIONS.iter().filter(|(property, _)| !w.get(property).is_null());
    let given: Vec<Value> =
        given.map(|(property, key)| json!({"Key": key, "Values": values(w.get(property))})).collect();
    let input = Map::from_iter([("DhcpConfigurations".to_owned(), json!(given))]);
    let id = make(h, w, "CreateDhcpOptions", "dhcp-options", input, "/DhcpOptions/DhcpOptionsId").await?;
    Ok(Made::new(id.as_str()).attribute("DhcpOptionsId", id))
}

pub async fn associate(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["DhcpOptionsId", "VpcId"])?;
    h.call("ec2", "AssociateDhcpOptions", Value::Object(w.pick(&["DhcpOptionsId", "VpcId"]))).await?;
    let (options, vpc) = (w.text("DhcpOptionsId").unwrap_or_default(), w.text("VpcId").unwrap_or_default());
    Ok(Made::new(format!("{options}|{vpc}")))
}

pub async fn disassociate(h: &Hands, w: &Work) -> Result<(), Failure> {
    h.remove("ec2", "AssociateDhcpOptions", json!({"DhcpOptionsId": "default", "VpcId": w.get("VpcId")})).await
}

pub async fn create_prefix_list(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let same = ["AddressFamily", "Entries", "MaxEntries", "PrefixListName"];
    w.only(&[&same[..], &["Tags"]].concat())?;
    let id = make(h, w, "CreateManagedPrefixList", "prefix-list", w.pick(&same), "/PrefixList/PrefixListId").await?;
    list_made(h, &id).await
}

async fn list_made(h: &Hands, id: &str) -> Result<Made, Failure> {
    let list = &h.call("ec2", "DescribeManagedPrefixLists", json!({"PrefixListIds": [id]})).await?["PrefixLists"][0];
    Ok(Made::new(id)
        .attribute("PrefixListId", id)
        .attribute("Arn", text_at(list, "/PrefixListArn"))
        .attribute("OwnerId", text_at(list, "/OwnerId"))
        .attribute("Version", list["Version"].clone()))
}

pub async fn update_prefix_list(h: &Hands, w: &Work) -> Result<Made, Failure> {
    if w.changed("AddressFamily") {
        return Err(Failure::new("Changing AddressFamily of AWS::EC2::PrefixList is not implemented by Kogumo"));
    }
    let id = w.physical_id.clone();
    let modify = async |change: Value| {
        let Value::Object(mut input) = change else { return Ok(()) };
        input.insert("PrefixListId".into(), json!(id));
        h.call("ec2", "ModifyManagedPrefixList", Value::Object(input)).await.map(drop)
    };
    if w.changed("PrefixListName") {
        modify(json!({"PrefixListName": w.get("PrefixListName")})).await?;
    }
    if w.changed("MaxEntries") {
        modify(json!({"MaxEntries": w.get("MaxEntries")})).await?;
    }
    let (gone, new) = w.list_changes("Entries");
    if !gone.is_empty() || !new.is_empty() {
        let version = list_made(h, &id).await?.attributes.get("Version").cloned().unwrap_or_default();
        let gone: Vec<Value> = gone.iter().map(|entry| json!({"Cidr": entry["Cidr"]})).collect();
        let mut change = json!({"CurrentVersion": version});
        for (name, entries) in [("RemoveEntries", gone), ("AddEntries", new)] {
            if !entries.is_empty() {
                change[name] = json!(entries);
            }
        }
        modify(change).await?;
    }
    follow_tags(h, w, &id).await?;
    list_made(h, &id).await
}

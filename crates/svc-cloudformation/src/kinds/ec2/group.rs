//! Security groups and their rules.

use serde_json::{Value, json};

use super::tagged::{follow_tags, make};
use crate::kinds::hands::{Hands, text_at, with};
use crate::world::{Failure, Made, Work};

/// A template's rule as a permission.
fn permission(rule: &Value, side: &str) -> Value {
    let part = |name: &str| rule.get(name).cloned().unwrap_or_default();
    let of_side = |name: &str| part(&format!("{side}{name}"));
    let described = |name: &str, value: Value| match value {
        Value::Null => Value::Null,
        value => {
            let mut one = serde_json::Map::from_iter([(name.to_owned(), value)]);
            if !part("Description").is_null() {
                one.insert("Description".into(), part("Description"));
            }
            json!([one])
        }
    };
    let group = match (of_side("SecurityGroupId"), of_side("SecurityGroupName")) {
        (Value::Null, Value::Null) => Value::Null,
        (Value::Null, name) => described("GroupName", name),
        (id, _) => described("GroupId", id),
    };
    let protocol = match part("IpProtocol") {
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    };
    with(
        serde_json::Map::from_iter([("IpProtocol".to_owned(), protocol)]),
        [
            ("FromPort", part("FromPort")),
            ("ToPort", part("ToPort")),
            ("IpRanges", described("CidrIp", part("CidrIp"))),
            ("Ipv6Ranges", described("CidrIpv6", part("CidrIpv6"))),
            ("PrefixListIds", described("PrefixListId", of_side("PrefixListId"))),
            ("UserIdGroupPairs", group),
        ],
    )
}

/// The directions: the property, what its rules call the other side, and the operations' last word.
const SIDES: [(&str, &str, &str); 2] =
    [("SecurityGroupIngress", "Source", "Ingress"), ("SecurityGroupEgress", "Destination", "Egress")];

pub async fn create(h: &Hands, w: &Work) -> Result<Made, Failure> {
    w.only(&["GroupDescription", "GroupName", "SecurityGroupEgress", "SecurityGroupIngress", "Tags", "VpcId"])?;
    let own = [("GroupName", json!(w.named("GroupName"))), ("Description", w.get("GroupDescription").clone())];
    let Value::Object(input) = with(w.pick(&["VpcId"]), own) else { return Err(Failure::new("Internal Failure")) };
    let id = make(h, w, "CreateSecurityGroup", "security-group", input, "/GroupId").await?;
    let opened = async {
        // Rules of its own take the place of the one that lets everything out.
        if !w.list("SecurityGroupEgress").is_empty() {
            let everything = json!([{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]);
            h.remove("ec2", "RevokeSecurityGroupEgress", json!({"GroupId": id, "IpPermissions": everything})).await?;
        }
        add(h, w, &id, |w, property| w.list(property).to_vec()).await?;
        made(h, &id).await
    };
    opened.await.map_err(|failure| failure.after(&id))
}

async fn add(h: &Hands, w: &Work, id: &str, rules: fn(&Work, &str) -> Vec<Value>) -> Result<(), Failure> {
    for (property, side, word) in SIDES {
        let rules: Vec<Value> = rules(w, property).iter().map(|rule| permission(rule, side)).collect();
        for rule in rules {
            let input = json!({"GroupId": id, "IpPermissions": [rule]});
            h.make(w, "ec2", &format!("AuthorizeSecurityGroup{word}"), input).await?;
        }
    }
    Ok(())
}

async fn made(h: &Hands, id: &str) -> Result<Made, Failure> {
    let found = h.call("ec2", "DescribeSecurityGroups", json!({"GroupIds": [id]})).await?;
    let vpc = text_at(&found, "/SecurityGroups/0/VpcId");
    Ok(Made::new(id).attribute("GroupId", id).attribute("Id", id).attribute("VpcId", vpc))
}

pub async fn update(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let id = w.physical_id.clone();
    for (property, side, word) in SIDES {
        for rule in w.list_changes(property).0.iter().map(|rule| permission(rule, side)) {
            let input = json!({"GroupId": id, "IpPermissions": [rule]});
            h.remove("ec2", &format!("RevokeSecurityGroup{word}"), input).await?;
        }
    }
    add(h, w, &id, |w, property| w.list_changes(property).1).await?;
    follow_tags(h, w, &id).await?;
    made(h, &id).await
}

/// The direction of a rule that is a resource of its own.
fn direction(w: &Work) -> (&'static str, &'static str) {
    if w.kind.ends_with("Ingress") { ("Source", "Ingress") } else { ("Destination", "Egress") }
}

fn group_of(w: &Work) -> (&'static str, Value) {
    match w.get("GroupId") {
        Value::Null => ("GroupName", w.get("GroupName").clone()),
        id => ("GroupId", id.clone()),
    }
}

pub async fn create_rule(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let (side, word) = direction(w);
    let (parameter, group) = group_of(w);
    let input = json!({ parameter: group, "IpPermissions": [permission(&w.properties, side)] });
    let made = h.call("ec2", &format!("AuthorizeSecurityGroup{word}"), input).await?;
    let id = text_at(&made, "/SecurityGroupRules/0/SecurityGroupRuleId");
    Ok(Made::new(id.as_str()).attribute("Id", id))
}

/// Only the description changes in place.
pub async fn update_rule(h: &Hands, w: &Work) -> Result<Made, Failure> {
    let (_, word) = direction(w);
    let (parameter, group) = group_of(w);
    let text = w.get("Description").as_str().unwrap_or_default();
    let rules = json!([{"SecurityGroupRuleId": w.physical_id, "Description": text}]);
    let input = json!({ parameter: group, "SecurityGroupRuleDescriptions": rules });
    h.call("ec2", &format!("UpdateSecurityGroupRuleDescriptions{word}"), input).await?;
    Ok(super::tagged::same(w))
}

pub async fn delete_rule(h: &Hands, w: &Work) -> Result<(), Failure> {
    let (_, word) = direction(w);
    let (parameter, group) = group_of(w);
    let input = json!({ parameter: group, "SecurityGroupRuleIds": [w.physical_id] });
    h.remove("ec2", &format!("RevokeSecurityGroup{word}"), input).await
}

//! What the door hears of tables and of what calls do with them: tags, leading keys, attributes.
//! Source: DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control".

use std::collections::BTreeSet;

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Ask, Ground, Grounding};
use kogumo_wire::model_json;
use serde_json::{Map, Value};

use crate::parameters::table_name;
use crate::record::TableRecord;

/// What DynamoDB knows of the table that is asked for, where a policy wants to know.
pub fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    if !grounding.wants_keys {
        return Ok(ground);
    }
    let Some(arn) = Arn::parse(ask.resource).filter(|arn| arn.service == "dynamodb") else { return Ok(ground) };
    let mut path = arn.resource.split('/').skip(1);
    let (name, index) = (path.next().unwrap_or_default(), path.nth(1));
    let scope = Scope::new(&arn.account, &arn.region);
    let Some(table) = TableRecord::get(grounding.store, &scope, name)? else { return Ok(ground) };
    if let Some((operation, input)) = ask.call {
        let indexes = table.global_indexes.iter().chain(&table.local_indexes);
        let keys = indexes.filter(|one| Some(one.name.as_str()) == index).map(|one| &one.keys).next();
        let hash = keys.unwrap_or(&table.keys).partition.name.as_str();
        let input = model_json(input);
        let is_table = |named: &str| named == ask.resource || table_name(&scope, named) == Some(name);
        let parts = parts(&input, ask.action, &is_table);
        let mut say = |key: &'static str, values: Vec<String>| ground.keys.push((key.into(), values));
        let leading: BTreeSet<String> = parts.iter().flat_map(|part| leading_keys(part, hash)).collect();
        if !leading.is_empty() {
            say("dynamodb:LeadingKeys", leading.into_iter().collect());
        }
        if parts.iter().all(|part| names_attributes(part)) {
            let attributes: BTreeSet<String> = parts.iter().flat_map(|part| attributes(part)).collect();
            say("dynamodb:Attributes", attributes.into_iter().collect());
        }
        if let Some(selected) = parts.iter().find_map(|part| selected(part, operation.name)) {
            say("dynamodb:Select", vec![selected.to_owned()]);
        }
        if operation.name == "Scan" {
            say("dynamodb:FullTableScan", vec!["true".to_owned()]);
        }
        if operation.name.starts_with("Transact") {
            say("dynamodb:EnclosingOperation", vec![operation.name.to_owned()]);
        }
    }
    Ok(ground.tagged(&table.tags))
}

/// The parts of a request that are about a table under an action: of a batch or transaction some, else the whole request.
fn parts<'v>(input: &'v Value, action: &str, is_table: &dyn Fn(&str) -> bool) -> Vec<&'v Value> {
    let asked = action.trim_start_matches("dynamodb:");
    if let Some(tables) = input["RequestItems"].as_object() {
        let ours = tables.iter().filter(|(name, _)| is_table(name)).map(|(_, part)| part);
        return ours
            .flat_map(|part| match part.as_array() {
                Some(writes) => {
                    writes.iter().flat_map(|write| write.as_object().into_iter().flat_map(Map::values)).collect()
                }
                None => vec![part],
            })
            .collect();
    }
    if let Some(items) = input["TransactItems"].as_array() {
        let each = items.iter().flat_map(|item| item.as_object().into_iter().flatten());
        let is_ours = |(kind, part): &(&String, &Value)| {
            let action =
                if *kind == "ConditionCheck" { "ConditionCheckItem".to_owned() } else { format!("{kind}Item") };
            action == asked && part["TableName"].as_str().is_some_and(is_table)
        };
        return each.filter(is_ours).map(|(_, part)| part).collect();
    }
    vec![input]
}

/// The partition keys that a part reaches.
fn leading_keys(part: &Value, hash: &str) -> Vec<String> {
    let items = ["Key", "Item"].map(|name| &part[name]);
    let of_items = items.into_iter().chain(part["Keys"].as_array().into_iter().flatten());
    let legacy = &part["KeyConditions"][hash]["AttributeValueList"][0];
    let mut found: Vec<String> = of_items.filter_map(|item| scalar(&item[hash])).collect();
    found.extend(scalar(legacy));
    found.extend(queried_key(part, hash));
    found
}

/// `hash = :value` out of a query's key condition.
fn queried_key(part: &Value, hash: &str) -> Option<String> {
    let expression = part["KeyConditionExpression"].as_str()?;
    let words = expression.replace('=', " = ").replace(['(', ')'], " ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let is_hash = |word: &str| named(word, part) == hash;
    let found = words.windows(3).find_map(|three| match three {
        [name, "=", value] if is_hash(name) => Some(*value),
        [value, "=", name] if is_hash(name) => Some(*value),
        _ => None,
    });
    scalar(&part["ExpressionAttributeValues"][found?])
}

/// Whether a part says which attributes it is about. A read that does not is about all of them.
fn names_attributes(part: &Value) -> bool {
    const NAMING: [&str; 7] = [
        "Item",
        "UpdateExpression",
        "AttributeUpdates",
        "ConditionExpression",
        "Expected",
        "ProjectionExpression",
        "AttributesToGet",
    ];
    NAMING.iter().any(|name| !part[*name].is_null())
}

/// The top-level attributes that a part names, for whatever.
fn attributes(part: &Value) -> Vec<String> {
    const EXPRESSIONS: [&str; 5] = [
        "ProjectionExpression",
        "UpdateExpression",
        "ConditionExpression",
        "FilterExpression",
        "KeyConditionExpression",
    ];
    const MAPS: [&str; 7] =
        ["Item", "Key", "AttributeUpdates", "Expected", "KeyConditions", "QueryFilter", "ScanFilter"];
    let mut found = Vec::new();
    for expression in EXPRESSIONS.iter().filter_map(|name| part[*name].as_str()) {
        found.extend(in_expression(expression, part));
    }
    let keys = part["Keys"].as_array().into_iter().flatten();
    for map in MAPS.iter().map(|name| &part[*name]).chain(keys) {
        found.extend(map.as_object().into_iter().flat_map(Map::keys).cloned());
    }
    let listed = part["AttributesToGet"].as_array().into_iter().flatten();
    found.extend(listed.filter_map(|name| name.as_str().map(str::to_owned)));
    found
}

/// What a read selects, said or meant.
fn selected<'v>(part: &'v Value, operation: &str) -> Option<&'v str> {
    if !matches!(operation, "GetItem" | "BatchGetItem" | "TransactGetItems" | "Query" | "Scan") {
        return None;
    }
    let said = part["Select"].as_str();
    Some(said.unwrap_or(match () {
        () if names_attributes(part) => "SPECIFIC_ATTRIBUTES",
        () if part["IndexName"].is_string() => "ALL_PROJECTED_ATTRIBUTES",
        () => "ALL_ATTRIBUTES",
    }))
}

/// The attributes of an expression: its names but for the language's own words and the parts behind dots.
fn in_expression(expression: &str, part: &Value) -> Vec<String> {
    const WORDS: [&str; 15] = [
        "SET",
        "REMOVE",
        "ADD",
        "DELETE",
        "if_not_exists",
        "list_append",
        "AND",
        "OR",
        "NOT",
        "IN",
        "BETWEEN",
        "attribute_exists",
        "attribute_not_exists",
        "attribute_type",
        "begins_with",
    ];
    const FUNCTIONS: [&str; 2] = ["contains", "size"];
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '#' | ':' | '.' | '-');
    let words = expression.split(|letter: char| !is_part(letter)).filter(|word| !word.is_empty());
    let attributes = words.filter(|word| {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        let is_own = |own: &&str| own.eq_ignore_ascii_case(word);
        let is_call = FUNCTIONS.contains(word) && expression.replace(' ', "").contains(&format!("{word}("));
        !is_number && !word.starts_with(':') && !WORDS.iter().any(|own| is_own(&own)) && !is_call
    });
    attributes.map(|path| named(path.split('.').next().unwrap_or(path), part).to_owned()).collect()
}

fn named<'n>(word: &'n str, part: &'n Value) -> &'n str {
    part["ExpressionAttributeNames"][word].as_str().unwrap_or(word)
}

/// `{"S": "x"}`, `{"N": "1"}` or `{"B": "…"}`.
fn scalar(value: &Value) -> Option<String> {
    ["S", "N", "B"].iter().find_map(|kind| value.get(kind)?.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn attributes_of_expressions() {
        let part = json!({ "ExpressionAttributeNames": { "#n": "name" } });
        let found = |expression| in_expression(expression, &part);
        assert_eq!(found("id, #n, address.city, list[0]"), ["id", "name", "address", "list"]);
        assert_eq!(
            found("SET #n = :n, total = if_not_exists(total, :z) REMOVE old"),
            ["name", "total", "total", "old"]
        );
        assert_eq!(found("attribute_not_exists(a) OR size (b) > :n AND contains(c, :c)"), ["a", "b", "c"]);
    }

    #[test]
    fn leading_keys_of_queries() {
        let query = |expression: &str| {
            let part = json!({
                "KeyConditionExpression": expression,
                "ExpressionAttributeNames": { "#p": "id" },
                "ExpressionAttributeValues": { ":v": { "S": "me" }, ":w": { "N": "1" } },
            });
            queried_key(&part, "id")
        };
        assert_eq!(query("id = :v AND sort > :w").as_deref(), Some("me"));
        assert_eq!(query("sort > :w AND #p=:v").as_deref(), Some("me"));
        assert_eq!(query("sort = :w"), None);
    }

    #[test]
    fn the_parts_of_batches_and_transactions_are_told_apart() {
        let key = |value: &str| json!({ "id": { "S": value } });
        let leading = |input: &Value, action: &str| -> Vec<String> {
            let parts = parts(input, action, &|name| name == "mine");
            parts.into_iter().flat_map(|part| leading_keys(part, "id")).collect()
        };
        let read =
            json!({ "RequestItems": { "mine": { "Keys": [key("a"), key("b")] }, "other": { "Keys": [key("c")] } } });
        assert_eq!(leading(&read, "dynamodb:BatchGetItem"), ["a", "b"]);
        let write = json!({ "RequestItems": { "mine": [
            { "PutRequest": { "Item": key("a") } }, { "DeleteRequest": { "Key": key("b") } }] } });
        assert_eq!(leading(&write, "dynamodb:BatchWriteItem"), ["a", "b"]);
        let all = json!({ "TransactItems": [
            { "Put": { "TableName": "mine", "Item": key("a") } },
            { "Delete": { "TableName": "mine", "Key": key("b") } },
            { "Put": { "TableName": "other", "Item": key("c") } }] });
        assert_eq!(leading(&all, "dynamodb:PutItem"), ["a"]);
        assert_eq!(leading(&all, "dynamodb:DeleteItem"), ["b"]);
        let legacy =
            json!({ "KeyConditions": { "id": { "AttributeValueList": [{ "S": "a" }], "ComparisonOperator": "EQ" } } });
        assert_eq!(leading(&legacy, "dynamodb:Query"), ["a"]);
    }
}

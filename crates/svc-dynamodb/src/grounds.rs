//! What the door hears of tables and of what calls do with them: tags, leading keys, attributes.
//! Source: DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control".

use std::any::Any;
use std::collections::BTreeMap;

use kogumo_base::{Arn, Scope, Trouble};
use kogumo_door::{Ask, Ground, Grounding};
use kogumo_model::dynamodb::{DeleteItemInput, GetItemInput, PutItemInput, QueryInput, ScanInput, UpdateItemInput};
use kogumo_wire::{Json, Structure};
use serde_json::Value;

use crate::record::TableRecord;

type Names = Option<BTreeMap<String, String>>;

/// What DynamoDB knows of the table that is asked for, where a policy wants to know.
pub fn grounds(grounding: &Grounding<'_>, ask: &Ask<'_>) -> Result<Ground, Trouble> {
    let mut ground = Ground::default();
    if !grounding.wants_keys {
        return Ok(ground);
    }
    let Some(arn) = Arn::parse(ask.resource).filter(|arn| arn.service == "dynamodb") else { return Ok(ground) };
    let name = arn.resource.split('/').nth(1).unwrap_or_default();
    let Some(table) = TableRecord::get(grounding.store, &Scope::new(&arn.account, &arn.region), name)? else {
        return Ok(ground);
    };
    if let Some((_, input)) = ask.call {
        let hash = table.keys.partition.name.as_str();
        if let Some(key) = leading_key(input, hash) {
            ground.keys.push(("dynamodb:LeadingKeys".into(), vec![key]));
        }
        if let Some(attributes) = attributes(input) {
            ground.keys.push(("dynamodb:Attributes".into(), attributes));
        }
    }
    Ok(ground.tagged(&table.tags))
}

/// The partition key's value in a request about one item, or about the items under one key.
fn leading_key(input: &dyn Structure, hash: &str) -> Option<String> {
    let input: &dyn Any = input;
    if let Some(query) = input.downcast_ref::<QueryInput>() {
        return queried_key(query, hash);
    }
    let item = input
        .downcast_ref::<GetItemInput>()
        .map(|input| &input.key)
        .or_else(|| input.downcast_ref::<DeleteItemInput>().map(|input| &input.key))
        .or_else(|| input.downcast_ref::<UpdateItemInput>().map(|input| &input.key))
        .or_else(|| input.downcast_ref::<PutItemInput>().map(|input| &input.item))?;
    scalar(object(item).get(hash)?)
}

/// `hash = :value` out of a query's key condition.
fn queried_key(query: &QueryInput, hash: &str) -> Option<String> {
    let expression = query.key_condition_expression.as_deref()?;
    let values = query.expression_attribute_values.as_ref().map(object).unwrap_or_default();
    let words = expression.replace('=', " = ").replace(['(', ')'], " ");
    let words: Vec<&str> = words.split_whitespace().collect();
    let is_hash = |word: &str| named(word, &query.expression_attribute_names) == hash;
    let found = words.windows(3).find_map(|three| match three {
        [name, "=", value] if is_hash(name) => Some(*value),
        [value, "=", name] if is_hash(name) => Some(*value),
        _ => None,
    });
    scalar(values.get(found?)?)
}

/// The top-level attributes that a request names: those it writes, and those it wants to see. None where it names none,
/// which is to say all.
fn attributes(input: &dyn Structure) -> Option<Vec<String>> {
    let input: &dyn Any = input;
    if let Some(put) = input.downcast_ref::<PutItemInput>() {
        return Some(object(&put.item).keys().cloned().collect());
    }
    if let Some(update) = input.downcast_ref::<UpdateItemInput>() {
        let mut named = in_expression(update.update_expression.as_deref()?, &update.expression_attribute_names);
        named.extend(object(&update.key).keys().cloned());
        return Some(named);
    }
    let (expression, list, names) = input
        .downcast_ref::<GetItemInput>()
        .map(|get| (&get.projection_expression, &get.attributes_to_get, &get.expression_attribute_names))
        .or_else(|| {
            input.downcast_ref::<QueryInput>().map(|query| {
                (&query.projection_expression, &query.attributes_to_get, &query.expression_attribute_names)
            })
        })
        .or_else(|| {
            input
                .downcast_ref::<ScanInput>()
                .map(|scan| (&scan.projection_expression, &scan.attributes_to_get, &scan.expression_attribute_names))
        })?;
    match (expression, list) {
        (Some(expression), _) => Some(in_expression(expression, names)),
        (None, Some(list)) => Some(list.clone()),
        (None, None) => None,
    }
}

/// The attributes of an expression: its names but for the language's own words and the parts behind dots.
fn in_expression(expression: &str, names: &Names) -> Vec<String> {
    const WORDS: [&str; 7] = ["SET", "REMOVE", "ADD", "DELETE", "if_not_exists", "list_append", "AND"];
    let is_part = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '#' | ':' | '.' | '-');
    let words = expression.split(|letter: char| !is_part(letter)).filter(|word| !word.is_empty());
    let attributes = words.filter(|word| {
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        !is_number && !word.starts_with(':') && !WORDS.iter().any(|own| own.eq_ignore_ascii_case(word))
    });
    attributes.map(|path| named(path.split('.').next().unwrap_or(path), names).to_owned()).collect()
}

fn named<'n>(word: &'n str, names: &'n Names) -> &'n str {
    names.as_ref().and_then(|names| names.get(word)).map_or(word, String::as_str)
}

fn object(json: &Json) -> serde_json::Map<String, Value> {
    match serde_json::from_slice(json.text()) {
        Ok(Value::Object(object)) => object,
        _ => serde_json::Map::new(),
    }
}

/// `{"S": "x"}`, `{"N": "1"}` or `{"B": "…"}`.
fn scalar(value: &Value) -> Option<String> {
    ["S", "N", "B"].iter().find_map(|kind| value.get(kind)?.as_str()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_expressions() {
        let names = Some(BTreeMap::from([("#n".to_owned(), "name".to_owned())]));
        let found = |expression| in_expression(expression, &names);
        assert_eq!(found("id, #n, address.city, list[0]"), ["id", "name", "address", "list"]);
        assert_eq!(
            found("SET #n = :n, total = if_not_exists(total, :z) REMOVE old"),
            ["name", "total", "total", "old"]
        );
    }

    #[test]
    fn leading_keys_of_queries() {
        let query = |expression: &str| QueryInput {
            key_condition_expression: Some(expression.to_owned()),
            expression_attribute_names: Some(BTreeMap::from([("#p".to_owned(), "id".to_owned())])),
            expression_attribute_values: Some(Json::from_text(r#"{":v": {"S": "me"}, ":w": {"N": "1"}}"#)),
            ..QueryInput::default()
        };
        assert_eq!(queried_key(&query("id = :v AND sort > :w"), "id").as_deref(), Some("me"));
        assert_eq!(queried_key(&query("sort > :w AND #p=:v"), "id").as_deref(), Some("me"));
        assert_eq!(queried_key(&query("sort = :w"), "id"), None);
    }
}

//! Query.

use kogumo_door::Reader;
use kogumo_dynamo::{
    Condition, KeyCondition, KeyTest, Placeholders, ValidationError, Value, encode_key, encode_key_prefix, past_prefix,
};
use kogumo_model::dynamodb::{QueryInput, QueryOutput};
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use super::read::Plan;
use super::source::Source;
use crate::capacity::Detail;
use crate::parameters::{self, Languages, invalid};
use crate::schema::{KeyAttribute, Keys, append_partition};

pub fn query(r: &Reader, mut input: QueryInput) -> Result<QueryOutput, Fault> {
    let languages = Languages {
        legacy: &[
            ("AttributesToGet", input.attributes_to_get.is_some()),
            ("QueryFilter", input.query_filter.is_some()),
            ("ConditionalOperator", input.conditional_operator.is_some()),
            ("KeyConditions", input.key_conditions.is_some()),
        ],
        expressions: &[
            ("ProjectionExpression", input.projection_expression.is_some()),
            ("FilterExpression", input.filter_expression.is_some()),
            ("KeyConditionExpression", input.key_condition_expression.is_some()),
        ],
    };
    let names = input.expression_attribute_names.take();
    let mut placeholders = languages.placeholders(names, input.expression_attribute_values.as_ref())?;
    let start = input.exclusive_start_key.as_ref().map(parameters::start_key).transpose()?;
    let legacy_filter = input.query_filter.is_some();
    let key_condition = key_condition(&mut input, &mut placeholders)?;
    let filter = parameters::filter(
        input.filter_expression.as_deref(),
        input.query_filter,
        input.conditional_operator.as_deref(),
        &mut placeholders,
    )?;
    let projection =
        parameters::projection(input.projection_expression.as_deref(), input.attributes_to_get, &mut placeholders)?;
    placeholders.check_all_used().map_err(invalid)?;
    let consistent = input.consistent_read == Some(true);
    let table = parameters::table(r.store, r.scope(), &input.table_name)?;
    let source = Source::find(table, input.index_name.as_deref(), consistent)?;
    let wanted = source.wanted(input.select.as_deref(), projection)?;
    let keys = source.keys();
    check_filter(filter.as_ref(), keys, legacy_filter).map_err(invalid)?;
    let key = |attribute: &KeyAttribute| (attribute.name.clone(), attribute.kind.into());
    let (partition, sort) = (key(&keys.partition), keys.sort.as_ref().map(key));
    let query = key_condition
        .bind((&partition.0, partition.1), sort.as_ref().map(|(name, kind)| (name.as_str(), *kind)))
        .map_err(invalid)?;
    check_key_values(keys, &query.partition, query.sort.as_ref()).map_err(invalid)?;
    let mut range = sort_range(&source.prefix(), &query.partition, query.sort.as_ref());
    let forward = input.scan_index_forward != Some(false);
    if let Some(start) = start {
        let position = source.prefix().then(&Key::from_encoded(source.start(&start).map_err(invalid)?.0));
        if start.get(&partition.0) != Some(&query.partition) {
            return Err(Fault::validation(
                "The provided starting key is outside query boundaries based on provided conditions",
            ));
        }
        range = if forward { range.after(position) } else { range.before(position) };
    }
    let range = if forward { range } else { range.reverse() };
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok());
    let page = Plan { source, range, wanted, filter, limit, consistent };
    let detail = Detail::of(input.return_consumed_capacity.as_deref());
    let (answer, table) = (page.read(r.store, r.scope())?, &page.source.table.name);
    Ok(QueryOutput {
        items: answer.items,
        count: Some(answer.count),
        scanned_count: Some(answer.scanned),
        last_evaluated_key: answer.last_key,
        consumed_capacity: answer.units.told(table, detail),
    })
}

fn key_condition(input: &mut QueryInput, placeholders: &mut Placeholders) -> Result<KeyCondition, Fault> {
    match (&input.key_condition_expression, input.key_conditions.take()) {
        (Some(text), _) => KeyCondition::parse(text, placeholders).map_err(invalid),
        (None, Some(conditions)) => {
            kogumo_dynamo::key_conditions(parameters::legacy_conditions(conditions)?).map_err(invalid)
        }
        (None, None) => Err(Fault::validation(
            "Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.",
        )),
    }
}

/// A filter is about what the key does not say.
fn check_filter(filter: Option<&Condition>, keys: &Keys, legacy: bool) -> Result<(), ValidationError> {
    let mut in_key = None;
    if let Some(filter) = filter {
        filter.attributes(&mut |name| {
            if in_key.is_none() && keys.contains(name) {
                in_key = Some(name);
            }
        });
    }
    let parameter = if legacy { "QueryFilter" } else { "Filter Expression" };
    in_key.map_or(Ok(()), |name| {
        Err(ValidationError(format!(
            "{parameter} can only contain non-primary key attributes: Primary key attribute: {name}"
        )))
    })
}

fn check_key_values(keys: &Keys, partition: &Value, sort: Option<&KeyTest>) -> Result<(), ValidationError> {
    let empty = |value: &Value| match value {
        Value::S(text) if text.is_empty() => Some("string"),
        Value::B(bytes) if bytes.is_empty() => Some("binary"),
        _ => None,
    };
    let sort_value = match sort {
        Some(KeyTest::Equal(value)) => Some(value),
        _ => None,
    };
    let values = [Some((&keys.partition, partition)), keys.sort.as_ref().zip(sort_value)];
    for (attribute, value) in values.into_iter().flatten() {
        if let Some(kind) = empty(value) {
            let name = &attribute.name;
            return Err(ValidationError(format!(
                "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an \
                 empty {kind} value. Key: {name}"
            )));
        }
    }
    Ok(())
}

/// The rows of one partition whose sort keys pass the test.
fn sort_range(prefix: &Key, partition: &Value, test: Option<&KeyTest>) -> Range {
    let mut base = prefix.as_bytes().to_vec();
    append_partition(partition, &mut base);
    let whole = Range::prefix(Key::from_encoded(base.as_slice()));
    let at = |value: &Value| {
        let mut key = base.clone();
        encode_key(value, &mut key);
        Key::from_encoded(key)
    };
    let behind = |range: Range, value: &Value| match past_prefix(at(value).as_bytes()) {
        Some(end) => range.before(Key::from_encoded(end)),
        None => range,
    };
    match test {
        None => whole,
        Some(KeyTest::Equal(value)) => Range::prefix(at(value)),
        Some(KeyTest::Less(value)) => whole.before(at(value)),
        Some(KeyTest::LessOrEqual(value)) => behind(whole, value),
        Some(KeyTest::Greater(value)) => whole.after_prefix(at(value)),
        Some(KeyTest::GreaterOrEqual(value)) => whole.from(at(value)),
        Some(KeyTest::Between(low, high)) => behind(whole.from(at(low)), high),
        Some(KeyTest::BeginsWith(value)) => {
            let mut start = base.clone();
            encode_key_prefix(value, &mut start);
            Range::prefix(Key::from_encoded(start))
        }
    }
}

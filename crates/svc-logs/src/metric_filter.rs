//! Metric filters: events that fit a pattern become data points of a CloudWatch metric.

use std::collections::BTreeMap;

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::logs::{
    DeleteMetricFilterRequest, DescribeMetricFiltersRequest, DescribeMetricFiltersResponse,
    INVALID_PARAMETER_EXCEPTION, LIMIT_EXCEEDED_EXCEPTION, MetricFilter as Answer, MetricFilterMatchRecord,
    MetricTransformation, PutMetricFilterRequest, RESOURCE_NOT_FOUND_EXCEPTION, TestMetricFilterRequest,
    TestMetricFilterResponse,
};
use kogumo_store::{Key, Range, Read, Table, Transaction};
use kogumo_wire::{Fault, Unit};
use serde::{Deserialize, Serialize};

use crate::page::{Page, decoded};
use crate::pattern::Pattern;
use crate::record::{self, Event};

/// By group and name.
static FILTERS: Table<MetricFilter> = Table::new("logs/metric-filter");

/// A group has at most so many.
const MOST: usize = 100;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct MetricFilter {
    pub group: String,
    pub name: String,
    pub pattern: String,
    pub created: Timestamp,
    pub namespace: String,
    pub metric: String,
    /// A number, or what stands for one in the pattern: `$.latency`, `$bytes`.
    pub value: String,
    /// What a batch without a match counts as.
    pub default: Option<f64>,
    /// Names, and what stands for their values in the pattern.
    pub dimensions: BTreeMap<String, String>,
    pub unit: Option<String>,
}

/// A data point for a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Datum {
    pub time: Timestamp,
    pub value: f64,
    pub dimensions: Vec<(String, String)>,
}

impl MetricFilter {
    /// The data that a batch of events gives.
    pub fn data<'e>(&self, events: impl Iterator<Item = &'e Event>, now: Timestamp) -> Vec<Datum> {
        let Ok(pattern) = Pattern::parse(&self.pattern) else { return Vec::new() };
        let found = events.filter_map(|event| self.datum(event.time, &pattern.matches(&event.message)?));
        let found: Vec<Datum> = found.collect();
        match self.default.filter(|_| found.is_empty()) {
            Some(value) => vec![Datum { time: now, value, dimensions: Vec::new() }],
            None => found,
        }
    }

    /// `None` when a match has no number where the value should be, or lacks a dimension.
    fn datum(&self, time: Timestamp, values: &BTreeMap<String, String>) -> Option<Datum> {
        let value: f64 =
            values.get(&self.value).unwrap_or(&self.value).parse().ok().filter(|value: &f64| value.is_finite())?;
        let dimension = |(name, field): (&String, &String)| Some((name.clone(), values.get(field)?.clone()));
        let dimensions = self.dimensions.iter().map(dimension).collect::<Option<_>>()?;
        Some(Datum { time, value, dimensions })
    }

    fn answer(self) -> Answer {
        let transformation = MetricTransformation {
            metric_name: self.metric,
            metric_namespace: self.namespace,
            metric_value: self.value,
            default_value: self.default,
            dimensions: Some(self.dimensions).filter(|dimensions| !dimensions.is_empty()),
            unit: self.unit,
        };
        Answer {
            filter_name: Some(self.name),
            filter_pattern: Some(self.pattern),
            metric_transformations: Some(vec![transformation]),
            creation_time: Some(self.created.0),
            log_group_name: Some(self.group),
            ..Answer::default()
        }
    }
}

pub fn put_metric_filter(w: &mut Writer, input: PutMetricFilterRequest) -> Result<Unit, Fault> {
    let unbuilt = input.apply_on_transformed_logs.unwrap_or_default()
        || input.field_selection_criteria.is_some()
        || input.emit_system_field_dimensions.is_some_and(|fields| !fields.is_empty());
    if unbuilt {
        return Err(Fault::not_implemented("Metric filters on transformed logs or system fields"));
    }
    let scope = w.scope().clone();
    let group = record::group(w.tx, &scope, &input.log_group_name)?;
    Pattern::parse(&input.filter_pattern).map_err(|why| INVALID_PARAMETER_EXCEPTION.because(why))?;
    let Some(transformation) = input.metric_transformations.into_iter().next() else {
        return Err(INVALID_PARAMETER_EXCEPTION.because("A metric filter needs a metric transformation."));
    };
    let dimensions = transformation.dimensions.unwrap_or_default();
    if !dimensions.is_empty() && transformation.default_value.is_some() {
        return Err(INVALID_PARAMETER_EXCEPTION.because(
            "Invalid metric transformation: dimensions and default value are mutually exclusive properties.",
        ));
    }
    if !transformation.metric_value.starts_with('$') && transformation.metric_value.parse::<f64>().is_err() {
        let why = format!("Invalid metricValue in metricTransformation: {}", transformation.metric_value);
        return Err(INVALID_PARAMETER_EXCEPTION.because(why));
    }
    let known = of_group(w.tx, &scope, &group.name)?;
    if known.len() >= MOST && known.iter().all(|filter| filter.name != input.filter_name) {
        return Err(LIMIT_EXCEEDED_EXCEPTION.because("Resource limit exceeded."));
    }
    let filter = MetricFilter {
        group: group.name,
        name: input.filter_name,
        pattern: input.filter_pattern,
        created: w.now,
        namespace: transformation.metric_namespace,
        metric: transformation.metric_name,
        value: transformation.metric_value,
        default: transformation.default_value,
        dimensions,
        unit: transformation.unit,
    };
    FILTERS.put(w.tx, &scope, key(&filter.group, &filter.name), &filter)?;
    Ok(Unit::default())
}

pub fn delete_metric_filter(w: &mut Writer, input: DeleteMetricFilterRequest) -> Result<Unit, Fault> {
    let scope = w.scope().clone();
    let group = record::group(w.tx, &scope, &input.log_group_name)?;
    let gone = FILTERS.delete(w.tx, &scope, key(&group.name, &input.filter_name))?;
    gone.ok_or_else(|| RESOURCE_NOT_FOUND_EXCEPTION.because("The specified metric filter does not exist."))?;
    Ok(Unit::default())
}

pub fn describe_metric_filters(
    r: &Reader,
    input: DescribeMetricFiltersRequest,
) -> Result<DescribeMetricFiltersResponse, Fault> {
    const PAGE: i32 = 50;
    let range = match &input.log_group_name {
        Some(name) => {
            let group = record::group(r.store, r.scope(), name)?;
            let prefix = input.filter_name_prefix.as_deref().unwrap_or_default();
            Range::prefix(Key::new().str(&group.name).then_open_str(prefix))
        }
        None => Range::all(),
    };
    let range = match &input.next_token {
        Some(token) => {
            let last = decoded(token)?;
            let (group, name) = last.split_once(' ').unwrap_or_default();
            range.after(key(group, name))
        }
        None => range,
    };
    let wanted = |filter: &MetricFilter| {
        input.metric_name.as_ref().is_none_or(|name| filter.metric == *name)
            && input.metric_namespace.as_ref().is_none_or(|namespace| filter.namespace == *namespace)
    };
    let mut page = Page::new(input.limit, PAGE);
    for row in FILTERS.scan(r.store, r.scope(), &range) {
        let (_, filter) = row?;
        let place = format!("{} {}", filter.group, filter.name);
        if wanted(&filter) && !page.push(&place, filter.answer()) {
            break;
        }
    }
    let (filters, next_token) = page.finish();
    Ok(DescribeMetricFiltersResponse { metric_filters: Some(filters), next_token })
}

pub fn test_metric_filter(_: &Reader, input: TestMetricFilterRequest) -> Result<TestMetricFilterResponse, Fault> {
    let pattern = Pattern::parse(&input.filter_pattern).map_err(|why| INVALID_PARAMETER_EXCEPTION.because(why))?;
    let numbered = (1_i64..).zip(input.log_event_messages);
    let matches = numbered.filter_map(|(number, message)| {
        let values = pattern.matches(&message)?;
        Some(MetricFilterMatchRecord {
            event_number: Some(number),
            event_message: Some(message),
            extracted_values: Some(values),
        })
    });
    Ok(TestMetricFilterResponse { matches: Some(matches.collect()) })
}

/// The filters of a group, by name.
pub fn of_group(read: &dyn Read, scope: &Scope, group: &str) -> Result<Vec<MetricFilter>, Trouble> {
    let range = Range::prefix(Key::new().str(group));
    FILTERS.scan(read, scope, &range).map(|row| row.map(|(_, filter)| filter)).collect()
}

/// Removes the filters of a group that goes.
pub fn delete_all(tx: &mut Transaction, scope: &Scope, group: &str) -> Result<(), Trouble> {
    for filter in of_group(tx, scope, group)? {
        FILTERS.delete(tx, scope, key(group, &filter.name))?;
    }
    Ok(())
}

fn key(group: &str, name: &str) -> Key {
    Key::new().str(group).str(name)
}

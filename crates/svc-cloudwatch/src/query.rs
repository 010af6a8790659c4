//! GetMetricStatistics and GetMetricData.

use std::collections::BTreeMap;

use kogumo_base::Timestamp;
use kogumo_door::Reader;
use kogumo_model::cloudwatch::{
    Datapoint, GetMetricDataInput, GetMetricDataOutput, GetMetricStatisticsInput, GetMetricStatisticsOutput,
    INVALID_PARAMETER_COMBINATION_EXCEPTION, INVALID_PARAMETER_VALUE_EXCEPTION, MetricDataQuery, MetricDataResult,
};
use kogumo_store::Range;
use kogumo_wire::Fault;

use crate::metric::{Metric, POINTS, Point};
use crate::statistics::{Statistic, by_period};

/// The most data points of one GetMetricStatistics.
const MOST_POINTS: i64 = 1_440;
/// The most data points of one GetMetricData.
const MOST_DATA: usize = 100_800;

pub fn get_metric_statistics(r: &Reader, input: GetMetricStatisticsInput) -> Result<GetMetricStatisticsOutput, Fault> {
    let period = i64::from(input.period);
    check_period(period)?;
    let (start, end) = (floor(input.start_time, 60.min(period)), input.end_time);
    check_range(start, end)?;
    let asked = end.seconds().saturating_sub(start.seconds()) / period;
    if asked > MOST_POINTS {
        return Err(INVALID_PARAMETER_COMBINATION_EXCEPTION.because(format!(
            "You have requested up to {asked} datapoints, which exceeds the limit of 1,440. You may reduce the datapoints \
             requested by increasing Period, or decreasing the time range."
        )));
    }
    let plain = input.statistics.unwrap_or_default();
    let extended: Vec<(String, Statistic)> = input
        .extended_statistics
        .unwrap_or_default()
        .into_iter()
        .map(|name| statistic(&name).map(|statistic| (name, statistic)))
        .collect::<Result<_, _>>()?;
    if plain.is_empty() && extended.is_empty() {
        return Err(
            INVALID_PARAMETER_COMBINATION_EXCEPTION.because("Must specify either Statistics or ExtendedStatistics")
        );
    }
    let metric = Metric {
        namespace: input.namespace,
        name: input.metric_name,
        dimensions: Metric::dimensions(input.dimensions),
        active: r.now,
    };
    let points = points(r, &metric, start, end, input.unit.as_deref())?;
    let datapoints = by_period(points, start, period)
        .into_iter()
        .map(|((time, unit), point)| datapoint(time, unit, &point, &plain, &extended))
        .collect();
    Ok(GetMetricStatisticsOutput { label: Some(metric.name), datapoints: Some(datapoints) })
}

fn datapoint(
    time: Timestamp,
    unit: String,
    point: &Point,
    plain: &[String],
    extended: &[(String, Statistic)],
) -> Datapoint {
    let asked = |name: &str| plain.iter().any(|asked| asked == name);
    let plain = |name, statistic: Statistic| statistic.of(point).filter(|_| asked(name));
    let extended: BTreeMap<String, f64> =
        extended.iter().filter_map(|(name, statistic)| Some((name.clone(), statistic.of(point)?))).collect();
    Datapoint {
        timestamp: Some(time),
        sample_count: plain("SampleCount", Statistic::SampleCount),
        average: plain("Average", Statistic::Average),
        sum: plain("Sum", Statistic::Sum),
        minimum: plain("Minimum", Statistic::Minimum),
        maximum: plain("Maximum", Statistic::Maximum),
        unit: Some(unit),
        extended_statistics: (!extended.is_empty()).then_some(extended),
    }
}

pub fn get_metric_data(r: &Reader, input: GetMetricDataInput) -> Result<GetMetricDataOutput, Fault> {
    check_range(input.start_time, input.end_time)?;
    if input.next_token.is_some() {
        return Err(Fault::not_implemented("Further pages of GetMetricData"));
    }
    if input.label_options.is_some() {
        return Err(Fault::not_implemented("Labels of GetMetricData that depend on the data"));
    }
    let ascending = input.scan_by.as_deref() == Some("TimestampAscending");
    let most = input.max_datapoints.and_then(|most| usize::try_from(most).ok()).unwrap_or(MOST_DATA);
    let mut results = Vec::new();
    for query in input.metric_data_queries {
        if query.return_data.unwrap_or(true) {
            results.push(answer(r, query, input.start_time, input.end_time, ascending)?);
        }
    }
    let count: usize = results.iter().filter_map(|result| Some(result.values.as_ref()?.len())).sum();
    match count > most {
        true => Err(INVALID_PARAMETER_VALUE_EXCEPTION.because(format!(
            "The request has {count} data points, more than the {most} that fit into an answer. Shorten the time range or \
             lengthen the period."
        ))),
        false => Ok(GetMetricDataOutput { metric_data_results: Some(results), ..GetMetricDataOutput::default() }),
    }
}

fn answer(
    r: &Reader,
    query: MetricDataQuery,
    start: Timestamp,
    end: Timestamp,
    ascending: bool,
) -> Result<MetricDataResult, Fault> {
    let Some(stat) = query.metric_stat else {
        return Err(Fault::not_implemented("Metric math and Metrics Insights (Expression)"));
    };
    let period = i64::from(stat.period);
    check_period(period)?;
    let statistic = statistic(&stat.stat)?;
    let metric = Metric {
        namespace: stat.metric.namespace.unwrap_or_default(),
        name: stat.metric.metric_name.unwrap_or_default(),
        dimensions: Metric::dimensions(stat.metric.dimensions),
        active: r.now,
    };
    let start = floor(start, period);
    let points = points(r, &metric, start, end, stat.unit.as_deref())?;
    // Units are not told apart unless one is asked for: points of one period become one.
    let points = points.into_iter().map(|point| Point { unit: String::new(), ..point }).collect();
    let mut values: Vec<(Timestamp, f64)> = by_period(points, start, period)
        .into_iter()
        .filter_map(|((time, _), point)| Some((time, statistic.of(&point)?)))
        .collect();
    if !ascending {
        values.reverse();
    }
    let (timestamps, values) = values.into_iter().unzip();
    Ok(MetricDataResult {
        id: Some(query.id),
        label: Some(query.label.unwrap_or(metric.name)),
        timestamps: Some(timestamps),
        values: Some(values),
        status_code: Some("Complete".into()),
        ..MetricDataResult::default()
    })
}

/// A metric's points from `start` up to and without `end`.
fn points(
    r: &Reader,
    metric: &Metric,
    start: Timestamp,
    end: Timestamp,
    unit: Option<&str>,
) -> Result<Vec<Point>, Fault> {
    let key = metric.key();
    let range = Range::prefix(&key).from(key.clone().i64(start.0)).before(key.i64(end.0));
    let mut points = Vec::new();
    for row in POINTS.scan(r.store, r.scope(), &range) {
        let (_, point) = row?;
        if unit.is_none_or(|unit| point.unit == unit) {
            points.push(point);
        }
    }
    Ok(points)
}

fn floor(time: Timestamp, step: i64) -> Timestamp {
    Timestamp::from_seconds(time.seconds().div_euclid(step.max(1)) * step)
}

fn check_period(period: i64) -> Result<(), Fault> {
    match matches!(period, 1 | 5 | 10 | 20 | 30) || (period > 0 && period % 60 == 0) {
        true => Ok(()),
        false => Err(INVALID_PARAMETER_VALUE_EXCEPTION
            .because("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60.")),
    }
}

fn check_range(start: Timestamp, end: Timestamp) -> Result<(), Fault> {
    match start < end {
        true => Ok(()),
        false => Err(INVALID_PARAMETER_COMBINATION_EXCEPTION
            .because("The parameter StartTime must be less than the parameter EndTime.")),
    }
}

fn statistic(name: &str) -> Result<Statistic, Fault> {
    Statistic::parse(name).ok_or_else(|| Fault::not_implemented(&format!("The statistic {name}")))
}

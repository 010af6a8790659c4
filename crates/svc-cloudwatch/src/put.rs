//! PutMetricData.

use kogumo_base::Timestamp;
use kogumo_door::Writer;
use kogumo_model::cloudwatch::{
    INVALID_PARAMETER_COMBINATION_EXCEPTION, INVALID_PARAMETER_VALUE_EXCEPTION, MISSING_REQUIRED_PARAMETER_EXCEPTION,
    MetricDatum, PutMetricDataInput, StatisticSet,
};
use kogumo_wire::{Fault, Unit};

use crate::metric::{METRICS, Metric, POINTS, Point, point_key, schedule};

const HOUR: i64 = 3600;
/// The most metrics of one call.
const MOST: usize = 1000;
/// The most values of one datum.
const MOST_VALUES: usize = 150;

pub fn put_metric_data(w: &mut Writer, input: PutMetricDataInput) -> Result<Unit, Fault> {
    if input.entity_metric_data.is_some_and(|data| !data.is_empty()) {
        return Err(Fault::not_implemented("Metric data of entities"));
    }
    let data = input.metric_data.unwrap_or_default();
    if data.is_empty() {
        return Err(MISSING_REQUIRED_PARAMETER_EXCEPTION.because("The parameter MetricData is required."));
    }
    if data.len() > MOST {
        let why = format!("The collection MetricData must not have a size greater than {MOST}.");
        return Err(INVALID_PARAMETER_VALUE_EXCEPTION.because(why));
    }
    for (at, datum) in data.into_iter().enumerate() {
        put_datum(w, &input.namespace, datum, &format!("MetricData.member.{}", at + 1))?;
    }
    Ok(Unit::default())
}

/// `place` is how messages call the datum.
fn put_datum(w: &mut Writer, namespace: &str, datum: MetricDatum, place: &str) -> Result<(), Fault> {
    let scope = w.scope().clone();
    let time = time(&datum, w.now, place)?;
    let point = point(&datum, time, place)?;
    let metric = Metric {
        namespace: namespace.to_owned(),
        name: datum.metric_name,
        dimensions: Metric::dimensions(datum.dimensions),
        active: w.now,
    };
    let key = metric.key();
    if !METRICS.contains(w.tx, &scope, &key)? {
        schedule(w, &scope, &key)?;
    }
    METRICS.put(w.tx, &scope, &key, &metric)?;
    let place = point_key(&key, point.time, &point.unit);
    let whole = match POINTS.get(w.tx, &scope, &place)? {
        Some(mut known) => {
            known.add(&point);
            known
        }
        None => point,
    };
    Ok(POINTS.put(w.tx, &scope, place, &whole)?)
}

/// The minute (or second) that a datum belongs to.
fn time(datum: &MetricDatum, now: Timestamp, place: &str) -> Result<Timestamp, Fault> {
    let time = datum.timestamp.unwrap_or(now);
    let invalid = |why: &str| {
        Err(INVALID_PARAMETER_VALUE_EXCEPTION
            .because(format!("The parameter {place}.Timestamp must specify a time no more than {why}.")))
    };
    if time < now.plus_seconds(-14 * 24 * HOUR) {
        return invalid("two weeks in the past");
    }
    if time > now.plus_seconds(2 * HOUR) {
        return invalid("two hours in the future");
    }
    let step = match datum.storage_resolution {
        None | Some(60) => 60,
        Some(1) => 1,
        Some(_) => {
            let why = format!("The parameter {place}.StorageResolution must be 1 or 60.");
            return Err(INVALID_PARAMETER_VALUE_EXCEPTION.because(why));
        }
    };
    Ok(Timestamp::from_seconds(time.seconds().div_euclid(step) * step))
}

fn point(datum: &MetricDatum, time: Timestamp, place: &str) -> Result<Point, Fault> {
    let unit = datum.unit.clone().unwrap_or_else(|| "None".into());
    let invalid = |what: &str| INVALID_PARAMETER_VALUE_EXCEPTION.because(format!("The parameter {place}.{what}"));
    let values: Vec<(f64, f64)> = match (datum.value, &datum.statistic_values, &datum.values) {
        (Some(value), None, None) => vec![(value, 1.0)],
        (None, Some(set), None) => {
            return of_set(set, time, unit).ok_or_else(|| invalid("StatisticValues is invalid."));
        }
        (None, None, Some(values)) => {
            let counts = datum.counts.clone().unwrap_or_else(|| vec![1.0; values.len()]);
            if values.is_empty() || values.len() > MOST_VALUES || counts.len() != values.len() {
                return Err(invalid(&format!("Values must have 1 to {MOST_VALUES} elements, and Counts as many.")));
            }
            values.iter().copied().zip(counts).collect()
        }
        (None, None, None) => {
            let why = format!(
                "At least one of the parameters {place}.Value, {place}.Values or {place}.StatisticValues must be specified."
            );
            return Err(MISSING_REQUIRED_PARAMETER_EXCEPTION.because(why));
        }
        _ => {
            let why = format!(
                "The parameters {place}.Value, {place}.Values and {place}.StatisticValues are mutually exclusive."
            );
            return Err(INVALID_PARAMETER_COMBINATION_EXCEPTION.because(why));
        }
    };
    if values.iter().any(|(value, count)| !value.is_finite() || !count.is_finite() || *count <= 0.0) {
        return Err(invalid("Value must be a finite number, and every count above 0."));
    }
    Ok(Point {
        time,
        unit,
        count: values.iter().map(|(_, count)| count).sum(),
        sum: values.iter().map(|(value, count)| value * count).sum(),
        minimum: values.iter().map(|(value, _)| *value).fold(f64::INFINITY, f64::min),
        maximum: values.iter().map(|(value, _)| *value).fold(f64::NEG_INFINITY, f64::max),
        values: Some(values),
    })
}

/// A statistic set tells its values only when they are all one.
fn of_set(set: &StatisticSet, time: Timestamp, unit: String) -> Option<Point> {
    let StatisticSet { sample_count: count, sum, minimum, maximum } = *set;
    let sound =
        [count, sum, minimum, maximum].iter().all(|number| number.is_finite()) && count > 0.0 && minimum <= maximum;
    let values = (minimum == maximum).then(|| vec![(minimum, count)]);
    sound.then_some(Point { time, unit, count, sum, minimum, maximum, values })
}

//! What is kept: which metrics there are, and their data points, summed up by the minute (by the second where a metric is
//! of high resolution).

use kogumo_base::{Scope, Timestamp, Trouble};
use kogumo_door::Writer;
use kogumo_model::cloudwatch::Dimension;
use kogumo_store::timers::{self, Timer};
use kogumo_store::{Key, Range, Table};
use serde::{Deserialize, Serialize};

/// By namespace, name and dimensions.
pub static METRICS: Table<Metric> = Table::new("cloudwatch/metric");
/// By metric, time and unit.
pub static POINTS: Table<Point> = Table::new("cloudwatch/point");

/// The timer of each metric; its id is the metric's key.
pub const EXPIRY: &str = "cloudwatch/expire";

const DAY: i64 = 24 * 3600;
/// How long data points are kept.
const KEPT: i64 = 455 * DAY;

/// A metric: no two have the same namespace, name and dimensions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metric {
    pub namespace: String,
    pub name: String,
    /// By name.
    pub dimensions: Vec<(String, String)>,
    /// When it last got data.
    pub active: Timestamp,
}

/// What a metric was in one minute or second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Point {
    pub time: Timestamp,
    pub unit: String,
    pub count: f64,
    pub sum: f64,
    pub minimum: f64,
    pub maximum: f64,
    /// Each value with how often it came; `None` once a statistic set came, which does not tell.
    pub values: Option<Vec<(f64, f64)>>,
}

impl Metric {
    pub fn key(&self) -> Key {
        let parts = self.dimensions.iter();
        let head = Key::new().str(&self.namespace).str(&self.name).u64(self.dimensions.len() as u64);
        parts.fold(head, |key, (name, value)| key.str(name).str(value))
    }

    /// The dimensions of a request in the order in which they are kept.
    pub fn dimensions(given: Option<Vec<Dimension>>) -> Vec<(String, String)> {
        let mut dimensions: Vec<_> = given.unwrap_or_default().into_iter().map(|one| (one.name, one.value)).collect();
        dimensions.sort();
        dimensions
    }

    /// The dimensions as an answer has them.
    pub fn answer(&self) -> kogumo_model::cloudwatch::Metric {
        let dimension = |(name, value): &(String, String)| Dimension { name: name.clone(), value: value.clone() };
        kogumo_model::cloudwatch::Metric {
            namespace: Some(self.namespace.clone()),
            metric_name: Some(self.name.clone()),
            dimensions: Some(self.dimensions.iter().map(dimension).collect()),
        }
    }
}

impl Point {
    /// Adds another point of the same time, or of a period that both belong to.
    pub fn add(&mut self, other: &Point) {
        self.count += other.count;
        self.sum += other.sum;
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
        self.values = match (self.values.take(), &other.values) {
            (Some(mut values), Some(more)) => {
                for (value, count) in more {
                    match values.iter_mut().find(|(known, _)| known == value) {
                        Some((_, known)) => *known += count,
                        None => values.push((*value, *count)),
                    }
                }
                Some(values)
            }
            _ => None,
        };
    }
}

/// The key of a metric's point.
pub fn point_key(metric: &Key, time: Timestamp, unit: &str) -> Key {
    metric.clone().i64(time.0).str(unit)
}

/// Sets the timer that removes old points, unless it is set.
pub fn schedule(w: &mut Writer, scope: &Scope, metric: &Key) -> Result<(), Trouble> {
    let due = w.now.plus_seconds(KEPT + DAY);
    timers::put(w.tx, due, EXPIRY, scope, metric.clone(), metric.as_bytes())
}

/// Removes a metric's points that are too old, and the metric when none is left.
pub fn expire(w: &mut Writer, timer: &Timer) -> Result<(), Trouble> {
    let metric = Key::from_encoded(timer.payload.clone());
    let horizon = w.now.plus_seconds(-KEPT);
    let range = Range::prefix(&metric).before(metric.clone().i64(horizon.0));
    let old: Vec<Key> =
        POINTS.scan(w.tx, &timer.scope, &range).map(|row| row.map(|(key, _)| key)).collect::<Result<_, _>>()?;
    for key in old {
        POINTS.delete(w.tx, &timer.scope, key)?;
    }
    let oldest = POINTS.scan(w.tx, &timer.scope, &Range::prefix(&metric)).next().transpose()?;
    match oldest {
        Some((_, point)) => {
            let due = point.time.plus_seconds(KEPT + DAY);
            timers::put(w.tx, due, EXPIRY, &timer.scope, metric.clone(), metric.as_bytes())
        }
        None => METRICS.delete(w.tx, &timer.scope, metric).map(drop),
    }
}

//! Statistics: data points summed up by period, and what is read off them.

use std::collections::BTreeMap;

use kogumo_base::Timestamp;

use crate::metric::Point;

/// What is read off a period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Statistic {
    SampleCount,
    Average,
    Sum,
    Minimum,
    Maximum,
    /// 0 to 100
    Percentile(f64),
}

impl Statistic {
    /// Reads `Average`, `p99.9` and their like; `None` for trimmed means and the other statistics that are not built.
    pub fn parse(name: &str) -> Option<Statistic> {
        Some(match name {
            "SampleCount" => Statistic::SampleCount,
            "Average" => Statistic::Average,
            "Sum" => Statistic::Sum,
            "Minimum" => Statistic::Minimum,
            "Maximum" => Statistic::Maximum,
            _ => {
                let percent: f64 = name.strip_prefix('p')?.parse().ok()?;
                Statistic::Percentile(percent).in_range()?
            }
        })
    }

    fn in_range(self) -> Option<Statistic> {
        match self {
            Statistic::Percentile(percent) => (0.0..=100.0).contains(&percent).then_some(self),
            _ => Some(self),
        }
    }

    /// `None` for a percentile of points that do not tell their values.
    pub fn of(self, point: &Point) -> Option<f64> {
        match self {
            Statistic::SampleCount => Some(point.count),
            Statistic::Average => Some(point.sum / point.count),
            Statistic::Sum => Some(point.sum),
            Statistic::Minimum => Some(point.minimum),
            Statistic::Maximum => Some(point.maximum),
            Statistic::Percentile(percent) => percentile(point.values.as_deref()?, percent),
        }
    }
}

/// The smallest value that at least so many percent of the samples do not exceed.
fn percentile(values: &[(f64, f64)], percent: f64) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let rank = values.iter().map(|(_, count)| count).sum::<f64>() * percent / 100.0;
    let mut seen = 0.0;
    for (value, count) in &values {
        seen += count;
        if seen >= rank {
            return Some(*value);
        }
    }
    values.last().map(|(value, _)| *value)
}

/// Points summed up by periods of `period` seconds that are counted from `origin`, by their beginnings and units.
pub fn by_period(points: Vec<Point>, origin: Timestamp, period: i64) -> BTreeMap<(Timestamp, String), Point> {
    let mut periods: BTreeMap<(Timestamp, String), Point> = BTreeMap::new();
    for point in points {
        let passed = point.time.seconds().saturating_sub(origin.seconds()).div_euclid(period.max(1)) * period;
        let begin = origin.plus_seconds(passed);
        match periods.get_mut(&(begin, point.unit.clone())) {
            Some(known) => known.add(&point),
            None => drop(periods.insert((begin, point.unit.clone()), point)),
        }
    }
    periods
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(second: i64, values: &[f64]) -> Point {
        Point {
            time: Timestamp::from_seconds(second),
            unit: "Count".into(),
            count: values.len() as f64,
            sum: values.iter().sum(),
            minimum: values.iter().copied().fold(f64::INFINITY, f64::min),
            maximum: values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            values: Some(values.iter().map(|value| (*value, 1.0)).collect()),
        }
    }

    #[test]
    fn points_are_summed_up_by_period() {
        let points = vec![point(0, &[1.0, 3.0]), point(60, &[2.0]), point(300, &[9.0])];
        let periods = by_period(points, Timestamp::from_seconds(0), 300);
        assert_eq!(periods.len(), 2);
        let first = periods.values().next().map(|first| {
            [
                Statistic::SampleCount,
                Statistic::Average,
                Statistic::Minimum,
                Statistic::Maximum,
                Statistic::Percentile(50.0),
            ]
            .map(|statistic| statistic.of(first))
        });
        assert_eq!(first, Some([Some(3.0), Some(2.0), Some(1.0), Some(3.0), Some(2.0)]));
    }

    #[test]
    fn statistics_have_names() {
        assert_eq!(Statistic::parse("p99.9"), Some(Statistic::Percentile(99.9)));
        for unknown in ["p101", "p", "tm99", "average", ""] {
            assert_eq!(Statistic::parse(unknown), None, "{unknown}");
        }
    }
}

//! The operations of CloudWatch that are built.

use kogumo_door::{Op, read, write};
use kogumo_model::cloudwatch::{GetMetricData, GetMetricStatistics, ListMetrics, PutMetricData};

use crate::list::list_metrics;
use crate::put::put_metric_data;
use crate::query::{get_metric_data, get_metric_statistics};

pub fn ops() -> Vec<Op> {
    vec![
        read::<GetMetricData>(get_metric_data),
        read::<GetMetricStatistics>(get_metric_statistics),
        read::<ListMetrics>(list_metrics),
        write::<PutMetricData>(put_metric_data),
    ]
}

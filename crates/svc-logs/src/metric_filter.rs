//! Metric filters: trying a pattern out. Filters that feed metrics come with CloudWatch.

use kogumo_door::Reader;
use kogumo_model::logs::{
    INVALID_PARAMETER_EXCEPTION, MetricFilterMatchRecord, TestMetricFilterRequest, TestMetricFilterResponse,
};
use kogumo_wire::Fault;

use crate::pattern::Pattern;

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

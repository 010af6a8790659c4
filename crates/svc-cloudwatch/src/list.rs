//! ListMetrics.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use kogumo_door::Reader;
use kogumo_model::cloudwatch::{
    DimensionFilter, INVALID_PARAMETER_VALUE_EXCEPTION, ListMetricsInput, ListMetricsOutput,
};
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use crate::metric::{METRICS, Metric};

const PAGE: usize = 500;
const HOUR: i64 = 3600;

pub fn list_metrics(r: &Reader, input: ListMetricsInput) -> Result<ListMetricsOutput, Fault> {
    if input.include_linked_accounts.unwrap_or_default() || input.owning_account.is_some() {
        return Err(Fault::not_implemented("Metrics of linked accounts"));
    }
    // A metric without data for two weeks is not listed any more.
    let hours = if input.recently_active.is_some() { 3 } else { 14 * 24 };
    let since = r.now.plus_seconds(-hours * HOUR);
    let filters = input.dimensions.unwrap_or_default();
    let wanted = |metric: &Metric| {
        input.metric_name.as_ref().is_none_or(|name| metric.name == *name)
            && metric.active >= since
            && filters.iter().all(|filter| has(metric, filter))
    };
    let range = match &input.namespace {
        Some(namespace) => Range::prefix(Key::new().str(namespace)),
        None => Range::all(),
    };
    let range = match &input.next_token {
        Some(token) => {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(token);
            let invalid = |_| INVALID_PARAMETER_VALUE_EXCEPTION.because("The NextToken is not valid.");
            range.after(Key::from_encoded(bytes.map_err(invalid)?))
        }
        None => range,
    };
    let mut metrics = Vec::new();
    let mut last = None;
    let mut next_token = None;
    for row in METRICS.scan(r.store, r.scope(), &range) {
        let (key, metric) = row?;
        if !wanted(&metric) {
            continue;
        }
        if metrics.len() == PAGE {
            next_token = last.map(|key: Key| BASE64_URL_SAFE_NO_PAD.encode(key.as_bytes()));
            break;
        }
        metrics.push(metric.answer());
        last = Some(key);
    }
    Ok(ListMetricsOutput { metrics: Some(metrics), next_token, ..ListMetricsOutput::default() })
}

fn has(metric: &Metric, filter: &DimensionFilter) -> bool {
    metric
        .dimensions
        .iter()
        .any(|(name, value)| *name == filter.name && filter.value.as_ref().is_none_or(|wanted| value == wanted))
}

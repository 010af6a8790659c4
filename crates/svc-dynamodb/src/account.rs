//! Operations about the service rather than a table's data: limits, endpoints, backups.

use kogumo_door::Reader;
use kogumo_model::dynamodb::{
    ContinuousBackupsDescription, DescribeContinuousBackupsInput, DescribeContinuousBackupsOutput,
    DescribeEndpointsRequest, DescribeEndpointsResponse, DescribeLimitsInput, DescribeLimitsOutput, Endpoint,
    PointInTimeRecoveryDescription, TABLE_NOT_FOUND_EXCEPTION,
};
use kogumo_wire::Fault;

use crate::parameters::table_name;
use crate::record::TableRecord;

/// AWS's default quotas. Source: "Quotas in Amazon DynamoDB".
pub fn describe_limits(_: &Reader, _: DescribeLimitsInput) -> Result<DescribeLimitsOutput, Fault> {
    Ok(DescribeLimitsOutput {
        account_max_read_capacity_units: Some(80_000),
        account_max_write_capacity_units: Some(80_000),
        table_max_read_capacity_units: Some(40_000),
        table_max_write_capacity_units: Some(40_000),
    })
}

/// The address that clients are to use: this port.
pub fn describe_endpoints(r: &Reader, _: DescribeEndpointsRequest) -> Result<DescribeEndpointsResponse, Fault> {
    let address = r.cloud.settings.listen.to_string();
    Ok(DescribeEndpointsResponse { endpoints: vec![Endpoint { address, cache_period_in_minutes: 1440 }] })
}

/// Point-in-time recovery is not built, so it is off.
pub fn describe_continuous_backups(
    r: &Reader,
    input: DescribeContinuousBackupsInput,
) -> Result<DescribeContinuousBackupsOutput, Fault> {
    let found = match table_name(r.scope(), &input.table_name) {
        Some(name) => TableRecord::get(r.store, r.scope(), name)?,
        None => None,
    };
    found.ok_or_else(|| TABLE_NOT_FOUND_EXCEPTION.because(format!("Table not found: {}", input.table_name)))?;
    Ok(DescribeContinuousBackupsOutput {
        continuous_backups_description: Some(ContinuousBackupsDescription {
            continuous_backups_status: "ENABLED".to_owned(),
            point_in_time_recovery_description: Some(PointInTimeRecoveryDescription {
                point_in_time_recovery_status: Some("DISABLED".to_owned()),
                ..PointInTimeRecoveryDescription::default()
            }),
        }),
    })
}

//! DescribeInstanceStatus: whether machines are well.

use kogumo_door::Reader;
use kogumo_model::ec2::*;
use kogumo_wire::Fault;

use super::record::{Instance, State};
use crate::filter::{Filters, flag, number, text};
use crate::page::{Wanted, cut_fives};
use crate::region;
use crate::resource::chosen;

fn summary(running: bool) -> InstanceStatusSummary {
    let details = running.then(|| {
        vec![InstanceStatusDetails {
            name: Some("reachability".into()),
            status: Some("passed".into()),
            ..InstanceStatusDetails::default()
        }]
    });
    InstanceStatusSummary { status: Some(if running { "ok".into() } else { "not-applicable".into() }), details }
}

/// A running machine has the devices of all its volumes.
fn attached(running: bool) -> EbsStatusSummary {
    let details = running.then(|| {
        vec![EbsStatusDetails {
            name: Some("reachability".into()),
            status: Some("passed".into()),
            ..EbsStatusDetails::default()
        }]
    });
    EbsStatusSummary { status: Some(if running { "ok".into() } else { "not-applicable".into() }), details }
}

static FILTERS: Filters<InstanceStatus> = Filters {
    names: &[
        ("application-status.status", |_| Vec::new()),
        ("attached-ebs-status.status", |one| {
            one.attached_ebs_status.iter().flat_map(|own| text(&own.status)).collect()
        }),
        ("availability-zone", |one| text(&one.availability_zone)),
        ("availability-zone-id", |one| text(&one.availability_zone_id)),
        ("event.code", |_| Vec::new()),
        ("event.description", |_| Vec::new()),
        ("event.instance-event-id", |_| Vec::new()),
        ("event.not-after", |_| Vec::new()),
        ("event.not-before", |_| Vec::new()),
        ("event.not-before-deadline", |_| Vec::new()),
        ("instance-state-code", |one| one.instance_state.iter().flat_map(|state| number(state.code)).collect()),
        ("instance-state-name", |one| one.instance_state.iter().flat_map(|state| text(&state.name)).collect()),
        ("instance-status.reachability", |one| reachability(&one.instance_status)),
        ("instance-status.status", |one| one.instance_status.iter().flat_map(|own| text(&own.status)).collect()),
        ("operator.managed", |one| one.operator.iter().flat_map(|own| flag(own.managed)).collect()),
        ("operator.principal", |one| one.operator.iter().flat_map(|own| text(&own.principal)).collect()),
        ("system-status.reachability", |one| reachability(&one.system_status)),
        ("system-status.status", |one| one.system_status.iter().flat_map(|own| text(&own.status)).collect()),
    ],
    tags: None,
};

fn reachability(summary: &Option<InstanceStatusSummary>) -> Vec<String> {
    let details = summary.iter().flat_map(|own| own.details.iter().flatten());
    details.flat_map(|one| text(&one.status)).collect()
}

pub fn describe_instance_status(
    r: &Reader,
    input: DescribeInstanceStatusRequest,
) -> Result<DescribeInstanceStatusResult, Fault> {
    let mut instances = chosen::<Instance>(r.store, r.scope(), input.instance_ids.as_deref())?;
    if input.include_all_instances != Some(true) {
        instances.retain(|instance| instance.state == State::Running);
    }
    let zones = region::zones(r.caller.region());
    let shown = instances.into_iter().map(|instance| {
        let (code, name) = instance.state.words();
        let running = instance.state == State::Running;
        InstanceStatus {
            availability_zone_id: zones.iter().find(|zone| zone.name == instance.zone).map(|zone| zone.id.clone()),
            availability_zone: Some(instance.zone),
            instance_id: Some(instance.id),
            instance_state: Some(InstanceState { code: Some(code), name: Some(name.into()) }),
            instance_status: Some(summary(running)),
            system_status: Some(summary(running)),
            attached_ebs_status: Some(attached(running)),
            operator: Some(OperatorResponse { managed: Some(false), ..OperatorResponse::default() }),
            ..InstanceStatus::default()
        }
    });
    let wanted = Wanted {
        token: input.next_token.as_deref(),
        most: input.max_results,
        named: input.instance_ids.as_ref().map(|_| "instancesSet"),
    };
    let page = cut_fives(FILTERS.select(shown.collect(), input.filters)?, wanted, |one| {
        one.instance_id.clone().unwrap_or_default()
    })?;
    Ok(DescribeInstanceStatusResult { instance_statuses: Some(page.items), next_token: page.next_token })
}

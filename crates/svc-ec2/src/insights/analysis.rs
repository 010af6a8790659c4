//! The operations of analyses: the answer is decided at once, of the network as it is then.

use kogumo_base::{Scope, Trouble};
use kogumo_door::{Reader, Writer};
use kogumo_model::ec2::*;
use kogumo_netmodel::Verdict;
use kogumo_wire::{Checks, Fault, from_model_json, model_json};

use super::path::arn;
use super::place::{Asked, follow};
use super::record::{Analysis, Path};
use super::shown::found;
use crate::client_token;
use crate::faults::refuse;
use crate::filter::{Filters, flag, text};
use crate::page::{Wanted, cut};
use crate::public_address;
use crate::resource::{Resource, chosen, delete, get, put};
use crate::tag::{self, Tags};
use crate::topology::topology;

pub fn start_network_insights_analysis(
    w: &mut Writer,
    input: StartNetworkInsightsAnalysisRequest,
) -> Result<StartNetworkInsightsAnalysisResult, Fault> {
    refuse(&[
        ("AdditionalAccounts", input.additional_accounts.is_some()),
        ("FilterInArns", input.filter_in_arns.is_some()),
        ("FilterOutArns", input.filter_out_arns.is_some()),
    ])?;
    let claim = client_token::claim(w, "StartNetworkInsightsAnalysis", Some(&input.client_token), &input)?;
    let analysis = match &claim.made {
        Some(id) => get(w.store(), w.scope(), id)?,
        None => {
            let path: Path = get(w.store(), w.scope(), &input.network_insights_path_id)?;
            let tags = tag::specified(w, input.tag_specifications, Analysis::KIND)?;
            let found = analyse(w, &path)?;
            let analysis = Analysis {
                id: Analysis::KIND.new_id(),
                path: path.id,
                started: w.now,
                found: model_json(&found).to_string(),
            };
            put(w, &analysis)?;
            tag::mark(w, &analysis, tags)?;
            claim.keep(w, &analysis.id)?;
            analysis
        }
    };
    let tags = Tags::of_one(w.store(), w.scope(), &analysis.id)?;
    // What is found is told by Describe…, as AWS takes its time.
    let shown = NetworkInsightsAnalysis {
        status: Some("running".into()),
        network_path_found: None,
        forward_path_components: None,
        return_path_components: None,
        explanations: None,
        ..shown(&analysis, w.scope(), &tags)?
    };
    Ok(StartNetworkInsightsAnalysisResult { network_insights_analysis: Some(shown) })
}

fn analyse(w: &Writer, path: &Path) -> Result<NetworkInsightsAnalysis, Fault> {
    let topology = topology(w.store(), public_address::plan(w.cloud))?;
    let address = |text: &Option<String>| text.as_ref().and_then(|text| text.parse().ok());
    let asked = Asked {
        source: &path.source,
        source_ip: address(&path.source_ip),
        destination: path.destination.as_deref(),
        destination_ip: address(&path.destination_ip),
        protocol: &path.protocol,
        port: path.port.and_then(|port| u16::try_from(port).ok()),
        at_source: path.at_source.as_ref(),
        at_destination: path.at_destination.as_ref(),
    };
    let is_other = |verdict: &Verdict| path.at_destination.as_ref().is_some_and(|end| !end.fits(&verdict.header));
    Ok(match follow(&topology, &asked) {
        // What arrives is not what was asked for.
        Ok(verdict) if verdict.connects() && is_other(&verdict) => NetworkInsightsAnalysis {
            status: Some("succeeded".into()),
            network_path_found: Some(false),
            ..NetworkInsightsAnalysis::default()
        },
        Ok(verdict) => found(&verdict, w.scope()),
        Err(missing) => NetworkInsightsAnalysis {
            status: Some("failed".into()),
            status_message: Some(format!("{missing} does not exist or has no network interface")),
            ..NetworkInsightsAnalysis::default()
        },
    })
}

fn shown(analysis: &Analysis, scope: &Scope, tags: &Tags) -> Result<NetworkInsightsAnalysis, Fault> {
    let mut shown = NetworkInsightsAnalysis::default();
    let found = serde_json::from_str(&analysis.found)
        .map_err(|error| Trouble::from_cause("an analysis cannot be read", error))?;
    from_model_json(&found, &mut shown, &mut Checks::default()).map_err(|rejection| Trouble::new(rejection.0))?;
    shown.network_insights_analysis_id = Some(analysis.id.clone());
    shown.network_insights_analysis_arn = Some(arn(scope, format!("network-insights-analysis/{}", analysis.id)));
    shown.network_insights_path_id = Some(analysis.path.clone());
    shown.start_date = Some(analysis.started);
    shown.tags = Some(tags.shown(&analysis.id));
    Ok(shown)
}

static FILTERS: Filters<NetworkInsightsAnalysis> = Filters {
    names: &[
        ("path-found", |analysis| flag(analysis.network_path_found)),
        ("status", |analysis| text(&analysis.status)),
    ],
    tags: Some(|analysis| analysis.tags.as_ref()),
};

pub fn describe_network_insights_analyses(
    r: &Reader,
    input: DescribeNetworkInsightsAnalysesRequest,
) -> Result<DescribeNetworkInsightsAnalysesResult, Fault> {
    let mut analyses = chosen::<Analysis>(r.store, r.scope(), input.network_insights_analysis_ids.as_deref())?;
    analyses.retain(|analysis| {
        input.network_insights_path_id.as_ref().is_none_or(|path| analysis.path == *path)
            && input.analysis_start_time.is_none_or(|start| analysis.started >= start)
            && input.analysis_end_time.is_none_or(|end| analysis.started <= end)
    });
    let tags = Tags::of_all(r.store, r.scope())?;
    let analyses = analyses.iter().map(|one| shown(one, r.scope(), &tags)).collect::<Result<_, _>>()?;
    let wanted = Wanted { token: input.next_token.as_deref(), most: input.max_results, named: None };
    let analyses = FILTERS.select(analyses, input.filters)?;
    let page = cut(analyses, wanted, |one| one.network_insights_analysis_id.clone().unwrap_or_default())?;
    Ok(DescribeNetworkInsightsAnalysesResult {
        network_insights_analyses: Some(page.items),
        next_token: page.next_token,
    })
}

pub fn delete_network_insights_analysis(
    w: &mut Writer,
    input: DeleteNetworkInsightsAnalysisRequest,
) -> Result<DeleteNetworkInsightsAnalysisResult, Fault> {
    let analysis: Analysis = get(w.store(), w.scope(), &input.network_insights_analysis_id)?;
    delete::<Analysis>(w, &analysis.id)?;
    Ok(DeleteNetworkInsightsAnalysisResult { network_insights_analysis_id: Some(analysis.id) })
}

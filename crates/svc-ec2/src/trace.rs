//! `kogumo net trace`: where a packet goes and why, as sentences. A part of the port that is not AWS's API.

use std::sync::Arc;

use kogumo_base::Trouble;
use kogumo_door::{Cloud, Incoming, Surface};
use kogumo_netmodel::{Path, Verdict};
use kogumo_wire::Body;
use serde_json::json;

use crate::insights::{Asked, follow};
use crate::public_address;
use crate::topology::topology;

const PAGE: &str = "/_kogumo/net/trace";

/// `GET /_kogumo/net/trace?from=…&to=…&port=…&protocol=…&language=ja`
pub fn surface() -> Surface {
    Surface {
        name: "net/trace",
        claims: |incoming| incoming.request.path == PAGE,
        serve: |cloud, incoming| Box::pin(async move { http::Response::new(Body::from(answer(&cloud, &incoming))) }),
    }
}

fn answer(cloud: &Arc<Cloud>, incoming: &Incoming) -> bytes::Bytes {
    let lines = lines(cloud, incoming).unwrap_or_else(|trouble| {
        tracing::error!("{trouble}");
        (false, vec!["We encountered an internal error. Please try again.".to_owned()])
    });
    json!({ "connects": lines.0, "lines": lines.1 }).to_string().into()
}

fn lines(cloud: &Arc<Cloud>, incoming: &Incoming) -> Result<(bool, Vec<String>), Trouble> {
    let asked = |name: &str| incoming.request.query_value(name).unwrap_or_default();
    let is_japanese = asked("language") == "ja";
    let topology = topology(&cloud.store.read(), public_address::plan(cloud))?;
    let to = asked("to");
    let question = Asked {
        source: asked("from"),
        source_ip: None,
        destination: Some(to).filter(|text| text.parse::<std::net::IpAddr>().is_err()),
        destination_ip: to.parse().ok(),
        protocol: asked("protocol"),
        port: asked("port").parse().ok(),
        at_source: None,
        at_destination: None,
    };
    Ok(match follow(&topology, &question) {
        Ok(verdict) => (verdict.connects(), told(&verdict, is_japanese)),
        Err(missing) if is_japanese => (false, vec![format!("{missing} は見つかりません")]),
        Err(missing) => (false, vec![format!("there is no {missing}")]),
    })
}

fn told(verdict: &Verdict, is_japanese: bool) -> Vec<String> {
    let pick = |english: &str, japanese: &str| if is_japanese { japanese.to_owned() } else { english.to_owned() };
    let mut lines = vec![pick("there:", "行き:")];
    lines.extend(steps(&verdict.there, is_japanese));
    if let Some(back) = &verdict.back {
        lines.push(pick("and back:", "帰り:"));
        lines.extend(steps(back, is_japanese));
    }
    lines.push(match verdict.cause() {
        None => pick("it connects", "接続できます"),
        Some(cause) if is_japanese => format!("接続できません ({}): {}", cause.code(), cause.japanese()),
        Some(cause) => format!("it does not connect ({}): {}", cause.code(), cause.english()),
    });
    lines
}

fn steps(path: &Path, is_japanese: bool) -> impl Iterator<Item = String> {
    let line = move |step: &kogumo_netmodel::Step| if is_japanese { step.japanese() } else { step.english() };
    path.steps.iter().map(move |step| format!("  {}", line(step)))
}

//! What is kept of paths and of their analyses.

use kogumo_base::Timestamp;
use kogumo_store::Table;
use serde::{Deserialize, Serialize};

use super::ends::End;
use crate::resource::{Kind, Resource};

static PATHS: Table<Path> = Table::new("ec2/network-insights-path");
static ANALYSES: Table<Analysis> = Table::new("ec2/network-insights-analysis");

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Path {
    pub id: String,
    /// Ids of instances, interfaces or internet gateways.
    pub source: String,
    pub destination: Option<String>,
    pub source_ip: Option<String>,
    pub destination_ip: Option<String>,
    /// `tcp` or `udp`.
    pub protocol: String,
    pub port: Option<i32>,
    /// What packets have to look like where they start, and where they arrive.
    #[serde(default)]
    pub at_source: Option<End>,
    #[serde(default)]
    pub at_destination: Option<End>,
    pub created: Timestamp,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Analysis {
    pub id: String,
    pub path: String,
    pub started: Timestamp,
    /// What was found at that time, as the API shows it.
    pub found: String,
}

impl Resource for Path {
    const KIND: &'static Kind = &Kind {
        prefix: "nip",
        name: "network-insights-path",
        malformed: "InvalidNetworkInsightsPathId.Malformed",
        not_found: "InvalidNetworkInsightsPathId.NotFound",
        text: "The networkInsightsPath ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &PATHS;
    fn id(&self) -> &str {
        &self.id
    }
}

impl Resource for Analysis {
    const KIND: &'static Kind = &Kind {
        prefix: "nia",
        name: "network-insights-analysis",
        malformed: "InvalidNetworkInsightsAnalysisId.Malformed",
        not_found: "InvalidNetworkInsightsAnalysisId.NotFound",
        text: "The networkInsightsAnalysis ID '{}' does not exist",
    };
    const TABLE: &'static Table<Self> = &ANALYSES;
    fn id(&self) -> &str {
        &self.id
    }
}

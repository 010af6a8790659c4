//! Which service a request is for, in which protocol, and which operation: read off its headers, credential scope, host, path
//! and form. Pure; the facts of all services are its only knowledge.

use std::collections::HashMap;

use http::HeaderMap;
use kogumo_wire::{Operation, Protocol, Routes, Service};

use crate::virtual_host::HostMeaning;

/// All services, found by the names that requests hold.
pub struct Directory {
    services: Vec<&'static Service>,
    by_target: HashMap<&'static str, Vec<&'static Service>>,
    by_signing_name: HashMap<&'static str, Vec<&'static Service>>,
    by_endpoint: HashMap<&'static str, Vec<&'static Service>>,
    /// Of the services that speak REST.
    routes: HashMap<&'static str, Routes>,
}

/// What is known of a request before its body is read.
pub struct Hints<'a> {
    pub method: &'a str,
    pub path: &'a str,
    pub query: &'a [(String, String)],
    pub headers: &'a HeaderMap,
    pub host: &'a HostMeaning,
    /// The service of the credential scope.
    pub scope_service: Option<&'a str>,
}

/// What a request is for.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub service: &'static Service,
    pub protocol: Protocol,
    /// `None` for an operation that the service does not have.
    pub operation: Option<&'static Operation>,
}

/// The answer to the question which service and operation are meant.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    At(Target),
    /// The body is a form, and the operation's name is in it.
    InForm,
    /// Nothing here has to do with any service.
    Nowhere,
}

impl Directory {
    pub fn new(services: &[&'static Service]) -> Self {
        let mut directory = Directory {
            services: services.to_vec(),
            by_target: HashMap::new(),
            by_signing_name: HashMap::new(),
            by_endpoint: HashMap::new(),
            routes: HashMap::new(),
        };
        for service in services {
            if !service.target_prefix.is_empty() {
                directory.by_target.entry(service.target_prefix).or_default().push(service);
            }
            if rest_protocol(service).is_some() {
                directory.routes.insert(service.name, Routes::new(service));
            }
            directory.by_signing_name.entry(service.signing_name).or_default().push(service);
            directory.by_endpoint.entry(service.endpoint_prefix).or_default().push(service);
        }
        directory
    }

    /// The service of that name.
    pub fn service(&self, name: &str) -> Option<&'static Service> {
        self.services.iter().copied().find(|service| service.name == name)
    }

    /// Finds service, protocol and operation.
    pub fn aim(&self, hints: &Hints<'_>) -> Aim {
        if let Some(target) = self.by_smithy_path(hints).or_else(|| self.by_target_header(hints)) {
            return Aim::At(target);
        }
        let candidates = self.candidates(hints);
        let speaks_query = candidates.iter().any(|service| query_protocol(service).is_some());
        if is_form(hints) && (speaks_query || candidates.is_empty()) {
            return Aim::InForm;
        }
        if (speaks_query || candidates.is_empty())
            && let Some(target) = self.by_action(&candidates, hints.query)
        {
            return Aim::At(target);
        }
        self.by_template(&candidates, hints).map_or(Aim::Nowhere, Aim::At)
    }

    /// Finds the operation that a form names; `query` and `form` together, as a client may put `Action` in either.
    pub fn aim_in_form(&self, hints: &Hints<'_>, form: &[(String, String)]) -> Aim {
        let candidates = self.candidates(hints);
        let found = self.by_action(&candidates, form).or_else(|| self.by_action(&candidates, hints.query));
        found.or_else(|| self.by_template(&candidates, hints)).map_or(Aim::Nowhere, Aim::At)
    }

    /// Smithy's RPC protocols: `POST /service/AWSInsightsIndexService/operation/GetCostAndUsage`.
    fn by_smithy_path(&self, hints: &Hints<'_>) -> Option<Target> {
        let protocol = hints.headers.get("smithy-protocol")?;
        if protocol.as_bytes() != b"rpc-v2-cbor" {
            return None;
        }
        let (_, rest) = hints.path.split_once("/service/")?;
        let (prefix, operation) = rest.split_once("/operation/")?;
        // The service's name may stand with its namespace before it.
        let prefix = prefix.rsplit('.').next().unwrap_or(prefix);
        let service = self.pick(self.by_target.get(prefix)?, hints, operation)?;
        Some(Target { service, protocol: Protocol::RpcV2Cbor, operation: service.operation(operation) })
    }

    /// `X-Amz-Target: DynamoDB_20120810.GetItem`
    fn by_target_header(&self, hints: &Hints<'_>) -> Option<Target> {
        let target = hints.headers.get("x-amz-target")?.to_str().ok()?;
        let (prefix, operation) = target.rsplit_once('.')?;
        let service = self.pick(self.by_target.get(prefix)?, hints, operation)?;
        let content_type = hints.headers.get("content-type").map_or(&b""[..], |value| value.as_bytes());
        let named = match content_type {
            b"application/x-amz-json-1.0" => Some(Protocol::Json10),
            b"application/x-amz-json-1.1" => Some(Protocol::Json11),
            _ => None,
        };
        let own =
            service.protocols.iter().copied().find(|protocol| matches!(protocol, Protocol::Json10 | Protocol::Json11));
        Some(Target { service, protocol: named.or(own)?, operation: service.operation(operation) })
    }

    /// Of services that share a prefix, the one that has the operation and is signed for.
    fn pick(&self, services: &[&'static Service], hints: &Hints<'_>, operation: &str) -> Option<&'static Service> {
        let signed = |service: &&&'static Service| hints.scope_service.is_none_or(|name| service.signing_name == name);
        let has = |service: &&&'static Service| service.operation(operation).is_some();
        let both = services.iter().find(|service| has(service) && signed(service));
        both.or_else(|| services.iter().find(has)).or(services.first()).copied()
    }

    /// The services that a request may be for, by the scope of its credential, else by its host.
    fn candidates(&self, hints: &Hints<'_>) -> Vec<&'static Service> {
        let by_scope =
            hints.scope_service.and_then(|name| self.by_signing_name.get(name).or_else(|| self.by_endpoint.get(name)));
        if let Some(services) = by_scope {
            let mut services = services.clone();
            // S3 and S3 Control share a signing name; only the latter's requests name an account.
            let control = hints.headers.contains_key("x-amz-account-id");
            services.sort_by_key(|service| (service.name == "s3control") != control);
            return services;
        }
        match hints.host {
            HostMeaning::S3 { .. } => self.by_endpoint.get("s3").cloned().unwrap_or_default(),
            HostMeaning::Service { endpoint, .. } => {
                self.by_endpoint.get(endpoint.as_str()).cloned().unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// `Action=GetCallerIdentity&Version=2011-06-15`; without candidates, of all services that have this version.
    fn by_action(&self, candidates: &[&'static Service], parameters: &[(String, String)]) -> Option<Target> {
        let find = |name: &str| parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let action = find("Action")?;
        let version = find("Version");
        let pool = if candidates.is_empty() { &self.services } else { candidates };
        let of_version = |service: &&&'static Service| version.is_none_or(|version| service.api_version == version);
        let speaking = || pool.iter().filter(|service| query_protocol(service).is_some());
        let exact = speaking().filter(of_version).find(|service| service.operation(action).is_some());
        // Without a candidate a foreign version could only be met by chance.
        let service = exact
            .or_else(|| if candidates.is_empty() { None } else { speaking().find(of_version).or(speaking().next()) })?;
        Some(Target { service, protocol: query_protocol(service)?, operation: service.operation(action) })
    }

    /// REST: by method and path. What nobody claims and nobody signed is for S3, as an anonymous request to a bucket is.
    fn by_template(&self, candidates: &[&'static Service], hints: &Hints<'_>) -> Option<Target> {
        let matching = candidates.iter().find_map(|service| {
            let protocol = rest_protocol(service)?;
            let operation = self.by_path(service, hints)?;
            Some(Target { service, protocol, operation: Some(operation) })
        });
        if matching.is_some() {
            return matching;
        }
        if let Some(service) = candidates.first() {
            let protocol = rest_protocol(service).or(service.protocols.first().copied())?;
            return Some(Target { service, protocol, operation: None });
        }
        let names_another = hints.scope_service.is_some() || hints.headers.contains_key("x-amz-target");
        if names_another || matches!(hints.host, HostMeaning::Service { .. }) {
            return None;
        }
        let service = self.service("s3")?;
        Some(Target { service, protocol: Protocol::RestXml, operation: self.by_path(service, hints) })
    }

    fn by_path(&self, service: &Service, hints: &Hints<'_>) -> Option<&'static Operation> {
        self.routes.get(service.name)?.find(hints.method, hints.path, hints.query, hints.headers)
    }
}

fn query_protocol(service: &Service) -> Option<Protocol> {
    service.protocols.iter().copied().find(|protocol| matches!(protocol, Protocol::Query | Protocol::Ec2))
}

fn rest_protocol(service: &Service) -> Option<Protocol> {
    service.protocols.iter().copied().find(|protocol| matches!(protocol, Protocol::RestJson | Protocol::RestXml))
}

fn is_form(hints: &Hints<'_>) -> bool {
    let content_type = hints.headers.get("content-type").map_or(&b""[..], |value| value.as_bytes());
    hints.method == "POST" && content_type.starts_with(b"application/x-www-form-urlencoded")
}

#[cfg(test)]
#[path = "target_tests.rs"]
mod tests;

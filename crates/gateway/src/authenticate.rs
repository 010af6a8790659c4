//! Who signed a request, and whether the signature stands.

use std::sync::Arc;

use kogumo_base::{Clock, Scope};
use kogumo_door::{Cloud, FIRST_ACCOUNT, Key, KeyProblem, Principal, Session, Signed};
use kogumo_sigv4::{Authentication, KeyCache, Legacy, Payload, Place, Presented, Problem, Rules, SigningKey};
use kogumo_wire::{Fault, Service};

use crate::arrival::Arrival;
use crate::auth_faults;

/// Who calls.
pub struct Identity {
    pub principal: Arc<Principal>,
    pub access_key: String,
    pub scope: Scope,
    /// What temporary credentials carry.
    pub session: Option<Arc<Session>>,
    pub signed: Option<Signed>,
    /// What verifies the chunks of a signed stream; none if the key's secret may be any.
    pub signing: Option<(Presented, SigningKey)>,
}

/// The region of requests that name none.
pub const DEFAULT_REGION: &str = "us-east-1";

/// Verifies a signature over `payload`, the hash of the body or the word that stands for it.
pub fn identify(
    cloud: &Cloud,
    keys: &KeyCache,
    arrival: &Arrival,
    service: &Service,
    authentication: &Authentication,
    payload: &str,
) -> Result<Identity, Fault> {
    let s3 = is_s3(service);
    let fault = |problem: Problem| auth_faults::fault(&problem, authentication.access_key(), s3);
    if let Authentication::V4(presented) = authentication {
        presented.check_scope().map_err(fault)?;
        check_service(presented, service).map_err(fault)?;
    }
    let known = look_up(cloud, authentication, s3)?;
    let region = match authentication {
        Authentication::V4(presented) => presented.credential.region.clone(),
        Authentication::Legacy(_) => host_region(arrival).unwrap_or(DEFAULT_REGION).to_owned(),
    };
    let signing = match authentication {
        Authentication::V4(presented) => verify(keys, arrival, presented, s3, payload, &known).map_err(fault)?,
        Authentication::Legacy(legacy) if s3 => {
            verify_legacy(arrival, legacy, &known).map_err(fault)?;
            None
        }
        Authentication::Legacy(_) => {
            let algorithm = "AWS".to_owned();
            return Err(fault(Problem::UnsupportedAlgorithm { place: authentication.place(), algorithm }));
        }
    };
    let scope = Scope::new(known.principal.account(), region);
    let access_key = authentication.access_key().to_owned();
    let signed = match authentication {
        Authentication::V4(presented) => Some(Signed { presigned: presented.expires.is_some(), at: presented.moment }),
        Authentication::Legacy(_) => None,
    };
    Ok(Identity { principal: known.principal, access_key, scope, session: known.session, signed, signing })
}

/// Somebody without a signature.
pub fn anonymous(arrival: &Arrival) -> Identity {
    let scope = Scope::new(FIRST_ACCOUNT, host_region(arrival).unwrap_or(DEFAULT_REGION));
    Identity {
        principal: Arc::new(Principal::Anonymous),
        access_key: String::new(),
        scope,
        session: None,
        signed: None,
        signing: None,
    }
}

/// The word that a signature covers in the body's stead where the client does not say it in a header: S3's presigned URLs leave
/// the body open. `None` means that the body is to be hashed.
pub fn payload_word(
    arrival: &Arrival,
    service: &Service,
    authentication: &Authentication,
) -> Result<Option<String>, Fault> {
    if let Some(word) = arrival.header("x-amz-content-sha256") {
        return match Payload::parse(word) {
            Some(_) => Ok(Some(word.to_owned())),
            None if word.starts_with("STREAMING-AWS4-ECDSA") => {
                Err(Fault::not_implemented("SigV4A (STREAMING-AWS4-ECDSA-P256-SHA256)"))
            }
            None => Err(Fault::coded(
                "InvalidArgument",
                400,
                "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, \
                 STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER or a valid sha256 value.",
            )),
        };
    }
    match authentication {
        _ if !is_s3(service) => Ok(None),
        Authentication::V4(presented) if presented.place == Place::Header => {
            Err(Fault::coded("InvalidRequest", 400, "Missing required header for this request: x-amz-content-sha256"))
        }
        _ => Ok(Some("UNSIGNED-PAYLOAD".to_owned())),
    }
}

/// S3's way with paths, errors and payloads is its own; S3 Control shares the way but not the bucket in the host.
pub fn is_s3(service: &Service) -> bool {
    service.signing_name == "s3"
}

fn check_service(presented: &Presented, service: &Service) -> Result<(), Problem> {
    let found = presented.credential.service.as_str();
    if !presented.credential.has_plausible_region() {
        return Err(Problem::WrongRegion {
            found: presented.credential.region.clone(),
            expected: DEFAULT_REGION.to_owned(),
        });
    }
    if found == service.signing_name || found == service.endpoint_prefix || found == service.name {
        return Ok(());
    }
    Err(Problem::WrongService { found: found.to_owned(), expected: service.signing_name.to_owned() })
}

fn look_up(cloud: &Cloud, authentication: &Authentication, s3: bool) -> Result<Key, Fault> {
    cloud.key(authentication.access_key(), authentication.token()).map_err(|problem| match problem {
        KeyProblem::Unknown => auth_faults::unknown_key(authentication.access_key(), s3),
        KeyProblem::WrongToken => auth_faults::invalid_token(s3),
        KeyProblem::Expired => auth_faults::expired_token(s3),
        KeyProblem::Trouble(trouble) => trouble.into(),
    })
}

fn verify(
    keys: &KeyCache,
    arrival: &Arrival,
    presented: &Presented,
    s3: bool,
    payload: &str,
    known: &Key,
) -> Result<Option<(Presented, SigningKey)>, Problem> {
    presented.check_time(Clock::machine_now())?;
    if s3 {
        presented.check_headers_signed(arrival.headers())?;
    }
    let Some(secret) = &known.secret else { return Ok(None) };
    let credential = &presented.credential;
    let key = keys.key(secret, &credential.date, &credential.region, &credential.service);
    let rules = if s3 { Rules::S3 } else { Rules::General };
    presented.verify(&arrival.signed(), rules, payload, &key)?;
    let is_stream = payload.starts_with("STREAMING-AWS4");
    Ok(is_stream.then(|| (presented.clone(), key)))
}

fn verify_legacy(arrival: &Arrival, legacy: &Legacy, known: &Key) -> Result<(), Problem> {
    legacy.check_time(Clock::machine_now())?;
    let Some(secret) = &known.secret else { return Ok(()) };
    legacy.verify(&arrival.signed(), arrival.virtual_bucket.as_deref(), secret)
}

fn host_region(arrival: &Arrival) -> Option<&str> {
    use crate::virtual_host::HostMeaning::{S3, Service};
    match &arrival.meaning {
        S3 { region, .. } | Service { region, .. } => region.as_deref(),
        _ => None,
    }
}

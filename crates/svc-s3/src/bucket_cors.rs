//! A bucket's CORS configuration: between the model's shapes and [`crate::cors`]'s rules.

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_wire::{Fault, Unit};

use crate::bucket_config::{reading, writing};
use crate::cors::{self, Rule};
use crate::faults;
use crate::record::{CORS, EVERYWHERE};

/// The most rules.
const MOST: usize = 100;

pub fn get_bucket_cors(cx: &Reader, input: s3::GetBucketCorsRequest) -> Result<s3::GetBucketCorsOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    match CORS.get(cx.store, &EVERYWHERE, &input.bucket)? {
        Some(rules) => Ok(s3::GetBucketCorsOutput { cors_rules: Some(rules.into_iter().map(shown).collect()) }),
        None => Err(Fault::coded("NoSuchCORSConfiguration", 404, "The CORS configuration does not exist")),
    }
}

pub fn put_bucket_cors(cx: &mut Writer, input: s3::PutBucketCorsRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let rules: Vec<_> = input.cors_configuration.cors_rules.into_iter().map(kept).collect();
    if rules.is_empty() || rules.len() > MOST {
        return Err(faults::malformed_xml());
    }
    if let Some(message) = cors::problem(&rules) {
        return Err(faults::invalid_request(message));
    }
    CORS.put(cx.tx, &EVERYWHERE, &input.bucket, &rules)?;
    Ok(Unit)
}

pub fn delete_bucket_cors(cx: &mut Writer, input: s3::DeleteBucketCorsRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    CORS.delete(cx.tx, &EVERYWHERE, &input.bucket)?;
    Ok(Unit)
}

fn shown(rule: Rule) -> s3::CORSRule {
    let list = |texts: Vec<String>| Some(texts).filter(|texts| !texts.is_empty());
    s3::CORSRule {
        id: rule.id,
        allowed_headers: list(rule.headers),
        allowed_methods: rule.methods,
        allowed_origins: rule.origins,
        expose_headers: list(rule.exposed),
        max_age_seconds: rule.max_age_seconds,
    }
}

fn kept(rule: s3::CORSRule) -> Rule {
    Rule {
        id: rule.id,
        origins: rule.allowed_origins,
        methods: rule.allowed_methods,
        headers: rule.allowed_headers.unwrap_or_default(),
        exposed: rule.expose_headers.unwrap_or_default(),
        max_age_seconds: rule.max_age_seconds,
    }
}

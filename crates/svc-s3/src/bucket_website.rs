//! A bucket's website configuration: between the model's shapes and [`crate::website`]'s.

use kogumo_door::{Reader, Writer};
use kogumo_model::s3;
use kogumo_wire::{Fault, Unit};

use crate::bucket_config::{reading, writing};
use crate::record::{EVERYWHERE, WEBSITES};
use crate::website::{self, AllTo, Rule, Website};

pub fn get_bucket_website(
    cx: &Reader,
    input: s3::GetBucketWebsiteRequest,
) -> Result<s3::GetBucketWebsiteOutput, Fault> {
    reading(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let Some(website) = WEBSITES.get(cx.store, &EVERYWHERE, &input.bucket)? else {
        let message = "The specified bucket does not have a website configuration";
        return Err(Fault::coded("NoSuchWebsiteConfiguration", 404, message));
    };
    let rules: Vec<_> = website.rules.into_iter().map(shown).collect();
    Ok(s3::GetBucketWebsiteOutput {
        redirect_all_requests_to: website
            .all_to
            .map(|all| s3::RedirectAllRequestsTo { host_name: all.host, protocol: all.protocol }),
        index_document: website.index.map(|suffix| s3::IndexDocument { suffix }),
        error_document: website.error.map(|key| s3::ErrorDocument { key }),
        routing_rules: Some(rules).filter(|rules| !rules.is_empty()),
    })
}

pub fn put_bucket_website(cx: &mut Writer, input: s3::PutBucketWebsiteRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    let asked = input.website_configuration;
    let website = Website {
        index: asked.index_document.map(|document| document.suffix),
        error: asked.error_document.map(|document| document.key),
        all_to: asked.redirect_all_requests_to.map(|all| AllTo { host: all.host_name, protocol: all.protocol }),
        rules: asked.routing_rules.unwrap_or_default().into_iter().map(kept).collect(),
    };
    if let Some((code, message)) = website::problem(&website) {
        return Err(Fault::coded(code, 400, message));
    }
    WEBSITES.put(cx.tx, &EVERYWHERE, &input.bucket, &website)?;
    Ok(Unit)
}

pub fn delete_bucket_website(cx: &mut Writer, input: s3::DeleteBucketWebsiteRequest) -> Result<Unit, Fault> {
    writing(cx, &input.bucket, input.expected_bucket_owner.as_ref())?;
    WEBSITES.delete(cx.tx, &EVERYWHERE, &input.bucket)?;
    Ok(Unit)
}

fn kept(rule: s3::RoutingRule) -> Rule {
    let condition = rule.condition.as_ref();
    Rule {
        has_condition: condition.is_some(),
        prefix: condition.and_then(|condition| condition.key_prefix_equals.clone()),
        error_code: condition.and_then(|condition| condition.http_error_code_returned_equals.clone()),
        host: rule.redirect.host_name,
        protocol: rule.redirect.protocol,
        code: rule.redirect.http_redirect_code,
        replace_prefix: rule.redirect.replace_key_prefix_with,
        replace_key: rule.redirect.replace_key_with,
    }
}

fn shown(rule: Rule) -> s3::RoutingRule {
    s3::RoutingRule {
        condition: rule.has_condition.then_some(s3::Condition {
            http_error_code_returned_equals: rule.error_code,
            key_prefix_equals: rule.prefix,
        }),
        redirect: s3::Redirect {
            host_name: rule.host,
            http_redirect_code: rule.code,
            protocol: rule.protocol,
            replace_key_prefix_with: rule.replace_prefix,
            replace_key_with: rule.replace_key,
        },
    }
}

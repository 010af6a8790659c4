//! Static websites, served to browsers: `http://{bucket}.s3-website.localhost:4566/`, AWS's own host names
//! (`{bucket}.s3-website-{region}.amazonaws.com`), and `/_aws/s3-website/{bucket}/` for those without names.
//! As in AWS, a page is served only if everybody may read it.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use kogumo_base::Timestamp;
use kogumo_door::{Cloud, Incoming, Surface};
use kogumo_store::Snapshot;
use kogumo_wire::{Body, Fault, Protocol, decode, escape};

use crate::blobs::Blobs;
use crate::conditions::{Conditions, Verdict};
use crate::range::{self, Wanted};
use crate::record::{BUCKETS, Bucket, EVERYWHERE, Version, WEBSITES};
use crate::website::{Redirect, Website};
use crate::{access, describe, faults, restore, sse, versions};

const PATH: &str = "/_aws/s3-website/";

/// The websites' part of the port.
pub fn surface() -> Surface {
    Surface {
        name: "S3 websites",
        claims: |incoming| site_of(incoming).is_some(),
        serve: |cloud, incoming| Box::pin(serve(cloud, incoming)),
    }
}

/// The bucket and the path inside of its website, still percent-encoded.
fn site_of(incoming: &Incoming) -> Option<(&str, &str)> {
    let path = incoming.request.path.as_str();
    if let Some(rest) = path.strip_prefix(PATH) {
        return Some(rest.split_once('/').unwrap_or((rest, "")));
    }
    let at = incoming.host.find(".s3-website")?;
    let (bucket, rest) = incoming.host.split_at(at);
    let rest = rest.strip_prefix(".s3-website")?;
    (rest.starts_with(['.', '-']) && !bucket.is_empty()).then(|| (bucket, path.strip_prefix('/').unwrap_or(path)))
}

/// What a browser gets.
enum Page {
    Redirect(Redirect),
    Object(StatusCode, Box<Version>),
    NotModified(Box<Version>),
}

async fn serve(cloud: Arc<Cloud>, mut incoming: Incoming) -> Response<Body> {
    // A website takes no bodies; without it the request can be looked at while bytes are read.
    incoming.request.body = Body::Empty;
    let Some((name, path)) = site_of(&incoming) else { return plain(&faults::no_such_bucket(), "") };
    let path = decode(path, false);
    let snapshot = cloud.store.read();
    let found = find(&cloud, &snapshot, &incoming, name, &path);
    let answer = match found {
        Ok(Page::Redirect(redirect)) => Ok(redirected(&redirect)),
        Ok(Page::NotModified(version)) => Ok(with_headers(StatusCode::NOT_MODIFIED, &version, Body::Empty)),
        Ok(Page::Object(status, version)) => {
            let range = incoming.request.header("range").filter(|_| status == StatusCode::OK);
            let wanted = range::wanted(range, version.size);
            show(&cloud, &snapshot, wanted, status, &version).await
        }
        Err(fault) => Err(fault),
    };
    let mut response = answer.unwrap_or_else(|fault| plain(&fault, &path));
    if incoming.request.method == Method::HEAD {
        *response.body_mut() = Body::Empty;
    }
    response
}

fn find(cloud: &Cloud, snapshot: &Snapshot, incoming: &Incoming, name: &str, path: &str) -> Result<Page, Fault> {
    let method = &incoming.request.method;
    if *method != Method::GET && *method != Method::HEAD {
        return Err(faults::method_not_allowed());
    }
    let bucket = BUCKETS.get(snapshot, &EVERYWHERE, name)?.ok_or_else(faults::no_such_bucket)?;
    let Some(website) = WEBSITES.get(snapshot, &EVERYWHERE, name)? else {
        let message = "The specified bucket does not have a website configuration";
        return Err(Fault::coded("NoSuchWebsiteConfiguration", 404, message));
    };
    let scheme = if incoming.tls { "https" } else { "http" };
    let host = incoming.request.header("host").unwrap_or(&incoming.host);
    let in_path = incoming.request.path.starts_with(PATH);
    let host = &if in_path { format!("{host}{PATH}{name}") } else { host.to_owned() };
    if let Some(redirect) = website.redirects_all(path, scheme) {
        return Ok(Page::Redirect(redirect));
    }
    if let Some(redirect) = website.route(path, None, host, scheme) {
        return Ok(Page::Redirect(redirect));
    }
    let fault = match readable(cloud, snapshot, &bucket, &website.key(path)) {
        Ok(version) => {
            restore::check_readable(&version, cloud.clock.now())?;
            return Ok(page(incoming, version));
        }
        Err(fault) => fault,
    };
    if let Some(index) = website.folder_index(path)
        && readable(cloud, snapshot, &bucket, &index).is_ok()
    {
        let location = format!("{}/", incoming.request.path);
        return Ok(Page::Redirect(Redirect { status: 302, location }));
    }
    let status = fault.status(Protocol::RestXml);
    if let Some(redirect) = website.route(path, Some(status), host, scheme) {
        return Ok(Page::Redirect(redirect));
    }
    error_document(cloud, snapshot, &bucket, &website, status).ok_or(fault)
}

fn page(incoming: &Incoming, version: Version) -> Page {
    if let Some(location) = &version.described.website_redirect {
        return Page::Redirect(Redirect { status: 301, location: location.clone() });
    }
    let moment = |name| incoming.request.header(name).and_then(Timestamp::parse_http_date);
    let conditions = Conditions {
        if_none_match: incoming.request.header("if-none-match"),
        if_modified_since: moment("if-modified-since"),
        ..Conditions::default()
    };
    match conditions.judge(&version.etag, version.modified) {
        Verdict::NotModified => Page::NotModified(Box::new(version)),
        _ => Page::Object(StatusCode::OK, Box::new(version)),
    }
}

/// The object, if it is there and everybody may read it.
fn readable(cloud: &Cloud, snapshot: &Snapshot, bucket: &Bucket, key: &str) -> Result<Version, Fault> {
    let found = versions::object(snapshot, &bucket.name, key, None);
    if access::is_public(cloud, snapshot, bucket, key)? { found } else { Err(faults::access_denied()) }
}

fn error_document(cloud: &Cloud, snapshot: &Snapshot, bucket: &Bucket, website: &Website, status: u16) -> Option<Page> {
    let key = website.error.as_deref()?;
    let version = readable(cloud, snapshot, bucket, key).ok()?;
    Some(Page::Object(StatusCode::from_u16(status).ok()?, Box::new(version)))
}

async fn show(
    cloud: &Cloud,
    snapshot: &Snapshot,
    wanted: Wanted,
    status: StatusCode,
    version: &Version,
) -> Result<Response<Body>, Fault> {
    let (status, first, length) = match wanted {
        Wanted::Unsatisfiable => return Err(faults::invalid_range()),
        Wanted::Whole => (status, 0, version.size),
        Wanted::Part { first, last } => (StatusCode::PARTIAL_CONTENT, first, last + 1 - first),
    };
    // Whoever comes here has no name that KMS could know.
    if sse::needs_kms(&version.described) {
        return Err(faults::access_denied());
    }
    let body = match length {
        0 => Body::Empty,
        _ => cloud.part::<Blobs>()?.read(snapshot, &version.parts, first, first + length - 1, None).await?,
    };
    let mut response = with_headers(status, version, body);
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {first}-{}/{}", first + length - 1, version.size);
        set(&mut response, "content-range", &text);
    }
    set(&mut response, "content-length", &length.to_string());
    Ok(response)
}

fn with_headers(status: StatusCode, version: &Version, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let described = &version.described;
    let content_type = described.content_type.as_deref().unwrap_or("binary/octet-stream");
    set(&mut response, "content-type", content_type);
    set(&mut response, "etag", &describe::quoted(&version.etag).unwrap_or_default());
    set(&mut response, "last-modified", &version.modified.http_date());
    let optional = [
        ("cache-control", &described.cache_control),
        ("content-disposition", &described.content_disposition),
        ("content-encoding", &described.content_encoding),
        ("content-language", &described.content_language),
        ("expires", &described.expires),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            set(&mut response, name, value);
        }
    }
    for (name, value) in &described.metadata {
        set(&mut response, &format!("x-amz-meta-{name}"), value);
    }
    response
}

fn redirected(redirect: &Redirect) -> Response<Body> {
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::from_u16(redirect.status).unwrap_or(StatusCode::MOVED_PERMANENTLY);
    set(&mut response, "location", &redirect.location);
    response
}

/// An error as a page for people, as S3's website endpoints write it.
fn plain(fault: &Fault, key: &str) -> Response<Body> {
    let status = StatusCode::from_u16(fault.status(Protocol::RestXml)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let code = fault.code(Protocol::RestXml);
    let escaped = |text: &str| {
        let mut out = String::new();
        escape(&mut out, text);
        out
    };
    let key = if key.is_empty() { String::new() } else { format!("<li>Key: {}</li>\n", escaped(key)) };
    let text = format!(
        "<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n<ul>\n<li>Code: {code}</li>\n<li>Message: {}</li>\n{key}</ul>\n<hr/>\n</body>\n</html>\n",
        escaped(&fault.message)
    );
    let mut response = Response::new(Body::from(bytes::Bytes::from(text)));
    *response.status_mut() = status;
    set(&mut response, "content-type", "text/html; charset=utf-8");
    set(&mut response, "x-amz-error-code", code);
    response
}

/// Sets a header; a value that no header can hold is left out.
fn set(response: &mut Response<Body>, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
        response.headers_mut().insert(name, value);
    }
}

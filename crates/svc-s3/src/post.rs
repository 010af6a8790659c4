//! Uploads by a browser's form (`POST` to a bucket): the form is judged by its signed policy, and its file goes through
//! the door as a PutObject. Source: "POST Object", Amazon S3 API Reference.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode};
use kogumo_base::{Clock, Scope, Trouble};
use kogumo_door::{Caller, Client, Cloud, Incoming, KeyProblem, Principal, Surface};
use kogumo_model::s3;
use kogumo_sigv4::FormSignature;
use kogumo_wire::{Body, Fault, Protocol, decode, escape};

use crate::faults;
use crate::form::{self, Form, Malformed};
use crate::post_policy::{Policy, Refusal};
use crate::record::{BUCKETS, CORS, EVERYWHERE};

/// The part of the port that takes forms.
pub fn surface() -> Surface {
    Surface {
        name: "S3 form uploads",
        claims: |incoming| target(incoming).is_some(),
        serve: |cloud, incoming| Box::pin(serve(cloud, incoming)),
    }
}

/// The bucket that a form is sent to. Whatever is signed in its header is a call of an operation, not a form.
fn target(incoming: &Incoming) -> Option<String> {
    let request = &incoming.request;
    form::boundary(request.header("content-type")?)?;
    if request.method != Method::POST || !request.query.is_empty() || request.header("authorization").is_some() {
        return None;
    }
    let path = decode(request.path.trim_matches('/'), false);
    match bucket_of_host(&incoming.host) {
        Some(bucket) if path.is_empty() => Some(bucket.to_owned()),
        Some(_) => None,
        None => (!path.is_empty() && !path.contains('/')).then_some(path),
    }
}

fn bucket_of_host(host: &str) -> Option<&str> {
    let at = host.find(".s3.").or_else(|| host.find(".s3-"));
    let bucket = at.and_then(|at| host.get(..at)).or_else(|| host.strip_suffix(".localhost"))?;
    (!bucket.is_empty() && bucket != "s3").then_some(bucket)
}

async fn serve(cloud: Arc<Cloud>, mut incoming: Incoming) -> Response<Body> {
    let body = std::mem::take(&mut incoming.request.body);
    let bucket = target(&incoming).unwrap_or_default();
    let boundary = incoming.request.header("content-type").and_then(form::boundary).unwrap_or_default();
    let request_id = kogumo_base::uuid();
    let cross_origin = match cross_origin(&cloud, &incoming, &bucket) {
        Ok(headers) => headers,
        Err(fault) => return Protocol::RestXml.encode_fault(&s3::SERVICE, &fault, &request_id),
    };
    let here = format!(
        "{}://{}/{bucket}",
        if incoming.tls { "https" } else { "http" },
        incoming.request.header("host").unwrap_or(&incoming.host)
    );
    let peer = incoming.peer.ip();
    let answer = async {
        let form = Form::read(body, &boundary).await.map_err(malformed)?;
        let caller = Caller { source_ip: Some(peer), request_id: request_id.clone(), ..caller(&cloud, &form)? };
        upload(cloud, caller, &bucket, &here, form).await
    };
    let mut response = match answer.await {
        Ok(response) => response,
        Err(fault) => Protocol::RestXml.encode_fault(&s3::SERVICE, &fault, &request_id),
    };
    for (name, value) in cross_origin {
        set(&mut response, name, &value);
    }
    response
}

/// A page of another origin may send a form only where the bucket's CORS rules say so: the keys that everybody
/// knows would let it sign one.
fn cross_origin(cloud: &Cloud, incoming: &Incoming, bucket: &str) -> Result<Vec<(&'static str, String)>, Fault> {
    let Some(origin) = incoming.request.header("origin") else { return Ok(Vec::new()) };
    let own = origin.split_once("://").map(|(_, authority)| authority) == incoming.request.header("host");
    if own {
        return Ok(Vec::new());
    }
    let rules = CORS.get(&cloud.store.read(), &EVERYWHERE, bucket)?.unwrap_or_default();
    crate::cors::answer(&rules, origin, "POST", &[]).ok_or_else(faults::access_denied)
}

/// Who has signed the form's policy; nobody, if there is none.
fn caller(cloud: &Cloud, form: &Form) -> Result<Caller, Fault> {
    let unreadable = |_| faults::invalid_request("The form's signature cannot be read.");
    let Some(signature) = FormSignature::read(&form.fields).map_err(unreadable)? else {
        let scope = Scope::new(Principal::Anonymous.account(), DEFAULT_REGION);
        return Ok(Caller { principal: Arc::new(Principal::Anonymous), ..Caller::service("", scope) });
    };
    let key = cloud.key(signature.access_key(), form.field("x-amz-security-token")).map_err(unknown_key)?;
    if let Some(secret) = &key.secret {
        signature.verify(secret).map_err(|_| {
            let message = "The request signature we calculated does not match the signature you provided. Check your key and signing method.";
            Fault::coded("SignatureDoesNotMatch", 403, message)
        })?;
    }
    let region = match &signature {
        FormSignature::V4 { credential, .. } => credential.region.as_str(),
        FormSignature::Legacy { .. } => DEFAULT_REGION,
    };
    let scope = Scope::new(key.principal.account(), region);
    let access_key = signature.access_key().to_owned();
    Ok(Caller { principal: key.principal, access_key, session: key.session, ..Caller::service("", scope) })
}

/// The region of a signature that does not say one.
const DEFAULT_REGION: &str = "us-east-1";

fn unknown_key(problem: KeyProblem) -> Fault {
    let (code, status, message) = match problem {
        KeyProblem::Unknown => {
            ("InvalidAccessKeyId", 403, "The AWS Access Key Id you provided does not exist in our records.")
        }
        KeyProblem::WrongToken => ("InvalidToken", 400, "The provided token is malformed or otherwise invalid."),
        KeyProblem::Expired => ("ExpiredToken", 400, "The provided token has expired."),
        KeyProblem::Trouble(trouble) => return trouble.into(),
    };
    Fault::coded(code, status, message)
}

async fn upload(
    cloud: Arc<Cloud>,
    caller: Caller,
    bucket: &str,
    here: &str,
    form: Form,
) -> Result<Response<Body>, Fault> {
    if BUCKETS.get(&cloud.store.read(), &EVERYWHERE, bucket)?.is_none() {
        return Err(faults::no_such_bucket());
    }
    let policy = form.field("policy").map(read_policy).transpose()?;
    if let Some(policy) = &policy {
        // The bucket is part of what a policy may ask for, though no field says it.
        let mut fields = form.fields.clone();
        fields.retain(|(name, _)| !name.eq_ignore_ascii_case("bucket"));
        fields.push(("bucket".into(), bucket.to_owned()));
        policy.judge(&fields, "bucket", Clock::machine_now()).map_err(refused)?;
    }
    let key = form.field("key").ok_or_else(|| {
        faults::invalid_argument(
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the order of the fields.",
        )
    })?;
    let key = key.replace("${filename}", base_name(&form.file_name));
    if key.is_empty() {
        return Err(faults::invalid_argument("User key must have a length greater than 0."));
    }
    let redirect = form.field("success_action_redirect").or_else(|| form.field("redirect")).map(str::to_owned);
    let status = form.field("success_action_status").map(str::to_owned);
    let mut input = request(&form)?;
    input.bucket = bucket.to_owned();
    input.key = key.clone();
    let verdict: Verdict = Arc::default();
    input.body = file(form, policy, verdict.clone());
    let put = Client::new(cloud, caller).call::<s3::PutObject>(input).await;
    let output = match put {
        Ok(output) => output,
        Err(fault) => return Err(verdict.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or(fault)),
    };
    Ok(respond(bucket, &key, here, &output, redirect.as_deref(), status.as_deref()))
}

fn read_policy(text: &str) -> Result<Policy, Fault> {
    let json = STANDARD.decode(text.split_whitespace().collect::<String>()).unwrap_or_default();
    Policy::parse(&json).map_err(refused)
}

/// Browsers of old send the whole path of the file.
fn base_name(file_name: &str) -> &str {
    file_name.rsplit(['/', '\\']).next().unwrap_or(file_name)
}

/// The fields as a PutObject has them.
fn request(form: &Form) -> Result<s3::PutObjectRequest, Fault> {
    if form.field("tagging").is_some() {
        return Err(Fault::not_implemented("The field `tagging` of a form"));
    }
    let asked = |name: &str| form.field(name).map(str::to_owned);
    let metadata = form.fields.iter().filter_map(|(name, value)| {
        let name = name.to_ascii_lowercase();
        Some((name.strip_prefix("x-amz-meta-")?.to_owned(), value.clone()))
    });
    Ok(s3::PutObjectRequest {
        acl: asked("acl"),
        cache_control: asked("cache-control"),
        content_disposition: asked("content-disposition"),
        content_encoding: asked("content-encoding"),
        content_type: asked("content-type"),
        expires: asked("expires"),
        metadata: Some(metadata.collect()),
        server_side_encryption: asked("x-amz-server-side-encryption"),
        ssekms_key_id: asked("x-amz-server-side-encryption-aws-kms-key-id"),
        storage_class: asked("x-amz-storage-class"),
        website_redirect_location: asked("x-amz-website-redirect-location"),
        checksum_algorithm: asked("x-amz-checksum-algorithm"),
        checksum_crc32: asked("x-amz-checksum-crc32"),
        checksum_crc32_c: asked("x-amz-checksum-crc32c"),
        checksum_crc64_nvme: asked("x-amz-checksum-crc64nvme"),
        checksum_sha1: asked("x-amz-checksum-sha1"),
        checksum_sha256: asked("x-amz-checksum-sha256"),
        ..Default::default()
    })
}

/// Why the file broke off, if the form is at fault.
type Verdict = Arc<Mutex<Option<Fault>>>;

/// The file as a body that ends with an error where the policy's lengths or the form are broken.
fn file(form: Form, policy: Option<Policy>, verdict: Verdict) -> Body {
    let state = (form, policy, verdict, 0u64);
    let chunks = stream::try_unfold(state, |(mut form, policy, verdict, length)| async move {
        let step = match form.next().await {
            Ok(Some(bytes)) => {
                let length = length + bytes.len() as u64;
                let most = policy.as_ref().map_or(u64::MAX, Policy::most_bytes);
                if length > most { Err(refused(Refusal::TooLarge(length, most))) } else { Ok(Some((bytes, length))) }
            }
            Ok(None) => {
                policy.as_ref().map_or(Ok(()), |policy| policy.judge_length(length)).map_err(refused).map(|()| None)
            }
            Err(why) => Err(malformed(why)),
        };
        match step {
            Ok(Some((bytes, length))) => Ok(Some((bytes, (form, policy, verdict, length)))),
            Ok(None) => Ok(None),
            Err(fault) => {
                let trouble = Trouble::new(format!("the form is at fault: {}", fault.message));
                *verdict.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
                Err(trouble)
            }
        }
    });
    Body::Stream(Box::pin(chunks), None)
}

fn respond(
    bucket: &str,
    key: &str,
    here: &str,
    output: &s3::PutObjectOutput,
    redirect: Option<&str>,
    status: Option<&str>,
) -> Response<Body> {
    let etag = output.e_tag.as_deref().unwrap_or_default();
    let location = format!("{here}/{}", percent(key));
    let mut response = Response::new(Body::Empty);
    *response.status_mut() = StatusCode::NO_CONTENT;
    if let Some(redirect) =
        redirect.filter(|redirect| redirect.starts_with("http://") || redirect.starts_with("https://"))
    {
        *response.status_mut() = StatusCode::SEE_OTHER;
        let joint = if redirect.contains('?') { '&' } else { '?' };
        let target = format!("{redirect}{joint}bucket={bucket}&key={}&etag={}", percent(key), percent(etag));
        set(&mut response, "location", &target);
    } else {
        set(&mut response, "location", &location);
        match status {
            Some("200") => *response.status_mut() = StatusCode::OK,
            Some("201") => {
                *response.status_mut() = StatusCode::CREATED;
                set(&mut response, "content-type", "application/xml");
                *response.body_mut() = Body::from(Bytes::from(document(bucket, key, &location, etag)));
            }
            _ => {}
        }
    }
    set(&mut response, "etag", etag);
    if let Some(id) = &output.version_id {
        set(&mut response, "x-amz-version-id", id);
    }
    response
}

fn document(bucket: &str, key: &str, location: &str, etag: &str) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PostResponse>");
    for (name, value) in [("Location", location), ("Bucket", bucket), ("Key", key), ("ETag", etag)] {
        text.push_str(&format!("<{name}>"));
        escape(&mut text, value);
        text.push_str(&format!("</{name}>"));
    }
    text.push_str("</PostResponse>");
    text
}

fn percent(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

fn refused(refusal: Refusal) -> Fault {
    match refusal {
        Refusal::InvalidPolicy(message) => Fault::coded("InvalidPolicyDocument", 400, message),
        Refusal::Denied(message) => Fault::coded("AccessDenied", 403, message),
        Refusal::TooSmall(..) => {
            Fault::coded("EntityTooSmall", 400, "Your proposed upload is smaller than the minimum allowed size")
        }
        Refusal::TooLarge(..) => faults::too_large(),
    }
}

fn malformed(why: Malformed) -> Fault {
    match why {
        Malformed::Broken => Fault::coded(
            "MalformedPOSTRequest",
            400,
            "The body of your POST request is not well-formed multipart/form-data.",
        ),
        Malformed::TooLong => {
            let message = "Your POST request fields preceding the upload file were too large.";
            Fault::coded("MaxPostPreDataLengthExceeded", 400, message)
        }
    }
}

/// Sets a header; a value that no header can hold is left out.
fn set(response: &mut Response<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_in_hosts() {
        assert_eq!(bucket_of_host("b.s3.localhost"), Some("b"));
        assert_eq!(bucket_of_host("a.b.s3.eu-west-1.amazonaws.com"), Some("a.b"));
        assert_eq!(bucket_of_host("b.s3-eu-west-1.amazonaws.com"), Some("b"));
        assert_eq!(bucket_of_host("b.localhost"), Some("b"));
        assert_eq!(bucket_of_host("s3.localhost"), None);
        assert_eq!(bucket_of_host("127.0.0.1"), None);
    }

    #[test]
    fn file_names_lose_their_folders() {
        assert_eq!(base_name("C:\\fake\\a.txt"), "a.txt");
        assert_eq!(base_name("a.txt"), "a.txt");
    }
}

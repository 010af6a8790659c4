//! The body between the socket and the protocol: gathered when it is small, left a stream when the operation streams it, freed of
//! its transfer encodings, and held against what the client signed.

use bytes::{Bytes, BytesMut};
use kogumo_sigv4::{BodyHash, Checksum, ChecksumAlgorithm, ChunkSigner, Decoder, Payload, Streaming};
use kogumo_wire::{Body, Common, Fault, Operation, Service};

use crate::arrival::Arrival;
use crate::authenticate::Identity;
use crate::body_faults;
use crate::compression::gunzip;
use crate::incoming::{Dechunked, Hashed, Verdict};

/// The most that a request's body may take in memory, in bytes. Lambda's code comes inline, as Base64.
fn limit(service: &Service) -> u64 {
    const MIB: u64 = 1024 * 1024;
    match service.name {
        "lambda" => 72 * MIB,
        "s3" => 8 * MIB,
        _ => 32 * MIB,
    }
}

/// Whether the operation takes its body as a stream.
pub fn is_streamed(operation: &Operation) -> bool {
    let layout = operation.input.layout();
    layout.payload.and_then(|index| layout.members.get(index)).is_some_and(|member| member.streaming)
}

/// Reads the body into memory, and answers its SHA-256 if it is wanted.
pub async fn gather(arrival: &mut Arrival, service: &Service) -> Result<Bytes, Fault> {
    let body = std::mem::take(&mut arrival.incoming.request.body);
    let gathered = gather_body(body, limit(service), &arrival.verdict).await?;
    arrival.incoming.request.body = Body::from(gathered.clone());
    Ok(gathered)
}

async fn gather_body(mut body: Body, limit: u64, verdict: &Verdict) -> Result<Bytes, Fault> {
    let too_large = || Fault::common(Common::TooLarge, "The request body exceeds the limit.");
    let length = body.length();
    if length.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let broken = || verdict.take().unwrap_or_else(body_faults::incomplete);
    let Some(first) = body.next().await else { return Ok(Bytes::new()) };
    let first = first.map_err(|_| broken())?;
    if length == Some(first.len() as u64) {
        return Ok(first);
    }
    let mut whole = BytesMut::from(first);
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| broken())?;
        if whole.len() as u64 + chunk.len() as u64 > limit {
            return Err(too_large());
        }
        whole.extend_from_slice(&chunk);
    }
    Ok(whole.freeze())
}

/// Holds a body that is in memory against the hash that was signed, and undoes its encodings.
pub async fn settle_gathered(
    arrival: &mut Arrival,
    service: &Service,
    identity: &Identity,
    signed: Option<&str>,
    body: &Bytes,
) -> Result<(), Fault> {
    match signed.and_then(Payload::parse) {
        Some(Payload::Hash(expected)) if BodyHash::of(body) != expected => {
            return Err(body_faults::hash_mismatch());
        }
        Some(Payload::Streaming(streaming)) => {
            layer(arrival, identity, Payload::Streaming(streaming))?;
            gather(arrival, service).await?;
        }
        _ => {}
    }
    let encoding = arrival.header("content-encoding");
    if encoding.is_some_and(|encoding| encoding.eq_ignore_ascii_case("gzip"))
        && let Body::Bytes(bytes) = &arrival.incoming.request.body
    {
        let plain = gunzip(bytes, limit(service))?;
        arrival.incoming.request.body = Body::from(plain);
    }
    Ok(())
}

/// Puts the layers around a body that stays a stream.
pub fn settle_streamed(arrival: &mut Arrival, identity: &Identity, signed: Option<&str>) -> Result<(), Fault> {
    if arrival.incoming.request.body.length().is_none() && arrival.header("x-amz-decoded-content-length").is_none() {
        return Err(body_faults::missing_length());
    }
    match signed.and_then(Payload::parse) {
        Some(payload) => layer(arrival, identity, payload),
        None => Ok(()),
    }
}

fn layer(arrival: &mut Arrival, identity: &Identity, payload: Payload) -> Result<(), Fault> {
    let verdict = arrival.verdict.clone();
    let body = std::mem::take(&mut arrival.incoming.request.body);
    arrival.incoming.request.body = match payload {
        Payload::Unsigned => body,
        Payload::Hash(expected) => {
            let length = body.length();
            Body::Stream(Hashed::stream(into_stream(body), expected, verdict), length)
        }
        Payload::Streaming(streaming) => {
            let length = decoded_length(arrival)?;
            let signer = identity.signing.as_ref().map(|(presented, key)| ChunkSigner::new(presented, key.clone()));
            let decoder = Decoder::new(streaming, signer, Some(length));
            let checksum = trailing_checksum(arrival, streaming)?;
            drop_chunked_encoding(arrival);
            Body::Stream(Dechunked::stream(into_stream(body), decoder, checksum, verdict), Some(length))
        }
    };
    Ok(())
}

/// A body as a stream, whatever it is.
fn into_stream(body: Body) -> kogumo_wire::ByteStream {
    match body {
        Body::Stream(stream, _) => stream,
        Body::Bytes(bytes) => Box::pin(Once(Some(bytes))),
        Body::Empty => Box::pin(Once(None)),
    }
}

/// A stream of one piece.
struct Once(Option<Bytes>);

impl futures_core::Stream for Once {
    type Item = Result<Bytes, kogumo_base::Trouble>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        std::task::Poll::Ready(self.0.take().map(Ok))
    }
}

fn decoded_length(arrival: &Arrival) -> Result<u64, Fault> {
    let text = arrival.header("x-amz-decoded-content-length");
    text.and_then(|text| text.parse().ok()).ok_or_else(body_faults::missing_length)
}

/// The checksum that `x-amz-trailer` announces.
fn trailing_checksum(arrival: &Arrival, streaming: Streaming) -> Result<Option<Checksum>, Fault> {
    let Some(names) = arrival.header("x-amz-trailer").filter(|_| streaming != Streaming::Signed) else {
        return Ok(None);
    };
    match names.split(',').find_map(|name| ChecksumAlgorithm::by_header(name.trim())) {
        Some(algorithm) => Ok(Some(Checksum::new(algorithm))),
        None if names.trim().starts_with("x-amz-checksum-") => {
            Err(Fault::not_implemented(&format!("The trailing checksum {}", names.trim())))
        }
        None => Ok(None),
    }
}

/// `aws-chunked` is of the transfer: what remains of `Content-Encoding` is the object's.
fn drop_chunked_encoding(arrival: &mut Arrival) {
    let Some(encoding) = arrival.header("content-encoding") else { return };
    let rest: Vec<&str> =
        encoding.split(',').map(str::trim).filter(|part| !part.eq_ignore_ascii_case("aws-chunked")).collect();
    let rest = rest.join(",");
    let headers = &mut arrival.incoming.request.headers;
    match rest.parse() {
        Ok(value) if !rest.is_empty() => {
            headers.insert(http::header::CONTENT_ENCODING, value);
        }
        _ => {
            headers.remove(http::header::CONTENT_ENCODING);
        }
    }
}

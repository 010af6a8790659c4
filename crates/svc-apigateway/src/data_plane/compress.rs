//! Responses are compressed from the API's `minimumCompressionSize` on, for clients that take gzip.

use flate2::Compression;
use flate2::write::GzEncoder;
use kogumo_execute_api::exchange::{Request, Response};
use std::io::Write;

/// Compresses a response where the API and the client want it.
pub fn compress(minimum: Option<i32>, request: &Request, response: &mut Response) {
    let large = minimum.and_then(|size| usize::try_from(size).ok()).is_some_and(|size| response.body.len() >= size);
    let accepts = |coding: &str| matches!(coding.split(';').next().map(str::trim), Some("gzip" | "*"));
    let accepted = request.header("accept-encoding").is_some_and(|header| header.split(',').any(accepts));
    if !large || !accepted || response.body.is_empty() || response.header("content-encoding").is_some() {
        return;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // A vector takes all that is written to it.
    if let Ok(body) = encoder.write_all(&response.body).and_then(|()| encoder.finish()) {
        response.body = body;
        response.set_header("Content-Encoding", "gzip");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_responses_for_clients_that_ask() {
        let encoded = |minimum: Option<i32>, accept: &str| {
            let headers = vec![("Accept-Encoding".to_owned(), accept.to_owned())];
            let mut response = Response { body: vec![b'a'; 1000], ..Response::default() };
            compress(minimum, &Request { headers, ..Request::default() }, &mut response);
            response.header("content-encoding").is_some() && response.body.len() < 1000
        };
        assert!(encoded(Some(0), "gzip") && encoded(Some(1000), "br, gzip;q=0.5"));
        assert!(!encoded(Some(1001), "gzip") && !encoded(None, "gzip") && !encoded(Some(0), "br"));
    }
}

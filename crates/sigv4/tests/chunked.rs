//! `aws-chunked` bodies: AWS's own example, cut at every place, and all that can be wrong with one.

use http::HeaderMap;
use kogumo_sigv4::{ChunkProblem, ChunkSigner, Decoder, Presented, SigningKey, Streaming};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// The signer of AWS's example, which starts from the given signature of the headers.
fn signer(seed: &str) -> ChunkSigner {
    let mut headers = HeaderMap::new();
    headers.insert("x-amz-date", "20130524T000000Z".parse().unwrap());
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host,Signature={seed}"
    );
    let presented = Presented::from_header(&authorization, &headers).unwrap();
    ChunkSigner::new(&presented, SigningKey::derive(SECRET, "20130524", "us-east-1", "s3"))
}

/// The example body: 64 KiB and 1 KiB of the letter a.
fn signed_example() -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(b"10000;chunk-signature=ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n");
    body.extend([b'a'; 65536]);
    body.extend(b"\r\n400;chunk-signature=0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497\r\n");
    body.extend([b'a'; 1024]);
    body.extend(b"\r\n0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n");
    body
}

const SIGNED_SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";

/// The example with a trailer.
fn trailer_example() -> Vec<u8> {
    let mut body = Vec::new();
    body.extend(b"10000;chunk-signature=b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2\r\n");
    body.extend([b'a'; 65536]);
    body.extend(b"\r\n400;chunk-signature=1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7\r\n");
    body.extend([b'a'; 1024]);
    body.extend(b"\r\n0;chunk-signature=2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992\r\n");
    body.extend(b"x-amz-checksum-crc32c:sOO8/Q==\n\r\n");
    body.extend(b"x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n");
    body
}

const TRAILER_SEED: &str = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";

type Decoded = Result<(Vec<u8>, Vec<(String, String)>), ChunkProblem>;

fn decode(mut decoder: Decoder, body: &[u8], piece: usize) -> Decoded {
    let mut out = Vec::new();
    for mut input in body.chunks(piece.max(1)) {
        while !input.is_empty() {
            let step = decoder.step(input)?;
            out.extend_from_slice(step.data);
            input = &input[step.consumed..];
        }
    }
    Ok((out, decoder.finish()?))
}

#[test]
fn awss_signed_example_in_pieces_of_any_size() {
    for piece in [1, 2, 3, 7, 100, 8192, 1 << 20] {
        let decoder = Decoder::new(Streaming::Signed, Some(signer(SIGNED_SEED)), Some(66560));
        let (data, trailers) = decode(decoder, &signed_example(), piece).unwrap();
        assert_eq!(data, [b'a'; 66560]);
        assert!(trailers.is_empty());
    }
}

#[test]
fn awss_example_with_a_trailer() {
    for piece in [1, 5, 1 << 20] {
        let decoder = Decoder::new(Streaming::SignedTrailer, Some(signer(TRAILER_SEED)), Some(66560));
        let (data, trailers) = decode(decoder, &trailer_example(), piece).unwrap();
        assert_eq!(data.len(), 66560);
        assert_eq!(trailers, [("x-amz-checksum-crc32c".to_owned(), "sOO8/Q==".to_owned())]);
    }
}

#[test]
fn a_changed_byte_is_noticed() {
    let example = signed_example();
    for at in [0, 30, 500, 65_700, 66_000, example.len() - 20] {
        let mut body = example.clone();
        body[at] ^= 1;
        let decoder = Decoder::new(Streaming::Signed, Some(signer(SIGNED_SEED)), Some(66560));
        assert!(decode(decoder, &body, 4096).is_err(), "byte {at}");
    }
    let mut body = trailer_example();
    let value = body.len() - 130;
    body[value] ^= 1;
    let decoder = Decoder::new(Streaming::SignedTrailer, Some(signer(TRAILER_SEED)), Some(66560));
    assert!(decode(decoder, &body, 4096).is_err());
}

#[test]
fn a_body_cut_anywhere_is_incomplete() {
    let example = signed_example();
    let last_needed = example.len() - 4;
    for cut in (0..last_needed).step_by(997).chain([last_needed - 1]) {
        let decoder = Decoder::new(Streaming::Signed, Some(signer(SIGNED_SEED)), Some(66560));
        assert_eq!(decode(decoder, &example[..cut], 4096), Err(ChunkProblem::Incomplete), "cut at {cut}");
    }
}

fn unsigned(body: &[u8], expected: Option<u64>) -> Decoded {
    decode(Decoder::new(Streaming::UnsignedTrailer, None, expected), body, 3)
}

#[test]
fn unsigned_with_trailers_as_botocore_writes_it() {
    let (data, trailers) = unsigned(b"5\r\nhello\r\n0\r\nx-amz-checksum-crc32:NhCmhg==\r\n\r\n", Some(5)).unwrap();
    assert_eq!(data, b"hello");
    assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "NhCmhg==".to_owned())]);
    assert_eq!(unsigned(b"0\r\n\r\n", Some(0)), Ok((vec![], vec![])));
    assert_eq!(unsigned(b"1\r\na\r\n0\r\n", None), Ok((b"a".to_vec(), vec![])));
}

#[test]
fn broken_framing_is_refused() {
    let cases: [&[u8]; 9] = [
        b"",
        b"5\r\nhel",
        b"zz\r\nhello\r\n",
        b"5\r\nhelloXX\r\n0\r\n\r\n",
        b"ffffffffffffffff\r\nhello",
        b"11111111111111111\r\n",
        b"0\r\nno trailer\r\n\r\n",
        b"0\r\n:v\r\n\r\n",
        b"0\r\n\r\nmore",
    ];
    for body in cases {
        let decoded = unsigned(body, Some(5));
        assert!(decoded.is_err(), "{:?}", String::from_utf8_lossy(body));
    }
    assert_eq!(
        unsigned(b"6\r\nhello!\r\n0\r\n\r\n", Some(5)),
        Err(ChunkProblem::WrongLength { expected: 5, found: 6 })
    );
    assert_eq!(unsigned(b"4\r\nhell\r\n0\r\n\r\n", Some(5)), Err(ChunkProblem::WrongLength { expected: 5, found: 4 }));
    assert!(unsigned(&vec![b'1'; 1 << 20], None).is_err());
    let endless: Vec<u8> = b"0\r\n".iter().copied().chain(b"a:b\r\n".repeat(100_000)).collect();
    assert!(unsigned(&endless, None).is_err());
}

#[test]
fn a_signed_body_without_signatures_is_refused() {
    let decoder = Decoder::new(Streaming::Signed, Some(signer(SIGNED_SEED)), None);
    assert!(decode(decoder, b"5\r\nhello\r\n0\r\n\r\n", 64).is_err());
    let decoder = Decoder::new(Streaming::SignedTrailer, None, None);
    assert_eq!(decode(decoder, b"0;chunk-signature=a\r\nx:y\r\n\r\n", 64), Err(ChunkProblem::TrailerMalformed));
}

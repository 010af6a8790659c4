//! `aws-chunked` bodies: chunks of data, each signed or not, and trailers at the end, decoded as the bytes come in whatever pieces.
//! Source: "Signature calculations for the authorization header: transferring payload in multiple chunks", Amazon S3 API Reference.

use kogumo_base::equal_in_constant_time;
use ring::digest::{Context, SHA256};

use crate::encode::{hex, hex_digit};
use crate::key::SigningKey;
use crate::{BodyHash, Mismatch, Presented, Streaming};

/// Why a chunked body does not stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChunkProblem {
    /// The framing is broken; what was expected.
    Malformed(&'static str),
    /// The trailing part is no list of headers, or lacks its signature.
    TrailerMalformed,
    /// A chunk's or the trailer's signature is another than the one calculated here.
    Mismatch(Box<Mismatch>),
    /// The body ended in the middle.
    Incomplete,
    /// The data is not as long as `x-amz-decoded-content-length` says.
    WrongLength { expected: u64, found: u64 },
}

/// Makes the signatures of chunks, each of which covers the one before.
#[derive(Clone, Debug)]
pub struct ChunkSigner {
    key: SigningKey,
    moment: String,
    scope: String,
    previous: String,
}

impl ChunkSigner {
    /// Starts from the signature of the request's headers.
    pub fn new(presented: &Presented, key: SigningKey) -> Self {
        let (moment, scope) = (presented.moment_text.clone(), presented.credential.scope());
        ChunkSigner { key, moment, scope, previous: presented.signature.clone() }
    }

    fn chunk(&mut self, data_hash: &str, signature: &str) -> Result<(), ChunkProblem> {
        self.verify(
            &["AWS4-HMAC-SHA256-PAYLOAD", &self.moment, &self.scope, &self.previous, BodyHash::EMPTY, data_hash],
            signature,
        )
    }

    fn trailer(&mut self, trailer_hash: &str, signature: &str) -> Result<(), ChunkProblem> {
        self.verify(&["AWS4-HMAC-SHA256-TRAILER", &self.moment, &self.scope, &self.previous, trailer_hash], signature)
    }

    fn verify(&self, lines: &[&str], signature: &str) -> Result<(), ChunkProblem> {
        let string_to_sign = lines.join("\n");
        if equal_in_constant_time(self.key.sign(string_to_sign.as_bytes()).as_bytes(), signature.as_bytes()) {
            return Ok(());
        }
        let signature_provided = signature.to_owned();
        Err(ChunkProblem::Mismatch(Box::new(Mismatch { string_to_sign, signature_provided, ..Mismatch::default() })))
    }
}

/// Undoes `aws-chunked`, piece by piece.
pub struct Decoder {
    streaming: Streaming,
    signer: Option<ChunkSigner>,
    expected: Option<u64>,
    found: u64,
    at: At,
    line: Vec<u8>,
    trailers: Vec<(String, String)>,
    trailer_signature: Option<String>,
    trailer_bytes: usize,
}

/// Where in the body the decoder stands.
enum At {
    /// In the line that holds a chunk's size.
    Size,
    /// In a chunk's data.
    Data {
        left: u64,
        hash: Option<Context>,
        signature: String,
    },
    /// Before the line end that closes a chunk's data.
    DataEnd,
    /// In the lines after the last chunk.
    Trailers,
    End,
}

/// What one call of [`Decoder::step`] did.
#[derive(Debug, PartialEq, Eq)]
pub struct Step<'a> {
    /// How many bytes of the input are done with; at least one, if there were any.
    pub consumed: usize,
    /// Decoded data, a part of the input.
    pub data: &'a [u8],
}

/// The longest line with a chunk's size and signature.
const MAX_LINE: usize = 1024;
/// The most that all trailers may take.
const MAX_TRAILERS: usize = 16 * 1024;

impl Decoder {
    /// A decoder for a body. `signer` is needed where chunks are signed, unless the key may be any (then nothing is verified);
    /// `expected` is `x-amz-decoded-content-length`.
    pub fn new(streaming: Streaming, signer: Option<ChunkSigner>, expected: Option<u64>) -> Self {
        let signer = signer.filter(|_| streaming != Streaming::UnsignedTrailer);
        Decoder {
            streaming,
            signer,
            expected,
            found: 0,
            at: At::Size,
            line: Vec::new(),
            trailers: Vec::new(),
            trailer_signature: None,
            trailer_bytes: 0,
        }
    }

    /// Takes some of `input`; call again with the rest until all is consumed. A chunk's data is handed out before its signature can be
    /// checked, so nothing may be kept of a body before [`Decoder::finish`] has agreed.
    pub fn step<'a>(&mut self, input: &'a [u8]) -> Result<Step<'a>, ChunkProblem> {
        if let At::Data { left, hash, .. } = &mut self.at {
            let take = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
            let data = &input[..take];
            *left -= take as u64;
            if let Some(hash) = hash {
                hash.update(data);
            }
            if *left == 0 {
                self.close_chunk()?;
            }
            return Ok(Step { consumed: take, data });
        }
        let (line_part, ended) = match input.iter().position(|byte| *byte == b'\n') {
            Some(at) => (&input[..=at], true),
            None => (input, false),
        };
        self.line.extend_from_slice(line_part);
        let limit = if matches!(self.at, At::Trailers) { MAX_TRAILERS } else { MAX_LINE };
        if self.line.len() > limit {
            return Err(ChunkProblem::Malformed("a shorter line"));
        }
        if ended {
            self.close_line()?;
        }
        Ok(Step { consumed: line_part.len(), data: &[] })
    }

    /// Agrees that the body was whole and answers its trailers, without the trailers' signature.
    pub fn finish(mut self) -> Result<Vec<(String, String)>, ChunkProblem> {
        if matches!(self.at, At::Trailers) {
            if !self.line.is_empty() {
                self.close_line()?;
            }
            self.close_trailers()?;
        }
        if !matches!(self.at, At::End) {
            return Err(ChunkProblem::Incomplete);
        }
        match self.expected {
            Some(expected) if expected != self.found => Err(ChunkProblem::WrongLength { expected, found: self.found }),
            _ => Ok(self.trailers),
        }
    }

    fn close_line(&mut self) -> Result<(), ChunkProblem> {
        let taken = std::mem::take(&mut self.line);
        let line = taken.strip_suffix(b"\n").unwrap_or(&taken);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.at {
            At::Size => self.open_chunk(line),
            At::DataEnd if line.is_empty() => {
                self.at = At::Size;
                Ok(())
            }
            At::DataEnd => Err(ChunkProblem::Malformed("a line end after the chunk")),
            At::Trailers => self.trailer_line(line),
            At::End if line.is_empty() => Ok(()),
            At::End | At::Data { .. } => Err(ChunkProblem::Malformed("the end of the body")),
        }
    }

    /// `10000;chunk-signature=…`
    fn open_chunk(&mut self, line: &[u8]) -> Result<(), ChunkProblem> {
        let text = str::from_utf8(line).map_err(|_| ChunkProblem::Malformed("a chunk size"))?;
        let (size, extensions) = text.split_once(';').unwrap_or((text, ""));
        let left = parse_size(size.trim()).ok_or(ChunkProblem::Malformed("a chunk size"))?;
        self.found = self.found.checked_add(left).ok_or(ChunkProblem::Malformed("a chunk size"))?;
        if let Some(expected) = self.expected.filter(|expected| self.found > *expected) {
            return Err(ChunkProblem::WrongLength { expected, found: self.found });
        }
        let signature = extensions.split(';').find_map(|extension| extension.trim().strip_prefix("chunk-signature="));
        if signature.is_none() && self.streaming != Streaming::UnsignedTrailer {
            return Err(ChunkProblem::Malformed("a chunk signature"));
        }
        let signature = signature.unwrap_or_default().to_owned();
        let hash = self.signer.is_some().then(|| Context::new(&SHA256));
        let is_last = left == 0;
        self.at = At::Data { left, hash, signature };
        if is_last {
            self.close_chunk()?;
            self.at = At::Trailers;
        }
        Ok(())
    }

    fn close_chunk(&mut self) -> Result<(), ChunkProblem> {
        if let At::Data { hash, signature, .. } = std::mem::replace(&mut self.at, At::DataEnd)
            && let (Some(hash), Some(signer)) = (hash, &mut self.signer)
        {
            signer.chunk(&hex(hash.finish().as_ref()), &signature)?;
            signer.previous = signature;
        }
        Ok(())
    }

    fn trailer_line(&mut self, line: &[u8]) -> Result<(), ChunkProblem> {
        self.trailer_bytes += line.len();
        if self.trailer_bytes > MAX_TRAILERS {
            return Err(ChunkProblem::TrailerMalformed);
        }
        if line.is_empty() {
            // AWS's own example has an empty line before the signature of the trailers.
            let signature_to_come = self.streaming == Streaming::SignedTrailer && self.trailer_signature.is_none();
            return if signature_to_come && !self.trailers.is_empty() { Ok(()) } else { self.close_trailers() };
        }
        let text = str::from_utf8(line).map_err(|_| ChunkProblem::TrailerMalformed)?;
        let (name, value) = text.split_once(':').ok_or(ChunkProblem::TrailerMalformed)?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        match name.as_str() {
            "" => return Err(ChunkProblem::TrailerMalformed),
            "x-amz-trailer-signature" => self.trailer_signature = Some(value),
            _ => self.trailers.push((name, value)),
        }
        Ok(())
    }

    fn close_trailers(&mut self) -> Result<(), ChunkProblem> {
        self.at = At::End;
        if self.streaming == Streaming::Signed && !self.trailers.is_empty() {
            return Err(ChunkProblem::TrailerMalformed);
        }
        if self.streaming != Streaming::SignedTrailer {
            return Ok(());
        }
        let Some(signature) = &self.trailer_signature else {
            return Err(ChunkProblem::TrailerMalformed);
        };
        if let Some(signer) = &mut self.signer {
            let lines: String = self.trailers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
            signer.trailer(&BodyHash::of(lines.as_bytes()), signature)?;
        }
        Ok(())
    }
}

/// A size in hexadecimal, of at most sixteen digits.
fn parse_size(text: &str) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    text.bytes().try_fold(0u64, |size, digit| Some(size << 4 | u64::from(hex_digit(digit)?)))
}

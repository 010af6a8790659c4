//! Which sort of authentication a request brings, if any.

use http::HeaderMap;

use crate::canonical::query_value;
use crate::presented::header_text;
use crate::{Legacy, Place, Presented, Problem};

/// How a request says who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authentication {
    V4(Presented),
    /// S3's first signatures, which boto3 still makes for presigned URLs.
    Legacy(Legacy),
}

impl Authentication {
    /// Finds and reads the authentication of a request; `None` when it has none. A bearer token is not ours to judge.
    pub fn read(headers: &HeaderMap, query: &str) -> Result<Option<Self>, Problem> {
        let in_query = Self::read_query(query);
        let Some(header) = header_text(headers, "authorization") else {
            return in_query;
        };
        if header.starts_with("Bearer ") || header.starts_with("Basic ") {
            return in_query;
        }
        if !matches!(in_query, Ok(None)) {
            return Err(Problem::TwoWays);
        }
        if header.starts_with("AWS ") {
            return Legacy::from_header(header, headers).map(Self::Legacy).map(Some);
        }
        Presented::from_header(header, headers).map(Self::V4).map(Some)
    }

    fn read_query(query: &str) -> Result<Option<Self>, Problem> {
        if query.contains("X-Amz-Algorithm=") || query.contains("X-Amz-Signature=") {
            return Presented::from_query(query).map(Self::V4).map(Some);
        }
        if query.contains("AWSAccessKeyId=") && query_value(query, "AWSAccessKeyId").is_some() {
            return Legacy::from_query(query).map(Self::Legacy).map(Some);
        }
        Ok(None)
    }

    /// The access key that signed.
    pub fn access_key(&self) -> &str {
        match self {
            Self::V4(presented) => &presented.credential.access_key,
            Self::Legacy(legacy) => &legacy.access_key,
        }
    }

    /// The session token of temporary credentials.
    pub fn token(&self) -> Option<&str> {
        match self {
            Self::V4(presented) => presented.token.as_deref(),
            Self::Legacy(legacy) => legacy.token.as_deref(),
        }
    }

    /// Where the signature stands.
    pub fn place(&self) -> Place {
        match self {
            Self::V4(presented) => presented.place,
            Self::Legacy(legacy) => legacy.place,
        }
    }
}

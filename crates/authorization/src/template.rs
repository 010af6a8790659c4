//! Templates of ARNs: `arn:aws:lambda:{Region}:{Account}:function:{FunctionName}[:{Qualifier}]`.
//!
//! `{A,B}` is the first of these members that the request has. `{A|last}` takes what is behind the last slash of a
//! value, `|typed` puts the type before an id of EC2 (`instance/i-…`), `|bare` drops a slash before it, `|source` is S3's `bucket/key?versionId=…`, `|plain` drops the ending `:*`,
//! `|queue` makes `account:name` of a queue's URL.
//! `[…]` is there if the members in it are. A value that is an ARN stands for the whole.

use std::borrow::Cow;

use kogumo_wire::Structure;

use crate::member::{only, values};

/// Where a call is made.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub region: &'a str,
    pub account: &'a str,
}

/// A template; an optional one (`?arn:…`) counts only where the request has all of its members.
#[derive(Debug)]
pub struct Template {
    pieces: Vec<Piece>,
    pub optional: bool,
}

#[derive(Debug)]
enum Piece {
    Text(&'static str),
    Region,
    Account,
    Value { members: Vec<&'static str>, filter: &'static str },
    Option(Vec<Piece>),
}

impl Template {
    pub fn read(text: &'static str) -> Self {
        let (text, optional) = text.strip_prefix('?').map_or((text, false), |text| (text, true));
        Template { pieces: pieces(text), optional }
    }

    /// The ARNs that a request means, with `*` for what it does not say.
    pub fn fill(&self, input: &dyn Structure, place: Place<'_>) -> Vec<String> {
        fill(&self.pieces, input, place)
    }

    /// Whether the request has all of its members.
    pub fn is_given(&self, input: &dyn Structure) -> bool {
        self.pieces.iter().all(|piece| piece.is_given(input))
    }

    /// The values of a template that is a single member.
    pub fn given(&self, input: &dyn Structure, place: Place<'_>) -> Vec<String> {
        let mut filled = self.fill(input, place);
        filled.retain(|value| value != "*");
        filled
    }
}

/// Most ARNs are no longer.
const USUAL: usize = 112;

fn fill(pieces: &[Piece], input: &dyn Structure, place: Place<'_>) -> Vec<String> {
    let mut filled = vec![String::with_capacity(USUAL)];
    for piece in pieces {
        match piece {
            Piece::Text(text) => append(&mut filled, text),
            Piece::Region => append(&mut filled, place.region),
            Piece::Account => append(&mut filled, place.account),
            Piece::Option(inner) => {
                if inner.iter().all(|piece| piece.is_given(input)) {
                    let more = fill(inner, input, place);
                    multiply(&mut filled, &more);
                }
            }
            Piece::Value { members, filter } => match members.iter().find_map(|member| Said::of(input, member)) {
                None => append(&mut filled, "*"),
                Some(Said::Once(value)) => {
                    let value = cut(value, filter);
                    if value.starts_with("arn:") {
                        return vec![value.into_owned()];
                    }
                    append(&mut filled, &value);
                }
                Some(Said::Often(values)) => {
                    let values = values.into_iter().map(|value| cut(Cow::Owned(value), filter).into_owned());
                    let mut values: Vec<String> = values.collect();
                    if values.iter().any(|value| value.starts_with("arn:")) {
                        values.retain(|value| value.starts_with("arn:"));
                        return values;
                    }
                    multiply(&mut filled, &values);
                }
            },
        }
    }
    filled
}

/// What a request says at a path. Mostly that is one text, and nothing needs to be copied.
enum Said<'a> {
    Once(Cow<'a, str>),
    Often(Vec<String>),
}

impl<'a> Said<'a> {
    fn of(input: &'a dyn Structure, path: &str) -> Option<Self> {
        only(input, path).map(Said::Once).or_else(|| {
            let values = values(input, path);
            (!values.is_empty()).then_some(Said::Often(values))
        })
    }
}

impl Piece {
    fn is_given(&self, input: &dyn Structure) -> bool {
        match self {
            Piece::Value { members, .. } => members.iter().any(|member| !values(input, member).is_empty()),
            Piece::Text(_) | Piece::Region | Piece::Account | Piece::Option(_) => true,
        }
    }
}

fn append(filled: &mut [String], text: &str) {
    filled.iter_mut().for_each(|one| one.push_str(text));
}

fn multiply(filled: &mut Vec<String>, more: &[String]) {
    *filled = filled.iter().flat_map(|one| more.iter().map(move |text| format!("{one}{text}"))).collect();
}

fn cut<'v>(whole: Cow<'v, str>, filter: &str) -> Cow<'v, str> {
    let value = &*whole;
    let cut = match filter {
        "last" if !value.starts_with("arn:") => value.rsplit('/').next().unwrap_or(value),
        "bare" => value.trim_start_matches('/'),
        "source" => value.split('?').next().unwrap_or(value).trim_start_matches('/'),
        "plain" => value.strip_suffix(":*").unwrap_or(value),
        "typed" => value,
        "queue" => return queue(value).into(),
        _ => return whole,
    };
    match filter {
        "source" => decoded(cut).into(),
        "typed" => format!("{}/{cut}", ec2_type(cut)).into(),
        _ => cut.to_owned().into(),
    }
}

/// `account:name` of a queue's URL: its last two parts.
fn queue(url: &str) -> String {
    let mut parts = url.trim_end_matches('/').rsplit('/');
    let (name, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let account = if account.len() == 12 { account } else { "*" };
    format!("{account}:{name}")
}

/// The type of an EC2 resource by the letters of its id.
fn ec2_type(id: &str) -> &'static str {
    match id.split('-').next().unwrap_or_default() {
        "i" => "instance",
        "ami" => "image",
        "vol" => "volume",
        "snap" => "snapshot",
        "sg" => "security-group",
        "sgr" => "security-group-rule",
        "vpc" => "vpc",
        "subnet" => "subnet",
        "rtb" => "route-table",
        "igw" => "internet-gateway",
        "eigw" => "egress-only-internet-gateway",
        "nat" => "natgateway",
        "eni" => "network-interface",
        "eipalloc" => "elastic-ip",
        "acl" => "network-acl",
        "dopt" => "dhcp-options",
        "lt" => "launch-template",
        "key" => "key-pair",
        "pcx" => "vpc-peering-connection",
        "vpce" => "vpc-endpoint",
        "fl" => "vpc-flow-log",
        _ => "*",
    }
}

/// Percent signs undone: S3 takes sources encoded as in URLs.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let hex = behind.get(..2).filter(|_| first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn pieces(text: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '[']) {
        let (before, inside) = rest.split_at(at);
        let close = if inside.starts_with('{') { '}' } else { ']' };
        let (within, behind) = inside.get(1..).and_then(|inside| inside.split_once(close)).unwrap_or((inside, ""));
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(match (close, within) {
            (']', within) => Piece::Option(self::pieces(within)),
            (_, "Region") => Piece::Region,
            (_, "Account") => Piece::Account,
            (_, within) => {
                let (members, filter) = within.split_once('|').unwrap_or((within, ""));
                Piece::Value { members: members.split(',').collect(), filter }
            }
        });
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

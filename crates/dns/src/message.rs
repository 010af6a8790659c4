//! DNS messages: a question read, an answer written.

use std::net::IpAddr;

use hickory_proto::op::{Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, PTR};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::{Answer, Kind, Question};

/// Names change with the resources they are of.
const SECONDS_TO_LIVE: u32 = 5;
/// What a client takes over UDP that does not say otherwise (RFC 1035).
const UDP_LENGTH: usize = 512;

/// What becomes of a message.
pub(crate) enum Outcome {
    Reply(Vec<u8>),
    /// It is for somebody else.
    Forward,
    /// It is no question at all.
    Ignore,
}

/// Answers a message with what `look_up` knows. Over UDP an answer that is too long is cut, and says so.
pub(crate) fn answer(bytes: &[u8], udp: bool, look_up: impl FnOnce(&Question) -> Option<Answer>) -> Outcome {
    let Ok(query) = Message::from_vec(bytes) else { return Outcome::Ignore };
    if query.metadata.message_type != MessageType::Query {
        return Outcome::Ignore;
    }
    if query.metadata.op_code != OpCode::Query {
        return reply(&query, udp, ResponseCode::NotImp, Vec::new());
    }
    let [asked] = query.queries.as_slice() else {
        return reply(&query, udp, ResponseCode::FormErr, Vec::new());
    };
    if asked.query_class != DNSClass::IN {
        return Outcome::Forward;
    }
    let name = asked.name.to_ascii().to_ascii_lowercase();
    let kind = match asked.query_type {
        RecordType::A => Kind::A,
        RecordType::AAAA => Kind::Aaaa,
        RecordType::PTR => Kind::Ptr,
        _ => Kind::Other,
    };
    let question = Question { name: name.trim_end_matches('.').to_owned(), kind };
    let Some(answer) = look_up(&question) else { return Outcome::Forward };
    let record = |data| Record::from_rdata(asked.name.clone(), SECONDS_TO_LIVE, data);
    match answer {
        Answer::Nothing => reply(&query, udp, ResponseCode::NXDomain, Vec::new()),
        Answer::Addresses(addresses) => {
            let data = addresses.into_iter().map(|address| match address {
                IpAddr::V4(address) => RData::A(A(address)),
                IpAddr::V6(address) => RData::AAAA(AAAA(address)),
            });
            reply(&query, udp, ResponseCode::NoError, data.map(record).collect())
        }
        Answer::Names(names) => {
            let data = names.into_iter().filter_map(|name| Some(RData::PTR(PTR(Name::from_ascii(name + ".").ok()?))));
            reply(&query, udp, ResponseCode::NoError, data.map(record).collect())
        }
    }
}

/// Says that nobody could be asked.
pub(crate) fn failure(bytes: &[u8]) -> Option<Vec<u8>> {
    let query = Message::from_vec(bytes).ok()?;
    match reply(&query, false, ResponseCode::ServFail, Vec::new()) {
        Outcome::Reply(bytes) => Some(bytes),
        _ => None,
    }
}

fn reply(query: &Message, udp: bool, code: ResponseCode, answers: Vec<Record>) -> Outcome {
    let mut message = Message::response(query.metadata.id, query.metadata.op_code);
    message.metadata.recursion_desired = query.metadata.recursion_desired;
    message.metadata.recursion_available = true;
    message.metadata.authoritative = code != ResponseCode::ServFail;
    message.metadata.response_code = code;
    message.queries.clone_from(&query.queries);
    message.answers = answers;
    if query.edns.is_some() {
        message.edns = Some(hickory_proto::op::Edns::new());
    }
    let most =
        if udp { query.edns.as_ref().map_or(UDP_LENGTH, |edns| usize::from(edns.max_payload())) } else { usize::MAX };
    let written =
        message.to_vec().and_then(|bytes| if bytes.len() > most { message.truncate().to_vec() } else { Ok(bytes) });
    match written {
        Ok(bytes) => Outcome::Reply(bytes),
        Err(error) => {
            tracing::warn!(%error, "an answer of the DNS cannot be written");
            Outcome::Ignore
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hickory_proto::op::Query;
    use proptest::prelude::*;

    fn query(name: &str, kind: RecordType) -> Vec<u8> {
        let mut message = Message::query();
        message.add_query(Query::query(Name::from_ascii(name).expect("a name"), kind));
        message.to_vec().expect("bytes")
    }

    #[test]
    fn answers_what_is_known() {
        let asked = query("Sts.amazonaws.com.", RecordType::A);
        let outcome = answer(&asked, true, |question| {
            assert_eq!(question, &Question { name: "sts.amazonaws.com".into(), kind: Kind::A });
            Some(Answer::Addresses(vec!["198.18.0.2".parse().expect("an address")]))
        });
        let Outcome::Reply(bytes) = outcome else { panic!("no reply") };
        let message = Message::from_vec(&bytes).expect("a message");
        assert_eq!(message.metadata.response_code, ResponseCode::NoError);
        assert_eq!(message.answers.len(), 1);
    }

    #[test]
    fn cuts_what_is_too_long_for_udp() {
        let many: Vec<IpAddr> = (0..200_u8).map(|last| IpAddr::from([10, 0, 0, last])).collect();
        let asked = query("many.amazonaws.com.", RecordType::A);
        let Outcome::Reply(bytes) = answer(&asked, true, |_| Some(Answer::Addresses(many.clone()))) else {
            panic!("no reply")
        };
        assert!(bytes.len() <= UDP_LENGTH && Message::from_vec(&bytes).expect("a message").metadata.truncation);
        let Outcome::Reply(bytes) = answer(&asked, false, |_| Some(Answer::Addresses(many))) else {
            panic!("no reply")
        };
        assert_eq!(Message::from_vec(&bytes).expect("a message").answers.len(), 200);
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(bytes: Vec<u8>) {
            let _ = answer(&bytes, true, |_| Some(Answer::Nothing));
            let _ = failure(&bytes);
        }
    }
}

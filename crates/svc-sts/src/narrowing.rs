//! What a caller gives a session besides its name: session policies and tags. Checked here, kept with the session.

use std::collections::{BTreeMap, BTreeSet};

use kogumo_door::Session;
use kogumo_model::sts::{
    MALFORMED_POLICY_DOCUMENT_EXCEPTION, PACKED_POLICY_TOO_LARGE_EXCEPTION, PolicyDescriptorType, Tag,
};
use kogumo_policy::{Document, Sort};
use kogumo_wire::Fault;

/// Bytes that session policies and tags may have together. AWS packs them and does not say how; this is the packed room.
const ROOM: usize = 4096;

/// The longest inline session policy, in characters.
const LONGEST_POLICY: usize = 2048;

const MOST_POLICIES: usize = 10;

/// Session policies and tags as a request gives them.
#[derive(Default)]
pub struct Narrowing {
    pub policy: Option<String>,
    pub policy_arns: Option<Vec<PolicyDescriptorType>>,
    pub tags: Option<Vec<Tag>>,
    pub transitive: Option<Vec<String>>,
}

impl Narrowing {
    /// Puts them into a session, on top of the tags that the calling session hands on. Answers the part of the room that
    /// they take, in per cent; none if there is nothing.
    ///
    /// # Errors
    /// MalformedPolicyDocument, PackedPolicyTooLarge, and AWS's words for tags that do not fit together.
    pub fn apply(self, session: &mut Session, calling: Option<&Session>) -> Result<Option<i32>, Fault> {
        if let Some(policy) = self.policy {
            check_policy(&policy)?;
            session.policies.push(policy);
        }
        session.policy_arns =
            self.policy_arns.unwrap_or_default().into_iter().filter_map(|policy| policy.arn).collect();
        if session.policy_arns.len() > MOST_POLICIES {
            return Err(Fault::validation("The number of managed policies cannot be greater than 10."));
        }
        let (tags, transitive) = (made(self.tags.unwrap_or_default())?, self.transitive.unwrap_or_default());
        if let Some(missing) = transitive.iter().find(|key| !tags.contains_key(*key)) {
            let message = format!("The transitive tag key '{missing}' must be one of the tags of the session.");
            return Err(invalid(message));
        }
        let inherited = calling.map(inherited).unwrap_or_default();
        if inherited.keys().any(|key| tags.keys().any(|own| own.eq_ignore_ascii_case(key))) {
            return Err(invalid(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the \
                 calling session.",
            ));
        }
        session.transitive = inherited.keys().cloned().chain(transitive).collect();
        session.tags = inherited.into_iter().chain(tags).collect();
        packed(session)
    }
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::coded("InvalidParameterValue", 400, message.into())
}

/// The tags that a session hands on.
pub fn inherited(session: &Session) -> BTreeMap<String, String> {
    let handed_on: &BTreeSet<String> = &session.transitive;
    session
        .tags
        .iter()
        .filter(|(key, _)| handed_on.contains(*key))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn check_policy(policy: &str) -> Result<(), Fault> {
    let malformed = |problem: kogumo_policy::Problem| MALFORMED_POLICY_DOCUMENT_EXCEPTION.because(problem.to_string());
    if policy.chars().count() > LONGEST_POLICY {
        return Err(PACKED_POLICY_TOO_LARGE_EXCEPTION.because("Serialized token too large for session"));
    }
    Document::parse(policy).map_err(malformed)?.check(Sort::Identity).map_err(malformed)
}

fn made(tags: Vec<Tag>) -> Result<BTreeMap<String, String>, Fault> {
    let mut made: BTreeMap<String, String> = BTreeMap::new();
    for tag in tags {
        if tag.key.to_ascii_lowercase().starts_with("aws:") {
            return Err(invalid("Tag keys must not start with aws:"));
        }
        if made.keys().any(|key| key.eq_ignore_ascii_case(&tag.key)) {
            return Err(invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
        }
        made.insert(tag.key, tag.value);
    }
    Ok(made)
}

fn packed(session: &Session) -> Result<Option<i32>, Fault> {
    let texts = session.policies.iter().chain(&session.policy_arns);
    let tags = session.tags.iter().map(|(key, value)| key.len() + value.len());
    let bytes = texts.map(String::len).sum::<usize>() + tags.sum::<usize>();
    if bytes == 0 {
        return Ok(None);
    }
    let percent = (bytes * 100).div_ceil(ROOM);
    if bytes > ROOM {
        let message = match session.policies.is_empty() && session.policy_arns.is_empty() {
            true => format!("Packed size of session tags consumes {percent}% of allotted space."),
            false => format!("Packed policy consumes {percent}% of allotted space, please use smaller policy."),
        };
        return Err(PACKED_POLICY_TOO_LARGE_EXCEPTION.because(message));
    }
    Ok(i32::try_from(percent).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.into(), value: value.into() }
    }

    #[test]
    fn transitive_tags_go_on_and_stay() {
        let mut first = Session::default();
        let given = Narrowing {
            tags: Some(vec![tag("team", "blue"), tag("desk", "4")]),
            transitive: Some(vec!["team".into()]),
            ..Narrowing::default()
        };
        assert!(given.apply(&mut first, None).expect("fits").is_some());
        let mut second = Session::default();
        assert!(Narrowing::default().apply(&mut second, Some(&first)).expect("fits").is_some());
        assert_eq!(second.tags, BTreeMap::from([("team".to_owned(), "blue".to_owned())]));
        let other = Narrowing { tags: Some(vec![tag("Team", "red")]), ..Narrowing::default() };
        assert!(other.apply(&mut Session::default(), Some(&second)).is_err());
    }

    #[test]
    fn policies_are_checked() {
        let given = |policy: &str| Narrowing { policy: Some(policy.to_owned()), ..Narrowing::default() };
        let refused = given("{").apply(&mut Session::default(), None).expect_err("malformed");
        assert!(refused.is(&MALFORMED_POLICY_DOCUMENT_EXCEPTION), "{refused}");
        let nothing = Narrowing::default().apply(&mut Session::default(), None).expect("fits");
        assert_eq!(nothing, None);
    }
}

//! ARNs with wildcards. The six parts are matched each for itself, so that a `*` in the region does not swallow the
//! account; a star that ends the pattern reaches to the end.
//! Source: IAM User Guide, "IAM JSON policy elements: Resource" and "ARN condition operators".

use crate::Context;
use crate::pattern::{Pattern, Piece};

/// What a resource is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct ArnPattern {
    /// One to six patterns. With less than six, the last one takes the rest of the ARN.
    parts: Vec<Pattern>,
    /// The whole, where it can be nothing else: most policies name their resources.
    plain: Option<String>,
}

impl ArnPattern {
    pub fn read(text: &str, variables: bool) -> Self {
        let whole = Pattern::read(text, variables);
        if !text.starts_with("arn:") {
            return ArnPattern { parts: vec![whole], plain: None };
        }
        let plain = whole.as_plain().map(str::to_owned);
        let mut parts = vec![Vec::new()];
        for piece in whole.pieces() {
            match piece {
                Piece::Text(text) => split_into(text, &mut parts),
                other => push(&mut parts, other.clone()),
            }
        }
        ArnPattern { parts: parts.into_iter().map(Pattern::of).collect(), plain }
    }

    /// Whether it is a lone `*`.
    pub fn is_any(&self) -> bool {
        matches!(self.parts.as_slice(), [only] if only.is_any())
    }

    pub fn fits(&self, arn: &str, context: &Context) -> bool {
        if let Some(plain) = &self.plain {
            return plain == arn;
        }
        if self.is_any() {
            return true;
        }
        let mut texts = arn.splitn(self.parts.len(), ':');
        self.parts.iter().all(|part| texts.next().is_some_and(|text| part.is_any() || part.fits(text, context)))
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().flat_map(Pattern::variables)
    }

    pub fn shown(&self) -> String {
        self.parts.iter().map(Pattern::shown).collect::<Vec<_>>().join(":")
    }
}

fn push(parts: &mut [Vec<Piece>], piece: Piece) {
    if let Some(last) = parts.last_mut() {
        last.push(piece);
    }
}

/// Adds a text to the last part, with a new part behind each colon until there are six.
fn split_into(text: &str, parts: &mut Vec<Vec<Piece>>) {
    let mut rest = text;
    loop {
        let cut = if parts.len() < 6 { rest.split_once(':') } else { None };
        let here = cut.map_or(rest, |(here, _)| here);
        if !here.is_empty() {
            push(parts, Piece::Text(here.to_owned()));
        }
        match cut {
            Some((_, behind)) => {
                parts.push(Vec::new());
                rest = behind;
            }
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_matched_each_for_itself() {
        let mut context = Context::default();
        context.put("aws:username", "a:b");
        for (pattern, arn, expected) in [
            ("*", "*", true),
            ("arn:aws:s3:::b", "arn:aws:s3:::b", true),
            ("arn:aws:s3:::b", "arn:aws:s3:::b:c", false),
            ("arn:aws:s3", "arn:aws:s3:::b", false),
            ("*", "arn:aws:s3:::b", true),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b/a:c/d", true),
            ("arn:aws:s3:::b/*", "arn:aws:s3:::b", false),
            ("arn:aws:s3:::*", "*", false),
            ("arn:aws:sqs:*:111122223333:q", "arn:aws:sqs:us-east-1:111122223333:q", true),
            ("arn:aws:sqs:*:q", "arn:aws:sqs:us-east-1:111122223333:q", false),
            ("arn:aws:sqs:*", "arn:aws:sqs:us-east-1:111122223333:q", true),
            ("arn:aws:lambda:us-east-1:1:function:f:*", "arn:aws:lambda:us-east-1:1:function:f:prod", true),
            ("arn:aws:lambda:us-east-1:1:function:f", "arn:aws:lambda:us-east-1:1:function:f:prod", false),
            ("arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/a:b", true),
            ("arn:aws:s3:${aws:username}:", "arn:aws:s3:a:b:c", false),
        ] {
            assert_eq!(ArnPattern::read(pattern, true).fits(arn, &context), expected, "{pattern} {arn}");
        }
    }
}

//! The text of `Fn::Sub`, taken apart: `${Name}`, `${Resource.Attribute}`, and `${!Literal}`.

/// A piece of the text, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    /// What stands between `${` and `}`, trimmed.
    Variable(&'a str),
    /// `${!Name}`: stands for `${Name}`.
    Literal(&'a str),
}

/// Takes a text apart; a `${` without `}` is text.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        if start > 0 {
            pieces.push(Piece::Text(&rest[..start]));
        }
        let inside = &rest[start + 2..start + length];
        pieces.push(match inside.strip_prefix('!') {
            Some(literal) => Piece::Literal(literal),
            None => Piece::Variable(inside.trim()),
        });
        rest = &rest[start + length + 1..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_apart() {
        assert_eq!(
            pieces("a${B}${!C}-${D.E}$"),
            vec![
                Piece::Text("a"),
                Piece::Variable("B"),
                Piece::Literal("C"),
                Piece::Text("-"),
                Piece::Variable("D.E"),
                Piece::Text("$")
            ]
        );
        assert_eq!(pieces("${open"), vec![Piece::Text("${open")]);
        assert_eq!(pieces(""), vec![]);
    }
}

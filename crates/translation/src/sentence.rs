//! Cuts a text into sentences, and punctuation from one script's into the other's.

/// The longest sentence, in characters, that is looked at as one: a text without any full stop is cut here.
const LONGEST: usize = 400;

/// A piece of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece<'a> {
    /// A sentence, without its final marks.
    Sentence(&'a str),
    /// Final marks, brackets, quotation marks.
    Mark(char),
    /// A line break or other control character.
    Break(char),
}

/// The pieces of `text`, in order; white space around sentences is dropped.
pub fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut length = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_, c)| *c);
        let ends = match c {
            '.' | ':' => next.is_none_or(char::is_whitespace),
            _ => is_mark(c) || is_break(c),
        };
        length += 1;
        let after = at + c.len_utf8();
        if ends {
            sentence(&mut pieces, &text[start..at]);
            pieces.push(if is_break(c) { Piece::Break(c) } else { Piece::Mark(c) });
        } else if length >= LONGEST {
            sentence(&mut pieces, &text[start..after]);
        } else {
            continue;
        }
        (start, length) = (after, 0);
    }
    sentence(&mut pieces, &text[start..]);
    pieces
}

fn sentence<'a>(pieces: &mut Vec<Piece<'a>>, text: &'a str) {
    let text = text.trim();
    if !text.is_empty() {
        pieces.push(Piece::Sentence(text));
    }
}

fn is_break(c: char) -> bool {
    c.is_control()
}

fn is_mark(c: char) -> bool {
    "。！？!?．：；;「」『』（）()【】［］〔〕〈〉《》“”\"…‥".contains(c)
}

/// The English mark for a Japanese one.
pub fn english_mark(c: char) -> char {
    match c {
        '。' | '．' => '.',
        '！' => '!',
        '？' => '?',
        '：' => ':',
        '；' => ';',
        '「' | '」' | '『' | '』' => '"',
        '（' => '(',
        '）' => ')',
        '【' | '［' | '〔' => '[',
        '】' | '］' | '〕' => ']',
        '‥' => '…',
        c => c,
    }
}

/// The Japanese mark for an English one; `opening` tells which of a pair a straight quotation mark is.
pub fn japanese_mark(c: char, opening: bool) -> char {
    match c {
        '.' => '。',
        '!' => '！',
        '?' => '？',
        ':' => '：',
        ';' => '；',
        '(' => '（',
        ')' => '）',
        '"' if opening => '「',
        '"' => '」',
        '“' => '「',
        '”' => '」',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_fall_into_sentences() {
        assert_eq!(
            pieces("はい。いいえ！\nVersion 1.5 is here."),
            [
                Piece::Sentence("はい"),
                Piece::Mark('。'),
                Piece::Sentence("いいえ"),
                Piece::Mark('！'),
                Piece::Break('\n'),
                Piece::Sentence("Version 1.5 is here"),
                Piece::Mark('.'),
            ]
        );
        assert_eq!(pieces(&"あ".repeat(1_000)).len(), 3);
        assert!(pieces("  ").is_empty());
    }
}

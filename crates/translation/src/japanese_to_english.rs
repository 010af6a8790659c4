//! Japanese text into English text, sentence by sentence.

use crate::clause;
use crate::english::{capitalised, joined};
use crate::lexicon;
use crate::morpheme;
use crate::reader;
use crate::sentence::{Piece, english_mark, pieces};

/// The whole text in English. Lines stay lines.
pub fn translate(text: &str) -> String {
    let text = narrow(text);
    let pieces = pieces(&text);
    let mut out = String::new();
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Break(c) => out.push(*c),
            Piece::Mark(c) => mark(&mut out, english_mark(*c), matches!(c, '「' | '『' | '“')),
            Piece::Sentence(japanese) => {
                let question = matches!(pieces.get(at + 1), Some(Piece::Mark('？' | '?')));
                let ended =
                    matches!(pieces.get(at + 1), Some(Piece::Mark('。' | '．' | '.' | '!' | '！' | '？' | '?')));
                let (english, asks) = sentence(japanese, question, ended);
                if !out.is_empty() && !out.ends_with(['\n', '(', '[', '"', ' ']) {
                    out.push(' ');
                }
                out.push_str(&english);
                if asks && !question {
                    out.push('?');
                }
            }
        }
    }
    out
}

/// Puts a mark where English puts it: after a question that already got its own, a full stop is left out.
fn mark(out: &mut String, c: char, opening: bool) {
    if c == '.' && out.ends_with(['?', '!']) {
        return;
    }
    if (opening || "([".contains(c)) && !out.is_empty() && !out.ends_with(char::is_whitespace) {
        out.push(' ');
    }
    out.push(c);
}

/// One sentence, and whether it asks without having said so by a mark.
fn sentence(japanese: &str, question: bool, ended: bool) -> (String, bool) {
    if let Some(phrase) = lexicon::japanese_phrase(japanese) {
        let asks = japanese.ends_with('か') && lexicon_question(phrase);
        return (phrase.to_string(), asks);
    }
    // こんにちは、世界: what is called out, then the rest.
    if let Some((first, rest)) = japanese.split_once(['、', '，'])
        && let Some(phrase) = lexicon::japanese_phrase(first)
    {
        let (rest, asks) = sentence(rest, question, false);
        let name = rest.starts_with("I ")
            || rest.starts_with("I'")
            || morpheme::analyse(japanese).iter().any(|m| m.is("名詞", "人名"));
        let rest = if name { rest } else { uncapitalised(&rest) };
        return (format!("{phrase}, {rest}"), asks);
    }
    grammar(japanese, question, ended)
}

fn uncapitalised(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_lowercase().collect::<String>());
    first.unwrap_or_default() + chars.as_str()
}

/// Whether a phrase of the list is a question in English too (`そうですか` is not).
fn lexicon_question(english: &str) -> bool {
    let first = english.split(' ').next().unwrap_or_default();
    matches!(first, "What" | "Where" | "How" | "Are" | "Is" | "Do" | "Does" | "Really" | "Who" | "When" | "Why")
}

fn grammar(japanese: &str, question: bool, ended: bool) -> (String, bool) {
    let morphemes = morpheme::analyse(japanese);
    let read = reader::read(&morphemes, question);
    let asks = read.clauses.last().is_some_and(|last| last.question);
    let has_verb = read.clauses.iter().any(|clause| clause.predicate.is_some());
    let leads: String = read.leads.iter().map(|lead| format!("{lead}, ")).collect();
    let clauses = clause::sentence(read.clauses);
    let english = joined(&[&leads, &clauses]);
    let english = english.trim_end_matches([',', ' ']).to_string();
    (if has_verb || ended || !leads.is_empty() { capitalised(&english) } else { english }, asks && has_verb)
}

/// Full-width letters and digits as ASCII, and the ideographic space as a space.
fn narrow(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' | 'Ａ'..='Ｚ' | 'ａ'..='ｚ' => char::from_u32(c as u32 - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        c => c,
    };
    text.chars().map(narrow).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_of_a_first_textbook() {
        let cases = [
            ("こんにちは", "Hello"),
            ("こんにちは、世界", "Hello, world"),
            ("こんにちは世界", "Hello world"),
            ("おはようございます。", "Good morning."),
            ("猫", "cat"),
            ("私は学生です", "I am a student"),
            ("私は学生です。", "I am a student."),
            ("猫が好きです", "I like cats"),
            ("私は猫が好きです。", "I like cats."),
            ("今日は天気がいいです", "The weather is nice today"),
            ("これは本です。", "This is a book."),
            ("私の名前は田中です。", "My name is Tanaka."),
            ("彼は東京に住んでいます。", "He lives in Tokyo."),
            ("私は毎日日本語を勉強します。", "I study Japanese every day."),
            ("昨日、映画を見ました。", "I watched a movie yesterday."),
            ("私は肉を食べません。", "I do not eat meat."),
            ("水を飲みたいです。", "I want to drink water."),
            ("駅はどこですか", "Where is the station?"),
            ("何を食べますか", "What do you eat?"),
            ("日本語を話せますか", "Can you speak Japanese?"),
            ("彼女は先生ではありません。", "She is not a teacher."),
            ("本を読んでください。", "Please read a book."),
            ("学校へ行きましょう。", "Let's go to school."),
            ("雨が降っています。", "It is raining."),
            ("大きい犬がいます。", "There is a big dog."),
            ("明日は学校に行かなければなりません。", "I have to go to school tomorrow."),
            ("泳ぐことができます。", "I can swim."),
            ("東京に行って、本を買いました。", "I went to Tokyo and bought a book."),
            ("忙しいから、行きません。", "Because it is busy, I do not go."),
            ("しかし、彼は来ませんでした。", "However, he did not come."),
            ("私は3冊の本を買いました。", "I bought 3 books."),
            ("これは私が書いた本です。", "This is the book that I wrote."),
            ("静かな部屋が欲しいです。", "I want a quiet room."),
            ("彼は学生だと思います。", "I think that he is a student."),
            ("機械学習は難しいです。", "Machine learning is difficult."),
            ("3時に会いましょう。", "Let's meet at 3 o'clock."),
            ("こんにちは、元気ですか？", "Hello, how are you?"),
            ("おはようございます、田中さん。", "Good morning, Tanaka."),
            ("昨日友達と映画を見に行きました。", "I went to watch a movie with a friend yesterday."),
            ("私は毎朝7時に起きます。", "I get up every morning at 7 o'clock."),
            ("机の上に本があります。", "There is a book on the desk."),
            ("写真を撮ってもいいですか？", "May I take a photo?"),
            ("ここで写真を撮ってはいけません。", "You must not take a photo here."),
            ("私には兄が二人います。", "I have 2 older brothers."),
            ("彼は日本に来たことがあります。", "He has come to Japan."),
            ("ファイルが見つかりません。", "The file is not found."),
            ("本を読むのが好きです。", "I like reading books."),
            ("静かにしてください。", "Please be quiet."),
            ("猫と犬が好きです。", "I like cats and dogs."),
            ("吾輩は猫である。名前はまだない。", "I am a cat. There is no name yet."),
            (
                "サーバーレスアーキテクチャで翻訳APIを構築しました。",
                "I built a translation API with a serverless architecture.",
            ),
            ("今日はいい天気です", "It is good weather today"),
            ("私は日本人です", "I am a Japanese person"),
            ("部屋に入ると、猫がいた。", "When I enter a room, there was a cat."),
            ("7月3日に行きます。", "I go on July 3."),
        ];
        let wrong: Vec<String> = cases
            .iter()
            .filter(|(japanese, english)| translate(japanese) != *english)
            .map(|(japanese, english)| format!("{japanese}: {:?}, not {english:?}", translate(japanese)))
            .collect();
        assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    }

    #[test]
    fn lines_and_letters_stay() {
        assert_eq!(translate("猫\n犬"), "cat\ndog");
        assert_eq!(translate("Kogumo"), "Kogumo");
        assert_eq!(translate(""), "");
    }
}

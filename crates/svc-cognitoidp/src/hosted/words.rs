//! What the pages say, in English and Japanese.

/// A language of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    English,
    Japanese,
}

impl Language {
    /// The language asked for by name, else the first of `Accept-Language` that the pages speak.
    pub fn of(asked: Option<&str>, accepted: Option<&str>) -> Self {
        let known = |tag: &str| {
            let tag = tag.trim().to_ascii_lowercase();
            let is = |code: &str| tag == code || tag.starts_with(&format!("{code}-"));
            if is("ja") {
                Some(Language::Japanese)
            } else if is("en") {
                Some(Language::English)
            } else {
                None
            }
        };
        if let Some(language) = asked.and_then(known) {
            return language;
        }
        let mut wishes: Vec<(u16, Language)> = Vec::new();
        for wish in accepted.unwrap_or_default().split(',') {
            let (tag, quality) = wish.split_once(";q=").unwrap_or((wish, "1"));
            let quality = quality.trim().parse::<f32>().map_or(0, |quality| (quality.clamp(0.0, 1.0) * 1000.0) as u16);
            wishes.extend(known(tag).map(|language| (quality, language)));
        }
        // Of equals the first one named.
        let best = wishes.iter().map(|(quality, _)| *quality).max().unwrap_or(0);
        wishes
            .iter()
            .find(|(quality, _)| *quality == best && best > 0)
            .map_or(Language::English, |(_, language)| *language)
    }

    pub fn code(self) -> &'static str {
        self.say("en", "ja")
    }

    /// One of two texts.
    pub fn say(self, english: &'static str, japanese: &'static str) -> &'static str {
        match self {
            Language::English => english,
            Language::Japanese => japanese,
        }
    }

    /// What is shown of an error: the ones that people meet, in their language.
    pub fn error(self, message: &str) -> String {
        let japanese = match message {
            "Incorrect username or password." => "ユーザー名またはパスワードが正しくありません。",
            "User does not exist." => "ユーザーが存在しません。",
            "User is not confirmed." => "ユーザーの確認が済んでいません。",
            "User is disabled." => "ユーザーは無効になっています。",
            "Password attempts exceeded" => {
                "パスワードの試行回数が上限を超えました。しばらく待ってからもう一度お試しください。"
            }
            "Password reset required for the user" => "パスワードの再設定が必要です。",
            "User already exists" => "そのユーザー名は既に使われています。",
            "An account with the given email already exists." => "そのメールアドレスのアカウントは既にあります。",
            "Invalid verification code provided, please try again." => {
                "確認コードが正しくありません。もう一度お試しください。"
            }
            "Invalid code provided, please request a code again." => {
                "コードが無効です。もう一度コードを取得してください。"
            }
            "Attempt limit exceeded, please try after some time." => {
                "試行回数が上限を超えました。しばらく待ってからもう一度お試しください。"
            }
            "Invalid code received for user" | "Invalid code or auth state for the user." => {
                "コードが正しくありません。"
            }
            "Username/client id combination not found." => "ユーザーが存在しません。",
            "Unable to login because of security reasons." => "セキュリティ上の理由によりサインインできません。",
            "Invalid session for the user, session is expired." => {
                "セッションの有効期限が切れました。もう一度サインインしてください。"
            }
            other => objection(other).unwrap_or(other),
        };
        match self {
            Language::English => message.to_owned(),
            Language::Japanese => japanese.to_owned(),
        }
    }
}

/// What a pool's policy has against a password, in Japanese. The words before it differ by operation.
fn objection(message: &str) -> Option<&'static str> {
    let what = message.strip_prefix("Password did not conform with policy: ");
    let what = what.or_else(|| message.strip_prefix("Password does not conform to policy: "))?;
    Some(match what {
        "Password not long enough" => "パスワードが短すぎます。",
        "Password must have uppercase characters" => "パスワードには大文字が必要です。",
        "Password must have lowercase characters" => "パスワードには小文字が必要です。",
        "Password must have numeric characters" => "パスワードには数字が必要です。",
        "Password must have symbol characters" => "パスワードには記号が必要です。",
        "Password cannot start or end with a space" => "パスワードの先頭と末尾に空白は使えません。",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::Language::{self, English, Japanese};

    #[test]
    fn errors_in_the_language_of_who_reads_them() {
        for beginning in ["Password did not conform with policy", "Password does not conform to policy"] {
            let message = format!("{beginning}: Password not long enough");
            assert_eq!(Japanese.error(&message), "パスワードが短すぎます。");
            assert_eq!(English.error(&message), message);
        }
        assert_eq!(Japanese.error("Something else"), "Something else");
    }

    #[test]
    fn the_first_language_that_is_spoken() {
        for (asked, accepted, expected) in [
            (None, None, English),
            (None, Some("ja,en-US;q=0.9"), Japanese),
            (None, Some("fr, ja-JP;q=0.8, en;q=0.9"), English),
            (None, Some("de"), English),
            (None, Some("ja;q=0"), English),
            (Some("ja"), Some("en"), Japanese),
            (Some("xx"), Some("ja"), Japanese),
            (None, Some(";;;,q=,ja;q=x"), English),
        ] {
            assert_eq!(Language::of(asked, accepted), expected, "{asked:?} {accepted:?}");
        }
    }
}

//! A message of the outbox as a letter (RFC 5322): pure.

use std::time::{Duration, UNIX_EPOCH};

use kogumo_door::outbox::Message;
use lettre::message::header::ContentType;
use lettre::message::{Mailbox, SinglePart};

/// The letter, or why there can be none.
pub fn letter(message: &Message) -> Result<lettre::Message, String> {
    let written = Duration::from_millis(u64::try_from(message.at.0).unwrap_or_default());
    let mut builder = lettre::Message::builder()
        .from(mailbox(&message.from)?)
        .to(mailbox(&message.to)?)
        .subject(&message.subject)
        .date(UNIX_EPOCH + written)
        .message_id(Some(format!("<{}@kogumo>", kogumo_base::uuid())));
    if let Some(reply_to) = &message.reply_to {
        builder = builder.reply_to(mailbox(reply_to)?);
    }
    let kind = if message.html { ContentType::TEXT_HTML } else { ContentType::TEXT_PLAIN };
    let body = SinglePart::builder().header(kind).body(message.text.clone());
    builder.singlepart(body).map_err(|error| error.to_string())
}

/// `jane@example.com`, `Jane <jane@example.com>`.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    text.parse().map_err(|error| format!("'{text}' is no address: {error}"))
}

#[cfg(test)]
mod tests {
    use kogumo_base::Timestamp;
    use kogumo_door::outbox::Medium;

    use super::*;

    fn message() -> Message {
        Message {
            medium: Medium::Mail,
            from: "Kogumo <no-reply@example.com>".into(),
            to: "jane@example.com".into(),
            subject: "確認コード".into(),
            text: "<b>123456</b>".into(),
            at: Timestamp(1_594_717_503_000),
            reply_to: Some("help@example.com".into()),
            html: true,
        }
    }

    #[test]
    fn a_letter() {
        let letter = String::from_utf8(letter(&message()).expect("a letter").formatted()).expect("text");
        for line in [
            "From: Kogumo <no-reply@example.com>\r\n",
            "To: jane@example.com\r\n",
            "Reply-To: help@example.com\r\n",
            "Date: Tue, 14 Jul 2020 09:05:03 +0000\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
            "Subject: =?utf-8?b?",
            "<b>123456</b>",
        ] {
            assert!(letter.contains(line), "{line} is not in {letter}");
        }
    }

    #[test]
    fn what_is_no_address_goes_nowhere() {
        for to in ["", "jane", "jane@example.com\r\nBcc: all@example.com", "@"] {
            assert!(letter(&Message { to: to.into(), ..message() }).is_err(), "{to}");
        }
    }
}

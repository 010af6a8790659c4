//! The pages' look: one card, a form, links beneath. Everything that is not ours is escaped.

use std::fmt::Write;

use kogumo_base::random_from;

use super::answer::Answer;
use super::{Visit, cookie, look};

/// A form of a page.
pub struct Form<'a> {
    pub title: &'a str,
    pub intro: String,
    pub error: Option<String>,
    pub fields: Vec<Field>,
    pub submit: &'a str,
    /// (address, words)
    pub links: Vec<(String, &'a str)>,
    /// What stands beneath, as HTML.
    pub note: Option<String>,
}

/// An input of a form.
pub struct Field {
    pub name: String,
    pub label: String,
    pub kind: &'static str,
    pub value: String,
    pub complete: &'static str,
    /// What can be chosen: value and words.
    pub options: Vec<(String, String)>,
}

impl Field {
    pub fn text(name: &str, label: &str, complete: &'static str) -> Self {
        Field {
            name: name.into(),
            label: label.into(),
            kind: "text",
            value: String::new(),
            complete,
            options: Vec::new(),
        }
    }

    pub fn password(name: &str, label: &str, complete: &'static str) -> Self {
        Field { kind: "password", ..Field::text(name, label, complete) }
    }

    pub fn hidden(name: &str, value: &str) -> Self {
        Field { kind: "hidden", value: value.into(), ..Field::text(name, "", "off") }
    }

    /// One of several.
    pub fn choice(name: &str, options: Vec<(String, String)>) -> Self {
        Field { kind: "radio", options, ..Field::text(name, "", "off") }
    }

    pub fn holding(self, value: Option<&str>) -> Self {
        Field { value: value.unwrap_or_default().to_owned(), ..self }
    }
}

const STYLE: &str = "body{font-family:system-ui,sans-serif;background:#f2f4f7;color:#1b2733;margin:0;padding:2rem 1rem}\
    main{max-width:24rem;margin:0 auto;background:#fff;border:1px solid #d8dee6;border-radius:.5rem;padding:2rem}\
    h1{font-size:1.3rem;margin:0 0 1rem}label{display:block;margin:.8rem 0 .2rem;font-size:.9rem}\
    input{width:100%;box-sizing:border-box;padding:.55rem;border:1px solid #8695a5;border-radius:.3rem;font-size:1rem}\
    input[type=radio]{width:auto;margin-right:.5rem}\
    button{width:100%;margin-top:1.2rem;padding:.7rem;border:0;border-radius:.3rem;background:#1d5fbf;color:#fff;font-size:1rem}\
    .banner{text-align:center;margin:-1rem 0 1rem}.logo{max-width:100%;max-height:6rem}\
    .error{background:#fdecea;border:1px solid #e0a09a;border-radius:.3rem;padding:.6rem;margin:0 0 1rem}\
    nav{margin-top:1.2rem;display:flex;flex-direction:column;gap:.4rem;font-size:.9rem}a{color:#1d5fbf}";

/// The page with the form. Each showing has a token of its own.
pub fn show(visit: &Visit, form: &Form) -> Answer {
    let (status, html, cookie) = written(visit, form);
    Answer::page(status, html).with_cookie(&cookie)
}

/// As [`show`], with a script of ours beneath the form.
pub fn show_with_script(visit: &Visit, form: &Form, script: &str) -> Answer {
    let nonce = random_from(b"abcdefghijklmnopqrstuvwxyz0123456789", 24);
    let (status, html, cookie) = written(visit, form);
    let script = format!("<script nonce=\"{nonce}\">{script}</script></main>");
    Answer::page_with_script(status, html.replacen("</main>", &script, 1), &nonce).with_cookie(&cookie)
}

fn written(visit: &Visit, form: &Form) -> (u16, String, String) {
    let (token, cookie) = cookie::for_form(visit);
    let mut inside = String::new();
    if let Some(error) = &form.error {
        let _ = write!(
            inside,
            "<p class=\"error errorMessage-customizable\" role=\"alert\" id=\"loginErrorMessage\">{}</p>",
            escape(error)
        );
    }
    if !form.intro.is_empty() {
        let _ = write!(inside, "<p class=\"textDescription-customizable\">{}</p>", escape(&form.intro));
    }
    let _ = write!(inside, "<form method=\"post\"><input type=\"hidden\" name=\"_csrf\" value=\"{token}\">");
    for field in &form.fields {
        let (name, value) = (escape(&field.name), escape(&field.value));
        if field.kind == "hidden" {
            let _ = write!(inside, "<input type=\"hidden\" name=\"{name}\" value=\"{value}\">");
            continue;
        }
        for (value, words) in &field.options {
            let (value, words) = (escape(value), escape(words));
            let _ = write!(
                inside,
                "<label><input name=\"{name}\" type=\"radio\" value=\"{value}\" required>{words}</label>"
            );
        }
        if field.kind == "radio" {
            continue;
        }
        let label = escape(&field.label);
        let _ = write!(
            inside,
            "<label class=\"label-customizable\" for=\"{name}\">{label}</label><input class=\"inputField-customizable\" id=\"{name}\" name=\"{name}\" type=\"{}\" value=\"{value}\" \
             autocomplete=\"{}\" required>",
            field.kind, field.complete
        );
    }
    let _ = write!(
        inside,
        "<button class=\"submitButton-customizable\" type=\"submit\" name=\"submit\" value=\"1\">{}</button></form>",
        escape(form.submit)
    );
    if !form.links.is_empty() {
        inside.push_str("<nav>");
        for (address, words) in &form.links {
            let _ =
                write!(inside, "<a class=\"redirect-customizable\" href=\"{}\">{}</a>", escape(address), escape(words));
        }
        inside.push_str("</nav>");
    }
    if let Some(note) = &form.note {
        inside.push_str(note);
    }
    let status = if form.error.is_some() && visit.is_post() { 400 } else { 200 };
    (status, document(visit, form.title, &inside), cookie)
}

/// A page that only tells something.
pub fn tell(visit: &Visit, status: u16, title: &str, text: &str) -> Answer {
    Answer::page(status, document(visit, title, &format!("<p>{}</p>", escape(text))))
}

fn document(visit: &Visit, title: &str, inside: &str) -> String {
    let (language, title) = (visit.language.code(), escape(title));
    let Some(shown) = look::shown(visit) else { return unavailable(visit) };
    let banner = shown.logo.map(|address| {
        let address = escape(&address);
        format!("<div class=\"banner banner-customizable\"><img class=\"logo logo-customizable\" alt=\"\" src=\"{address}\"></div>")
    });
    let icon = shown.icon.map(|address| format!("<link rel=\"icon\" href=\"{}\">", escape(&address)));
    let (banner, icon, css) = (banner.unwrap_or_default(), icon.unwrap_or_default(), shown.css);
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>{title}</title>{icon}\
         <style>{STYLE}{css}</style></head><body class=\"background-customizable\"><main>{banner}<h1>{title}</h1>{inside}</main></body></html>"
    )
}

/// Managed login shows nothing for a client that has no style.
fn unavailable(visit: &Visit) -> String {
    let language = visit.language.code();
    let title = visit.language.say("Login pages unavailable", "ログインページを利用できません");
    let text = visit.language.say("Please contact an administrator.", "管理者に連絡してください。");
    format!(
        "<!doctype html><html lang=\"{language}\"><head><meta charset=\"utf-8\"><title>{title}</title></head>\
         <body><h1>{title}</h1><p>{text}</p></body></html>"
    )
}

pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn what_is_not_ours_is_escaped() {
        assert_eq!(escape("<a href='x' & \"y\">"), "&lt;a href=&#39;x&#39; &amp; &quot;y&quot;&gt;");
    }
}

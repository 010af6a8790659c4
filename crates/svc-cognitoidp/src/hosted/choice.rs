//! Signing in by choice in a browser (managed login): the name first, then one of the factors that pool and user have. A
//! passkey is asserted, and registered on a page of its own, by the browser's own script.

use std::collections::BTreeMap;

use kogumo_wire::Fault;
use serde_json::Value;

use super::answer::Answer;
use super::authorize::{self, Asked};
use super::form::{self, Field, Form};
use super::{Visit, cookie};
use crate::auth::{Flow, Outcome, choice};
use crate::passkey::ops as passkey;

/// Whether the client's users choose among factors on these pages.
pub fn is_offered(visit: &Visit, asked: &Asked) -> bool {
    let more = asked.site.pool.first_factors().iter().any(|factor| *factor != "PASSWORD");
    visit.managed && more && asked.site.client.texts("ExplicitAuthFlows").contains(&"ALLOW_USER_AUTH")
}

/// What comes after the name.
pub async fn begin(flow: &Flow, name: &str) -> Result<Outcome, Fault> {
    choice::begin(flow, name, &BTreeMap::new()).await
}

/// The factors to choose among, in words. Browsers send passwords as they are.
pub fn factors(visit: &Visit, available: &[String]) -> Vec<(String, String)> {
    let say = |english: &'static str, japanese: &'static str| visit.language.say(english, japanese).to_owned();
    let named = |kind: &String| {
        Some(match kind.as_str() {
            "PASSWORD" => (kind.clone(), say("Password", "パスワード")),
            "EMAIL_OTP" => (kind.clone(), say("Email", "メール")),
            "SMS_OTP" => (kind.clone(), say("Text message", "SMS")),
            "WEB_AUTHN" => (kind.clone(), say("Passkey", "パスキー")),
            _ => return None,
        })
    };
    available.iter().filter_map(named).collect()
}

/// Runs a ceremony with the options in the form, puts its outcome there, and sends the form.
const CEREMONY: &str = "const form=document.forms[0],field=name=>form.elements[name];\
    async function run(){const options=JSON.parse(field('options').value);\
    const made=field('kind').value==='get'\
    ?await navigator.credentials.get({publicKey:PublicKeyCredential.parseRequestOptionsFromJSON(options)})\
    :await navigator.credentials.create({publicKey:PublicKeyCredential.parseCreationOptionsFromJSON(options)});\
    field('CREDENTIAL').value=JSON.stringify(made.toJSON());HTMLFormElement.prototype.submit.call(form)}\
    form.addEventListener('submit',event=>{event.preventDefault();run().catch(()=>{})});run().catch(()=>{});";

/// What a page needs that runs a ceremony.
pub fn ceremony(kind: &str, options: &str) -> (Vec<Field>, &'static str) {
    let fields = vec![Field::hidden("kind", kind), Field::hidden("options", options), Field::hidden("CREDENTIAL", "")];
    (fields, CEREMONY)
}

/// `/passkeys/add`: who has signed in registers a passkey, and goes back to the client.
pub async fn add_page(visit: &Visit) -> Answer {
    let asked = match authorize::read(visit) {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let Some(known) = cookie::signed_in(visit, &asked.site) else { return Answer::redirect(&visit.beside("login")) };
    let client = &asked.site.client.id;
    let mut error = None;
    if visit.is_post() && cookie::form_is_ours(visit) {
        let credential: Value =
            visit.posted("CREDENTIAL").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        match visit.cx.write(|w| passkey::complete(w, &asked.site.pool, &known.user, client, &credential)) {
            Ok(()) => return Answer::redirect(&asked.redirect),
            Err(fault) => error = Some(visit.language.error(&fault.message)),
        }
    }
    let say = |english, japanese| visit.language.say(english, japanese);
    let title = say("Add a passkey", "パスキーの追加");
    let options = match visit.cx.write(|w| passkey::start(w, &asked.site.pool, &known.user, client)) {
        Ok(options) => options,
        Err(fault) => return form::tell(visit, 400, title, &visit.language.error(&fault.message)),
    };
    let (fields, script) = ceremony("create", &options.to_string());
    let intro = say("Your device asks you to confirm.", "端末の指示に従ってください。").to_owned();
    let form =
        Form { title, intro, error, fields, submit: say("Continue", "続ける"), links: Vec::new(), note: None };
    form::show_with_script(visit, &form, script)
}

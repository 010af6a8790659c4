//! `/logout`: the browser forgets who was signed in.

use super::answer::Answer;
use super::{Visit, authorize, cookie, form};

pub fn page(visit: &Visit) -> Answer {
    let title = visit.language.say("Sign out", "サインアウト");
    let wrong = |text: &str| form::tell(visit, 400, title, text);
    let Some(site) = visit.asked("client_id").and_then(|client| visit.site(client)) else {
        return wrong("Required String parameter 'client_id' is not present");
    };
    let out = cookie::sign_out(visit);
    if let Some(to) = visit.asked("logout_uri") {
        if !site.client.texts("LogoutURLs").contains(&to) {
            return wrong("redirect_mismatch");
        }
        let state = visit.asked("state");
        let to = if state.is_some() { authorize::with_query(to, &[], state, '?') } else { to.to_owned() };
        return Answer::redirect(&to).with_cookie(&out);
    }
    // Without a place to go back to, the next one may sign in.
    match authorize::read(visit) {
        Ok(_) => Answer::redirect(&visit.beside("login")).with_cookie(&out),
        Err(answer) => answer,
    }
}

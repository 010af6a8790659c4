//! Signing in: flows begin ([`initiate`]) and go from challenge to challenge ([`challenge`]) until tokens are issued
//! ([`finish`]). What has happened so far is sealed into the session that the client carries ([`session`]).

pub mod challenge;
pub mod choice;
mod custom;
mod device;
pub mod factor;
mod finish;
mod flows;
pub mod initiate;
pub mod lockout;
mod new_password;
mod passkey;
pub mod password;
pub mod refresh;
pub mod revoke;
pub mod session;
pub mod sign_out;
mod srp;

use std::collections::BTreeMap;

use kogumo_base::Timestamp;
use kogumo_door::Context;
use kogumo_model::cognitoidp::AuthenticationResultType;
use kogumo_wire::Fault;

use crate::client::Site;
use crate::faults::{invalid, no_user, wrong_credentials};
use crate::srp::fake_name;
use crate::trigger::Setting;
use crate::user::{Status, User};
use session::{State, Step};

pub use finish::after_first_factor;

/// A flow under way: where, and with which words of the client for the triggers.
#[derive(Clone)]
pub struct Flow {
    pub cx: Context,
    pub site: Site,
    pub metadata: Option<BTreeMap<String, String>>,
    pub by: By,
}

/// By which door a flow came.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    User,
    /// AdminInitiateAuth.
    Admin,
    /// The hosted pages, which make tokens of their own once the user is known.
    Pages,
}

/// Where a step leads.
pub enum Outcome {
    Challenge {
        name: String,
        session: Option<String>,
        parameters: BTreeMap<String, String>,
        available: Vec<String>,
    },
    Tokens(Box<AuthenticationResultType>),
    /// For the hosted pages: the user is in.
    SignedIn(Box<User>),
}

impl Flow {
    pub fn setting(&self) -> Setting<'_> {
        Setting { cx: &self.cx, pool: &self.site.pool, client: &self.site.client.id, metadata: self.metadata.as_ref() }
    }

    pub fn now(&self) -> Timestamp {
        self.cx.now()
    }

    /// A state that begins now, for a user or a name that nobody has.
    pub fn state(&self, name: &str, user: Option<&User>, step: Step) -> State {
        State {
            id: kogumo_base::uuid(),
            client: self.site.client.id.clone(),
            user: user.map_or_else(|| self.stand_in(name), |user| user.name.clone()),
            typed: name.to_owned(),
            exists: user.is_some(),
            expires: self.now().plus_seconds(self.site.client.session_lifetime()),
            step,
            device: None,
            rounds: Vec::new(),
            custom: false,
            public: None,
            occasion: "Authentication".into(),
            factor: String::new(),
            second: false,
        }
    }

    /// The name of a user who does not exist, as flows tell it: what users sign in by need not be their name, so it is made
    /// up, always the same. Source: "Managing user existence error responses", Cognito developer guide.
    fn stand_in(&self, typed: &str) -> String {
        let pool = &self.site.pool;
        let is_alias = !pool.texts("/AliasAttributes").is_empty() && (typed.contains('@') || typed.starts_with('+'));
        if pool.names_by_attribute() || is_alias {
            fake_name(&self.site.keys.secret, &pool.folded(typed))
        } else {
            typed.to_owned()
        }
    }

    /// A challenge that the sealed state waits behind.
    ///
    /// # Errors
    /// Trouble with the seal.
    pub fn challenge(
        &self,
        name: &str,
        state: &State,
        parameters: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Outcome, Fault> {
        Ok(Outcome::Challenge {
            name: name.to_owned(),
            session: Some(session::seal_with(&self.site.keys, &self.site.pool, state)?),
            parameters: parameters.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            available: Vec::new(),
        })
    }

    /// What a client hears of a user that does not exist.
    pub fn nobody(&self) -> Fault {
        if self.site.client.hides_users() { wrong_credentials() } else { no_user() }
    }
}

/// The context of a flow whose user is at another address than the program that calls for them.
pub fn at_address(mut cx: Context, address: Option<String>) -> Context {
    if let Some(address) = address.and_then(|address| address.parse().ok()) {
        cx.caller.source_ip = Some(address);
    }
    cx
}

/// What an outcome is to a caller of the API: a challenge (name, session, parameters, choices), or tokens.
pub type Told =
    (Option<String>, Option<String>, BTreeMap<String, String>, Option<Vec<String>>, Option<AuthenticationResultType>);

impl Outcome {
    /// # Errors
    /// An outcome that only the hosted pages have.
    pub fn told(self) -> Result<Told, Fault> {
        match self {
            Outcome::Challenge { name, session, parameters, available } => {
                let available = (!available.is_empty()).then_some(available);
                Ok((Some(name), session, parameters, available, None))
            }
            Outcome::Tokens(result) => Ok((None, None, BTreeMap::new(), None, Some(*result))),
            Outcome::SignedIn(_) => Err(kogumo_base::Trouble::new("a flow of the hosted pages came to the API").into()),
        }
    }
}

/// A parameter that must be there.
pub fn required<'a>(parameters: &'a BTreeMap<String, String>, name: &str) -> Result<&'a str, Fault> {
    let found = parameters.get(name).map(String::as_str).filter(|value| !value.is_empty());
    found.ok_or_else(|| invalid(format!("Missing required parameter {name}")))
}

/// Whether the user may go on, once it is proved who it is.
///
/// # Errors
/// Not confirmed yet, to reset the password first, or a temporary password that has ended.
pub fn refuse_unready(user: &User, now: Timestamp) -> Result<(), Fault> {
    use kogumo_model::cognitoidp::{PASSWORD_RESET_REQUIRED_EXCEPTION, USER_NOT_CONFIRMED_EXCEPTION};
    match user.status {
        Status::Unconfirmed => Err(USER_NOT_CONFIRMED_EXCEPTION.because("User is not confirmed.")),
        Status::ResetRequired => Err(PASSWORD_RESET_REQUIRED_EXCEPTION.because("Password reset required for the user")),
        Status::ForceChangePassword if user.temporary_until.is_some_and(|until| until <= now) => {
            Err(crate::faults::not_authorized("Temporary password has expired and must be reset by an administrator."))
        }
        _ => Ok(()),
    }
}

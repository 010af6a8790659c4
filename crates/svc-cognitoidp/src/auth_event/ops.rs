//! AdminListUserAuthEvents and AdminUpdateAuthEventFeedback.

use kogumo_door::{Reader, Writer};
use kogumo_model::cognitoidp::*;
use kogumo_wire::Fault;

use super::{AuthEvent, EVENTS, Feedback, key, of_user, refuse_without};
use crate::faults::{invalid, no_user};
use crate::page::page;
use crate::pool;
use crate::user::find;

fn shown(event: AuthEvent) -> AuthEventType {
    let challenge = |(name, right): (String, bool)| ChallengeResponseType {
        challenge_name: Some(name),
        challenge_response: Some(if right { "Success" } else { "Failure" }.into()),
    };
    AuthEventType {
        event_id: Some(event.id),
        event_type: Some(event.kind),
        creation_date: Some(event.at),
        event_response: Some(if event.passed { "Pass" } else { "Fail" }.into()),
        event_risk: Some(EventRiskType {
            risk_decision: Some(if event.blocked { "Block" } else { "NoRisk" }.into()),
            compromised_credentials_detected: Some(false),
            ..EventRiskType::default()
        }),
        challenge_responses: Some(event.challenges.into_iter().map(challenge).collect()),
        event_context_data: Some(EventContextDataType {
            ip_address: event.ip,
            device_name: Some(event.agent).filter(|agent| !agent.is_empty()),
            ..EventContextDataType::default()
        }),
        event_feedback: event.feedback.map(|feedback| EventFeedbackType {
            feedback_value: feedback.value,
            provider: "Admin".into(),
            feedback_date: Some(feedback.at),
        }),
    }
}

pub fn admin_list_user_auth_events(
    r: &Reader,
    input: AdminListUserAuthEventsRequest,
) -> Result<AdminListUserAuthEventsResponse, Fault> {
    let pool = pool::get(r.store, r.scope(), &input.user_pool_id)?;
    refuse_without(&pool)?;
    let user = find(r.store, &pool, &input.username)?.ok_or_else(no_user)?;
    let events = of_user(r.store, &pool, &user.name, r.now)?;
    let (events, next_token) = page(events, input.next_token.as_deref(), input.max_results)?;
    Ok(AdminListUserAuthEventsResponse { auth_events: Some(events.into_iter().map(shown).collect()), next_token })
}

pub fn admin_update_auth_event_feedback(
    w: &mut Writer,
    input: AdminUpdateAuthEventFeedbackRequest,
) -> Result<AdminUpdateAuthEventFeedbackResponse, Fault> {
    let pool = pool::get(w.store(), w.scope(), &input.user_pool_id)?;
    refuse_without(&pool)?;
    let user = find(w.store(), &pool, &input.username)?.ok_or_else(no_user)?;
    let mut events = of_user(w.store(), &pool, &user.name, w.now)?.into_iter();
    let found = events.find(|event| event.id == input.event_id);
    let mut event = found.ok_or_else(|| invalid("Invalid EventId."))?;
    event.feedback = Some(Feedback { value: input.feedback_value, at: w.now });
    EVENTS.put(w.tx, &pool.scope, key(&pool, &user.name, &event), &event)?;
    Ok(AdminUpdateAuthEventFeedbackResponse::default())
}

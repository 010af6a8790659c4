//! DecodeAuthorizationMessage: what was decided, for those who may know.

use kogumo_door::{Reader, authorization_message};
use kogumo_model::sts::{
    DecodeAuthorizationMessageRequest, DecodeAuthorizationMessageResponse, INVALID_AUTHORIZATION_MESSAGE_EXCEPTION,
};
use kogumo_wire::Fault;

pub fn decode_authorization_message(
    r: &Reader,
    input: DecodeAuthorizationMessageRequest,
) -> Result<DecodeAuthorizationMessageResponse, Fault> {
    let opened = authorization_message::decode(r.cloud, r.caller.account(), &input.encoded_message)?;
    let wrong = || INVALID_AUTHORIZATION_MESSAGE_EXCEPTION.because("Invalid EncodedMessage");
    Ok(DecodeAuthorizationMessageResponse { decoded_message: Some(opened.ok_or_else(wrong)?) })
}

//! Answers that come in pieces: `InvokeWithResponseStream`, and what function URLs of mode `RESPONSE_STREAM` answer.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use kogumo_base::Trouble;
use kogumo_door::{Cloud, Context};
use kogumo_model::lambda::*;
use kogumo_wire::{Body, Fault, event_stream};
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinHandle;

use crate::invoke::{SYNCHRONOUS_LIMIT, check_payload, client_context, work};
use crate::name::Target;
use crate::record;
use crate::run::streamed::{Piece, pieces};
use crate::run::{self, Done, Work};

/// An invocation of which something has come.
pub enum Answer {
    /// The function streams: the content type that it gave, and what follows.
    Streamed(String, Streaming),
    /// It answered in one piece, or failed before the first.
    Whole(Done),
}

/// The rest of a stream.
pub struct Streaming {
    pieces: Receiver<Piece>,
    running: JoinHandle<Result<Done, Fault>>,
}

/// What comes next out of a stream.
pub enum Next {
    Data(Bytes),
    /// Nothing follows.
    End(Done),
}

/// Does an invocation up to the first piece of its answer.
///
/// # Errors
/// Lambda's own, such as 429.
pub async fn answer(cloud: &Arc<Cloud>, work: Work) -> Result<Answer, Fault> {
    let (sender, mut pieces) = pieces();
    let work = Work { pieces: Some(sender), ..work };
    let cloud = Arc::clone(cloud);
    let mut running = tokio::spawn(async move { run::run(&cloud, work).await });
    tokio::select! {
        biased;
        Some(first) = pieces.recv() => {
            let kind = match first {
                Piece::Kind(kind) => kind,
                Piece::Data(_) => String::new(),
            };
            Ok(Answer::Streamed(kind, Streaming { pieces, running }))
        }
        done = &mut running => done.unwrap_or_else(|_| Err(broken())).map(Answer::Whole),
    }
}

fn broken() -> Fault {
    Trouble::new("an invocation has panicked").into()
}

impl Streaming {
    /// # Errors
    /// Lambda's own.
    pub async fn next(&mut self) -> Result<Next, Fault> {
        loop {
            // All pieces are there before the invocation ends.
            tokio::select! {
                biased;
                Some(piece) = self.pieces.recv() => {
                    if let Piece::Data(bytes) = piece {
                        return Ok(Next::Data(bytes));
                    }
                }
                done = &mut self.running => return done.unwrap_or_else(|_| Err(broken())).map(Next::End),
            }
        }
    }
}

pub async fn invoke_with_response_stream(
    cx: Context,
    input: InvokeWithResponseStreamRequest,
) -> Result<InvokeWithResponseStreamResponse, Fault> {
    if input.tenant_id.is_some() {
        return Err(Fault::not_implemented("TenantId of InvokeWithResponseStream"));
    }
    let target = Target::parse(cx.scope(), &input.function_name, input.qualifier.as_deref())?;
    if input.invocation_type.as_deref() == Some("DryRun") {
        record::version(&cx.snapshot(), &target)?;
        return Ok(InvokeWithResponseStreamResponse {
            status_code: Some(204),
            ..InvokeWithResponseStreamResponse::default()
        });
    }
    let payload = check_payload(input.payload.unwrap_or_default(), SYNCHRONOUS_LIMIT, "RequestResponse")?;
    let context = input.client_context.as_deref().map(client_context).transpose()?;
    let mut work = cx.read(|r| work(r, &target, payload, cx.caller.request_id.clone()))?;
    work.client_context = context;
    let version = work.version.version.clone();
    let wants_tail = input.log_type.as_deref() == Some("Tail");
    let state = match answer(&cx.cloud, work).await? {
        Answer::Streamed(_, streaming) => State::Streams(streaming),
        Answer::Whole(done) if done.failed => State::Ends(done),
        Answer::Whole(done) => State::Says(done),
    };
    let events = stream::unfold(state, move |state| async move { state.step(wants_tail).await });
    Ok(InvokeWithResponseStreamResponse {
        status_code: Some(200),
        executed_version: Some(version),
        event_stream: Body::Stream(Box::pin(events), None),
        ..InvokeWithResponseStreamResponse::default()
    })
}

/// How far the events of an answer have come.
enum State {
    Streams(Streaming),
    /// The whole answer is one piece.
    Says(Done),
    /// Only the end is to be told.
    Ends(Done),
    Over,
}

impl State {
    /// The next message, and what follows it.
    async fn step(self, wants_tail: bool) -> Option<(Result<Bytes, Trouble>, State)> {
        match self {
            State::Streams(mut streaming) => Some(match streaming.next().await {
                Ok(Next::Data(bytes)) => (Ok(chunk(&bytes)), State::Streams(streaming)),
                Ok(Next::End(done)) => (Ok(complete(&done, wants_tail)), State::Over),
                Err(fault) => (Err(Trouble::new(fault.to_string())), State::Over),
            }),
            State::Says(done) => Some((Ok(chunk(&done.payload)), State::Ends(done))),
            State::Ends(done) => Some((Ok(complete(&done, wants_tail)), State::Over)),
            State::Over => None,
        }
    }
}

fn chunk(bytes: &Bytes) -> Bytes {
    event_stream::blob("PayloadChunk", bytes)
}

fn complete(done: &Done, wants_tail: bool) -> Bytes {
    let details = || String::from_utf8_lossy(&done.payload).into_owned();
    let event = InvokeWithResponseStreamCompleteEvent {
        error_code: done.failed.then(|| "Unhandled".to_owned()),
        error_details: done.failed.then(details),
        log_result: wants_tail.then(|| STANDARD.encode(&done.tail)),
    };
    event_stream::event("InvokeComplete", &event)
}

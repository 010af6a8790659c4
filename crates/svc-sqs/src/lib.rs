//! SQS: queues of messages, standard and FIFO.
//!
//! - `queue`, `attributes`, `redrive`, `address`: what a queue is; `create`, `list`, `describe`, `tags`, `permission`
//!   change and show it; `grounds` tells the door of its policy.
//! - `message`, `content`, `receipt`: what a message is; `send`, `receive`, `delete`, `visibility`, `batch` are its
//!   operations.
//! - `shelf` puts and takes messages: `standard` and `fifo` say which may be received when, in the order of `ready`.
//!   Each of these steps costs the same however many messages there are.
//! - `encryption` lets messages lie under keys of KMS.
//! - `dedup` and `sweep` forget what is over; `move_task` brings messages back from dead-letter queues.
//!
//! Time is the cloud's: who waits is woken when a message comes, when one becomes visible, and when the clock is moved.

mod address;
mod attributes;
mod batch;
mod content;
mod create;
mod dedup;
mod delete;
mod describe;
mod encryption;
mod faults;
mod fifo;
mod grounds;
mod list;
mod message;
mod move_task;
mod ops;
mod permission;
mod queue;
mod ready;
mod receipt;
mod receive;
mod redrive;
mod send;
mod shelf;
mod standard;
mod sweep;
mod tags;
mod visibility;
mod waiters;

use kogumo_door::Service;

/// The service as the registry holds it.
pub fn service() -> Service {
    Service::new(&kogumo_model::sqs::SERVICE, ops::ops())
        .with(ready::Floors::default())
        .with(waiters::Waiters::default())
        .policies(grounds::grounds)
        .renames(permission::rename)
        .anonymous(grounds::anonymous)
        .timer(sweep::EXPIRE, sweep::expire)
        .timer(sweep::CLEAR, sweep::clear)
        .timer(dedup::FORGET, dedup::forget)
        .timer(move_task::STEP, move_task::step)
        .on_reset(|cloud| {
            Box::pin(async move {
                if let Ok(floors) = cloud.part::<ready::Floors>() {
                    floors.forget(None);
                }
            })
        })
}

//! A bug in one request must not take its connection's other requests along: a panic becomes an answer.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use kogumo_base::Trouble;

/// Runs a future; if it panics, the answer is trouble that holds the panic's words. The future is not polled again then.
pub async fn guarded<F: Future>(what: &str, future: F) -> Result<F::Output, Trouble> {
    let mut future = pin!(future);
    let outcome = poll_fn(|context| {
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context)));
        polled.map_or_else(|panic| Poll::Ready(Err(panic)), |poll| poll.map(Ok))
    });
    outcome.await.map_err(|panic| Trouble::new(format!("{what} panicked: {}", words(&*panic))))
}

fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without words")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_trouble() {
        assert_eq!(guarded("one", async { 1 }).await.unwrap(), 1);
        let trouble = guarded("a handler", async { panic!("no {}", "way") }).await.unwrap_err();
        assert_eq!(trouble.to_string(), "a handler panicked: no way");
    }
}

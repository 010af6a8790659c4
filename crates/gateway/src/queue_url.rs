//! SQS's older way to say which queue is meant: the request goes to the queue's own URL and names it nowhere else.

use kogumo_wire::Protocol;

use crate::arrival::Arrival;
use crate::target::Target;

const NAME: &str = "QueueUrl";

/// Puts the URL that a query went to where the operation looks for it.
pub fn complete(arrival: &mut Arrival, target: Target) {
    let is_query = target.service.name == "sqs" && target.protocol == Protocol::Query;
    if !is_query || arrival.raw_path == "/" || named(arrival) {
        return;
    }
    let url = format!("{}{}", arrival.reached().unwrap_or_default(), arrival.raw_path.trim_end_matches('/'));
    arrival.incoming.request.query.push((NAME.to_owned(), url));
}

/// Whether the form or the query names a queue. A form's later parameter would win over the query's.
fn named(arrival: &Arrival) -> bool {
    let request = &arrival.incoming.request;
    let in_form = match &request.body {
        kogumo_wire::Body::Bytes(bytes) => {
            kogumo_wire::parse_query(&String::from_utf8_lossy(bytes), true).iter().any(|(name, _)| name == NAME)
        }
        _ => false,
    };
    in_form || request.query.iter().any(|(name, _)| name == NAME)
}

//! Which queues there are.

use std::collections::BTreeSet;

use kogumo_base::Scope;
use kogumo_door::Reader;
use kogumo_model::sqs::{
    GetQueueUrlRequest, GetQueueUrlResult, ListDeadLetterSourceQueuesRequest, ListDeadLetterSourceQueuesResult,
    ListQueuesRequest, ListQueuesResult,
};
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use crate::address::{Address, is_account};
use crate::faults::{invalid, no_queue, refused, within};
use crate::queue::{BY_DEAD_LETTER, QUEUES, find, look_up};

/// So many are listed at once.
const MOST: i32 = 1000;

pub fn get_queue_url(r: &Reader, input: GetQueueUrlRequest) -> Result<GetQueueUrlResult, Fault> {
    let account = input.queue_owner_aws_account_id.as_deref().unwrap_or_else(|| r.caller.account());
    if !is_account(account) {
        return Err(invalid(account, "QueueOwnerAWSAccountId", "The account is not valid."));
    }
    let at = Address::new(&Scope::new(account, r.caller.region()), &input.queue_name);
    let found = look_up(r.store, at)?.ok_or_else(no_queue)?;
    Ok(GetQueueUrlResult { queue_url: Some(found.at.url(r.cloud, r.caller)) })
}

pub fn list_queues(r: &Reader, input: ListQueuesRequest) -> Result<ListQueuesResult, Fault> {
    let most = within(input.max_results.unwrap_or(MOST), 1, MOST, "MaxResults")?;
    let prefix = input.queue_name_prefix.unwrap_or_default();
    let mut range = Range::prefix(Key::open_str(&prefix));
    if let Some(token) = &input.next_token {
        range = range.after(token_key(token)?);
    }
    let mut names = QUEUES.scan(r.store, r.scope(), &range).map(|row| Ok(row?.1.name));
    let listed = names.by_ref().take(usize::try_from(most).unwrap_or(0)).collect::<Result<Vec<_>, Fault>>()?;
    // Who does not ask for pages gets none.
    let more = input.max_results.is_some() && names.next().is_some();
    let next_token = listed.last().filter(|_| more).map(|last| token(last));
    let urls: Vec<String> = listed.iter().map(|name| Address::new(r.scope(), name).url(r.cloud, r.caller)).collect();
    Ok(ListQueuesResult { queue_urls: (!urls.is_empty()).then_some(urls), next_token })
}

pub fn list_dead_letter_source_queues(
    r: &Reader,
    input: ListDeadLetterSourceQueuesRequest,
) -> Result<ListDeadLetterSourceQueuesResult, Fault> {
    let most = usize::try_from(within(input.max_results.unwrap_or(MOST), 1, MOST, "MaxResults")?).unwrap_or(0);
    let target = find(r, &input.queue_url)?;
    let after = input.next_token.as_deref().map(read_token).transpose()?.unwrap_or_default();
    let sources = QUEUES.by_index(r.store, &target.at.scope, BY_DEAD_LETTER, &Range::prefix(target.at.arn().as_str()));
    let names = sources.map(|row| Ok(row?.1.name)).collect::<Result<BTreeSet<String>, Fault>>()?;
    let mut names = names.into_iter().filter(|name| *name > after);
    let listed: Vec<String> = names.by_ref().take(most).collect();
    let more = input.max_results.is_some() && names.next().is_some();
    let next_token = listed.last().filter(|_| more).map(|last| token(last));
    let url = |name: &String| Address::new(&target.at.scope, name).url(r.cloud, r.caller);
    Ok(ListDeadLetterSourceQueuesResult { queue_urls: listed.iter().map(url).collect(), next_token })
}

fn token(name: &str) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(name)
}

fn read_token(token: &str) -> Result<String, Fault> {
    use base64::Engine;
    let bytes = base64::engine::general_purpose::STANDARD.decode(token).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| refused("Invalid or expired next token."))
}

fn token_key(token: &str) -> Result<Key, Fault> {
    Ok(Key::from(&read_token(token)?))
}

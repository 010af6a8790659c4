//! Reading one page: item by item until a limit is reached.

use kogumo_base::{Scope, Trouble};
use kogumo_dynamo::{Condition, Consistency, Item, json, read_units};
use kogumo_store::{Range, Read};
use kogumo_wire::Json;

use super::source::{Source, Wanted};
use crate::capacity::Units;
use crate::parameters::to_json;
use crate::storage::{self, Stored};

/// Bytes of items that one page looks at.
const PAGE_BYTES: usize = 1024 * 1024;

/// What a page is to hold.
pub struct Plan {
    pub source: Source,
    pub range: Range,
    pub wanted: Wanted,
    pub filter: Option<Condition>,
    /// How many items may be looked at.
    pub limit: Option<usize>,
    pub consistent: bool,
}

/// A page.
pub struct Page {
    /// `[{…},{…}]`; `None` if only the count is wanted.
    pub items: Option<Json>,
    pub count: i32,
    pub scanned: i32,
    /// Where the next page begins, if there may be one.
    pub last_key: Option<Json>,
    pub units: Units,
}

impl Plan {
    pub fn read(&self, read: &dyn Read, scope: &Scope) -> Result<Page, Trouble> {
        let mut out = vec![b'['];
        let (mut count, mut scanned, mut bytes, mut fetched) = (0, 0, 0, 0.0);
        let mut last: Option<Stored> = None;
        let mut more = false;
        for row in self.source.rows(read, scope, &self.range) {
            let stored = row?;
            let size = stored.size()?;
            let full = self.limit.is_some_and(|limit| scanned >= limit);
            if full || (bytes + size > PAGE_BYTES && scanned > 0) {
                more = true;
                break;
            }
            scanned += 1;
            bytes += size;
            if self.answer(read, scope, &stored, count > 0, &mut fetched, &mut out)? {
                count += 1;
            }
            last = Some(stored);
        }
        // AWS goes on to say "there may be more" where a limit ended the page exactly at the last item.
        more |= self.limit == Some(scanned);
        out.push(b']');
        let last_key = match last.filter(|_| more) {
            Some(stored) => Some(to_json(&self.source.last_key(&stored.item()?))),
            None => None,
        };
        Ok(Page {
            items: (self.wanted != Wanted::Count).then(|| Json::from_text(out)),
            count: to_i32(count),
            scanned: to_i32(scanned),
            last_key,
            units: self.units(bytes, fetched),
        })
    }

    /// Appends the item if the filter lets it through.
    fn answer(
        &self,
        read: &dyn Read,
        scope: &Scope,
        stored: &Stored,
        follows: bool,
        fetched: &mut f64,
        out: &mut Vec<u8>,
    ) -> Result<bool, Trouble> {
        let bare = self.filter.is_none() && matches!(self.wanted, Wanted::Held | Wanted::Count);
        let item = match bare {
            true => None,
            false => Some(self.item(read, scope, stored, fetched)?),
        };
        if let (Some(filter), Some(item)) = (&self.filter, &item)
            && !filter.matches(item)
        {
            return Ok(false);
        }
        if self.wanted == Wanted::Count {
            return Ok(true);
        }
        if follows {
            out.push(b',');
        }
        match (&self.wanted, item) {
            (Wanted::Parts(projection), Some(item)) => json::write_item(&projection.apply(&item), out),
            (Wanted::Whole, Some(item)) => json::write_item(&item, out),
            _ => stored.write_json(out)?,
        }
        Ok(true)
    }

    /// The item, from the table where the index does not hold what is wanted.
    fn item(&self, read: &dyn Read, scope: &Scope, stored: &Stored, fetched: &mut f64) -> Result<Item, Trouble> {
        let held = stored.item()?;
        if !self.source.needs_table(&self.wanted) {
            return Ok(held);
        }
        let table = &self.source.table;
        let mut row = Vec::new();
        table.keys.append(&held, &mut row);
        let Some(whole) = storage::read(read, scope, table, &crate::schema::RowKey(row))? else { return Ok(held) };
        *fetched += read_units(whole.size()?, self.consistency());
        whole.item()
    }

    fn consistency(&self) -> Consistency {
        if self.consistent { Consistency::Strong } else { Consistency::Eventual }
    }

    fn units(&self, bytes: usize, fetched: f64) -> Units {
        let read = read_units(bytes, self.consistency());
        let Some(index) = self.source.index() else { return Units::of_table(read) };
        let mut units = Units::of_table(fetched);
        let list = if self.source.is_global() { &mut units.global_indexes } else { &mut units.local_indexes };
        list.insert(index.name.clone(), read);
        units
    }
}

fn to_i32(count: usize) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

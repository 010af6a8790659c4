//! Scan, whole or in segments.

use kogumo_door::Reader;
use kogumo_model::dynamodb::{ScanInput, ScanOutput};
use kogumo_store::{Key, Range};
use kogumo_wire::Fault;

use super::read::Plan;
use super::source::Source;
use crate::capacity::Detail;
use crate::parameters::{self, Languages, invalid};

pub fn scan(r: &Reader, mut input: ScanInput) -> Result<ScanOutput, Fault> {
    let languages = Languages {
        legacy: &[
            ("AttributesToGet", input.attributes_to_get.is_some()),
            ("ScanFilter", input.scan_filter.is_some()),
            ("ConditionalOperator", input.conditional_operator.is_some()),
        ],
        expressions: &[
            ("ProjectionExpression", input.projection_expression.is_some()),
            ("FilterExpression", input.filter_expression.is_some()),
        ],
    };
    let segment = segment(input.segment, input.total_segments)?;
    let names = input.expression_attribute_names.take();
    let mut placeholders = languages.placeholders(names, input.expression_attribute_values.as_ref())?;
    let start = input.exclusive_start_key.as_ref().map(parameters::start_key).transpose()?;
    let filter = parameters::filter(
        input.filter_expression.as_deref(),
        input.scan_filter,
        input.conditional_operator.as_deref(),
        &mut placeholders,
    )?;
    let projection =
        parameters::projection(input.projection_expression.as_deref(), input.attributes_to_get, &mut placeholders)?;
    placeholders.check_all_used().map_err(invalid)?;
    let consistent = input.consistent_read == Some(true);
    let table = parameters::table(r.store, r.scope(), &input.table_name)?;
    let source = Source::find(table, input.index_name.as_deref(), consistent)?;
    let wanted = source.wanted(input.select.as_deref(), projection)?;
    let mut range = segment_range(&source.prefix(), segment);
    if let Some(start) = start {
        let row = source.start(&start).map_err(invalid)?;
        if !segment.is_none_or(|segment| segment.holds(&row.0)) {
            return Err(Fault::validation(
                "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with \
                 correct Segment. TotalSegments: "
                    .to_owned()
                    + &segment.map_or(1, |segment| segment.total).to_string()
                    + " Segment: "
                    + &segment.map_or(0, |segment| segment.number).to_string(),
            ));
        }
        range = range.after(source.prefix().then(&Key::from_encoded(row.0)));
    }
    let limit = input.limit.and_then(|limit| usize::try_from(limit).ok());
    let page = Plan { source, range, wanted, filter, limit, consistent };
    let detail = Detail::of(input.return_consumed_capacity.as_deref());
    let (answer, table) = (page.read(r.store, r.scope())?, &page.source.table.name);
    Ok(ScanOutput {
        items: answer.items,
        count: Some(answer.count),
        scanned_count: Some(answer.scanned),
        last_evaluated_key: answer.last_key,
        consumed_capacity: answer.units.told(table, detail),
    })
}

/// A share of a parallel scan: an equal part of all hashes.
#[derive(Clone, Copy, Debug)]
struct Segment {
    number: u32,
    total: u32,
}

impl Segment {
    /// The first hash of this segment; `None` behind the last one.
    fn begin(self) -> Option<u64> {
        let hashes = u128::from(u64::MAX) + 1;
        u64::try_from(hashes * u128::from(self.number) / u128::from(self.total)).ok()
    }

    fn end(self) -> Option<u64> {
        Segment { number: self.number + 1, ..self }.begin()
    }

    fn holds(self, row: &[u8]) -> bool {
        let hash = row.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes));
        self.begin().is_some_and(|begin| hash >= begin) && self.end().is_none_or(|end| hash < end)
    }
}

fn segment(number: Option<i32>, total: Option<i32>) -> Result<Option<Segment>, Fault> {
    match (number, total) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err(Fault::validation(
            "The Segment parameter is required but was not present in the request when parameter TotalSegments is present",
        )),
        (Some(_), None) => Err(Fault::validation(
            "The TotalSegments parameter is required but was not present in the request when Segment parameter is present",
        )),
        (Some(number), Some(total)) if number >= total => Err(Fault::validation(format!(
            "The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: {number} is \
             not less than TotalSegments: {total}"
        ))),
        (Some(number), Some(total)) => {
            let number = u32::try_from(number).unwrap_or(0);
            Ok(Some(Segment { number, total: u32::try_from(total).unwrap_or(1).max(1) }))
        }
    }
}

fn segment_range(prefix: &Key, segment: Option<Segment>) -> Range {
    let mut range = Range::prefix(prefix);
    let Some(segment) = segment else { return range };
    if let Some(begin) = segment.begin() {
        range = range.from(prefix.clone().u64(begin));
    }
    if let Some(end) = segment.end() {
        range = range.before(prefix.clone().u64(end));
    }
    range
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_share_all_hashes_without_overlap() {
        for total in [1, 2, 3, 7, 1_000_000] {
            let segment = |number| Segment { number, total };
            assert_eq!(segment(0).begin(), Some(0));
            assert_eq!(segment(total - 1).end(), None);
            assert_eq!(segment(total / 2).end(), segment(total / 2 + 1).begin());
        }
    }
}

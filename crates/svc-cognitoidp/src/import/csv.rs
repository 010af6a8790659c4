//! Comma-separated values (RFC 4180): pure.

/// The records of a text: fields may be quoted, hold commas, line breaks and doubled quotes. Empty lines are passed over.
pub fn records(text: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut record = Vec::new();
    let mut field = String::new();
    let mut quoted = false;
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => record.push(std::mem::take(&mut field)),
            '\n' if !quoted => {
                record.push(std::mem::take(&mut field));
                all.push(std::mem::take(&mut record));
            }
            '\r' if !quoted => {}
            c => field.push(c),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        all.push(record);
    }
    all.retain(|record| record.iter().any(|field| !field.is_empty()));
    all
}

#[cfg(test)]
mod tests {
    use super::records;

    #[test]
    fn fields_and_records() {
        let read = |text| records(text).iter().map(|record| record.join("|")).collect::<Vec<_>>();
        assert_eq!(read("a,b\r\n1,\"x, \"\"y\"\"\nz\"\n\n,\n2,"), ["a|b", "1|x, \"y\"\nz", "2|"]);
        assert_eq!(read(""), Vec::<String>::new());
        assert_eq!(read("\"open"), ["open"]);
    }
}

//! The users that are lent to somebody (subuid(5)).

use crate::IDS;

/// The first of enough users that are lent to a user, whom the file may call by name or by number.
///
/// # Errors
/// What is missing, and what to do about it.
pub(crate) fn first(file: &str, text: &str, name: &str, id: u32) -> Result<u32, String> {
    let wanted = IDS - 1;
    let of = |line: &str| {
        let mut fields = line.trim().split(':');
        fields.next().filter(|owner| *owner == name || owner.parse() == Ok(id))?;
        let (first, count) = (fields.next()?.parse::<u32>().ok()?, fields.next()?.parse::<u32>().ok()?);
        Some((first, count))
    };
    let enough = text.lines().filter_map(of).find(|(_, count)| *count >= wanted).map(|(first, _)| first);
    let who = if name.is_empty() { id.to_string() } else { name.to_owned() };
    let what = if file.ends_with("gid") { "--add-subgids" } else { "--add-subuids" };
    enough.ok_or_else(|| {
        format!(
            "{file} lends {who} no {wanted} users, which an instance needs: as root, run 'usermod {what} 100000-165535 {who}'"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_range_that_is_large_enough_is_taken() {
        let text = "root:1:65536\nme:100000:1000\nme:200000:65536\n1000:300000:65536\n";
        assert_eq!(first("/etc/subuid", text, "me", 1000), Ok(200_000));
        assert_eq!(first("/etc/subuid", text, "other", 1000), Ok(300_000));
        let why = first("/etc/subgid", text, "nobody", 65534).expect_err("nobody has none");
        assert!(why.contains("nobody") && why.contains("--add-subgids"), "{why}");
        assert!(first("/etc/subuid", "me:x:y\nme\n\n", "me", 7).is_err());
    }
}

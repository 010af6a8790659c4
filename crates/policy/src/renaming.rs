//! Principals that stored policies name by ARN, when they go or get another name. AWS keeps unique ids in their place: the
//! ARN is shown for as long as somebody has it, and whoever gets the name again is somebody else.
//! Source: IAM User Guide, "AWS JSON policy elements: Principal".

use serde_json::Value;

/// An ARN that policies have to give up, and what they say from now on: another ARN, or the unique id of who has gone.
#[derive(Clone, Copy, Debug)]
pub struct Renaming<'a> {
    pub from: &'a str,
    pub to: &'a str,
}

impl Renaming<'_> {
    /// The document with the new name, if a principal of it had the old one.
    pub fn document(&self, text: &str) -> Option<String> {
        self.changed(text, |document| {
            document
                .get_mut("Statement")
                .is_some_and(|all| each(all).fold(false, |done, one| self.statement_of(one) | done))
        })
    }

    /// The statement with the new name, if a principal of it had the old one.
    pub fn statement(&self, text: &str) -> Option<String> {
        self.changed(text, |statement| self.statement_of(statement))
    }

    /// The name itself: the new one for the old one.
    pub fn name(&self, name: &str) -> Option<String> {
        (name == self.from).then(|| self.to.to_owned())
    }

    fn changed(&self, text: &str, change: impl FnOnce(&mut Value) -> bool) -> Option<String> {
        // Most policies do not hold the name, and need not be read.
        let mut value = text.contains(self.from).then(|| serde_json::from_str(text).ok())??;
        change(&mut value).then(|| value.to_string())
    }

    fn statement_of(&self, statement: &mut Value) -> bool {
        let mut changed = false;
        for element in ["Principal", "NotPrincipal"] {
            let Some(names) = statement.get_mut(element).and_then(|element| element.get_mut("AWS")) else { continue };
            for name in each(names).filter(|name| name.as_str() == Some(self.from)) {
                *name = Value::from(self.to);
                changed = true;
            }
        }
        changed
    }
}

/// The items of a list, or the one that stands alone.
fn each(value: &mut Value) -> impl Iterator<Item = &mut Value> {
    match value {
        Value::Array(items) => items.iter_mut(),
        one => std::slice::from_mut(one).iter_mut(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:iam::000000000000:user/u";
    const GONE: Renaming = Renaming { from: ARN, to: "AIDA1" };

    #[test]
    fn names_change_in_principals_only() {
        let document = json!({ "Statement": [
            { "Principal": { "AWS": [ARN, "*"] }, "Condition": { "ArnEquals": { "aws:PrincipalArn": ARN } } },
            { "NotPrincipal": { "AWS": ARN } },
            { "Principal": "*" },
        ] });
        let changed = GONE.document(&document.to_string()).expect("another document");
        let shown: Value = serde_json::from_str(&changed).expect("JSON");
        assert_eq!(shown["Statement"][0]["Principal"]["AWS"], json!(["AIDA1", "*"]));
        assert_eq!(shown["Statement"][0]["Condition"]["ArnEquals"]["aws:PrincipalArn"], json!(ARN));
        assert_eq!(shown["Statement"][1]["NotPrincipal"]["AWS"], json!("AIDA1"));
        assert_eq!(GONE.document(&changed), None);
    }

    #[test]
    fn a_statement_stands_alone_and_longer_names_are_others() {
        let statement = json!({ "Principal": { "AWS": ARN } }).to_string();
        assert_eq!(GONE.statement(&statement), Some(json!({ "Principal": { "AWS": "AIDA1" } }).to_string()));
        let document = json!({ "Statement": { "Principal": { "AWS": ARN } } }).to_string();
        assert!(GONE.document(&document).is_some());
        let longer = json!({ "Statement": { "Principal": { "AWS": format!("{ARN}2") } } }).to_string();
        assert_eq!(GONE.document(&longer), None);
        assert_eq!(GONE.document(&format!("not JSON {ARN}")), None);
        assert_eq!((GONE.name(ARN), GONE.name("*")), (Some("AIDA1".to_owned()), None));
    }
}

//! What the reference does not say, by service. A patch has one line a fact:
//!
//! - `arn TYPE TEMPLATE`: the ARN of a type of resources; `-` leaves the type out
//! - `member VARIABLE MEMBER,…`: members that hold a variable's value
//! - `passed-to SERVICE`: to whom roles are passed (`lambda`), where it is not the service's prefix
//! - `paths`: actions are HTTP methods, and resources the paths (API Gateway)
//! - `operation NAME…`, and indented below it the lines that stand for what would be made; `{Operation}` is the name. Keys
//!   alone are added to what is made

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::Lines;
use crate::facts::Service;

#[derive(Default)]
pub struct Patch {
    pub templates: BTreeMap<String, String>,
    pub members: BTreeMap<String, String>,
    pub passed_to: Option<String>,
    pub paths: bool,
    pub operations: Lines,
}

impl Patch {
    /// An absent file changes nothing.
    pub fn read(path: &Path) -> Result<Self, String> {
        let mut patch = Patch::default();
        let Ok(text) = fs::read_to_string(path) else { return Ok(patch) };
        let mut operations: Vec<String> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let wrong = || format!("{} line {}: {line}", path.display(), number + 1);
            let is_inside = line.starts_with(' ');
            let line = line.split(" #").next().unwrap_or_default().trim();
            match line.split_once(' ').unwrap_or((line, "")) {
                ("" | "#", _) => {}
                _ if line.starts_with('#') => {}
                ("need" | "pass" | "key", _) if is_inside => {
                    for operation in &operations {
                        let line = line.replace("{Operation}", operation);
                        patch.operations.entry(operation.clone()).or_default().push(line);
                    }
                }
                ("arn", rest) => {
                    let (kind, template) = rest.rsplit_once(' ').ok_or_else(wrong)?;
                    patch.templates.insert(kind.to_owned(), template.to_owned());
                }
                ("member", rest) => {
                    let (variable, members) = rest.split_once(' ').ok_or_else(wrong)?;
                    patch.members.insert(variable.to_owned(), members.to_owned());
                }
                ("passed-to", service) => patch.passed_to = Some(service.to_owned()),
                ("paths", "") => patch.paths = true,
                ("operation", names) => {
                    operations = names.split(' ').map(str::to_owned).collect();
                    for operation in &operations {
                        patch.operations.entry(operation.clone()).or_default();
                    }
                }
                _ => return Err(wrong()),
            }
        }
        Ok(patch)
    }

    /// Fails where a patch names an operation that the service does not have.
    pub fn check_names(&self, service: &Service) -> Result<(), String> {
        match self.operations.keys().find(|name| !service.operations.contains_key(*name)) {
            Some(unknown) => Err(format!("facts/authorization/patches/{}.patch: no operation {unknown}", service.name)),
            None => Ok(()),
        }
    }
}

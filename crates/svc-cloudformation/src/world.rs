//! The wall between a stack's workflow and the resources it makes. The real side calls services through the door
//! (`kinds`); the tests' side remembers what it was told, and fails where it is told to.

use kogumo_door::BoxFuture;
use serde_json::{Map, Value};

/// One resource that is to be made, changed or deleted.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// `AWS::S3::Bucket`.
    pub kind: String,
    pub logical_id: String,
    /// What exists; empty for a resource that is to be made.
    pub physical_id: String,
    /// What is wanted, evaluated; for a deletion what there is.
    pub properties: Value,
    /// What there is, for a change.
    pub before: Value,
    /// The attributes known so far.
    pub attributes: Map<String, Value>,
    /// A name for a resource that was given none.
    pub name: String,
    /// The same for every try of the same step.
    pub token: String,
    /// The step may have been done already: it ran when the server went down.
    pub again: bool,
    pub stack_id: String,
    pub stack_name: String,
    /// The resource exists already: it is taken over, not made.
    pub import: bool,
    /// How many signals a wait condition waits for, and how long.
    pub creation_policy: Option<Value>,
    /// A deletion whose policy wants a snapshot to be taken before, where the type can.
    pub snapshot: bool,
}

/// A resource that was made or changed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Made {
    pub physical_id: String,
    /// What `Ref` answers, where that isn't the physical id.
    pub reference: Option<Value>,
    /// What `Fn::GetAtt` answers.
    pub attributes: Map<String, Value>,
    /// What it answers for another resource, whose attributes have changed with this one.
    pub told: Option<Told>,
}

/// Attributes of a resource, by its type and physical id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Told {
    pub kind: &'static str,
    pub physical_id: String,
    pub attributes: Map<String, Value>,
}

impl Made {
    pub fn new(physical_id: impl Into<String>) -> Self {
        Made { physical_id: physical_id.into(), ..Made::default() }
    }

    pub fn attribute(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attributes.insert(name.to_owned(), value.into());
        self
    }
}

/// Why a step failed: the reason in the stack's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: String,
    /// There is no such resource (any more).
    pub not_found: bool,
    /// Something of that name is there already.
    pub exists: bool,
    /// Others need what was to be taken away (`DependencyViolation`).
    pub needed: bool,
    /// What was made before it failed, to be deleted.
    pub made: Option<String>,
}

impl Failure {
    pub fn new(reason: impl Into<String>) -> Self {
        Failure { reason: reason.into(), not_found: false, exists: false, needed: false, made: None }
    }
}

/// Makes resources. The futures stand on their own: they run while the workflow goes on.
pub trait World: Send + Sync {
    fn create(&self, work: Work) -> BoxFuture<Result<Made, Failure>>;
    fn update(&self, work: Work) -> BoxFuture<Result<Made, Failure>>;
    /// The resource of that kind and name, if there is one: what a change set may import.
    fn find(&self, kind: String, name: String) -> BoxFuture<Result<Option<Made>, Failure>>;
    /// Something that is not there is deleted.
    fn delete(&self, work: Work) -> BoxFuture<Result<(), Failure>>;
    /// The value behind a dynamic reference such as `{{resolve:ssm:name}}`.
    fn resolve(&self, service: String, key: String) -> BoxFuture<Result<String, Failure>>;
}

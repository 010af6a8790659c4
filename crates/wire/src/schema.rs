//! What a service's model says, as static data: shapes, members, operations, errors.
//!
//! `crates/model` is made of these statics. Codecs walk them; nothing here knows a protocol's bytes.

use crate::checks::Limits;

/// A type of the model. Structures refer to each other freely: they are statics.
#[derive(Debug)]
pub struct Shape {
    pub name: &'static str,
    pub kind: Kind,
    pub limits: Limits,
    /// The model marks the value as secret: it is never logged.
    pub sensitive: bool,
}

/// What sort of value a shape holds.
#[derive(Debug)]
pub enum Kind {
    Boolean,
    /// Smithy's byte, short, integer and long.
    Integer,
    Float,
    String,
    Blob,
    Timestamp,
    /// Any JSON value.
    Document,
    List(&'static Member),
    Map(&'static Member, &'static Member),
    Structure(&'static Layout),
}

/// The members of a structure, and how it stands in a message.
#[derive(Debug)]
pub struct Layout {
    pub members: &'static [Member],
    /// Whether a member is an XML attribute: few are.
    pub has_attributes: bool,
    /// Exactly one member is set.
    pub union: bool,
    /// The index of the member that is the whole body (REST protocols).
    pub payload: Option<usize>,
    /// The structure's own element name in XML, where the model gives one.
    pub xml_name: Option<&'static str>,
    pub xmlns: Option<&'static str>,
}

/// Where a member of a top-level structure travels (REST protocols); everywhere else all is body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    Body,
    Header,
    /// A map spread over headers that share the member's wire name as prefix.
    Headers,
    Uri,
    Query,
    /// A map spread over all query parameters that no other member claims.
    QueryMap,
    StatusCode,
}

/// How a timestamp is written, where the model says so and the protocol's own way is not meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeFormat {
    EpochSeconds,
    DateTime,
    HttpDate,
}

/// A member of a structure, the element of a list, or the key or value of a map.
#[derive(Debug)]
pub struct Member {
    /// The name in the model; violations and the audit trail use it.
    pub name: &'static str,
    /// The name in JSON, XML, CBOR, query, a header or a URI label.
    pub wire: &'static str,
    /// The name in the query protocols: EC2's requests have names of their own, and so has a service that speaks JSON
    /// and still understands queries.
    pub query: &'static str,
    pub shape: &'static Shape,
    pub location: Location,
    pub required: bool,
    pub flattened: bool,
    /// The elements of a flattened list have the member's name even if the list names its elements: the member
    /// itself is flattened, not its list.
    pub flattened_by_member: bool,
    pub xml_attribute: bool,
    pub streaming: bool,
    /// A client that leaves it out wants one to be made up: SDKs fill it in themselves.
    pub idempotency_token: bool,
    pub time: Option<TimeFormat>,
    /// `xmlns` or `xmlns:prefix` and its URI.
    pub xmlns: Option<(&'static str, &'static str)>,
}

/// A protocol that a service speaks (AWS's Smithy protocol names).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    Json10,
    Json11,
    Query,
    Ec2,
    RestJson,
    RestXml,
    RpcV2Cbor,
}

/// A service's facts.
#[derive(Debug)]
pub struct Service {
    /// Kogumo's and botocore's name: `ssm`, `stepfunctions`, `monitoring` is `cloudwatch`.
    pub name: &'static str,
    /// The name of the service in error texts and user agents: `SSM`, `API Gateway`.
    pub sdk_id: &'static str,
    /// The service of a credential scope.
    pub signing_name: &'static str,
    /// The first label of its host names.
    pub endpoint_prefix: &'static str,
    pub api_version: &'static str,
    /// What stands before the dot of `X-Amz-Target`; also the service name in RPC v2 paths.
    pub target_prefix: &'static str,
    /// The namespace of its XML.
    pub xmlns: &'static str,
    /// The first one is what responses to unclear requests are written in.
    pub protocols: &'static [Protocol],
    /// Errors carry the query protocol's codes in a header, too (`awsQueryCompatible`).
    pub query_compatible: bool,
    /// One endpoint for all regions (IAM).
    pub global: bool,
    /// All operations of the service, built or not, in the order of their names.
    pub operations: &'static [&'static Operation],
}

/// An operation's facts. Operations that are not built have empty input, output and errors.
#[derive(Debug)]
pub struct Operation {
    pub name: &'static str,
    pub method: &'static str,
    /// The URI template (`/{Bucket}/{Key+}?tagging`); `/` for protocols without one.
    pub uri: &'static str,
    /// The status of success.
    pub status: u16,
    pub input: &'static Shape,
    pub output: &'static Shape,
    pub errors: &'static [&'static ErrorFact],
    /// `FooResult` around the output in the query protocol.
    pub result_wrapper: &'static str,
    /// The operation may be called without a signature.
    pub unsigned: bool,
    pub built: bool,
    /// What input that breaks the model's constraints is answered with, if it is not the protocol's own error.
    pub invalid: Option<&'static ErrorFact>,
}

/// An error that the model knows.
#[derive(Debug)]
pub struct ErrorFact {
    /// The shape's name: `ResourceNotFoundException`.
    pub shape: &'static str,
    /// The code in the query protocols and S3: `NoSuchEntity`.
    pub code: &'static str,
    pub status: u16,
    /// The name of its message member (`message`, or `Message` as Lambda has it).
    pub message: &'static str,
}

// === impl Location ===

impl Location {
    /// Whether an output's member travels in the body: paths and query strings are a request's only.
    pub fn is_body_of_output(self) -> bool {
        matches!(self, Location::Body | Location::Uri | Location::Query | Location::QueryMap)
    }
}

// === impl Shape ===

impl Shape {
    pub const fn new(name: &'static str, kind: Kind) -> Self {
        Shape { name, kind, limits: Limits::NONE, sensitive: false }
    }

    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub const fn sensitive(mut self) -> Self {
        self.sensitive = true;
        self
    }

    /// The layout of a structure; of anything else an empty one.
    pub fn layout(&self) -> &'static Layout {
        match self.kind {
            Kind::Structure(layout) => layout,
            _ => &Layout::EMPTY,
        }
    }
}

/// The shape of an operation that takes or gives nothing.
pub static UNIT: Shape = Shape::new("Unit", Kind::Structure(&Layout::EMPTY));

// === impl Layout ===

impl Layout {
    pub const EMPTY: Layout = Layout::new(&[]);

    pub const fn new(members: &'static [Member]) -> Self {
        let mut has_attributes = false;
        let mut at = 0;
        while at < members.len() {
            has_attributes |= members[at].xml_attribute;
            at += 1;
        }
        Layout { members, has_attributes, union: false, payload: None, xml_name: None, xmlns: None }
    }

    /// The members with their places in the order in which XML has them: attributes belong into the start tag.
    pub fn in_xml_order(&self) -> impl Iterator<Item = (usize, &'static Member)> {
        let attributes = if self.has_attributes { self.members } else { &[] };
        let attributes = attributes.iter().enumerate().filter(|(_, member)| member.xml_attribute);
        attributes.chain(self.members.iter().enumerate().filter(|(_, member)| !member.xml_attribute))
    }

    pub const fn union(mut self) -> Self {
        self.union = true;
        self
    }

    pub const fn payload(mut self, index: usize) -> Self {
        self.payload = Some(index);
        self
    }

    pub const fn xml(mut self, name: Option<&'static str>, xmlns: Option<&'static str>) -> Self {
        self.xml_name = name;
        self.xmlns = xmlns;
        self
    }
}

// === impl Member ===

impl Member {
    pub const fn new(name: &'static str, shape: &'static Shape) -> Self {
        Member {
            name,
            wire: name,
            query: name,
            shape,
            location: Location::Body,
            required: false,
            flattened: false,
            flattened_by_member: false,
            xml_attribute: false,
            streaming: false,
            idempotency_token: false,
            time: None,
            xmlns: None,
        }
    }

    /// Its name in every protocol but EC2's, unless the query protocol's is told, too.
    pub const fn wire(mut self, wire: &'static str) -> Self {
        self.wire = wire;
        self
    }

    /// Its name in the query protocol, and in XML.
    pub fn query_name(&self) -> &'static str {
        if self.query == self.name { self.wire } else { self.query }
    }

    pub const fn query(mut self, name: &'static str) -> Self {
        self.query = name;
        self
    }

    /// EC2's name of a request's member.
    pub const fn ec2(self, name: &'static str) -> Self {
        self.query(name)
    }

    pub const fn at(mut self, location: Location) -> Self {
        self.location = location;
        self
    }

    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub const fn flattened(mut self) -> Self {
        self.flattened = true;
        self
    }

    pub const fn flattened_by_member(mut self) -> Self {
        self.flattened = true;
        self.flattened_by_member = true;
        self
    }

    pub const fn xml_attribute(mut self) -> Self {
        self.xml_attribute = true;
        self
    }

    pub const fn streaming(mut self) -> Self {
        self.streaming = true;
        self
    }

    pub const fn idempotency_token(mut self) -> Self {
        self.idempotency_token = true;
        self
    }

    pub const fn time(mut self, format: TimeFormat) -> Self {
        self.time = Some(format);
        self
    }

    pub const fn xmlns(mut self, attribute: &'static str, uri: &'static str) -> Self {
        self.xmlns = Some((attribute, uri));
        self
    }

    /// The name that each element of a flattened list has.
    pub fn flat_name(&self, element: &Member) -> &'static str {
        if self.flattened_by_member || element.wire == element.name { self.wire } else { element.wire }
    }

    /// Whether the value is secret.
    pub fn sensitive(&self) -> bool {
        self.shape.sensitive
    }
}

// === impl Operation ===

impl Operation {
    /// An operation of which only the name and the URI are known: it is not built.
    pub const fn unbuilt(name: &'static str, method: &'static str, uri: &'static str) -> Self {
        Operation {
            name,
            method,
            uri,
            status: 200,
            input: &UNIT,
            output: &UNIT,
            errors: &[],
            result_wrapper: "",
            unsigned: false,
            built: false,
            invalid: None,
        }
    }
}

// === impl Service ===

impl Service {
    /// The operation of that name.
    pub fn operation(&self, name: &str) -> Option<&'static Operation> {
        let found = self.operations.binary_search_by(|operation| operation.name.cmp(name));
        found.ok().map(|index| self.operations[index])
    }
}

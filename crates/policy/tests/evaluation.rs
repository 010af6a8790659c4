//! AWS's documented examples of how policies are weighed: "Policy evaluation logic", "Permissions boundaries",
//! "Session policies", "Cross-account policy evaluation logic", "AWS global condition context keys".

use kogumo_policy::{Attached, Context, Document, Layer, Policies, Principal, Request, Verdict, decide, denial};
use serde_json::{Value, json};

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";

fn document(statements: Value) -> Document {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    Document::parse(&text).expect("a document")
}

fn allow(action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Action": action, "Resource": resource})
}

fn deny(action: &str, resource: &str) -> Value {
    json!({"Effect": "Deny", "Action": action, "Resource": resource})
}

fn grant(principal: Value, action: &str, resource: &str) -> Value {
    json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": resource})
}

fn user() -> Principal {
    Principal::User {
        account: ACCOUNT.into(),
        arn: format!("arn:aws:iam::{ACCOUNT}:user/carlos"),
        id: "AIDACARLOSCARLOSCARLO".into(),
    }
}

fn session() -> Principal {
    Principal::Session {
        account: ACCOUNT.into(),
        arn: format!("arn:aws:sts::{ACCOUNT}:assumed-role/jobs/one"),
        role: format!("arn:aws:iam::{ACCOUNT}:role/path/jobs"),
        id: "AROAJOBSJOBSJOBSJOBSJ:one".into(),
    }
}

/// Policies by layer, decided for one request.
#[derive(Default)]
struct Case {
    identity: Option<Document>,
    boundary: Option<Document>,
    session: Option<Document>,
    resource: Option<Document>,
    trust: Option<Document>,
    endpoint: Option<Document>,
    control: Vec<Document>,
    closed: bool,
    owner: &'static str,
    context: Context,
}

impl Case {
    fn decide(&self, principal: &Principal, action: &str, resource: &str) -> (Verdict, Option<Layer>) {
        let named = |name: &'static str| move |document| Attached { name, document };
        let policies = Policies {
            identity: self.identity.iter().map(named("identity")).collect(),
            boundary: self.boundary.as_ref().map(named("boundary")),
            session: self.session.as_ref().map(|document| vec![named("session")(document)]),
            resource: self.resource.iter().map(named("resource")).collect(),
            closed: self.closed,
            trust: self.trust.as_ref().map(named("trust")),
            endpoint: self.endpoint.as_ref().map(named("endpoint")),
            service_control: self.control.iter().map(|document| vec![named("control")(document)]).collect(),
        };
        let request = Request { principal, action, resource, owner: self.owner, context: &self.context };
        let decision = decide(&request, &policies);
        (decision.verdict, decision.layer)
    }
}

const ALLOWED: Verdict = Verdict::Allowed;
const DENIED: Verdict = Verdict::ExplicitDeny;
const SILENT: Verdict = Verdict::ImplicitDeny;

/// "Example 1": Carlos may list and use S3 resources that carry his name; the bucket's policy denies him one of them.
#[test]
fn identity_and_resource_policies_of_one_account() {
    let case = Case {
        identity: Some(document(json!([
            allow("s3:ListAllMyBuckets", "*"),
            allow("s3:*", "arn:aws:s3:::carlossalazar"),
            allow("s3:*", "arn:aws:s3:::carlossalazar/*"),
            deny("s3:*", "arn:aws:s3:::*log*"),
        ]))),
        resource: Some(document(json!([
            grant(json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/carlos")}), "s3:*", "arn:aws:s3:::*"),
            {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::secret/*"},
        ]))),
        ..Case::default()
    };
    let user = user();
    assert_eq!(case.decide(&user, "s3:GetObject", "arn:aws:s3:::carlossalazar/a"), (ALLOWED, Some(Layer::Resource)));
    assert_eq!(
        case.decide(&user, "s3:PutObject", "arn:aws:s3:::carlossalazar-logs/a"),
        (DENIED, Some(Layer::Identity))
    );
    assert_eq!(case.decide(&user, "s3:GetObject", "arn:aws:s3:::secret/a"), (DENIED, Some(Layer::Resource)));
    assert_eq!(case.decide(&user, "s3:GetObject", "arn:aws:s3:::another/a"), (ALLOWED, Some(Layer::Resource)));
    assert_eq!(case.decide(&user, "iam:ListUsers", "*"), (SILENT, Some(Layer::Identity)));
}

/// "Permissions boundaries for IAM entities": ShirleyRodriguez.
#[test]
fn a_boundary_limits_and_gives_nothing() {
    let boundary =
        || Some(document(json!([{"Effect": "Allow", "Action": ["s3:*", "cloudwatch:*", "ec2:*"], "Resource": "*"}])));
    let case = Case {
        identity: Some(document(json!([allow("iam:CreateUser", "*")]))),
        boundary: boundary(),
        ..Case::default()
    };
    assert_eq!(case.decide(&user(), "iam:CreateUser", "*"), (SILENT, Some(Layer::Boundary)));
    assert_eq!(case.decide(&user(), "s3:ListAllMyBuckets", "*"), (SILENT, Some(Layer::Identity)));
    let case = Case { identity: Some(document(json!([allow("s3:*", "*")]))), boundary: boundary(), ..Case::default() };
    assert_eq!(case.decide(&user(), "s3:ListAllMyBuckets", "*"), (ALLOWED, Some(Layer::Identity)));
}

/// Who is named in a resource's policy decides whether a boundary or session policy limits the grant.
#[test]
fn grants_to_a_user_and_to_a_session_reach_past_their_limits() {
    let nothing = || Some(document(json!([allow("ec2:*", "*")])));
    let (user, session) = (user(), session());
    let limited = |name: Value| Case {
        boundary: nothing(),
        session: nothing(),
        resource: Some(document(json!([grant(name, "s3:GetObject", "*")]))),
        ..Case::default()
    };
    let role = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:role/path/jobs")});
    let of_session = json!({"AWS": format!("arn:aws:sts::{ACCOUNT}:assumed-role/jobs/one")});
    assert_eq!(limited(json!({"AWS": user.arn()})).decide(&user, "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(limited(of_session).decide(&session, "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(
        limited(role.clone()).decide(&session, "s3:GetObject", "arn:aws:s3:::b/k"),
        (SILENT, Some(Layer::Boundary))
    );
    let open = Case { resource: Some(document(json!([grant(role, "s3:GetObject", "*")]))), ..Case::default() };
    assert_eq!(open.decide(&session, "s3:GetObject", "arn:aws:s3:::b/k"), (ALLOWED, Some(Layer::Resource)));
    // The account's name gives nothing by itself.
    let account = Case {
        resource: Some(document(json!([grant(json!({"AWS": ACCOUNT}), "s3:GetObject", "*")]))),
        ..Case::default()
    };
    assert_eq!(account.decide(&session, "s3:GetObject", "arn:aws:s3:::b/k"), (SILENT, Some(Layer::Identity)));
}

#[test]
fn a_session_policy_is_an_intersection() {
    let case = Case {
        identity: Some(document(json!([allow("s3:*", "*"), allow("sqs:*", "*")]))),
        session: Some(document(json!([allow("s3:GetObject", "*"), allow("iam:*", "*")]))),
        ..Case::default()
    };
    assert_eq!(case.decide(&session(), "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(case.decide(&session(), "sqs:SendMessage", "arn:aws:sqs:us-east-1:1:q"), (SILENT, Some(Layer::Session)));
    assert_eq!(case.decide(&session(), "iam:GetUser", "*"), (SILENT, Some(Layer::Identity)));
}

/// A federated user without a session policy has nothing, whatever its maker may.
#[test]
fn a_federated_user_needs_a_session_policy() {
    let federated = Principal::FederatedUser {
        account: ACCOUNT.into(),
        arn: format!("arn:aws:sts::{ACCOUNT}:federated-user/bob"),
        user: format!("arn:aws:iam::{ACCOUNT}:user/carlos"),
        id: format!("{ACCOUNT}:bob"),
    };
    let all = document(json!([allow("*", "*")]));
    let context = Context::default();
    let request = Request {
        principal: &federated,
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b/k",
        owner: "",
        context: &context,
    };
    let identity = vec![Attached { name: "all", document: &all }];
    let without = Policies { identity: identity.clone(), session: Some(Vec::new()), ..Policies::default() };
    assert_eq!(decide(&request, &without).layer, Some(Layer::Session));
    let with = Policies { identity: identity.clone(), session: Some(identity), ..Policies::default() };
    assert!(decide(&request, &with).is_allowed());
}

/// "Cross-account policy evaluation logic": both accounts must allow.
#[test]
fn both_accounts_must_allow() {
    let own = || Some(document(json!([allow("s3:*", "*")])));
    let theirs = |name: Value| Some(document(json!([grant(name, "s3:GetObject*", "arn:aws:s3:::production/*")])));
    let carlos = || theirs(json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:user/carlos")}));
    let ask = |case: Case| case.decide(&user(), "s3:GetObject", "arn:aws:s3:::production/a");
    assert_eq!(ask(Case { identity: own(), resource: carlos(), owner: OTHER, ..Case::default() }).0, ALLOWED);
    assert_eq!(
        ask(Case { identity: own(), resource: theirs(json!({"AWS": ACCOUNT})), owner: OTHER, ..Case::default() }).0,
        ALLOWED
    );
    assert_eq!(ask(Case { identity: own(), owner: OTHER, ..Case::default() }), (SILENT, Some(Layer::Resource)));
    assert_eq!(ask(Case { resource: carlos(), owner: OTHER, ..Case::default() }), (SILENT, Some(Layer::Identity)));
    let boundary = Some(document(json!([allow("ec2:*", "*")])));
    let limited = Case { identity: own(), resource: carlos(), boundary, owner: OTHER, ..Case::default() };
    assert_eq!(ask(limited), (SILENT, Some(Layer::Boundary)));
}

/// Trust policies: an account's root delegates, a name suffices within the account, and silence lets nobody in.
#[test]
fn a_role_trusts_only_whom_it_names() {
    let trust =
        |name: Value| Some(document(json!([{"Effect": "Allow", "Principal": name, "Action": "sts:AssumeRole"}])));
    let role = "arn:aws:iam::111122223333:role/r";
    let ask = |case: &Case, principal: &Principal| case.decide(principal, "sts:AssumeRole", role);
    let own = || Some(document(json!([allow("sts:AssumeRole", role)])));
    let by_account = Case { trust: trust(json!({"AWS": ACCOUNT})), owner: ACCOUNT, ..Case::default() };
    assert_eq!(ask(&by_account, &user()), (SILENT, Some(Layer::Identity)));
    assert_eq!(ask(&Case { identity: own(), ..by_account }, &user()).0, ALLOWED);
    let by_name = Case { trust: trust(json!({"AWS": user().arn()})), owner: ACCOUNT, ..Case::default() };
    assert_eq!(ask(&by_name, &user()).0, ALLOWED);
    let to_service = Case {
        identity: own(),
        trust: trust(json!({"Service": "lambda.amazonaws.com"})),
        owner: ACCOUNT,
        ..Case::default()
    };
    assert_eq!(ask(&to_service, &user()), (SILENT, Some(Layer::Trust)));
    assert_eq!(ask(&to_service, &Principal::Service { name: "lambda.amazonaws.com".into() }).0, ALLOWED);
    assert_eq!(
        ask(&to_service, &Principal::Service { name: "ec2.amazonaws.com".into() }),
        (SILENT, Some(Layer::Trust))
    );
    let root = Principal::Root { account: ACCOUNT.into() };
    assert_eq!(ask(&to_service, &root), (SILENT, Some(Layer::Trust)));
}

/// A key of KMS: the account's own policies count only where the key's policy names the account, and root is no exception.
#[test]
fn a_closed_resource_has_the_first_word() {
    let key = "arn:aws:kms:us-east-1:111122223333:key/k";
    let root = Principal::Root { account: ACCOUNT.into() };
    let case = |principal: Value| Case {
        identity: Some(document(json!([allow("kms:Decrypt", key)]))),
        resource: Some(document(json!([grant(principal, "kms:*", key)]))),
        closed: true,
        owner: ACCOUNT,
        ..Case::default()
    };
    let ask = |case: &Case, principal: &Principal| case.decide(principal, "kms:Decrypt", key).0;
    let of_another = case(json!({"AWS": session().arn()}));
    assert_eq!(ask(&of_another, &user()), SILENT);
    assert_eq!(ask(&of_another, &root), SILENT);
    let of_account = case(json!({"AWS": ACCOUNT}));
    assert_eq!(ask(&of_account, &user()), ALLOWED);
    assert_eq!(ask(&of_account, &root), ALLOWED);
    assert_eq!(ask(&Case { identity: None, ..of_account }, &user()), SILENT);
}

/// "Using web identity federation": the audience must be the pool.
#[test]
fn a_provider_of_identities_is_held_to_conditions() {
    let trust = Some(document(json!([{
        "Effect": "Allow",
        "Principal": {"Federated": "cognito-identity.amazonaws.com"},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": {"cognito-identity.amazonaws.com:aud": ["us-east-1:pool-a", "us-east-1:pool-b"]},
            "ForAnyValue:StringLike": {"cognito-identity.amazonaws.com:amr": "authenticated"},
        },
    }])));
    let provider = Principal::Federated { provider: "cognito-identity.amazonaws.com".into() };
    let mut context = Context::default();
    context.put("cognito-identity.amazonaws.com:aud", "us-east-1:pool-b");
    context.put_all("cognito-identity.amazonaws.com:amr", ["authenticated", "cognito-idp…"]);
    let mut case = Case { trust, context, ..Case::default() };
    let role = "arn:aws:iam::111122223333:role/r";
    assert_eq!(case.decide(&provider, "sts:AssumeRoleWithWebIdentity", role).0, ALLOWED);
    assert_eq!(case.decide(&provider, "sts:AssumeRole", role).0, SILENT);
    case.context.put("cognito-identity.amazonaws.com:aud", "us-east-1:pool-c");
    assert_eq!(case.decide(&provider, "sts:AssumeRoleWithWebIdentity", role), (SILENT, Some(Layer::Trust)));
}

#[test]
fn strangers_need_a_policy_for_everybody() {
    let open = Case {
        resource: Some(document(json!([grant(json!("*"), "s3:GetObject", "arn:aws:s3:::b/*")]))),
        ..Case::default()
    };
    let named = Case {
        resource: Some(document(json!([grant(json!({"AWS": ACCOUNT}), "s3:GetObject", "*")]))),
        ..Case::default()
    };
    assert_eq!(open.decide(&Principal::Anonymous, "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(open.decide(&Principal::Anonymous, "s3:PutObject", "arn:aws:s3:::b/k").0, SILENT);
    assert_eq!(named.decide(&Principal::Anonymous, "s3:GetObject", "arn:aws:s3:::b/k").0, SILENT);
}

#[test]
fn root_is_held_by_resource_and_service_control_policies_only() {
    let root = Principal::Root { account: ACCOUNT.into() };
    assert_eq!(Case::default().decide(&root, "s3:GetObject", "arn:aws:s3:::b/k"), (ALLOWED, None));
    let closed = document(json!([{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}]));
    let closed = Case { resource: Some(closed), ..Case::default() };
    assert_eq!(closed.decide(&root, "s3:GetObject", "arn:aws:s3:::b/k"), (DENIED, Some(Layer::Resource)));
    let control = Case {
        control: vec![document(json!([allow("*", "*")])), document(json!([allow("s3:*", "*")]))],
        ..Case::default()
    };
    assert_eq!(control.decide(&root, "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(control.decide(&root, "iam:GetUser", "*"), (SILENT, Some(Layer::ServiceControl)));
}

/// AWS PrivateLink Guide, "Control access to VPC endpoints using endpoint policies": it limits everybody, and gives nothing.
#[test]
fn endpoints_let_pass_at_most_what_their_policy_allows() {
    let endpoint = || Some(document(json!([grant(json!("*"), "s3:GetObject", "arn:aws:s3:::b/*")])));
    let root = Principal::Root { account: ACCOUNT.into() };
    let limited = Case { endpoint: endpoint(), ..Case::default() };
    assert_eq!(limited.decide(&root, "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(limited.decide(&root, "s3:PutObject", "arn:aws:s3:::b/k"), (SILENT, Some(Layer::Endpoint)));
    assert_eq!(limited.decide(&user(), "s3:GetObject", "arn:aws:s3:::b/k"), (SILENT, Some(Layer::Identity)));
    let with_identity =
        Case { endpoint: endpoint(), identity: Some(document(json!([allow("*", "*")]))), ..Case::default() };
    assert_eq!(with_identity.decide(&user(), "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(with_identity.decide(&user(), "s3:PutObject", "arn:aws:s3:::b/k"), (SILENT, Some(Layer::Endpoint)));
}

/// "IAM JSON policy elements: NotAction", "NotResource", "NotPrincipal".
#[test]
fn what_is_left_out() {
    let not_action = json!([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]);
    let case = Case { identity: Some(document(not_action)), ..Case::default() };
    assert_eq!(case.decide(&user(), "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(case.decide(&user(), "IAM:getuser", "*").0, SILENT);
    let not_resource = json!([allow("s3:*", "*"), {"Effect": "Deny", "Action": "s3:*", "NotResource": ["arn:aws:s3:::HRBucket/Payroll", "arn:aws:s3:::HRBucket/Payroll/*"]}]);
    let case = Case { identity: Some(document(not_resource)), ..Case::default() };
    assert_eq!(case.decide(&user(), "s3:GetObject", "arn:aws:s3:::HRBucket/Payroll/a").0, ALLOWED);
    assert_eq!(case.decide(&user(), "s3:GetObject", "arn:aws:s3:::HRBucket/a").0, DENIED);
    let not_principal = json!([
        {"Effect": "Deny", "NotPrincipal": {"AWS": [user().arn(), ACCOUNT]}, "Action": "s3:*", "Resource": "*"},
        grant(json!("*"), "s3:*", "*"),
    ]);
    let case = Case { resource: Some(document(not_principal)), ..Case::default() };
    assert_eq!(case.decide(&user(), "s3:GetObject", "arn:aws:s3:::b/k").0, ALLOWED);
    assert_eq!(case.decide(&Principal::Anonymous, "s3:GetObject", "arn:aws:s3:::b/k").0, DENIED);
}

/// "Example policies": MFA with BoolIfExists, a date range, the requested region, a home folder.
#[test]
fn conditions_of_the_documented_examples() {
    let policy = json!([
        {"Effect": "Deny", "NotAction": ["iam:ChangePassword", "sts:GetSessionToken"], "Resource": "*",
         "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}},
        {"Effect": "Allow", "Action": "service:ActionName", "Resource": "*",
         "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2020-04-01T00:00:00Z"}, "DateLessThan": {"aws:CurrentTime": "2020-06-30T23:59:59Z"}}},
        {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::home",
         "Condition": {"StringLike": {"s3:prefix": ["", "home/", "home/${aws:username}/*"]}}},
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::home/${aws:username}/*"},
    ]);
    let mut context = Context::default();
    context.put("aws:username", "carlos");
    context.put("aws:currenttime", "2020-05-01T00:00:00Z");
    context.put("s3:prefix", "home/carlos/x");
    context.put("aws:MultiFactorAuthPresent", "true");
    let mut case = Case { identity: Some(document(policy)), context, ..Case::default() };
    assert_eq!(case.decide(&user(), "service:ActionName", "*").0, ALLOWED);
    assert_eq!(case.decide(&user(), "s3:ListBucket", "arn:aws:s3:::home").0, ALLOWED);
    assert_eq!(case.decide(&user(), "s3:GetObject", "arn:aws:s3:::home/carlos/a").0, ALLOWED);
    assert_eq!(case.decide(&user(), "s3:GetObject", "arn:aws:s3:::home/jiro/a").0, SILENT);
    case.context.put("s3:prefix", "home/jiro/x");
    case.context.put("aws:CurrentTime", "2020-07-01T00:00:00Z");
    assert_eq!(case.decide(&user(), "s3:ListBucket", "arn:aws:s3:::home").0, SILENT);
    assert_eq!(case.decide(&user(), "service:ActionName", "*").0, SILENT);
    case.context.put("aws:MultiFactorAuthPresent", "false");
    assert_eq!(case.decide(&user(), "s3:GetObject", "arn:aws:s3:::home/carlos/a").0, DENIED);
    assert_eq!(case.decide(&user(), "iam:ChangePassword", "*").0, SILENT);
    // A long-term key has no such key in its context: that is denied, too.
    case.context.remove("aws:MultiFactorAuthPresent");
    assert_eq!(case.decide(&user(), "s3:GetObject", "arn:aws:s3:::home/carlos/a").0, DENIED);
}

/// "ABAC": the principal's and the resource's tag must agree.
#[test]
fn tags_are_compared_with_each_other() {
    let policy = json!([{"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*", "Condition": {
        "StringEquals": {"aws:ResourceTag/access-team": "${aws:PrincipalTag/access-team}"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["access-team", "cost-center"]},
        "StringEqualsIfExists": {"aws:RequestTag/access-team": "${aws:PrincipalTag/access-team}"},
    }}]);
    let mut context = Context::default();
    context.put("aws:PrincipalTag/access-team", "eng");
    context.put("aws:resourcetag/access-team", "eng");
    context.put_all("aws:TagKeys", ["cost-center"]);
    let mut case = Case { identity: Some(document(policy)), context, ..Case::default() };
    let secret = "arn:aws:secretsmanager:us-east-1:111122223333:secret:s";
    assert_eq!(case.decide(&session(), "secretsmanager:GetSecretValue", secret).0, ALLOWED);
    case.context.put_all("aws:TagKeys", ["owner"]);
    assert_eq!(case.decide(&session(), "secretsmanager:GetSecretValue", secret).0, SILENT);
    case.context.remove("aws:TagKeys");
    case.context.put("aws:ResourceTag/access-team", "qas");
    assert_eq!(case.decide(&session(), "secretsmanager:GetSecretValue", secret).0, SILENT);
}

#[test]
fn refusals_say_why_and_allowances_say_by_what() {
    let policy = document(
        json!([deny("s3:Delete*", "*"), {"Sid": "Reading", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]),
    );
    let context = Context::default();
    let user = user();
    let policies = Policies { identity: vec![Attached { name: "Readers", document: &policy }], ..Policies::default() };
    let ask = |action: &'static str| {
        let request = Request { principal: &user, action, resource: "arn:aws:s3:::b/k", owner: "", context: &context };
        decide(&request, &policies)
    };
    let by = ask("s3:GetObject").by.expect("a statement");
    assert_eq!((by.policy, by.sid, by.index), ("Readers", Some("Reading"), 1));
    let say = |action| denial(&user.arn(), action, "arn:aws:s3:::b/k", &ask(action));
    assert_eq!(
        say("s3:PutObject"),
        "User: arn:aws:iam::111122223333:user/carlos is not authorized to perform: s3:PutObject on resource: arn:aws:s3:::b/k because no identity-based policy allows the s3:PutObject action"
    );
    assert_eq!(
        say("s3:DeleteObject"),
        "User: arn:aws:iam::111122223333:user/carlos is not authorized to perform: s3:DeleteObject on resource: arn:aws:s3:::b/k with an explicit deny in an identity-based policy"
    );
}

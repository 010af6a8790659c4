//! What holds for all policies: deny wins, an allow more takes nothing away, order never matters, and no document
//! makes the engine stumble.

use kogumo_policy::{Attached, Context, Document, Policies, Principal, Request, Sort, Verdict, context_keys, decide};
use proptest::prelude::*;
use serde_json::{Value, json};

const ACTIONS: [&str; 4] = ["s3:GetObject", "s3:PutObject", "sqs:SendMessage", "iam:PassRole"];
const RESOURCES: [&str; 4] = ["arn:aws:s3:::a/x", "arn:aws:s3:::b/y", "arn:aws:sqs:us-east-1:1:q", "*"];

fn principal(which: usize) -> Principal {
    let account = "111122223333".to_owned();
    match which % 4 {
        0 => Principal::Root { account },
        1 => Principal::User {
            arn: format!("arn:aws:iam::{account}:user/u"),
            account,
            id: "AIDAAAAAAAAAAAAAAAAAA".into(),
        },
        2 => Principal::Session {
            arn: format!("arn:aws:sts::{account}:assumed-role/r/s"),
            role: format!("arn:aws:iam::{account}:role/r"),
            account,
            id: "AROAAAAAAAAAAAAAAAAAA:s".into(),
        },
        _ => Principal::Anonymous,
    }
}

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = Value> {
    prop::collection::vec(prop::sample::select(words), 1..3).prop_map(|words| json!(words))
}

fn statement() -> impl Strategy<Value = Value> {
    let actions = one_of(&["*", "s3:*", "s3:Get*", "sqs:SendMessage", "iam:?assRole", "s3:PutObject"]);
    let resources = one_of(&["*", "arn:aws:s3:::a/*", "arn:aws:s3:::${aws:username}/*", "arn:aws:sqs:*:1:q"]);
    let conditions = prop::sample::select(vec![
        json!({}),
        json!({"StringEquals": {"aws:username": "a"}}),
        json!({"Null": {"aws:TagKeys": "true"}}),
        json!({"ForAnyValue:StringNotLike": {"aws:TagKeys": ["t*"]}, "Bool": {"aws:SecureTransport": true}}),
    ]);
    let effect = prop::sample::select(vec!["Allow", "Allow", "Deny"]);
    (effect, actions, resources, conditions, any::<(bool, bool)>()).prop_map(
        |(effect, actions, resources, conditions, (a, r))| {
            let mut statement = json!({"Effect": effect, "Condition": conditions});
            statement[if a { "NotAction" } else { "Action" }] = actions;
            statement[if r { "NotResource" } else { "Resource" }] = resources;
            statement
        },
    )
}

fn statements() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(statement(), 0..6)
}

fn with_principal(statements: &[Value]) -> Vec<Value> {
    let names = [
        json!("*"),
        json!({"AWS": "111122223333"}),
        json!({"AWS": "arn:aws:iam::111122223333:role/r"}),
        json!({"AWS": "arn:aws:sts::111122223333:assumed-role/r/s"}),
    ];
    let named = |(index, statement): (usize, &Value)| {
        let mut statement = statement.clone();
        statement["Principal"] = names[index % names.len()].clone();
        statement
    };
    statements.iter().enumerate().map(named).collect()
}

fn document(statements: &[Value]) -> Option<Document> {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    (!statements.is_empty()).then(|| Document::parse(&text).expect("a document"))
}

/// A world of policies of each layer.
#[derive(Clone, Debug)]
struct World {
    identity: Vec<Value>,
    boundary: Vec<Value>,
    session: Vec<Value>,
    resource: Vec<Value>,
    ask: (usize, usize, usize, usize, bool),
}

fn world() -> impl Strategy<Value = World> {
    let ask = (0..4usize, 0..4usize, 0..4usize, 0..2usize, any::<bool>());
    (statements(), statements(), statements(), statements(), ask)
        .prop_map(|(identity, boundary, session, resource, ask)| World { identity, boundary, session, resource, ask })
}

impl World {
    fn verdict(&self) -> Verdict {
        let resource = with_principal(&self.resource);
        let [identity, boundary, session, resource] =
            [&self.identity, &self.boundary, &self.session, &resource].map(|statements| document(statements));
        let attached = |document| Attached { name: "p", document };
        let policies = Policies {
            identity: identity.iter().map(attached).collect(),
            boundary: boundary.as_ref().map(attached),
            session: session.as_ref().map(|document| vec![attached(document)]),
            resource: resource.iter().map(attached).collect(),
            ..Policies::default()
        };
        let (who, action, on, owner, tagged) = self.ask;
        let mut context = Context::default();
        context.put("aws:username", "a");
        context.put("aws:SecureTransport", "true");
        if tagged {
            context.put_all("aws:TagKeys", ["t1", "x"]);
        }
        let principal = principal(who);
        let request = Request {
            principal: &principal,
            action: ACTIONS[action],
            resource: RESOURCES[on],
            owner: ["", "444455556666"][owner],
            context: &context,
        };
        decide(&request, &policies).verdict
    }
}

proptest! {
    #[test]
    fn deny_wins(mut world in world(), layer in 0..4usize) {
        let all = json!({"Effect": "Deny", "Action": "*", "Resource": "*"});
        // A boundary or session policy is there or not; making one up would be another case.
        match layer {
            0 => world.identity.push(all),
            1 => world.boundary.push(all),
            2 => world.session.push(all),
            // The first name is everybody's.
            _ => world.resource.insert(0, all),
        }
        prop_assert_eq!(world.verdict(), Verdict::ExplicitDeny);
    }

    #[test]
    fn an_allow_more_takes_nothing_away(world in world(), more in statement(), layer in 0..2usize) {
        let before = world.verdict();
        let mut more = more;
        more["Effect"] = json!("Allow");
        let mut after = world;
        if layer == 0 { after.identity.push(more) } else { after.resource.push(more) }
        if before == Verdict::Allowed {
            prop_assert_eq!(after.verdict(), Verdict::Allowed);
        }
        if before == Verdict::ExplicitDeny {
            prop_assert_eq!(after.verdict(), Verdict::ExplicitDeny);
        }
    }

    #[test]
    fn order_never_matters(world in world()) {
        let mut turned = world.clone();
        turned.identity.reverse();
        turned.boundary.reverse();
        turned.session.reverse();
        prop_assert_eq!(world.verdict(), turned.verdict());
    }

    #[test]
    fn no_text_makes_it_stumble(text in ".{0,200}") {
        let _ = Document::parse(&text);
        let statement = json!({"Statement": {"Effect": "Allow", "Action": text, "Resource": text, "Condition": {"StringLike": {"a:b": text}}}});
        if let Ok(document) = Document::read(&statement) {
            let _ = (document.check(Sort::Identity), context_keys([&document]));
        }
    }
}

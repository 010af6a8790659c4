//! The rules of NAT gateways, and of guests that do the same.

use kogumo_netmodel::Cidr;

use super::rules::{ESTABLISHED_OR_RELATED, INVALID, in_state};
use crate::nft::{Expr, Family, Hook, HookType, Ruleset, Verdict, match_cidr};

/// Forwards what comes from inside, with the own address as the source, and what answers. Nobody gets in.
pub(crate) fn nat_gateway(inside: &[Cidr]) -> Ruleset {
    let mut ruleset = masquerade();
    let accept = |mut rule: Vec<Expr>| {
        rule.push(Expr::Verdict(Verdict::Accept));
        rule
    };
    // An answer to what it never saw begin would pass as it is.
    let mut forward = vec![in_state(ESTABLISHED_OR_RELATED, Verdict::Accept), in_state(INVALID, Verdict::Drop)];
    forward.extend(inside.iter().filter_map(|block| match_cidr(block, false)).map(accept));
    ruleset.base("forward", hook(HookType::Forward, Family::Filter, 0, false), forward);
    let answers = vec![in_state(ESTABLISHED_OR_RELATED, Verdict::Accept)];
    ruleset.base("input", hook(HookType::Input, Family::Filter, 0, false), answers);
    ruleset
}

/// What `iptables -t nat -A POSTROUTING -j MASQUERADE` does.
pub(crate) fn masquerade() -> Ruleset {
    let mut ruleset = Ruleset::default();
    ruleset.base("leave", hook(HookType::Postrouting, Family::Nat, 100, true), vec![vec![Expr::Masquerade]]);
    ruleset
}

fn hook(kind: HookType, family: Family, priority: i32, accept: bool) -> Hook {
    Hook { kind, family, priority, accept }
}

//! The rules of NAT gateways, and of guests that do the same.

use kogumo_netmodel::Cidr;

use super::rules::{ESTABLISHED_OR_RELATED, INVALID, in_state};
use crate::family::Family;
use crate::nft::{ChainType, Expr, Hook, HookType, Ruleset, Rulesets, Verdict, match_cidr};

/// IPv4 alone: forwards what comes from inside, with the own address as the source, and what answers. Nobody gets in.
pub(crate) fn nat_gateway(inside: &[Cidr]) -> Rulesets {
    let mut ruleset = masquerading();
    let accept = |mut rule: Vec<Expr>| {
        rule.push(Expr::Verdict(Verdict::Accept));
        rule
    };
    // An answer to what it never saw begin would pass as it is.
    let mut forward = vec![in_state(ESTABLISHED_OR_RELATED, Verdict::Accept), in_state(INVALID, Verdict::Drop)];
    forward.extend(inside.iter().filter_map(|block| match_cidr(Family::V4, block, false)).map(accept));
    ruleset.base("forward", hook(HookType::Forward, ChainType::Filter, 0, false), forward);
    let answers = vec![in_state(ESTABLISHED_OR_RELATED, Verdict::Accept)];
    ruleset.base("input", hook(HookType::Input, ChainType::Filter, 0, false), answers);
    Rulesets { v4: ruleset, v6: Ruleset::default() }
}

/// What a guest has that masquerades everything.
#[cfg(test)]
pub(crate) fn masquerade() -> Rulesets {
    Rulesets { v4: masquerading(), v6: masquerading() }
}

/// What `iptables -t nat -A POSTROUTING -j MASQUERADE` does.
fn masquerading() -> Ruleset {
    let mut ruleset = Ruleset::default();
    ruleset.base("leave", hook(HookType::Postrouting, ChainType::Nat, 100, true), vec![vec![Expr::Masquerade]]);
    ruleset
}

fn hook(kind: HookType, chain: ChainType, priority: i32, accept: bool) -> Hook {
    Hook { kind, chain, priority, accept }
}

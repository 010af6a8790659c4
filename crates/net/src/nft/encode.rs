//! Changes in the words of the kernel's `nf_tables` (include/uapi/linux/netfilter/nf_tables.h): one batch is one transaction.

use std::collections::BTreeMap;

use super::attribute::Attributes;
use super::ruleset::{Chain, ChainType, Element, HookType, Kind, Rule, Set};
use super::{Change, Compare, Expr, Meta, Verdict};
use crate::family::Family;

/// The name of our only table of each family in a namespace.
pub(crate) const TABLE: &str = "kogumo";

const SUBSYSTEM: u16 = 10;
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;

const NEW_TABLE: u16 = 0;
const NEW_CHAIN: u16 = 3;
const DELETE_CHAIN: u16 = 5;
const NEW_RULE: u16 = 6;
const DELETE_RULE: u16 = 8;
const NEW_SET: u16 = 9;
const DELETE_SET: u16 = 11;
const NEW_ELEMENT: u16 = 12;
const DELETE_ELEMENT: u16 = 14;

const REQUEST: u16 = 0x1;
const ACK: u16 = 0x4;
const CREATE: u16 = 0x400;
const APPEND: u16 = 0x800;

/// So many flows are counted at once; further ones pass uncounted.
const MOST_COUNTED: u32 = 65_535;

/// Register 8 of the kernel's numbering is the first that holds four bytes; 0 holds the verdict.
const FIRST_REGISTER: u32 = 8;
const VERDICT_REGISTER: u32 = 0;

/// A batch that brings the changes about, of both families, all or none. The last message that is acknowledged has the
/// sequence number `last`; messages before it have smaller ones.
pub(crate) fn transaction(changes: &[(Family, Change)], last: u32) -> Vec<u8> {
    let mut batch = Vec::new();
    message(&mut batch, BATCH_BEGIN, REQUEST, (0, SUBSYSTEM), 0, &[]);
    let table = Attributes::default().text(1, TABLE).0.clone();
    for family in Family::ALL {
        if changes.iter().any(|(own, _)| *own == family) {
            message(&mut batch, kind(NEW_TABLE), REQUEST | CREATE, (family.number(), 0), 0, &table);
        }
    }
    let mut set_number = 0;
    for (place, (family, change)) in changes.iter().enumerate() {
        let ack = if place + 1 == changes.len() { ACK } else { 0 };
        let sequence = if ack == 0 { 0 } else { last };
        if matches!(change, Change::AddSet(..)) {
            set_number += 1;
        }
        let (what, flags, body) = encode(*family, change, set_number);
        message(&mut batch, kind(what), REQUEST | ack | flags, (family.number(), 0), sequence, &body.0);
    }
    message(&mut batch, BATCH_END, REQUEST, (0, SUBSYSTEM), 0, &[]);
    batch
}

fn kind(message: u16) -> u16 {
    (SUBSYSTEM << 8) | message
}

fn message(batch: &mut Vec<u8>, kind: u16, flags: u16, (family, resource): (u8, u16), sequence: u32, body: &[u8]) {
    let length = u32::try_from(20 + body.len()).unwrap_or(u32::MAX);
    batch.extend(length.to_ne_bytes());
    batch.extend(kind.to_ne_bytes());
    batch.extend(flags.to_ne_bytes());
    batch.extend(sequence.to_ne_bytes());
    batch.extend([0; 4]);
    batch.extend([family, 0]);
    batch.extend(resource.to_be_bytes());
    batch.extend(body);
}

fn encode(family: Family, change: &Change, set_number: u32) -> (u16, u16, Attributes) {
    let mut body = Attributes::default();
    body.text(1, TABLE);
    match change {
        Change::AddSet(name, set) => {
            set_body(&mut body, name, set, set_number);
            (NEW_SET, CREATE, body)
        }
        Change::AddChain(name, chain) => {
            chain_body(&mut body, name, chain);
            (NEW_CHAIN, CREATE, body)
        }
        Change::Flush(name) => {
            body.text(2, name);
            (DELETE_RULE, 0, body)
        }
        Change::AddRule(name, rule) => {
            rule_body(&mut body, family, name, rule);
            (NEW_RULE, CREATE | APPEND, body)
        }
        Change::AddElements(name, elements) => {
            elements_body(&mut body, name, elements);
            (NEW_ELEMENT, CREATE, body)
        }
        Change::RemoveElements(name, elements) => {
            elements_body(&mut body, name, elements);
            (DELETE_ELEMENT, 0, body)
        }
        Change::RemoveChain(name) => {
            body.text(3, name);
            (DELETE_CHAIN, 0, body)
        }
        Change::RemoveSet(name) => {
            body.text(2, name);
            (DELETE_SET, 0, body)
        }
    }
}

fn set_body(body: &mut Attributes, name: &str, set: &Set, number: u32) {
    const FLAG_MAP: u32 = 0x8;
    const FLAG_TIMEOUT: u32 = 0x10;
    const FLAG_FROM_RULES: u32 = 0x20;
    const DATA_VERDICT: u32 = 0xffff_ff00;
    let flags = match set.value {
        Kind::Nothing => 0,
        Kind::Value(_) | Kind::Verdict => FLAG_MAP,
        Kind::Counters(_) => FLAG_TIMEOUT | FLAG_FROM_RULES,
    };
    body.text(2, name).number(3, flags).number(4, 0).number(5, set.key_length);
    match set.value {
        Kind::Nothing => {}
        Kind::Value(length) => {
            body.number(6, 0).number(7, length);
        }
        Kind::Verdict => {
            body.number(6, DATA_VERDICT).number(7, 16);
        }
        Kind::Counters(milliseconds) => {
            body.nest(9, |description| {
                description.number(1, MOST_COUNTED);
            });
            body.bytes(11, &milliseconds.to_be_bytes());
        }
    }
    body.number(10, number);
}

fn chain_body(body: &mut Attributes, name: &str, chain: &Chain) {
    body.text(3, name);
    let Some(hook) = chain.hook else { return };
    let number = match hook.kind {
        HookType::Prerouting => 0,
        HookType::Input => 1,
        HookType::Forward => 2,
        HookType::Output => 3,
        HookType::Postrouting => 4,
    };
    body.nest(4, |nest| {
        nest.number(1, number).bytes(2, &hook.priority.to_be_bytes());
    });
    body.number(5, u32::from(hook.accept));
    body.text(7, if hook.chain == ChainType::Nat { "nat" } else { "filter" });
}

fn rule_body(body: &mut Attributes, family: Family, chain: &str, rule: &Rule) {
    body.text(2, chain);
    body.nest(4, |list| {
        for expr in rule {
            list.nest(1, |element| expression(element, family, expr));
        }
    });
}

fn elements_body(body: &mut Attributes, set: &str, elements: &BTreeMap<Vec<u8>, Element>) {
    body.text(2, set);
    body.nest(3, |list| {
        for (key, element) in elements {
            list.nest(1, |entry| {
                entry.nest(1, |data| {
                    data.bytes(1, key);
                });
                match element {
                    Element::Member => {}
                    Element::Value(value) => {
                        entry.nest(2, |data| {
                            data.bytes(1, value);
                        });
                    }
                    Element::Verdict(verdict) => {
                        entry.nest(2, |data| verdict_data(data, verdict));
                    }
                }
            });
        }
    });
}

fn verdict_data(data: &mut Attributes, verdict: &Verdict) {
    let (code, chain) = match verdict {
        Verdict::Drop => (0, None),
        Verdict::Accept => (1, None),
        Verdict::Jump(chain) => (-3_i32, Some(chain)),
        Verdict::Goto(chain) => (-4, Some(chain)),
        Verdict::Return => (-5, None),
    };
    data.nest(2, |nest| {
        nest.bytes(1, &code.to_be_bytes());
        if let Some(chain) = chain {
            nest.text(2, chain);
        }
    });
}

fn expression(element: &mut Attributes, family: Family, expr: &Expr) {
    let mut data = Attributes::default();
    let name = fill(&mut data, family, expr);
    element.text(1, name).bytes(2 | (1 << 15), &data.0);
}

/// Writes an expression's data; the answer is its name.
fn fill(data: &mut Attributes, family: Family, expr: &Expr) -> &'static str {
    let register = |number: &u32| FIRST_REGISTER + number;
    match expr {
        Expr::Meta { key, to } => {
            let key = match key {
                Meta::Mark => 3,
                Meta::InputName => 6,
                Meta::OutputName => 7,
                Meta::TransportProtocol => 16,
            };
            data.number(1, register(to)).number(2, key);
            "meta"
        }
        Expr::SetMark { from } => {
            data.number(2, 3).number(3, register(from));
            "meta"
        }
        Expr::Network { offset, length, to } => {
            data.number(1, register(to)).number(2, 1).number(3, *offset).number(4, *length);
            "payload"
        }
        Expr::Transport { offset, length, to } => {
            data.number(1, register(to)).number(2, 2).number(3, *offset).number(4, *length);
            "payload"
        }
        Expr::WriteNetwork { offset, from } => {
            const SUM_OF_HEADER: u32 = 10;
            const SUM_OF_TRANSPORT_TOO: u32 = 1;
            write(data, 1, (*offset, register(from)), SUM_OF_HEADER);
            data.number(8, SUM_OF_TRANSPORT_TOO);
            "payload"
        }
        Expr::WriteQuoted { offset, from } => {
            const SUM_OF_MESSAGE: u32 = 2;
            write(data, 2, (*offset, register(from)), SUM_OF_MESSAGE);
            "payload"
        }
        Expr::ConnectionState { to } => {
            data.number(1, register(to)).number(2, 0);
            "ct"
        }
        Expr::ConnectionDirection { to } => {
            data.number(1, register(to)).number(2, 1);
            "ct"
        }
        Expr::Mask { register: own, mask } => {
            let length = u32::try_from(mask.len()).unwrap_or(0);
            data.number(1, register(own)).number(2, register(own)).number(3, length);
            value(data, 4, mask);
            value(data, 5, &vec![0; mask.len()]);
            "bitwise"
        }
        Expr::Compare { from, how, value: wanted } => {
            data.number(1, register(from)).number(2, if *how == Compare::Equal { 0 } else { 1 });
            value(data, 3, wanted);
            "cmp"
        }
        Expr::Within { from, low, high } => {
            data.number(1, register(from)).number(2, 0);
            value(data, 3, low);
            value(data, 4, high);
            "range"
        }
        Expr::Lookup { set, from, invert } => {
            data.text(1, set).number(2, register(from)).number(5, u32::from(*invert));
            "lookup"
        }
        Expr::Map { map, from, to } => {
            data.text(1, map).number(2, register(from)).number(3, register(to));
            "lookup"
        }
        Expr::VerdictMap { map, from } => {
            data.text(1, map).number(2, register(from)).number(3, VERDICT_REGISTER);
            "lookup"
        }
        Expr::Count { set, from } => {
            const UPDATE: u32 = 1;
            data.text(1, set).number(3, UPDATE).number(4, register(from));
            data.nest(7, |expr| {
                expr.text(1, "counter");
            });
            "dynset"
        }
        Expr::Immediate { to, value: bytes } => {
            data.number(1, register(to));
            value(data, 2, bytes);
            "immediate"
        }
        Expr::SourceNat { address } => {
            data.number(1, 0).number(2, u32::from(family.number())).number(3, register(address));
            "nat"
        }
        Expr::Masquerade => "masq",
        Expr::TransparentProxy { port } => {
            data.number(1, u32::from(family.number())).number(3, register(port));
            "tproxy"
        }
        Expr::NoSuchHost => {
            const ICMP_UNREACHABLE: u32 = 0;
            const HOST_UNREACHABLE: u8 = 1;
            const ADDRESS_UNREACHABLE: u8 = 3;
            let code = if family == Family::V4 { HOST_UNREACHABLE } else { ADDRESS_UNREACHABLE };
            data.number(1, ICMP_UNREACHABLE).bytes(2, &[code]);
            "reject"
        }
        Expr::Verdict(verdict) => {
            data.number(1, VERDICT_REGISTER).nest(2, |nest| verdict_data(nest, verdict));
            "immediate"
        }
    }
}

fn value(data: &mut Attributes, kind: u16, bytes: &[u8]) {
    data.nest(kind, |nest| {
        nest.bytes(1, bytes);
    });
}

/// Four bytes out of a register, and the sum over them that stands at `sum`, both counted from where the header begins.
fn write(data: &mut Attributes, base: u32, (offset, from): (u32, u32), sum: u32) {
    const INTERNET_SUM: u32 = 1;
    data.number(2, base).number(3, offset).number(4, 4).number(5, from).number(6, INTERNET_SUM).number(7, sum);
}

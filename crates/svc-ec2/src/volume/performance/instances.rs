//! An instance's volumes together are no faster than its type's EBS bandwidth.
//!
//! AWS gives types a baseline and a maximum, which the smaller ones have for half an hour in 24. The maximum is what is held
//! here, at all times: who measures for some minutes sees the same on AWS. Types without figures of their own (of the
//! generations whose volumes share the network with everything else, and those that `facts/ec2-instance-types.txt` has none of)
//! have no such limit.
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ebs-optimized.html>

use std::collections::BTreeMap;

use kogumo_base::{Scope, Trouble};
use kogumo_ebs::{Claim, Debt, Rate, Work, divide};
use kogumo_store::Read;

use super::meter::{rates, work};
use super::tick::Turn;
use crate::instance::Instance;
use crate::instance_type::{self, InstanceType};
use crate::resource::Resource;

/// Bytes a second in a Mbit/s.
const MEGABIT: f64 = 1_000_000.0 / 8.0;

/// What instances did beyond their limits.
#[derive(Default)]
pub struct Instances(BTreeMap<String, Debt>);

/// What a type lets all volumes of an instance do together.
fn most(kind: &InstanceType) -> Option<Rate> {
    let [_, _, megabits, iops] = kind.ebs?;
    Some(Rate { iops: f64::from(iops), bytes: f64::from(megabits) * MEGABIT })
}

impl Instances {
    /// Takes from what volumes may do by themselves what their instances do not let through.
    ///
    /// # Errors
    /// Trouble with the store.
    pub fn hold(&mut self, read: &dyn Read, turns: &mut [Turn], seconds: f64) -> Result<(), Trouble> {
        let mut members: BTreeMap<(Scope, String), Vec<usize>> = BTreeMap::new();
        for (index, turn) in turns.iter().enumerate().filter(|(_, turn)| turn.attached.is_some()) {
            for held in turn.volume.attachments() {
                members.entry((turn.scope.clone(), held.instance.clone())).or_default().push(index);
            }
        }
        let mut debts = BTreeMap::new();
        for ((scope, id), members) in members {
            let kind = Instance::TABLE.get(read, &scope, id.as_str())?.and_then(|one| instance_type::find(&one.kind));
            let Some(limit) = kind.and_then(most) else { continue };
            let own: Vec<&mut Turn> =
                turns.iter_mut().enumerate().filter(|(at, _)| members.contains(at)).map(|(_, turn)| turn).collect();
            let debt = self.0.get(&id).copied().unwrap_or_default();
            debts.insert(id, hold_one(limit, debt, own, seconds));
        }
        self.0 = debts;
        Ok(())
    }
}

/// The volumes of one instance; its debt afterwards.
fn hold_one(limit: Rate, debt: Debt, mut turns: Vec<&mut Turn>, seconds: f64) -> Debt {
    let works = || turns.iter().map(|turn| work(&turn.done.counters));
    let sum = Work { ios: works().map(|one| one.ios).sum(), bytes: works().map(|one| one.bytes).sum() };
    let debt = debt.after(sum, limit, seconds);
    let claims: Vec<Claim> = turns.iter().map(|turn| turn.claim(seconds)).collect();
    for (turn, given) in turns.iter_mut().zip(divide(debt.taken_off(limit), &claims)) {
        turn.allowed = given;
    }
    debt
}

impl Turn<'_> {
    fn claim(&self, seconds: f64) -> Claim {
        let done = rates(&self.done.counters, seconds);
        let done = Rate { iops: done.reads.iops + done.writes.iops, bytes: done.reads.bytes + done.writes.bytes };
        Claim { own: self.allowed, given: self.given, done }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_maximum_is_what_holds() {
        let of = |name| instance_type::find(name).and_then(most);
        assert_eq!(of("t3.micro"), Some(Rate { iops: 11_800.0, bytes: 260_625_000.0 }));
        assert_eq!(of("m4.large"), Some(Rate { iops: 3_600.0, bytes: 56_250_000.0 }));
        assert_eq!(of("t2.micro"), None);
    }
}

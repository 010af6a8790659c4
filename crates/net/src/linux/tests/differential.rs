//! The proof: kernel and decision agree about every probe, on topologies made at random, before and after changes.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use kogumo_netmodel::{Place, Topology, decide};

use super::permitted;
use super::probe::{Answers, PORTS, Probe, What};
use super::random::{self, Dice};
use super::world::{Lab, OUTSIDE, OUTSIDE_V6};

/// How long to go on with new topologies; `KOGUMO_DIFFERENTIAL_SECONDS` says otherwise.
const SECONDS: u64 = 45;
/// Changes of each topology.
const CHANGES: usize = 2;

#[test]
fn kernel_and_decision_agree() {
    if !permitted() {
        return;
    }
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let end = Instant::now() + Duration::from_secs(number("KOGUMO_DIFFERENTIAL_SECONDS").unwrap_or(SECONDS));
    let (mut seed, only) = match number("KOGUMO_DIFFERENTIAL_SEED") {
        Some(seed) => (seed, true),
        None => (u64::from(std::process::id()), false),
    };
    let (mut cases, mut probes, mut through) = (0, 0, 0);
    loop {
        let mut dice = Dice::new(seed);
        let mut lab = Lab::new(random::topology(&mut dice));
        for step in 0..=CHANGES {
            let (asked, answered) = compare(&lab, seed, step, &mut dice);
            probes += asked;
            through += answered;
            lab.change(|topology| random::change(topology, &mut dice));
        }
        cases += 1;
        seed += 1;
        if only || Instant::now() > end {
            break;
        }
    }
    println!("{cases} topologies, {probes} probes, {through} of them answered");
    assert!(only || through > 0, "nothing ever got through: the test shows nothing");
}

fn compare(lab: &Lab, seed: u64, step: usize, dice: &mut Dice) -> (usize, usize) {
    let probes = some_probes(&lab.topology, lab.guests(), dice);
    let expected: Vec<bool> = probes.iter().map(|probe| expected(&lab.topology, probe)).collect();
    let mut seen = Answers::of(lab, &probes).0;
    // On a busy machine an answer may be late. Whoever is not answered is asked again.
    for _ in 0..2 {
        let late: Vec<usize> = (0..probes.len()).filter(|place| expected[*place] && !seen[*place]).collect();
        if late.is_empty() {
            break;
        }
        let again: Vec<Probe> = late.iter().map(|place| probes[*place].clone()).collect();
        for (place, answered) in late.into_iter().zip(Answers::of(lab, &again).0) {
            seen[place] = answered;
        }
    }
    for ((probe, expected), seen) in probes.iter().zip(&expected).zip(&seen) {
        assert!(expected == seen, "{}", report(lab, seed, step, probe, *seen));
    }
    (probes.len(), seen.iter().filter(|seen| **seen).count())
}

/// From everybody to everywhere, each pair by one or two protocols.
fn some_probes(topology: &Topology, guests: Vec<String>, dice: &mut Dice) -> Vec<Probe> {
    let kinds = [What::Tcp(PORTS[0]), What::Tcp(PORTS[1]), What::Udp(PORTS[1]), What::Ping];
    let mut probes = Vec::new();
    for from in guests.into_iter().map(Some).chain([None]) {
        for to in random::addresses(topology) {
            let own = from.as_ref().is_some_and(|id| topology.interfaces[id].owns(to));
            let speaks = from.as_ref().is_none_or(|id| topology.interfaces[id].primary(to.is_ipv4()).is_some());
            if own || !speaks || (from.is_none() && [OUTSIDE, OUTSIDE_V6].contains(&to)) {
                continue;
            }
            let first = dice.below(kinds.len());
            probes.push(Probe { from: from.clone(), to, kind: kinds[first] });
            probes.push(Probe { from: from.clone(), to, kind: kinds[(first + 1) % kinds.len()] });
        }
    }
    probes
}

fn source(topology: &Topology, probe: &Probe) -> IpAddr {
    let v4 = probe.to.is_ipv4();
    let host = if v4 { topology.public.host().into() } else { topology.public.host_v6().into() };
    probe.from.as_ref().map_or(host, |id| topology.interfaces[id].primary(v4).expect("an address"))
}

/// Whether an answer should come: the packet arrives where there is a server, and the answer comes back.
fn expected(topology: &Topology, probe: &Probe) -> bool {
    let verdict = decide(topology, &probe.packet(source(topology, probe)));
    let served = match &verdict.there.end {
        Ok(Place::Interface(id)) => topology.interfaces[id].owns(verdict.header.destination),
        Ok(Place::Internet) => [OUTSIDE, OUTSIDE_V6].contains(&verdict.header.destination),
        _ => false,
    };
    served && verdict.connects()
}

fn report(lab: &Lab, seed: u64, step: usize, probe: &Probe, seen: bool) -> String {
    let verdict = decide(&lab.topology, &probe.packet(source(&lab.topology, probe)));
    let steps = verdict.there.steps.iter().chain(verdict.back.iter().flat_map(|back| &back.steps));
    let steps: Vec<String> = steps.map(|step| step.english()).collect();
    let cause = verdict.cause().map(|cause| cause.english());
    format!(
        "seed {seed}, after {step} changes: {probe:?} was {}\n{}\nend: {:?}\ncause: {cause:?}\n{:#?}",
        if seen { "answered" } else { "not answered" },
        steps.join("\n"),
        verdict.there.end,
        lab.topology
    )
}

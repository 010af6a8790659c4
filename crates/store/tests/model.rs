//! The store against a plain ordered map: whatever transactions come, both answer the same.

use std::collections::BTreeMap;
use std::ops::Bound;

use kogumo_base::{Scope, Trouble};
use kogumo_store::{Index, Key, Options, Range, Read, Store, Table};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Thing {
    colour: Option<u8>,
    weight: u16,
}

static THINGS: Table<Thing> = Table::indexed(
    "test/thing",
    &[Index { name: "colour", key: |thing| thing.colour.map(|colour| Key::new().u64(u64::from(colour))) }],
);

#[derive(Clone, Debug)]
enum Step {
    Put(u8, u8, Thing),
    Delete(u8, u8),
}

#[derive(Clone, Debug)]
struct Batch {
    steps: Vec<Step>,
    fails: bool,
}

type Model = BTreeMap<(u8, u8), Thing>;

fn scope(number: u8) -> Scope {
    // The one's name is the start of the other's: they must not be taken for each other.
    Scope::new(if number == 0 { "1" } else { "12" }, "r")
}

fn key(number: u8) -> Key {
    Key::new().bytes(&[number / 4, number % 4 * 85])
}

fn batches() -> impl Strategy<Value = Vec<Batch>> {
    let thing = (proptest::option::of(0u8..3), any::<u16>()).prop_map(|(colour, weight)| Thing { colour, weight });
    let step = prop_oneof![
        3 => (0u8..2, 0u8..16, thing).prop_map(|(scope, key, thing)| Step::Put(scope, key, thing)),
        1 => (0u8..2, 0u8..16).prop_map(|(scope, key)| Step::Delete(scope, key)),
    ];
    let batch = (proptest::collection::vec(step, 0..8), proptest::bool::weighted(0.2));
    proptest::collection::vec(batch.prop_map(|(steps, fails)| Batch { steps, fails }), 1..12)
}

fn ranges() -> impl Strategy<Value = (Bound<u8>, Bound<u8>, bool)> {
    let bound = || {
        prop_oneof![Just(Bound::Unbounded), (0u8..16).prop_map(Bound::Included), (0u8..16).prop_map(Bound::Excluded)]
    };
    (bound(), bound(), any::<bool>())
}

fn range(bounds: &(Bound<u8>, Bound<u8>, bool)) -> Range {
    let range = match bounds.0 {
        Bound::Included(number) => Range::all().from(key(number)),
        Bound::Excluded(number) => Range::all().after(key(number)),
        Bound::Unbounded => Range::all(),
    };
    let range = match bounds.1 {
        Bound::Included(number) => range.until(key(number)),
        Bound::Excluded(number) => range.before(key(number)),
        Bound::Unbounded => range,
    };
    if bounds.2 { range.reverse() } else { range }
}

fn expected(model: &Model, scope: u8, bounds: &(Bound<u8>, Bound<u8>, bool)) -> Vec<(Key, Thing)> {
    let within = |number: u8| {
        let above = match bounds.0 {
            Bound::Included(from) => number >= from,
            Bound::Excluded(from) => number > from,
            Bound::Unbounded => true,
        };
        let below = match bounds.1 {
            Bound::Included(to) => number <= to,
            Bound::Excluded(to) => number < to,
            Bound::Unbounded => true,
        };
        above && below
    };
    let rows = model.iter().filter(|((of, number), _)| *of == scope && within(*number));
    let mut rows: Vec<_> = rows.map(|((_, number), thing)| (key(*number), thing.clone())).collect();
    if bounds.2 {
        rows.reverse();
    }
    rows
}

/// Whether everything that can be asked is answered as the model answers it.
fn agree(read: &dyn Read, model: &Model, bounds: &(Bound<u8>, Bound<u8>, bool)) -> Result<(), TestCaseError> {
    let fail = |trouble: Trouble| TestCaseError::fail(trouble.to_string());
    for of in 0..2 {
        let rows = THINGS.scan(read, &scope(of), &range(bounds)).collect::<Result<Vec<_>, _>>().map_err(fail)?;
        prop_assert_eq!(rows, expected(model, of, bounds));
        for number in 0..16 {
            let row = THINGS.get(read, &scope(of), key(number)).map_err(fail)?;
            prop_assert_eq!(row.as_ref(), model.get(&(of, number)));
        }
        for colour in 0..3 {
            let range = Range::prefix(Key::new().u64(u64::from(colour)));
            let rows =
                THINGS.by_index(read, &scope(of), "colour", &range).collect::<Result<Vec<_>, _>>().map_err(fail)?;
            let coloured = |(_, thing): &(Key, Thing)| thing.colour == Some(colour);
            let all = expected(model, of, &(Bound::Unbounded, Bound::Unbounded, false));
            prop_assert_eq!(rows, all.into_iter().filter(coloured).collect::<Vec<_>>());
        }
    }
    let everywhere = THINGS.scan_all_scopes(read).collect::<Result<Vec<_>, _>>().map_err(fail)?;
    let all = model.iter().map(|((of, number), thing)| (scope(*of), key(*number), thing.clone()));
    prop_assert_eq!(everywhere, all.collect::<Vec<_>>());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn answers_as_an_ordered_map_does(batches in batches(), bounds in ranges()) {
        let folder = std::env::temp_dir().join(format!("kogumo-model-{}", kogumo_base::hex_id(12)));
        let store = Store::open(&folder, &Options::default()).expect("a store");
        let mut model = Model::new();
        for batch in &batches {
            let before = (store.read(), model.clone());
            let mut changed = model.clone();
            let outcome = store.write(|tx| {
                changed = model.clone();
                for step in &batch.steps {
                    match step {
                        Step::Put(of, number, thing) => {
                            THINGS.put(tx, &scope(*of), key(*number), thing)?;
                            changed.insert((*of, *number), thing.clone());
                        }
                        Step::Delete(of, number) => {
                            let old = THINGS.delete(tx, &scope(*of), key(*number))?;
                            assert_eq!(old, changed.remove(&(*of, *number)));
                        }
                    }
                }
                agree(tx, &changed, &bounds).expect("a transaction sees its own changes");
                if batch.fails { Err(Trouble::new("on purpose")) } else { Ok(()) }
            });
            prop_assert_eq!(outcome.is_err(), batch.fails);
            if outcome.is_ok() {
                model = changed;
            }
            agree(&before.0, &before.1, &bounds)?;
            agree(&store.read(), &model, &bounds)?;
        }
        drop(store);
        let store = Store::open(&folder, &Options::default()).expect("the same store");
        agree(&store.read(), &model, &bounds)?;
        drop(store);
        std::fs::remove_dir_all(&folder).expect("removed");
    }
}

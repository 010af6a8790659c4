//! A cloud whose resources exist in memory only, and fail where they are told to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use kogumo_door::{BoxFuture, Client, Cloud};
use kogumo_store::Store;
use kogumo_svc_cloudformation::service_over;
use kogumo_svc_cloudformation::workflow::Worlds;
use kogumo_svc_cloudformation::world::{Failure, Made, Work, World};
use serde_json::{Value, json};

/// What exists, what was done, and what is to fail.
#[derive(Default)]
pub struct State {
    pub existing: BTreeMap<String, Value>,
    pub log: Vec<String>,
    /// Each fails once.
    pub failing: BTreeSet<String>,
    pub hanging: bool,
    pub made: usize,
}

#[derive(Clone, Default)]
pub struct Fake(Arc<Mutex<State>>);

impl Fake {
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn step(&self, verb: &str, work: &Work) -> Result<(), Failure> {
        let mut state = self.lock();
        let step = format!("{verb} {}", work.logical_id);
        let fails = state.failing.remove(&step);
        state.log.push(step);
        if fails { Err(Failure::new(format!("{} was told to fail", work.logical_id))) } else { Ok(()) }
    }

    async fn hang(&self) {
        while self.lock().hanging {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

impl World for Fake {
    fn create(&self, work: Work) -> BoxFuture<Result<Made, Failure>> {
        let fake = self.clone();
        Box::pin(async move {
            fake.hang().await;
            fake.step(if work.import { "import" } else { "create" }, &work)?;
            if work.import {
                return Ok(Made::new(work.properties["Name"].as_str().unwrap_or_default()));
            }
            let mut state = fake.lock();
            state.made += 1;
            let id = format!("{}-{}", work.logical_id, state.made);
            state.existing.insert(id.clone(), work.properties.clone());
            let value = work.properties.get("Value").cloned().unwrap_or_default();
            Ok(Made::new(id).attribute("Value", value))
        })
    }

    fn update(&self, work: Work) -> BoxFuture<Result<Made, Failure>> {
        let fake = self.clone();
        Box::pin(async move {
            fake.hang().await;
            fake.step("update", &work)?;
            if work.kind.starts_with("Custom::") {
                // Its function made another resource.
                let id = format!("{}+", work.physical_id);
                fake.lock().existing.insert(id.clone(), work.properties);
                return Ok(Made::new(id));
            }
            let value = work.properties.get("Value").cloned().unwrap_or_default();
            fake.lock().existing.insert(work.physical_id.clone(), work.properties);
            Ok(Made::new(work.physical_id).attribute("Value", value))
        })
    }

    fn delete(&self, work: Work) -> BoxFuture<Result<(), Failure>> {
        let fake = self.clone();
        Box::pin(async move {
            fake.step("delete", &work)?;
            fake.lock().existing.remove(&work.physical_id);
            Ok(())
        })
    }

    fn find(&self, _: String, name: String) -> BoxFuture<Result<Option<Made>, Failure>> {
        let there = self.lock().existing.contains_key(&name).then(|| Made::new(name));
        Box::pin(async move { Ok(there) })
    }

    fn resolve(&self, _: String, key: String) -> BoxFuture<Result<String, Failure>> {
        Box::pin(async move { Ok(format!("<{key}>")) })
    }
}

// Worlds are made by a plain function, so the fake of a test is kept by its thread.
thread_local! {
    static FAKE: Fake = Fake::default();
}

pub fn fake() -> Fake {
    FAKE.with(Clone::clone)
}

/// A cloud over that store. Each test runs on its own thread and so has its own fake.
pub fn cloud_over(store: Store) -> Arc<Cloud> {
    let settings = kogumo_testkit::cloud(vec![]).expect("a cloud").settings.clone();
    let worlds = Worlds(|_, _, _| Arc::new(fake()));
    Cloud::new(settings, store, vec![service_over(worlds)]).expect("a cloud")
}

pub fn cloud() -> (Arc<Cloud>, Client) {
    let cloud = cloud_over(Store::ephemeral().expect("a store"));
    let client = kogumo_testkit::root(&cloud);
    (cloud, client)
}

pub async fn call(client: &Client, operation: &str, input: Value) -> Result<Value, String> {
    client.call_json("cloudformation", operation, &input).await.map_err(|fault| fault.message)
}

/// The stack once nothing is in progress.
pub async fn settled(client: &Client, name: &str) -> Value {
    for _ in 0..2000 {
        let found = call(client, "DescribeStacks", json!({"StackName": name})).await.expect("a stack");
        let stack = found["Stacks"][0].clone();
        if !stack["StackStatus"].as_str().unwrap_or_default().ends_with("_IN_PROGRESS") {
            return stack;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("stack {name} did not settle")
}

/// `LogicalId STATUS reason`, oldest first.
pub async fn events(client: &Client, name: &str) -> Vec<String> {
    let found = call(client, "DescribeStackEvents", json!({"StackName": name})).await.expect("events");
    let text = |event: &Value, key: &str| event[key].as_str().unwrap_or_default().to_owned();
    let all = found["StackEvents"].as_array().cloned().unwrap_or_default();
    all.iter()
        .rev()
        .map(|event| {
            let line =
                [text(event, "LogicalResourceId"), text(event, "ResourceStatus"), text(event, "ResourceStatusReason")];
            line.join(" ").trim_end().to_owned()
        })
        .collect()
}

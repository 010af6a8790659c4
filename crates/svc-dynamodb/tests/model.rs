//! Random writes against a model that is too simple to be wrong: a list of items. Whatever has been written, tables,
//! indexes, counts and pages must agree with it.

use std::collections::BTreeMap;
use std::error::Error;

use kogumo_door::Client;
use serde_json::{Value, json};

type Checked<T> = Result<T, Box<dyn Error>>;
/// Items by their key.
type Model = BTreeMap<(String, i64), Value>;

/// xorshift64*: the same seed makes the same writes.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }
}

struct World {
    client: Client,
    model: Model,
    random: Random,
}

impl World {
    async fn new(seed: u64) -> Checked<World> {
        let cloud = kogumo_testkit::cloud(vec![kogumo_svc_dynamodb::service()])?;
        let client = kogumo_testkit::root(&cloud);
        let keys = |partition: &str, sort: &str| json!([{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]);
        let index = |name: &str, partition: &str, sort: &str, projection: &str| json!({"IndexName": name, "KeySchema": keys(partition, sort), "Projection": {"ProjectionType": projection}});
        let attribute = |name: &str, kind: &str| json!({"AttributeName": name, "AttributeType": kind});
        let table = json!({
            "TableName": "model",
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": keys("p", "s"),
            "AttributeDefinitions": [attribute("p", "S"), attribute("s", "N"), attribute("g", "S"), attribute("h", "N")],
            "LocalSecondaryIndexes": [index("local", "p", "h", "ALL")],
            "GlobalSecondaryIndexes": [index("global", "g", "s", "ALL")],
        });
        client.call_json("dynamodb", "CreateTable", &table).await?;
        Ok(World { client, model: Model::new(), random: Random(seed) })
    }

    async fn call(&self, operation: &str, mut input: Value) -> Checked<Value> {
        if let Some(input) = input.as_object_mut() {
            input.insert("TableName".to_owned(), json!("model"));
        }
        Ok(self.client.call_json("dynamodb", operation, &input).await?)
    }

    async fn step(&mut self) -> Checked<()> {
        let (p, s) = (format!("p{}", self.random.below(4)), self.random.below(8) as i64 - 4);
        let key = json!({"p": {"S": p}, "s": {"N": s.to_string()}});
        match self.random.below(5) {
            0 => {
                self.call("DeleteItem", json!({"Key": key})).await?;
                self.model.remove(&(p, s));
            }
            1 => {
                let h = self.random.below(3).to_string();
                let update = json!({"Key": key, "UpdateExpression": "SET h = :h, n = if_not_exists(n, :h) REMOVE g",
                    "ExpressionAttributeValues": {":h": {"N": h}}});
                self.call("UpdateItem", update).await?;
                let item = self.model.entry((p, s)).or_insert(key);
                item["h"] = json!({"N": h});
                if item.get("n").is_none() {
                    item["n"] = json!({"N": h});
                }
                item.as_object_mut().map(|item| item.remove("g"));
            }
            _ => {
                let mut item = key;
                if self.random.below(3) > 0 {
                    item["g"] = json!({"S": format!("g{}", self.random.below(3))});
                }
                if self.random.below(3) > 0 {
                    item["h"] = json!({"N": self.random.below(3).to_string()});
                }
                self.call("PutItem", json!({"Item": item})).await?;
                self.model.insert((p, s), item);
            }
        }
        Ok(())
    }

    /// All items of a Query or Scan, page by page.
    async fn pages(&self, operation: &str, mut input: Value, limit: u64) -> Checked<Vec<Value>> {
        let mut found = Vec::new();
        input["Limit"] = json!(limit);
        loop {
            let page = self.call(operation, input.clone()).await?;
            found.extend(page["Items"].as_array().cloned().unwrap_or_default());
            match page.get("LastEvaluatedKey").filter(|key| !key.is_null()) {
                Some(key) => input["ExclusiveStartKey"] = key.clone(),
                None => return Ok(found),
            }
        }
    }

    async fn check(&mut self) -> Checked<()> {
        let limit = 1 + self.random.below(9);
        let whole: Vec<Value> = self.model.values().cloned().collect();
        assert_eq!(sorted(self.pages("Scan", json!({}), limit).await?), sorted(whole.clone()));
        for (index, attribute) in [("local", "h"), ("global", "g")] {
            let held = whole.iter().filter(|item| item.get(attribute).is_some()).cloned().collect();
            assert_eq!(sorted(self.pages("Scan", json!({"IndexName": index}), limit).await?), sorted(held), "{index}");
        }
        for number in 0..4 {
            let p = format!("p{number}");
            let query = json!({"KeyConditionExpression": "p = :p AND s BETWEEN :a AND :b",
                "ExpressionAttributeValues": {":p": {"S": p}, ":a": {"N": "-2"}, ":b": {"N": "2"}}});
            let expected = self.model.range((p.clone(), -2)..=(p, 2)).map(|(_, item)| item.clone());
            let mut expected: Vec<Value> = expected.collect();
            assert_eq!(self.pages("Query", query.clone(), limit).await?, expected);
            let mut backwards = query;
            backwards["ScanIndexForward"] = json!(false);
            expected.reverse();
            assert_eq!(self.pages("Query", backwards, limit).await?, expected);
        }
        let table = self.call("DescribeTable", json!({})).await?["Table"].clone();
        assert_eq!(table["ItemCount"], json!(whole.len()));
        let held = whole.iter().filter(|item| item.get("g").is_some()).count();
        assert_eq!(table["GlobalSecondaryIndexes"][0]["ItemCount"], json!(held));
        Ok(())
    }
}

fn sorted(items: Vec<Value>) -> Vec<String> {
    let sort_members = |item: Value| {
        let members: BTreeMap<String, Value> = item.as_object().cloned().unwrap_or_default().into_iter().collect();
        serde_json::to_string(&members).unwrap_or_default()
    };
    let mut items: Vec<String> = items.into_iter().map(sort_members).collect();
    items.sort();
    items
}

#[tokio::test]
async fn tables_and_indexes_agree_with_the_model() -> Checked<()> {
    for seed in 1..=3 {
        let mut world = World::new(seed * 7919).await?;
        for round in 0..12 {
            for _ in 0..15 {
                world.step().await?;
            }
            world.check().await.map_err(|error| format!("seed {seed}, round {round}: {error}"))?;
        }
    }
    Ok(())
}

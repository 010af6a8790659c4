//! Queries by their operations: started, answered, described.

use kogumo_base::Timestamp;
use kogumo_door::Client;
use kogumo_model::logs::*;

use super::super::service;

async fn events(client: &Client, now: Timestamp) {
    let group = CreateLogGroupRequest { log_group_name: "g".into(), ..CreateLogGroupRequest::default() };
    client.call::<CreateLogGroup>(group).await.expect("a group");
    let stream = CreateLogStreamRequest { log_group_name: "g".into(), log_stream_name: "s".into() };
    client.call::<CreateLogStream>(stream).await.expect("a stream");
    let messages = [
        r#"{"level": "ERROR", "user": {"id": "a"}, "took": 10}"#,
        r#"{"level": "INFO", "took": 30}"#,
        r#"{"level": "ERROR", "user": {"id": "b"}, "took": 20}"#,
        "REPORT RequestId: 1-2\tDuration: 12.50 ms\tBilled Duration: 13 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\t",
    ];
    let event = |message: &&str| InputLogEvent { timestamp: now.0, message: (*message).to_owned() };
    let input = PutLogEventsRequest {
        log_group_name: "g".into(),
        log_stream_name: "s".into(),
        log_events: messages.iter().map(event).collect(),
        ..PutLogEventsRequest::default()
    };
    client.call::<PutLogEvents>(input).await.expect("put");
}

fn query(text: &str, now: Timestamp) -> StartQueryRequest {
    StartQueryRequest {
        log_group_names: Some(vec!["g".into()]),
        start_time: now.seconds() - 60,
        end_time: now.seconds() + 60,
        query_string: text.to_owned(),
        ..StartQueryRequest::default()
    }
}

async fn ask(client: &Client, text: &str, now: Timestamp) -> Vec<Vec<(String, String)>> {
    let id = client.call::<StartQuery>(query(text, now)).await.expect("a query").query_id.expect("an id");
    let input = GetQueryResultsRequest { query_id: id, ..GetQueryResultsRequest::default() };
    let answer = client.call::<GetQueryResults>(input).await.expect("an answer");
    assert_eq!(answer.status.as_deref(), Some("Complete"));
    let field = |field: ResultField| (field.field.unwrap_or_default(), field.value.unwrap_or_default());
    answer.results.unwrap_or_default().into_iter().map(|row| row.into_iter().map(field).collect()).collect()
}

#[tokio::test]
async fn queries_are_answered() {
    let cloud = kogumo_testkit::cloud(vec![service()]).expect("a cloud");
    let (client, now) = (kogumo_testkit::root(&cloud), cloud.clock.now());
    events(&client, now).await;
    let rows = ask(&client, "fields user.id | filter level = 'ERROR' and took > 10", now).await;
    assert_eq!(rows[0][0], ("user.id".to_owned(), "b".to_owned()));
    let pointer = GetLogRecordRequest { log_record_pointer: rows[0][1].1.clone(), ..GetLogRecordRequest::default() };
    let record = client.call::<GetLogRecord>(pointer).await.expect("a record").log_record.expect("fields");
    assert_eq!((record["took"].as_str(), record["@log"].as_str()), ("20", "000000000000:g"));
    let rows =
        ask(&client, "stats count(*) as n, avg(took) by level | filter ispresent(level) | sort n desc", now).await;
    let values: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(|(_, value)| value.as_str()).collect()).collect();
    assert_eq!(values, [["ERROR", "2", "15"], ["INFO", "1", "30"]]);
    let rows = ask(&client, "filter @type = 'REPORT' | stats max(@maxMemoryUsed / 1000000) as used", now).await;
    assert_eq!(rows, [[("used".to_owned(), "50".to_owned())]]);
    let described = client.call::<DescribeQueries>(DescribeQueriesRequest::default()).await.expect("queries");
    let queries = described.queries.unwrap_or_default();
    assert_eq!(queries.len(), 3);
    let stop = StopQueryRequest { query_id: queries[0].query_id.clone().expect("an id") };
    assert!(client.call::<StopQuery>(stop).await.expect_err("over").is(&INVALID_PARAMETER_EXCEPTION));
    let bad = client.call::<StartQuery>(query("fields @message | nonsense", now)).await.expect_err("refused");
    assert!(bad.is(&MALFORMED_QUERY_EXCEPTION));
}

//! An extension for the tests, by AWS's library for Rust: it keeps what it is told of invocations,
//! by the Telemetry API or else by the Logs API, and hands it on, as a line of its log, when it is
//! told to end.

use lambda_extension::{
    service_fn, Error, Extension, LambdaEvent, LambdaLog, LambdaLogRecord, LambdaTelemetry,
    LambdaTelemetryRecord, LogBuffering, NextEvent, SharedService,
};
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const TYPES: &[&str] = &["platform", "function"];

#[derive(Clone)]
struct Diary {
    invoked: Vec<String>,
    lines: Vec<String>,
    done: BTreeMap<String, Value>,
    reports: BTreeMap<String, Value>,
}

static DIARY: Mutex<Diary> =
    Mutex::new(Diary { invoked: Vec::new(), lines: Vec::new(), done: BTreeMap::new(), reports: BTreeMap::new() });

fn kept() -> std::sync::MutexGuard<'static, Diary> {
    DIARY.lock().unwrap()
}

/// A batch may come twice.
fn add_line(line: String) {
    let mut diary = kept();
    if !diary.lines.contains(&line) {
        diary.lines.push(line);
    }
}

async fn telemetry(events: Vec<LambdaTelemetry>) -> Result<(), Error> {
    for event in events {
        match event.record {
            LambdaTelemetryRecord::Function(line) => add_line(line),
            LambdaTelemetryRecord::PlatformRuntimeDone { request_id, status, .. } => {
                kept().done.insert(request_id, json!(status));
            }
            LambdaTelemetryRecord::PlatformReport { request_id, status, .. } => {
                kept().reports.insert(request_id, json!(status));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn logs(events: Vec<LambdaLog>) -> Result<(), Error> {
    for event in events {
        match event.record {
            LambdaLogRecord::Function(line) => add_line(line),
            LambdaLogRecord::PlatformRuntimeDone { request_id, status } => {
                kept().done.insert(request_id, json!(status));
            }
            LambdaLogRecord::PlatformReport { request_id, .. } => {
                kept().reports.insert(request_id, json!("reported"));
            }
            _ => {}
        }
    }
    Ok(())
}

async fn flush(reason: &str, deadline: u64) {
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as u64;
    let mut diary = kept().clone();
    // A batch may still be on its way.
    while now() + 500 < deadline && diary.invoked.iter().any(|id| !diary.reports.contains_key(id)) {
        tokio::time::sleep(Duration::from_millis(10)).await;
        diary = kept().clone();
    }
    println!(
        "flushed {}",
        json!({
            "invoked": diary.invoked,
            "reason": reason,
            "lines": diary.lines,
            "done": diary.done,
            "reports": diary.reports,
        })
    );
}

async fn event(event: LambdaEvent) -> Result<(), Error> {
    match event.next {
        NextEvent::Invoke(invoke) => kept().invoked.push(invoke.request_id),
        NextEvent::Shutdown(shutdown) => flush(&shutdown.shutdown_reason, shutdown.deadline_ms).await,
    }
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let buffering = LogBuffering { timeout_ms: 25, ..LogBuffering::default() };
    let agent = Extension::new().with_events_processor(service_fn(event));
    if std::env::var_os("BY_LOGS_API").is_some() {
        let processor = SharedService::new(service_fn(logs));
        agent.with_log_types(TYPES).with_log_buffering(buffering).with_logs_processor(processor).run().await
    } else {
        let processor = SharedService::new(service_fn(telemetry));
        agent
            .with_telemetry_types(TYPES)
            .with_telemetry_buffering(buffering)
            .with_telemetry_processor(processor)
            .run()
            .await
    }
}

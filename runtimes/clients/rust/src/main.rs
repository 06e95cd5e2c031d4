//! A function for the tests: it does what its event asks for, by AWS's client for Rust.

use lambda_runtime::{run, service_fn, Error, LambdaEvent};
use serde_json::{json, Value};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

static INSTANCE: OnceLock<u64> = OnceLock::new();
static CALLS: AtomicU32 = AtomicU32::new(0);

fn now_in_nanos() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("the clock is after 1970").as_nanos() as u64
}

async fn handle(call: LambdaEvent<Value>) -> Result<Value, Error> {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    let (event, context) = call.into_parts();
    let text = event["text"].as_str().unwrap_or_default().to_owned();
    match event["do"].as_str() {
        Some("echo") => return Ok(event),
        Some("calls") => return Ok(json!({"instance": INSTANCE.get_or_init(now_in_nanos), "calls": calls})),
        Some("fail") => return Err(text.into()),
        Some("exit") => std::process::exit(3),
        Some("panic") => panic!("{text}"),
        _ => {}
    }
    Ok(json!({
        "id": context.request_id,
        "arn": context.invoked_function_arn,
        "name": context.env_config.function_name,
        "version": context.env_config.version,
        "memory": context.env_config.memory,
        "group": context.env_config.log_group,
        "stream": context.env_config.log_stream,
        "remaining": context.deadline.saturating_sub(now_in_nanos() / 1_000_000),
        "custom": context.client_context.map(|client| client.custom),
        "trace": context.xray_trace_id,
    }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(handle)).await
}

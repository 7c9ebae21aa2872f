//! Misbehaviour on demand, as a caller sees it.

use hongyan_emulator::FaultSpec;
use serde_json::{Value, json};

use crate::harness::{Bench, PATIENCE, PROJECT, alert};

impl Bench {
    fn fault(&self, spec: Value) -> u64 {
        self.emulator.add_fault(serde_json::from_value::<FaultSpec>(spec).unwrap()).unwrap()
    }

    async fn try_send(&self, title: &str) -> Result<u16, String> {
        let headers = [("authorization", self.bearer()), ("push-type", "0".to_owned())];
        let body = alert(&[&self.token], title, json!({}));
        let reply = self.try_post(&format!("/v3/{PROJECT}/messages:send"), &headers, &body).await;
        reply.map(|reply| reply.status)
    }
}

#[tokio::test]
async fn a_forced_answer_stands_for_the_next_requests_only() {
    let bench = Bench::new().await;
    bench.fault(json!({ "next": 1, "action": { "status": 503, "msg": "slow down", "retryAfterS": 7 } }));
    bench.fault(json!({ "next": 1, "action": { "code": "81000001", "msg": "Inner Error" } }));
    let body = alert(&[&bench.token], "t", json!({}));
    let reply = bench.send(0, &body).await;
    assert_eq!((reply.status, &reply.body[..]), (503, b"slow down".as_slice()));
    assert_eq!(reply.headers["retry-after"], "7");
    bench.send(0, &body).await.expect(500, "81000001");
    assert!(bench.phone.notices().is_empty());
    bench.send(0, &body).await.expect(200, "80000000");
    assert_eq!(bench.titles(), ["t"]);
}

#[tokio::test]
async fn a_dropped_connection_before_has_no_effect_and_after_has() {
    let bench = Bench::new().await;
    bench.fault(json!({ "next": 1, "action": { "drop": true } }));
    assert!(bench.try_send("before").await.is_err());
    assert!(bench.titles().is_empty());
    bench.fault(json!({ "next": 1, "action": { "drop": "after" } }));
    assert!(bench.try_send("after").await.is_err());
    assert_eq!(bench.titles(), ["after"]);
    assert_eq!(bench.try_send("fine").await, Ok(200));
    let log = bench.emulator.requests(0).requests;
    let statuses: Vec<_> = log.iter().map(|request| (request.status, request.fault.is_some())).collect();
    assert_eq!(statuses, [(0, true), (0, true), (200, false)]);
}

#[tokio::test]
async fn a_delay_runs_on_the_emulators_clock() {
    let bench = Bench::new().await;
    bench.fault(json!({ "next": 1, "action": { "delayMs": 60_000 } }));
    let body = alert(&[&bench.token], "t", json!({}));
    let sending = bench.send(0, &body);
    tokio::pin!(sending);
    // The request is under way when the fault is used up.
    let under_way = async {
        while !bench.emulator.faults().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        reply = &mut sending => panic!("answered before its time: {reply:?}"),
        done = tokio::time::timeout(PATIENCE, under_way) => done.expect("the request arrives in time"),
    }
    bench.advance(60);
    sending.await.expect(200, "80000000");
}

#[tokio::test]
async fn tokens_can_be_dead_partial_or_lost_on_the_way() {
    let bench = Bench::new().await;
    let (_, other) = bench.another("phone-2");
    let tokens = [bench.token.as_str(), other.as_str()];
    let body = alert(&tokens, "t", json!({}));
    bench.fault(json!({ "next": 1, "action": { "deadTokens": [other] } }));
    let reply = bench.send(0, &body).await.expect(200, "80100000");
    assert_eq!(reply.inner()["illegalTokens"], json!({ "tokenFormatError": [other] }));
    bench.fault(json!({ "next": 1, "action": { "deadTokens": { "share": 1.0, "reason": "noRight" } } }));
    let reply = bench.send(0, &body).await.expect(200, "80300007");
    assert_eq!(reply.inner()["illegalTokens"]["noRight"], json!(tokens));
    bench.fault(json!({ "next": 1, "action": { "partial": 1.0 } }));
    let reply = bench.send(0, &body).await.expect(200, "80100000");
    assert_eq!(reply.inner()["illegalTokens"], json!({ "appinfoError": [other] }));
    bench.fault(json!({ "next": 1, "action": { "receiptResult": 259 } }));
    let before = bench.phone.notices().len();
    bench.send(0, &body).await.expect(200, "80000000");
    assert_eq!(bench.phone.notices().len(), before);
}

#[tokio::test]
async fn a_fault_can_be_aimed_and_removed() {
    let bench = Bench::new().await;
    let aimed = bench
        .fault(json!({ "path": "revoke", "projectId": PROJECT, "share": 1.0, "action": { "status": 500 } }));
    bench.fault(json!({ "pushType": 10, "share": 1.0, "action": { "status": 502 } }));
    assert_eq!(bench.try_send("t").await, Ok(200));
    let revoke = json!({ "notifyId": 1, "token": [bench.token] });
    assert_eq!(bench.revoke(&revoke).await.status, 500);
    assert_eq!(bench.send(10, &json!({})).await.status, 502);
    assert!(bench.emulator.remove_fault(aimed));
    assert!(!bench.emulator.remove_fault(aimed));
    bench.revoke(&revoke).await.expect(200, "80000000");
    bench.emulator.clear_faults();
    assert_eq!(bench.send(10, &json!({})).await.status, 400);
}

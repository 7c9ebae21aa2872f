//! Receipts in traces: their words, their bound, their place in time.

use super::super::{
    trace::tests::{record, target},
    trace_events::events,
};
use super::*;

fn receipt(name: &str, result: u32, at: u64) -> StoredReceipt {
    let push_id = PushId::new(&format!("push-id-{name}")).unwrap();
    StoredReceipt { dispatch: 77, push_id, request_id: "r1".into(), result, at, received_at: at }
}

fn with(receipts: Vec<StoredReceipt>) -> TraceRecord {
    TraceRecord { receipts, ..record() }
}

#[test]
fn each_result_has_its_name() {
    let names = [
        (0, "arrived"),
        (2, "not_delivered"),
        (6, "not_shown"),
        (10, "not_delivered"),
        (15, "not_delivered"),
        (27, "held"),
        (31, "arrived"),
        (144, "not_shown"),
        (256, "not_delivered"),
        (259, "not_delivered"),
        (261, "reported"),
        (4711, "reported"),
    ];
    for (result, expected) in names {
        assert_eq!(name(meaning(result)), expected, "{result}");
    }
}

#[test]
fn a_receipt_is_an_event_of_its_device_and_stands_beside_it() {
    let record =
        with(vec![receipt("carol", 27, 1_300), receipt("carol", 0, 1_500), receipt("zoe", 0, 1_500)]);
    let told: Vec<_> = events(&record, &[]).into_iter().filter(|event| event.step == Some(8)).collect();
    assert_eq!(told.len(), 2, "a receipt of nobody is no event");
    assert_eq!((told[0].at, told[0].name.as_str()), (1_300, "held"));
    assert_eq!((told[1].at, told[1].name.as_str()), (1_500, "arrived"));
    assert_eq!(
        (told[1].text.en.as_str(), told[1].text.zh.as_str()),
        ("Delivered to the device.", "已送达设备。")
    );
    let pushed = Decision::Pushed { dispatch: 77, cause: String::new() };
    let receipts = last_receipts(&record);
    let last = receipt_of(&receipts, &pushed, &target("carol")).unwrap();
    assert_eq!((last.name.as_str(), last.verdict, last.result), ("arrived", ReceiptVerdict::Delivered, 0));
    assert!(receipt_of(&receipts, &pushed, &target("dan")).is_none());
    assert!(receipt_of(&receipts, &Decision::Acked, &target("carol")).is_none());
}

#[test]
fn a_clock_that_goes_behind_reports_nothing_before_it_was_sent() {
    let record = with(vec![receipt("carol", 6, 5)]);
    let told = events(&record, &[]).into_iter().find(|event| event.step == Some(8)).unwrap();
    assert_eq!((told.at, told.name.as_str()), (1_012, "not_shown"));
    assert!(told.text.en.ends_with("(receipt 6)"), "{}", told.text.en);
}

#[test]
fn many_receipts_are_counted_by_result() {
    let many = (0..60).map(|n| receipt(&format!("p{n}"), if n < 40 { 0 } else { 6 }, 2_000 + n)).collect();
    let told: Vec<_> = events(&with(many), &[]).into_iter().filter(|event| event.step == Some(8)).collect();
    assert_eq!(told.len(), 2);
    assert_eq!((told[0].at, told[0].text.en.as_str()), (2_039, "40 devices: Delivered to the device."));
    assert!(told[1].text.zh.starts_with("20 台设备："));
}

//! What vendors reported back, in a trace: an event per receipt, and the last one beside its device.

use super::trace::EventView;
use super::trace_events::{DEVICES_SHOWN_MAX, Words, about, event};
use crate::store::{Decision, Dispatch, StoredReceipt, Target, TraceRecord};
use hongyan_vendors::{
    VendorKind,
    harmony::receipt::{ReceiptMeaning, ReceiptVerdict, meaning},
};
use hongyan_wire::PushId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// The step of an offline push that receipts belong to: the notice on the phone.
const STEP: u8 = 8;

/// What the vendor reported of a device.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReceiptView {
    /// `arrived`, `not_shown`, `held`, `not_delivered` or `reported`.
    pub name: String,
    /// What follows from it: `delivered`, `token_gone`, `suspended`, `throttled`, `account_unbound`,
    /// `content_refused`, `misconfigured`, `held`, `superseded`, `failed`, `unknown`.
    pub verdict: ReceiptVerdict,
    /// The vendor's number.
    pub result: u32,
    /// Unix time in ms, by the vendor's clock.
    pub at: u64,
    /// In words.
    pub text: Words,
}

/// What a vendor's number means; `None` for a vendor whose receipts are not known.
fn meaning_of(vendor: VendorKind, result: u32) -> Option<&'static ReceiptMeaning> {
    match vendor {
        VendorKind::Harmony => Some(meaning(result)),
        _ => None,
    }
}

/// What a vendor's number is called in a trace: `arrived`, `not_shown`, `held`, `not_delivered`, `reported`.
pub fn receipt_name(vendor: VendorKind, result: u32) -> &'static str {
    meaning_of(vendor, result).map_or("reported", name)
}

/// The name of the event.
fn name(meaning: &ReceiptMeaning) -> &'static str {
    match (meaning.verdict, meaning.arrived, meaning.shown) {
        (ReceiptVerdict::Held, ..) => "held",
        (_, Some(false), _) => "not_delivered",
        (_, Some(true), Some(false)) => "not_shown",
        (_, Some(true), _) => "arrived",
        _ => "reported",
    }
}

fn words(meaning: &ReceiptMeaning, result: u32) -> Words {
    match meaning.verdict {
        ReceiptVerdict::Delivered => Words::new(meaning.en, meaning.zh),
        _ => Words::new(
            format!("{} (receipt {result})", meaning.en),
            format!("{}（回执 {result}）", meaning.zh),
        ),
    }
}

/// The last receipt of each dispatch and device, with its vendor.
pub(super) type Last<'a> = HashMap<(u64, &'a PushId), (VendorKind, &'a StoredReceipt)>;

pub(super) fn last_receipts(record: &TraceRecord) -> Last<'_> {
    let vendors: HashMap<u64, VendorKind> =
        record.dispatches.iter().map(|(one, _)| (one.request.id, one.request.vendor)).collect();
    let mut last = Last::new();
    for receipt in &record.receipts {
        let Some(vendor) = vendors.get(&receipt.dispatch) else { continue };
        let place = last.entry((receipt.dispatch, &receipt.push_id)).or_insert((*vendor, receipt));
        if (place.1.at, place.1.received_at) <= (receipt.at, receipt.received_at) {
            *place = (*vendor, receipt);
        }
    }
    last
}

/// The last receipt about a pushed device.
pub(super) fn receipt_of(receipts: &Last<'_>, decision: &Decision, target: &Target) -> Option<ReceiptView> {
    let Decision::Pushed { dispatch, .. } = decision else { return None };
    let (vendor, last) = *receipts.get(&(*dispatch, target.push_id.as_ref()?))?;
    let meaning = meaning_of(vendor, last.result)?;
    Some(ReceiptView {
        name: name(meaning).to_owned(),
        verdict: meaning.verdict,
        result: last.result,
        at: last.at,
        text: words(meaning, last.result),
    })
}

/// An event per receipt; many of one dispatch get one event per result.
pub(super) fn receipt_events(record: &TraceRecord, events: &mut Vec<EventView>) {
    for (dispatch, attempts) in &record.dispatches {
        let of: Vec<&StoredReceipt> =
            record.receipts.iter().filter(|receipt| receipt.dispatch == dispatch.request.id).collect();
        // The vendor's clock may go behind: nothing is reported before it was sent.
        let sent_at = attempts.first().map_or(0, |attempt| attempt.at);
        match of.len() {
            0..=DEVICES_SHOWN_MAX => one_by_one(dispatch, &of, sent_at, events),
            _ => by_result(dispatch, &of, sent_at, events),
        }
    }
}

fn one_by_one(dispatch: &Dispatch, receipts: &[&StoredReceipt], sent_at: u64, events: &mut Vec<EventView>) {
    let open = dispatch.request.targets.iter();
    let targets: HashMap<&PushId, &Target> = open
        .chain(dispatch.ended.iter().map(|(target, _)| target))
        .filter_map(|target| Some((target.push_id.as_ref()?, target)))
        .collect();
    for receipt in receipts {
        let meaning = meaning_of(dispatch.request.vendor, receipt.result);
        if let (Some(target), Some(meaning)) = (targets.get(&receipt.push_id), meaning) {
            let text = words(meaning, receipt.result);
            events.push(about(target, receipt.at.max(sent_at), STEP, name(meaning), text));
        }
    }
}

fn by_result(dispatch: &Dispatch, receipts: &[&StoredReceipt], sent_at: u64, events: &mut Vec<EventView>) {
    // result → (devices, time of the last one)
    let mut results: BTreeMap<u32, (usize, u64)> = BTreeMap::new();
    for receipt in receipts {
        let (count, last) = results.entry(receipt.result).or_default();
        *count += 1;
        *last = receipt.at.max(*last);
    }
    for (result, (count, last)) in results {
        let Some(meaning) = meaning_of(dispatch.request.vendor, result) else { continue };
        let Words { en, zh } = words(meaning, result);
        let text = Words::new(format!("{count} devices: {en}"), format!("{count} 台设备：{zh}"));
        events.push(event(last.max(sent_at), STEP, name(meaning), text));
    }
}

#[cfg(test)]
#[path = "trace_receipts_tests.rs"]
mod tests;

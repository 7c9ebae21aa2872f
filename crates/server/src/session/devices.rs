//! How many devices of one user may be here at once, and which one goes. Pure.
//!
//! The rules are ZIM's (docs/operations.md lists the settings); the earliest login goes first.

use crate::{
    hub::Seat,
    store::{DevicePolicy, Devices},
};
use std::sync::Arc;

/// ZIMPlatformType of browsers.
const WEB: u8 = 6;
/// Platforms that may be told to put each other out: Android, iOS, HarmonyOS …
const PHONES: [u8; 3] = [2, 3, 10];
/// … and Windows, macOS.
const DESKTOPS: [u8; 2] = [1, 4];

/// Of the sessions that were here before `arrival`, earliest first, those that have to go.
pub fn leaving(rule: &Devices, arrival: &Seat, older: &[Arc<Seat>]) -> Vec<Arc<Seat>> {
    let mut staying: Vec<&Arc<Seat>> = older.iter().collect();
    staying.sort_by_key(|seat| seat.number);
    let mut leaving: Vec<Arc<Seat>> = Vec::new();
    let mut leave = |staying: &mut Vec<&Arc<Seat>>, goes: &dyn Fn(&Seat) -> bool| {
        leaving.extend(staying.iter().filter(|seat| goes(seat)).map(|seat| (*seat).clone()));
        staying.retain(|seat| !goes(seat));
    };
    leave(&mut staying, &|seat| {
        seat.device == arrival.device || collide(rule, seat.platform, arrival.platform)
    });
    if arrival.platform == WEB {
        let browsers: Vec<u64> =
            staying.iter().filter(|seat| seat.platform == WEB).map(|seat| seat.number).collect();
        let surplus = (browsers.len() + 1).saturating_sub(rule.web_max as usize);
        leave(&mut staying, &|seat| browsers[..surplus].contains(&seat.number));
    }
    let surplus = (staying.len() + 1).saturating_sub(rule.max as usize);
    let first: Vec<u64> = staying.iter().take(surplus).map(|seat| seat.number).collect();
    leave(&mut staying, &|seat| first.contains(&seat.number));
    leaving
}

/// Whether devices of these two platforms cannot be here together.
fn collide(rule: &Devices, one: u8, other: u8) -> bool {
    let both = |group: &[u8]| group.contains(&one) && group.contains(&other);
    match rule.policy {
        DevicePolicy::Single => true,
        DevicePolicy::Dual => (one == WEB) == (other == WEB),
        DevicePolicy::Multi => (rule.one_phone && both(&PHONES)) || (rule.one_desktop && both(&DESKTOPS)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hub::{Arrival, Hub, Seating, SessionId};
    use hongyan_wire::{AppId, DeviceId, UserId, client::AppPhase};

    fn seat(hub: &Arc<Hub>, platform: u8, device: &str) -> Seating {
        hub.arrive(Arrival {
            session_id: SessionId::random(),
            app: AppId(1),
            user: UserId::new("ann").unwrap(),
            device: DeviceId::new(&format!("device-{}", device.replace(' ', "-"))).unwrap(),
            platform,
            phase: AppPhase::Foreground,
            silence_ms: 35_000,
            now_ms: 0,
        })
    }

    /// Devices (platform and name) come in this order; who is put out by the last one.
    fn put_out(rule: &Devices, devices: &[(u8, &str)]) -> Vec<String> {
        let hub = Hub::new();
        let seats: Vec<Seating> =
            devices.iter().map(|(platform, name)| seat(&hub, *platform, name)).collect();
        let (arrival, older) = seats.split_last().unwrap();
        let older: Vec<Arc<Seat>> = older.iter().map(|seating| seating.seat().clone()).collect();
        let named = |seat: &Arc<Seat>| older.iter().position(|one| Arc::ptr_eq(one, seat)).unwrap();
        leaving(rule, arrival.seat(), &older).iter().map(|seat| devices[named(seat)].1.to_owned()).collect()
    }

    fn rule(policy: DevicePolicy) -> Devices {
        Devices { policy, max: 10, web_max: 10, one_phone: false, one_desktop: false }
    }

    /// Rule, devices as they come, who is put out.
    type Row<'a> = (&'a Devices, &'a [(u8, &'a str)], &'a [&'a str]);

    #[test]
    fn the_table_of_policies() {
        let (single, dual, multi) =
            (rule(DevicePolicy::Single), rule(DevicePolicy::Dual), rule(DevicePolicy::Multi));
        let one_phone = Devices { one_phone: true, ..multi };
        let one_desktop = Devices { one_desktop: true, ..multi };
        let cases: &[Row<'_>] = &[
            (&single, &[(10, "phone"), (6, "web")], &["phone"]),
            (&single, &[(10, "phone"), (10, "phone")], &["phone"]),
            (&dual, &[(10, "phone"), (6, "web")], &[]),
            (&dual, &[(10, "phone"), (6, "web"), (3, "android")], &["phone"]),
            (&dual, &[(10, "phone"), (6, "web"), (6, "other web")], &["web"]),
            (&dual, &[(7, "mini"), (10, "phone")], &["mini"]),
            (&multi, &[(10, "phone"), (10, "second"), (6, "web"), (1, "pc")], &[]),
            (&multi, &[(10, "phone"), (6, "web"), (10, "phone")], &["phone"]),
            (&one_phone, &[(10, "phone"), (1, "pc"), (3, "android")], &["phone"]),
            (&one_phone, &[(10, "phone"), (9, "pad")], &[]),
            (&one_desktop, &[(1, "pc"), (10, "phone"), (4, "mac")], &["pc"]),
        ];
        for (rule, devices, expected) in cases {
            assert_eq!(put_out(rule, devices), *expected, "{rule:?} {devices:?}");
        }
    }

    #[test]
    fn the_earliest_goes_when_there_are_too_many() {
        let few = Devices { max: 3, web_max: 2, ..rule(DevicePolicy::Multi) };
        assert_eq!(put_out(&few, &[(10, "a"), (1, "b"), (3, "c"), (4, "d")]), ["a"]);
        assert_eq!(
            put_out(&few, &[(6, "a"), (10, "b"), (6, "c"), (6, "d")]),
            ["a"],
            "one web makes room for both"
        );
    }
}

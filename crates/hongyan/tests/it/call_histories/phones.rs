//! The phones of a cast: what they showed, how often, and that nothing of a call that is over is left.

use crate::{
    call_histories::{device::Device, history::Played, pause},
    program::BUNDLE,
};
use hongyan_emulator::{Notice, Phone, PhoneEvent};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

/// A notice is taken back within this time of the server's next start.
const WAIT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What all phones of a cast showed.
#[derive(Default)]
pub struct Shelf {
    phones: Mutex<Vec<Arc<Phone>>>,
    shown: Arc<Mutex<Shown>>,
}

#[derive(Default)]
pub struct Shown {
    /// By phone and appMessageId.
    notices: HashMap<(String, String), u32>,
    pub woken: u32,
    pub late_reports: u32,
}

impl Shelf {
    /// A phone whose app is this device: a call that wakes it starts the app.
    pub fn put(&self, phone: Phone, device: Arc<Device>) {
        let (mut events, phone) = (phone.events().unwrap(), Arc::new(phone));
        self.phones.lock().unwrap().push(phone.clone());
        let shown = self.shown.clone();
        tokio::spawn(async move {
            while let Some(event) = events.next().await {
                note(&shown, &phone, &device, &event);
            }
        });
    }

    /// How many notices were shown, and how many calls woke a phone.
    pub fn counts(&self) -> (u32, u32) {
        let shown = self.shown.lock().unwrap();
        (shown.notices.values().sum(), shown.woken)
    }

    /// No notice of a ring is left for a call that is over, and nothing was shown twice.
    pub async fn is_quiet(&self, played: &Played) {
        let phones = self.phones.lock().unwrap().clone();
        let started = Instant::now();
        let id = played.call.to_string();
        for phone in phones {
            loop {
                let notices = phone.notices();
                let of_call = |one: &Notice| one.data.get("callID").is_some_and(|of| of == id.as_str());
                let rings = |one: &&Arc<Notice>| format!("{:?}", one.category).contains("Voip");
                let left = notices.iter().find(|one| rings(one) && of_call(one));
                let Some(left) = left else { break };
                assert!(started.elapsed() < WAIT, "{} still shows {left:?}", phone.device_id());
                pause(LOOK_EVERY).await;
            }
        }
        let shown = self.shown.lock().unwrap();
        let twice: Vec<_> = shown.notices.iter().filter(|(_, times)| **times > 1).collect();
        assert!(twice.is_empty(), "shown more than once: {twice:?}");
        assert_eq!(shown.late_reports, 0, "a call was not reported within ten seconds");
    }
}

fn note(shown: &Mutex<Shown>, phone: &Phone, device: &Device, event: &PhoneEvent) {
    match event {
        PhoneEvent::NoticeShown { notice, .. } => {
            if let Some(id) = &notice.app_message_id {
                let key = (phone.device_id().to_owned(), id.to_string());
                *shown.lock().unwrap().notices.entry(key).or_default() += 1;
            }
        }
        PhoneEvent::CallWake { call_id, .. } => {
            // The system started the app: it reports at once, and logs in.
            phone.report_call(BUNDLE, call_id, false).unwrap();
            shown.lock().unwrap().woken += 1;
            device.want(true);
        }
        PhoneEvent::CallMissedReport { .. } => shown.lock().unwrap().late_reports += 1,
        _ => {}
    }
}

//! A thread beside the writer, and how it is told to end.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

/// The running thread. Dropping it asks it to end.
pub(super) struct Beside {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

/// Whether it is time to end.
#[derive(Default)]
pub(super) struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub fn is_asked(&self) -> bool {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits a while; `true` when it is time to end.
    pub fn wait(&self, span: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(asked, span, |asked| !*asked);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

impl Beside {
    /// Starts a thread of this name, which looks now and then whether it is to end.
    pub fn start(name: &str, work: impl FnOnce(&Stop) + Send + 'static) -> io::Result<Self> {
        let stop = Arc::new(Stop::default());
        let watched = stop.clone();
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || work(&watched))?;
        Ok(Self { stop, thread: Some(thread) })
    }

    /// Asks it to end, and waits for it.
    pub fn stop(mut self) {
        self.stop.ask();
        let Some(thread) = self.thread.take() else { return };
        let name = thread.thread().name().unwrap_or_default().to_owned();
        if thread.join().is_err() {
            tracing::error!(thread = name, "a thread of the store broke down");
        }
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        self.stop.ask();
    }
}

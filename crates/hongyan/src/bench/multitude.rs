//! Very many clients on pipes in memory. They have no tasks: a few drivers answer whatever the server writes, one task
//! sends heartbeats, and of each client there is nothing but its pipe and a byte that says how far it is.

use super::pipe::{Bell, Pipe};
use anyhow::{Context, bail};
use hongyan_client::{
    LoginOptions,
    load::{
        Arrivals, LoadError, Marks, Pace, Place, SendPlan, Until,
        frames::{closed, frame_at, put_frame, upgrade_request},
    },
};
use hongyan_server::app::Server;
use hongyan_wire::{ConversationKey, DeviceId, UserId, frame};
use serde_json::json;
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, task::JoinSet, time::timeout};

/// Tasks that answer the server.
const DRIVERS: usize = 2;
/// Clients that log in at once.
const LOGINS_AT_ONCE: usize = 256;
/// Messages under way at once.
const MESSAGES_AT_ONCE: u64 = 2_000;
/// How often each client sends a heartbeat …
const HEARTBEAT: Duration = Duration::from_secs(10);
/// … in so many portions.
const PORTIONS: usize = 100;
/// How long the next login or message may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How far a client is.
const SHAKING: u8 = 0;
const LOGGING_IN: u8 = 1;
const READY: u8 = 2;

/// The clients, and what their tasks share.
struct Clients {
    place: Place,
    pipes: Vec<Arc<Pipe>>,
    phases: Vec<AtomicU8>,
    arrivals: Arrivals,
    /// Places for logins under way.
    logins: Semaphore,
    fault: Mutex<Option<String>>,
}

/// Clients with their tasks. Dropping it ends them, and the server's ends of their connections.
pub struct Multitude {
    clients: Arc<Clients>,
    marks: Arc<Marks>,
    served: JoinSet<()>,
    tasks: JoinSet<()>,
}

impl Multitude {
    /// So many clients, none of which has connected yet.
    pub fn new(place: Place, count: u32) -> Self {
        let bells: Vec<Arc<Bell>> = (0..DRIVERS).map(|_| Arc::default()).collect();
        let begun = Instant::now();
        let clients = Arc::new(Clients {
            place,
            pipes: (0..count)
                .map(|number| Pipe::new(number, bells[number as usize % DRIVERS].clone()))
                .collect(),
            phases: (0..count).map(|_| AtomicU8::new(SHAKING)).collect(),
            arrivals: Arrivals::new(begun),
            logins: Semaphore::new(LOGINS_AT_ONCE),
            fault: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        for bell in bells {
            tasks.spawn(drive(clients.clone(), bell));
        }
        tasks.spawn(beat(clients.clone()));
        Self { clients, marks: Marks::new(begun, 0), served: JoinSet::new(), tasks }
    }

    /// Connects them all to this server and logs them in. `look` is called now and then and may end it.
    pub async fn log_in(
        &mut self,
        server: &Server,
        mut look: impl FnMut(u32) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let opening = upgrade_request("localhost", "ws", Some("hongyan.v1"));
        for (number, pipe) in self.clients.pipes.iter().enumerate() {
            let room = timeout(PATIENCE, self.clients.logins.acquire()).await;
            room.context("logins do not come to an end")??.forget();
            let served = server.serve_stream(pipe.server_end(), IpAddr::V4(Ipv4Addr::LOCALHOST));
            self.served.spawn(served.context("the server takes no more connections")?);
            pipe.put(opening.as_bytes());
            if number % 1_000 == 0 {
                self.clients.check()?;
                look(number as u32)?;
            }
        }
        let all = timeout(PATIENCE, self.clients.logins.acquire_many(LOGINS_AT_ONCE as u32)).await;
        drop(all.context("the last logins do not come to an end")??);
        self.clients.check()
    }

    /// One message from each client to the next.
    pub async fn traffic(&mut self, mut look: impl FnMut(u32) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let (clients, all) = (self.clients.clone(), self.clients.pipes.len());
        let before = clients.arrivals.delivered();
        for (number, pipe) in clients.pipes.iter().enumerate() {
            if number % 1_000 == 0 {
                clients.check()?;
                look(number as u32)?;
            }
            let sent = before + number as u64;
            let goal = sent.saturating_sub(MESSAGES_AT_ONCE);
            if clients.arrivals.delivered() < goal && !clients.arrivals.wait_for(goal, PATIENCE).await {
                bail!("messages do not arrive any more");
            }
            let to = UserId::new(&name((number + 1) % all))?;
            put_text(pipe, &self.plan(ConversationKey::Peer(to)).one().unwrap_or_default());
        }
        if !clients.arrivals.wait_for(before + all as u64, PATIENCE).await {
            bail!("{} messages did not arrive", before + all as u64 - clients.arrivals.delivered());
        }
        clients.check()
    }

    fn plan(&self, to: ConversationKey) -> SendPlan {
        let marks = self.marks.clone();
        SendPlan { to: vec![to], push: false, window: 1, pace: Pace::Full, until: Until::Count(1), marks }
    }

    /// Ends all of them and waits until the server's side is gone too.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
        self.served.shutdown().await;
    }
}

impl Clients {
    /// Whether a client is in trouble: such figures are worth nothing.
    fn check(&self) -> anyhow::Result<()> {
        match self.fault.lock().unwrap_or_else(PoisonError::into_inner).clone() {
            Some(fault) => bail!("a client in memory: {fault}"),
            None => Ok(()),
        }
    }

    /// Answers what the server wrote to one client.
    fn answer(&self, number: usize) -> Result<(), LoadError> {
        let (pipe, phase) = (&self.pipes[number], &self.phases[number]);
        let found = pipe.take();
        let mut at = 0;
        if phase.load(Ordering::Relaxed) == SHAKING {
            match found.bytes.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                None => {}
                Some(end) if found.bytes.starts_with(b"HTTP/1.1 101") => {
                    at = end + 4;
                    phase.store(LOGGING_IN, Ordering::Relaxed);
                    put_text(pipe, &self.login(number)?);
                }
                Some(_) => return Err(LoadError::Handshake(String::from_utf8_lossy(&found.bytes).into())),
            }
        }
        while phase.load(Ordering::Relaxed) != SHAKING
            && let Some((opcode, payload)) = frame_at(&found.bytes, at)?
        {
            at = payload.end;
            match opcode {
                0x1 => self.read(number, &found.bytes[payload])?,
                0x8 => return Err(closed(&found.bytes[payload])),
                other => return Err(LoadError::Unreadable(format!("a frame of opcode {other}"))),
            }
        }
        if found.ended {
            return Err(LoadError::Closed(1006, "without a goodbye".to_owned()));
        }
        if at < found.bytes.len() {
            pipe.put_back(found.bytes[at..].to_vec());
        }
        Ok(())
    }

    /// Reads one text.
    fn read(&self, number: usize, text: &[u8]) -> Result<(), LoadError> {
        let text = std::str::from_utf8(text).map_err(|error| LoadError::Unreadable(error.to_string()))?;
        if text.contains(r#""error":"#) && text.contains(r#""code":"#) {
            return Err(LoadError::Unreadable(format!("a refusal: {text}")));
        }
        if self.phases[number].load(Ordering::Relaxed) == LOGGING_IN && text.contains(r#""id":1,"#) {
            self.phases[number].store(READY, Ordering::Relaxed);
            self.logins.add_permits(1);
            return Ok(());
        }
        if let Some(cursor) = self.arrivals.note(text)? {
            put_text(&self.pipes[number], &frame::notification("message.ack", &cursor));
        }
        Ok(())
    }

    fn login(&self, number: usize) -> Result<String, LoadError> {
        let name = name(number);
        let device = DeviceId::new(&format!("device-{name}"))?;
        let login = LoginOptions::with_app_sign(self.place.app, &self.place.app_sign, &name)?.device(device);
        Ok(frame::request(1, "session.login", &login.params()))
    }
}

fn name(number: usize) -> String {
    format!("i{number}")
}

fn put_text(pipe: &Pipe, text: &str) {
    let mut bytes = Vec::with_capacity(text.len() + 14);
    put_frame(&mut bytes, 0x1, text.as_bytes());
    pipe.put(&bytes);
}

/// Answers whatever rings this bell.
async fn drive(clients: Arc<Clients>, bell: Arc<Bell>) {
    loop {
        for number in bell.heard().await {
            if let Err(error) = clients.answer(number as usize) {
                let mut fault = clients.fault.lock().unwrap_or_else(PoisonError::into_inner);
                fault.get_or_insert_with(|| error.to_string());
            }
        }
        // The server's tasks run on the same threads.
        tokio::task::yield_now().await;
    }
}

/// Heartbeats of all that are logged in, spread as those of people are.
async fn beat(clients: Arc<Clients>) {
    let heartbeat = frame::request(3, "session.heartbeat", &json!({}));
    let mut ticks = tokio::time::interval(HEARTBEAT / PORTIONS as u32);
    for portion in (0..PORTIONS).cycle() {
        ticks.tick().await;
        for number in (portion..clients.pipes.len()).step_by(PORTIONS) {
            if clients.phases[number].load(Ordering::Relaxed) == READY {
                put_text(&clients.pipes[number], &heartbeat);
            }
        }
    }
}

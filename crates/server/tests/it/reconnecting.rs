//! Bots whose lines are cut again and again: nothing is lost, nothing comes twice, the order holds (G2, G3).

use crate::harness::{WAIT, World, peer, until};
use hongyan_client::{
    Draft, Reconnecting, ReconnectingOptions,
    reconnecting::{Ending, Event},
    wire::CloseCode,
};
use std::{sync::Arc, time::Duration};

/// As many as one client may send at once.
const MESSAGES: u64 = 10;

fn bot(world: &World, user: &str) -> Arc<Reconnecting> {
    let short = Duration::from_millis(5);
    let mut options = ReconnectingOptions::new(world.url(), world.login(user));
    (options.backoff_first, options.backoff_max) = (short, short);
    Arc::new(Reconnecting::start(options))
}

async fn cut(bot: &Reconnecting) {
    bot.online(WAIT).await.unwrap().abort();
}

#[tokio::test]
async fn cut_lines_lose_nothing_and_repeat_nothing() {
    let world = World::start().await;
    world.register(&["ann", "bob"]).await;
    let (ann, bob) = (bot(&world, "ann"), bot(&world, "bob"));
    let sending = tokio::spawn({
        let ann = ann.clone();
        async move {
            for number in 1..=MESSAGES {
                let message = ann.send(&peer("bob"), &Draft::text(format!("第{number}句"))).await.unwrap();
                assert_eq!(message.message_seq, number);
                if number % 2 == 0 {
                    cut(&ann).await;
                }
            }
        }
    });
    for number in 1..=MESSAGES {
        let Some(Event::Message { message, .. }) = bob.next(WAIT).await else {
            panic!("{number} is missing")
        };
        assert_eq!(message.message_seq, number);
        if number % 3 == 0 {
            cut(&bob).await;
        }
    }
    sending.await.unwrap();
    assert_eq!(bob.expect(|event| matches!(event, Event::Message { .. }), Duration::ZERO).await, None);
}

#[tokio::test]
async fn a_newer_login_ends_a_bot_for_good() {
    let world = World::start().await;
    let bob = bot(&world, "bob");
    bob.online(WAIT).await.unwrap();
    let _newer = world.client("bob").await;
    let kicked = CloseCode::KickedOut;
    let ending = Ending::Closed(kicked.number(), kicked.reason().into());
    assert_eq!(bob.ended(WAIT).await, Some(ending));
    until("only the newer one", || world.server.hub().len() == 1).await;
}

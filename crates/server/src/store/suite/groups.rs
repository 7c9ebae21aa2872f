//! Promises about groups.

use super::world::*;
use crate::store::*;
use hongyan_wire::{UserId, group::Role};

fn done(outcome: GroupOutcome) -> MemberChange {
    match outcome {
        GroupOutcome::Done(change) => *change,
        other => panic!("not done: {other:?}"),
    }
}

fn names(records: &[MemberRecord]) -> Vec<UserId> {
    records.iter().map(|record| record.user.clone()).collect()
}

pub async fn creating<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    let change = world.found("g", "ann", &["cat", "ann", "zoe", "bob", "cat"]).await;
    assert_eq!(*change.group.members, *users(&["ann", "cat", "bob"]), "by joining, each once");
    assert_eq!((names(&change.changed), change.unknown), (users(&["ann", "cat", "bob"]), users(&["zoe"])));
    assert_eq!(change.changed[0].role, Role::Owner);
    assert_eq!(world.store.group(APP, &group_id("g")).await.unwrap(), Some(change.group.clone()));
    assert_eq!(world.store.groups_of(APP, &user("bob")).await.unwrap(), [change.group]);
    let chosen = world.found("", "bob", &[]).await.group.profile.group_id;
    assert!(chosen.starts_with('#') && chosen[1..].bytes().all(|b| b.is_ascii_digit()), "{chosen}");
    assert_eq!(world.store.groups_of(APP, &user("bob")).await.unwrap().len(), 2);
    assert!(world.store.group(hongyan_wire::AppId(8), &group_id("g")).await.unwrap().is_none());
}

pub async fn ids_are_used_once<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.found("g", "ann", &[]).await;
    assert_eq!(world.try_found("g", "bob", &[], 9).await, GroupOutcome::Exists);
    done(world.store.dismiss_group(APP, &group_id("g"), &user("ann"), world.now()).await.unwrap());
    assert_eq!(world.try_found("g", "bob", &[], 9).await, GroupOutcome::Used);
    world.restart().await;
    assert_eq!(world.try_found("g", "bob", &[], 9).await, GroupOutcome::Used);
}

pub async fn joining_and_inviting<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat", "dan"]).await;
    world.found("g", "ann", &[]).await;
    assert_eq!(names(&done(world.add("g", "bob", &["bob"]).await).changed), users(&["bob"]), "joining");
    assert_eq!(world.add("g", "bob", &["bob"]).await, GroupOutcome::AlreadyMember);
    assert_eq!(world.add("g", "cat", &["dan"]).await, GroupOutcome::NotMember);
    assert_eq!(world.add("h", "ann", &["dan"]).await, GroupOutcome::NoSuchGroup);
    let invited = done(world.add("g", "bob", &["cat", "ann", "zoe", "cat"]).await);
    assert_eq!(names(&invited.changed), users(&["cat"]));
    assert_eq!((invited.unchanged, invited.unknown), (users(&["ann"]), users(&["zoe"])));
    assert_eq!(*invited.group.members, *users(&["ann", "bob", "cat"]));
    world.send("cat", group("g")).await;
}

pub async fn room_is_limited<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat", "dan"]).await;
    let made = done(world.try_found("g", "ann", &["bob", "cat", "dan"], 3).await);
    assert_eq!((made.group.members.len(), made.refused), (3, users(&["dan"])));
    let add = async |by, names: &[&str]| {
        let (by, names) = (user(by), users(names));
        world.store.add_members(APP, &group_id("g"), &by, &names, 3, START_MS).await.unwrap()
    };
    assert_eq!(add("dan", &["dan"]).await, GroupOutcome::Full);
    assert_eq!(done(add("ann", &["dan", "bob"]).await).refused, users(&["dan"]));
    done(world.remove("g", "bob", &["bob"]).await);
    assert_eq!(names(&done(add("dan", &["dan"]).await).changed), users(&["dan"]));
}

pub async fn leaving_and_kicking<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat", "dan"]).await;
    world.found("g", "ann", &["bob", "cat"]).await;
    assert_eq!(world.remove("g", "dan", &["bob"]).await, GroupOutcome::NotMember);
    assert_eq!(world.remove("g", "bob", &["cat"]).await, GroupOutcome::NoRight);
    assert_eq!(world.remove("h", "bob", &["bob"]).await, GroupOutcome::NoSuchGroup);
    let kicked = done(world.remove("g", "ann", &["cat", "dan"]).await);
    assert_eq!((names(&kicked.changed), kicked.unchanged), (users(&["cat"]), users(&["dan"])));
    let left = done(world.remove("g", "bob", &["bob"]).await);
    assert_eq!((names(&left.changed), left.new_owner), (users(&["bob"]), None));
    assert_eq!(*left.group.members, *users(&["ann"]));
    assert!(world.store.groups_of(APP, &user("bob")).await.unwrap().is_empty());
    let message = world.message("bob", group("g"));
    assert!(matches!(world.append(message).await, Append::NotMember));
    assert_eq!(
        names(&done(world.add("g", "bob", &["bob"]).await).changed),
        users(&["bob"]),
        "and back again"
    );
}

pub async fn the_owner_passes_it_on<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    world.found("g", "ann", &["bob", "cat"]).await;
    let left = done(world.remove("g", "ann", &["ann"]).await);
    assert_eq!((left.new_owner, left.changed[0].role), (Some(user("bob")), Role::Owner));
    done(world.add("g", "ann", &["ann"]).await);
    let (members, _) = world.store.group_members(APP, &group_id("g"), 0, 9).await.unwrap().unwrap();
    let roles: Vec<_> = members.iter().map(|member| (member.user.as_str(), member.role)).collect();
    assert_eq!(roles, [("bob", Role::Owner), ("cat", Role::Member), ("ann", Role::Member)]);
    done(world.remove("g", "bob", &["bob"]).await);
    done(world.remove("g", "ann", &["ann"]).await);
    let last = done(world.remove("g", "cat", &["cat"]).await);
    assert_eq!((last.new_owner, last.group.members.len()), (None, 0));
    assert!(world.store.group(APP, &group_id("g")).await.unwrap().is_none(), "the last one ends it");
    assert_eq!(world.try_found("g", "ann", &[], 9).await, GroupOutcome::Used);
}

pub async fn dismissing<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat"]).await;
    world.found("g", "ann", &["bob"]).await;
    world.send("ann", group("g")).await;
    let dismiss =
        async |by| world.store.dismiss_group(APP, &group_id("g"), &user(by), START_MS).await.unwrap();
    assert_eq!(dismiss("cat").await, GroupOutcome::NotMember);
    assert_eq!(dismiss("bob").await, GroupOutcome::NoRight);
    let change = done(dismiss("ann").await);
    assert_eq!((names(&change.changed), change.group.members.len()), (users(&["ann", "bob"]), 0));
    assert_eq!(dismiss("ann").await, GroupOutcome::NoSuchGroup);
    let message = world.message("ann", group("g"));
    assert!(matches!(world.append(message).await, Append::NoSuchGroup));
    assert_eq!(world.add("g", "cat", &["cat"]).await, GroupOutcome::NoSuchGroup);
    let entry = world.membership("bob", &group("g")).await;
    assert!(entry.disabled && entry.last_seq == 1, "its log can still be read");
    assert!(world.store.group_members(APP, &group_id("g"), 0, 9).await.unwrap().is_none());
}

pub async fn who_saw_a_message<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat", "dan"]).await;
    world.found("g", "ann", &["bob", "cat"]).await;
    let first = world.send("ann", group("g")).await.message.clone();
    done(world.remove("g", "cat", &["cat"]).await);
    done(world.add("g", "ann", &["dan"]).await);
    let second = world.send("ann", group("g")).await.message.clone();
    let asked = users(&["dan", "eve", "cat", "bob"]);
    let saw = |world: &World<P>, message: &StoredMessage| {
        world.store.who_saw(message.conversation, message.seq, &asked)
    };
    assert_eq!(saw(world, &first), users(&["cat", "bob"]), "also who went since");
    assert_eq!(saw(world, &second), users(&["dan", "bob"]));
    done(world.store.dismiss_group(APP, &group_id("g"), &user("ann"), START_MS).await.unwrap());
    world.restart().await;
    assert_eq!(saw(world, &second), users(&["dan", "bob"]), "also when there is no group any more");
}

pub async fn members_come_in_order<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob", "cat", "dan", "eve"]).await;
    world.found("g", "cat", &["eve", "ann"]).await;
    world.later(1);
    world.add("g", "eve", &["dan", "bob"]).await;
    let page = async |skip, count| {
        let found = world.store.group_members(APP, &group_id("g"), skip, count).await.unwrap().unwrap();
        (names(&found.0), found.1)
    };
    assert_eq!(page(0, 99).await, (users(&["cat", "eve", "ann", "dan", "bob"]), 5));
    assert_eq!(page(1, 2).await, (users(&["eve", "ann"]), 5));
    assert_eq!(page(5, 2).await, (users(&[]), 5));
    let (all, _) = world.store.group_members(APP, &group_id("g"), 0, 99).await.unwrap().unwrap();
    assert_eq!((all[0].joined_at, all[4].joined_at), (START_MS, world.now()));
}

pub async fn who_left_sees_nothing_new<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    world.found("g", "ann", &["bob"]).await;
    let seen = world.send("ann", group("g")).await;
    world.remove("g", "bob", &["bob"]).await;
    world.later(60);
    world.send_many("ann", group("g"), 3).await;
    let entry = world.membership("bob", &group("g")).await;
    assert_eq!((entry.last_seq, entry.last_message), (1, Some(seen.message.id)));
    assert_eq!((entry.order_key, entry.disabled), (START_MS, true));
    assert_eq!(world.acknowledge("bob", &group("g"), 2), None, "beyond what bob may see");
    let mark = world.read("bob", &group("g"), None).await;
    assert_eq!((mark.membership.read_seq, mark.membership.unread), (1, 0));
    let announced = world.send("ann", group("g")).await;
    assert_eq!(announced.thread, Thread::Group(group_id("g"), users(&["ann"]).into()));
}

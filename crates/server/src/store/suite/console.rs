//! Promises about what the console keeps: administrators, links and logins, the audit log, keys and switches of apps,
//! heads of traces, series, and users as people look at them.

use super::world::*;
use crate::store::*;
use hongyan_vendors::{Secret, VendorKind};
use hongyan_wire::{AppId, PushId};

fn new(name: &str, role: Role) -> NewAdministrator {
    NewAdministrator { name: name.into(), role, apps: Some(vec![APP]) }
}

async fn made<P: Place>(world: &World<P>, name: &str, role: Role) -> Administrator {
    world.store.create_administrator(new(name, role), world.now()).await.unwrap().unwrap()
}

async fn with_password<P: Place>(world: &World<P>, name: &str, role: Role) -> Administrator {
    let one = made(world, name, role).await;
    assert!(world.store.set_password(one.id, Some(Secret::new("hash")), None).await.unwrap());
    one
}

pub async fn a_link_is_spent_once<P: Place>(world: &mut World<P>) {
    let (first, second, over) = ([1; 32], [2; 32], world.now() + 1_000);
    world.store.put_link(first, None, over).await.unwrap();
    world.store.put_link(second, None, over).await.unwrap();
    let now = world.now();
    assert!(world.store.link(first, now).await.unwrap().is_none(), "another took its place");
    assert!(world.store.link(second, now).await.unwrap().unwrap().administrator.is_none());
    assert!(world.store.link(second, over).await.unwrap().is_none(), "over");
    let use_it = || world.store.use_link(second, "olga".into(), Secret::new("hash"), now);
    let (one, other) = tokio::join!(use_it(), use_it());
    let done = [one.unwrap(), other.unwrap()].into_iter().filter(|used| matches!(used, LinkUse::Done(_)));
    assert_eq!(done.count(), 1);
    let all = world.store.administrators().await.unwrap();
    assert_eq!((all.len(), all[0].role, &all[0].apps), (1, Role::Owner, &None));
    world.store.put_link([3; 32], None, over).await.unwrap();
    assert!(world.store.link([3; 32], now).await.unwrap().is_none(), "there is a first one");
    world.store.put_link([4; 32], Some(all[0].id), over).await.unwrap();
    let used = world.store.use_link([4; 32], String::new(), Secret::new("other"), now).await.unwrap();
    assert!(matches!(used, LinkUse::Done(one) if one.name == "olga"));
}

pub async fn one_owner_stays<P: Place>(world: &mut World<P>) {
    let olga = with_password(world, "olga", Role::Owner).await;
    let invited = made(world, "oscar", Role::Owner).await;
    assert!(world.store.create_administrator(new("olga", Role::Viewer), 1).await.unwrap().is_none());
    let change = |id, change| world.store.change_administrator(id, change);
    let disable = AdministratorChange { disabled: Some(true), ..AdministratorChange::default() };
    let demote = AdministratorChange { role: Some(Role::Viewer), ..AdministratorChange::default() };
    for last in [disable.clone(), demote.clone()] {
        let answer = change(olga.id, last).await.unwrap();
        assert!(matches!(answer, AdministratorChanged::LastOwner), "who was invited cannot log in yet");
    }
    world.store.set_password(invited.id, Some(Secret::new("hash")), None).await.unwrap();
    let AdministratorChanged::Done(viewer) = change(olga.id, demote).await.unwrap() else {
        panic!("refused")
    };
    assert_eq!((viewer.role, viewer.disabled), (Role::Viewer, false));
    assert!(matches!(change(999, disable).await.unwrap(), AdministratorChanged::NoSuch));
}

pub async fn logins_end<P: Place>(world: &mut World<P>) {
    let olga = with_password(world, "olga", Role::Owner).await;
    let vera = with_password(world, "vera", Role::Viewer).await;
    let now = world.now();
    let begin = async |hash: u8, of: u64, at: u64| {
        let login = NewLogin { hash: [hash; 32], administrator: of, now_ms: at, expires_at: now + 1_000 };
        world.store.begin_login(login).await.unwrap();
    };
    let whose =
        async |hash: u8, at: u64| world.store.login([hash; 32], at).await.unwrap().map(|(one, _)| one.name);
    begin(1, olga.id, now).await;
    begin(2, vera.id, now).await;
    begin(3, vera.id, now).await;
    assert_eq!(
        (whose(1, now).await.as_deref(), whose(2, now).await.as_deref()),
        (Some("olga"), Some("vera"))
    );
    assert_eq!((whose(2, now + 1_000).await, whose(9, now).await), (None, None));
    world.store.end_login([1; 32]).await.unwrap();
    assert_eq!(whose(1, now).await, None);
    world.store.set_password(vera.id, Some(Secret::new("new")), Some([3; 32])).await.unwrap();
    assert_eq!((whose(2, now).await, whose(3, now).await.is_some()), (None, true));
    let disable = AdministratorChange { disabled: Some(true), ..AdministratorChange::default() };
    world.store.change_administrator(vera.id, disable).await.unwrap();
    assert_eq!(whose(3, now).await, None);
    for hash in 10..40 {
        begin(hash, olga.id, now + u64::from(hash)).await;
    }
    let mut left = 0;
    for hash in 10..40 {
        left += usize::from(whose(hash, now + 100).await.is_some());
    }
    assert_eq!((left, whose(39, now + 100).await.is_some()), (20, true), "the oldest give way");
}

pub async fn the_audit_log_is_paged<P: Place>(world: &mut World<P>) {
    for n in 0..5u64 {
        let entry = AuditEntry {
            at: world.now() + n,
            by: if n % 2 == 0 { "olga" } else { "vera" }.into(),
            action: format!("a{n}"),
            app: (n > 2).then_some(APP),
            ..AuditEntry::default()
        };
        world.store.note(entry).await.unwrap();
    }
    let actions = async |filter: AuditFilter, count| -> Vec<String> {
        world.store.audit(filter, count).await.unwrap().into_iter().map(|one| one.action).collect()
    };
    let all = AuditFilter::default();
    assert_eq!(actions(all.clone(), 2).await, ["a4", "a3"]);
    let third = world.store.audit(all.clone(), 3).await.unwrap()[2].id;
    assert_eq!(actions(AuditFilter { before: Some(third), ..all.clone() }, 9).await, ["a1", "a0"]);
    assert_eq!(actions(AuditFilter { by: Some("olga".into()), ..all.clone() }, 9).await, ["a4", "a2", "a0"]);
    assert_eq!(actions(AuditFilter { app: Some(APP), ..all.clone() }, 9).await, ["a4", "a3"]);
    let both = AuditFilter { app: Some(APP), by: Some("vera".into()), ..all };
    assert_eq!(actions(both, 9).await, ["a3"]);
}

pub async fn an_app_is_switched_and_its_keys_replaced<P: Place>(world: &mut World<P>) {
    let create = async |name: &str| {
        let new = NewApp { name: name.into(), id: None };
        world.store.create_app(new, world.now()).await.unwrap().unwrap()
    };
    let (shop, game) = (create("shop").await, create("game").await);
    let change = |id, change| world.store.change_app(id, change);
    let off = AppChange { name: Some("store".into()), enabled: Some(false), active: None };
    assert_eq!(change(shop.id, off).await.unwrap(), AppChanged::Done);
    let taken = AppChange { name: Some("store".into()), active: Some(false), ..AppChange::default() };
    assert_eq!(change(game.id, taken.clone()).await.unwrap(), AppChanged::NameTaken);
    assert_eq!(change(AppId(1), taken).await.unwrap(), AppChanged::NoSuchApp);
    let now = world.store.app(shop.id).await.unwrap().unwrap();
    assert_eq!((now.name.as_str(), now.enabled, now.active), ("store", false, true));
    assert!(world.store.app(game.id).await.unwrap().unwrap().active, "all or nothing");
    let key = AppKey::ServerSecret;
    let until = world.now() + 1_000;
    let rotate = |until| world.store.rotate_key(shop.id, key, until, world.now());
    let second = rotate(Some(until)).await.unwrap().unwrap();
    assert_eq!(second.expose().len(), 32);
    let taken = async |at: u64| -> Vec<Secret> {
        let app = world.store.app(shop.id).await.unwrap().unwrap();
        app.taken(key, at).cloned().collect()
    };
    assert_eq!(taken(until - 1).await, [second.clone(), shop.server_secret.clone()]);
    assert_eq!(taken(until).await, std::slice::from_ref(&second));
    let third = rotate(Some(until)).await.unwrap().unwrap();
    assert_eq!(taken(until - 1).await, [third.clone(), second], "the first is not taken any more");
    assert!(world.store.retire_key(shop.id, key).await.unwrap());
    assert!(!world.store.retire_key(shop.id, key).await.unwrap());
    assert_eq!(taken(0).await, [third]);
    assert!(world.store.rotate_key(AppId(1), key, None, 1).await.unwrap().is_none());
}

pub async fn a_credential_is_removed<P: Place>(world: &mut World<P>) {
    let app = NewApp { name: "shop".into(), id: None };
    let app = world.store.create_app(app, START_MS).await.unwrap().unwrap();
    let credential = StoredCredential {
        vendor: VendorKind::Harmony,
        app_type: 2,
        file: Secret::new("a secret"),
        client_id: None,
        base_url: None,
        rights: [("voip".to_owned(), false)].into(),
        callback: None,
        updated_at: START_MS,
    };
    world.store.put_credential(app.id, credential).await.unwrap();
    let found = world.store.credentials(app.id).await.unwrap();
    assert_eq!((found[0].file.expose(), found[0].rights["voip"]), ("a secret", false));
    let remove = |app_type| world.store.remove_credential(app.id, VendorKind::Harmony, app_type);
    assert!(!remove(1).await.unwrap() && remove(2).await.unwrap() && !remove(2).await.unwrap());
    assert!(world.store.credentials(app.id).await.unwrap().is_empty());
}

fn head(id: u64, app: AppId, counts: Outcomes, is_call: bool) -> TraceHead {
    let settled = counts.pending == 0;
    let recipient = Some(user("bob"));
    TraceHead {
        id,
        app,
        is_call,
        sender: user("ann"),
        recipient,
        conversation: None,
        accepted_at: id,
        settled,
        counts,
    }
}

pub async fn heads_are_found_by_outcome_kind_and_time<P: Place>(world: &mut World<P>) {
    let at = |seconds: u64| first_id_at(START_MS + seconds * 1_000);
    let pushed = Outcomes { pushed: 1, ..Outcomes::default() };
    let failed = Outcomes { failed: 1, pushed: 2, ..Outcomes::default() };
    let pending = Outcomes { pending: 1, ..Outcomes::default() };
    let other = AppId(8);
    let heads = vec![
        head(at(1), APP, pushed, false),
        head(at(2), APP, failed, false),
        head(at(3), APP, pushed, true),
        head(at(4), APP, pending, false),
        head(at(5), other, failed, false),
    ];
    world.store.put_heads(heads.clone(), vec![], Some(at(5))).await.unwrap();
    world.store.put_heads(heads, vec![], None).await.unwrap();
    let find = async |filter: HeadFilter| -> Vec<u64> {
        let page = world.store.heads(APP, filter, u64::MAX, 10).await.unwrap();
        page.heads.into_iter().map(|head| (time_of_id(head.id) - START_MS) / 1_000).collect()
    };
    let all = HeadFilter::default();
    let ended = |mark| HeadFilter { outcome: Some(mark), ..HeadFilter::default() };
    assert_eq!(find(all).await, [4, 3, 2, 1]);
    assert_eq!(find(ended(TraceMark::Pushed)).await, [3, 2, 1]);
    assert_eq!(find(ended(TraceMark::Failed)).await, [2]);
    assert_eq!(find(HeadFilter { is_call: Some(true), ..all }).await, [3]);
    assert_eq!(find(HeadFilter { is_call: Some(false), ..all }).await, [4, 2, 1]);
    assert_eq!(find(HeadFilter { is_call: Some(false), ..ended(TraceMark::Pushed) }).await, [2, 1]);
    assert_eq!(find(HeadFilter { is_call: Some(true), ..ended(TraceMark::Pushed) }).await, [3]);
    let from = HeadFilter { from_ms: Some(START_MS + 2_000), to_ms: Some(START_MS + 3_000), ..all };
    assert_eq!(find(from).await, [3, 2]);
    let page = world.store.heads(APP, all, u64::MAX, 3).await.unwrap();
    let rest = world.store.heads(APP, all, page.next.unwrap(), 3).await.unwrap();
    assert_eq!((rest.heads.len(), rest.next), (1, None));
    assert_eq!(world.store.open_heads(0, 10).await.unwrap(), [at(4)]);
    world.store.put_heads(vec![head(at(4), APP, failed, false)], vec![], None).await.unwrap();
    assert_eq!(find(ended(TraceMark::Failed)).await, [4, 2]);
    assert!(find(ended(TraceMark::Pending)).await.is_empty(), "a mark that no longer holds is gone");
    let some = world.store.heads_of(APP, vec![at(2), at(9), at(1)]).await.unwrap();
    assert_eq!(some.iter().map(|head| head.id).collect::<Vec<_>>(), [at(2), at(1)]);
}

pub async fn heads_follow_intents_and_go_with_them<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bob"]).await;
    let message = world.message("ann", peer("bob"));
    let recipients = Recipients::Users(vec![user("bob")]);
    let appended =
        stored(world.append(NewMessage { intent: Some(intent("ann", recipients)), ..message }).await);
    let id = appended.message.id.0;
    let young = world.store.headless(world.now(), 10).await.unwrap();
    assert!(young.subjects.is_empty(), "what is new may have an older neighbour still on its way");
    let newest = async |count| world.store.newest_subjects(APP, u64::MAX, count).await.unwrap();
    assert_eq!(newest(10).await, (vec![id], None));
    assert_eq!(newest(1).await, (vec![id], Some(id)), "there may be more");
    world.later(5);
    let next = world.store.headless(world.now(), 10).await.unwrap();
    assert_eq!((&next.subjects, next.upto, next.more), (&vec![id], id, false));
    let pending = Outcomes { pending: 1, ..Outcomes::default() };
    world.store.put_heads(vec![head(id, APP, pending, false)], vec![], Some(next.upto)).await.unwrap();
    assert!(world.store.headless(world.now(), 10).await.unwrap().subjects.is_empty());
    assert_eq!(newest(10).await, (vec![], None));
    assert_eq!(world.store.subjects_of(APP, &user("bob"), u64::MAX, 10).await.unwrap(), [id]);
    let plan = Plan { intent: id, verdicts: Vec::new(), dispatches: Vec::new(), next_due: None };
    world.store.write_plans(vec![plan]).await.unwrap();
    world.later(100);
    world.store.forget_traces(world.now(), 100).await.unwrap();
    let left = world.store.heads(APP, HeadFilter::default(), u64::MAX, 10).await.unwrap();
    assert!(left.heads.is_empty(), "a head goes with its last intent");
}

pub async fn figures_are_added_up<P: Place>(world: &mut World<P>) {
    let app = NewApp { name: "shop".into(), id: Some(APP) };
    world.store.create_app(app, START_MS).await.unwrap();
    let other = AppId(8);
    world.store.create_app(NewApp { name: "game".into(), id: Some(other) }, START_MS).await.unwrap();
    let start = START_MS / 1_000 - START_MS / 1_000 % 3_600;
    let some = Figures { messages: 2, pushed: 1, sessions: 3, backlog_age_ms: 9, ..Figures::default() };
    let add = async |at: u64, app: AppId| world.store.add_figures(at, vec![(app, some)]).await.unwrap();
    add(start, APP).await;
    add(start, APP).await;
    add(start + 60, APP).await;
    add(start + 60, other).await;
    let read = async |apps: Option<Vec<AppId>>, span| -> Vec<(u64, u64, u64)> {
        let rows = world.store.figures(apps, span, start, start + 7_200).await.unwrap();
        rows.into_iter().map(|(at, sum)| (at - start, sum.messages, sum.sessions)).collect()
    };
    assert_eq!(read(Some(vec![APP]), Span::Minute).await, [(0, 4, 3), (60, 2, 3)]);
    assert_eq!(read(Some(vec![APP]), Span::Hour).await, [(0, 6, 3)]);
    assert_eq!(read(None, Span::Minute).await, [(0, 4, 3), (60, 4, 6)]);
    assert!(read(Some(vec![]), Span::Minute).await.is_empty());
    add(start + 2 * 86_400 + 120, APP).await;
    assert!(read(Some(vec![APP]), Span::Minute).await.is_empty(), "minutes are kept for two days");
    assert_eq!(read(Some(vec![APP]), Span::Hour).await, [(0, 6, 3)], "hours for longer");
}

pub async fn users_and_push_ids_can_be_looked_at<P: Place>(world: &mut World<P>) {
    world.login_all(&["ann", "bo", "bob", "bob_", "carol"]).await;
    let page = async |prefix: &str, after: Option<&str>, count| -> Vec<String> {
        let after = after.map(user);
        let found = world.store.users_page(APP, prefix, after.as_ref(), count).await.unwrap();
        found.into_iter().map(|one| one.id.to_string()).collect()
    };
    assert_eq!(page("", None, 2).await, ["ann", "bo"]);
    assert_eq!(page("", Some("bo"), 9).await, ["bob", "bob_", "carol"]);
    assert_eq!(page("bob", None, 9).await, ["bob", "bob_"]);
    assert!(page("bob%", None, 9).await.is_empty());
    let devices = world.store.devices_of(APP, &user("bob")).await.unwrap();
    assert_eq!((devices.len(), &devices[0].device), (1, &device("bob")));
    let push = NewPush {
        app: APP,
        device: device("bob"),
        user: Some(user("bob")),
        vendor: VendorKind::Harmony,
        token: "t".into(),
        app_type: 1,
        locale: "zh-CN".into(),
        now_ms: world.now(),
    };
    let id = world.store.register_push(push).await.unwrap();
    let record = async || world.store.push_record(APP, &id).await.unwrap().unwrap();
    assert_eq!(record().await.user, Some(user("bob")));
    let targets = async || world.store.push_targets(APP, &[user("bob")]).await.unwrap().len();
    assert_eq!(targets().await, 1);
    assert_eq!(world.store.unbind_push(AppId(8), &id).await.unwrap(), None, "another app's");
    assert_eq!(world.store.unbind_push(APP, &id).await.unwrap(), Some(user("bob")));
    assert_eq!(targets().await, 0, "nothing is pushed to it any more (G8)");
    assert_eq!(world.store.unbind_push(APP, &id).await.unwrap(), None);
    assert_eq!((record().await.user, record().await.device), (None, device("bob")));
    assert!(world.store.push_record(APP, &PushId::new("nobodys-push-id").unwrap()).await.unwrap().is_none());
}

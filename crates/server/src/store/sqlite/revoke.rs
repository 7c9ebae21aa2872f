//! Taking a message back: its words are replaced in its row, its place and its number stay.

use super::{
    append::{QUIET, REVOKED},
    book::pair,
    change::Change,
    columns::{self, int},
    command::Work,
    history, intents, members, retractions,
    trouble::Trouble,
};
use crate::store::{
    ConversationNo, Intent, NewRevocation, Retraction, Revoke, Revoked, StoredMessage, Subject, Thread,
};
use hongyan_wire::{
    ConversationKey,
    group::Role,
    message::{Content, Revocation, kind},
};
use rusqlite::{Connection, params};
use std::sync::Arc;

/// ZIMMessageRevokeStatus.
const BY_SENDER: u8 = 0;
const BY_ADMIN: u8 = 3;
const BY_OWNER: u8 = 4;

/// IDs for the rows that a revocation may write.
pub(super) struct Rows {
    pub retraction: u64,
    pub intent: u64,
}

pub(super) fn revoke(work: &mut Work<'_, '_>, asked: &NewRevocation, rows: &Rows) -> Result<Revoke, Trouble> {
    let Some((no, thread, role)) = place(work, asked)? else { return Ok(Revoke::NotMember) };
    let found = history::message(work.sql, asked.message.0)?.filter(|found| found.conversation.0 == no);
    let Some(found) = found else { return Ok(Revoke::NoSuchMessage) };
    let own = members::one(work.sql, no, &asked.user)?;
    if own.is_none_or(|own| found.seq <= own.visible_from) {
        return Ok(Revoke::NoSuchMessage);
    }
    let Some(status) = right(work, no, asked, &found, role)? else { return Ok(Revoke::NoRight) };
    if found.revoked {
        return Ok(Revoke::Already);
    }
    if asked.now_ms > found.timestamp.saturating_add(asked.window_ms) {
        return Ok(Revoke::TooLate);
    }
    let revoked = replace(work.sql, asked, found, thread, status)?;
    let what = Retraction::Revoked { message: asked.message };
    retractions::put(work.sql, rows.retraction, asked.app, &what, asked.now_ms)?;
    let intent = put_intent(work.sql, asked, &revoked, rows.intent)?;
    let revoked = Arc::new(Revoked { intent, ..revoked });
    work.changes.push(Change::Revoke { revoked: revoked.clone() });
    Ok(Revoke::Done(revoked))
}

/// The conversation, who is in it, and the asker's role in a group. `None` when the asker is not in it.
fn place(work: &Work<'_, '_>, asked: &NewRevocation) -> Result<Option<(u64, Thread, Option<Role>)>, Trouble> {
    let Some(no) = work.draft.find(asked.app, &asked.user, &asked.key) else { return Ok(None) };
    Ok(match &asked.key {
        ConversationKey::Peer(other) => {
            let (_, one, two) = pair(asked.app, &asked.user, other);
            Some((no, Thread::Peer(one, two), None))
        }
        ConversationKey::Group(id) => match work.draft.present(no) {
            Some(present) if work.draft.is_present(no, &asked.user) => {
                let role = members::one(work.sql, no, &asked.user)?.map(|row| row.role);
                Some((no, Thread::Group(id.clone(), present), role))
            }
            _ => None,
        },
    })
}

/// By which right the asker may take this message back: one's own always, others' by rank in a group.
fn right(
    work: &Work<'_, '_>,
    no: u64,
    asked: &NewRevocation,
    found: &StoredMessage,
    role: Option<Role>,
) -> Result<Option<u8>, Trouble> {
    if found.sender == asked.user {
        return Ok(Some(BY_SENDER));
    }
    Ok(match role {
        Some(Role::Owner) => Some(BY_OWNER),
        Some(Role::Admin) => {
            let sender = members::one(work.sql, no, &found.sender)?.filter(|row| row.left.is_none());
            // Whoever is gone has no rank any more.
            sender.is_none_or(|sender| sender.role == Role::Member).then_some(BY_ADMIN)
        }
        _ => None,
    })
}

fn replace(
    sql: &Connection,
    asked: &NewRevocation,
    found: StoredMessage,
    thread: Thread,
    status: u8,
) -> Result<Revoked, Trouble> {
    let before: Content = serde_json::from_str(&found.content)?;
    let left = Content {
        kind: kind::REVOKE,
        message: String::new(),
        revoke: Some(Box::new(Revocation {
            operated_user_id: asked.user.clone(),
            revoke_timestamp: asked.now_ms,
            revoke_status: status,
            original_message_type: before.kind,
            original_text_message_content: None,
            revoke_extended_data: asked.extended_data.clone(),
        })),
        ..Content::default()
    };
    let content: Arc<str> = serde_json::to_string(&left)?.into();
    let flags = REVOKED | if found.disable_unread { QUIET } else { 0 };
    columns::run(
        sql,
        "UPDATE messages SET content = ?2, flags = ?3 WHERE id = ?1",
        params![int(found.id.0), &*content, flags],
    )?;
    columns::run(
        sql,
        "INSERT INTO revocations (conversation, seq, message, sender, counts, at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            int(found.conversation.0),
            int(found.seq),
            int(found.id.0),
            found.sender.as_str(),
            !found.disable_unread,
            int(asked.now_ms),
        ],
    )?;
    let thread = match thread {
        Thread::Peer(one, two) if two == found.sender => Thread::Peer(two, one),
        other => other,
    };
    Ok(Revoked {
        app: asked.app,
        message: StoredMessage { content, revoked: true, ..found },
        thread,
        operator: asked.user.clone(),
        device: asked.device.clone(),
        at: asked.now_ms,
        original_text: (before.kind == kind::TEXT).then_some(before.message),
        intent: None,
    })
}

fn put_intent(
    sql: &Connection,
    asked: &NewRevocation,
    revoked: &Revoked,
    id: u64,
) -> Result<Option<Arc<Intent>>, Trouble> {
    let Some(spec) = &asked.intent else { return Ok(None) };
    let message = &revoked.message;
    let key = asked.key.as_seen_by_others(&asked.user);
    let ConversationNo(conversation) = message.conversation;
    let subject = Subject::Message { message: message.id, conversation, key, seq: message.seq };
    let intent = Intent {
        id,
        app: asked.app,
        subject,
        spec: spec.clone(),
        created_at: asked.now_ms,
        due_at: asked.now_ms,
    };
    intents::put(sql, &intent, &serde_json::to_string(spec)?)?;
    Ok(Some(Arc::new(intent)))
}

/// Rows of messages by ID, in this order; those that are missing are left out.
pub(super) fn rows(sql: &Connection, ids: &[u64]) -> Result<Vec<StoredMessage>, Trouble> {
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.extend(history::message(sql, *id)?);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_message_reads_back() {
        let revoke =
            r#"{"operatedUserID":"ann","revokeTimestamp":5,"revokeStatus":0,"originalMessageType":1}"#;
        let text = format!(r#"{{"type":31,"message":"","revoke":{revoke}}}"#);
        let content: Content = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&content).unwrap(), text);
        assert!(content.check().is_err(), "no client may send one");
    }
}

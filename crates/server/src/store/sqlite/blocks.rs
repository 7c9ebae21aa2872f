//! Block lists: rows in the file, and a copy in the book for the look at every peer message.

use super::{
    SqliteStore,
    change::Change,
    columns::{self, int},
    command::Work,
    trouble::Trouble,
    users,
};
use crate::store::{BlockStore, Blocking, StoreError};
use hongyan_wire::{AppId, UserId};
use rusqlite::params;

fn has(work: &Work<'_, '_>, app: AppId, user: &UserId, other: &UserId) -> Result<bool, Trouble> {
    let query = "SELECT 1 FROM blocks WHERE app = ?1 AND user = ?2 AND blocked = ?3";
    let key = params![app.0, user.as_str(), other.as_str()];
    Ok(columns::first(work.sql, query, key, |_| Ok(()))?.is_some())
}

fn block(
    work: &mut Work<'_, '_>,
    app: AppId,
    user: &UserId,
    others: &[UserId],
    list_max: usize,
    now_ms: u64,
) -> Result<Vec<Blocking>, Trouble> {
    let query = "SELECT count(*) FROM blocks WHERE app = ?1 AND user = ?2";
    let count =
        columns::first(work.sql, query, params![app.0, user.as_str()], |row| columns::number(row, 0))?;
    let mut len = count.unwrap_or(0) as usize;
    let mut answers = Vec::with_capacity(others.len());
    for other in others {
        answers.push(if has(work, app, user, other)? {
            Blocking::Already
        } else if !users::exists(work.sql, app, other)? {
            Blocking::NoSuchUser
        } else if len >= list_max {
            Blocking::Full
        } else {
            let insert = "INSERT INTO blocks (app, user, blocked, at) VALUES (?1, ?2, ?3, ?4)";
            columns::run(work.sql, insert, params![app.0, user.as_str(), other.as_str(), int(now_ms)])?;
            work.changes.push(Change::Block { app, user: user.clone(), other: other.clone(), blocked: true });
            len += 1;
            Blocking::Done
        });
    }
    Ok(answers)
}

fn unblock(
    work: &mut Work<'_, '_>,
    app: AppId,
    user: &UserId,
    others: &[UserId],
) -> Result<Vec<Blocking>, Trouble> {
    let mut answers = Vec::with_capacity(others.len());
    for other in others {
        let delete = "DELETE FROM blocks WHERE app = ?1 AND user = ?2 AND blocked = ?3";
        answers.push(match columns::run(work.sql, delete, params![app.0, user.as_str(), other.as_str()])? {
            0 => Blocking::Already,
            _ => {
                let (user, other) = (user.clone(), other.clone());
                work.changes.push(Change::Block { app, user, other, blocked: false });
                Blocking::Done
            }
        });
    }
    Ok(answers)
}

#[async_trait::async_trait]
impl BlockStore for SqliteStore {
    async fn block(
        &self,
        app: AppId,
        user: &UserId,
        others: &[UserId],
        list_max: usize,
        now_ms: u64,
    ) -> Result<Vec<Blocking>, StoreError> {
        let (user, others) = (user.clone(), others.to_vec());
        self.queue.run(move |work| block(work, app, &user, &others, list_max, now_ms)).await
    }

    async fn unblock(
        &self,
        app: AppId,
        user: &UserId,
        others: &[UserId],
    ) -> Result<Vec<Blocking>, StoreError> {
        let (user, others) = (user.clone(), others.to_vec());
        self.queue.run(move |work| unblock(work, app, &user, &others)).await
    }

    async fn blocked_by(
        &self,
        app: AppId,
        user: &UserId,
        after: Option<&UserId>,
        count: usize,
    ) -> Result<Vec<UserId>, StoreError> {
        let user = user.clone();
        let after = after.map_or_else(String::new, |after| after.to_string());
        let query = "SELECT blocked FROM blocks WHERE app = ?1 AND user = ?2 AND blocked > ?3
             ORDER BY blocked LIMIT ?4";
        self.readers
            .read(move |sql| {
                let params = params![app.0, user.as_str(), after, int(count as u64)];
                columns::all(sql, query, params, |row| columns::user(row, 0))
            })
            .await
    }

    fn is_blocked(&self, app: AppId, user: &UserId, other: &UserId) -> bool {
        self.book().is_blocked(app, user, other)
    }
}

//! Reading older sends: the log from its newer end, or one conversation along its rows' pointers. Nothing of a row
//! is copied; its words are hashed where they lie.

use super::{Asked, Unread};
use crate::store::sqlite::{
    columns::{int, number, text},
    trouble::Trouble,
    window::{Known, SendHash, SendKey},
};
use hongyan_wire::AppId;
use rusqlite::{Connection, Row};

/// What a row has to tell, in this order.
const COLUMNS: &str = "id, prev, conversation, sender, flags, content, local_id";

/// How far one conversation was followed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Chain {
    pub conversation: u64,
    app: AppId,
    /// The row to read next; 0 at its end.
    next: u64,
}

impl Chain {
    pub fn of(asked: Asked) -> Self {
        Self { conversation: asked.conversation, app: asked.app, next: asked.row }
    }
}

/// Where to read, and what turns a row into an entry of the window.
pub(super) struct Rows<'a> {
    pub sql: &'a Connection,
    pub hash: &'a SendHash,
    /// The app of a conversation.
    pub app: &'a dyn Fn(u64) -> Option<AppId>,
    /// Rows of the log in one statement.
    pub rows_max: usize,
}

impl Rows<'_> {
    /// The next part of the log, newest first, and whether it was the last. One short statement: a checkpoint
    /// never waits long for it.
    pub fn log(&self, unread: &mut Unread) -> Result<(Vec<(SendKey, Known)>, bool), Trouble> {
        let query =
            format!("SELECT {COLUMNS} FROM messages WHERE id < ?1 AND id >= ?2 ORDER BY id DESC LIMIT ?3");
        let most = i64::try_from(self.rows_max).unwrap_or(i64::MAX);
        let mut statement = self.sql.prepare_cached(&query)?;
        let mut rows = statement.query([int(unread.below), int(unread.first_kept), most])?;
        let (mut sends, mut below) = (Vec::new(), unread.below);
        while let Some(row) = rows.next()? {
            let no = number(row, 2)?;
            let app =
                (self.app)(no).ok_or_else(|| Trouble::Broken(format!("conversation {no} is missing")))?;
            let send = self.send(row, app)?;
            below = send.1.id;
            sends.push(send);
        }
        let ends = sends.len() < self.rows_max;
        unread.below = below;
        Ok((sends, ends))
    }

    /// Follows one conversation for at most `left` rows; whether it came to its end. Rows of the part of the log
    /// that was read already are passed over.
    pub fn chain(
        &self,
        chain: &mut Chain,
        unread: Unread,
        left: &mut usize,
        sends: &mut Vec<(SendKey, Known)>,
    ) -> Result<bool, Trouble> {
        let query = format!("SELECT {COLUMNS} FROM messages WHERE id = ?1");
        let mut statement = self.sql.prepare_cached(&query)?;
        while chain.next >= unread.first_kept.max(1) {
            if *left == 0 {
                return Ok(false);
            }
            *left -= 1;
            let mut rows = statement.query([int(chain.next)])?;
            let row = rows.next()?;
            let row = row.ok_or_else(|| Trouble::Broken(format!("message {} is missing", chain.next)))?;
            if chain.next < unread.below {
                sends.push(self.send(row, chain.app)?);
            }
            chain.next = number(row, 1)?;
        }
        Ok(true)
    }

    fn send(&self, row: &Row<'_>, app: AppId) -> Result<(SendKey, Known), Trouble> {
        let key = self.hash.key(app, text(row, 3)?, text(row, 6)?);
        Ok((key, self.hash.stored(number(row, 0)?, number(row, 2)?, text(row, 5)?, row.get(4)?)))
    }
}

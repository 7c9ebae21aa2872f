//! What the writer does beside commands, in their commits and in small portions: cursors, marks, saved tails.

use super::{
    book::Book,
    change::Change,
    coalesced::{self, Coalesced},
    columns::{self, int},
    history::MARK_EVERY,
    trouble::Trouble,
};
use rusqlite::{Connection, params};
use std::collections::VecDeque;

/// Rows of each kind in one commit: random keys are dear, and commands wait for the commit.
const BATCH: usize = 500;

/// What waits to be written.
#[derive(Debug)]
pub(super) struct Upkeep {
    marks: VecDeque<(u64, u64, u64)>,
    /// Conversations whose tail is newer than its saved row, each once.
    unsaved: Vec<u64>,
    /// The round of saving that is under way.
    round: Option<Round>,
    appended: u64,
    tails_every: u64,
}

#[derive(Debug)]
struct Round {
    left: Vec<u64>,
    upto: u64,
}

/// What one commit writes.
#[derive(Debug, Default)]
pub(super) struct Portion {
    coalesced: coalesced::Batch,
    marks: Vec<(u64, u64, u64)>,
    tails: Vec<u64>,
    /// All messages up to here are in saved tails and marks after this commit.
    upto: Option<u64>,
}

impl Upkeep {
    pub fn new(tails_every: u64) -> Self {
        let marks = VecDeque::new();
        Self { marks, unsaved: Vec::new(), round: None, appended: 0, tails_every: tails_every.max(1) }
    }

    /// A message is newer than the saved tails; `newly_unsaved`: its conversation was saved until then.
    pub fn grown(&mut self, no: u64, newly_unsaved: bool) {
        self.appended += 1;
        if newly_unsaved {
            self.unsaved.push(no);
        }
    }

    /// A message that gets a mark.
    pub fn marked(&mut self, no: u64, seq: u64, id: u64) {
        self.marks.push_back((no, seq, id));
    }

    /// Marks that may wait until the next second are not pressing; a long row of them is.
    pub fn is_pressing(&self) -> bool {
        self.marks.len() >= BATCH || self.round.is_some() || self.appended >= self.tails_every
    }

    pub fn is_waiting(&self) -> bool {
        !self.marks.is_empty() || self.round.is_some()
    }

    /// Begins to save every tail that is not saved, due or not.
    pub fn save_all(&mut self, book: &Book) {
        let left = std::mem::take(&mut self.unsaved);
        match &mut self.round {
            Some(round) => {
                round.left.extend(left);
                round.upto = book.last_id;
            }
            None => self.round = Some(Round { left, upto: book.last_id }),
        }
        self.appended = 0;
    }

    /// Takes the next portion.
    pub fn take(&mut self, book: &Book, coalesced: &Coalesced) -> Portion {
        if self.round.is_none() && self.appended >= self.tails_every {
            self.save_all(book);
        }
        let marks: Vec<_> = self.marks.drain(..self.marks.len().min(BATCH)).collect();
        let mut portion = Portion { coalesced: coalesced.take(BATCH), marks, ..Portion::default() };
        if let Some(round) = &mut self.round {
            let keep = round.left.len().saturating_sub(BATCH);
            portion.tails = round.left.split_off(keep);
            if round.left.is_empty() && self.marks.is_empty() {
                portion.upto = Some(round.upto);
            }
        }
        portion
    }

    /// The commit of a portion is done. Before `applied`, so that what it brought counts as newer.
    pub fn settle(&mut self, portion: Portion, book: Option<&mut Book>, coalesced: &Coalesced) {
        coalesced.settle(book.is_some());
        let Some(book) = book else {
            portion.marks.into_iter().rev().for_each(|mark| self.marks.push_front(mark));
            if let Some(round) = &mut self.round {
                round.left.extend(portion.tails);
            }
            return;
        };
        for no in portion.tails {
            let Some(conversation) = book.conversation_mut(no) else { continue };
            conversation.unsaved = false;
            conversation.members_mut().for_each(|member| member.own_unsaved = false);
        }
        if portion.upto.is_some() {
            self.round = None;
        }
    }

    /// Takes a committed change into the book, and notes what it leaves to write.
    pub fn apply(&mut self, book: &mut Book, change: &Change) {
        let newly_unsaved = book.apply(change);
        if let Change::Append { appended, .. } = change {
            let message = &appended.message;
            let no = message.conversation.0;
            self.grown(no, newly_unsaved);
            if message.seq.is_multiple_of(MARK_EVERY) {
                self.marked(no, message.seq, message.id.0);
            }
        }
    }
}

impl Portion {
    pub fn is_empty(&self) -> bool {
        self.coalesced.is_empty() && self.marks.is_empty() && self.tails.is_empty() && self.upto.is_none()
    }

    pub fn write(&self, sql: &Connection, book: &Book) -> Result<(), Trouble> {
        self.coalesced.write(sql)?;
        for (no, seq, id) in &self.marks {
            let insert = "INSERT OR IGNORE INTO marks (conversation, seq, id) VALUES (?1, ?2, ?3)";
            columns::run(sql, insert, [int(*no), int(*seq), int(*id)])?;
        }
        self.tails.iter().try_for_each(|no| save_tail(sql, book, *no))?;
        if let Some(upto) = self.upto {
            columns::run(
                sql,
                "INSERT OR REPLACE INTO meta (name, value) VALUES ('tails_upto', ?1)",
                [int(upto)],
            )?;
        }
        Ok(())
    }
}

/// Saves one conversation as the book has it: its tail, and how much of it is each member's own. Both are of
/// the same moment, so that a replay adds exactly the rows above the tail.
fn save_tail(sql: &Connection, book: &Book, no: u64) -> Result<(), Trouble> {
    let Some(conversation) = book.conversation(no) else { return Ok(()) };
    let tail = conversation.tail;
    columns::run(
        sql,
        "INSERT OR REPLACE INTO tails (conversation, seq, last, at, total) VALUES (?1, ?2, ?3, ?4, ?5)",
        [no, tail.seq, tail.last, tail.at, tail.total].map(int),
    )?;
    for member in conversation.members().filter(|member| member.own_unsaved) {
        columns::run(
            sql,
            "UPDATE members SET own = ?3 WHERE conversation = ?1 AND user = ?2",
            params![int(no), member.row.user.as_str(), int(member.own)],
        )?;
    }
    Ok(())
}

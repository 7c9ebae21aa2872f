//! A send as text in which only digits change, so that writing one more costs a copy.

use crate::Draft;
use hongyan_wire::{ConversationKey, frame};

const LOCAL: &str = "1111111111111111";
const TEXT: &str = "2222222222222222";
const NOTICE: &str = "3333333333333333";
const ID: u64 = 4_444_444_444_444;
/// Digits of `ID`.
const ID_DIGITS: usize = 13;
/// Ids begin here, so that they all have as many digits.
pub(super) const FIRST_ID: u64 = 1_000_000_000_000;
/// What follows the digits in a message, to make it as long as people's messages are.
const FILLER: &str = " 雁字回时，月满西楼。Wild geese carry letters across the sky.";

/// A `message.send` to one conversation.
#[derive(Debug)]
pub(super) struct Template {
    text: String,
    id: usize,
    local: usize,
    message: usize,
    notice: Option<usize>,
}

impl Template {
    /// To this conversation, with or without a pushConfig.
    pub(super) fn new(to: &ConversationKey, push: bool) -> Self {
        let mut draft = Draft::text(format!("{TEXT}{FILLER}")).local_id(LOCAL);
        if push {
            draft = draft.push_notice("bench", NOTICE);
        }
        let text = frame::request(ID, "message.send", &draft.params(to));
        let find = |what: &str| text.find(what);
        let place = |what: &str| find(what).expect("the placeholder was just written");
        let (id, local, message) = (place(&ID.to_string()), place(LOCAL), place(TEXT));
        let notice = find(NOTICE);
        Self { id, local, message, notice, text }
    }

    /// The request with this id, for the message of this number sent at this time (in µs). Message and notice
    /// begin with 16 digits: the time, and the number.
    pub(super) fn fill(&mut self, id: u64, number: u64, sent_us: u64) -> &str {
        let (number, sent) = (format!("{number:016}"), format!("{sent_us:016}"));
        let id = id.to_string();
        debug_assert_eq!(id.len(), ID_DIGITS);
        self.text.replace_range(self.id..self.id + ID_DIGITS, &id);
        self.text.replace_range(self.local..self.local + 16, &number);
        self.text.replace_range(self.message..self.message + 16, &sent);
        if let Some(notice) = self.notice {
            self.text.replace_range(notice..notice + 16, &number);
        }
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hongyan_wire::{UserId, client, frame::Incoming};

    #[test]
    fn a_filled_template_is_a_send_with_these_numbers() {
        let to = ConversationKey::Peer(UserId::new("bob").unwrap());
        let mut template = Template::new(&to, true);
        template.fill(FIRST_ID, 1, 2);
        let text = template.fill(FIRST_ID + 7, 42, 99).to_owned();
        let frame = Incoming::parse(&text).unwrap();
        assert_eq!(frame.id, Some(FIRST_ID + 7));
        let send: client::Send = frame.params().unwrap();
        assert_eq!(send.local_message_id, "0000000000000042");
        assert!(send.content.message.starts_with("0000000000000099 "));
        assert_eq!(send.push_config.unwrap().content, "0000000000000042");
        let bare = Template::new(&to, false).fill(FIRST_ID, 1, 2).to_owned();
        assert!(Incoming::parse(&bare).unwrap().params::<client::Send>().unwrap().push_config.is_none());
    }
}

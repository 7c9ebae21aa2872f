//! Frames in and out, RFC 6455, without I/O. Keeps only what is incomplete: nothing between messages.

/// Longest payload of a control frame.
const CONTROL_BYTES_MAX: usize = 125;
/// Longest frame header of a client: 2 + 8 length + 4 mask.
const HEADER_BYTES_MAX: usize = 14;

/// What a client sent, whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A text message.
    Text(String),
    /// Answer it with the same bytes.
    Ping(Vec<u8>),
    /// A pong, which needs nothing.
    Pong,
    /// The client says goodbye; its code, if it gave one.
    Close(Option<u16>),
}

/// Why a connection cannot go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A rule of the protocol was broken; which one.
    Protocol(&'static str),
    /// A message is longer than allowed.
    TooLarge,
}

/// Reads frames from whatever pieces the network gives.
#[derive(Debug)]
pub struct Decoder {
    message_bytes_max: usize,
    /// The beginning of a frame whose end has not come.
    partial: Vec<u8>,
    /// Fragments of a text message that has not ended; `None` outside of one.
    fragments: Option<Vec<u8>>,
}

/// A frame's header, read.
struct Header {
    fin: bool,
    opcode: u8,
    mask: [u8; 4],
    bytes: usize,
    payload_bytes: usize,
}

impl Decoder {
    /// Messages may have up to this many bytes.
    pub fn new(message_bytes_max: usize) -> Self {
        Self { message_bytes_max, partial: Vec::new(), fragments: None }
    }

    /// From now on messages may have up to this many bytes.
    pub fn allow(&mut self, message_bytes_max: usize) {
        self.message_bytes_max = message_bytes_max;
    }

    /// Takes bytes and gives what they complete. After a fault the connection is over.
    pub fn feed(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<(), Fault> {
        if self.partial.is_empty() {
            let used = self.consume(bytes, events)?;
            self.partial.extend_from_slice(&bytes[used..]);
            return Ok(());
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(bytes);
        let used = self.consume(&whole, events)?;
        match used {
            // Still the same frame: its buffer goes on growing.
            0 => self.partial = whole,
            // The beginning of another: a large buffer is not kept for it.
            used if used < whole.len() => self.partial = whole[used..].to_vec(),
            _ => {}
        }
        Ok(())
    }

    /// Bytes that are kept for later.
    #[cfg(test)]
    pub fn kept_bytes(&self) -> usize {
        self.partial.capacity() + self.fragments.as_ref().map_or(0, Vec::capacity)
    }

    fn consume(&mut self, bytes: &[u8], events: &mut Vec<Event>) -> Result<usize, Fault> {
        let mut used = 0;
        while let Some(header) = self.header(&bytes[used..])? {
            let end = used + header.bytes + header.payload_bytes;
            if end > bytes.len() {
                break;
            }
            let mut payload = bytes[used + header.bytes..end].to_vec();
            unmask(&mut payload, header.mask);
            used = end;
            events.extend(self.frame(&header, payload)?);
        }
        Ok(used)
    }

    /// `None` while it is incomplete. Refuses what could never become a good frame before its payload comes.
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Fault> {
        let [first, second, rest @ ..] = bytes else { return Ok(None) };
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
        if first & 0x70 != 0 {
            return Err(Fault::Protocol("reserved bits are set"));
        }
        if second & 0x80 == 0 {
            return Err(Fault::Protocol("frames of a client must be masked"));
        }
        let (length, length_bytes) = match (second & 0x7f, rest) {
            (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 2),
            (127, [a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 8),
            (126 | 127, _) => return Ok(None),
            (short, _) => (u64::from(short), 0),
        };
        if (length_bytes == 2 && length < 126) || (length_bytes == 8 && length <= 0xffff) {
            return Err(Fault::Protocol("a length is not written in its shortest form"));
        }
        self.check(fin, opcode, length)?;
        let Some(mask) = rest.get(length_bytes..length_bytes + 4) else { return Ok(None) };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        let bytes = 2 + length_bytes + 4;
        debug_assert!(bytes <= HEADER_BYTES_MAX);
        Ok(Some(Header { fin, opcode, mask, bytes, payload_bytes: length as usize }))
    }

    fn check(&self, fin: bool, opcode: u8, length: u64) -> Result<(), Fault> {
        match opcode {
            0x8..=0xa if !fin => return Err(Fault::Protocol("a control frame is fragmented")),
            0x8..=0xa if length > CONTROL_BYTES_MAX as u64 => {
                return Err(Fault::Protocol("a control frame is too long"));
            }
            0x8..=0xa => return Ok(()),
            0x0 if self.fragments.is_none() => {
                return Err(Fault::Protocol("a continuation without a beginning"));
            }
            0x1 if self.fragments.is_some() => {
                return Err(Fault::Protocol("a message begins inside another"));
            }
            0x0 | 0x1 => {}
            0x2 => return Err(Fault::Protocol("binary frames are not spoken here")),
            _ => return Err(Fault::Protocol("an unknown opcode")),
        }
        let before = self.fragments.as_ref().map_or(0, Vec::len) as u64;
        if before.saturating_add(length) > self.message_bytes_max as u64 {
            return Err(Fault::TooLarge);
        }
        Ok(())
    }

    fn frame(&mut self, header: &Header, payload: Vec<u8>) -> Result<Option<Event>, Fault> {
        match header.opcode {
            0x8 => close(&payload).map(Some),
            0x9 => Ok(Some(Event::Ping(payload))),
            0xa => Ok(Some(Event::Pong)),
            _ => {
                let message = match self.fragments.take() {
                    Some(mut fragments) => {
                        fragments.extend(payload);
                        fragments
                    }
                    None => payload,
                };
                if !header.fin {
                    self.fragments = Some(message);
                    return Ok(None);
                }
                match String::from_utf8(message) {
                    Ok(text) => Ok(Some(Event::Text(text))),
                    Err(_) => Err(Fault::Protocol("a text message is not UTF-8")),
                }
            }
        }
    }
}

fn close(payload: &[u8]) -> Result<Event, Fault> {
    let [high, low, reason @ ..] = payload else {
        return match payload.is_empty() {
            true => Ok(Event::Close(None)),
            false => Err(Fault::Protocol("a close code has two bytes")),
        };
    };
    let code = u16::from_be_bytes([*high, *low]);
    let known = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
    if !known || std::str::from_utf8(reason).is_err() {
        return Err(Fault::Protocol("a close frame has a code or reason that is not allowed"));
    }
    Ok(Event::Close(Some(code)))
}

fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let wide = u64::from_ne_bytes([mask[0], mask[1], mask[2], mask[3], mask[0], mask[1], mask[2], mask[3]]);
    let mut chunks = payload.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let word = u64::from_ne_bytes(chunk.try_into().expect("chunks have eight bytes"));
        chunk.copy_from_slice(&(word ^ wide).to_ne_bytes());
    }
    for (byte, mask) in chunks.into_remainder().iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

/// Appends a text frame.
pub fn put_text(to: &mut Vec<u8>, text: &[u8]) {
    put(to, 0x1, text);
}

/// Appends a pong.
pub fn put_pong(to: &mut Vec<u8>, payload: &[u8]) {
    put(to, 0xa, payload);
}

/// Appends a close frame. `reason` has at most 123 bytes.
pub fn put_close(to: &mut Vec<u8>, code: u16, reason: &str) {
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend(reason.as_bytes());
    put(to, 0x8, &payload);
}

fn put(to: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    to.push(0x80 | opcode);
    match payload.len() {
        length @ 0..=125 => to.push(length as u8),
        length @ 126..=0xffff => {
            to.push(126);
            to.extend((length as u16).to_be_bytes());
        }
        length => {
            to.push(127);
            to.extend((length as u64).to_be_bytes());
        }
    }
    to.extend_from_slice(payload);
}

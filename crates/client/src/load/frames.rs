//! Frames and the opening request as bytes, for whoever carries them: a socket, or a pipe in memory.

use super::LoadError;
use std::ops::Range;

/// Largest frame taken.
const FRAME_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The request that opens a WebSocket.
pub fn upgrade_request(host: &str, path: &str, subprotocol: Option<&str>) -> String {
    let protocol = subprotocol.map(|name| format!("sec-websocket-protocol: {name}\r\n"));
    format!(
        "GET /{path} HTTP/1.1\r\nhost: {host}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: aG9uZ3lhbi1iZW5jaC1rZQ==\r\n{}\r\n",
        protocol.unwrap_or_default()
    )
}

/// Why the server closed, by the payload of its close frame.
pub fn closed(payload: &[u8]) -> LoadError {
    let (code, reason) = match payload {
        [high, low, reason @ ..] => (u16::from_be_bytes([*high, *low]), reason),
        _ => (1005, &[][..]),
    };
    LoadError::Closed(code, String::from_utf8_lossy(reason).into_owned())
}

/// Opcode and place of the payload of the whole frame that begins at `at`; `None` while it is incomplete.
pub fn frame_at(bytes: &[u8], at: usize) -> Result<Option<(u8, Range<usize>)>, LoadError> {
    let Some([first, second, rest @ ..]) = bytes.get(at..) else { return Ok(None) };
    if first & 0x80 == 0 || second & 0x80 != 0 {
        return Err(LoadError::Unreadable("a fragment or a masked frame".to_owned()));
    }
    let (length, head) = match (second & 0x7f, rest) {
        (126, [a, b, ..]) => (u64::from(u16::from_be_bytes([*a, *b])), 4),
        (127, [a, b, c, d, e, f, g, h, ..]) => (u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]), 10),
        (126 | 127, _) => return Ok(None),
        (short, _) => (u64::from(short), 2),
    };
    if length > FRAME_BYTES_MAX as u64 {
        return Err(LoadError::Unreadable(format!("a frame of {length} bytes")));
    }
    let payload = at + head..at + head + length as usize;
    Ok((payload.end <= bytes.len()).then_some((first & 0x0f, payload)))
}

/// Appends a frame of a client.
pub fn put_frame(to: &mut Vec<u8>, opcode: u8, payload: &[u8]) {
    to.push(0x80 | opcode);
    match payload.len() {
        length @ 0..=125 => to.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            to.push(0x80 | 126);
            to.extend((length as u16).to_be_bytes());
        }
        length => {
            to.push(0x80 | 127);
            to.extend((length as u64).to_be_bytes());
        }
    }
    to.extend([0; 4]);
    to.extend(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_taken_whole_and_in_order() {
        let mut bytes = vec![0x81, 2, b'h', b'i', 0x81, 126, 0, 200];
        bytes.extend([b'x'; 200]);
        assert_eq!(frame_at(&bytes, 0).unwrap(), Some((1, 2..4)));
        assert_eq!(frame_at(&bytes, 4).unwrap(), Some((1, 8..208)));
        assert_eq!(frame_at(&bytes, 208).unwrap(), None);
        for cut in 4..bytes.len() {
            assert_eq!(frame_at(&bytes[..cut], 4).unwrap(), None, "{cut}");
        }
        for bad in [&[0x01, 1, b'x'][..], &[0x81, 0x81], &[0x81, 127, 1, 0, 0, 0, 0, 0, 0, 0]] {
            assert!(frame_at(bad, 0).is_err());
        }
    }

    #[test]
    fn what_is_put_has_a_mask_of_zero() {
        let mut bytes = Vec::new();
        put_frame(&mut bytes, 1, b"hi");
        assert_eq!(bytes, [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
        bytes.clear();
        put_frame(&mut bytes, 1, &[b'x'; 70_000]);
        assert_eq!(bytes[..10], [0x81, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    }
}

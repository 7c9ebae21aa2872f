//! The codec against tables, against any cutting of the byte stream, and against arbitrary bytes.

use super::codec::{Decoder, Event, Fault, put_close, put_pong, put_text};
use proptest::prelude::*;

#[path = "../../../../wire/tests/mutate/mod.rs"]
mod mutate;

const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A frame as a client writes it.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        length @ 0..=125 => bytes.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((length as u16).to_be_bytes());
        }
        length => {
            bytes.push(0x80 | 127);
            bytes.extend((length as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn decode(bytes: &[u8]) -> Result<Vec<Event>, Fault> {
    let mut events = Vec::new();
    Decoder::new(1_000).feed(bytes, &mut events).map(|()| events)
}

#[test]
fn whole_messages_control_frames_and_fragments_are_read() {
    assert_eq!(decode(&frame(0x81, "héllo".as_bytes())), Ok(vec![Event::Text("héllo".into())]));
    assert_eq!(decode(&frame(0x89, b"are you there")), Ok(vec![Event::Ping(b"are you there".to_vec())]));
    assert_eq!(decode(&frame(0x8a, b"")), Ok(vec![Event::Pong]));
    assert_eq!(decode(&frame(0x88, &4101u16.to_be_bytes())), Ok(vec![Event::Close(Some(4101))]));
    assert_eq!(decode(&frame(0x88, b"")), Ok(vec![Event::Close(None)]));
    let parts = [frame(0x01, b"on"), frame(0x89, b"!"), frame(0x00, b""), frame(0x80, b"e")].concat();
    assert_eq!(decode(&parts), Ok(vec![Event::Ping(b"!".to_vec()), Event::Text("one".into())]));
}

#[test]
fn every_broken_rule_is_a_fault() {
    let mut unmasked = frame(0x81, b"x");
    unmasked[1] &= 0x7f;
    let long_form = [&[0x81, 0x80 | 126, 0, 5][..], &MASK, b"xxxxx"].concat();
    let longer_form = [&[0x81, 0x80 | 127, 0, 0, 0, 0, 0, 0, 1, 0][..], &MASK].concat();
    let broken = [
        ("unmasked", unmasked),
        ("reserved bit", frame(0xc1, b"x")),
        ("binary", frame(0x82, b"x")),
        ("opcode 3", frame(0x83, b"x")),
        ("opcode 11", frame(0x8b, b"x")),
        ("fragmented ping", frame(0x09, b"x")),
        ("long ping", frame(0x89, &[0; 126])),
        ("continuation alone", frame(0x80, b"x")),
        ("begins inside", [frame(0x01, b"x"), frame(0x81, b"y")].concat()),
        ("not UTF-8", frame(0x81, &[0xff])),
        ("one-byte close", frame(0x88, &[3])),
        ("close code 1005", frame(0x88, &1005u16.to_be_bytes())),
        ("close reason not UTF-8", frame(0x88, &[0x03, 0xe8, 0xff])),
        ("16-bit length of 5", long_form),
        ("64-bit length of 256", longer_form),
    ];
    for (what, bytes) in broken {
        assert!(matches!(decode(&bytes), Err(Fault::Protocol(_))), "{what}");
    }
}

#[test]
fn a_giant_is_refused_by_its_header_alone() {
    assert_eq!(decode(&frame(0x81, &[b'x'; 1_001])[..8]), Err(Fault::TooLarge));
    let parts = [frame(0x01, &[b'x'; 600]), frame(0x80, &[b'x'; 401])].concat();
    assert_eq!(decode(&parts), Err(Fault::TooLarge), "fragments count together");
    let huge = [&[0x81, 0x80 | 127][..], &u64::MAX.to_be_bytes()].concat();
    assert_eq!(decode(&huge), Err(Fault::TooLarge));
}

#[test]
fn nothing_is_kept_between_messages() {
    let mut decoder = Decoder::new(100_000);
    let mut events = Vec::new();
    let big = frame(0x81, &vec![b'x'; 50_000]);
    for piece in big.chunks(1_000) {
        decoder.feed(piece, &mut events).unwrap();
    }
    assert_eq!((events.len(), decoder.kept_bytes()), (1, 0));
}

#[test]
fn what_the_server_writes_is_what_the_standard_shows() {
    let mut bytes = Vec::new();
    put_text(&mut bytes, b"Hello");
    assert_eq!(bytes, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    bytes.clear();
    put_text(&mut bytes, &[b'x'; 256]);
    assert_eq!(bytes[..4], [0x81, 126, 1, 0]);
    bytes.clear();
    put_text(&mut bytes, &[b'x'; 65_536]);
    assert_eq!(bytes[..10], [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]);
    bytes.clear();
    put_pong(&mut bytes, b"x");
    put_close(&mut bytes, 4001, "go");
    assert_eq!(bytes, [0x8a, 1, b'x', 0x88, 4, 0x0f, 0xa1, b'g', b'o']);
}

proptest! {
    #[test]
    fn cutting_the_stream_anywhere_changes_nothing(
        texts in prop::collection::vec(".{0,80}", 1..8),
        cuts in prop::collection::vec(1usize..40, 1..40),
    ) {
        let stream: Vec<u8> = texts.iter().flat_map(|text| frame(0x81, text.as_bytes())).collect();
        let mut decoder = Decoder::new(1_000);
        let (mut events, mut rest) = (Vec::new(), &stream[..]);
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*cut).min(rest.len()));
            decoder.feed(piece, &mut events).unwrap();
            rest = more;
        }
        let expected: Vec<Event> = texts.into_iter().map(Event::Text).collect();
        prop_assert_eq!(events, expected);
    }

    #[test]
    fn arbitrary_bytes_never_panic_nor_grow_beyond_the_limit(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
    ) {
        let mut decoder = Decoder::new(1_000);
        let mut events = Vec::new();
        for piece in pieces {
            if decoder.feed(&piece, &mut events).is_err() {
                break;
            }
            prop_assert!(decoder.kept_bytes() < 8_000);
        }
    }
}

/// Streams that were kept, each as hex digits.
fn streams() -> Vec<Vec<u8>> {
    mutate::files(env!("CARGO_MANIFEST_DIR"), "fuzz-corpus/websocket")
}

/// Events and end of a stream in pieces of this size. Messages may have a thousand bytes.
fn read(stream: &[u8], piece: usize) -> (Vec<Event>, Option<Fault>) {
    let (mut decoder, mut events) = (Decoder::new(1_000), Vec::new());
    for part in stream.chunks(piece) {
        if let Err(fault) = decoder.feed(part, &mut events) {
            return (events, Some(fault));
        }
        assert!(decoder.kept_bytes() < 8_000, "{} bytes are kept", decoder.kept_bytes());
    }
    (events, None)
}

/// How a stream is cut changes nothing but what came before a fault in the same piece.
fn check_stream(stream: &[u8]) {
    let (events, fault) = read(stream, 1);
    for piece in [2, 3, 7, 64, 4_096] {
        let (others, other_fault) = read(stream, piece);
        assert_eq!(other_fault, fault, "in pieces of {piece}");
        assert!(events.starts_with(&others), "in pieces of {piece}: {others:?} is not {events:?}");
        assert!(fault.is_some() || others == events, "in pieces of {piece}");
    }
    for event in &events {
        match event {
            Event::Text(text) => assert!(text.len() <= 1_000),
            Event::Ping(bytes) => assert!(bytes.len() <= 125),
            Event::Pong | Event::Close(_) => {}
        }
    }
}

#[test]
fn streams_that_were_kept_hold() {
    streams().iter().for_each(|stream| check_stream(stream));
}

proptest! {
    #![proptest_config(mutate::config())]

    #[test]
    fn changed_streams_end_the_same_however_they_are_cut(stream in mutate::bytes_like(streams())) {
        check_stream(&stream);
    }
}

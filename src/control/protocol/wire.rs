//! Messages as frames: four bytes of length (big-endian), one byte that says whether the message goes on in the next
//! frame, then JSON. No frame is longer than [`FRAME`]; how long a message may become is up to whoever reads it.

use std::io;

use futures_util::{SinkExt, StreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::bytes::{BufMut, Bytes, BytesMut};
use tokio_util::codec::{FramedRead, FramedWrite, LengthDelimitedCodec, LengthDelimitedCodecError};

use crate::text::cut_line;

/// No frame is longer, in bytes.
pub const FRAME: usize = 256 * 1024;
/// A message of one frame, the flag excluded: all that a client may send.
pub const REQUEST: usize = FRAME - 1;
/// No message from a server is longer, in bytes. A state that is longer comes in [`super::parts`].
pub const ANSWER: usize = 16 * 1024 * 1024;
/// No more is said about a message that is not understood, in characters: the message itself may be quoted in it.
const LONGEST_FAULT: usize = 200;

const LAST: u8 = 0;
const MORE: u8 = 1;

/// Why nothing more can be read or written.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// Reading from or writing to the connection failed.
    #[error("the connection broke: {0}")]
    Io(#[from] io::Error),
    /// A frame or a message that is longer than it may be.
    #[error("a message is longer than {0} bytes")]
    TooLong(usize),
    /// Not what this version of the protocol says.
    #[error("a message is not understood: {0}")]
    Garbled(String),
}

impl WireError {
    /// What is said about it quotes the other side, so it is cleaned and cut.
    fn garbled(why: &impl std::fmt::Display) -> Self {
        Self::Garbled(cut_line(&why.to_string(), LONGEST_FAULT).into_owned())
    }
}

fn codec() -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder().max_frame_length(FRAME).new_codec()
}

/// A message as it goes over the wire, so that it can be made once for many.
///
/// # Errors
/// Where it cannot be said in JSON, which no message of the protocol can be.
pub fn encode<T: Serialize>(message: &T) -> Result<Bytes, WireError> {
    serde_json::to_vec(message).map(Into::into).map_err(|error| WireError::garbled(&error))
}

/// Writes whole messages to a stream, split into frames.
#[derive(Debug)]
pub struct MessageWriter<W> {
    frames: FramedWrite<W, LengthDelimitedCodec>,
}

impl<W: AsyncWrite + Unpin> MessageWriter<W> {
    /// Into this stream.
    pub fn new(stream: W) -> Self {
        Self { frames: FramedWrite::new(stream, codec()) }
    }

    /// The stream again; nothing waits in between.
    pub fn into_inner(self) -> W {
        self.frames.into_inner()
    }

    /// Writes one message, and waits until it is out.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn send<T: Serialize>(&mut self, message: &T) -> Result<(), WireError> {
        self.send_encoded(&encode(message)?).await
    }

    /// The same for one that was encoded before.
    ///
    /// # Errors
    /// Where the connection breaks.
    pub async fn send_encoded(&mut self, message: &[u8]) -> Result<(), WireError> {
        let mut parts = message.chunks(FRAME - 1).peekable();
        while let Some(part) = parts.next() {
            let mut frame = BytesMut::with_capacity(part.len() + 1);
            frame.put_u8(if parts.peek().is_some() { MORE } else { LAST });
            frame.put_slice(part);
            self.frames.send(frame.freeze()).await?;
        }
        Ok(())
    }
}

/// Reads messages. A read that is given up loses nothing: the next one goes on.
#[derive(Debug)]
pub struct MessageReader<R> {
    frames: FramedRead<R, LengthDelimitedCodec>,
    limit: usize,
    /// What came of the message so far.
    begun: Vec<u8>,
    /// How long the last message was.
    length: usize,
}

impl<R: AsyncRead + Unpin> MessageReader<R> {
    /// From this stream, messages of at most so many bytes.
    pub fn new(stream: R, limit: usize) -> Self {
        Self { frames: FramedRead::new(stream, codec()), limit, begun: Vec::new(), length: 0 }
    }

    /// The stream again, and what was read of it beyond the last message.
    pub fn into_rest(self) -> (R, Bytes) {
        let parts = self.frames.into_parts();
        (parts.io, parts.read_buf.freeze())
    }

    /// How long the last message was, in bytes.
    pub const fn length(&self) -> usize {
        self.length
    }

    /// The next message; none where the other side has hung up between two messages.
    ///
    /// # Errors
    /// See [`WireError`]; after one, nothing more should be read.
    pub async fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, WireError> {
        while let Some(frame) = self.frames.next().await {
            let frame = frame.map_err(|error| match error.get_ref() {
                Some(inner) if inner.is::<LengthDelimitedCodecError>() => WireError::TooLong(FRAME),
                _ => WireError::Io(error),
            })?;
            let (flag, part) = match frame.split_first() {
                Some((&flag @ (LAST | MORE), part)) => (flag, part),
                Some((flag, _)) => return Err(WireError::Garbled(format!("a frame begins with {flag}, not 0 or 1"))),
                None => return Err(WireError::Garbled("a frame is empty".into())),
            };
            if self.begun.len() + part.len() > self.limit {
                return Err(WireError::TooLong(self.limit));
            }
            if flag == MORE {
                self.begun.extend_from_slice(part);
                continue;
            }
            self.length = self.begun.len() + part.len();
            if self.begun.is_empty() {
                return decode(part).map(Some);
            }
            self.begun.extend_from_slice(part);
            return decode(&std::mem::take(&mut self.begun)).map(Some);
        }
        if self.begun.is_empty() { Ok(None) } else { Err(WireError::Io(io::ErrorKind::UnexpectedEof.into())) }
    }
}

fn decode<T: DeserializeOwned>(text: &[u8]) -> Result<T, WireError> {
    serde_json::from_slice(text).map_err(|error| WireError::garbled(&error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tokio::io::{AsyncWriteExt, duplex};

    use super::*;

    async fn read(bytes: &[u8], limit: usize) -> Result<Option<String>, WireError> {
        let (mut theirs, ours) = duplex(bytes.len().max(1));
        theirs.write_all(bytes).await.unwrap();
        drop(theirs);
        MessageReader::new(ours, limit).next().await
    }

    fn frame(flag: u8, part: &[u8]) -> Vec<u8> {
        let length = u32::try_from(part.len() + 1).unwrap().to_be_bytes();
        [&length[..], &[flag], part].concat()
    }

    #[tokio::test]
    async fn a_long_message_goes_in_several_frames() {
        let (theirs, ours) = duplex(1000);
        let text = "ü".repeat(FRAME);
        let told = text.clone();
        let sender = tokio::spawn(async move {
            let mut writer = MessageWriter::new(theirs);
            for message in [told.as_str(), "short"] {
                writer.send(&message).await.unwrap();
            }
        });
        let mut reader = MessageReader::new(ours, ANSWER);
        assert_eq!(reader.next::<String>().await.unwrap().unwrap(), text);
        assert_eq!(reader.next::<String>().await.unwrap().unwrap(), "short");
        assert!(reader.next::<String>().await.unwrap().is_none());
        sender.await.unwrap();
    }

    #[tokio::test]
    async fn what_is_too_long_is_refused_before_it_is_read() {
        let long = u32::try_from(FRAME + 1).unwrap().to_be_bytes();
        assert!(matches!(read(&long, REQUEST).await, Err(WireError::TooLong(FRAME))));
        assert!(matches!(read(&[0xff; 4], REQUEST).await, Err(WireError::TooLong(FRAME))));
        let two = [frame(MORE, b"\"aaaa"), frame(LAST, b"aaaa\"")].concat();
        assert!(matches!(read(&two, 9).await, Err(WireError::TooLong(9))));
        assert_eq!(read(&two, 10).await.unwrap().unwrap(), "aaaaaaaa");
    }

    #[tokio::test]
    async fn half_a_message_is_an_error_and_none_is_an_end() {
        assert!(read(b"", REQUEST).await.unwrap().is_none());
        let whole = frame(LAST, b"\"x\"");
        // after the length alone nothing was begun that could be lost
        for cut in (1..whole.len()).filter(|cut| *cut != 4) {
            assert!(matches!(read(&whole[..cut], REQUEST).await, Err(WireError::Io(_))), "{cut}");
        }
        assert!(matches!(read(&frame(MORE, b"\"x\""), ANSWER).await, Err(WireError::Io(_))));
        assert!(matches!(read(&frame(2, b"\"x\""), ANSWER).await, Err(WireError::Garbled(_))));
        assert!(matches!(read(&[0; 4], ANSWER).await, Err(WireError::Garbled(_))));
    }

    #[tokio::test]
    async fn what_is_not_understood_is_quoted_cleaned_and_cut() {
        let forged = format!("\"x\u{1b}[2J\\n2026-11-29 ERROR forged {}\"", "y".repeat(100_000));
        let (mut theirs, ours) = duplex(1 << 20);
        theirs.write_all(&frame(LAST, forged.as_bytes())).await.unwrap();
        let Err(error) = MessageReader::new(ours, REQUEST).next::<u64>().await else { panic!("understood") };
        let said = error.to_string();
        assert!(said.chars().count() < 300 && !said.contains(char::is_control), "{said}");
    }

    proptest! {
        #[test]
        fn rubbish_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let read = runtime.block_on(read(&bytes, REQUEST));
            prop_assert!(!matches!(read, Ok(Some(_))) || bytes.len() > 6);
        }
    }
}

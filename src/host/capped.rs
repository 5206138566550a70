//! Readers with a cap in bytes. Every stream from outside (a mail server, a program, a web server, the container engine)
//! passes one of them: a peer that sends without end costs a fixed amount of memory, and then an error.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use reqwest::Response;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader, ReadBuf};

/// The peer sent more than this reader takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {0} bytes were sent")]
pub struct TooMuch(pub u64);

impl From<TooMuch> for io::Error {
    fn from(error: TooMuch) -> Self {
        Self::other(error)
    }
}

/// A stream of which only so many bytes are read; one more is an error. Writing is not limited.
#[derive(Debug)]
pub struct CappedStream<S> {
    stream: S,
    cap: u64,
    left: u64,
}

impl<S> CappedStream<S> {
    /// Takes up to `cap` bytes.
    pub const fn new(stream: S, cap: u64) -> Self {
        Self { stream, cap, left: cap }
    }

    /// The stream below.
    pub const fn get_ref(&self) -> &S {
        &self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for CappedStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let read = (buffer.filled().len() - before) as u64;
        let Some(left) = self.left.checked_sub(read) else {
            buffer.set_filled(before);
            return Poll::Ready(Err(TooMuch(self.cap).into()));
        };
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for CappedStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The lines of a capped stream, each cut to a length.
#[derive(Debug)]
pub struct Lines<R> {
    reader: BufReader<CappedStream<R>>,
    longest: usize,
}

impl<R: AsyncRead + Unpin> Lines<R> {
    /// Lines of at most `longest` bytes, of a stream of at most `cap` bytes.
    pub fn new(stream: R, longest: usize, cap: u64) -> Self {
        Self { reader: BufReader::new(CappedStream::new(stream, cap)), longest }
    }

    /// Reads the next line into `line`, without its end; the rest of a longer one is skipped. False at the end.
    ///
    /// # Errors
    /// [`TooMuch`], or the stream's own.
    pub async fn next(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        let mut any = false;
        loop {
            let block = self.reader.fill_buf().await?;
            if block.is_empty() {
                return Ok(any);
            }
            any = true;
            let end = block.iter().position(|byte| *byte == b'\n');
            let part = &block[..end.unwrap_or(block.len())];
            line.extend_from_slice(&part[..part.len().min(self.longest - line.len())]);
            let used = end.map_or(block.len(), |end| end + 1);
            self.reader.consume(used);
            if end.is_some() {
                return Ok(true);
            }
        }
    }
}

/// A web answer's body, cut to its first `longest` bytes: nothing more is read.
///
/// # Errors
/// Where the answer broke off.
pub async fn head(response: &mut Response, longest: usize) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk[..chunk.len().min(longest - body.len())]);
        if body.len() == longest {
            break;
        }
    }
    Ok(body)
}

/// A web answer's whole body; none where it is longer than `cap` bytes.
///
/// # Errors
/// Where the answer broke off.
pub async fn whole(response: &mut Response, cap: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let body = head(response, cap + 1).await?;
    Ok((body.len() <= cap).then_some(body))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    #[tokio::test]
    async fn a_stream_without_end_is_an_error_and_one_of_the_right_length_is_not() {
        let mut text = String::new();
        CappedStream::new(&b"12345"[..], 5).read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "12345");
        let endless = CappedStream::new(tokio::io::repeat(b'x'), 1 << 20).read_to_end(&mut Vec::new()).await;
        assert!(endless.unwrap_err().to_string().contains("more than 1048576 bytes"));
    }

    #[tokio::test]
    async fn lines_are_cut_and_a_line_without_end_takes_no_more_than_its_length() {
        let mut lines = Lines::new(&b"one\n\nthree and more\nlast"[..], 5, 1000);
        let (mut line, mut found) = (Vec::new(), Vec::new());
        while lines.next(&mut line).await.unwrap() {
            found.push(String::from_utf8_lossy(&line).into_owned());
        }
        assert_eq!(found, ["one", "", "three", "last"]);
        let mut endless = Lines::new(tokio::io::repeat(b'x'), 100, 1 << 20);
        assert!(endless.next(&mut line).await.is_err());
        assert!(line.capacity() < 1000);
    }
}

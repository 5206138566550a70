//! The far side of `ssh`: standard input and output on one side, this host's socket on the other. It only adds where
//! the session comes from; the socket's own end decides what its user may do.

use std::io;
use std::path::Path;

use super::protocol::Hello;
use super::protocol::wire::{MessageReader, MessageWriter, REQUEST, WireError};
use super::socket::{ConnectError, connect};
use crate::engine::operator::Claims;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

/// Why nothing is carried any more.
#[derive(Debug, thiserror::Error)]
pub enum BridgeError {
    /// There is no engine to reach.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// One side broke, or does not speak the protocol.
    #[error(transparent)]
    Wire(#[from] WireError),
}

/// Carries bytes until either side has ended.
///
/// # Errors
/// Where nobody listens on the socket or a stranger does, or what comes in first is no hello.
pub async fn run<R, W>(input: R, mut output: W, socket: &Path) -> Result<(), BridgeError>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut reader = MessageReader::new(input, REQUEST);
    let Some(mut hello) = reader.next::<Hello>().await? else { return Ok(()) };
    let here = Claims::of_this_process();
    hello.claims.from = here.from.or(hello.claims.from);
    let (mut from, into) = connect(socket).await?.into_split();
    let mut writer = MessageWriter::new(into);
    writer.send(&hello).await?;
    let mut into = writer.into_inner();
    let (mut input, rest) = reader.into_rest();
    into.write_all(&rest).await.map_err(WireError::from)?;
    let there = async {
        tokio::io::copy(&mut input, &mut into).await?;
        into.shutdown().await
    };
    let back = async {
        tokio::io::copy(&mut from, &mut output).await?;
        output.flush().await
    };
    // one side that hung up has nobody to carry for
    let carried: io::Result<()> = tokio::select! {
        carried = there => carried,
        carried = back => carried,
    };
    carried.map_err(|error| WireError::from(error).into())
}

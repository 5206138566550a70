//! What comes over the control socket, at either end: whole messages, or one error.

use salve::control::protocol::wire::{ANSWER, MessageReader, REQUEST};
use salve::control::protocol::{Greeting, ToClient, ToServer};
use serde::de::DeserializeOwned;

pub fn drive(data: &[u8]) {
    messages::<ToServer>(data, REQUEST);
    messages::<ToClient>(data, ANSWER);
    messages::<Greeting>(data, REQUEST);
}

fn messages<T: DeserializeOwned>(data: &[u8], limit: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without drivers");
    runtime.block_on(async {
        let mut reader = MessageReader::new(data, limit);
        loop {
            match reader.next::<T>().await {
                Ok(Some(_)) => assert!(reader.length() <= limit, "a message is no longer than it may be"),
                Ok(None) => return,
                Err(error) => return super::is_harmless(&error.to_string()),
            }
        }
    });
}

//! SQLite: write-ahead intents, hash-chained events, readings, replay.

//! One file per escalation channel; the durable outbox; evidence.

//! One file per kind of action; children in scopes that can be emptied; safe deletion.

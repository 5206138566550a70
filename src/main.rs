//! Arguments in, exit code out. Everything else is in the library: see `lib.rs` for the map.

use std::process::ExitCode;

fn main() -> ExitCode {
    salve::cli::main()
}

//! Values that an argument is chosen from.

use clap::ValueEnum;

/// A shell that can complete.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Shell {
    /// Put it into `/etc/bash_completion.d/salve`, or `eval` it in `~/.bashrc`
    Bash,
    /// Put it into a folder of `$fpath` as `_salve`
    Zsh,
    /// Put it into `~/.config/fish/completions/salve.fish`
    Fish,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For a terminal, with bars
    Text,
    /// For a wiki or a mail
    Markdown,
    /// For other programs
    Json,
}

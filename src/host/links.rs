//! Network links, as the kernel's own files tell of them.

use std::{fs, io};

/// The folder with one entry for each link.
const CLASS: &str = "/sys/class/net";
/// `IFF_UP`: somebody wants it to be up.
const UP: u32 = 1;

/// The names of all links, in order.
///
/// # Errors
/// Where they cannot be listed.
pub fn names() -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(CLASS)? {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// May a link be called so?
#[must_use]
pub fn fits(name: &str) -> bool {
    (1..16).contains(&name.len()) && !name.starts_with('.') && !name.contains(['/', ' ', '\0'])
}

/// Is something plugged in at both ends? A link that is switched off has no carrier to tell of.
///
/// # Errors
/// Where there is no such link.
pub fn carrier(name: &str) -> io::Result<bool> {
    match fs::read_to_string(format!("{CLASS}/{name}/carrier")) {
        Ok(text) => Ok(text.trim() == "1"),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(error),
        Err(_) => Ok(false),
    }
}

/// Is it switched on (`ip link set … up`)?
///
/// # Errors
/// Where there is no such link, or its flags are no figure.
pub fn switched_on(name: &str) -> io::Result<bool> {
    let text = fs::read_to_string(format!("{CLASS}/{name}/flags"))?;
    let flags = u32::from_str_radix(text.trim().trim_start_matches("0x"), 16);
    flags.map(|flags| flags & UP != 0).map_err(io::Error::other)
}

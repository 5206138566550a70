//! Connections: how many in which state, and on which ports.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write;
use std::path::Path;

use procfs::net::{TcpNetEntry, TcpState, tcp, tcp6};
use procfs::process::{FDTarget, Process};

use super::gathered::{Gathered, apart};
use crate::playbook::attachment::SocketTable;

pub(super) async fn gather(pids: Option<Vec<i32>>, wanted: SocketTable) -> Gathered {
    apart("connections in", Path::new("/proc"), move |_| {
        let all = tcp().map_err(|error| format!("/proc/net/tcp cannot be read: {error}"))?;
        let all = all.into_iter().chain(tcp6().unwrap_or_default());
        let entries = match pids {
            Some(pids) => {
                let own = inodes(&pids);
                all.filter(|entry| own.contains(&entry.inode)).collect()
            }
            None => all.collect(),
        };
        Ok(drawn(entries, wanted.top as usize))
    })
    .await
}

fn inodes(pids: &[i32]) -> HashSet<u64> {
    let files = pids.iter().filter_map(|pid| Process::new(*pid).ok()?.fd().ok()).flatten().flatten();
    files.filter_map(|file| if let FDTarget::Socket(inode) = file.target { Some(inode) } else { None }).collect()
}

fn drawn(entries: Vec<TcpNetEntry>, top: usize) -> String {
    let mut out = String::new();
    let mut states: BTreeMap<String, u64> = BTreeMap::new();
    let mut pairs: BTreeMap<String, u64> = BTreeMap::new();
    for entry in entries {
        *states.entry(format!("{:?}", entry.state)).or_default() += 1;
        if entry.state == TcpState::Listen {
            let queued = format!("{} waiting to be accepted", entry.rx_queue);
            let _ = writeln!(out, "listens on {}, {queued}", entry.local_address);
        } else {
            let far = entry.remote_address.ip();
            *pairs.entry(format!("port {} with {far}, {:?}", entry.local_address.port(), entry.state)).or_default() +=
                1;
        }
    }
    let counted = |heading: &str, counts: BTreeMap<String, u64>| {
        let mut rows: Vec<_> = counts.into_iter().collect();
        rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        rows.into_iter()
            .take(top)
            .fold(format!("\n{heading}:\n"), |out, (what, count)| out + &format!("{count:>8}  {what}\n"))
    };
    if states.is_empty() {
        return "no connection of TCP\n".into();
    }
    out + &counted("By state", states) + &counted("By peer", pairs)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn a_listening_socket_is_told() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        let drawn = gather(Some(vec![own]), SocketTable { top: 5 }).await.unwrap();
        assert!(drawn.contains(&format!("listens on {}", listener.local_addr().unwrap())), "{drawn}");
    }
}

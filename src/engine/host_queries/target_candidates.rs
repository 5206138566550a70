//! What on this host could be a new playbook's target, and how it stands.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::FileType;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::timeout;

use crate::check::processes::process::probe as processes;
use crate::check::storage::filesystem::probe as filesystem;
use crate::foreign::{self, MayHang, mounts, read};
use crate::host::systemd::{ListedUnit, Systemd};
use crate::playbook::read::read;
use crate::playbook::write::{FailureClass, WantedTarget, fill};
use crate::playbook::{Origin, Target};
use crate::text::clean_line;

/// Whoever waits is a person at a screen.
const LIMIT: Duration = Duration::from_secs(3);

/// How long one file system may take; the others are offered without it.
const MOUNT: Duration = Duration::from_secs(1);

/// The types of units that can fail.
const UNITS: [&str; 4] = ["*.service", "*.socket", "*.timer", "*.path"];

/// Images and namespaces: nothing that could be cleaned, and always full.
const NO_DISKS: [&str; 6] = ["squashfs", "iso9660", "erofs", "nsfs", "devtmpfs", "ramfs"];

/// Something that could be a playbook's target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The unit, path, process or other thing that a playbook could be about.
    pub target: Target,
    /// How it stands, in a few words.
    pub about: String,
}

/// What of the wanted kind there is on this host, in the order of a list; what no playbook could be about is left out.
/// Answers within a few seconds, with what is known by then: nothing where systemd, or `/proc`, does not answer.
pub async fn offers(want: WantedTarget) -> Vec<Offer> {
    let found = match want {
        WantedTarget::Unit => timeout(LIMIT, units()).await.unwrap_or_default(),
        WantedTarget::Mount => disks().await,
        WantedTarget::Process => programs().await,
        WantedTarget::Host => vec![Offer { target: Target::Host, about: "this host".into() }],
    };
    found.into_iter().filter(|offer| fits(want, &offer.target)).collect()
}

async fn units() -> Vec<Offer> {
    let Ok(systemd) = Systemd::shared() else { return Vec::new() };
    let mut found = Vec::new();
    for pattern in UNITS {
        let mut listed = systemd.list_units(pattern).await.unwrap_or_default();
        listed.sort_by(|a, b| a.id.cmp(&b.id));
        found.extend(listed.iter().filter(|unit| &*unit.load == "loaded").map(unit));
    }
    found
}

fn unit(unit: &ListedUnit) -> Offer {
    let state =
        if unit.active == unit.sub { unit.active.to_string() } else { format!("{} ({})", unit.active, unit.sub) };
    let about = if unit.description == unit.id { state } else { format!("{state}  {}", unit.description) };
    Offer { target: Target::Unit(unit.id.clone()), about }
}

async fn disks() -> Vec<Offer> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let _turn = timeout(LIMIT, ONE_AT_A_TIME.lock()).await;
    let mut points: Vec<String> = listed(mounts::mounted)
        .await
        .into_iter()
        .filter(|mounted| !NO_DISKS.contains(&mounted.kind.as_str()))
        .filter_map(|mounted| mounted.point.into_os_string().into_string().ok())
        .collect();
    points.sort();
    points.dedup();
    let mut looks = JoinSet::new();
    for point in points {
        looks.spawn(disk(point));
    }
    let mut found: Vec<Offer> = looks.join_all().await.into_iter().flatten().collect();
    found.sort_by(|a, b| a.target.cmp(&b.target));
    found
}

/// None where it holds no files, as `/proc`, or is no folder.
async fn disk(point: String) -> Option<Offer> {
    let path = PathBuf::from(&point);
    let is_folder = move |may_hang: &MayHang| {
        read::look(&path, may_hang).is_ok_and(|found| found.seen.kind() == FileType::Directory)
    };
    let is_folder = foreign::at(Path::new(&point), MOUNT, is_folder).await;
    let about = match is_folder {
        Ok(false) => return None,
        Err(_) => "does not answer".into(),
        Ok(true) => match filesystem::room(&point, MOUNT).await {
            Ok(seen) => used(seen.used, seen.available, seen.read_only)?,
            Err(why) => clean_line(&why).into_owned(),
        },
    };
    Some(Offer { target: Target::Mount(point.into()), about })
}

/// In percent, as `df` counts them: rounded up.
fn used(used: u64, available: u64, read_only: bool) -> Option<String> {
    let whole = used.saturating_add(available);
    let percent = (u128::from(used) * 100).div_ceil(u128::from(whole).max(1));
    let read_only = if read_only { ", read-only" } else { "" };
    (whole > 0).then(|| format!("{percent}% used of {}{read_only}", bytesize::ByteSize(whole)))
}

async fn programs() -> Vec<Offer> {
    let programs = listed(processes::programs).await;
    let offer = |(name, count): (String, usize)| Offer {
        target: Target::Process(name.into()),
        about: if count == 1 { "running".into() } else { format!("{count} running") },
    };
    programs.into_iter().map(offer).collect()
}

/// What the kernel lists of itself, which waits for nobody.
async fn listed<T: Default + Send + 'static>(list: fn() -> std::io::Result<T>) -> T {
    let listed = timeout(LIMIT, spawn_blocking(list)).await;
    listed.ok().and_then(Result::ok).and_then(Result::ok).unwrap_or_default()
}

/// Would a playbook about it be good by every rule? A name that no screen may show as it is, is no name to choose.
fn fits(want: WantedTarget, target: &Target) -> bool {
    let class = match want {
        WantedTarget::Unit => FailureClass::ServiceDown,
        WantedTarget::Mount => FailureClass::MountReadOnly,
        WantedTarget::Process => FailureClass::ProcessMissing,
        WantedTarget::Host => FailureClass::LoadHigh,
    };
    let text = fill(class, "new", target);
    let readable = clean_line(target.name()) == target.name();
    readable && read("new.toml", "new", Origin::Shipped, &text).playbook.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_this_host_has_is_offered_in_order() {
        for want in [WantedTarget::Unit, WantedTarget::Mount, WantedTarget::Process, WantedTarget::Host] {
            let found = offers(want).await;
            assert!(
                found.iter().all(|offer| offer.target.kind() == want.word() && !offer.about.is_empty()),
                "{found:?}"
            );
            if want != WantedTarget::Unit {
                let mut sorted = found.clone();
                sorted.sort_by(|a, b| a.target.cmp(&b.target));
                assert_eq!(found, sorted);
                assert!(!found.is_empty(), "{want:?}");
            } else if !Systemd::runs_here() {
                assert_eq!(found, []);
            }
        }
    }

    #[tokio::test]
    async fn the_root_is_offered_and_what_holds_no_files_is_not() {
        let found = offers(WantedTarget::Mount).await;
        let root = found.iter().find(|offer| offer.target.name() == "/").expect("the root");
        assert!(root.about.contains("% used of"), "{root:?}");
        assert!(!found.iter().any(|offer| offer.target.name() == "/proc"));
    }

    #[tokio::test]
    async fn who_asks_at_the_same_time_gets_the_same() {
        let (one, two) = tokio::join!(offers(WantedTarget::Mount), offers(WantedTarget::Mount));
        let answers = |found: &[Offer]| found.iter().all(|offer| offer.about != "does not answer");
        assert!(one.len() == two.len() && answers(&one) == answers(&two));
    }

    #[test]
    fn units_tell_their_state_and_what_they_are() {
        let listed = |description: &str, active: &str, sub: &str| ListedUnit {
            id: "a.service".into(),
            description: description.into(),
            load: "loaded".into(),
            active: active.into(),
            sub: sub.into(),
        };
        assert_eq!(unit(&listed("A web server", "active", "running")).about, "active (running)  A web server");
        assert_eq!(unit(&listed("a.service", "failed", "failed")).about, "failed");
    }

    #[test]
    fn room_is_told_as_df_counts_it() {
        assert_eq!(used(85 << 30, 15 << 30, false).unwrap(), "85% used of 100.0 GiB");
        assert_eq!(used(1, 1 << 30, true).unwrap(), "1% used of 1.0 GiB, read-only");
        assert_eq!(used(0, 0, false), None);
    }

    #[test]
    fn what_no_playbook_could_be_about_is_not_offered() {
        let unit = |name: &str| fits(WantedTarget::Unit, &Target::Unit(name.into()));
        assert!(unit("nginx.service") && unit("a\\x2db@1.service"));
        assert!(!unit("dbus.service"), "the whole host hangs on it");
        assert!(!fits(WantedTarget::Mount, &Target::Mount("/mnt/\u{1b}[2J".into())));
        assert!(!fits(WantedTarget::Process, &Target::Process("a\u{202e}b".into())));
    }
}

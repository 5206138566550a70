//! Programs that destroy or cut off: what a line of arguments would do, and the least risk that such a rung has.
//!
//! The list holds what cannot be taken back and what interrupts others. It is no proof of harmlessness: a program that
//! is not on it may do the same. The risk that a playbook counts as is the higher one of what is written and what is
//! found here, so that a rung which destroys always asks.

use super::templates::file_name;
use crate::playbook::model::policy::Risk;
use crate::playbook::value::Template;

/// What is dangerous about a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hazard {
    /// The words that say so: `rm -rf`.
    pub words: String,
    /// What they do.
    pub does: &'static str,
    /// The least risk of a rung that does it.
    pub risk: Risk,
}

/// Programs that are dangerous whatever their arguments.
const ALWAYS: [(&[&str], &str, Risk); 5] = [
    (&["rm", "unlink", "shred", "srm", "rmdir"], "deletes beyond recall", Risk::High),
    (
        &["blkdiscard", "mkswap", "lvremove", "vgremove", "pvremove", "dropdb"],
        "overwrites disks or data beyond recall",
        Risk::High,
    ),
    (&["reboot", "shutdown", "poweroff", "halt", "kexec"], "takes the whole host down", Risk::High),
    (&["userdel", "groupdel", "deluser", "chpasswd"], "changes who may get in", Risk::High),
    (&["kill", "killall", "pkill", "skill"], "ends programs, in whatever they are doing", Risk::Medium),
];

/// Programs that are dangerous with one of these words among their arguments.
const WITH: [(&[&str], &[&str], &str, Risk); 18] = [
    (&["find"], &["-delete"], "deletes all that it finds", Risk::High),
    (
        &["systemctl"],
        &["poweroff", "reboot", "halt", "kexec", "isolate", "rescue", "emergency", "default"],
        "takes the whole host down",
        Risk::High,
    ),
    (&["systemctl"], &["stop", "disable", "mask", "kill"], "takes a service away", Risk::Medium),
    (&["init", "telinit"], &["0", "1", "6", "s", "S"], "takes the whole host down", Risk::High),
    (
        &["apt", "apt-get", "aptitude", "dnf", "yum", "zypper"],
        &["remove", "purge", "autoremove", "erase", "rm", "dist-upgrade", "full-upgrade"],
        "takes software away",
        Risk::High,
    ),
    (&["dpkg", "rpm"], &["-r", "-P", "-e", "--remove", "--purge", "--erase"], "takes software away", Risk::High),
    (
        &["iptables", "ip6tables", "nft", "ufw", "firewall-cmd"],
        &["-F", "-X", "-P", "flush", "reset", "disable", "--complete-reload"],
        "opens or closes the whole network",
        Risk::High,
    ),
    (
        &["docker", "podman", "nerdctl", "crictl"],
        &["rm", "rmi", "prune", "kill", "down"],
        "deletes containers, images or volumes",
        Risk::High,
    ),
    (
        &["kubectl", "helm", "oc"],
        &["delete", "uninstall", "drain", "replace"],
        "deletes what a cluster runs",
        Risk::High,
    ),
    (
        &["zfs", "zpool", "btrfs", "lvm", "ceph", "rbd"],
        &["destroy", "rollback", "delete", "lvremove", "rm", "purge"],
        "deletes volumes beyond recall",
        Risk::High,
    ),
    (
        &["parted", "sgdisk", "sfdisk"],
        &["rm", "mklabel", "mkpart", "resizepart", "-Z", "-d", "-o", "--zap-all", "--delete", "--wipe"],
        "overwrites disks or data beyond recall",
        Risk::High,
    ),
    (&["wipefs"], &["-a", "-o", "--all", "--offset"], "overwrites disks or data beyond recall", Risk::High),
    (
        &["mdadm", "cryptsetup"],
        &["--create", "--stop", "--zero-superblock", "--remove", "--fail", "luksFormat", "luksErase", "erase"],
        "overwrites disks or data beyond recall",
        Risk::High,
    ),
    (&["redis-cli", "valkey-cli"], &["flushall", "flushdb", "shutdown"], "empties or ends a database", Risk::High),
    (&["git"], &["clean", "reset", "--hard"], "throws changes away", Risk::High),
    (&["crontab"], &["-r"], "deletes every job of a user", Risk::High),
    (
        &["chmod", "chown", "chgrp", "setfacl"],
        &["-R", "--recursive", "-Rf", "-hR"],
        "changes the rights of whole trees",
        Risk::High,
    ),
    (&["rsync"], &["--delete", "--remove-source-files"], "deletes beyond recall", Risk::High),
];

/// Words in the text of a statement that a database is handed.
const STATEMENTS: [&str; 5] = ["drop ", "truncate ", "delete from", "alter ", "update "];

/// Programs that run what follows them.
const WRAPPERS: [&str; 15] = [
    "env", "nice", "ionice", "timeout", "sudo", "doas", "nohup", "setsid", "flock", "chroot", "nsenter", "xargs",
    "time", "stdbuf", "runuser",
];

/// What `find` runs on all that it finds stands behind one of these.
const EXECS: [&str; 4] = ["-exec", "-execdir", "-ok", "-okdir"];

/// The worst that a program with these arguments does; none where nothing on the list is found.
pub fn of(argv: &[Template]) -> Option<Hazard> {
    let words: Vec<&str> = argv.iter().map(|word| word.0.as_str()).collect();
    of_words(&words)
}

fn of_words(words: &[&str]) -> Option<Hazard> {
    let (program, rest) = words.split_first()?;
    let name = file_name(program);
    let code = rest.iter().filter(|_| super::templates::takes_code(program)).flat_map(|code| of_code(code));
    let begins = |at: &usize| WRAPPERS.contains(&name) || name == "find" && *at > 0 && EXECS.contains(&rest[at - 1]);
    let wrapped = (0..rest.len()).filter(begins).filter_map(|at| of_words(&rest[at..]));
    let own = own(name, rest);
    code.chain(wrapped).chain(own).max_by_key(|hazard| hazard.risk)
}

/// Every command of a line for a shell.
fn of_code(code: &str) -> Vec<Hazard> {
    let commands = code.split([';', '|', '&', '\n', '(', ')', '`', '{', '}']);
    let found = commands.filter_map(|command| {
        let words: Vec<&str> =
            command.split_whitespace().skip_while(|word| word.contains('=') || is_keyword(word)).collect();
        of_words(&words)
    });
    found.collect()
}

fn is_keyword(word: &str) -> bool {
    ["then", "do", "else", "if", "while", "until", "!", "exec", "eval", "command"].contains(&word)
}

fn own(name: &str, rest: &[&str]) -> Option<Hazard> {
    let hazard = |words: String, does, risk| Some(Hazard { words, does, risk });
    let writes = |word: &&str| word.starts_with("of=") && *word != "of=/dev/null";
    if name.starts_with("mkfs") || name == "dd" && rest.iter().any(writes) {
        return hazard(name.to_owned(), "overwrites disks or data beyond recall", Risk::High);
    }
    // signal 0 only asks whether there is such a process
    if name == "kill" && rest.first() == Some(&"-0") {
        return None;
    }
    let always = ALWAYS.iter().find(|(names, ..)| names.contains(&name));
    let with = WITH.iter().filter(|(names, ..)| names.contains(&name)).find_map(|(_, marks, does, risk)| {
        let mark = rest
            .iter()
            .find(|word| marks.iter().any(|mark| mark.eq_ignore_ascii_case(word) && same_case(mark, word)))?;
        Some((*mark, *does, *risk))
    });
    match (always, with) {
        (Some((_, does, risk)), _) => hazard(name.to_owned(), does, *risk),
        (None, Some((mark, does, risk))) => hazard(format!("{name} {mark}"), does, risk),
        (None, None) if ["psql", "mysql", "mariadb", "sqlite3"].contains(&name) => statement(name, rest),
        (None, None) => None,
    }
}

/// An option's case matters, a word's does not.
fn same_case(mark: &str, word: &str) -> bool {
    !mark.starts_with('-') || mark == word
}

fn statement(name: &str, rest: &[&str]) -> Option<Hazard> {
    let text = rest.join(" ").to_lowercase();
    let found = STATEMENTS.into_iter().find(|statement| text.contains(statement))?;
    let words = format!("{name} … {}", found.trim().to_uppercase());
    Some(Hazard { words, does: "changes or deletes rows and tables", risk: Risk::High })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn risk(line: &str) -> Option<Risk> {
        let argv: Vec<Template> = line.split(' ').map(|word| Template(word.replace('_', " "))).collect();
        of(&argv).map(|hazard| hazard.risk)
    }

    #[test]
    fn what_destroys_is_found_also_behind_others() {
        for line in [
            "rm -rf /var/lib",
            "/bin/rm -r /srv",
            "find -L /srv -mtime +7 -delete",
            "mkfs.ext4 /dev/sdb",
            "dd if=/dev/zero of=/dev/sdb",
            "env LANG=C rm -r /x",
            "timeout 30 rm -r /x",
            "sh -c cd_/x;_rm_-rf_*",
            "bash -ec X=1_rm_/x",
            "xargs rm",
            "find /srv -exec rm {{}} ;",
            "psql -c DROP_TABLE_x",
            "redis-cli FLUSHALL",
            "systemctl reboot",
            "chmod -R 777 /srv",
        ] {
            assert_eq!(risk(line), Some(Risk::High), "{line}");
        }
        assert_eq!(risk("systemctl stop nginx"), Some(Risk::Medium));
        assert_eq!(risk("pkill -f worker"), Some(Risk::Medium));
    }

    #[test]
    fn what_is_harmless_is_left_alone() {
        for line in [
            "apt-get clean",
            "journalctl --vacuum-size=500M",
            "find /srv -name rm -exec grep x {{}} ;",
            "systemctl restart nginx",
            "ss -tlnp",
            "kill -0 17",
            "dd if=/dev/sdb of=/dev/null",
            "mdadm --detail /dev/md0",
            "redis-cli ping",
            "psql -c SELECT_1",
            "logger rm",
            "git -C /srv/app pull",
            "/usr/local/bin/fix",
        ] {
            assert_eq!(risk(line), None, "{line}");
        }
    }
}

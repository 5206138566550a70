//! The one settings file: channels, extra folders that may be cleaned, the host's budget, who may do what.
//!
//! `/etc/salve/salve.toml` for root, `salve.toml` in the user's configuration folder for everybody else; where it is
//! missing, everything has its default and pages become tickets. Every mistake is told at once, in the playbooks' way.

mod channels;
mod read;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use crate::channel::ChannelSettings;
use crate::foreign::{MayHang, PathError};
use crate::playbook::Diagnostic;
use crate::playbook::library::trust;
use crate::playbook::value::Period;

pub use tables::{Heartbeat, HostBudget, Metrics, RoleSettings, SecondCallSettings};

/// A settings file may not be larger, in bytes.
const LARGEST: usize = 256 * 1024;

/// What can be set.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// Where pages go, by name: `[channels.oncall] webhook = { url = "…" }`.
    pub channels: BTreeMap<String, ChannelSettings>,
    /// Who is called besides, by the name of the channel whose page nobody acknowledged.
    pub second_calls: BTreeMap<String, SecondCallSettings>,
    /// Folders that `clean` may touch besides the compiled-in ones; only a root-owned file may extend them.
    pub clean_roots: Vec<PathBuf>,
    /// Automatic attempts over all playbooks; past it everything asks.
    pub host_budget: Option<HostBudget>,
    /// After a boot, no automatic attempt for so long.
    pub boot_grace: Option<Period>,
    /// A request for a yes that nobody answered is over after so long.
    pub approvals_expire: Option<Period>,
    /// A page that was acknowledged, and whose fault is still there, is sent again after this.
    pub again: Option<Period>,
    /// Who may do what, by group.
    pub roles: RoleSettings,
    /// High risk wants the yes of two persons.
    pub four_eyes: bool,
    /// Tells an external dead-man's switch that the loop runs.
    pub heartbeat: Option<Heartbeat>,
    /// Where figures are written for a collector.
    pub metrics: Option<Metrics>,
}

/// The settings cannot be used; nothing was started.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is there, and cannot be read or is not trusted.
    #[error("{0}; {mend}", mend = .0.mend())]
    Unusable(PathError),
    /// The file says something that is not understood.
    #[error(transparent)]
    Wrong(Mistakes),
}

/// Every mistake of a settings file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes {
    /// In the order of the file; at least one.
    pub found: Vec<Diagnostic>,
    /// The file's text, to mark them in.
    source: Arc<str>,
}

impl std::error::Error for Mistakes {}

impl Mistakes {
    /// How many, and each drawn with the marked source.
    #[must_use]
    pub fn draw(&self, colour: bool) -> String {
        let count = self.found.len();
        let file = self.found.first().map_or("the settings", |first| &first.file);
        let head = format!("{file} has {count} mistake{}", if count == 1 { "" } else { "s" });
        let drawn = self.found.iter().map(|found| found.render(&self.source, colour));
        std::iter::once(head).chain(drawn).collect::<Vec<_>>().join("\n\n")
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.draw(false))
    }
}

impl Settings {
    /// Reads the file; the defaults where there is none.
    ///
    /// # Errors
    /// See [`SettingsError`]; each names the file.
    pub fn read(path: &Path) -> Result<Self, SettingsError> {
        let text = match trust::read(
            path,
            LARGEST,
            &MayHang::because("salve's own settings, read before the engine starts"),
        ) {
            Ok(text) => text,
            Err(PathError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(distrust) => return Err(SettingsError::Unusable(distrust)),
        };
        Self::parse(&path.display().to_string(), &text).map_err(SettingsError::Wrong)
    }

    /// Reads a text; `file` is how it is called in diagnostics.
    ///
    /// # Errors
    /// Every mistake of it.
    pub fn parse(file: &str, text: &str) -> Result<Self, Mistakes> {
        let (settings, found) = read::read(file, text);
        if found.iter().any(Diagnostic::is_error) { Err(Mistakes { found, source: text.into() }) } else { Ok(settings) }
    }

    /// The names that a playbook's `to` may hold, besides the ticket folder's.
    #[must_use]
    pub fn channel_names(&self) -> Arc<BTreeSet<String>> {
        Arc::new(self.channels.keys().cloned().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<String> {
        let wrong = Settings::parse("salve.toml", text).expect_err(text);
        wrong.found.iter().map(|one| format!("{}:{} {} | {}", one.line, one.column, one.message, one.help)).collect()
    }

    #[test]
    fn every_mistake_is_told_at_once_with_its_place_and_the_right_form() {
        let text = r#"
clean_root = ["/srv/x"]
boot_grace = 60
four_eyes = "yes"
host_budget = { attempts = 5, windows = "5m" }

[channels.oncall]
webhok = { url = "https://example.net/" }

[channels.mail]
smtp = { server = "mail.example.net", from = "salve", to = ["ops"], tls = "ssl" }
unacknowledged = { after = "15m", to = ["phnoe"] }

[channels.phone]
command = { run = [] }
"#;
        let told = told(text);
        let due = [
            "2:1 there is no key `clean_root` in the settings | did you mean `clean_roots`?",
            "3:14 `boot_grace`: `60` has no unit | write \"60s\" for seconds",
            "4:13 `four_eyes` cannot be text | write true or false",
            "5:1 `host_budget` has no `window` | write host_budget = { attempts = 5, window = \"5m\" }",
            "5:31 there is no key `windows` in `host_budget` | did you mean `window`?",
            "8:1 `webhok` is no kind of channel | did you mean `webhook`?",
            "11:46 `salve` is no mail address",
            "11:60 `ops` is no mail address",
            "11:75 `tls` cannot be `ssl` | ",
            "12:41 there is no channel `phnoe` | did you mean `phone`?",
            "15:19 `run` names no program",
        ];
        assert_eq!(told.len(), due.len(), "{told:#?}");
        for (said, due) in told.iter().zip(due) {
            assert!(said.starts_with(due), "{said}\n{due}");
        }
    }

    #[test]
    fn what_cannot_work_or_gives_a_secret_away_is_refused() {
        for (text, due) in [
            ("webhook = { url = \"https://a.example/\", secret = \"x\" }", "did you mean `secret_file`?"),
            ("webhook = { url = \"https://a.example/\", headers = { Authorization = \"Bearer x\" } }", "header_files"),
            ("webhook = { url = \"http://a.example/\", header_files = { X-A = \"/x\" } }", "plain http"),
            ("webhook = { timeout = \"5s\" }", "neither `url` nor `url_file`"),
            ("pagerduty = { key_file = \"/k\", url = \"http://events.example/\" }", "plain http"),
            ("pagerduty = { key_file = \"k\" }", "not an absolute path"),
            ("alertmanager = { url = \"http://a.example:9093/api/v2/alerts\" }", "programming interface"),
            ("alertmanager = { url = \"http://a.example:9093\", stays = \"90s\" }", "three times"),
            ("alertmanager = { url = \"http://a.example:9093\", labels = { dedup = \"x\" } }", "salve's own"),
            ("smtp = { server = \"m.example\", from = \"a@b.c\", to = [\"d@e.f\"], tls = \"none\" }", "in the clear"),
            (
                "smtp = { server = \"m.example\", from = \"a@b.c\", to = [\"d@e.f\"], user = \"x\" }",
                "without `password_file`",
            ),
            ("smtp = { server = \"m.example\", from = \"a\", to = [\"d@e.f\"] }", "no mail address"),
            ("command = { run = [\"mail\"], timeout = \"0s\" }", "no time at all"),
            ("command = { run = [\"bin/mail\"] }", "not absolute"),
            ("tickets = {}\njournald = {}", "one kind already"),
            ("unacknowledged = { after = \"1m\", to = [\"tickets\"] }", "names no kind"),
            ("tickets = {}\nunacknowledged = { after = \"1m\", to = [\"a\"] }", "nobody answered on"),
        ] {
            let told = told(&format!("[channels.a]\n{text}\n"));
            assert!(told.len() == 1 && told[0].contains(due), "{text}: {told:#?}");
        }
        for (text, due) in [
            ("metrics = { file = \"/var/lib/x.txt\" }", "`.prom`"),
            ("again = \"10s\"", "write 1m to 7d, as \"4h\""),
            ("again = \"8d\"", "write 1m to 7d, as \"4h\""),
            ("again = 4", "`4` has no unit"),
            ("heartbeat = { every = \"1m\" }", "neither `url` nor `url_file`"),
            ("host_budget = { attempts = 0, window = \"5m\" }", "salve pause"),
            ("clean_roots = [\"/srv/../etc\"]", "simplest spelling"),
            ("clean_roots = [\"/etc\"]", "belongs to the system"),
            ("clean_roots = [\"/root/.ssh\"]", "belongs to the system"),
            ("clean_roots = [\"/var/lib/dpkg\"]", "belongs to the system"),
            ("clean_roots = [\"/var/spool/cron\"]", "belongs to the system"),
            ("[roles]\noperators = [\"x\"]", "did you mean `operate`?"),
            ("[roles]\nview = [\"a b\"]", "getent group"),
            ("[channels]\n\"a/b\" = { tickets = {} }", "cannot be a channel's name"),
            ("channels = 3", "is a table"),
            ("[channels\n", "close the header"),
        ] {
            let told = told(text);
            assert!(told.len() == 1 && told[0].contains(due), "{text}: {told:#?}");
        }
    }

    #[test]
    fn what_is_left_out_has_its_default() {
        let settings = Settings::parse("salve.toml", "").unwrap();
        assert_eq!(settings, Settings::default());
        assert_eq!((settings.roles.operate, settings.roles.admin), (vec!["salve".to_owned()], Vec::new()));
        let some = Settings::parse("salve.toml", "[roles]\nadmin = [\"wheel\"]\n[channels.a]\njournald = {}").unwrap();
        assert_eq!((some.roles.view, some.roles.admin), (vec!["salve".to_owned()], vec!["wheel".to_owned()]));
        assert_eq!(some.channels["a"].kind(), "journald");
        let often = Settings::parse("salve.toml", "again = \"30m\"").unwrap();
        assert_eq!(often.again, Some(Period::from_secs(1800)));
    }

    #[test]
    fn mistakes_are_drawn_with_the_marked_source() {
        let wrong = Settings::parse("/etc/salve/salve.toml", "four_eye = true\n").unwrap_err().to_string();
        assert!(wrong.starts_with("/etc/salve/salve.toml has 1 mistake\n\nerror[unknown-key]"), "{wrong}");
        assert!(wrong.contains("/etc/salve/salve.toml:1:1") && wrong.contains("^^^^^^^^"), "{wrong}");
        assert!(wrong.contains("did you mean `four_eyes`?"), "{wrong}");
    }
}

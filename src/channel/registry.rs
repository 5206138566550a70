//! What an operator writes under `[channels.NAME]` in the settings file: one kind each, made from the one list of kinds
//! (`kinds`). Everything that differs between kinds is asked of [`ChannelKind`]. No secret stands in the settings:
//! whatever is one has a file of its own.
//!
//! ```toml
//! [channels.oncall]
//! webhook = { url = "https://hooks.example.net/salve", secret_file = "/etc/salve/hook.key" }
//!
//! [channels.mail]
//! smtp = { server = "mail.example.net", from = "salve@example.net", to = ["ops@example.net"] }
//!
//! [channels.desk]
//! tickets = { folder = "/srv/tickets" }
//! ```

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::delivery::Delivery;
use super::kind::{ChannelError, ChannelKind};
use super::kinds::{self, for_each_channel_kind};
use super::secret;
use crate::playbook::read::reader::TreeReader;
use crate::playbook::read::spanned::{SpannedTable, SpannedValue};

macro_rules! dispatch {
    ($($word:literal $module:ident: $kind:ident($settings:ident);)*) => {
        /// One channel, by its kind.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub enum ChannelSettings {
            $(
                #[doc = concat!("Of the kind `", $word, "`.")]
                #[serde(rename = $word)]
                $kind(kinds::$module::$settings),
            )*
        }

        impl ChannelSettings {
            /// The kinds, as they are written.
            pub const KINDS: &'static [&'static str] = &[$($word),*];

            /// This one's kind, as it is written.
            #[must_use]
            pub const fn kind(&self) -> &'static str {
                match self {
                    $(Self::$kind(_) => $word,)*
                }
            }

            /// Where its pages go, for people; without what may be secret.
            #[must_use]
            pub fn destination(&self) -> String {
                match self {
                    $(Self::$kind(settings) => settings.destination(),)*
                }
            }

            /// Everything that is wrong with it.
            #[must_use]
            pub fn faults(&self) -> Vec<ChannelError> {
                match self {
                    $(Self::$kind(settings) => settings.faults(),)*
                }
            }

            fn secret_files(&self) -> Vec<&Path> {
                match self {
                    $(Self::$kind(settings) => settings.secret_files(),)*
                }
            }

            /// The channel itself. `default_folder` is where tickets go that are told no other folder.
            pub(super) fn open(self, default_folder: &Path) -> Arc<dyn Delivery> {
                match self {
                    $(Self::$kind(settings) => settings.open(default_folder),)*
                }
            }

            /// Reads the table of one kind, as far as it can be read, and whether all of it could be. None where nothing
            /// can, or where there is no such kind.
            pub fn read<'t>(
                reader: &mut TreeReader<'t>,
                kind: &str,
                at: SpannedTable<'t>,
            ) -> Option<(SpannedValue<'t, Self>, bool)> {
                match kind {
                    $($word => {
                        let form = format!("{kind} = {}", <kinds::$module::$settings as ChannelKind>::FORM);
                        let (read, whole) = reader.as_far_as(at, &format!("`{kind}`"), &form)?;
                        let SpannedValue { value, at } = read;
                        Some((SpannedValue { value: Self::$kind(value), at }, whole))
                    })*
                    _ => None,
                }
            }
        }
    };
}

for_each_channel_kind!(dispatch);

impl ChannelSettings {
    /// What stands in its way on this host right now: a secret's file that is not there, or that others may read. In
    /// words, without secrets.
    #[must_use]
    pub fn troubles(&self) -> Vec<String> {
        self.secret_files().into_iter().filter_map(secret::trouble).collect()
    }
}

//! What every look needs to know of this host and this user, found out once.

use std::sync::Arc;

use tokio::runtime::Runtime;

use crate::cli::args::Common;
use crate::cli::exit::Failure;
use crate::cli::runtime;
use crate::control::client::{ClientError, Connection, EngineLookup, Stay, find};
use crate::control::protocol::Welcome;
use crate::control::socket::Stranger;
use crate::control::transport::{Asking, Transport};
use crate::engine::Settings;
use crate::engine::settings::SettingsError;
use crate::engine::snapshot::EngineStats;
use crate::host::paths::Paths;
use crate::playbook::library::Library;

/// Whether an engine serves this host, and what it says of itself.
#[derive(Debug)]
pub enum EngineStatus {
    /// It let us in.
    Here {
        /// What it says of itself.
        welcome: Box<Welcome>,
        /// Why systemd does not answer it, where it does not.
        systemd_silent: Option<Arc<str>>,
        /// What it measures of itself.
        stats: Option<EngineStats>,
    },
    /// It, or its socket, did not.
    Refused(String),
    /// An engine may listen, but the caller lacks permission to reach its socket.
    Forbidden(String),
    /// A process of another user may listen in place of the engine.
    Stranger(Stranger),
    /// No engine listens on the socket.
    Nobody,
}

/// What the doctor's checks read: gathered once, before the first check.
#[derive(Debug)]
pub struct DoctorContext {
    /// The folders of this user's files.
    pub paths: Paths,
    /// Whether the caller is root, by the effective uid.
    pub root: bool,
    /// The runtime for checks that wait, such as a test page.
    pub runtime: Runtime,
    /// The settings file, read or not.
    pub settings: Result<Settings, SettingsError>,
    /// The path of the settings file.
    pub settings_file: std::path::PathBuf,
    /// The playbooks, accepted or not.
    pub library: Library,
    /// Whether an engine answers on the socket, and what it says.
    pub engine: EngineStatus,
}

impl DoctorContext {
    /// Finds it all out.
    pub fn new(common: &Common) -> Result<Self, Failure> {
        let runtime = runtime::build()?;
        let paths = common.paths();
        let settings_file = common.settings_file();
        let engine = runtime.block_on(async {
            match find(&paths.sockets()).await {
                EngineLookup::Nobody => EngineStatus::Nobody,
                EngineLookup::Forbidden(path) => EngineStatus::Forbidden(path.display().to_string()),
                EngineLookup::Stranger(stranger) => EngineStatus::Stranger(stranger),
                EngineLookup::Engine(path) => {
                    match Connection::open(&Transport::Socket(path), Asking::Not, Stay::Brief).await {
                        Ok(connection) => {
                            let welcome = Box::new(connection.welcome.clone());
                            match connection.attach().await {
                                Ok(attached) => {
                                    let snapshots = attached.handle.snapshots();
                                    let snapshot = snapshots.borrow();
                                    let systemd_silent = snapshot.systemd_silent.clone();
                                    EngineStatus::Here { welcome, systemd_silent, stats: snapshot.engine_stats }
                                }
                                Err(error) => EngineStatus::Refused(error.to_string()),
                            }
                        }
                        Err(ClientError::Refused(why)) => EngineStatus::Refused(why.to_string()),
                        Err(error) => EngineStatus::Refused(error.to_string()),
                    }
                }
            }
        });
        Ok(Self {
            root: rustix::process::geteuid().is_root(),
            settings: Settings::read(&settings_file),
            library: common.library(),
            paths,
            runtime,
            settings_file,
            engine,
        })
    }
}

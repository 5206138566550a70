//! A virtual machine: Debian's own kernel and the image as its disk, reached by ssh over a port of loopback. Its
//! processor is emulated, so that it boots in the same way wherever the tests run, virtual machines among them.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::template::Template;
use crate::image;

/// How long one may take to boot, on a busy machine.
const PATIENCE: Duration = Duration::from_mins(6);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A running virtual machine; dropping it cuts its power.
pub struct VirtualMachine {
    work: PathBuf,
    port: u16,
    emulator: Child,
}

/// How one begins.
#[derive(Clone, Copy)]
pub enum Begins<'t> {
    /// It boots, and its disk is written.
    WithItsBoot,
    /// From another one that has booted; what it writes is thrown away.
    From(&'t Template),
}

impl VirtualMachine {
    /// One that has booted, with the program under test; what it writes is thrown away.
    pub fn boot() -> Self {
        let template = Template::of_this_run();
        let machine = Self::start(&template.disk(), Begins::From(template));
        // for it no time has passed since then
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        assert!(machine.enter().args(["date", "--set", &format!("@{now}")]).output().unwrap().status.success());
        machine
    }

    /// Starts one on this disk, and waits until it can be reached.
    pub fn start(disk: &Path, begins: Begins<'_>) -> Self {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let work = image::folder().join(format!("vm-{}-{number}", std::process::id()));
        fs::create_dir_all(&work).unwrap();
        // free now, and taken within the second
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let snapshot = match begins {
            Begins::WithItsBoot => "off",
            Begins::From(_) => "on",
        };
        let mut emulator = Command::new("qemu-system-x86_64");
        emulator
            .args(["-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max", "-smp", "2", "-m", "1024"])
            .args(["-display", "none", "-nodefaults", "-no-reboot", "-kernel"])
            .arg(image::base().join("vmlinuz"))
            .arg("-initrd")
            .arg(image::base().join("initrd.img"))
            .args([
                "-append",
                // without what protects from strangers, and costs an emulated processor a fifth of its time
                "root=/dev/vda rw console=ttyS0 quiet net.ifnames=0 panic=1 systemd.wants=reached.service \
                 mitigations=off no5lvl init_on_alloc=0",
            ])
            .arg("-drive")
            .arg(format!("file={},format=raw,if=virtio,snapshot={snapshot}", disk.display()))
            .args(["-device", "virtio-net-pci,netdev=net", "-netdev"])
            .arg(format!("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22"))
            .arg("-serial")
            .arg(format!("file:{}", work.join("console").display()))
            .arg("-monitor")
            .arg(format!("unix:{},server,nowait", work.join("monitor").display()))
            .env("TMPDIR", image::folder())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(work.join("emulator")).unwrap());
        if let Begins::From(template) = begins {
            emulator.arg("-incoming").arg(format!("exec:cat {}", template.memory().display()));
        }
        let emulator = emulator.spawn().unwrap();
        let mut machine = Self { work, port, emulator };
        machine.wait_until_up();
        machine
    }

    /// The emulator's own prompt.
    pub fn monitor(&self) -> PathBuf {
        self.work.join("monitor")
    }

    /// Ends the connection to it, so that nobody is connected where another one goes on from it.
    pub fn hang_up(&self) {
        let control = format!("ControlPath={}/ssh", self.work.display());
        let _ = Command::new("ssh").args(["-q", "-o", &control, "-O", "exit", "127.0.0.1"]).output();
    }

    fn wait_until_up(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline && matches!(self.emulator.try_wait(), Ok(None)) {
            let state = self.enter().args(["systemctl", "is-system-running"]).stdin(Stdio::null()).output().unwrap();
            if ["running", "degraded"].contains(&String::from_utf8_lossy(&state.stdout).trim()) {
                return;
            }
            sleep(Duration::from_millis(300));
        }
        let told = |name| fs::read_to_string(self.work.join(name)).unwrap_or_default();
        panic!("a virtual machine did not boot:\n{}\n{}", told("emulator"), told("console"));
    }

    /// What runs a program in it: `ssh` joins its arguments into one line for a shell, so each is quoted first.
    pub fn enter(&self) -> Command {
        let mut command = Command::new("bash");
        let options = format!(
            "-q -i {key} -p {port} -o BatchMode=yes -o ConnectTimeout=5 -o ServerAliveInterval=15 -o StrictHostKeyChecking=no \
             -o UserKnownHostsFile=/dev/null -o ControlMaster=auto -o ControlPath={work}/ssh -o ControlPersist=yes",
            key = image::key().display(),
            port = self.port,
            work = self.work.display()
        );
        let quote = format!("exec ssh {options} root@127.0.0.1 \"$(printf '%q ' \"$@\")\"");
        command.args(["-c", &quote, "ssh"]);
        command
    }
}

impl Drop for VirtualMachine {
    fn drop(&mut self) {
        self.hang_up();
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
        let _ = fs::remove_dir_all(&self.work);
    }
}

//! The one list of the kinds of checks. A kind is a folder `src/check/GROUP/MODULE` with two files, and a line here:
//! everything that is made for each kind (modules, enums, reading, lint, schema, manual, probing) is made from it.

/// Calls the macro `$then` with every kind of check, grouped by subject: `GROUP { MODULE: Kind(Table); }`. The module is
/// named as the kind is written in playbooks, and a variant's name is the same in stored observations: neither may change.
macro_rules! for_each_check_kind {
    ($then:ident) => {
        $then! {
            units {
                unit: Unit(UnitCheck);
                failed_units: FailedUnits(FailedUnitsCheck);
                cgroup: Cgroup(CgroupCheck);
            }
            processes {
                process: Process(ProcessCheck);
                container: Container(ContainerCheck);
                command: Command(CommandCheck);
            }
            storage {
                filesystem: Filesystem(FilesystemCheck);
                mount: Mount(MountCheck);
                path: Path(PathCheck);
            }
            network {
                http: Http(HttpCheck);
                tcp: Tcp(TcpCheck);
                dns: Dns(DnsCheck);
                tls: Tls(TlsCheck);
                link: Link(LinkCheck);
            }
            logs {
                log: Log(LogCheck);
            }
            host {
                load: Load(LoadCheck);
                memory: Memory(MemoryCheck);
                pressure: Pressure(PressureCheck);
                cpu: Cpu(CpuCheck);
                clock: Clock(ClockCheck);
            }
        }
    };
}

pub(crate) use for_each_check_kind;

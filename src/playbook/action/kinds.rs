//! The one list of the kinds of actions. A kind is a folder `src/action/GROUP/MODULE` with two files, and a line here:
//! everything that is made for each kind (modules, enums, reading, lint, schema, manual, carrying out) is made from it.

/// Calls the macro `$then` with every kind of action, grouped by what it acts on: `GROUP { MODULE: Kind(Table); }`. The
/// module is named as the kind is written in playbooks, and a variant's name is the same in recorded plans: neither may
/// change.
macro_rules! for_each_action_kind {
    ($then:ident) => {
        $then! {
            units {
                unit: Unit(UnitAction);
                container: Container(ContainerAction);
            }
            processes {
                run: Run(RunAction);
                signal: Signal(SignalAction);
                limit: Limit(LimitAction);
            }
            storage {
                clean: Clean(CleanAction);
                truncate: Truncate(TruncateAction);
                remount: Remount(RemountAction);
            }
            network {
                http: Http(HttpAction);
                link: Link(LinkAction);
            }
            attempt {
                wait: Wait(WaitAction);
                snapshot: Snapshot(SnapshotAction);
            }
        }
    };
}

pub(crate) use for_each_action_kind;

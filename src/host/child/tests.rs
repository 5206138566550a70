//! What one way of starting a child promises to all that use it.

use tokio::time::sleep;

use super::*;

fn sh(script: &str, deadline: Duration) -> Job {
    Job {
        env: vec![("SALVE_KIND", "trigger".into())],
        stdin: b"the page\n".to_vec(),
        keep: 1024,
        ..Job::new("/bin/sh", vec!["-c".into(), script.into()], deadline)
    }
}

#[tokio::test]
async fn a_child_reads_the_body_in_a_clean_environment() {
    let ran = run(sh("cat; echo \"$SALVE_KIND $HOME $PATH\"; pwd >&2; exit 3", Duration::from_secs(30))).await;
    let ran = ran.unwrap();
    assert_eq!(ran.ended, ChildExit::Exit(3));
    assert_eq!(ran.output.text(), "the page\ntrigger  /usr/sbin:/usr/bin:/sbin:/bin\n/\n");
}

#[tokio::test]
async fn at_the_deadline_the_whole_group_is_ended() {
    // ignores TERM, and so does its child, whose number it prints
    let script = "trap '' TERM; sleep 1000 & echo $!; while :; do sleep 1; done";
    let ran = run(sh(script, Duration::from_millis(300))).await.unwrap();
    assert_eq!(ran.ended, ChildExit::TimedOut);
    gone(ran.output.text().trim()).await;
}

async fn run(job: Job) -> Result<ChildResult, StartError> {
    job.run().await
}

/// Waits until a process has gone, or is dead and not yet reaped.
async fn gone(pid: &str) {
    for _ in 0..1000 {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        if stat.is_empty() || stat.contains(") Z ") {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("{pid} is still there");
}

#[tokio::test]
async fn who_stops_waiting_ends_the_whole_group() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pid");
    let script = format!("sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", path.display());
    let running = tokio::spawn(run(sh(&script, Duration::from_mins(10))));
    while !path.exists() {
        sleep(Duration::from_millis(10)).await;
    }
    running.abort();
    gone(std::fs::read_to_string(path).unwrap().trim()).await;
}

#[tokio::test]
async fn what_a_program_leaves_running_ends_with_it_whatever_it_did_to_get_away() {
    let script = "(setsid env -i /bin/sh -c 'echo $$; exec sleep 1000' >&2 &) ; sleep 0.1";
    let ran = run(Job { errors: Errors::Apart, ..sh(script, Duration::from_mins(1)) }).await.unwrap();
    assert_eq!((ran.ended, ran.output.text()), (ChildExit::Exit(0), String::new()));
    let left = ran.errors.text();
    assert!(!left.trim().is_empty());
    gone(left.trim()).await;
}

#[tokio::test]
async fn a_child_has_no_terminal_a_private_umask_limits_and_a_session_of_its_own() {
    let script = "umask; ulimit -c; ulimit -n; tty; cat /proc/self/oom_score_adj; ls /proc/self/fd | wc -l; \
                  set -- $(cat /proc/$$/stat); [ $6 = $$ ] && echo leader";
    let ran = run(Job { stdin: Vec::new(), ..sh(script, Duration::from_mins(1)) }).await.unwrap();
    assert_eq!(ran.output.text(), "0077\n0\n1024\nnot a tty\n0\n4\nleader\n");
}

#[tokio::test]
async fn nothing_is_left_of_many_children_at_once() {
    let job = || sh("setsid sleep 1000 & echo $!", Duration::from_mins(1));
    let children: Vec<_> = (0..40).map(|_| tokio::spawn(run(job()))).collect();
    for child in children {
        let ran = child.await.unwrap().unwrap();
        gone(ran.output.text().trim()).await;
    }
}

#[tokio::test]
async fn of_much_output_the_ends_are_kept() {
    let ran = run(sh("echo first; seq 1 100000; echo last", Duration::from_mins(1))).await.unwrap();
    let output = ran.output.text();
    assert!(output.starts_with("first\n1\n") && output.ends_with("\nlast\n"), "{output}");
    assert!(output.contains("bytes left out") && output.len() < 1200);
}

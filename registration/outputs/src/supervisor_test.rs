use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::*;

/// Nothing that a test waits for takes longer, in its virtual time.
const DEADLINE: Duration = Duration::from_secs(600);

/// A log with these records, and what was added to it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<(Vec<u64>, Vec<AuditEvent>)>>);

fn record(id: u64) -> AuditEntry {
    AuditEntry {
        id,
        at: SystemTime::UNIX_EPOCH,
        station: None,
        event: "stop-requested".to_owned(),
        user: None,
        card: None,
        replaced: None,
        code: None,
        detail: None,
        fields: None,
    }
}

impl Records for Log {
    async fn after(&self, id: u64) -> io::Result<Option<Vec<AuditEntry>>> {
        let log = self.0.lock().unwrap();
        Ok(Some(log.0.iter().filter(|other| **other > id).map(|id| record(*id)).collect()))
    }

    async fn add(&self, event: AuditEvent) -> io::Result<()> {
        self.0.lock().unwrap().1.push(event);
        Ok(())
    }
}

/// Somebody outside: a connection each is refused, or breaks after so many writes.
struct Outside {
    connections: Mutex<VecDeque<Option<usize>>>,
    heard: mpsc::UnboundedSender<Heard>,
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// A try to connect that was refused, this long after the start.
    Refused(Duration),
    /// Records, by number.
    Records(Vec<u64>),
}

struct Wire {
    writes: usize,
    heard: mpsc::UnboundedSender<Heard>,
}

impl Output for (Outside, Instant) {
    type Line = Wire;

    const NAME: &str = "somebody outside";

    async fn connect(&self) -> io::Result<Wire> {
        let next = self.0.connections.lock().unwrap().pop_front();
        let heard = self.0.heard.clone();
        match next {
            Some(None) => {
                let _ = heard.send(Heard::Refused(self.1.elapsed()));
                Err(ErrorKind::ConnectionRefused.into())
            }
            Some(Some(writes)) => Ok(Wire { writes, heard }),
            None => Ok(Wire { writes: usize::MAX, heard }),
        }
    }

    fn lost(count: u64) -> AuditEvent {
        AuditEvent::SyslogLost { count }
    }
}

impl Line for Wire {
    async fn gone(&mut self) -> io::Error {
        if self.writes > 0 {
            std::future::pending::<()>().await;
        }
        ErrorKind::ConnectionAborted.into()
    }

    async fn write(&mut self, records: &[AuditEntry]) -> io::Result<()> {
        if self.writes == 0 {
            return Err(ErrorKind::BrokenPipe.into());
        }
        self.writes -= 1;
        let ids = records.iter().map(|record| record.id).collect();
        let _ = self.heard.send(Heard::Records(ids));
        Ok(())
    }
}

struct Bench {
    folder: tempfile::TempDir,
    log: Log,
    newest: watch::Sender<u64>,
    heard: mpsc::UnboundedReceiver<Heard>,
    task: JoinHandle<()>,
}

impl Bench {
    /// A log with records of these numbers, the last one told being `sent`.
    fn new(ids: std::ops::RangeInclusive<u64>, sent: u64, connections: &[Option<usize>]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = Log::default();
        let (newest, seen) = watch::channel(*ids.end());
        log.0.lock().unwrap().0 = ids.collect();
        let (sender, heard) = mpsc::unbounded_channel();
        let connections = Mutex::new(connections.iter().copied().collect());
        let outside = Outside { connections, heard: sender };
        let cursor = |folder: &tempfile::TempDir| Cursor::new(folder.path().join("sent"));
        cursor(&folder).write(sent);
        let output = (outside, Instant::now());
        let task = tokio::spawn(feed(output, log.clone(), seen, cursor(&folder)));
        Self { folder, log, newest, heard, task }
    }

    async fn hear(&mut self) -> Heard {
        timeout(DEADLINE, self.heard.recv()).await.unwrap().unwrap()
    }

    fn grow(&self, id: u64) {
        self.log.0.lock().unwrap().0.push(id);
        self.newest.send(id).unwrap();
    }

    /// Ends the service; what is kept for the next start.
    async fn end(self) -> u64 {
        drop(self.newest);
        timeout(DEADLINE, self.task).await.unwrap().unwrap();
        Cursor::new(self.folder.path().join("sent")).read()
    }
}

#[tokio::test(start_paused = true)]
async fn records_come_in_order_and_count_once_the_connection_held() {
    let mut bench = Bench::new(1..=3, 0, &[]);
    assert_eq!(bench.hear().await, Heard::Records(vec![1, 2, 3]));
    bench.grow(4);
    assert_eq!(bench.hear().await, Heard::Records(vec![4]));
    // 4 was written, and nothing tells yet that it arrived.
    assert_eq!(bench.end().await, 3);
}

#[tokio::test(start_paused = true)]
async fn what_may_not_have_arrived_is_told_once_more() {
    let mut bench = Bench::new(1..=2, 0, &[Some(2), Some(1)]);
    assert_eq!(bench.hear().await, Heard::Records(vec![1, 2]));
    bench.grow(3);
    assert_eq!(bench.hear().await, Heard::Records(vec![3]));
    // The connection broke: 1 and 2 had arrived.
    assert_eq!(bench.hear().await, Heard::Records(vec![3]));
    assert_eq!(bench.hear().await, Heard::Records(vec![3]));
    assert_eq!(bench.end().await, 2);
}

#[tokio::test(start_paused = true)]
async fn many_records_come_in_batches() {
    let many = 2 * BATCH as u64 + 1;
    let mut bench = Bench::new(1..=many, 0, &[]);
    for expected in [BATCH, BATCH, 1] {
        let Heard::Records(ids) = bench.hear().await else { panic!("nothing refuses") };
        assert_eq!(ids.len(), expected);
    }
    assert_eq!(bench.end().await, 0);
}

#[tokio::test(start_paused = true)]
async fn what_was_trimmed_is_lost_and_told() {
    let mut bench = Bench::new(5..=6, 2, &[]);
    assert_eq!(bench.hear().await, Heard::Records(vec![5, 6]));
    let told = bench.log.0.lock().unwrap().1.clone();
    assert_eq!(told, [AuditEvent::SyslogLost { count: 2 }]);
    assert_eq!(bench.end().await, 4);
}

/// A log that was restored from a backup is shorter than what was sent of it.
#[tokio::test(start_paused = true)]
async fn a_cursor_behind_the_log_waits_for_what_is_new() {
    let mut bench = Bench::new(1..=3, 9, &[]);
    tokio::task::yield_now().await;
    bench.grow(4);
    assert_eq!(bench.hear().await, Heard::Records(vec![4]));
    assert_eq!(bench.end().await, 3);
}

#[tokio::test(start_paused = true)]
async fn tries_grow_rare_and_begin_anew_after_a_connection() {
    let mut connections = vec![None; 10];
    connections.extend([Some(1), None, None]);
    let mut bench = Bench::new(1..=1, 0, &connections);
    let mut at = Vec::new();
    let mut last = None;
    loop {
        match bench.hear().await {
            Heard::Refused(since) => {
                at.push((since - last.unwrap_or(since)).as_millis());
                last = Some(since);
            }
            Heard::Records(_) if at.len() == 10 => {}
            Heard::Records(_) => break,
        }
    }
    let to_the_limit = [0, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000];
    assert_eq!(at.get(..10), Some(&to_the_limit[..]));
    // 60 s to the connection that broke at once, and 500 ms behind it.
    assert_eq!(at.get(10..), Some(&[60_500, 1000][..]));
    assert_eq!(bench.end().await, 0);
}

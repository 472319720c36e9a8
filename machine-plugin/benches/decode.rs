//! Speed of the decoder on the recorded sessions, repeated.
#![expect(clippy::print_stdout, reason = "a bench reports to its caller")]
use machine_plugin::codec::StreamDecoder;
use std::hint::black_box;
use std::time::{Duration, Instant};

#[path = "../tests/it/recording.rs"]
#[expect(clippy::unwrap_used, dead_code, reason = "part of the tests")]
mod recording;

fn main() {
    let streams = recording::streams();
    let (mut bytes, mut values) = (0, 0_u64);
    let (start, begun) = (Instant::now(), time());
    while start.elapsed() < Duration::from_secs(3) {
        for recording in &streams {
            let mut stream = StreamDecoder::default();
            for piece in recording.gob.chunks(16 << 10) {
                stream.feed(piece);
                while let Ok(Some(value)) = stream.next_value() {
                    black_box(&value);
                    values += 1;
                }
            }
            bytes += recording.gob.len();
        }
    }
    let seconds = match (begun, time()) {
        (Some(begun), Some(ended)) => (ended - begun).as_secs_f64(),
        _ => start.elapsed().as_secs_f64(),
    };
    let speed = bytes as f64 / seconds / 1e6;
    println!("decoded {speed:.0} MB/s, {:.0} values/s", values as f64 / seconds);
}

/// What this process had of a processor, where the system tells: other programs shall not count.
fn time() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/self/schedstat").ok()?;
    Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
}

//! Values of every kind, against Go's own gob: read as it writes them, split in the middle by
//! definitions, and written so that it reads them.
use crate::go;
use crate::recorded::decode;
use machine_plugin::codec::{Encoder, Value};
use serde_json::{Value as Json, json};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

const SEEDS: std::ops::Range<u32> = 0..60;

fn run(program: &Path, mode: &str, seed: u32, input: &[u8]) -> Result<Vec<u8>, String> {
    let mut go = Command::new(program);
    go.args([mode, &seed.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut go = go.stderr(Stdio::piped()).spawn().unwrap();
    // It may stop reading at the first difference.
    go.stdin.take().unwrap().write_all(input).ok();
    let ended = go.wait_with_output().unwrap();
    match ended.status.success() {
        true => Ok(ended.stdout),
        false => Err(String::from_utf8_lossy(&ended.stderr).into_owned()),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bits(float: f64) -> String {
    format!("{:016x}", float.to_bits())
}

fn describe(value: &Value) -> Json {
    match value {
        Value::Bool(on) => json!(on),
        Value::Int(int) => json!({"int": int.to_string()}),
        Value::Uint(uint) => json!({"uint": uint.to_string()}),
        Value::Float(float) => json!({"float": bits(*float)}),
        Value::Complex(re, im) => json!({"complex": format!("{} {}", bits(*re), bits(*im))}),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!({"bytes": hex(bytes)}),
        Value::Opaque(bytes) => json!({"opaque": hex(bytes)}),
        Value::List(items) => items.iter().map(describe).collect(),
        Value::Map(pairs) => {
            let key = |key: &Value| match key {
                Value::Int(int) => int.to_string(),
                key => key.as_text().unwrap().to_owned(),
            };
            let pairs = pairs.iter().map(|(k, v)| (key(k), describe(v)));
            json!({"map": pairs.collect::<serde_json::Map<_, _>>()})
        }
        Value::Struct(value) => {
            let fields = value.fields().map(|(name, v)| (name.to_owned(), describe(v)));
            let fields: serde_json::Map<_, _> = fields.collect();
            json!({"struct": value.def().name, "fields": fields})
        }
        Value::Interface(Some(inner)) => {
            json!({"interface": inner.name, "value": describe(&inner.value)})
        }
        other => panic!("not among the values: {other:?}"),
    }
}

#[test]
fn go_and_we_read_each_other() {
    let Some(program) = go::program("gob") else { return };
    for seed in SEEDS {
        let gob = run(&program, "emit", seed, &[]).unwrap();
        let described = run(&program, "describe", seed, &[]).unwrap();
        let described = String::from_utf8(described).unwrap();
        let (values, types) = decode(&gob, 5);
        let ours: Vec<_> = values.iter().map(|(_, value)| describe(value)).collect();
        let gos: Vec<Json> = described.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(ours, gos, "seed {seed}");

        let (mut encoder, mut again) = (Encoder::new(types), Vec::new());
        for (id, value) in &values {
            encoder.encode(*id, value, &mut again).unwrap();
        }
        run(&program, "check", seed, &again).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
    }
}

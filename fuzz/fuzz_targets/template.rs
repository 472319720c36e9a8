//! Go templates: over one value, any template ends, and within bounds.
#![no_main]
use libfuzzer_sys::fuzz_target;
use template::{Extra, Template, Value};

// Parts of a program, not of a library.
#[path = "../../machine-cli/src/golang.rs"]
#[allow(dead_code)]
mod golang;
#[path = "../../machine-cli/src/template/mod.rs"]
#[allow(dead_code, unused_imports)]
mod template;

const DATA: &str = r#"{"Name":"m","Driver":{"Ports":[22,2376.5,-0.1e-9],"Swarm":null,"On":true},
    "List":["a","<b>","é\u2028"],"Empty":{}}"#;

thread_local! {
    static VALUE: Value = template::read(DATA).expect("JSON");
}

fuzz_target!(|text: &str| {
    for extra in [Extra::Nothing, Extra::Json] {
        if let Ok(read) = Template::parse(text, extra) {
            let mut out = String::new();
            let _ = VALUE.with(|value| read.execute(value, &mut out));
        }
    }
});

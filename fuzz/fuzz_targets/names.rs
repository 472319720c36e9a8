//! The order of names in a table: a wrong one makes a sort panic.
#![no_main]
use libfuzzer_sys::fuzz_target;
use std::cmp::Ordering;

// Part of a program, not of a library.
#[path = "../../machine-cli/src/natural.rs"]
mod natural;

fuzz_target!(|text: &str| {
    let names: Vec<_> = text.split('\n').take(4).collect();
    for a in &names {
        for b in &names {
            let order = natural::compare(a, b);
            assert_eq!(order, natural::compare(b, a).reverse());
            assert_eq!(order == Ordering::Equal, a == b);
            for c in &names {
                if order.is_le() && natural::compare(b, c).is_le() {
                    assert!(natural::compare(a, c).is_le(), "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
});

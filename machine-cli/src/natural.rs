//! The order in which people count: `m2` before `m10`.

use std::cmp::Ordering;

/// Docker Machine's order of names in a table. Names that differ in case alone follow their bytes.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let (a, b) = (folded(left), folded(right));
    pieces(&a, &b).then_with(|| a.cmp(&b)).then_with(|| left.cmp(right))
}

fn folded(name: &str) -> String {
    name.to_lowercase().replace(' ', "")
}

fn pieces(left: &str, right: &str) -> Ordering {
    let (mut left, mut right) = (left, right);
    loop {
        match (left.is_empty(), right.is_empty()) {
            (true, true) => return Ordering::Equal,
            (true, false) => return Ordering::Less,
            (false, true) => return Ordering::Greater,
            (false, false) => {}
        }
        let (a, rest_a) = piece(left);
        let (b, rest_b) = piece(right);
        let order = piece_order(a, b);
        if order != Ordering::Equal {
            return order;
        }
        (left, right) = (rest_a, rest_b);
    }
}

fn is_number(piece: &str) -> bool {
    piece.starts_with(|c: char| c.is_ascii_digit())
}

/// The longest start of digits, or of anything else.
fn piece(text: &str) -> (&str, &str) {
    let digits = is_number(text);
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    text.split_at(end)
}

fn piece_order(a: &str, b: &str) -> Ordering {
    match (is_number(a), is_number(b)) {
        (true, true) => {
            let value = |piece: &str| piece.trim_start_matches('0').to_owned();
            let (x, y) = (value(a), value(b));
            x.len().cmp(&y.len()).then_with(|| x.cmp(&y)).then_with(|| a.len().cmp(&b.len()))
        }
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
        (false, false) => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_compare_by_value() {
        let mut names = ["m10", "M1", "b", "m02", "a10b", "1x", "m2", "a2b"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(names, ["1x", "a2b", "a10b", "b", "M1", "m2", "m02", "m10"]);
    }

    #[test]
    fn numbers_of_any_length_and_names_that_differ_in_case() {
        let mut names =
            ["x99999999999999999999999", "foo", "x100000000000000000000000", "Foo", "x"];
        names.sort_by(|a, b| compare(a, b));
        assert_eq!(
            names,
            ["Foo", "foo", "x", "x99999999999999999999999", "x100000000000000000000000"]
        );
    }
}

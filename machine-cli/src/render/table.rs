//! Columns as Go's `text/tabwriter` makes them: cells end with a tab, a column is a run of lines that
//! have such a cell, and the last cell of a line belongs to no column.
//!
//! Of our own because help texts are padded with tabs, and the width that the crate of that name
//! counts for wide characters is not Go's (one a character).

/// How columns are padded.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Padding {
    /// With blanks, as `ls` is.
    Blanks { narrowest: usize, gap: usize },
    /// With tabs to multiples of eight, as help texts are.
    Tabs,
}

/// The table of `ls`.
pub(crate) const LIST: Padding = Padding::Blanks { narrowest: 5, gap: 3 };

const TAB: usize = 8;

/// Lays out text whose cells end with tabs and lines with newlines.
pub(crate) fn align(text: &str, padding: Padding) -> String {
    let (body, end) = match text.strip_suffix('\n') {
        Some(body) => (body, "\n"),
        // A line that is cut off behind a cell has no more than that cell.
        None => (text.strip_suffix('\t').unwrap_or(text), ""),
    };
    let lines: Vec<Vec<&str>> = body.split('\n').map(|line| line.split('\t').collect()).collect();
    let mut out = String::with_capacity(text.len() * 2);
    let mut widths = vec![Vec::new(); lines.len()];
    columns(&lines, 0, lines.len(), 0, padding, &mut widths);
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        for (column, cell) in line.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths[index].get(column) {
                pad(&mut out, length(cell), *width, padding);
            }
        }
    }
    out.push_str(end);
    out
}

fn length(cell: &str) -> usize {
    cell.chars().count()
}

/// Finds the blocks of `column` in lines `from..to`, and in each block those of the next column.
fn columns(
    lines: &[Vec<&str>],
    from: usize,
    to: usize,
    column: usize,
    padding: Padding,
    widths: &mut [Vec<usize>],
) {
    let mut at = from;
    while at < to {
        let has_cell = |line: usize| column + 1 < lines[line].len();
        if !has_cell(at) {
            at += 1;
            continue;
        }
        let end = (at..to).find(|line| !has_cell(*line)).unwrap_or(to);
        let (narrowest, gap) = match padding {
            Padding::Blanks { narrowest, gap } => (narrowest, gap),
            Padding::Tabs => (0, 1),
        };
        let widest = (at..end).map(|line| length(lines[line][column]) + gap).max().unwrap_or(0);
        for line in &mut widths[at..end] {
            line.push(widest.max(narrowest));
        }
        columns(lines, at, end, column + 1, padding, widths);
        at = end;
    }
}

fn pad(out: &mut String, used: usize, width: usize, padding: Padding) {
    let (fill, count) = match padding {
        Padding::Blanks { .. } => (' ', width - used),
        Padding::Tabs => ('\t', (width.next_multiple_of(TAB) - used).div_ceil(TAB)),
    };
    out.extend(std::iter::repeat_n(fill, count));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_reach_the_widest_cell_and_the_last_cell_is_free() {
        let text = "NAME\tACTIVE\tERRORS\nfoo\t-\t\nlonger-name\t* (swarm)\tbad\n";
        let want = "NAME          ACTIVE      ERRORS\n\
                    foo           -           \n\
                    longer-name   * (swarm)   bad\n";
        assert_eq!(align(text, LIST), want);
    }

    #[test]
    fn a_column_ends_where_a_line_has_no_such_cell() {
        let text = "a\tb\tc\nplain\naaaaaaaa\tb\tc\nä\tb\n";
        assert_eq!(align(text, LIST), "a    b    c\nplain\naaaaaaaa   b    c\nä          b\n");
    }

    #[test]
    fn tabs_fill_to_multiples_of_eight() {
        let text = "  --a\tone\n  --abcdefg\ttwo\n  --abcdefghijkl\tthree";
        let want = "  --a\t\t\tone\n  --abcdefg\t\ttwo\n  --abcdefghijkl\tthree";
        assert_eq!(align(text, Padding::Tabs), want);
    }

    #[test]
    fn nothing_stays_nothing() {
        assert_eq!(align("", LIST), "");
        assert_eq!(align("\n\n", LIST), "\n\n");
        assert_eq!(align("a\t", LIST), "a");
        assert_eq!(align("a\t\t", LIST), "a    ");
        assert_eq!(align("a\t\n", LIST), "a    \n");
    }
}

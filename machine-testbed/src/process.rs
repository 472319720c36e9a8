//! Running other programs.

use std::io::{Read as _, Write as _};
use std::process::{Command, Output, Stdio};
use std::thread;

use crate::error::{Error, Result};

/// Runs to the end and gives back what happened, whatever the exit status.
pub(crate) fn output(command: &mut Command, input: &[u8]) -> Result<Output> {
    let what = describe(command);
    let failed = || format!("cannot run `{what}`");
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Error::doing(failed()))?;
    let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
    thread::scope(|scope| {
        // A program that ends without reading its input is judged by its exit status, so a broken pipe is no news.
        scope.spawn(|| stdin.and_then(|mut pipe| pipe.write_all(input).ok()));
        let errors = scope.spawn(|| {
            let mut text = Vec::new();
            stderr.map(|mut pipe| pipe.read_to_end(&mut text));
            text
        });
        let mut output = child.wait_with_output().map_err(Error::doing(failed()))?;
        output.stderr = errors.join().unwrap_or_default();
        Ok(output)
    })
}

/// Runs to the end and gives back standard output; a failure carries the program's own words.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    run_with(command, b"")
}

/// As [`run`], with something to read on standard input.
pub(crate) fn run_with(command: &mut Command, input: &[u8]) -> Result<String> {
    let output = output(command, input)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let mut said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if said.is_empty() {
        said = text.trim().to_owned();
    }
    Err(Error::new(format!("`{}` failed ({}): {said}", describe(command), output.status)))
}

fn describe(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    if text.len() > 200 {
        text.truncate(text.floor_char_boundary(200));
        text.push('…');
    }
    text
}

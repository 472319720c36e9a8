use std::process::Output;

/// What a command answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) exit: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Answer {
    pub(crate) fn new(output: Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        Self { exit: output.status.code(), stdout, stderr }
    }

    /// The standard output of a command that had to succeed without a complaint.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.exit, self.stderr.as_str()), (Some(0), ""), "stdout: {}", self.stdout);
        self.stdout
    }
}

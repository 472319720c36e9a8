use crate::codec::CodecError;

/// Reads gob's primitives from one message.
#[derive(Debug)]
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], CodecError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(CodecError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn uint(&mut self) -> Result<u64, CodecError> {
        match split_uint(self.0)? {
            Some((value, rest)) => {
                self.0 = rest;
                Ok(value)
            }
            None => Err(CodecError::Truncated),
        }
    }

    pub(crate) fn int(&mut self) -> Result<i64, CodecError> {
        let bits = self.uint()?;
        let magnitude = (bits >> 1) as i64;
        Ok(if bits & 1 == 1 { !magnitude } else { magnitude })
    }

    /// A length-prefixed run of bytes.
    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], CodecError> {
        let count = self.uint()?;
        // A length beyond the address space is beyond the message too.
        self.take(usize::try_from(count).map_err(|_| CodecError::Truncated)?)
    }

    /// A string; bytes that are no UTF-8 are replaced.
    pub(crate) fn text(&mut self) -> Result<String, CodecError> {
        let bytes = self.bytes()?.to_vec();
        let lossy = |e: std::string::FromUtf8Error| String::from_utf8_lossy(e.as_bytes()).into();
        Ok(String::from_utf8(bytes).unwrap_or_else(lossy))
    }

    /// A float travels as the byte-reversed bits of a double, so that small ones are short.
    pub(crate) fn float(&mut self) -> Result<f64, CodecError> {
        Ok(f64::from_bits(self.uint()?.swap_bytes()))
    }
}

/// The unsigned number at the start of `bytes` and what follows; `None` when more is needed.
pub(crate) fn split_uint(bytes: &[u8]) -> Result<Option<(u64, &[u8])>, CodecError> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(None) };
    if first < 0x80 {
        return Ok(Some((u64::from(first), rest)));
    }
    let count = usize::from(first.wrapping_neg());
    if count > 8 {
        return Err(CodecError::Malformed("number"));
    }
    let Some((digits, rest)) = rest.split_at_checked(count) else { return Ok(None) };
    let value = digits.iter().fold(0, |value, &digit| value << 8 | u64::from(digit));
    Ok(Some((value, rest)))
}

/// Writes gob's primitives.
pub(crate) trait Put {
    fn uint(&mut self, value: u64);
    fn bytes(&mut self, bytes: &[u8]);

    fn int(&mut self, value: i64) {
        let bits = (value as u64) << 1;
        self.uint(if value < 0 { !bits } else { bits });
    }

    fn float(&mut self, value: f64) {
        self.uint(value.to_bits().swap_bytes());
    }
}

impl Put for Vec<u8> {
    fn uint(&mut self, value: u64) {
        if value < 0x80 {
            self.push(value as u8);
            return;
        }
        let skipped = value.leading_zeros() as usize / 8;
        self.push((8 - skipped as u8).wrapping_neg());
        self.extend_from_slice(&value.to_be_bytes()[skipped..]);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.uint(bytes.len() as u64);
        self.extend_from_slice(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_go_writes_them() {
        for (value, bytes) in [
            (0_u64, &[0x00][..]),
            (127, &[0x7f]),
            (128, &[0xff, 0x80]),
            (186, &[0xff, 0xba]),
            (256, &[0xfe, 0x01, 0x00]),
            (u64::MAX, &[0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] {
            let mut out = Vec::new();
            out.uint(value);
            assert_eq!(out, bytes);
            assert_eq!(Cursor::new(bytes).uint(), Ok(value));
        }
        for (value, bytes) in [
            (1_i64, &[0x02][..]),
            (-1, &[0x01]),
            (65, &[0xff, 0x82]),
            (-65, &[0xff, 0x81]),
            (2376, &[0xfe, 0x12, 0x90]),
            (i64::MIN, &[0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ] {
            let mut out = Vec::new();
            out.int(value);
            assert_eq!(out, bytes);
            assert_eq!(Cursor::new(bytes).int(), Ok(value));
        }
        let mut out = Vec::new();
        out.float(17.0);
        assert_eq!(out, [0xfe, 0x31, 0x40]);
        assert_eq!(Cursor::new(&out).float(), Ok(17.0));
    }

    #[test]
    fn bad_numbers_are_errors() {
        assert_eq!(Cursor::new(&[]).uint(), Err(CodecError::Truncated));
        assert_eq!(Cursor::new(&[0xfe, 0x01]).uint(), Err(CodecError::Truncated));
        assert_eq!(Cursor::new(&[0x80]).uint(), Err(CodecError::Malformed("number")));
        assert_eq!(Cursor::new(&[0x7f, 0x01]).bytes(), Err(CodecError::Truncated));
    }
}

//! A browser's form (`multipart/form-data`), read as it comes: first the fields, then the file as a stream.
//! Source: RFC 7578, RFC 2046 section 5.1.1.

use bytes::{Bytes, BytesMut};
use kogumo_wire::Body;

/// All that stands before the file may have so many bytes.
const MOST_BEFORE_FILE: usize = 20 * 1024;

/// What is wrong with a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// It is no such form, or it breaks off.
    Broken,
    /// The fields are too long.
    TooLong,
}

/// A form whose file has not been read yet.
pub struct Form {
    /// The fields before the file, in their order.
    pub fields: Vec<(String, String)>,
    pub file_name: String,
    rest: Rest,
}

/// What is left of the body: the file, and what may come behind it.
struct Rest {
    body: Body,
    buffer: BytesMut,
    /// What ends a part: a line's end, two dashes, and the boundary.
    end: Vec<u8>,
}

/// The boundary in a `Content-Type`, if that is a form's.
pub fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
        return None;
    }
    let value = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
    })?;
    (1..=70).contains(&value.len()).then_some(value)
}

impl Form {
    /// Reads up to where the file begins.
    ///
    /// # Errors
    /// A body that is no form with a file.
    pub async fn read(body: Body, boundary: &str) -> Result<Self, Malformed> {
        let end = format!("\r\n--{boundary}").into_bytes();
        // The first boundary has no line before it: with one put there, it is like the others.
        let mut rest = Rest { body, buffer: BytesMut::from(&b"\r\n"[..]), end };
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut length = rest.until_end().await?.len();
        loop {
            let head = rest.head().await?;
            let name = parameter(&head, "name").ok_or(Malformed::Broken)?;
            if name.eq_ignore_ascii_case("file") {
                let file_name = parameter(&head, "filename").unwrap_or_default();
                return Ok(Form { fields, file_name, rest });
            }
            let value = rest.until_end().await?;
            length += head.len() + value.len();
            if length > MOST_BEFORE_FILE {
                return Err(Malformed::TooLong);
            }
            fields.push((name, String::from_utf8(value).map_err(|_| Malformed::Broken)?));
        }
    }

    /// The field of that name, without regard to case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The next bytes of the file; `None` at its end.
    ///
    /// # Errors
    /// A body that breaks off before the file's end.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Malformed> {
        let rest = &mut self.rest;
        loop {
            if let Some(at) = find(&rest.buffer, &rest.end) {
                let last = rest.buffer.split_to(at).freeze();
                // The mark stays at the buffer's front: asked again, this is the end again.
                return Ok((!last.is_empty()).then_some(last));
            }
            // What could be the beginning of the mark is kept back.
            let sure = rest.buffer.len().saturating_sub(rest.end.len() - 1);
            if sure > 0 {
                return Ok(Some(rest.buffer.split_to(sure).freeze()));
            }
            rest.more().await?;
        }
    }
}

impl Rest {
    async fn more(&mut self) -> Result<(), Malformed> {
        match self.body.next().await {
            Some(Ok(chunk)) => {
                self.buffer.extend_from_slice(&chunk);
                Ok(())
            }
            Some(Err(_)) | None => Err(Malformed::Broken),
        }
    }

    /// The bytes up to the next mark, which is taken off.
    async fn until_end(&mut self) -> Result<Vec<u8>, Malformed> {
        loop {
            if let Some(at) = find(&self.buffer, &self.end) {
                let part = self.buffer.split_to(at).to_vec();
                drop(self.buffer.split_to(self.end.len()));
                return Ok(part);
            }
            if self.buffer.len() > MOST_BEFORE_FILE {
                return Err(Malformed::TooLong);
            }
            self.more().await?;
        }
    }

    /// The headers of a part, from behind its mark up to the empty line.
    async fn head(&mut self) -> Result<String, Malformed> {
        loop {
            if self.buffer.starts_with(b"--") {
                return Err(Malformed::Broken);
            }
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                let head = self.buffer.split_to(at).to_vec();
                drop(self.buffer.split_to(4));
                return String::from_utf8(head).map_err(|_| Malformed::Broken);
            }
            if self.buffer.len() > MOST_BEFORE_FILE {
                return Err(Malformed::TooLong);
            }
            self.more().await?;
        }
    }
}

/// A parameter of a part's `Content-Disposition`. Browsers write quotes in it as `%22`.
fn parameter(head: &str, name: &str) -> Option<String> {
    let line = head.lines().find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
    let mut rest = line;
    let start = format!("{name}=\"");
    while let Some(at) = rest.find(&start) {
        let before = rest.get(..at)?;
        rest = rest.get(at + start.len()..)?;
        // `filename="` holds `name="`, too.
        if before.ends_with([' ', ';']) {
            return rest.split_once('"').map(|(value, _)| value.replace("%22", "\""));
        }
    }
    None
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use kogumo_base::Trouble;
    use proptest::prelude::*;

    use super::*;

    fn body(text: &[u8], chunk: usize) -> Body {
        let chunks: Vec<Result<Bytes, Trouble>> =
            text.chunks(chunk).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        Body::Stream(Box::pin(stream::iter(chunks)), None)
    }

    fn form(file: &[u8]) -> Vec<u8> {
        let head = b"--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na/${filename}\r\n--XX\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f.txt\"\r\nContent-Type: text/plain\r\n\r\n";
        [head, file, b"\r\n--XX\r\nContent-Disposition: form-data; name=\"submit\"\r\n\r\nx\r\n--XX--\r\n"].concat()
    }

    fn run<R>(work: impl Future<Output = R>) -> R {
        tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(work)
    }

    async fn read(text: &[u8], chunk: usize) -> Result<(Form, Vec<u8>), Malformed> {
        let mut form = Form::read(body(text, chunk), "XX").await?;
        let mut file = Vec::new();
        while let Some(bytes) = form.next().await? {
            file.extend_from_slice(&bytes);
        }
        Ok((form, file))
    }

    proptest! {
        #[test]
        fn files_come_out_whole(file in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), any::<u8>()], 0..60), chunk in 1usize..40) {
            let (form, read) = run(read(&form(&file), chunk)).expect("a form");
            prop_assert_eq!(read, file);
            prop_assert_eq!(form.field("KEY"), Some("a/${filename}"));
            prop_assert_eq!(form.file_name, "f.txt");
        }

        #[test]
        fn anything_may_come(text in proptest::collection::vec(any::<u8>(), 0..200), cut in 0usize..200) {
            let _ = run(read(&text, 7));
            let good = form(b"hello");
            let _ = run(read(&good[..cut.min(good.len())], 7));
        }
    }

    #[test]
    fn forms_that_break_off() {
        assert!(run(read(b"--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\na", 10)).is_err());
        assert!(run(read(b"--XX--\r\n", 10)).is_err());
        let long =
            [b"--XX\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\n".to_vec(), vec![b'a'; 30_000]].concat();
        assert_eq!(run(read(&long, 1000)).err(), Some(Malformed::TooLong));
    }

    #[test]
    fn boundaries() {
        assert_eq!(boundary("multipart/form-data; boundary=abc").as_deref(), Some("abc"));
        assert_eq!(boundary("Multipart/Form-Data; charset=x; Boundary=\"a b\"").as_deref(), Some("a b"));
        assert_eq!(boundary("text/plain; boundary=abc"), None);
        assert_eq!(boundary("multipart/form-data"), None);
    }
}

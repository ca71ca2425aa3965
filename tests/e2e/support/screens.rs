//! A panel's screens without a browser: its event stream, and presses as forms.

use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use super::pairing;

/// The service says `ping` each second in which nothing changes: so many mean that nothing comes.
const PINGS: usize = 15;
/// Without even that, the stream hangs.
const SILENCE: Duration = Duration::from_secs(10);

/// What the panel shows, as it changes.
pub(crate) struct Screens {
    stream: BufReader<TcpStream>,
    /// What the panel calls itself, and where it is reached.
    address: String,
    through: String,
    cookie: String,
}

/// One whole screen.
#[derive(Debug)]
pub(crate) struct Screen(String);

impl Screen {
    fn between(&self, before: &str, after: char) -> Option<&str> {
        let start = self.0.find(before)? + before.len();
        self.0[start..].split(after).next()
    }

    pub(crate) fn page(&self) -> &str {
        self.between("data-page=\"", '"').unwrap()
    }

    /// The error code shown.
    pub(crate) fn code(&self) -> Option<&str> {
        self.between("data-code>", '<')
    }

    fn session(&self) -> &str {
        self.between("data-session=\"", '"').unwrap()
    }

    fn station(&self) -> &str {
        self.between("data-station=\"", '"').unwrap()
    }
}

impl Screens {
    /// Follows the panel at this link.
    pub(crate) fn open(panel: &str) -> Self {
        Self::try_open(panel).unwrap()
    }

    /// An error where the service is gone.
    pub(crate) fn try_open(panel: &str) -> io::Result<Self> {
        Self::try_open_through(panel, None)
    }

    /// The same where the panel is reached at another address than its own.
    pub(crate) fn try_open_through(panel: &str, through: Option<SocketAddr>) -> io::Result<Self> {
        let address = pairing::parts(panel).0.to_owned();
        let through = through.map_or(address.clone(), |through| through.to_string());
        let cookie = pairing::cookie(panel, &through)?;
        Self::try_open_with(address, through, cookie)
    }

    /// The same for whoever carries a cookie already.
    pub(crate) fn try_open_with(
        address: String,
        through: String,
        cookie: String,
    ) -> io::Result<Self> {
        let mut stream = TcpStream::connect(&through)?;
        stream.set_read_timeout(Some(SILENCE))?;
        // HTTP/1.0: the stream comes as it is, not in chunks.
        write!(
            stream,
            "GET /events?lang=en HTTP/1.0\r\nHost: {address}\r\nCookie: {cookie}\r\n\r\n"
        )?;
        let mut stream = BufReader::new(stream);
        let mut status = String::new();
        stream.read_line(&mut status)?;
        assert!(status.is_empty() || status.contains(" 200 "), "{status}");
        Ok(Self { stream, address, through, cookie })
    }

    /// The first screen with this page, from the one shown now on.
    pub(crate) fn find(&mut self, page: &str) -> Screen {
        self.try_find(&[page]).unwrap()
    }

    /// One of several pages. An error where the service is gone.
    pub(crate) fn try_find(&mut self, pages: &[&str]) -> io::Result<Screen> {
        let mut seen = Vec::new();
        loop {
            match self.try_next()? {
                Some(screen) if pages.contains(&screen.page()) => return Ok(screen),
                Some(screen) => {
                    seen.push((screen.page().to_owned(), screen.code().map(str::to_owned)));
                }
                None => panic!("no {pages:?}; seen: {seen:?}"),
            }
        }
    }

    /// The next screen; `None` where none comes.
    pub(crate) fn next(&mut self) -> Option<Screen> {
        self.try_next().unwrap()
    }

    /// Waits until the service is gone.
    pub(crate) fn until_gone(&mut self) {
        while let Ok(Some(_)) = self.try_next() {}
    }

    /// An error where the stream broke.
    pub(crate) fn try_next(&mut self) -> io::Result<Option<Screen>> {
        let (mut pings, mut html) = (0, String::new());
        while pings < PINGS {
            let mut line = String::new();
            if self.stream.read_line(&mut line)? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if let Some(data) = line.strip_prefix("data:") {
                html.push_str(data);
            } else if line.trim_end() == "event: ping" {
                pings += 1;
            } else if line.trim_end().is_empty() {
                if html.contains("data-page=") {
                    return Ok(Some(Screen(html)));
                }
                html.clear();
            }
        }
        Ok(None)
    }

    /// Presses a button of this screen, with what the form holds.
    pub(crate) fn press(&self, screen: &Screen, button: &str, fields: &[(&str, &str)]) {
        assert!(self.try_press(screen, button, fields).unwrap(), "{button}: too often");
    }

    /// `false` where it was pressed too often. An error where the service is gone.
    pub(crate) fn try_press(
        &self,
        screen: &Screen,
        button: &str,
        fields: &[(&str, &str)],
    ) -> io::Result<bool> {
        let mut form =
            format!("station={}&session={}&do={button}", screen.station(), screen.session());
        for (name, value) in fields {
            form += &format!("&{name}={value}");
        }
        let mut stream = TcpStream::connect(&self.through)?;
        stream.set_read_timeout(Some(SILENCE))?;
        let Self { address, cookie, .. } = self;
        write!(
            stream,
            "POST /act HTTP/1.0\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
             Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if answer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if answer.contains(" 429 ") {
            return Ok(false);
        }
        assert!(answer.contains(" 303 ") || answer.contains(" 204 "), "{button}: {answer}");
        Ok(true)
    }
}

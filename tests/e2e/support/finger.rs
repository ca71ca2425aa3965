//! A finger on the browser's screen, and screens of other sizes.
//!
//! A click that a script or an element's `click` makes is a mouse's: the pointer event, the mouse
//! events and the click come at once. Those of a finger come when it is lifted, one by one, and go to
//! whatever is there by then.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    time::Duration,
};

use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, PointerAction, TouchActions};
use serde_json::{Value, json};

use super::{Browser, pairing};

/// How long the driver may take to answer.
const ANSWER: Duration = Duration::from_secs(15);

/// Runs before the page's own scripts, so that no click is hidden from it.
const COUNT_CLICKS: &str = "window.clicks = 0;
    addEventListener('click', (event) => {
        if (event.isTrusted) setTimeout(() => (window.clicks += 1));
    }, true);";

/// Waits for the click of a touch, whatever becomes of it.
const WAIT_FOR_CLICK: &str = "const [wanted, done] = arguments;
    (function look() {
        if (window.clicks < wanted) return setTimeout(look, 1);
        window.clicks = 0;
        done('clicked');
    })();";

/// Where a touch on an element lands, scrolled to where that is needed; fails where something lies
/// over it.
const MIDDLE: &str = "const e = document.querySelector(SELECTOR);
    if (!e) return 'there is none';
    e.scrollIntoView({ block: 'nearest' });
    const r = e.getBoundingClientRect();
    const [x, y] = [r.left + r.width / 2, r.top + r.height / 2];
    const there = document.elementFromPoint(x, y);
    if (!there || !e.contains(there)) return `not in sight: ${x} ${y}`;
    return [x, y];";

impl Browser {
    /// Follows another panel's link.
    pub(crate) fn visit(&self, link: &str) {
        self.runtime.block_on(self.client.goto(&pairing::fresh(link))).unwrap();
    }

    /// Opens the page in this language, on a touch screen of the size that the driver gives it.
    pub(crate) fn reopen(&self, language: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": COUNT_CLICKS }));
        let touch = json!({ "enabled": true, "maxTouchPoints": 5 });
        self.devtools("Emulation.setTouchEmulationEnabled", &touch);
        let url = self.eval("return location.origin");
        let url = format!("{}/?lang={language}", url.as_str().unwrap());
        self.runtime.block_on(self.client.goto(&url)).unwrap();
        let is = "return [document.documentElement.lang, matchMedia('(pointer: coarse)').matches]";
        assert_eq!(self.eval(is), json!([language, true]));
    }

    /// From here on the screen has this size.
    pub(crate) fn resize(&self, width: u32, height: u32) {
        let size = json!({
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 400,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
        self.wait_until(&format!("innerWidth === {width} && innerHeight === {height}"));
    }

    /// Touches the middle of what this selector finds.
    pub(crate) fn touch(&self, selector: &str) {
        let middle = self.eval(&MIDDLE.replace("SELECTOR", &json!(selector).to_string()));
        let Some([x, y]) = middle.as_array().map(Vec::as_slice) else {
            panic!("{selector}: {middle}: {}", self.text());
        };
        self.touch_at(x.as_f64().unwrap(), y.as_f64().unwrap(), 1);
    }

    /// Touches this place so many times in quick succession, and waits for the last click.
    pub(crate) fn touch_at(&self, x: f64, y: f64, times: usize) {
        self.touch_all(&vec![(x, y); times]);
    }

    /// Touches these places, one right after the other, and waits for the last click.
    pub(crate) fn touch_all(&self, places: &[(f64, f64)]) {
        let finger = TouchActions::new("finger".into());
        let finger = places.iter().fold(finger, |finger, &(x, y)| {
            finger
                .then(PointerAction::MoveTo { duration: Some(Duration::ZERO), x, y })
                .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
                .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT })
        });
        self.runtime.block_on(self.client.perform_actions(finger)).unwrap();
        self.wait(WAIT_FOR_CLICK, json!(places.len()), &format!("clicks at {places:?}"));
    }

    /// Asks the browser for something that has no command of its own.
    fn devtools(&self, command: &str, parameters: &Value) {
        let session = self.runtime.block_on(self.client.session_id()).unwrap().unwrap();
        let body = json!({ "cmd": command, "params": parameters }).to_string();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(ANSWER)).unwrap();
        write!(
            stream,
            "POST /session/{session}/goog/cdp/execute HTTP/1.1\r\nHost: 127.0.0.1\r\n\
            Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        // The driver keeps the connection, whatever it is told.
        let mut stream = BufReader::new(stream);
        let (mut status, mut line, mut length) = (String::new(), String::new(), 0);
        stream.read_line(&mut status).unwrap();
        while stream.read_line(&mut line).unwrap() > 2 {
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut answer = vec![0; length];
        stream.read_exact(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(status.contains(" 200 "), "{command}: {status} {answer}");
    }
}

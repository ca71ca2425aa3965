//! A server that lets everybody sign in and never comes to the end of an answer.

use std::path::Path;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};

use crate::recorded::acceptor;

/// Listens until it is dropped.
pub struct Endless {
    port: u16,
    task: JoinHandle<()>,
}

/// What comes without end.
#[derive(Clone, Copy, Debug)]
pub enum Flood {
    /// References to other servers (RFC 4511 section 4.5.3).
    References,
    /// Entries.
    Entries,
    /// Intermediate responses (RFC 4511 section 4.13).
    Intermediate,
}

impl Endless {
    /// Speaks TLS with `cert.pem` and `key.pem` of the folder. A search is answered with this for as
    /// long as the connection stands.
    pub async fn start(folder: &Path, flood: Flood) -> Self {
        let acceptor = acceptor(folder);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let mut request = [0; 4096];
                    while let Ok(1..) = stream.read(&mut request).await {
                        // SEQUENCE { INTEGER id, [APPLICATION n] operation }; the length may be one
                        // of several bytes, the id is small.
                        let more = request[1].saturating_sub(0x80);
                        let at = 2 + usize::from(more);
                        let (id, operation) = (request[at + 2], request[at + 3]);
                        if operation == 0x60 {
                            let done = [0x61, 7, 10, 1, 0, 4, 0, 4, 0];
                            if stream.write_all(&message(id, &done)).await.is_err() {
                                return;
                            }
                            continue;
                        }
                        let part = match flood {
                            Flood::References => b"\x73\x0A\x04\x08ldap://x".to_vec(),
                            Flood::Entries => b"\x64\x0A\x04\x06uid=xx\x30\x00".to_vec(),
                            Flood::Intermediate => b"\x79\x05\x80\x031.2".to_vec(),
                        };
                        let parts = message(id, &part).repeat(50);
                        while stream.write_all(&parts).await.is_ok() {}
                        return;
                    }
                });
            }
        });
        Self { port, task }
    }

    /// As a server of the configuration.
    #[must_use]
    pub fn server(&self) -> String {
        format!("localhost:{}", self.port)
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn message(id: u8, operation: &[u8]) -> Vec<u8> {
    let len = u8::try_from(operation.len() + 3).unwrap();
    [&[0x30, len, 2, 1, id], operation].concat()
}

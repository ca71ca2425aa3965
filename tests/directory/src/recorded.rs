//! A server that gives recorded answers, whatever it is asked: for what neither Samba nor slapd
//! says.

use std::{fs::File, io::Read, path::Path, sync::Arc};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    task::JoinHandle,
};
use tokio_rustls::TlsAcceptor;

/// Listens until it is dropped.
pub struct Recorded {
    port: u16,
    task: JoinHandle<()>,
}

impl Recorded {
    /// Speaks TLS with `cert.pem` and `key.pem` of the folder, and answers each request with the
    /// next of these bytes; then it closes the connection.
    pub async fn start(folder: &Path, answers: Vec<Vec<u8>>) -> Self {
        let acceptor = acceptor(folder);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                let mut request = [0; 4096];
                for answer in &answers {
                    if !matches!(stream.read(&mut request).await, Ok(1..))
                        || stream.write_all(answer).await.is_err()
                    {
                        break;
                    }
                }
                // What came last is to be read before the end is seen.
                let _ = stream.read(&mut request).await;
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

/// TLS with `cert.pem` and `key.pem` of the folder.
pub(crate) fn acceptor(folder: &Path) -> TlsAcceptor {
    let mut pem = Vec::new();
    File::open(folder.join("cert.pem")).unwrap().read_to_end(&mut pem).unwrap();
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

impl Drop for Recorded {
    fn drop(&mut self) {
        self.task.abort();
    }
}

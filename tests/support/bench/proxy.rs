//! A line between the program and the sandbox whose connections can all be cut at once.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Passes bytes on until it is cut.
pub(crate) struct Proxy {
    address: SocketAddr,
    lines: Arc<Mutex<Vec<JoinHandle<()>>>>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

impl Proxy {
    /// Listens on a free port and passes on to `to`.
    pub(crate) async fn to(to: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let lines = Arc::<Mutex<Vec<JoinHandle<()>>>>::default();
        let kept = Arc::clone(&lines);
        let accepting = tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let line = tokio::spawn(async move {
                    if let Ok(mut far) = TcpStream::connect(to).await {
                        // A line that breaks is what this is for.
                        drop(tokio::io::copy_bidirectional(&mut near, &mut far).await);
                    }
                });
                kept.lock().unwrap().push(line);
            }
        });
        Self {
            address,
            lines,
            accepting,
        }
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn root(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts every connection; new ones are accepted.
    pub(crate) fn cut(&self) {
        for line in self.lines.lock().unwrap().drain(..) {
            line.abort();
        }
    }
}

//! The sandbox: a simulated Google People API and a simulated Zoho CRM on loopback, with sign-in pages and faults.
//!
//! It shares nothing with the connectors, so that it cannot share their mistakes.

mod admin;
mod clock;
mod cut;
pub mod faults;
pub mod http;
mod incoming;
mod log;
mod oauth;
mod pace;
mod page;
mod people;
mod seed;
mod server;
mod spoil;
pub mod tour;
pub mod zoho;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

pub use clock::{Clock, duration};
pub use faults::{Fault, FaultKind, FaultRule, Faults};
pub use log::{Entry, Recording, RequestLog};
pub use oauth::{CLIENT_ID, CLIENT_SECRET, FIXED_READONLY_TOKEN, FIXED_TOKEN, MAIN_ACCOUNT};
pub use people::{PeopleWorld, Switches};

use cut::{CuttableListener, Scissors};
use server::App;
use zoho::ZohoWorld;

/// How long answers take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Latency {
    /// As fast as it goes.
    #[default]
    None,
    /// 100 ms a read, 300 ms a mutation.
    Realistic,
}

/// What to serve.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for a free one. With another one, the next port serves the same, when it is free.
    pub port: u16,
    /// Contacts on each side.
    pub contacts: usize,
    /// Contacts in Google alone, when it is another number.
    pub google: Option<usize>,
    /// Contacts in the CRM alone, when it is another number.
    pub crm: Option<usize>,
    /// Of these, how many are the same people on both sides, by e-mail address.
    pub overlap: usize,
    /// Decides names, ids and chance.
    pub seed: u64,
    /// How long answers take.
    pub latency: Latency,
    /// Keeps request and answer bodies in the log.
    pub record: bool,
}

/// Everything behind the two services.
#[derive(Clone, Debug)]
pub struct World {
    /// The simulated Google.
    pub google: PeopleWorld,
    /// The simulated Zoho CRM.
    pub zoho: ZohoWorld,
    /// The fault rules.
    pub faults: Faults,
    /// The time.
    pub clock: Clock,
    /// The request log.
    pub log: RequestLog,
    pace: pace::Pace,
    traffic: Arc<pace::Traffic>,
    options: Options,
    base: String,
}

impl World {
    /// A world with the contacts that the options ask for.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let recording = if options.record {
            Recording::Bodies
        } else {
            Recording::Outlines
        };
        let mut world = Self {
            google: PeopleWorld::new(options.seed),
            zoho: ZohoWorld::new(options.seed),
            faults: Faults::new(options.seed),
            clock: Clock::default(),
            log: RequestLog::new(recording),
            pace: options.latency.into(),
            traffic: Arc::default(),
            options,
            base: String::new(),
        };
        seed::fill(&mut world);
        world
    }

    /// Tells both services their address, without a slash at the end.
    pub fn set_base(&mut self, base: &str) {
        base.clone_into(&mut self.base);
        self.google.set_base(base.to_owned());
        self.zoho.set_base(base.to_owned());
    }

    /// Contacts, switches, faults, clock and log as at the start; Google sign-ins stay valid.
    fn reset(&mut self) {
        let mut fresh = Self::new(Options {
            contacts: 0,
            google: None,
            crm: None,
            ..self.options
        });
        fresh.options = self.options;
        std::mem::swap(&mut fresh.google, &mut self.google);
        fresh.traffic = Arc::clone(&self.traffic);
        fresh.traffic.clear();
        fresh.google.reset(self.options.seed);
        seed::fill(&mut fresh);
        let base = std::mem::take(&mut self.base);
        *self = fresh;
        self.set_base(&base);
    }
}

/// A sandbox that is being served.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    stop: watch::Sender<()>,
    servers: Vec<JoinHandle<io::Result<()>>>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The world behind it. Do not hold the lock across a request.
    #[must_use]
    pub fn world(&self) -> Arc<Mutex<World>> {
        Arc::clone(&self.world)
    }

    /// Stops listening; requests under way have a second to end.
    pub async fn stop(self) {
        // Nobody listens any more when every server has ended by itself.
        let _ = self.stop.send(());
        for mut server in self.servers {
            if tokio::time::timeout(Duration::from_secs(1), &mut server)
                .await
                .is_err()
            {
                server.abort();
            }
        }
    }
}

/// Serves a sandbox on 127.0.0.1 until it is stopped or dropped. Fails when the port is taken.
pub async fn serve(options: Options) -> io::Result<Running> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    let second = match options.port.checked_add(1) {
        // The documented example profile names two ports; the second is a courtesy and may be taken.
        Some(next) if options.port != 0 => {
            TcpListener::bind((Ipv4Addr::LOCALHOST, next)).await.ok()
        }
        _ => None,
    };
    let mut world = tokio::task::spawn_blocking(move || World::new(options))
        .await
        .map_err(io::Error::other)?;
    world.set_base(&format!("http://{address}"));
    let traffic = Arc::clone(&world.traffic);
    let world = Arc::new(Mutex::new(world));
    let app = App::new(Arc::clone(&world));
    let (stop, stopped) = watch::channel(());
    let servers = std::iter::once(listener)
        .chain(second)
        .map(|listener| CuttableListener(listener, Arc::clone(&traffic)))
        .map(|listener| spawn(listener, app.clone(), stopped.clone()))
        .collect();
    Ok(Running {
        address,
        world,
        stop,
        servers,
    })
}

fn spawn(
    listener: CuttableListener,
    app: App,
    mut stopped: watch::Receiver<()>,
) -> JoinHandle<io::Result<()>> {
    let router = Router::new().fallback(server::answer).with_state(app);
    let service = router.into_make_service_with_connect_info::<Scissors>();
    tokio::spawn(async move {
        axum::serve(listener, service)
            .with_graceful_shutdown(async move {
                // An error says that the sender is gone, which means stop as well.
                let _ = stopped.changed().await;
            })
            .await
    })
}

//! `wss://`: with the right trust anchor it works, without it nothing is sent.

use crate::script::{Peer, Script};
use hongyan_client::{Client, ClientError, ClientOptions};
use rustls::{ClientConfig, RootCertStore, ServerConfig, pki_types::PrivateKeyDer};
use serde_json::json;
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;

struct Certified {
    acceptor: TlsAcceptor,
    trusting: Arc<ClientConfig>,
    distrustful: Arc<ClientConfig>,
}

fn certified() -> Certified {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let client = |roots: RootCertStore| {
        let builder = ClientConfig::builder_with_provider(provider.clone());
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        Arc::new(builder.with_root_certificates(roots).with_no_client_auth())
    };
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    Certified {
        acceptor: TlsAcceptor::from(Arc::new(server)),
        trusting: client(roots),
        distrustful: client(RootCertStore::empty()),
    }
}

#[tokio::test]
async fn a_trusted_server_is_spoken_to_and_another_is_not() {
    let (script, certified) = (Script::start().await, certified());
    let url = format!("wss://{}/ws", script.address);
    let options = ClientOptions { tls: Some(certified.trusting), ..ClientOptions::default() };
    let (client, mut peer) = tokio::join!(Client::connect_with(&url, options), async {
        let stream = certified.acceptor.accept(script.accept_tcp().await).await.unwrap();
        Peer::shake_hands(stream).await
    });
    let client = client.unwrap();
    let (total, ()) = tokio::join!(client.total_unread(), async {
        let request = peer.expect("conversation.totalUnread").await;
        peer.answer(&request, json!({"totalUnreadMessageCount": 5})).await;
    });
    assert_eq!(total, Ok(5));

    let options = ClientOptions { tls: Some(certified.distrustful), ..ClientOptions::default() };
    let (client, server) = tokio::join!(Client::connect_with(&url, options), async {
        certified.acceptor.accept(script.accept_tcp().await).await.map(drop)
    });
    assert!(matches!(client.unwrap_err(), ClientError::Connect(_)));
    assert!(server.is_err());
}

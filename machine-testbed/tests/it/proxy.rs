use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;

use machine_testbed::Proxy;

/// A server that sends ten bytes for every byte it gets.
fn echo() -> Proxy {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let target = server.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in server.incoming().flatten() {
            thread::spawn(move || {
                while stream.read_exact(&mut [0]).is_ok() && stream.write_all(&[7; 10]).is_ok() {}
            });
        }
    });
    Proxy::to(target).unwrap()
}

fn ask(stream: &mut TcpStream) -> std::io::Result<()> {
    stream.write_all(&[1])?;
    stream.read_exact(&mut [0; 10])
}

#[test]
fn it_relays_and_counts() {
    let proxy = echo();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    ask(&mut client).unwrap();
    ask(&mut client).unwrap();
    assert_eq!((proxy.connections(), proxy.sent(), proxy.received()), (1, 2, 20));
}

#[test]
fn it_cuts_in_the_middle_of_a_reply() {
    let proxy = echo();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    ask(&mut client).unwrap();
    proxy.cut_after(5);
    client.write_all(&[1]).unwrap();
    let mut rest = Vec::new();
    let _ = client.read_to_end(&mut rest);
    assert!(rest.len() <= 5);
    proxy.heal();
    ask(&mut TcpStream::connect(proxy.address()).unwrap()).unwrap();
}

#[test]
fn it_stalls_without_closing() {
    let proxy = echo();
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    proxy.stall_after(10);
    ask(&mut client).unwrap();
    client.set_read_timeout(Some(std::time::Duration::from_millis(100))).unwrap();
    let silent = ask(&mut client).unwrap_err();
    assert_eq!(silent.kind(), std::io::ErrorKind::WouldBlock);
    drop(proxy);
    client.set_read_timeout(None).unwrap();
    assert_eq!(client.read(&mut [0]).unwrap_or(0), 0);
}

#[test]
fn it_refuses_on_demand() {
    let proxy = echo();
    proxy.refuse(true);
    let mut client = TcpStream::connect(proxy.address()).unwrap();
    assert!(ask(&mut client).is_err());
    assert_eq!(proxy.connections(), 0);
    proxy.refuse(false);
    ask(&mut TcpStream::connect(proxy.address()).unwrap()).unwrap();
}

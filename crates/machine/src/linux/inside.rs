//! A socket of the server's inside a machine's network: the metadata service listens there, and nowhere else.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener};
use std::os::fd::AsFd;
use std::path::Path;

use kogumo_base::Trouble;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// Listens at that address, which the machine's loopback interface gets.
///
/// # Errors
/// The machine is gone, or something inside has the port.
pub(super) fn listen(network: &Path, address: Ipv4Addr, port: u16) -> Result<TcpListener, Trouble> {
    let network = network.to_owned();
    // A thread of its own: it enters the namespace and ends there.
    let entered = std::thread::Builder::new().name("metadata socket".to_owned()).spawn(move || {
        let namespace = File::open(&network).map_err(|e| Trouble::from_cause("the machine is gone", e))?;
        move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))
            .map_err(|e| Trouble::from_cause("cannot enter the machine's network", e))?;
        add_address(address)?;
        TcpListener::bind(SocketAddrV4::new(address, port))
            .map_err(|e| Trouble::from_cause(format!("cannot listen at {address} in the machine"), e))
    });
    let entered = entered.map_err(|e| Trouble::from_cause("no thread", e))?;
    entered.join().map_err(|_| Trouble::new("the thread for the metadata socket failed"))?
}

/// Gives the loopback interface a further address (netdevice(7)).
fn add_address(address: Ipv4Addr) -> Result<(), Trouble> {
    let failed = || Trouble::from_cause("cannot set an address", std::io::Error::last_os_error());
    // SAFETY: `request` is a structure of plain bytes for which zero is a value; the name has room for its end, the address
    // written into it is as large as the field, it lives through the calls, and the socket is closed here.
    #[allow(unsafe_code)]
    unsafe {
        let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if socket < 0 {
            return Err(failed());
        }
        let mut request: libc::ifreq = std::mem::zeroed();
        for (to, from) in request.ifr_name.iter_mut().zip(b"lo:kogumo") {
            *to = from.cast_signed();
        }
        let mut done = 0;
        for (call, value) in [(libc::SIOCSIFADDR, address), (libc::SIOCSIFNETMASK, Ipv4Addr::BROADCAST)] {
            let mut inner: libc::sockaddr_in = std::mem::zeroed();
            inner.sin_family = u16::try_from(libc::AF_INET).unwrap_or_default();
            inner.sin_addr.s_addr = u32::from_ne_bytes(value.octets());
            std::ptr::write((&raw mut request.ifr_ifru).cast::<libc::sockaddr_in>(), inner);
            done |= libc::ioctl(socket, call, &raw const request);
        }
        libc::close(socket);
        if done == 0 { Ok(()) } else { Err(failed()) }
    }
}

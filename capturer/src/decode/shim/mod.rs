//! Headers between link and network: tags and labels. To add one: a file with its decoder, and a line in [`SHIMS`].

mod backbone;
mod fabric_path;
mod mpls;
mod nsh;
pub(super) mod pppoe;
mod vlan;
mod vn_tag;

use super::{EtherType, Reader, Skip};
use crate::Packet;

/// Takes a header of at least one byte and says what follows.
pub(super) type Decoder = fn(&mut Reader<'_>, &mut Packet) -> Result<EtherType, Skip>;

/// Every such header, by the EtherType that announces it.
static SHIMS: &[(EtherType, Decoder)] = &[
    (EtherType::VLAN, vlan::decode),
    (EtherType::SERVICE_VLAN, vlan::decode),
    (EtherType::OLD_QINQ, vlan::decode),
    (EtherType::PPPOE_SESSION, pppoe::decode),
    (EtherType::MPLS, mpls::decode),
    (EtherType::MPLS_UPSTREAM, mpls::decode),
    (EtherType::BACKBONE, backbone::decode),
    (EtherType::FABRIC_PATH, fabric_path::decode),
    (EtherType::VN_TAG, vn_tag::decode),
    (EtherType::NSH, nsh::decode),
];

/// The decoder of an EtherType.
pub(super) fn find(ether_type: EtherType) -> Option<Decoder> {
    SHIMS.iter().find(|(announced, _)| *announced == ether_type).map(|(_, decoder)| *decoder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shim_advances() {
        for (ether_type, decoder) in SHIMS {
            let mut reader = Reader::new(&[0x45; 64], 64);
            let answer = decoder(&mut reader, &mut Packet::empty());
            assert!(answer.is_err() || reader.offset() > 0, "{ether_type:?}");
            assert!(decoder(&mut Reader::new(&[], 0), &mut Packet::empty()).is_err(), "{ether_type:?}");
        }
    }
}

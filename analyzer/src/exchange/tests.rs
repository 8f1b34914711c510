use std::net::{IpAddr, Ipv4Addr};

use capturer::decode::decode;
use capturer::{Frame, LinkType, Mac, Timestamp};

use super::*;
use crate::{Devices, LocalNetworks, Origin};

const CAMERA: Mac = Mac([2, 0, 0, 0, 0, 1]);
const ROUTER: Mac = Mac([2, 0, 0, 0, 0, 2]);
const PHONE: Mac = Mac([2, 0, 0, 0, 0, 3]);
const FAR: [u8; 4] = [47, 90, 240, 160];
const NEAR: [u8; 4] = [192, 168, 1, 7];

/// A frame with an IPv4 UDP packet of 8 bytes of payload, padded to 60.
fn udp((from, to): (Mac, Mac), (source, destination): ([u8; 4], [u8; 4]), ports: (u16, u16)) -> Vec<u8> {
    let mut bytes = [&to.0[..], &from.0, &[8, 0]].concat();
    bytes.extend([0x45, 0, 0, 36, 0, 0, 0, 0, 64, 17, 0, 0]);
    bytes.extend([source, destination].concat());
    bytes.extend([ports.0.to_be_bytes(), ports.1.to_be_bytes(), 16u16.to_be_bytes(), [0; 2]].concat());
    bytes.extend(*b"payload!");
    bytes.resize(60, 0);
    bytes
}

/// Shows a frame to somebody.
fn show<T>(bytes: &[u8], look: impl FnOnce(&Seen<'_>) -> T) -> T {
    let at = Timestamp::from_parts(1, 0);
    let link = LinkType::ETHERNET;
    let frame = Frame { number: 1, at, wire_len: bytes.len() as u32, link, bytes };
    let packet = decode(&frame).ok();
    look(&Seen { frame: &frame, packet: packet.as_ref() })
}

fn devices() -> Devices {
    Devices::read(&b"2:0:0:0:0:3 phone\n"[..], "list").unwrap()
}

fn size(key: &str, bytes: &[u8]) -> Option<u32> {
    show(bytes, |seen| key.parse::<Key>().unwrap().layer().size(seen))
}

#[test]
fn a_layer_has_the_length_it_states_else_the_frames() {
    let bytes = udp((CAMERA, ROUTER), (NEAR, FAR), (5000, 123));
    let of = |name: &str| size(&format!("{name}-snd"), &bytes);
    assert_eq!(
        [of("eth"), of("ip"), of("udp"), of("ntp"), of("all")].map(Option::unwrap),
        [60, 36, 16, 60, 60]
    );
    for other in ["arp", "ip6", "icmp", "icmp6", "tcp", "dns", "dhcp", "bootp", "http", "tls", "quic", "llc"]
    {
        assert_eq!(of(other), None, "{other}");
    }
    assert_eq!(size("llc-rcv", &[[1; 12].as_slice(), &[0, 38], &[0x42; 46]].concat()), Some(60));
}

#[test]
fn every_protocol_has_a_key_for_each_way_and_others_are_refused_with_the_list() {
    for layer in &LAYERS {
        for way in ["snd", "rcv", "oth"] {
            let text = format!("{}-{way}", layer.name);
            assert_eq!(text.to_uppercase().parse::<Key>().unwrap().to_string(), text);
        }
    }
    for wrong in ["ip", "ipx-snd", "ip-sent", "", "-snd"] {
        let error = wrong.parse::<Key>().unwrap_err().to_string();
        assert!(error.contains("icmp6") && error.contains("quic"), "{error}");
    }
}

#[test]
fn the_device_sends_and_all_else_is_received_or_between_others() {
    let subject = Subject::Devices(vec![CAMERA]);
    let way = |macs| show(&udp(macs, (NEAR, FAR), (1, 2)), |seen| subject.way(seen)).unwrap();
    assert_eq!(way((CAMERA, ROUTER)), Way::Sent);
    assert_eq!(way((ROUTER, CAMERA)), Way::Received);
    assert_eq!(way((ROUTER, Mac([0xff; 6]))), Way::Received);
    assert_eq!(way((ROUTER, PHONE)), Way::Between);
}

#[test]
fn without_hardware_addresses_the_way_is_told_by_addresses_or_networks() {
    let camera = [IpAddr::from(NEAR)].to_vec();
    let local = Subject::Local(LocalNetworks::private_and(Vec::new(), Origin::Assumed));
    let way = |subject: &Subject, ends| show(&udp((ROUTER, CAMERA), ends, (1, 2)), |seen| subject.way(seen));
    for subject in [Subject::Addresses(camera), local] {
        assert_eq!(way(&subject, (NEAR, FAR)), Some(Way::Sent));
        assert_eq!(way(&subject, (FAR, NEAR)), Some(Way::Received));
    }
    let stranger = Subject::Addresses(vec![IpAddr::V4(Ipv4Addr::new(9, 9, 9, 9))]);
    assert_eq!(way(&stranger, (NEAR, FAR)), None);
}

#[test]
fn a_partner_is_a_named_device_else_an_address_else_hardware() {
    let devices = devices();
    let of = |bytes: &[u8], way| show(bytes, |seen| Partner::of(seen, way, &devices)).title(&devices);
    assert_eq!(of(&udp((CAMERA, ROUTER), (NEAR, FAR), (1, 2)), Way::Sent), "47.90.240.160");
    assert_eq!(of(&udp((CAMERA, PHONE), (NEAR, FAR), (1, 2)), Way::Sent), "phone");
    assert_eq!(of(&udp((PHONE, CAMERA), (FAR, NEAR), (1, 2)), Way::Received), "phone");
    let lldp = [&[2, 0, 0, 0, 0, 9][..], &ROUTER.0[..], &[0x88, 0xcc][..], &[0; 46][..]].concat();
    assert_eq!(of(&lldp, Way::Received), "02:00:00:00:00:02");
}

#[test]
fn who_never_answers_is_told() {
    let devices = devices();
    let mut tally = Tally::new(Subject::Devices(vec![CAMERA]));
    let mut see = |bytes: Vec<u8>| show(&bytes, |seen| tally.observe(seen, &devices));
    see(udp((CAMERA, ROUTER), (NEAR, FAR), (1, 2)));
    see(udp((CAMERA, PHONE), (NEAR, NEAR), (1, 2)));
    see(udp((PHONE, CAMERA), (NEAR, NEAR), (1, 2)));
    let silent: Vec<Partner> = tally
        .partners()
        .filter(|(_, exchanged)| exchanged.is_unanswered())
        .map(|(partner, _)| partner)
        .collect();
    assert_eq!(silent, [Partner::Address(FAR.into())]);
}

#[test]
fn a_course_of_millions_stays_small_and_its_sums_exact() {
    let mut courses = Courses::new(1);
    for n in 0..1_500_000u32 {
        courses.add(n % 2, Timestamp::from_nanos(i64::from(n) * 1000), n % 1500);
    }
    let buckets: usize = courses.iter().map(|(_, course)| course.len()).sum();
    assert!(buckets <= 1 << 20 && courses.width() > 1, "{buckets}");
    let sum: u64 = courses.iter().flat_map(|(_, course)| course.values().map(|bucket| bucket.bytes)).sum();
    assert_eq!(sum, (0..1_500_000u64).map(|n| n % 1500).sum::<u64>());
    let mut other = Courses::new(1);
    other.add(0, Timestamp::from_nanos(5), 7);
    courses.merge(other);
    let packets: u64 =
        courses.iter().flat_map(|(_, course)| course.values().map(|bucket| bucket.packets)).sum();
    assert_eq!(packets, 1_500_001);
}

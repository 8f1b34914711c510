//! SMBGhost (CVE-2020-0796): a compressed SMB 3 message whose sizes overflow when they are added (MS-SMB2 §2.2.42).

use capturer::Timestamp;

use super::readers::smb;
use super::rule::Rule;
use super::{Context, Detector, Entry, Event, Group, Moments};
use crate::alert::{Party, Severity};

static RULE: Rule = Rule {
    id: "exploit.smbghost",
    title: "SMBGhost (CVE-2020-0796)",
    technique: "T1210",
    severity: Severity::High,
    most: Severity::Critical,
    sees: "a compressed SMB 3 message whose original size and offset overflow 32 bits, or whose offset is beyond 16 MiB",
    caveat: "An attempt: whether the server is open to it is not known.",
    sources: "MS-SMB2 §2.2.42, CVE-2020-0796",
    settings: &[],
    tell: |alert| format!("{} tried SMBGhost on {}", alert.who(), alert.whom()),
};

pub(super) const ENTRY: Entry =
    Entry { rules: &[&RULE], wants: Moments::BANNER, make: |_| Box::new(SmbGhost) };

struct SmbGhost;

impl Detector for SmbGhost {
    fn observe(&mut self, event: &Event<'_>, context: &mut Context<'_>) {
        let Some(compressed) = smb::compressed(event.payload).filter(smb::Compressed::overflows) else {
            return;
        };
        let port = event.packet.ports().unwrap_or_default().destination;
        let target = Party::service(event.packet.destination, port);
        let group = Group::between(Party::host(event.packet.source), target);
        let mut case = context.book.case(&RULE, group, event.at);
        case.count(1).frames([event.frame()]);
        case.figure("size", f64::from(compressed.size)).figure("offset", f64::from(compressed.offset));
    }

    fn advance(&mut self, _: Timestamp, _: &mut Context<'_>) {}
}

#[cfg(test)]
use super::scenes::{Scenario, Scene, ip};

#[cfg(test)]
pub(super) const SCENARIOS: &[Scenario] = {
    fn send(scene: &mut Scene, size: u32, offset: u32) {
        let mut message = b"\0\0\0\x20\xfcSMB".to_vec();
        message.extend(size.to_le_bytes());
        message.extend([1, 0, 0, 0]);
        message.extend(offset.to_le_bytes());
        message.extend([0; 16]);
        scene.talk((ip("203.0.113.5"), 50_000), (ip("192.0.2.1"), 445), (&message, b"\0\0\0\0"));
    }
    &[Scenario {
        rule: "exploit.smbghost",
        positive: |scene| send(scene, 0xffff_ffff, 0x10),
        negative: |scene| send(scene, 4096, 0x10),
    }]
};

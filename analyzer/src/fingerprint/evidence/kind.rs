//! The kinds of evidence: how they are called, how far they are to be believed, and whose word on the version counts first.

/// Where evidence comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// How it opens connections.
    Syn,
    /// How it answers them.
    SynAck,
    /// The order of the headers that its program asks with.
    HttpRequest,
    /// The order of the headers that its program answers with.
    HttpResponse,
    /// What its program calls itself when it asks.
    UserAgent,
    /// What its program calls itself when it answers, or greets.
    Server,
    /// What its browser says of its platform.
    ClientHints,
    /// What it asks for with its lease.
    Dhcp,
    /// How its SSH program greets.
    Ssh,
    /// What it says of itself in SMB and NTLM.
    Smb,
    /// How its programs begin TLS.
    Tls,
    /// What it announces by multicast DNS.
    Mdns,
    /// What it announces by SSDP.
    Ssdp,
    /// What it announces by NetBIOS.
    NetBios,
    /// What its packets' time to live began with.
    Ttl,
    /// What it pings with.
    IcmpEcho,
}

/// What is known of a kind.
struct Facts {
    kind: EvidenceKind,
    name: &'static str,
    /// How often it names a wrong family, in percent.
    wrong: u8,
    /// Whose label is shown: the highest.
    detail: u8,
}

/// How often each kind is wrong about the family, and why we think so. The measured ones are p0f's on public captures, where
/// 5 of 74 SYNs and 17 of 49 SYN+ACKs with a label had another family than the headers told, most of them other machines'
/// headers; the rest are judged beside them.
const FACTS: [Facts; 16] = [
    // Stacks are hard to forge, but translators and proxies show their own.
    facts(EvidenceKind::Syn, "syn", 7, 4),
    // The options of an answer follow those of the question, so it tells less.
    facts(EvidenceKind::SynAck, "syn+ack", 10, 3),
    // Programs are ported, and their order with them.
    facts(EvidenceKind::HttpRequest, "http request", 25, 1),
    facts(EvidenceKind::HttpResponse, "http response", 25, 1),
    // It can lie, and seldom does: of 32 clients' on those captures, one is contradicted by its time to live.
    facts(EvidenceKind::UserAgent, "user agent", 2, 12),
    // Often the origin's, behind a balancer.
    facts(EvidenceKind::Server, "server", 8, 8),
    facts(EvidenceKind::ClientHints, "client hints", 2, 14),
    // A client of the system itself asks, for its own address.
    facts(EvidenceKind::Dhcp, "dhcp", 3, 5),
    facts(EvidenceKind::Ssh, "ssh", 3, 10),
    // Samba speaks as Windows does.
    facts(EvidenceKind::Smb, "smb", 4, 15),
    // Libraries are ported.
    facts(EvidenceKind::Tls, "tls", 20, 2),
    facts(EvidenceKind::Mdns, "mdns", 4, 9),
    facts(EvidenceKind::Ssdp, "ssdp", 5, 7),
    facts(EvidenceKind::NetBios, "netbios", 10, 6),
    // A setting that hardly anybody changes.
    facts(EvidenceKind::Ttl, "ttl", 10, 0),
    facts(EvidenceKind::IcmpEcho, "icmp echo", 10, 0),
];

const fn facts(kind: EvidenceKind, name: &'static str, wrong: u8, detail: u8) -> Facts {
    Facts { kind, name, wrong, detail }
}

impl EvidenceKind {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        FACTS.iter().map(|facts| facts.kind)
    }

    /// The name in documents.
    pub const fn name(self) -> &'static str {
        self.facts().name
    }

    /// What it adds for each family that it fits: the logarithm of the odds that it is right.
    pub(crate) fn weight(self) -> f32 {
        let wrong = f32::from(self.facts().wrong) / 100.0;
        ((1.0 - wrong) / wrong).ln()
    }

    /// The kind that stands for all of the same source: one stack opens and answers, one browser says both.
    pub(crate) const fn source(self) -> Self {
        match self {
            Self::SynAck => Self::Syn,
            Self::ClientHints => Self::UserAgent,
            Self::HttpResponse => Self::Server,
            other => other,
        }
    }

    /// How much its label says; the highest is shown.
    pub(crate) const fn detail(self) -> u8 {
        self.facts().detail
    }

    const fn facts(self) -> &'static Facts {
        &FACTS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_stands_at_its_place_and_is_right_more_often_than_not() {
        for (at, facts) in FACTS.iter().enumerate() {
            assert_eq!(facts.kind as usize, at, "{}", facts.name);
            assert!(facts.kind.weight() > 1.0, "{}", facts.name);
        }
    }

    #[test]
    fn the_document_has_each_kind_with_how_often_it_is_wrong() {
        let document = include_str!("../../../../docs/FINGERPRINTS.md");
        for facts in &FACTS {
            assert!(document.contains(&format!("| {} | {} | ", facts.name, facts.wrong)), "{}", facts.name);
        }
    }
}

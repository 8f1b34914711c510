"""Frames and who sends them: onto the scenario's interface in real time or, for what takes hours, into a capture with
times of its own. Standard library only. Formats: RFC 791, 793, 768, 792, 4443, 826, 8200, 9260.

The runner says in the environment who is who: ATTACKER and VICTIM (and ATTACKER6, VICTIM6) are the two ends of a link, NET
is their /24 and FAR another behind the victim, where nobody answers, both as three numbers; OUT is the interface.
"""
import os
import socket
import struct
import time

ATTACKER, VICTIM = os.environ["ATTACKER"], os.environ["VICTIM"]
ATTACKER6, VICTIM6 = os.environ["ATTACKER6"], os.environ["VICTIM6"]
NET, FAR = os.environ["NET"], os.environ["FAR"]
VICTIM_MAC = bytes.fromhex(os.environ["VICTIM_MAC"].replace(":", ""))
OWN_MAC = bytes.fromhex(os.environ["ATTACKER_MAC"].replace(":", ""))
#: A station that no kernel is: for conversations of which this side plays both ends.
NOBODY = bytes.fromhex("020000000099")
BROADCAST = b"\xff" * 6

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
#: MSS, SACK permitted, timestamp, no-op, window scale: the SYN of an operating system.
OPTIONS = b"\x02\x04\x05\xb4\x04\x02\x08\x0a" + bytes(8) + b"\x01\x03\x03\x07"


class Wire:
    """Where frames go: the interface, or the capture that PCAP names."""

    def __init__(self):
        self.clock = 1_700_000_000.0
        self.file = self.socket = None
        if path := os.environ.get("PCAP"):
            self.file = open(path, "wb")
            self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        else:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
            self.socket.bind((os.environ["OUT"], 0))

    def send(self, frame):
        if self.socket:
            self.socket.send(frame)
            return
        micros = round(self.clock * 1e6)
        self.file.write(struct.pack("<IIII", micros // 10**6, micros % 10**6, len(frame), len(frame)) + frame)
        self.file.flush()

    def wait(self, seconds):
        if self.socket:
            time.sleep(seconds)
        else:
            self.clock += seconds

    def pour(self, frames, rate):
        """So many frames a second, in portions of a hundredth."""
        began, sent = time.monotonic(), 0
        for frame in frames:
            self.send(frame)
            sent += 1
            if self.file:
                self.clock += 1 / rate
            elif sent / rate > time.monotonic() - began:
                time.sleep(0.01)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def ethernet(payload, kind=0x0800, to=None, by=None):
    return (to or VICTIM_MAC) + (by or OWN_MAC) + struct.pack("!H", kind) + payload


def ip(ends, protocol, payload, ttl=64, fragment=0, identification=0, **link):
    """An IPv4 or, between such addresses, IPv6 packet in a frame. `fragment`: flags and offset as in the header."""
    source, destination = map(address, ends)
    if len(source) == 16:
        header = struct.pack("!IHBB", 0x60000000, len(payload), protocol, ttl) + source + destination
        return ethernet(header + payload, 0x86DD, **link)
    def header(check):
        return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), identification, fragment, ttl, protocol, check) + source + destination
    return ethernet(header(checksum(header(0))) + payload, **link)


def pseudo(ends, protocol, length):
    source, destination = map(address, ends)
    return source + destination + struct.pack("!IHBB", length, 0, 0, protocol)


def udp(ends, ports, payload, **more):
    def datagram(check):
        return struct.pack("!HHHH", *ports, 8 + len(payload), check) + payload
    check = checksum(pseudo(ends, 17, 8 + len(payload)) + datagram(0)) or 0xFFFF
    return ip(ends, 17, datagram(check), **more)


def tcp(ends, ports, flags, payload=b"", numbers=(1, 0), options=b"", **more):
    def segment(check):
        offset = (5 + len(options) // 4) << 12
        return struct.pack("!HHIIHHHH", *ports, *numbers, offset | flags, 1024, check, 0) + options + payload
    return ip(ends, 6, segment(checksum(pseudo(ends, 6, len(segment(0))) + segment(0))), **more)


def icmp(ends, kind, code, rest, payload=b"", **more):
    """`rest` are the four bytes after the checksum."""
    protocol = 58 if ":" in ends[0] else 1
    def message(check):
        return struct.pack("!BBH", kind, code, check) + rest + payload
    over = pseudo(ends, 58, len(message(0))) if protocol == 58 else b""
    return ip(ends, protocol, message(checksum(over + message(0))), **more)


def echo(ends, number, payload, asks=True, **more):
    return icmp(ends, 8 if asks else 0, 0, struct.pack("!HH", 7, number), payload, **more)


def arp(operation, sender, target, to=BROADCAST):
    """`sender` and `target`: hardware address and IPv4 address."""
    message = struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
    return ethernet(message + sender[0] + address(sender[1]) + target[0] + address(target[1]), 0x0806, to, sender[0])


def station(n):
    """A hardware address of nobody's."""
    return b"\x02\x00\x5e\x10" + struct.pack("!H", n)


def stranger(n):
    """One of very many addresses that are far away."""
    return socket.inet_ntoa(struct.pack("!I", 0x2D000000 + n * 0x9E3779B1 % 0x01000000))

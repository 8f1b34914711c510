#!/usr/bin/env python3
"""What the victim serves, as far as the scenarios ask: each service says a few words of its protocol, and lets nobody in.
Prints `ready` when all ports are open."""
import asyncio
import struct

HELLO = {21: b"220 ready\r\n", 22: b"SSH-2.0-server\r\n", 23: b"login: ", 25: b"220 mail\r\n", 110: b"+OK\r\n", 143: b"* OK ready\r\n",
         5900: b"RFB 003.008\n"}


def wrap(tag, body):
    return bytes([tag, len(body)]) + body


def kerberos_error(code):
    fields = wrap(0xA0, b"\2\1\5") + wrap(0xA1, b"\2\1\x1e") + wrap(0xA6, bytes([2, 1, code]))
    return wrap(0x7E, wrap(0x30, fields))


def smb(status):
    """The answer to SESSION_SETUP (MS-SMB2 §2.2.6)."""
    header = b"\xfeSMB" + struct.pack("<HHIHHI", 64, 0, status, 1, 1, 1)
    return struct.pack("!I", 64) + header.ljust(64, b"\0")


def line(port, said):
    """The answer to a line of FTP, SMTP, POP3, IMAP or Telnet; `None` says nothing."""
    word = said.split(b" ")[0].strip().upper()
    if port == 21:
        return {b"USER": b"331 password?\r\n", b"PASS": b"530 Login incorrect.\r\n"}.get(word, b"500 what?\r\n")
    if port in (25, 587):
        if word == b"EHLO":
            return b"250-mail\r\n250 AUTH LOGIN PLAIN\r\n"
        return b"535 5.7.8 authentication failed\r\n" if word == b"AUTH" else b"250 fine\r\n"
    if port == 110:
        return b"-ERR authentication failed\r\n" if word == b"PASS" else b"+OK\r\n"
    if port == 143:
        return said.split(b" ")[0] + (b" NO LOGIN failed\r\n" if b"LOGIN" in said else b" OK done\r\n")
    return b"Password: " if said.startswith(b"user") else b"\r\nLogin incorrect\r\nlogin: "


async def lines(port, reader, writer):
    while said := await reader.readline():
        writer.write(line(port, said))


async def ssh(_, reader, writer):
    """Two kilobytes of key exchange, and then no; OpenSSH gets in and has copied what it sends."""
    said = await reader.read(4096)
    while len(said) < 1500 and (some := await reader.read(4096)):
        said += some
    inside = b"OpenSSH" in said
    while inside and (some := await reader.read(65536)):
        said += some
    writer.write(b"\1" * (len(said) // 2 if inside else 1900))


async def rdp(_, reader, writer):
    while await reader.read(4096):
        writer.write(b"\3\0\0\x13" + b"\1" * 400)


async def vnc(_, reader, writer):
    await reader.readexactly(12)
    writer.write(b"\1\2")
    await reader.readexactly(1)
    writer.write(b"\7" * 16)
    await reader.readexactly(16)
    writer.write(b"\0\0\0\1\0\0\0\6failed")


async def smb_server(_, reader, writer):
    while await reader.read(4096):
        writer.write(smb(0xC000006D))


async def tls(_, reader, writer):
    """To a heartbeat a server of 2014 answers with what it has in memory; to anything else it says no."""
    while said := await reader.read(4096):
        writer.write(b"\x18\3\3\x40\0\2\x3f\xed" + b"\7" * 4000 if said[0] == 24 else b"\x15\3\3\0\2\2\x28")


def page(head):
    """Status and body for a request's head."""
    path = head.split(b" ")[1] if head.count(b" ") > 1 else b"/"
    if path.startswith(b"/private"):
        return b"401 Unauthorized", b"no"
    if path.startswith(b"/missing"):
        return b"404 Not Found", b"no"
    return b"200 OK", b"x" * (100_000 if path.startswith(b"/large") else 200)


async def http(_, reader, writer):
    while True:
        head = await reader.readuntil(b"\r\n\r\n")
        status, body = page(head)
        writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        await writer.drain()
        if b"close" in head:
            return


async def stratum(_, reader, writer):
    while await reader.readline():
        writer.write(b'{"id":1,"result":true,"error":null}\n')


async def sink(_, reader, writer):
    while await reader.read(65536):
        pass
    writer.write(b"done")


def dns(message, over_tcp=False):
    """An answer: nobody is below `missing`, `rebind` is outside and then inside, a zone has one name, the rest is one host."""
    end = message.index(b"\0", 12) + 5
    asked, kind = message[12:end], struct.unpack("!H", message[end - 4:end - 2])[0]
    def reply(code, *records):
        return message[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0) + asked + b"".join(records)
    def record(kind, data):
        return b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data
    if b"\7missing" in asked:
        return reply(3)
    if kind == 252 and over_tcp:
        soa = record(6, b"\xc0\x0c\xc0\x0c" + bytes(20))
        return reply(0, soa, record(1, bytes([192, 0, 2, 7])), soa)
    if kind == 16:
        return reply(0, record(16, b"\xc8" + b"a" * 200))
    dns.asked += b"\6rebind" in asked
    inside = b"\6rebind" in asked and dns.asked > 1
    return reply(0, record(1, bytes([192, 168, 1, 1] if inside else [203, 0, 113, 80])))


dns.asked = 0


async def dns_stream(_, reader, writer):
    while True:
        length = struct.unpack("!H", await reader.readexactly(2))[0]
        answer = dns(await reader.readexactly(length), over_tcp=True)
        writer.write(struct.pack("!H", len(answer)) + answer)


def sip(message):
    sequence = next(line for line in message.split(b"\r\n") if line.startswith(b"CSeq"))
    method = message.split(b" ")[0]
    return b"SIP/2.0 %s\r\n%s\r\n\r\n" % (b"401 Unauthorized" if method == b"REGISTER" else b"200 OK", sequence)


def ntp(message):
    return b"\x24" + message[1:48]


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self, answer):
        self.answer = answer

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, sender):
        try:
            self.transport.sendto(self.answer(data), sender)
        except (IndexError, StopIteration, ValueError, struct.error):
            pass


STREAMS = {21: lines, 22: ssh, 23: lines, 25: lines, 53: dns_stream, 80: http, 110: lines, 143: lines, 443: tls, 445: smb_server, 587: lines,
           3333: stratum, 3389: rdp, 5900: vnc, 5201: sink}
DATAGRAMS = {53: dns, 88: lambda _: kerberos_error(6), 123: ntp, 5060: sip, 5201: lambda data: data}


def service(port, handle):
    async def serve(reader, writer):
        try:
            writer.write(HELLO.get(port, b""))
            await handle(port, reader, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, IndexError, ValueError):
            pass
        finally:
            writer.close()
    return serve


async def main():
    loop = asyncio.get_running_loop()
    for port, handle in STREAMS.items():
        await asyncio.start_server(service(port, handle), None, port, backlog=1024)
    for port, answer in DATAGRAMS.items():
        await loop.create_datagram_endpoint(lambda answer=answer: Datagrams(answer), ("0.0.0.0", port))
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

// Captures of our own: frames built byte by byte, so that a story knows what is in them.
import { Buffer } from "node:buffer";

const u8 = (...values) => Buffer.from(values);
const u16 = (value) => u8((value >> 8) & 255, value & 255);
const u24 = (value) => u8((value >> 16) & 255, (value >> 8) & 255, value & 255);
const u32 = (value) => Buffer.concat([u16(value >>> 16), u16(value & 65535)]);
const ip = (address) => u8(...address.split(".").map(Number));
const bytes = (text) => Buffer.from(text, "latin1");

/** A little-endian pcap of Ethernet frames; `gap` in microseconds. */
export function pcap(frames, { start = 1_760_000_000, gap = 1000 } = {}) {
  const le = (value) => { const out = Buffer.alloc(4); out.writeUInt32LE(value >>> 0); return out; };
  const head = Buffer.concat([le(0xa1b2c3d4), le(0x00040002), le(0), le(0), le(65535), le(1)]);
  return Buffer.concat([head, ...frames.map((frame, index) => Buffer.concat([le(start + Math.floor((index * gap) / 1e6)), le((index * gap) % 1e6), le(frame.length), le(frame.length), frame]))]);
}

const ethernet = (from, to, payload) => Buffer.concat([u8(2, 1), ip(to), u8(2, 1), ip(from), u16(0x0800), payload]);
function ipv4(from, to, protocol, payload) {
  const head = Buffer.concat([u8(0x45, 0), u16(20 + payload.length), u16(1), u16(0x4000), u8(64, protocol), u16(0), ip(from), ip(to)]);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += head.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  head.writeUInt16BE(~sum & 0xffff, 10);
  return ethernet(from, to, Buffer.concat([head, payload]));
}
export const udp = (from, to, [sport, dport], payload) => ipv4(from, to, 17, Buffer.concat([u16(sport), u16(dport), u16(8 + payload.length), u16(0), payload]));
export const tcp = (from, to, [sport, dport], flags, [seq, ack], payload = u8()) => ipv4(from, to, 6, Buffer.concat([u16(sport), u16(dport), u32(seq), u32(ack), u8(0x50, flags), u16(65535), u16(0), u16(0), payload]));

/** A whole conversation: handshake, what the client says, what the server says. */
export function talk(client, server, port, said, answered = u8(), sport = 40_000) {
  const there = [sport, port], back = [port, sport];
  return [
    tcp(client, server, there, 2, [100, 0]), tcp(server, client, back, 18, [900, 101]), tcp(client, server, there, 16, [101, 901]),
    ...(said.length ? [tcp(client, server, there, 24, [101, 901], said)] : []),
    ...(answered.length ? [tcp(server, client, back, 24, [901, 101 + said.length], answered)] : []),
  ];
}

export const request = (path, headers) => bytes(`GET ${path} HTTP/1.1\r\n${Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`);
export const response = (server) => bytes(`HTTP/1.1 200 OK\r\nServer: ${server}\r\nContent-Length: 0\r\n\r\n`);
export const line = (text) => bytes(`${text}\r\n`);

/** A TLS ClientHello that asks for this name (RFC 8446 §4.1.2, RFC 6066 §3). */
export function hello(name) {
  const host = bytes(name);
  const sni = Buffer.concat([u16(0), u16(host.length + 5), u16(host.length + 3), u8(0), u16(host.length), host]);
  const body = Buffer.concat([u16(0x0303), Buffer.alloc(32, 7), u8(0), u16(2), u16(0x1301), u8(1, 0), u16(sni.length), sni]);
  const handshake = Buffer.concat([u8(1), u24(body.length), body]);
  return Buffer.concat([u8(22), u16(0x0301), u16(handshake.length), handshake]);
}

const label = (text) => { const out = bytes(text).subarray(0, 63); return Buffer.concat([u8(out.length), out]); };
const name = (labels) => Buffer.concat([...labels.map(label), u8(0)]);
/** A DNS answer (RFC 1035 §4): these labels have this address, and its pointer these again. */
export const dns = (labels, address) => Buffer.concat([u16(1), u16(0x8180), u16(1), u16(2), u16(0), u16(0), name(labels), u16(1), u16(1),
  u16(0xc00c), u16(1), u16(1), u32(600), u16(4), ip(address), u16(0xc00c), u16(16), u16(1), u32(600), u16(label(labels[0]).length), label(labels[0])]);
/** A multicast DNS answer: this host has this address. */
export const mdns = (labels, address) => Buffer.concat([u16(0), u16(0x8400), u16(0), u16(1), u16(0), u16(0), name(labels), u16(1), u16(0x8001), u32(120), u16(4), ip(address)]);
/** A DHCP request (RFC 2131) with host name (12) and vendor class (60). */
export function dhcp(host, vendor, address) {
  const option = (code, value) => { const out = bytes(value).subarray(0, 255); return Buffer.concat([u8(code, out.length), out]); };
  const fixed = Buffer.concat([u8(1, 1, 6, 0), u32(7), u32(0), ip(address), Buffer.alloc(12), u8(2, 1), ip(address), Buffer.alloc(10 + 64 + 128), u32(0x63825363)]);
  return Buffer.concat([fixed, u8(53, 1, 3), option(12, host), option(60, vendor), u8(50, 4), ip(address), u8(255)]);
}
/** A NetBIOS name registration (RFC 1002 §4.2.2). */
export function netbios(host, address) {
  const padded = Buffer.concat([bytes(host.toUpperCase()).subarray(0, 15), Buffer.alloc(15, 32)]).subarray(0, 15);
  const half = Buffer.from([...padded, 0].flatMap((byte) => [65 + (byte >> 4), 65 + (byte & 15)]));
  return Buffer.concat([u16(9), u16(0x2910), u16(1), u16(0), u16(0), u16(1), u8(32), half, u8(0), u16(32), u16(1), u16(0xc00c), u16(32), u16(1), u32(300), u16(6), u16(0), ip(address)]);
}
export const ssdp = (server) => bytes(`NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nNT: upnp:rootdevice\r\nNTS: ssdp:alive\r\nSERVER: ${server}\r\nUSN: uuid:1\r\nLOCATION: http://x/\r\n\r\n`);

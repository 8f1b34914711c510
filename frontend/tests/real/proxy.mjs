// A line of so many bits a second before a server: both directions, all connections together, WebSockets included (what browsers
// emulate themselves leaves these out).
import { createServer, connect } from "node:net";
import { later } from "./stage.mjs";

const TICK_MS = 50;
/** Bytes that a router on the way would hold. */
const QUEUE = 8 * 1024;

/** Set `bits` (a second) and `server` (its port) at any time. */
export async function slowLine() {
  const line = { bits: Infinity, server: 0 };
  const queues = new Set();
  const sockets = new Set();
  const carry = (from, to) => {
    const queue = { to, chunks: [], bytes: 0, from };
    queues.add(queue);
    from.on("data", (chunk) => {
      queue.chunks.push(chunk);
      queue.bytes += chunk.length;
      if (queue.bytes > QUEUE) from.pause();
    });
    const end = () => (queues.delete(queue), from.destroy(), to.destroy());
    for (const socket of [from, to]) (sockets.add(socket), socket.on("error", end), socket.on("close", end));
  };
  const server = createServer((client) => {
    const upstream = connect({ port: line.server, host: "127.0.0.1" });
    carry(client, upstream);
    carry(upstream, client);
  });
  const timer = setInterval(() => {
    let budget = line.bits === Infinity ? Infinity : (line.bits / 8) * (TICK_MS / 1000);
    for (const queue of [...queues].sort(() => Math.random() - 0.5)) {
      while (queue.chunks.length > 0 && budget > 0) {
        const chunk = queue.chunks.shift();
        const part = chunk.subarray(0, Math.max(1, Math.floor(Math.min(chunk.length, budget))));
        if (part.length < chunk.length) queue.chunks.unshift(chunk.subarray(part.length));
        budget -= part.length;
        queue.bytes -= part.length;
        queue.to.write(part);
      }
      if (queue.bytes <= QUEUE) queue.from.resume();
    }
  }, TICK_MS);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  later(() => {
    clearInterval(timer);
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return Object.assign(line, { port: server.address().port });
}

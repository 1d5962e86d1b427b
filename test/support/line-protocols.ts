// Just enough of a mail server and of a database to be met by the real clients: both begin in clear, and are upgraded.
import { createServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";

/** Takes a socket and what was read from it behind the command; gives its secure one. */
type Upgrade = (socket: Socket, head: Uint8Array) => Duplex;

/** @param heard each mail's lines, and what was secure when it came. */
export function mailServer(upgrade: Upgrade, heard: (mail: string, secure: boolean) => void): Server {
  return createServer((socket) => {
    socket.on("error", () => {});
    speakMail(socket, heard, "220 mail.test ESMTP", (rest) => speakMail(upgrade(socket, rest), heard));
  });
}

/** @param startTls undefined: it is secure already. @param greeting undefined: behind STARTTLS there is none. */
export function speakMail(
  stream: Duplex,
  heard: (mail: string, secure: boolean) => void,
  greeting?: string,
  startTls?: (rest: Uint8Array) => void,
): void {
  let pending = "";
  let mail: string | undefined;
  const say = (line: string): void => void stream.write(`${line}\r\n`);
  const onData = (data: Buffer): void => {
    pending += data.toString("latin1");
    for (let end = pending.indexOf("\r\n"); end >= 0; end = pending.indexOf("\r\n")) {
      const line = pending.slice(0, end);
      pending = pending.slice(end + 2);
      if (mail !== undefined) {
        if (line === ".") {
          heard(mail, startTls === undefined);
          mail = undefined;
          say("250 kept");
        } else {
          mail += `${line}\n`;
        }
      } else if (/^EHLO/i.test(line)) {
        say(startTls === undefined ? "250 mail.test" : "250-mail.test\r\n250 STARTTLS");
      } else if (/^STARTTLS$/i.test(line)) {
        stream.off("data", onData);
        say("220 go ahead");
        startTls?.(Buffer.from(pending, "latin1"));
        return;
      } else if (/^DATA$/i.test(line)) {
        mail = "";
        say("354 go on");
      } else if (/^QUIT$/i.test(line)) {
        stream.end("221 bye\r\n");
      } else {
        say("250 ok");
      }
    }
  };
  stream.on("data", onData).on("error", () => {});
  if (greeting !== undefined) say(greeting);
}

const sslRequest = Buffer.from("0000000804d2162f", "hex");

/** Answers each query with one row, its own text, whose column is called `echo`. */
export function database(upgrade: Upgrade): Server {
  return createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", (first: Buffer) => {
      if (first.subarray(0, 8).equals(sslRequest)) {
        socket.write("S");
        speakPostgres(upgrade(socket, first.subarray(8)));
      } else {
        socket.destroy();
      }
    });
  });
}

function speakPostgres(stream: Duplex): void {
  let pending = Buffer.alloc(0);
  let started = false;
  const ready = message("Z", Buffer.from("I"));
  stream
    .on("error", () => {})
    .on("data", (data: Buffer) => {
      pending = Buffer.concat([pending, data]);
      for (;;) {
        const header = started ? 1 : 0;
        if (pending.length < header + 4) return;
        const length = header + pending.readUInt32BE(header);
        if (pending.length < length) return;
        const type = started ? pending.toString("latin1", 0, 1) : "startup";
        const body = pending.subarray(header + 4, length);
        pending = pending.subarray(length);
        started = true;
        if (type === "startup") stream.write(Buffer.concat([message("R", uint32(0)), ready]));
        else if (type === "Q") stream.write(Buffer.concat([...row(body.subarray(0, -1)), message("C", zero("SELECT 1")), ready]));
        else if (type === "X") stream.end();
      }
    });
}

function row(value: Buffer): Buffer[] {
  const text = 25;
  const column = Buffer.concat([zero("echo"), uint32(0), uint16(0), uint32(text), uint16(0xffff), uint32(0xffffffff), uint16(0)]);
  return [
    message("T", Buffer.concat([uint16(1), column])),
    message("D", Buffer.concat([uint16(1), uint32(value.length), value])),
  ];
}
function message(type: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(type), uint32(body.length + 4), body]);
}
function zero(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}
function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}
function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

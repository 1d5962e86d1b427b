// Which names the local CA is good for: none that leads beyond this machine and its neighbours. Who forgets it in a trust store,
// or loses its key, has not given away the web.
import { BlockList, isIP } from "node:net";

/** Each with all that is below it. RFC 6761, RFC 6762, RFC 8375, and ICANN's `internal`. */
const domains = ["localhost", "local", "test", "internal", "home.arpa"] as const;

/** Loopback, link-local and private (RFC 1122, 3927, 1918, 4193, 4291): address and length of the prefix. */
const networks = [
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["::1", 128],
  ["fe80::", 10],
  ["fc00::", 7],
] as const;

/** In words, for people. */
export const permittedInWords: string = `${domains.join(", ")} and what is below them; addresses of loopback and of private networks`;

/** Whether the CA may issue for it: a DNS name in lower case, or an IP address. */
export function isPermitted(name: string): boolean {
  const family = isIP(name);
  if (family !== 0) return private_.check(name, family === 4 ? "ipv4" : "ipv6");
  return isHostName(name) && domains.some((domain) => name === domain || name.endsWith(`.${domain}`));
}

const private_ = new BlockList();
for (const [address, length] of networks) private_.addSubnet(address, length, isIP(address) === 4 ? "ipv4" : "ipv6");

const isHostName = (name: string): boolean =>
  name.length <= 253 && name.split(".").every((label) => /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(label));

/** NameConstraints (RFC 5280 §4.2.1.10) with just these permitted. */
export function nameConstraints(): Uint8Array<ArrayBuffer> {
  const dns = domains.map((domain) => der(0x30, der(0x82, Buffer.from(domain, "latin1"))));
  const ip = networks.map(([address, length]) => der(0x30, der(0x87, Buffer.concat([octets(address), mask(address, length)]))));
  return Uint8Array.from(der(0x30, der(0xa0, Buffer.concat([...dns, ...ip]))));
}

function octets(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split(".").map(Number));
  // What is in the list has its zeros at one end.
  const [head = "", tail = ""] = address.split("::");
  const bytes = Buffer.alloc(16);
  if (head !== "") bytes.writeUInt16BE(Number.parseInt(head, 16), 0);
  if (tail !== "") bytes.writeUInt16BE(Number.parseInt(tail, 16), 14);
  return bytes;
}
function mask(address: string, length: number): Buffer {
  const bytes = Buffer.alloc(isIP(address) === 4 ? 4 : 16);
  for (let bit = 0; bit < length; bit++) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  return bytes;
}

function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}

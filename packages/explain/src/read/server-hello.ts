import { type Registered, registered } from "@sallyport/core";
import { Cursor } from "./cursor.ts";

/** What a server chose. */
export interface ServerHello {
  readonly version: Registered;
  readonly suite: Registered;
  /** TLS 1.3. */
  readonly group: Registered | undefined;
  readonly isRetry: boolean;
  readonly extensions: readonly Registered[];
  /** RFC 9846 §4.2.3: the server could have done more than it says it was asked for. */
  readonly saysDowngraded: boolean;
}

/** Of a whole message, its header included; undefined: it is not one. */
export function readServerHello(message: Uint8Array): ServerHello | undefined {
  const cursor = new Cursor(message.subarray(4));
  const legacy = cursor.number(2);
  const random = cursor.take(32);
  const sessionId = cursor.vector(1);
  const suite = cursor.number(2);
  const compression = cursor.number(1);
  if (
    legacy === undefined ||
    random === undefined ||
    sessionId === undefined ||
    suite === undefined ||
    compression === undefined
  ) {
    return undefined;
  }
  let version = legacy;
  let group: number | undefined;
  const extensions: Registered[] = [];
  const block = new Cursor(cursor.vector(2) ?? new Uint8Array(0));
  while (block.left > 0) {
    const type = block.number(2);
    const body = block.vector(2);
    if (type === undefined || body === undefined) break;
    extensions.push(registered("extension", type));
    if (type === supportedVersions) version = new Cursor(body).number(2) ?? version;
    if (type === keyShare) group = new Cursor(body).number(2);
  }
  const end = String.fromCharCode(...random.subarray(24, 31));
  return {
    version: registered("version", version),
    suite: registered("suite", suite),
    group: group === undefined ? undefined : registered("group", group),
    isRetry: random[0] === 0xcf && random[1] === 0x21 && random[2] === 0xad && random[31] === 0x9c,
    extensions,
    saysDowngraded: end === "DOWNGRD",
  };
}

const supportedVersions = 43;
const keyShare = 51;

// Alerts as logs spell them: `handshake_failure`, `handshake failure`, `HandshakeFailure`, `alert number 40`, `[40]`.
import { registered } from "@sallyport/core";
import type { AlertSeen } from "../evidence.ts";

/** @param line in lower case */
export function alertInLine(line: string): AlertSeen | undefined {
  const at = line.search(/alert|remote error: tls:/);
  if (at < 0) return undefined;
  const number = numbered(line.slice(at)) ?? spelledOut(line.slice(at));
  if (number === undefined) return undefined;
  const level = /\bwarning\b/.test(line) ? "warning" : "fatal";
  return { number, level, from: /\b(sent|sending|send|we sent|writing)\b/.test(line) ? "this side" : "peer" };
}

function numbered(rest: string): number | undefined {
  const written =
    /^alert (?:number |message[^0-9]{0,20}|\[|code |type )?\(?(?:msg )?(\d{1,3})\b/.exec(rest)?.[1] ??
    /^alert[^0-9]{0,40}\[(\d{1,3})\]/.exec(rest)?.[1] ??
    /alert number (\d{1,3})\b/.exec(rest)?.[1] ??
    /^alert message[^:\d]{0,12}[:(]\s*(\d{1,3})\b/.exec(rest)?.[1];
  const number = written === undefined ? undefined : Number(written);
  return number !== undefined && registered("alert", number).name !== undefined ? number : undefined;
}

/** The longest name that fits: `unknown certificate authority` is another one than `unknown certificate`. */
function spelledOut(rest: string): number | undefined {
  const bare = rest.replaceAll(/[^a-z0-9]/g, "").slice(0, 120);
  let best: { readonly number: number; readonly length: number } | undefined;
  for (const [words, number] of spellings) {
    if (bare.includes(words) && words.length > (best?.length ?? 0)) best = { number, length: words.length };
  }
  return best?.number;
}

/** IANA's names, and how Go and others write the same. */
const spellings: readonly (readonly [string, number])[] = [
  ...Array.from({ length: 256 }, (_, number) => number).flatMap((number): [string, number][] => {
    const { name } = registered("alert", number);
    return name === undefined ? [] : [[name.replaceAll("_", ""), number]];
  }),
  ["handshakefailed", 40],
  ["revokedcertificate", 44],
  ["expiredcertificate", 45],
  ["unknowncertificate", 46],
  ["unknowncertificateauthority", 48],
  ["errordecodingmessage", 50],
  ["errordecryptingmessage", 51],
  ["insufficientsecuritylevel", 71],
  ["encryptedclienthellorequired", 121],
  ["usercancelled", 90],
  ["certificaterequired", 116],
];

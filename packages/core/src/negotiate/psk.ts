import { suiteMeanings } from "../config/parameters.ts";
import type { ServerSettings } from "../config/settings.ts";
import { type Bytes, hex } from "../wire/bytes.ts";
import type { ClientHello } from "../wire/client-hello.ts";
import { type CipherSuiteName, pskModes } from "../wire/registry.ts";

/** An external PSK of the config that the client offers; its binder is not looked at. */
export interface ChosenPsk {
  /** In the client's order. */
  readonly index: number;
  /** As `importedPsk` or `dangerousRawPsk` was given it. */
  readonly identity: Bytes;
}

/** With a key exchange beside it, which is the only way that is spoken here (RFC 9846 §4.3.9). */
export function offersPsks({ pskIdentities, pskModes: modes }: ClientHello): boolean {
  return pskIdentities.length > 0 && modes?.includes(pskModes.psk_dhe_ke) === true;
}

/** The first suite for which the client offers a PSK of ours; of several our first. */
export function choosePsk(
  hello: ClientHello,
  { psks }: ServerSettings,
  suites: readonly CipherSuiteName[],
): { readonly psk: ChosenPsk; readonly suite: CipherSuiteName } | undefined {
  if (psks.size === 0 || !offersPsks(hello)) return undefined;
  const known = hello.pskIdentities.flatMap((identity, index) => {
    const psk = psks.get(hex(identity));
    return psk === undefined ? [] : [{ index, psk }];
  });
  for (const suite of suites) {
    const { hash } = suiteMeanings[suite];
    const [fitting] = known.filter(({ psk }) => psk.hash === hash).sort((one, other) => one.psk.rank - other.psk.rank);
    if (fitting !== undefined) return { suite, psk: { index: fitting.index, identity: fitting.psk.name } };
  }
  return undefined;
}

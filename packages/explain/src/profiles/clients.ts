// Clients of today, each at its date: what it offers is the very ClientHello that it sent; what it demands of a certificate was
// tried.
import { type ClientHello, readClientHello } from "@sallyport/core";
import { fromHex } from "../read/hex.ts";
import type { StackId } from "../stacks/stack.ts";
import type { Demands, PublicDemands } from "./demands.ts";
import { recordedHellos } from "./recorded-hellos.ts";
import { sallyportHello } from "./sallyport-hello.ts";

export interface ClientProfile {
  readonly id: string;
  readonly title: string;
  /** Year and month. */
  readonly dated: string;
  /** Where the hello is from. */
  readonly source: string;
  readonly stack: StackId;
  /** The handshake message. */
  readonly hello: () => Uint8Array;
  readonly demands: Demands;
}

const tried = "tried on a server with each flaw, its root trusted: npm run profiles";
const noneOfPublic: PublicDemands = { source: "nothing beyond what it asks of all", mostDays: undefined, needsTimestamps: false };

const chromiumDemands: Demands = {
  source: tried,
  leastRsaBits: 1024,
  readsCommonName: false,
  takesAuthorities: true,
  takesAnyPurpose: true,
  readsKeyUsage: true,
  takesSha1: false,
  wantsPromisedStaple: false,
  wantsForm: false,
  asksItsUser: true,
  ofPublic: {
    source:
      "ERR_CERT_VALIDITY_TOO_LONG and ERR_CERTIFICATE_TRANSPARENCY_REQUIRED of net/base/net_error_list.h; CA/B BR section 6.3.2",
    mostDays: 398,
    needsTimestamps: true,
  },
};
const firefoxDemands: Demands = {
  ...chromiumDemands,
  takesAuthorities: false,
  takesAnyPurpose: false,
  readsKeyUsage: false,
  wantsPromisedStaple: true,
  ofPublic: {
    source: "MOZILLA_PKIX_ERROR_INSUFFICIENT_CERTIFICATE_TRANSPARENCY, from Firefox 135 on",
    mostDays: undefined,
    needsTimestamps: true,
  },
};
/** Debian's: security level 2. */
const opensslDemands: Demands = {
  source: tried,
  leastRsaBits: 2048,
  readsCommonName: true,
  takesAuthorities: true,
  takesAnyPurpose: false,
  readsKeyUsage: false,
  takesSha1: false,
  wantsPromisedStaple: false,
  wantsForm: false,
  asksItsUser: false,
  ofPublic: noneOfPublic,
};
const rustlsDemands: Demands = { ...opensslDemands, readsCommonName: false, takesAuthorities: false };
const goDemands: Demands = { ...opensslDemands, leastRsaBits: 1024, readsCommonName: false, takesAnyPurpose: true };
const javaDemands: Demands = { ...goDemands, readsCommonName: true, readsKeyUsage: true, takesSha1: true };
const mbedtlsDemands: Demands = { ...opensslDemands, takesAnyPurpose: true, readsKeyUsage: true };
const wolfsslDemands: Demands = { ...javaDemands, readsKeyUsage: false };
const sallyportDemands: Demands = {
  ...rustlsDemands,
  readsKeyUsage: true,
  wantsPromisedStaple: true,
  wantsForm: true,
  source: "serverVerifier of @sallyport/x509, as it comes",
};

const recorded = [
  ["chromium", chromiumDemands],
  ["firefox", firefoxDemands],
  ["curl", opensslDemands],
  ["node20", { ...opensslDemands, leastRsaBits: 1024 }],
  ["node24", opensslDemands],
  ["python", opensslDemands],
  ["go126", goDemands],
  ["java17", javaDemands],
  ["deno-connectTls", rustlsDemands],
  ["mbedtls", mbedtlsDemands],
  ["wolfssl", wolfsslDemands],
] as const;

/** In the order in which they are told of. */
export const clientProfiles: readonly ClientProfile[] = [
  ...recorded.flatMap(([wanted, demands]): readonly ClientProfile[] =>
    recordedHellos
      .filter(({ id }) => id === wanted)
      // Without the header of its one record.
      .map(({ id, title, dated, stack, hex }) => ({
        id,
        title,
        dated,
        stack,
        hello: () => fromHex(hex.slice(10)),
        demands,
        source: "recorded on loopback",
      })),
  ),
  {
    id: "sallyport",
    title: "Sallyport as it comes",
    dated: "2026-11",
    stack: "sallyport",
    source: "its own Connector",
    hello: sallyportHello,
    demands: sallyportDemands,
  },
  {
    id: "stm32",
    title: "Mbed TLS on an STM32, P-256 alone",
    dated: "2026-11",
    stack: "mbedtls",
    source: "the ClientHello of an STM32 in a public report, with secp256r1 in the place of secp224r1",
    hello: () =>
      fromHex(
        "0100006b0303e213bf6d61b6fba682a459f00befe90344bede3c493d395651603bb649c41750000004c02b00ff0100003e000000120010" +
          "00000d7777772e676f6f676c652e6465000d000a00080403040103030301000a000400020017000b00020100001600000017000000230000",
      ),
    demands: mbedtlsDemands,
  },
];

const read = new WeakMap<ClientProfile, ClientHello>();

/** What it says to a server of that name; undefined: it asks for none. */
export function helloOf(profile: ClientProfile, serverName: string | undefined): ClientHello {
  const known = read.get(profile) ?? decoded(profile);
  read.set(profile, known);
  return { ...known, serverName };
}

function decoded({ id, hello }: ClientProfile): ClientHello {
  const outcome = readClientHello(hello());
  if (outcome.kind === "malformed") throw new TypeError(`the hello of ${id} can't be decoded: ${outcome.error.message}`);
  return outcome.clientHello;
}

/** ClientHellos as they were on the wire, record header included, from handshakes that failed in the field. */
export interface FieldHello {
  readonly client: string;
  /** What its user saw, and what was behind it. */
  readonly story: string;
  readonly hex: string;
}

export const fieldHellos: readonly FieldHello[] = [
  {
    client: "an STM32 with Mbed TLS",
    story:
      "A board's default build met a public web site and got handshake_failure: it had one curve, which hardly anybody takes.",
    hex:
      "160303006f0100006b0303e213bf6d61b6fba682a459f00befe90344bede3c493d395651603bb649c41750000004c02b00ff0100003e00000012001000000d" +
      "7777772e676f6f676c652e6465000d000a00080403040103030301000a000400020015000b00020100001600000017000000230000",
  },
  {
    client: "a wolfSSL client",
    story:
      "A mail client offered elliptic-curve suites without a word on curves, and got handshake_failure from a public mail server.",
    hex:
      "160303004f0100004b03032e2aec857f15dd095f22d1538260d7806728aa6748cef071ab63d0b23e553a05000014c027c023c00ac009c007c008c014c013c0" +
      "11c0120100000e000d000a00080403020304010201",
  },
];

// All stacks whose words, numbers and settings are known.
import { chromium } from "./chromium.ts";
import { curl } from "./curl.ts";
import { firefox } from "./firefox.ts";
import { gnutls } from "./gnutls.ts";
import { go } from "./go.ts";
import { java } from "./java.ts";
import { mbedtls } from "./mbedtls.ts";
import { nginx } from "./nginx.ts";
import { node } from "./node.ts";
import { openssl } from "./openssl.ts";
import { platform } from "./platform.ts";
import { rustls } from "./rustls.ts";
import type { Stack, StackId } from "./stack.ts";
import { wolfssl } from "./wolfssl.ts";

export const stacks: readonly Stack[] = [
  mbedtls,
  wolfssl,
  gnutls,
  chromium,
  firefox,
  java,
  go,
  rustls,
  curl,
  nginx,
  node,
  openssl,
  platform,
];

export function stackOf(id: StackId): Stack | undefined {
  return stacks.find((stack) => stack.id === id);
}

// All stacks whose words, numbers and settings are known.
import { chromium } from "./chromium.ts";
import { firefox } from "./firefox.ts";
import { mbedtls } from "./mbedtls.ts";
import { node } from "./node.ts";
import { openssl } from "./openssl.ts";
import { platform } from "./platform.ts";
import type { Stack, StackId } from "./stack.ts";
import { wolfssl } from "./wolfssl.ts";

export const stacks: readonly Stack[] = [mbedtls, wolfssl, chromium, firefox, node, openssl, platform];

export function stackOf(id: StackId): Stack | undefined {
  return stacks.find((stack) => stack.id === id);
}

import { noble } from "@sallyport/crypto-noble";
import { wasmCrypto } from "@sallyport/crypto-wasm";
import { expect, test, vi } from "vitest";

// As in a page without `wasm-unsafe-eval`. A rejection that nobody holds would fail this file too.
test("where WebAssembly can't be compiled, wasmCrypto rejects, and importing the package does no harm", async () => {
  vi.spyOn(WebAssembly, "instantiate").mockRejectedValue(new WebAssembly.CompileError("refused by the page's policy"));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await expect(wasmCrypto(noble({ random: (length) => new Uint8Array(length) }))).rejects.toThrow("refused by the page's policy");
});

// For fuzzing alone. What accepts everything says so by its name.
export { dangerousFuzzCredential, dangerousFuzzProvider, type FuzzProvider } from "./fuzz-provider.ts";

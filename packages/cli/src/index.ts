/**
 * The `sallyport` command's words, for programs of your own: {@link refusalInWords} turns a reason of `negotiate` into a
 * sentence.
 *
 * @packageDocumentation
 */
export { alertInWords, codePoint, refusalInWords } from "@sallyport/explain";

import * as library from '@huggingface/tokenizers'

/**
 * The parts of @huggingface/tokenizers that are used, with their types: the package's own types name files without
 * their extensions, which TypeScript does not find.
 */
export const { Tokenizer, BPE, WordPiece, SplitPreTokenizer } = library as unknown as {
  readonly Tokenizer: new (
    tokenizer: object,
    config: object,
  ) => {
    decode(ids: number[], options: { clean_up_tokenization_spaces: boolean }): string
    id_to_token(id: number): string | undefined
    get_vocab(): Map<string, number>
  }
  readonly BPE: new (config: object) => { bpe(text: string): string[] }
  readonly WordPiece: new (config: object) => { encode(texts: string[]): string[] }
  readonly SplitPreTokenizer: new (config: object) => { readonly pattern: RegExp }
}

import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import { figureNames } from '../../figures/index.ts'
import { attentionForms } from '../attention-forms.ts'
import { mediaTypes } from '../negotiate.ts'
import { literals, maxLength } from '../schemas/common.ts'

/** The ways in which an attention result is answered, JSON by its schema. */
export const answersOf = (answer: TSchema) => ({
  200: {
    description: 'The result, in the form that Accept asks for.',
    content: {
      [mediaTypes.json]: { schema: answer },
      [mediaTypes.npz]: {
        schema: Type.String({
          format: 'binary',
          description:
            'A NumPy archive: one array a name, numbers first; what is no array as JSON text, unless strings=false.',
        }),
      },
      [mediaTypes.vegalite]: {
        schema: Type.Object({ $schema: Type.String() }, { description: 'A Vega-Lite specification with its data.' }),
      },
      [mediaTypes.svg]: { schema: Type.String({ description: 'The figure.' }) },
      [mediaTypes.png]: { schema: Type.String({ format: 'binary', description: 'The figure.' }) },
    },
  },
})
export const whole = (minimum: number, maximum: number, description: string) =>
  Type.Integer({ minimum, maximum, description })
const range = (description: string) => Type.String({ pattern: '^[0-9]+-[0-9]+$', description })
/** Comma-separated in the address, or its name repeated. */
export const list = (items: TSchema, description: string) => Type.Array(items, { minItems: 1, description })
export const index = Type.Integer({ minimum: 0, maximum: maxLength })

/** How the answer is shown: query parameters of POST and GET alike. */
export const presentation = {
  format: Type.Optional(literals(attentionForms, { description: 'The form, for links that cannot set Accept.' })),
  figure: Type.Optional(
    literals(figureNames, { description: 'Which figure, where the form is one; default weights.' }),
  ),
  head: Type.Optional(list(index, 'Figures: only these heads.')),
  item: Type.Optional(whole(0, maxLength, 'Figures: this item of the batch; default 0.')),
  rows: Type.Optional(range('Only these query rows: first-last.')),
  keys: Type.Optional(range('Figures: only these keys, first-last.')),
  strings: Type.Optional(
    Type.Boolean({ default: true, description: 'npz: whether texts come too, behind the numbers.' }),
  ),
}

export const nullable = (schema: TSchema, options: object = {}) => Type.Union([schema, Type.Null()], options)
export const statistic = Type.Array(nullable(Type.Number()))
export const statistics = (schema: TSchema) => ({
  entropy: schema,
  normalized_entropy: schema,
  max_weight: schema,
  distance: schema,
  previous_token: schema,
  first_token: schema,
  diagonal: schema,
})

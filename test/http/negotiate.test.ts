import { describe, expect, it } from 'vitest'
import { chooseForm } from '../../src/http/negotiate.ts'

const forms = ['json', 'npz', 'vegalite', 'svg', 'png', 'csv'] as const

describe('the form of an answer by Accept', () => {
  it.each([
    [undefined, 'json'],
    ['', 'json'],
    ['   ', 'json'],
    ['*/*', 'json'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8', 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['application/json;charset="utf-8"', 'json'],
    ['Application/JSON ; Charset=UTF-8', 'json'],
    ['text/csv; header=present', 'csv'],
    ['text/csv; header=present; q=0.4, image/png; q=0.9', 'png'],
    ['text/csv;header="a,b;c\\"d"', 'csv'],
    ['image/svg+xml;charset=utf-8', 'svg'],
    ['image/svg+xml; charset=utf-8; q=0.2, application/x-npz;q=0.3', 'npz'],
    ['application/vnd.vegalite.v6+json; profile="x"', 'vegalite'],
    ['application/json;q=0, */*', 'npz'],
    ['image/*', 'svg'],
  ])('%j is %s', (accept, form) => {
    expect(chooseForm(accept, forms)).toBe(form)
  })

  it.each(['application/xml', 'text/csv;q=0', 'video/*; q=1', ';;;', 'application/json+x'])(
    '%j is refused',
    (accept) => {
      expect(() => chooseForm(accept, forms)).toThrow(expect.objectContaining({ code: 'not-acceptable' }))
    },
  )

  it('takes time in proportion to the header', () => {
    expect(() => chooseForm(`text/x${';a="'.repeat(20_000)}`, forms)).toThrow()
  })
})

/** The experiments that there are, by the name that the wire has for them. Apart from what they load. */
export const experimentKinds = ['bias', 'heads'] as const
export type ExperimentKind = (typeof experimentKinds)[number]

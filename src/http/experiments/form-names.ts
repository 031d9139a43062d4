/** The forms that an experiment's result can take. Apart from what makes them: a gateway needs the names alone. */
export const experimentForms = ['json', 'csv', 'vegalite', 'svg', 'png'] as const
export type ExperimentForm = (typeof experimentForms)[number]

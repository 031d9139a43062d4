import type { Config } from 'vega-lite/types_unstable/config.js'

/** Scales that people with colour-blindness can read. */
export const sequentialScheme = 'viridis'
export const divergingScheme = 'redblue'

/** Ink of numbers printed in cells: chosen by the cell's colour, hence the same on any background. */
export const lightInk = '#ffffff'
export const darkInk = '#000000'

const font = 'DejaVu Sans, Verdana, Helvetica, sans-serif'

/**
 * Vega-Lite's configuration of every figure. Whatever colour depends on the background is here and nowhere in the
 * specifications, so that a page with a dark background can replace it (the styles' names are the figures' own).
 */
export const theme = {
  background: '#ffffff',
  font,
  padding: 12,
  title: {
    anchor: 'start',
    fontSize: 14,
    fontWeight: 600,
    color: '#1f2328',
    subtitleFontSize: 10.5,
    subtitleColor: '#57606a',
    subtitlePadding: 5,
    offset: 12,
    subtitleLineHeight: 14,
  },
  axis: {
    labelFontSize: 10,
    labelColor: '#3d444d',
    labelLimit: 0,
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titleColor: '#1f2328',
    domainColor: '#8c959f',
    tickColor: '#8c959f',
    tickSize: 3,
    gridColor: '#e7eaee',
    labelPadding: 3,
  },
  axisBand: { grid: false, domain: false },
  header: {
    labelFontSize: 11,
    labelFontWeight: 600,
    labelColor: '#1f2328',
    titleFontSize: 11,
    titleColor: '#1f2328',
    labelLimit: 0,
    labelPadding: 4,
  },
  legend: {
    labelFontSize: 10,
    labelColor: '#3d444d',
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titleColor: '#1f2328',
    titleLimit: 0,
    gradientThickness: 12,
  },
  view: { stroke: '#d0d7de' },
  text: { color: '#1f2328' },
  style: {
    baseline: { color: '#8c5c00', stroke: '#8c5c00' },
    observed: { color: '#1f5fa8', fill: '#1f5fa8', stroke: '#1f5fa8' },
    supports: { color: '#1f5fa8', opacity: 0.12 },
    seeds: { color: '#8c959f' },
    null: { color: '#8c5c00', fill: '#8c5c00', stroke: '#8c5c00' },
    supported: { font, fill: '#1f5fa8' },
    refuted: { font, fill: '#b0350a' },
    not_distinguishable: { font, fill: '#57606a' },
    note: { color: '#57606a', fill: '#57606a' },
  },
} satisfies Config

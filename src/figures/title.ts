import { wrapText } from './text-width.ts'
import { theme } from './theme.ts'

/** Title and subtitle, broken to the figure's width, pixels; a narrow figure still gets lines that can be read. */
export function figureTitle(title: string, subtitle: readonly string[], width: number): Record<string, unknown> {
  const room = Math.max(440, width)
  return {
    text: wrapText(title, room, theme.title.fontSize * 1.08),
    subtitle: subtitle.flatMap((line) => wrapText(line, room, theme.title.subtitleFontSize)),
  }
}

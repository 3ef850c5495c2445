import type { Page } from 'playwright'

/** Controls of a page that a screen reader has no name for. */
export async function namelessControls(page: Page): Promise<string[]> {
  const snapshot = await page.locator('body').ariaSnapshot()
  return snapshot
    .split('\n')
    .filter((line) => /^\s*- (?:button|link|textbox|radio|progressbar|article|region|img)(?! ")/.test(line))
}

/** Texts that are hard to read: with a contrast to what is behind them of less than 4.5 (WCAG 2.2, 1.4.3). */
export function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true })
    const rgba = (color: string): number[] => {
      if (!pen) return []
      pen.clearRect(0, 0, 1, 1)
      pen.fillStyle = color
      pen.fillRect(0, 0, 1, 1)
      return [...pen.getImageData(0, 0, 1, 1).data]
    }
    const luminance = (color: string) => {
      const [red = 0, green = 0, blue = 0] = rgba(color).map((part) =>
        part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4,
      )
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
    const behind = (element: Element | null): string => {
      if (!element) return 'white'
      const color = getComputedStyle(element).backgroundColor
      return rgba(color)[3] === 255 ? color : behind(element.parentElement)
    }
    const isText = ({ nodeType, textContent }: Node) => nodeType === Node.TEXT_NODE && textContent?.trim()
    return [...document.querySelectorAll('body *:not(script, noscript, svg *)')]
      .filter((element) => [...element.childNodes].some(isText))
      .flatMap((element) => {
        const pair = [luminance(getComputedStyle(element).color), luminance(behind(element))].sort((a, b) => b - a)
        const contrast = ((pair[0] ?? 0) + 0.05) / ((pair[1] ?? 0) + 0.05)
        return contrast < 4.5 ? [`${element.textContent} (${contrast.toFixed(1)})`] : []
      })
  })
}

/** How much wider than the window the page is. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}

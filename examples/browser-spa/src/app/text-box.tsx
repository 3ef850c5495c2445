/** A text that scrolls in its own box, which the keyboard can reach. */
export function TextBox({ label, text }: { label: string; text: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section className="text-box" tabIndex={0} aria-label={label}>
      <pre>{text}</pre>
    </section>
  )
}

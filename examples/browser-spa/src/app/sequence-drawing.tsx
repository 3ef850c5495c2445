import { useLayoutEffect, useMemo, useRef, useState } from 'react'
import { readMermaid } from './mermaid.ts'
import { type Lane, layOut, lineHeight, notePadding, type Row } from './sequence-layout.ts'

/** A sequence diagram, as wide as the room it has. */
export function SequenceDrawing({ mermaid, label }: { mermaid: string; label: string }) {
  const place = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useLayoutEffect(() => {
    const element = place.current
    if (!element) return undefined
    const watch = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)))
    watch.observe(element)
    return () => watch.disconnect()
  }, [])
  const { lanes, rows, top, height } = useMemo(() => layOut(readMermaid(mermaid), width), [mermaid, width])
  return (
    <div ref={place} className="drawing">
      {width > 0 && (
        <svg role="img" aria-label={label} width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
          <defs>
            <marker id="head" viewBox="0 0 8 8" refX="7.5" refY="4" markerWidth="8" markerHeight="8" orient="auto">
              <path d="M0 0 8 4 0 8Z" />
            </marker>
            <marker id="lost" viewBox="0 0 8 8" refX="4" refY="4" markerWidth="9" markerHeight="9" orient="auto">
              <path className="cross" d="M0 0 8 8M8 0 0 8" />
            </marker>
          </defs>
          {lanes.map((lane) => (
            <LaneDrawing key={lane.participant.id} lane={lane} top={top} height={height} />
          ))}
          {rows.map((row) => (
            <RowDrawing key={row.y} row={row} lanes={lanes} />
          ))}
        </svg>
      )}
    </div>
  )
}

function LaneDrawing({ lane, top, height }: { lane: Lane; top: number; height: number }) {
  const { x, width, texts, participant } = lane
  return (
    <g className={`lane ${participant.id}`}>
      <line x1={x} x2={x} y1={top} y2={height} />
      <rect x={x - width / 2 + 2} y={1} width={width - 4} height={top - 1} rx={8} />
      <Lines x={x} y={(top - texts.length * lineHeight) / 2 + 12} texts={texts} />
    </g>
  )
}

function RowDrawing({ row: { step, x, y, texts, width, height }, lanes }: { row: Row; lanes: readonly Lane[] }) {
  if (step.kind === 'note') {
    return (
      <g className="note">
        <rect x={x - width / 2} y={y} width={width} height={height} rx={6} />
        <Lines x={x} y={y + notePadding + 12} texts={texts} />
      </g>
    )
  }
  const xOf = (id: string) => lanes.find(({ participant }) => participant.id === id)?.x ?? 0
  const isRefusal = step.line === 'lost' || /^(?:\(\d+\) )?[45]\d\d\b/.test(step.text)
  const at = y + height - 2
  return (
    <g className={`message ${step.line}${isRefusal ? ' refusal' : ''}`}>
      <Lines x={x} y={y + 12} texts={texts} />
      <line
        x1={xOf(step.from)}
        x2={xOf(step.to)}
        y1={at}
        y2={at}
        markerEnd={step.line === 'lost' ? 'url(#lost)' : 'url(#head)'}
      />
    </g>
  )
}

function Lines({ x, y, texts }: { x: number; y: number; texts: readonly string[] }) {
  return (
    <text x={x} y={y}>
      {texts.map((text, index) => (
        <tspan key={index} x={x} dy={index === 0 ? 0 : lineHeight}>
          {text}
        </tspan>
      ))}
    </text>
  )
}

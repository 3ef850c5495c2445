import { randomKills, killsAtEachCall, faultsAtEachCall } from './runs.ts'
import { table } from './figures.ts'
import {it} from 'vitest'
const argv = ['','',...(process.env.TRY ?? '').split(' ')]
const kinds = argv[2].replaceAll('_',' ').split(',')
const what = argv[3]
it('x', async()=>{
for (const kind of kinds as any[]) {
  const t = performance.now()
  const f = what === 'random' ? await randomKills(kind, argv[5] as any ?? 'strict', Number(argv[4] ?? 20), 1) : what === 'points' ? await killsAtEachCall(kind, 'strict', argv[4] as any ?? 'kill') : await faultsAtEachCall(kind, argv[4] === 'lasting')
  console.log(kind, what, Math.round(performance.now() - t), 'ms')
  console.log(table({ [kind]: f }))
  console.log(f.breaches.length, f.breaches.slice(0, 60).map(l=>l.slice(0,500)).join('\n'))
}
},1e6)
import { canTrace, killsAtEachSystemCall, faultsAtEachSystemCall } from './strace.ts'
it.runIf(process.env.TRY2)('s', async () => {
  console.log('can', await canTrace())
  const which = [{ what: 'renew', before: 'signed in' }] as any
  for (const f of [await killsAtEachSystemCall('ours', 'strict', { which }), await faultsAtEachSystemCall('ours', { which })]) {
    console.log(table({ s: f })); console.log(f.breaches.join('\n'))
  }
}, 1e6)

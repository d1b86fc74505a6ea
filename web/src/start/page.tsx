import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { CircleCheck } from 'lucide-react'
import { useState, type FormEvent, type ReactNode } from 'react'
import { messageOf } from '@/api/client'
import { newPack, ownPacksQuery, writeFiles } from '@/api/files'
import { useMay } from '@/api/rights'
import { userQuery } from '@/api/user'
import { Button, buttonClass } from '@/ui/button'
import { cx } from '@/ui/cx'
import { Field, Input, inputClass } from '@/ui/field'
import { Page, Panel } from '@/ui/page'
import { Refused } from '@/ui/state'
import { filesOf, missing, slug, type Problem } from './remediation'
import { Trial } from './trial'

const ownPack = 'local'

const sources: { id: Problem['source']; name: string; says: string }[] = [
  { id: 'timer', name: 'Nobody: Nightshift looks itself', says: 'The command that checks is run each minute.' },
  { id: 'webhook', name: 'A webhook', says: 'Anything that can send an HTTP request: a monitor, a script, a button.' },
  { id: 'alertmanager', name: 'Prometheus Alertmanager', says: 'An alert that fires.' },
]

/** Leads somebody who is new to a first remediation that works, with commands of their own. */
export function Start() {
  const client = useQueryClient()
  const navigate = useNavigate()
  const [problem, setProblem] = useState<Problem>({ title: '', source: 'timer', alert: '', check: '', repair: '' })
  const [tried, setTried] = useState(false)
  const lacks = missing(problem)
  const errors = tried ? lacks : {}
  const packs = useQuery(ownPacksQuery)
  const user = useQuery(userQuery)
  const set = (change: Partial<Problem>) => setProblem({ ...problem, ...change })
  const files = [...(packs.data?.includes(ownPack) ? [] : [newPack(ownPack, user.data?.username ?? '')]), ...filesOf(problem, ownPack)]
  const make = useMutation({
    mutationFn: () => writeFiles(ownPack, files),
    onSuccess: () => client.invalidateQueries(),
  })
  const submit = (e: FormEvent) => {
    e.preventDefault()
    setTried(true)
    if (Object.keys(lacks).length === 0) make.mutate()
  }
  const done = make.isSuccess
  const may = useMay()
  const mayWrite = useMay('pack:' + ownPack)('pack_modify')
  if (mayWrite === false || may('rule_create') === false) return <Refused title="Your first remediation">{`You may not make rules and what they start. It takes the permissions rule_create, and pack_modify on the pack ${ownPack}.`}</Refused>
  return (
    <Page
      title="Your first remediation"
      actions={
        !done && (
          <Button kind="ghost" onClick={() => void navigate({ to: '/' })}>
            Not now
          </Button>
        )
      }
    >
      <p className="-mt-2 max-w-prose text-muted">Something breaks, Nightshift hears of it, looks whether it is so, repairs it, and looks again. Two commands of your own are all it takes.</p>
      <form onSubmit={submit} noValidate className="flex max-w-3xl flex-col gap-4">
        <fieldset disabled={done || make.isPending} className="flex min-w-0 flex-col gap-4">
          <Step n={1} title="What goes wrong?" done={done}>
            <Field label="The problem" needed error={errors.title} hint={slug(problem.title) ? `It is called ${ownPack}.${slug(problem.title)}.` : 'In a few words, as you would tell a colleague.'}>
              {(props) => <Input {...props} placeholder="The web server does not answer" value={problem.title} onChange={(e) => set({ title: e.target.value })} />}
            </Field>
          </Step>
          <Step n={2} title="Who tells of it?" done={done}>
            <div role="radiogroup" aria-label="Who tells of it" className="grid gap-3 md:grid-cols-3">
              {sources.map((s) => (
                <label key={s.id} className={cx('flex cursor-pointer items-start gap-3 rounded-lg border p-3', problem.source === s.id && 'border-accent bg-accent/5')}>
                  <input type="radio" name="source" className="mt-1" checked={problem.source === s.id} onChange={() => set({ source: s.id })} />
                  <span>
                    <span className="font-medium">{s.name}</span>
                    <span className="block text-sm text-muted">{s.says}</span>
                  </span>
                </label>
              ))}
            </div>
            {problem.source === 'alertmanager' && (
              <Field label="Name of the alert" needed error={errors.alert} hint="Its label alertname.">
                {(props) => <Input {...props} placeholder="WebServerDown" spellCheck={false} value={problem.alert} onChange={(e) => set({ alert: e.target.value })} />}
              </Field>
            )}
          </Step>
          <Step n={3} title="How does one see that all is well, and what repairs it?" done={done}>
            <Command label="Command that checks" hint="It ends with 0 if all is well. It is run before the repair, which is left out if all is well, and after it, up to five times." placeholder="curl -fsS http://127.0.0.1/" error={errors.check} value={problem.check} onChange={(check) => set({ check })} />
            <Command label="Command that repairs" hint="Both run on the server of Nightshift, as the user that it runs as." placeholder="sudo systemctl restart nginx" error={errors.repair} value={problem.repair} onChange={(repair) => set({ repair })} />
          </Step>
        </fieldset>
        {!done && (
          <>
            <details className="text-sm">
              <summary className="text-muted hover:text-text">What will be written into the pack {ownPack}</summary>
              <div className="mt-2 flex flex-col gap-2">
                {files.map((f) => (
                  <Panel key={f.path} title={<span className="font-mono text-[13px] font-normal">{f.path}</span>}>
                    <pre tabIndex={0} aria-label={f.path} className="overflow-x-auto p-3 font-mono text-[12.5px] leading-5">
                      {f.content}
                    </pre>
                  </Panel>
                ))}
              </div>
            </details>
            {make.isError && (
              <p role="alert" className="whitespace-pre-wrap text-bad">
                {messageOf(make.error)}
              </p>
            )}
            <Button kind="primary" type="submit" className="self-start" disabled={make.isPending || !packs.data}>
              {make.isPending ? 'Making it …' : 'Make it'}
            </Button>
          </>
        )}
      </form>
      {done && (
        <div className="flex max-w-3xl flex-col gap-4">
          <Step n={4} title="Try it">
            <Trial problem={problem} pack={ownPack} />
          </Step>
          <div className="flex flex-wrap gap-2">
            <Link to="/rules/$ref" params={{ ref: `${ownPack}.${slug(problem.title)}` }} className={buttonClass()}>
              Its rule
            </Link>
            <Link to="/compose/$ref" params={{ ref: `${ownPack}.${slug(problem.title)}` }} className={buttonClass()}>
              Its workflow in the composer
            </Link>
            <Link to="/" className={buttonClass()}>
              To the first page
            </Link>
          </div>
        </div>
      )}
    </Page>
  )
}

function Step({ n, title, done, children }: { n: number; title: string; done?: boolean; children: ReactNode }) {
  return (
    <Panel
      title={
        <span className="flex items-center gap-2.5">
          {done ? <CircleCheck size={20} className="text-good" aria-label="done" /> : <span className="grid size-5 place-items-center rounded-full bg-accent/12 text-xs text-accent">{n}</span>}
          {title}
        </span>
      }
    >
      <div className="flex flex-col gap-4 p-4">{children}</div>
    </Panel>
  )
}

function Command({ label, hint, placeholder, error, value, onChange }: { label: string; hint: string; placeholder: string; error?: string; value: string; onChange: (v: string) => void }) {
  return (
    <Field label={label} needed hint={hint} error={error}>
      {(props) => (
        <textarea
          {...props}
          rows={Math.min(10, Math.max(2, value.split('\n').length))}
          spellCheck={false}
          placeholder={placeholder}
          value={value}
          onChange={(e) => onChange(e.target.value)}
          className={cx(inputClass, 'h-auto w-full py-1.5 font-mono text-[13px]')}
        />
      )}
    </Field>
  )
}

import type { Properties, Property } from '@/api/types'
import { Field, Input, inputClass, Select } from '../field'
import { cx } from '../cx'
import { askedFor, kindOf, written, type Draft } from './schema'

/** A form made from a schema. The draft belongs to whoever shows it, so that nothing typed is lost. */
export function SchemaForm({ properties, draft, errors, onChange }: { properties: Properties; draft: Draft; errors?: Record<string, string>; onChange: (draft: Draft) => void }) {
  return (
    <div className="flex flex-col gap-4">
      {askedFor(properties).map(([name, p]) => (
        <Field key={name} label={<span className="font-mono text-[13px]">{name}</span>} hint={p.description} error={errors?.[name]} needed={p.required && p.default === undefined}>
          {(props) => <Control {...props} name={name} property={p} text={draft[name] ?? ''} onChange={(text) => onChange({ ...draft, [name]: text })} />}
        </Field>
      ))}
    </div>
  )
}

function placeholder(p: Property): string | undefined {
  if (p.secret || p.default === undefined || p.default === null) return undefined
  return typeof p.default === 'string' ? p.default : JSON.stringify(p.default)
}

function Control({ property: p, text, onChange, ...rest }: { id: string; name: string; property: Property; text: string; onChange: (text: string) => void }) {
  const kind = kindOf(p)
  switch (kind) {
    case 'boolean':
    case 'choice': {
      const choices = kind === 'boolean' ? [true, false] : (p.enum ?? [])
      return (
        <Select {...rest} value={text} onChange={(e) => onChange(e.target.value)}>
          <option value="">{p.default === undefined ? '' : `${written(p.default)} (default)`}</option>
          {choices.map((v) => (
            <option key={written(v)} value={written(v)}>
              {written(v)}
            </option>
          ))}
        </Select>
      )
    }
    case 'long':
    case 'json':
      return (
        <textarea
          {...rest}
          rows={Math.min(12, Math.max(2, text.split('\n').length + 1))}
          spellCheck={false}
          value={text}
          placeholder={placeholder(p)}
          onChange={(e) => onChange(e.target.value)}
          className={cx(inputClass, 'h-auto w-full py-1.5 font-mono text-[13px]')}
        />
      )
    case 'secret':
      return <Input {...rest} type="password" autoComplete="new-password" value={text} onChange={(e) => onChange(e.target.value)} />
    case 'number':
      return <Input {...rest} inputMode="decimal" value={text} placeholder={placeholder(p)} onChange={(e) => onChange(e.target.value)} />
    default:
      return <Input {...rest} spellCheck={false} value={text} placeholder={placeholder(p)} onChange={(e) => onChange(e.target.value)} />
  }
}

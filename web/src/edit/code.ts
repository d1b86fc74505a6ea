import { acceptCompletion, autocompletion, completionKeymap, type CompletionSource } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, indentWithTab } from '@codemirror/commands'
import { yaml } from '@codemirror/lang-yaml'
import { bracketMatching, HighlightStyle, indentUnit, syntaxHighlighting } from '@codemirror/language'
import { lintGutter } from '@codemirror/lint'
import { highlightSelectionMatches, search, searchKeymap } from '@codemirror/search'
import { EditorState, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view'
import { tags } from '@lezer/highlight'

const theme = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', backgroundColor: 'var(--panel)', fontSize: '13px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono, ui-monospace, Menlo, Consolas, monospace)', lineHeight: '1.55' },
  '.cm-content': { caretColor: 'var(--accent)' },
  '.cm-cursor': { borderLeftColor: 'var(--accent)' },
  '.cm-gutters': { color: 'var(--muted)', backgroundColor: 'var(--sunken)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': { backgroundColor: 'color-mix(in srgb, var(--accent) 8%, transparent)' },
  '&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent) 28%, transparent)' },
  '.cm-selectionMatch': { backgroundColor: 'color-mix(in srgb, var(--warn) 22%, transparent)' },
  '.cm-panels': { color: 'var(--text)', backgroundColor: 'var(--sunken)' },
  '.cm-tooltip': { color: 'var(--text)', backgroundColor: 'var(--panel)', border: '1px solid var(--line)', borderRadius: '6px', boxShadow: 'var(--shadow)' },
  '.cm-tooltip-autocomplete > ul > li[aria-selected]': { color: 'var(--on-accent)', backgroundColor: 'var(--accent)' },
  '.cm-completionDetail': { fontStyle: 'normal', opacity: '0.75' },
  '.cm-lintRange-error': { backgroundImage: 'none', textDecoration: 'underline wavy var(--bad)', textUnderlineOffset: '3px' },
  '.cm-diagnostic': { padding: '4px 8px' },
  '.cm-changedLine': { backgroundColor: 'color-mix(in srgb, var(--good) 12%, transparent)' },
  '.cm-collapsedLines': { padding: '2px 8px', color: 'var(--muted)', background: 'var(--sunken)', fontFamily: 'var(--font-sans, sans-serif)', fontSize: '12px', '&:before, &:after': { content: '""', margin: '0' } },
  '.cm-deletedChunk': { backgroundColor: 'color-mix(in srgb, var(--bad) 12%, transparent)' },
})

const colours = syntaxHighlighting(
  HighlightStyle.define([
    { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: 'var(--accent)' },
    { tag: [tags.string, tags.content], color: 'var(--text)' },
    { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: 'var(--wait)' },
    { tag: tags.comment, color: 'var(--muted)' },
    { tag: [tags.punctuation, tags.separator], color: 'var(--muted)' },
  ]),
)

const common = (label: string, complete: CompletionSource): Extension => [
  history(),
  drawSelection(),
  bracketMatching(),
  theme,
  colours,
  autocompletion({ override: [complete], icons: false }),
  EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false', tabindex: '0' }),
]

/** What an editor of whole definitions is made of. */
export function definitionEditor(label: string, complete: CompletionSource): Extension {
  return [
    common(label, complete),
    yaml(),
    lineNumbers(),
    lintGutter(),
    highlightActiveLine(),
    highlightSelectionMatches(),
    search({ top: true }),
    indentUnit.of('  '),
    // Tab completes and indents; Escape and then Tab leaves the editor.
    keymap.of([{ key: 'Tab', run: acceptCompletion }, indentWithTab, ...completionKeymap, ...searchKeymap, ...historyKeymap, ...defaultKeymap]),
  ]
}

/** What a field for an expression is made of. It has one line unless it begins with more. */
export function expressionEditor(label: string, complete: CompletionSource): Extension {
  return [common(label, complete), EditorView.lineWrapping, keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap])]
}

/** What a text that is only shown is made of. */
export function shown(label: string): Extension {
  const attributes = EditorView.contentAttributes.of({ 'aria-label': label, tabindex: '0' })
  return [theme, colours, yaml(), lineNumbers(), attributes, EditorView.editable.of(false), EditorState.readOnly.of(true)]
}

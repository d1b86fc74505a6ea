import { cleanup, fireEvent, render } from '@testing-library/react'
import { ReactFlowProvider } from '@xyflow/react'
import { afterEach, expect, it, vi } from 'vitest'
import { Board, type BoardDeeds, type BoardWay, type Card } from './board'

// A browser without a layout lacks what the flow measures with.
vi.stubGlobal('ResizeObserver', class { observe() {} unobserve() {} disconnect() {} })
vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener() {}, removeEventListener() {} }))
afterEach(cleanup)

const card = (id: string): Card => ({ id, type: 'card', size: { width: 100, height: 50 }, data: {}, label: id, selectable: true, deletable: id !== 'fixed' })
const way = (from: string, to: string, selected = false): BoardWay => ({ id: `${from} ${to}`, from, to, kind: 'always', text: '', label: '', selected })

/** Shows a chain of cards, presses Delete, and says what the board asks to be removed. */
async function removed(selected: string | undefined, ways: string[]): Promise<unknown[][]> {
  const remove = vi.fn<BoardDeeds['remove']>()
  const nothing = () => {}
  const chain = [['a', 'b'], ['b', 'c'], ['c', 'd'], ['d', 'fixed']] as const
  render(
    <ReactFlowProvider>
      <Board
        cards={['a', 'b', 'c', 'd', 'fixed'].map(card)}
        ways={chain.map(([from, to]) => way(from, to, ways.includes(`${from} ${to}`)))}
        places={{}}
        selected={selected}
        nodeTypes={{ card: () => null }}
        takes={[]}
        mayConnect={() => true}
        deeds={{ select: nothing, drop: nothing, connect: nothing, move: nothing, remove }}
      />
    </ReactFlowProvider>,
  )
  fireEvent.keyDown(document.body, { key: 'Delete', code: 'Delete' })
  await vi.waitFor(() => expect(remove).toHaveBeenCalled())
  return remove.mock.calls
}

it('removes a card, and a way that has nothing to do with it, at once', async () => {
  expect(await removed('a', ['c d', 'd fixed'])).toEqual([[['a'], ['c d', 'd fixed']]])
})

it('removes ways alone, all of them at once', async () => {
  expect(await removed(undefined, ['a b', 'c d'])).toEqual([[[], ['a b', 'c d']]])
})

it('leaves to the card what leads to it and from it', async () => {
  expect(await removed('b', ['a b'])).toEqual([[['b'], []]])
})

it('removes a way, and not the card that must stay', async () => {
  expect(await removed('fixed', ['a b'])).toEqual([[[], ['a b']]])
})

// A chat for hubot whose people speak through standard input, one message a line
// ({"room": …, "user": …, "text": …}), and read from standard output.
import readline from 'node:readline'
import { Adapter, TextMessage } from 'hubot'

class Lines extends Adapter {
  async send(envelope, ...texts) {
    for (const text of texts) {
      console.log(JSON.stringify({ room: envelope.room, text }))
    }
  }

  async reply(envelope, ...texts) {
    return this.send(envelope, ...texts)
  }

  async run() {
    readline.createInterface({ input: process.stdin }).on('line', (line) => {
      const said = JSON.parse(line)
      const user = this.robot.brain.userForId(said.user, { name: said.user, room: said.room })
      this.receive(new TextMessage(user, said.text, String(process.hrtime.bigint())))
    })
    this.emit('connected')
  }
}

export default { use: (robot) => new Lines(robot) }

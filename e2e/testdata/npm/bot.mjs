// Makes a robot do for its chat what StackStorm's plugin for hubot does: it knows the
// commands of the server, asks for those that somebody says, and passes on what the
// server announces.
import st2client from 'st2client'

export default async (robot) => {
  const { ST2_BASE_URL: base, ST2_API_KEY: key } = process.env
  const at = new URL(base)
  const where = { protocol: at.protocol.slice(0, -1), host: at.hostname, port: at.port }
  const api = st2client({ ...where, prefix: '/api', stream: { ...where, prefix: '/stream' } }).setKey({ key })

  // What people may say, as expressions by their formats.
  const commands = new Map()
  const load = async () => {
    for (const alias of await api.actionAlias.list({ limit: -1 })) {
      if (alias.enabled === false) continue
      for (const format of alias.formats.flatMap((f) => f.representation ?? [f])) {
        const pattern = format.replace(/\s*{{.+?}}\s*/g, '\\s*(\\S+?)\\s*')
        commands.set(format, { alias, pattern: new RegExp(`^\\s*${pattern}\\s*$`, 'i') })
      }
    }
  }

  // What st2client has no words for.
  const ask = async (path, options) => {
    const res = await fetch(`${base}/api/v1${path}`, {
      ...options,
      headers: { 'St2-Api-Key': key, 'Content-Type': 'application/json' }
    })
    return res.json()
  }

  robot.respond(/commands about (\S+)/, async (msg) => {
    const help = await ask(`/actionalias/help?filter=${encodeURIComponent(msg.match[1])}`)
    await msg.send(help.helpstrings.map((h) => h.display).join('\n'))
  })

  robot.respond(/what is (.+)/, async (msg) => {
    const found = await ask('/actionalias/match', { method: 'POST', body: JSON.stringify({ command: msg.match[1] }) })
    await msg.send(found.actionalias ? found.actionalias.ref : found.faultstring)
  })

  robot.respond(/([\s\S]+)/, async (msg) => {
    const command = msg.match[1]
    for (const [format, { alias, pattern }] of commands) {
      if (!pattern.test(command)) continue
      try {
        const asked = await api.aliasExecution.create({
          name: alias.name, format, command, user: msg.message.user.name, source_channel: msg.message.room,
          source_context: msg.message, notification_route: 'hubot'
        })
        await msg.send(asked.message)
      } catch (err) {
        await msg.send(`refused with ${err.status}: ${err.message}`)
      }
      return
    }
  })

  const stream = await api.stream.listen()
  stream.addEventListener('st2.announcement__chatops', (event) => {
    const { channel, message } = JSON.parse(event.data).payload
    robot.messageRoom(channel, message)
  })
  await new Promise((resolve) => stream.addEventListener('open', resolve))
  await load()
  robot.messageRoom('status', `${commands.size} commands`)
}

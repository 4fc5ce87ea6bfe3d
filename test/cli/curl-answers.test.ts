// The command held against curl where answers are odd, or not allowed at all: what is read of them, and how it ends.

import { compareWithCurl, type Differences } from '../support/beside-curl.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n'
const CHUNKED = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
const attached = (value: string): string => `${OK}Content-Disposition: attachment; ${value}\r\n\r\nok`

/** What is answered, by the path. */
const ANSWERS: Readonly<Record<string, string>> = {
  ok: `${OK}\r\nok`,
  old: 'HTTP/1.0 200 OK\r\n\r\nold',
  lines: 'HTTP/1.1 200 OK\nContent-Length: 2\n\nok',
  spaced: `${OK}X-A : 1\r\n\r\nok`,
  long: `${OK}X-A: ${'h'.repeat(90_000)}\r\n\r\nok`,
  many: `${OK}${'X-A: h\r\n'.repeat(3_000)}\r\nok`,
  ssh: 'SSH-2.0-OpenSSH_9\r\n',
  version: 'HTTP/9 200 OK\r\n\r\n',
  status: 'HTTP/1.1 20 OK\r\n\r\n',
  size: `${CHUNKED}zz\r\nhello\r\n0\r\n\r\n`,
  end: `${CHUNKED}5\r\nhelloX\r\n0\r\n\r\n`,
  padded: `${CHUNKED}5 \r\nhello\r\n0\r\n\r\n`,
  early: `HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n${CHUNKED}5;a=b\r\nhello\r\n0\r\nX-T: 1\r\n\r\n`,
  cut: `${CHUNKED}5\r\nhel`,
  gzip: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
  notag: `${OK}ETag:\r\n\r\nok`,
  words: attached('filename=two words.txt'),
  twice: attached('filename=a; filename=b'),
  path: attached('filename="../../up.txt"'),
  single: attached("filename='one.txt'"),
  bare: 'no head at all\n',
  star: attached("filename*=UTF-8''na%20me.txt"),
}

const CASES: readonly string[] = [
  'RAW/ok',
  'RAW/old -w %{http_version}',
  'RAW/lines',
  'RAW/spaced',
  'RAW/long -o out.txt',
  'RAW/many -o out.txt',
  'RAW/ssh',
  'RAW/version',
  'RAW/status',
  'RAW/size',
  'RAW/end',
  'RAW/padded',
  '--raw -i RAW/early',
  '--raw -w %{size_download} RAW/early',
  '--raw RAW/cut',
  '--raw RAW/size',
  '--raw RAW/old',
  '--raw RAW/gzip',
  '--etag-save tag.txt RAW/notag',
  '-OJ RAW/words',
  '-OJ RAW/twice',
  '-OJ RAW/path',
  '-OJ RAW/star',
  '-OJ RAW/single',
  '--http0.9 -i RAW/bare',
  '--http0.9 -D h.txt -o out.txt -w %{size_header}|%{http_code}|%{http_version} RAW/bare',
]

const DIFFERENCES: Differences = {}

compareWithCurl('the command beside curl, with odd answers', {
  cases: CASES,
  differences: DIFFERENCES,
  answers: ANSWERS,
})

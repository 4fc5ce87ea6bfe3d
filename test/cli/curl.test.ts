// The command held against curl: the same words to both, against one server. Compared are the bytes of the requests, standard
// output, the files that are there afterwards, and the exit code.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, it } from 'node:test'
import { runCommand } from '../support/command.ts'
import { CommandPeer } from '../support/command-peer.ts'
import { need } from '../support/need.ts'
import { checkOpenHandles } from '../support/open-handles.ts'

checkOpenHandles()

const skip = need('curl')
const STDIN = 'a\r\nb=c\n'

/** Files that are there before each run. */
const FILES: Readonly<Record<string, string>> = {
  'data.txt': 'line one\r\nline two\n',
  'part.txt': 'abcdefghij',
  'old.txt': 'old content, longer than the new one\n',
  'headers.txt': 'X-File-One: 1\nX-File-Two: 2\n',
  'picture.png': '\u0089PNG not really',
  'etag.txt': '"v1"\n',
  'jar.txt':
    '# Netscape HTTP Cookie File\n127.0.0.1\tFALSE\t/\tFALSE\t0\tsession\ts\n127.0.0.1\tFALSE\t/\tFALSE\t4102444800\tlong\tl\n',
  'netrc.txt': 'machine 127.0.0.1 login me password pw\n',
  'config.txt': '# a comment\nheader = "X-Config: yes"\nurl HOST/from-config\n--silent\ndata "x=\\"1\\""\n',
  'odd.txt': 'no-such-option = 1\nmax-time = soon\nurl HOST/odd\n',
  'format.txt': '%{http_code}\r\n%{method}\n\\n',
}

/** `URL` stands for the server with its scheme, `HOST` for it without, `~` for a blank inside a word. */
const CASES: readonly string[] = [
  // The request line and the URL.
  'URL',
  'HOST/no-scheme',
  'http:/HOST/one-slash',
  'http:///HOST/three-slashes',
  'http:////HOST/four-slashes',
  'HTTP:/HOST?q -G -d a=b',
  '-T data.txt http:/HOST',
  'http:',
  'http:/',
  '/HOST/ok',
  '//HOST/ok',
  '?q',
  'URL/path/to?query=1&more=%20#fragment',
  'URL?',
  'URL/a/../b/./c',
  'URL/a/b/..',
  'URL/../../x',
  'URL/a/%2e%2e/b',
  '--path-as-is URL/a/../b/./c',
  '--request-target /other URL/x',
  '-X OPTIONS --request-target * URL/',
  '-X OPTIONS --request-target * -w %{url_effective}|%{redirect_url}|%{scheme} URL/redirect/302',
  'URL/a|b^c`d"e<f>',
  '-g URL/{a}[1]',
  'URL/?q[]=1&q[]=[1-2]',
  'URL/x[1-3]',
  'URL/x[01-05:2]',
  'URL/{one,two}/[a-c:2]',
  'URL/x -X DELETE',
  '-X PROPFIND URL',
  '-I URL/ok',
  '-I URL/status/404',
  'URL/ok URL/many',
  '--url URL/ok --url URL/many',
  '-0 URL/ok',
  '--http1.1 URL/ok',
  '-G -d a=1 -d b=2 URL/get',
  '-G -d a=1 URL/get?z=0',
  '-G -d a=1 URL/get#frag',
  '-G --data-urlencode text=a&b=c URL/get',
  '-I -G -d a=1 URL/get',
  '--url-query a=1 --url-query b=x&y URL/q',
  '--url-query +raw&thing URL/q?z',
  // Bodies.
  '-d spam=1 -d eggs=2 URL/',
  '-d  URL/',
  '-d @- URL/',
  '--data-binary @- -d x URL/',
  '-d @- URL/one URL/two',
  '-d @- -d @- URL/',
  '-d @- --data-urlencode @- URL/',
  '-G -d @- -d @- URL/',
  '-d @- URL/one --next -d @- URL/two',
  '-d x URL/[1-2] --next -G -d y URL/three',
  '-sS -X POST -H X:~1 -H X;  URL/',
  '-Lsf -o out.txt -D heads.txt URL/chain/2',
  '-r 0-1 -i URL/range',
  '-H Range:~bytes=0-2 URL/range',
  '-A a -e b -b c=d -u e:f --compressed -H X:~y -d z URL/order',
  '-F a=<- URL/',
  '-F a=@data.txt;type=text/plain -F b=@picture.png -F c=d URL/',
  '-T part.txt -H Content-Type:~text/x URL/typed',
  '-Z --parallel-max 1 URL/ok URL/many',
  '--json {} --json {} -X PATCH URL/',
  '-w %{url}|%{referer}\\n -e r URL/ok',
  '-w %{time_redirect}|%{num_redirects}|%{url_effective}\\n URL/ok',
  '--data-binary @data.txt URL/',
  '--data-binary @data.txt -d tail URL/',
  '-d @data.txt -X PUT -H Content-Type:~text/plain URL/',
  '--data-ascii @data.txt URL/',
  '--data-raw @data.txt URL/',
  '--data-urlencode a&b URL/',
  '--data-urlencode =a&b URL/',
  '--data-urlencode name=a&b URL/',
  '--data-urlencode @data.txt URL/',
  '--data-urlencode name@data.txt URL/',
  '--json {"a":1} URL/',
  '--json {"a":~ --json 1} URL/',
  '--json @data.txt URL/',
  '--json {} -H Content-Type:~application/x URL/',
  '-T data.txt URL/upload',
  '-T data.txt URL/folder/',
  '-T data.txt HOST',
  '-T data.txt URL/up/?q=1/',
  '-T data.txt HOST?q=1',
  '-T data.txt URL/up/#f/',
  '-T data.txt URL/up?q=1/',
  '-T - URL/stdin',
  '-T data.txt -X POST URL/x',
  '-T {data.txt,part.txt} URL/up/',
  '-F a=1 -F b=two URL/',
  '-F a=@data.txt;filename=x URL/',
  '-F a=@data.txt;type=y URL/',
  '-F a=@data.txt;type=/y URL/',
  '-F a=1;type=y/ URL/',
  '-F a=@data.txt;type=x/y;charset=utf-8 URL/',
  '-F a=@data.txt; URL/',
  '-F a=@data.txt;odd=1;type=x/y URL/',
  '-F =b -F =@data.txt -F = URL/',
  '-F a=<- -F b=<- -F c=@- URL/',
  '-H Content-Type:~multipart/mixed -F a=1 URL/',
  '-H Content-Type:~multipart/form-data;~boundary=XX -F a=1 URL/',
  '-F a=@data.txt;filename=x.png URL/',
  '-G -T data.txt -d a=b URL/x',
  '-F file=@data.txt URL/',
  '-F file=@picture.png;type=image/x;filename=other.bin URL/',
  '-F text=<data.txt URL/',
  '-F a=1;type=text/html URL/',
  '-F file=@- URL/',
  '-F a=x;type= URL/',
  '-F a=@data.txt;TYPE=x/y;filename="q\\"q" URL/',
  '-F a=@picture.png;filename=none -F =x URL/',
  '-z 20200131~10:00 URL/ok',
  '-z -31~Jan~2020 URL/ok',
  '--form-string a=@not;type=x URL/',
  '-F n"ame=1 URL/',
  '-d x -H Transfer-Encoding:~chunked URL/',
  '-d x -H Expect:~100-continue URL/',
  '-d x -H Content-Length:~1 URL/',
  // Header fields.
  '-H X-One:~1 -H x-two:~2 -H X-One:~3 URL/',
  '-H Accept: -H Host:~elsewhere URL/',
  '-H X-Empty; URL/',
  'http://x.localhost:PORT/',
  '-H NoColon -H  -H :x -H a;b -H X-Good:~1 URL/',
  '-H @headers.txt URL/',
  '-H Connection:~close -d x URL/',
  '-A agent URL/',
  '-A  URL/',
  '-H User-Agent:~mine -A other URL/',
  '-e http://from.example/ URL/',
  '-e ;auto -L URL/chain/1',
  '-u me:pass:word -d x -H X-Y:~z URL/',
  'http://me:p%40ss@HOST/',
  '-u me:pw -H Authorization:~mine URL/',
  '--oauth2-bearer TOKEN URL/',
  '--oauth2-bearer t\u00f6ken URL/',
  '--basic -u me:pw URL/',
  '-r 0-4 URL/range',
  '-r -4 URL/range',
  '-r 5 URL/range',
  '-r 5,8 URL/range',
  '-r 10- URL/range',
  '-b a=1;b=2 URL/',
  '-b a=1 -b c=3 URL/',
  '--anyauth -u me:pw URL/private',
  '--anyauth -u me:wrong URL/private',
  '-i --anyauth -u me:pw URL/private',
  '--netrc-file netrc.txt URL/private',
  '--netrc-file netrc.txt -u other:pw URL/private',
  '-b jar.txt URL/ok',
  '-b jar.txt -j URL/ok',
  '-b missing.txt URL/ok',
  '-b @jar.txt URL/ok',
  '-b @a=b URL/ok',
  '-c  URL/cookie',
  '--netrc-file missing.txt URL/private',
  '-b  -L URL/cookie',
  '-L URL/cookie',
  '-c kept.txt -L URL/cookie',
  '-b jar.txt -b x=y URL/ok',
  '-c - -b jar.txt URL/ok',
  '-z 21~Oct~2015~08:00:00~GMT URL/ok',
  '-z -21~Oct~2015~08:00:00~GMT URL/ok',
  '--compressed URL/odd',
  '--compressed URL/gzip',
  'URL/gzip -o raw.gz',
  // Output.
  '-o out.txt URL/ok',
  '-o old.txt URL/ok',
  '-o - URL/ok',
  '-O URL/ok',
  '-O URL/ok?query',
  '-O URL/ok/a%20b.txt',
  '-O URL/ok/a%2fb%2F..%2f..%2fc',
  '-OJ URL/named',
  '-OJ -C - URL/named',
  '-OJ -i URL/named',
  '-OJI URL/named',
  '--no-clobber -OJ URL/named URL/named',
  '-o  URL/ok',
  '--create-dirs -o /proc/nosuch/x URL/ok',
  '-o . URL/ok',
  '-D . -o x URL/ok',
  '--stderr no/such/file URL/ok',
  '-c no/such/jar URL/ok',
  '-w @missing.txt URL/ok',
  '--etag-save no/such/tag URL/ok',
  '--etag-save tag.txt URL/many',
  '--etag-save etag.txt URL/many',
  '-f --etag-save tag.txt URL/status/404',
  '--retry 1 --no-clobber -o old.txt URL/flaky',
  '--retry 1 -OJ URL/flaky',
  '-s -c kept.txt URL/cookie --next -s -b kept.txt -c kept.txt URL/ok',
  '-O -O URL/ok URL/many',
  '-o one -o two URL/ok URL/many',
  '-o same URL/ok URL/many',
  '--remote-name-all URL/ok URL/many',
  '-o x#1.txt URL/{ok,many}',
  '-o x#1-#2.txt URL/{ok,many}/[1-2]',
  '--create-dirs -o deep/er/out.txt URL/ok',
  '-o no/such/folder URL/ok',
  '--output-dir made --create-dirs -O URL/ok',
  '--no-clobber -o old.txt URL/ok',
  '--remove-on-error -o cut.txt URL/cut',
  '-o cut.txt URL/cut',
  '-o empty.txt URL/empty',
  '-i URL/many',
  '-i URL/chunked',
  '-D heads.txt URL/many',
  '-D - URL/many',
  '-D heads.txt URL/ok URL/many',
  '-i -L URL/chain/2',
  '-C - -o part.txt URL/range',
  '-C 20 URL/range',
  '-C - -o part.txt URL/ok',
  '-sS -C - -o part.txt URL/status/404',
  '-f -C - -o part.txt URL/status/404',
  '--fail-with-body -C - -o part.txt URL/status/404',
  '-C 30 -o part.txt URL/range',
  '-f -C 30 -o part.txt URL/range',
  '--fail-with-body -C 30 -o part.txt URL/range',
  '-C 0 -o part.txt URL/ok',
  '-C - URL/range',
  '-C - -i -o part.txt URL/range',
  '-o x#10 URL/{a,b}',
  '-sS -L --proto-redir =https URL/redirect/302',
  '-A € -e http://h/€ -b a=€ URL/',
  '-H Content-Type:~multipart/form-data -F a=1 URL/',
  '-L --data-binary @data.txt URL/redirect/307',
  '--etag-save tag.txt URL/ok',
  '--etag-compare etag.txt URL/ok',
  '--etag-save tag.txt --etag-compare tag.txt URL/ok',
  '--etag-save etag.txt --etag-compare etag.txt URL/ok',
  '--etag-compare missing.txt URL/ok',
  '-f URL/status/404',
  '-f URL/status/404 -o none.txt',
  '--fail-with-body URL/status/500',
  '-f URL/ok',
  '--max-filesize 10 URL/big',
  '--max-filesize 200k URL/big -o big.txt',
  '--max-filesize 10 -I URL/big',
  '--max-filesize 10 URL/chunked',
  '--max-filesize 5 -L URL/redirect/302?to=/empty',
  '-w %{http_code}|%{content_type}|%{size_download}|%{num_redirects}|%{method}|%{scheme}\\n URL/ok',
  '-w %{response_code}|%{url_effective}|%{redirect_url}|%{num_headers}|%{http_version}\\n URL/redirect/302',
  '-s -w %{urlnum}, URL/ok?[1-2] URL/many --next -s -w %{urlnum}, URL/ok?{a,b}',
  '-s --compressed -w %{size_download} URL/gzip',
  '-I -X GET -w %{size_download} URL/ok',
  '-w %{filename_effective}|%{num_connects}|%{urlnum}|%{remote_ip}\\n -o a.txt URL/ok URL/many',
  '-w %{header_json} URL/many',
  '-w %header{x-one}-%header{none}\\n URL/many',
  '-w %{exitcode}|%{onerror}bad URL/cut',
  '-A x -w %{size_request}|%{size_upload} URL/ok',
  '-A x -d hello -w %{size_request}|%{size_upload} URL/',
  '-A x -F a=1 -w %{size_request}|%{size_upload} URL/',
  '-A x -T - -w %{size_request} URL/',
  '-A x -L -d x=1 -w %{size_request}|%{size_upload} URL/redirect/307',
  '-A x -L -d x=1 -w %{size_request}|%{size_upload} URL/redirect/302',
  '-A x -d x=1 -w %{scheme}|%{size_request}|%{size_upload}|%{remote_ip}|%{num_connects} http://127.0.0.1:1/',
  '-A x -d x=1 -w %{scheme}|%{size_request}|%{size_upload}|%{remote_ip}|%{num_connects} URL/nothing',
  '-A x -m 0.3 -w %{scheme}|%{size_request}|%{remote_ip}|%{local_ip}|%{num_connects} URL/silent',
  '-A x -L -w %{scheme}|%{size_request}|%{num_connects} URL/redirect/302?to=http://127.0.0.1:1/',
  '-A x -L -w %{remote_ip}|%{num_connects} URL/redirect/302?to=/nothing',
  '-w %{scheme}|%{size_request} http://no-such-name.invalid/',
  '-w %{nosuch}%%\\t. URL/ok',
  '-w a%{stderr}b%{nosuch}c%{stdout}d%{url.nosuch} URL/ok',
  '-w @format.txt URL/ok',
  '-w %{stderr}x%{stdout}y URL/ok',
  // Redirects.
  'URL/redirect/302',
  '-L URL/redirect/301',
  '-L URL/chain/3 -w %{num_redirects}',
  '-L -d x=1 URL/redirect/302',
  '-L -d x=1 URL/redirect/303',
  '-L -d x=1 URL/redirect/307',
  '--post301 -L -d x=1 URL/redirect/301',
  '--post302 -L -d x=1 URL/redirect/302',
  '--post303 -L -d x=1 URL/redirect/303',
  '--post301 -L -d x=1 URL/redirect/302',
  '--post301 --post302 --post303 -L -d x=1 -F a=1 URL/redirect/303',
  '--post301 --post302 --post303 -L -F a=1 URL/redirect/303',
  '--post302 -L -T data.txt URL/redirect/302',
  '--post301 URL/redirect/301',
  '-L --max-redirs 1 URL/chain/3',
  '-L --max-redirs 0 URL/ok',
  '-L --max-redirs 1 -i URL/chain/3',
  '-L --max-redirs 1 -D heads.txt URL/chain/3',
  '-L --max-redirs 0 -i -o out.txt URL/chain/3',
  '-L --max-redirs 1 -w %{http_code}|%{num_redirects}|%{url_effective}|%{redirect_url}|%{size_header}\\n URL/chain/3',
  '-L -i -w %{http_code}|%{num_redirects}|%{url_effective}|%{redirect_url}|%{method}\\n URL/redirect/302?to=/nothing',
  '-L -i -w %{http_code}|%{num_redirects}|%{num_connects}\\n URL/redirect/302?to=http://127.0.0.1:1/',
  '-L -D heads.txt URL/redirect/302?to=ftp2://127.0.0.1/',
  '-D heads.txt URL/nothing',
  '-D heads.txt URL/chunked',
  '-H @- URL/',
  '-w %{filename_effective}|%{http_code} -f -o none.txt URL/status/404',
  '-w %{url_effective}\\n HTTP://HOST/%41?x#y',
  '-D heads.txt URL/ok --next -D heads.txt URL/many',
  '-L -u me:pw URL/chain/1',
  '-L -b a=1 URL/chain/1',
  '-L -I URL/chain/1',
  '-L --json {} URL/redirect/308',
  // The command.
  '-K config.txt',
  '-K odd.txt',
  '--ret 1 URL/ok',
  'URL/ok --next -d x URL/second',
  '-H X-A:~1 URL/ok --next -I URL/second',
  '-Z -o 1.txt -o 2.txt URL/ok URL/ok',
  '--retry 2 --retry-delay 1 URL/flaky',
  '--retry 1 URL/status/404',
  '--retry 1 --retry-max-time 1 --retry-delay 1 URL/status/503',
  '-sS --fail-early -f URL/status/404 URL/ok',
  '-f URL/status/404 URL/ok',
  '-sSLo out.txt URL/chain/1',
  '-sm5 URL/ok',
  '-XPUT -dx URL/',
  '--resolve name.test:PORT:127.0.0.1 http://name.test:PORT/',
  '--connect-to name.test:80:127.0.0.1:PORT http://name.test/x',
  '--connect-to ::127.0.0.1:PORT http://name.test/x',
  '-4 --interface 127.0.0.1 --connect-timeout 5 URL/ok',
  '--proto =https URL/ok',
  '--proto-default https --proto -https HOST/ok',
  '--limit-rate 1M URL/big -o big.txt',
  '-m 0.3 URL/silent',
  '-m 0 --connect-timeout 0 URL/ok',
  '-y 0 -Y 0 --limit-rate 0 URL/ok',
  '-Y 1000000 -y 0 --expect100-timeout 0 -T data.txt URL/x',
  '--next URL/ok',
  // Failures.
  'http://127.0.0.1:1/',
  'http://no-such-name.invalid/',
  'ftp2://HOST/',
  'http://ho~st/',
  '-w %{exitcode}|%{http_code}|%{url}|%{url_effective}|%{scheme}|%{method}\\n http://ho~st/ ftp2://HOST/x URL/ok',
  'URL/cut',
  'URL/nothing',
  '--no-such-option URL',
  '--max-time soon URL',
  '--rate 20/s URL/ok?[1-2]',
  '--rate 9999999 URL/ok?[1-2]',
  '--rate 0/s URL/ok',
  '--rate 2/x URL/ok',
  '--rate 2/ URL/ok',
  '--rate -1/s URL/ok',
  '--rate 1.5/s URL/ok',
  '--rate 99999999999999999999/s URL/ok',
  '--retry -1 URL/ok',
  '--retry 0x1 URL/ok',
  '--retry 1e1 URL/ok',
  '--retry +0 URL/ok',
  '--retry 99999999999999999999 URL/ok',
  '--max-time 99999999999999999999 URL/ok',
  '--parallel-max -1 URL/ok',
  '--happy-eyeballs-timeout-ms -1 URL/ok',
  '-L --max-redirs -1 URL/chain/2',
  '-L --max-redirs -2 URL/chain/2',
  '-d @missing.txt URL',
  '-F file=@missing.txt URL',
  '-T missing.txt URL/',
  '--resolve nonsense URL/ok',
  '-d x -F a=1 URL/',
  'URL/x[3-1]',
  'URL/{a',
  'URL/a]b',
  'URL/{a}}',
  '-g URL/a]}b',
  '--cacert missing.pem https://HOST/',
  '--crlfile missing.pem https://HOST/',
  '--ciphers nosuch https://HOST/',
  '--cert missing.pem https://HOST/',
]

/** What is other than in this curl, and why: what is not compared. */
const DIFFERENCES: Readonly<Record<string, readonly ('requests' | 'stdout' | 'files' | 'code')[]>> = {
  // It writes %3d where it should write %3D (RFC 3986 §2.1); newer ones write that.
  '-G --data-urlencode text=a&b=c URL/get': ['requests'],
  // It adds a boundary of its own behind that one, and servers take the first.
  '-H Content-Type:~multipart/form-data;~boundary=XX -F a=1 URL/': ['requests'],
  // What comes in once is given to each request that asks for it.
  '-d @- URL/one --next -d @- URL/two': ['requests'],
  // It ends with 33 or with 22, as the body comes sooner or later.
  '--fail-with-body -C - -o part.txt URL/status/404': ['code'],
  // It leaves out the line that ends the head.
  '--max-filesize 10 -I URL/big': ['stdout'],
  // Newer ones end with 63, too.
  '--max-filesize 10 URL/chunked': ['stdout', 'code'],
  // It refuses the body of the redirect, which nobody gets.
  '--max-filesize 5 -L URL/redirect/302?to=/empty': ['requests', 'code'],
  // It joins cookies with a semicolon alone; RFC 6265 §4.2.1 asks for a blank behind it.
  '-b a=1 -b c=3 URL/': ['requests'],
  // It warns, and sends an empty body. Newer ones end with 26, too.
  '-d @missing.txt URL': ['requests', 'stdout', 'code'],
  // The challenge is a matter of the client, and its head is not shown.
  '-i --anyauth -u me:pw URL/private': ['stdout'],
  // It sends the younger cookie first; RFC 6265 §5.4 asks for the older one.
  '-b  -L URL/cookie': ['requests'],
  // The same, and who has written the file.
  '-c kept.txt -L URL/cookie': ['requests', 'files'],
  '-c - -b jar.txt URL/ok': ['stdout'],
  // What was said comes before what is kept.
  '-b jar.txt -b x=y URL/ok': ['requests'],
  // RFC 9110 §8.6: a POST without content says so.
  '-sS -X POST -H X:~1 -H X;  URL/': ['requests'],
  // It makes folders before it asks.
  '--create-dirs -o /proc/nosuch/x URL/ok': ['requests'],
  // It crashes.
  '-D . -o x URL/ok': ['requests', 'code', 'files'],
  // Its manual calls it a possibly lethal situation, of which it says nothing.
  '-c no/such/jar URL/ok': ['code'],
  // It writes nothing then; newer ones end with 26, too.
  '-w @missing.txt URL/ok': ['requests', 'stdout', 'code'],
  '-s -c kept.txt URL/cookie --next -s -b kept.txt -c kept.txt URL/ok': ['requests', 'files'],
  // It connects before it looks.
  '--crlfile missing.pem https://HOST/': ['requests'],
  '--ciphers nosuch https://HOST/': ['requests'],
  '--cert missing.pem https://HOST/': ['requests'],
  '--cacert missing.pem https://HOST/': ['requests'],
}

interface Result {
  readonly requests: string
  readonly stdout: string
  readonly files: Readonly<Record<string, string>>
  readonly code: number | null
}

let peer: CommandPeer
const root = mkdtempSync(path.join(os.tmpdir(), 'httplib-curl-'))
const start = process.cwd()

function wordsOf(text: string): string[] {
  return text
    .split(' ')
    .map((word) =>
      word
        .replaceAll('~', ' ')
        .replaceAll('URL', `http://127.0.0.1:${peer.port}`)
        .replaceAll('HOST', `127.0.0.1:${peer.port}`)
        .replaceAll('PORT', String(peer.port)),
    )
}

function fresh(name: string): string {
  const folder = path.join(root, name)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder)
  for (const [file, text] of Object.entries(FILES))
    writeFileSync(path.join(folder, file), text.replace('HOST', `127.0.0.1:${peer.port}`))
  return folder
}

/** The same words for what may differ in every case. */
function normal(text: string): string {
  return (
    text
      .replaceAll(String(peer.port), 'PORT')
      .replace(/^User-Agent: (?:curl|httplib)\/[\d.]+(?:-\S+)?\r\n/gm, 'User-Agent: NAME\r\n')
      .replace(/-{24}[0-9a-f]{16}/g, 'BOUNDARY')
      // It asks first before each PUT; newer ones from 1 MiB up, as the command does.
      .replace(/(Content-Length: \d{1,5}\r\n)Expect: 100-continue\r\n/gm, '$1')
      // An empty value has a blank before it, or none.
      .replace(/^([\w-]+:) \r\n/gm, '$1\r\n')
      // What a decoder can undo is not the same everywhere.
      .replace(/^Accept-Encoding: .*\r\n/gm, 'Accept-Encoding: CODINGS\r\n')
  )
}

function filesOf(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return Object.fromEntries(
    names
      .filter((name) => statSync(path.join(folder, name)).isFile())
      .map((name) => [name, readFileSync(path.join(folder, name), 'latin1')]),
  )
}

async function runCurl(words: readonly string[]): Promise<Result> {
  const folder = fresh('curl')
  const child = spawn('curl', ['-q', '-s', '--noproxy', '*', ...words], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  const stdout: Buffer[] = []
  child.stdout.on('data', (piece: Buffer) => stdout.push(piece))
  child.stdin.on('error', () => {})
  child.stdin.end(STDIN)
  const [code] = (await once(child, 'close')) as [number | null]
  return finish(Buffer.concat(stdout), folder, code)
}

async function runOurs(words: readonly string[]): Promise<Result> {
  const folder = fresh('ours')
  process.chdir(folder)
  try {
    const { code, stdout } = await runCommand(['-q', ...words], { stdin: STDIN })
    return finish(stdout, folder, code)
  } finally {
    process.chdir(start)
  }
}

function finish(stdout: Buffer, folder: string, code: number | null): Result {
  return {
    requests: normal(peer.takeRequests()),
    stdout: normal(stdout.toString('latin1')),
    files: filesOf(folder),
    code,
  }
}

describe('the command beside curl', { skip }, () => {
  before(async () => {
    peer = await CommandPeer.start()
  })
  after(async () => {
    await peer[Symbol.asyncDispose]()
    rmSync(root, { recursive: true })
  })
  for (const text of CASES) {
    it(text, async () => {
      const words = wordsOf(text)
      const theirs = await runCurl(words)
      const ours = await runOurs(words)
      for (const what of ['requests', 'stdout', 'files', 'code'] as const) {
        if (DIFFERENCES[text]?.includes(what) !== true) assert.deepEqual(ours[what], theirs[what], what)
      }
    })
  }
})

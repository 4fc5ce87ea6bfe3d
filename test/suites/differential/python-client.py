"""Python's http.client as a client of a differential run.

Reads one JSON object a line from standard input, {"number", "port", "method", "closes"}, and answers each with one on
standard output, in the order in which they are done. Text is latin1, bodies are in hexadecimal.
"""

import http.client
import json
import sys
from concurrent.futures import ThreadPoolExecutor

THREADS = 32


def exchange(connection, method, path):
    connection.request(method, path)
    response = connection.getresponse()
    return response, response.read()


def ask(line):
    case = json.loads(line)
    connection = http.client.HTTPConnection('127.0.0.1', case['port'], timeout=20)
    path = '/%d' % case['number']
    answer = {'number': case['number']}
    try:
        response, body = exchange(connection, case['method'], path)
        answer.update(
            version=response.version,
            status=response.status,
            reason=response.reason,
            fields=response.headers.items(),
            body=body.hex(),
        )
        if not case['closes']:
            answer['second'] = ask_again(connection, path + '/again')
    except Exception as error:
        answer.update(
            error=type(error).__name__,
            message=str(error),
            isOwn=isinstance(error, http.client.HTTPException),
        )
    finally:
        connection.close()
    return json.dumps(answer)


def ask_again(connection, path):
    try:
        return exchange(connection, 'GET', path)[1].hex()
    except Exception:
        return None


if sys.argv[1:] == ['--version']:
    print('%d.%d.%d' % sys.version_info[:3])
else:
    with ThreadPoolExecutor(THREADS) as pool:
        for answer in pool.map(ask, sys.stdin):
            print(answer, flush=True)

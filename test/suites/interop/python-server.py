"""Python's http.server as a peer of the interop tests: HTTP and HTTPS, on ports that it prints.

    python3 python-server.py FOLDER CERTIFICATE KEY

Files, HEAD, 304 and 404 are http.server's own. What it has not is here: ranges, uploads whose SHA-256 is answered in
X-Sha256, and chunked bodies both ways.
"""

import hashlib
import http.server
import json
import os
import re
import ssl
import sys
import threading

PIECE = 65536


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    timeout = 60
    # Head and body are written one after the other: without this each answer waits for an acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self):
        span = re.fullmatch(r'bytes=(\d*)-(\d*)', self.headers.get('Range', ''))
        if self.path.startswith('/chunked/'):
            self.send_chunked(self.path[len('/chunked'):])
        elif span:
            self.send_range(*span.groups())
        else:
            super().do_GET()

    def do_POST(self):
        digest = hashlib.sha256()
        for piece in self.body():
            digest.update(piece)
        self.send_response(201)
        self.send_header('X-Sha256', digest.hexdigest())
        self.send_header('Content-Length', '0')
        self.end_headers()

    do_PUT = do_POST

    def body(self):
        if self.headers.get('Transfer-Encoding', '').lower() == 'chunked':
            while size := int(self.rfile.readline().split(b';')[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline() not in (b'\r\n', b''):
                pass
        else:
            left = int(self.headers.get('Content-Length', 0))
            while left > 0:
                piece = self.rfile.read(min(PIECE, left))
                if not piece:
                    raise EOFError('the body broke off')
                left -= len(piece)
                yield piece

    def send_chunked(self, path):
        with open(self.translate_path(path), 'rb') as file:
            self.send_response(200)
            self.send_header('Transfer-Encoding', 'chunked')
            self.end_headers()
            while piece := file.read(10007):
                self.wfile.write(b'%x\r\n%s\r\n' % (len(piece), piece))
            self.wfile.write(b'0\r\n\r\n')

    def send_range(self, first, last):
        with open(self.translate_path(self.path), 'rb') as file:
            content = file.read()
        size = len(content)
        begin = int(first) if first else size - int(last)
        end = min(int(last), size - 1) if first and last else size - 1
        if begin > end:
            self.send_response(416)
            self.send_header('Content-Range', f'bytes */{size}')
            self.send_header('Content-Length', '0')
            self.end_headers()
            return
        self.send_response(206)
        self.send_header('Content-Range', f'bytes {begin}-{end}/{size}')
        self.send_header('Content-Length', str(end - begin + 1))
        self.end_headers()
        self.wfile.write(content[begin:end + 1])

    def end_headers(self):
        self.send_header('X-Peer-Port', str(self.client_address[1]))
        super().end_headers()

    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        # A client that goes away is no error.
        if not isinstance(sys.exc_info()[1], (ConnectionError, ssl.SSLError, TimeoutError)):
            super().handle_error(request, client_address)


def main(folder, certificate, key):
    os.chdir(folder)
    plain, secure = Server(('127.0.0.1', 0), Handler), Server(('127.0.0.1', 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    # The handshake is made by the thread of the connection, so that nobody holds the others up.
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    for server in plain, secure:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({'http': plain.server_port, 'https': secure.server_port}), flush=True)
    sys.stdin.read()


main(*sys.argv[1:])

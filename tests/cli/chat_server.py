#!/usr/bin/env python3
"""A chat endpoint on 127.0.0.1 that misbehaves on purpose, for tests/cli/kb-build-ask.sh.

chat_server.py FOLDER: listens on a port of the system's choice, which it writes to FOLDER/port, and stops by itself
after a while or when the program that started it is gone. FOLDER/plan tells what to do: a line CODE STEP..., "*" for all
other codes, "#" a number that tells one plan from the next; each request about a code takes the next step, the last one
stays. FOLDER/log gets a line a request: code, step, and what of the request the test wants to see."""
import gzip, json, os, re, select, signal, socket, struct, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

folder = sys.argv[1]
lock = threading.Lock()
seen = {}
busy = 0  # requests being served
GOOD = "**Medical terms**:\n- term of {0}\n\nAbbreviations:\n- AB{1}\n\nSynonyms:\n- other word for {0}\n"


def step_of(code):
    plan = {}
    with open(folder + "/plan") as f:
        for line in f:
            words = line.split()
            if words:
                plan[words[0]] = words[1:]
    with lock:  # another plan, another count
        if plan.get("#") != seen.get("#"):
            seen.clear()
            seen["#"] = plan.get("#")
    steps = plan.get(code, plan.get("*", ["ok"]))
    with lock:
        n = seen[code] = seen.get(code, 0) + 1
    return steps[min(n, len(steps)) - 1]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, status, body, kind="application/json", **headers):
        body = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        self.wfile.write(body)

    def reply(self, content, finish="stop", **more):
        message = {"role": "assistant", "content": content, **more}
        return json.dumps({"id": "x", "model": "tiny-0613", "usage": {"total_tokens": 9},
                           "choices": [{"index": 0, "message": message, "finish_reason": finish}]})

    def error(self, status, message="", code=None, param=None, **headers):
        error = {"message": message, "type": "x", "code": code, "param": param}
        self.send(status, json.dumps({"error": error}), **headers)

    def do_POST(self):
        global busy
        with lock:
            busy += 1
            at_once = busy
        try:
            self.serve(at_once)
        finally:
            with lock:
                busy -= 1

    def serve(self, at_once):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = request["messages"][0]["content"]
        found = re.search(r"code: (\S+)", prompt)
        code = found.group(1) if found else "?"
        step = step_of(code)
        with lock, open(folder + "/log", "a") as f:
            key = self.headers.get("Authorization", "-").replace("Bearer ", "")
            print(code, step, self.path, key, request["model"], *[
                "%s=%s" % (k, request[k]) for k in ("max_tokens", "max_completion_tokens", "temperature", "seed")
                if k in request], "busy=%d" % at_once, "at=%.3f" % time.monotonic(), file=f)
        good = GOOD.format(code, code.replace(".", ""))
        name, _, value = step.partition("=")
        if name == "ok":
            self.send(200, self.reply(good))
        elif name == "slow":  # for so many seconds, or until the client hangs up
            select.select([self.connection], [], [], float(value))
            self.send(200, self.reply(good))
        elif name == "after":
            self.error(429, "slow down", "rate_limit_exceeded", Retry_After=value)
        elif name == "after-ms":
            self.error(429, "slow down", retry_after_ms=value)
        elif name == "after-date":
            date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() - 5))
            self.error(503, "Loading model", Retry_After=date)
        elif name == "quota":
            self.error(429, "You exceeded your quota", "insufficient_quota")
        elif name == "limit":  # good, and the last one for a while
            self.send(200, self.reply(good), x_ratelimit_remaining_requests=0, x_ratelimit_reset_requests=value)
        elif name == "status":
            self.error(int(value), "told so: " + self.headers.get("Authorization", "")[7:] + " is the key")
        elif name == "text":
            self.send(int(value), "<html>busy</html>", "text/html")
        elif name == "html":
            self.send(200, "<html><body>welcome</body></html>", "text/html; charset=utf-8")
        elif name == "wrong-type":  # what it says is wrong, what it holds is not
            self.send(200, self.reply(good), "text/plain")
        elif name == "cut-json":
            self.send(200, self.reply(good)[:-40])
        elif name == "close":  # promises more than it sends
            body = self.reply(good).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:20])
            self.close_connection = True
        elif name == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif name == "huge":
            self.send(200, self.reply("x" * (8 << 20)))
        elif name == "bomb":  # small on the wire
            self.send(200, gzip.compress(self.reply("x" * (64 << 20)).encode()), Content_Encoding="gzip")
        elif name == "gzip":
            self.send(200, gzip.compress(self.reply(good).encode()), Content_Encoding="gzip")
        elif name == "chunked":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            body = self.reply(good).encode()
            for at in range(0, len(body), 7):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(body[at:at + 7]), body[at:at + 7]))
            self.wfile.write(b"0\r\n\r\n")
        elif name == "redirect":
            self.send(int(value), "", Location="http://127.0.0.1:%d/elsewhere" % self.server.server_port)
        elif name == "empty-choices":
            self.send(200, json.dumps({"choices": []}))
        elif name == "null":
            self.send(200, self.reply(None))
        elif name == "empty":
            self.send(200, "")
        elif name == "array":
            self.send(200, "[1, 2]")
        elif name == "deep":
            self.send(200, "[" * 100000)
        elif name == "refusal":
            self.send(200, self.reply(None, refusal="I cannot"))
        elif name == "sorry":
            self.send(200, self.reply("I'm sorry, but I cannot help with that."))
        elif name == "filter":
            self.send(200, self.reply("", "content_filter"))
        elif name == "length":
            self.send(200, self.reply(good[:30], "length"))
        elif name == "utf8":  # one expression is damaged, the rest is not
            self.send(200, self.reply(good + "- bad@@\n").encode().replace(b"@@", b"\xff\xfe"))
        elif name == "nul":
            self.send(200, self.reply(good + "- bad\0word\n"))
        elif name == "prose":  # a description where lists were asked for
            self.send(200, self.reply("Raised pressure of the blood, which has no known cause in most patients."))
        elif name == "think":
            answer = "<think>\nSynonyms: none\n</think>\n```\n" + good + "```\n"
            self.send(200, self.reply(answer, reasoning_content="hm"))
        elif name == "no-opening":  # as where the template has the opening tag
            self.send(200, self.reply("Synonyms:\n- wrong thought\n</think>\n" + good + "</s>"))
        elif name == "parts":
            self.send(200, self.reply([{"type": "thinking", "thinking": [{"type": "text", "text": "Synonyms: wrong"}]},
                                       {"type": "text", "text": good}]))
        elif name == "unclosed":
            self.send(200, self.reply("<think>\n" + good))
        elif name == "old-params" and "max_tokens" in request:
            self.error(400, "Unsupported parameter: use 'max_completion_tokens'", "unsupported_parameter", "max_tokens")
        elif name == "old-params" and "temperature" in request:
            self.error(400, "Unsupported value: 'temperature' does not support 0", "unsupported_value", "temperature")
        elif name == "old-params":
            self.send(200, self.reply(good))
        else:
            sys.exit("no step " + step)

    do_GET = do_POST


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
server.handle_error = lambda *_: None  # clients that hang up are part of the play
with open(folder + "/port.new", "w") as f:
    print(server.server_port, file=f)
os.rename(folder + "/port.new", folder + "/port")


def watch(parent=os.getppid(), end=time.monotonic() + 3600):
    while time.monotonic() < end and os.getppid() == parent:
        time.sleep(0.2)
    os._exit(0)


threading.Thread(target=watch, daemon=True).start()
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
server.serve_forever()

"""A small Hugging Face Hub on the loopback, in memory: the real protocol, as far as style packs need it.

What it holds and what goes wrong is set from a test: ``fail`` decides on each request, ``tamper`` on each file sent.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

LFS_SUFFIXES = (".safetensors", ".webp", ".png", ".gif")


def git_sha1(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def is_lfs(path: str) -> bool:
    return path.endswith(LFS_SUFFIXES)


def oid(path: str, data: bytes) -> str:
    return hashlib.sha256(data).hexdigest() if is_lfs(path) else git_sha1(data)


@dataclass
class Repo:
    private: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    refs: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes], ref: str = "main") -> str:
        names = "".join(f"{path} {oid(path, data)}\n" for path, data in sorted(files.items()))
        sha = hashlib.sha1(f"{len(self.commits)} {names}".encode()).hexdigest()
        self.commits[sha] = files
        self.refs[ref] = sha
        return sha

    def resolve(self, revision: str) -> str | None:
        return revision if revision in self.commits else self.refs.get(revision)


class Hub:
    """The server; a context manager.

    Attributes:
        tokens: Each token's user, who may write what is under their name and see their private repositories.
        repos: What it holds.
        requests: What it was asked, as ``"GET /path"``.
        fail: Given ``"GET /path"``, a status to answer with instead; None lets it pass.
        tamper: Given a path and the bytes about to be sent, other bytes; where they are fewer, the connection is cut.
    """

    def __init__(self) -> None:
        self.tokens: dict[str, str] = {}
        self.repos: dict[str, Repo] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.closed = False
        self.fail: Callable[[str], int | None] = lambda request: None
        self.tamper: Callable[[str, bytes], bytes] = lambda path, data: data
        hub = self

        class Bound(_Handler):
            pass

        Bound.hub = hub
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Hub:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        # Connections that the client keeps open are dropped as well.
        self.closed = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Refused(Exception):
    def __init__(self, status: int, code: str = "", message: str = "") -> None:
        super().__init__(message or code)
        self.status, self.code = status, code


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"
    # Without this each small answer waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self._answer("GET")

    def do_HEAD(self) -> None:
        self._answer("HEAD")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PUT(self) -> None:
        self._answer("PUT")

    def _answer(self, method: str) -> None:
        parts = urlsplit(self.path)
        self.query = parse_qs(parts.query)
        path = unquote(parts.path)
        self.body = self._read()
        request = f"{method} {path}"
        if self.hub.closed:
            self.close_connection = True
            return
        self.hub.requests.append(request)
        status = self.hub.fail(request)
        try:
            if status is not None:
                raise _Refused(status, message="told to fail")
            for verb, pattern, handler in ROUTES:
                match = re.fullmatch(pattern, path)
                if match and method in verb:
                    handler(self, **match.groupdict())
                    return
            raise _Refused(404, message="no such route")
        except _Refused as refused:
            self._json({"error": str(refused)}, refused.status, {"X-Error-Code": refused.code} if refused.code else {})

    def _read(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for key, text in (headers or {}).items():
            self.send_header(key, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    # Who asks, and what they may see.

    def _user(self) -> str | None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in self.hub.tokens:
            raise _Refused(401, message="Invalid user token.")
        return self.hub.tokens.get(token)

    def _repo(self, name: str, *, write: bool = False) -> Repo:
        user, repo = self._user(), self.hub.repos.get(name)
        mine = name.split("/")[0] == user
        if repo is None or (repo.private and not mine):
            raise _Refused(404 if user else 401, "RepoNotFound", "Repository not found")
        if write and not mine:
            raise _Refused(403 if user else 401, message="You have no right to write here")
        return repo

    def _commit(self, name: str, revision: str) -> tuple[str, dict[str, bytes]]:
        repo = self._repo(name)
        sha = repo.resolve(unquote(revision))
        if sha is None:
            raise _Refused(404, "RevisionNotFound", "Invalid rev id")
        return sha, repo.commits[sha]

    # Routes.

    def create(self) -> None:
        asked = json.loads(self.body)
        user = self._user()
        name = f"{asked.get('organization') or user}/{asked['name']}"
        if name.split("/")[0] != user:
            raise _Refused(403 if user else 401, message="You have no right to create this")
        url = f"{self.hub.url}/{name}"
        if name in self.hub.repos:
            self._json({"error": "You already created this model repo", "url": url}, 409)
            return
        private = asked.get("private") or asked.get("visibility") == "private"
        repo = self.hub.repos[name] = Repo(private=bool(private))
        repo.commit({".gitattributes": b"*.safetensors filter=lfs\n"})
        self._json({"url": url})

    def validate(self) -> None:
        front = json.loads(self.body)["content"].split("---")[1]
        errors = [{"message": "license is not one of the Hub's"}] if "license: proprietary" in front else []
        self._json({"errors": errors, "warnings": []}, 400 if errors else 200)

    def preupload(self, name: str, rev: str) -> None:
        self._repo(name, write=True)
        _, files = self._commit(name, rev)
        answer = []
        for file in json.loads(self.body)["files"]:
            path = file["path"]
            entry = {"path": path, "uploadMode": "lfs" if is_lfs(path) else "regular", "shouldIgnore": False}
            if path in files:
                entry["oid"] = oid(path, files[path])
            answer.append(entry)
        self._json({"files": answer})

    def batch(self, name: str) -> None:
        self._repo(name, write=True)
        objects = []
        for item in json.loads(self.body)["objects"]:
            entry = dict(item)
            if item["oid"] not in self.hub.blobs:
                entry["actions"] = {"upload": {"href": f"{self.hub.url}/lfs/{item['oid']}"}}
            objects.append(entry)
        self._json({"transfer": "basic", "objects": objects})

    def put(self, sha: str) -> None:
        if hashlib.sha256(self.body).hexdigest() != sha:
            raise _Refused(400, message="not what it is called")
        self.hub.blobs[sha] = self.body
        self._json({})

    def commit(self, name: str, rev: str) -> None:
        repo = self._repo(name, write=True)
        sha, before = self._commit(name, rev)
        files = dict(before)
        for line in self.body.splitlines():
            item = json.loads(line)
            key, value = item["key"], item["value"]
            if key == "header" and value.get("parentCommit", sha) != sha:
                raise _Refused(412, message="A commit has happened since. Please refresh and try again.")
            if key == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif key == "lfsFile":
                files[value["path"]] = self.hub.blobs[value["oid"]]
            elif key == "deletedFile":
                del files[value["path"]]
        if "create_pr" in self.query:
            number = 1 + sum(ref.startswith("refs/pr/") for ref in repo.refs)
            new = repo.commit(files, f"refs/pr/{number}")
        else:
            number, new = 0, repo.commit(files, unquote(rev))
        url = f"{self.hub.url}/{name}"
        answer = {"commitOid": new, "commitUrl": f"{url}/commit/{new}"}
        self._json(answer | ({"pullRequestUrl": f"{url}/discussions/{number}"} if number else {}))

    def tag(self, name: str, rev: str) -> None:
        repo = self._repo(name, write=True)
        sha, _ = self._commit(name, rev)
        tag = json.loads(self.body)["tag"]
        if tag in repo.refs:
            raise _Refused(409, message="Tag exists")
        repo.refs[tag] = sha
        self._json({})

    def info(self, name: str, rev: str = "main") -> None:
        sha, files = self._commit(name, rev)
        self._json(self._described(name, sha, files))

    def _described(self, name: str, sha: str, files: dict[str, bytes]) -> dict[str, Any]:
        front = files.get("README.md", b"---\n---").decode().split("---")[1]
        tags = re.findall(r"^- (.+)$", front, re.M) + [
            f"license:{x}" for x in re.findall(r"^license: (.+)$", front, re.M)
        ]
        return {
            "id": name,
            "sha": sha,
            "private": self.hub.repos[name].private,
            "downloads": 0,
            "tags": tags,
            "siblings": [{"rfilename": path} for path in files],
        }

    def listing(self) -> None:
        user, wanted = self._user(), set(self.query.get("filter", ()))
        found = []
        for name, repo in self.hub.repos.items():
            seen = not repo.private or name.split("/")[0] == user
            entry = self._described(name, repo.refs["main"], repo.commits[repo.refs["main"]])
            text = self.query.get("search", [""])[0]
            author = self.query.get("author", [name.split("/")[0]])[0]
            if seen and wanted <= set(entry["tags"]) and text in name and author == name.split("/")[0]:
                found.append(entry)
        self._json(found[: int(self.query.get("limit", ["1000"])[0])])

    def paths(self, name: str, rev: str) -> None:
        _, files = self._commit(name, rev)
        wanted = parse_qs(self.body.decode())["paths"]
        self._json([self._entry(path, files[path]) for path in wanted if path in files])

    def tree(self, name: str, rev: str) -> None:
        _, files = self._commit(name, rev)
        self._json([self._entry(path, data) for path, data in sorted(files.items())])

    def _entry(self, path: str, data: bytes) -> dict[str, Any]:
        entry: dict[str, Any] = {"type": "file", "path": path, "size": len(data), "oid": git_sha1(data)}
        if is_lfs(path):
            entry["lfs"] = {"oid": oid(path, data), "size": len(data), "pointerSize": 130}
        return entry

    def resolve(self, name: str, rev: str, path: str) -> None:
        sha, files = self._commit(name, rev)
        if path not in files:
            raise _Refused(404, "EntryNotFound", "Entry not found")
        data, begin = files[path], 0
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        self.send_response(206 if wanted else 200)
        if wanted:
            begin, end = int(wanted[1]), int(wanted[2] or len(data) - 1)
            self.send_header("Content-Range", f"bytes {begin}-{end}/{len(data)}")
            data = data[begin : end + 1]
        self.send_header("X-Repo-Commit", sha)
        self.send_header("ETag", f'"{oid(path, files[path])}"')
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "HEAD":
            return
        sent = self.hub.tamper(path, data)
        self.wfile.write(sent)
        self.close_connection = len(sent) < len(data)


_ID = r"(?P<name>[^/]+/[^/]+)"
ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("POST", r"/api/repos/create", _Handler.create),
    ("POST", r"/api/validate-yaml", _Handler.validate),
    ("POST", rf"/api/models/{_ID}/preupload/(?P<rev>.+)", _Handler.preupload),
    ("POST", rf"/{_ID}\.git/info/lfs/objects/batch", _Handler.batch),
    ("PUT", r"/lfs/(?P<sha>[0-9a-f]{64})", _Handler.put),
    ("POST", rf"/api/models/{_ID}/commit/(?P<rev>.+)", _Handler.commit),
    ("POST", rf"/api/models/{_ID}/tag/(?P<rev>.+)", _Handler.tag),
    ("POST", rf"/api/models/{_ID}/paths-info/(?P<rev>.+)", _Handler.paths),
    ("GET", rf"/api/models/{_ID}/tree/(?P<rev>.+)", _Handler.tree),
    ("GET", rf"/api/models/{_ID}/revision/(?P<rev>.+)", _Handler.info),
    ("GET", rf"/api/models/{_ID}", _Handler.info),
    ("GET", r"/api/models", _Handler.listing),
    ("GET HEAD", rf"/{_ID}/resolve/(?P<rev>[0-9a-f]{{40}}|refs/pr/\d+|[^/]+)/(?P<path>.+)", _Handler.resolve),
]

"""The pages as people of the rehearsal see them, each signed in by their own platform: only forms that are there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from bot.rehearsal import Stage

BOUNDARY = "rehearsal-4d1f7c"
Fields = Mapping[str, str | Sequence[str]]


@dataclass(slots=True)
class Browser:
    """`account`: platform:user id. `url` and `html`: of the page that is open."""

    stage: Stage
    account: str
    opener: OpenerDirector = field(init=False)
    url: str = ""
    html: str = ""

    def __post_init__(self) -> None:
        self.opener = build_opener(HTTPCookieProcessor(CookieJar()))
        inside = f"{self.stage.bot_url}/in?" + urlencode({"p": self.account.split(":")[0], "next": "/me"})
        self.open(f"{self.stage.sandbox_url}/_sandbox/open?" + urlencode({"phone": self.account, "url": inside}))

    def open(self, where: str | Request) -> str:
        """A path of the bot, an address, or a request. Raises HTTPError for what is refused."""
        if isinstance(where, str) and not where.startswith("http"):
            where = f"{self.stage.bot_url}{where}"
        with self.opener.open(where, timeout=20) as answer:
            self.url, self.html = str(answer.url), answer.read().decode()
        return self.html

    @property
    def path(self) -> str:
        """Of the page that is open, without what follows a question mark."""
        return self.url.removeprefix(self.stage.bot_url).partition("?")[0]

    def send(self, page: str, fields: Fields, path: str = "") -> str:
        """Open the page, fill in its form that goes to `path` (empty: to the page itself) and send it."""
        path, form = path or page, self._form(page, path or page)
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)"(?: id="\w+")?(?: value="([^"]*)")?', form))
        body = urlencode(hidden | dict(fields), doseq=True).encode()
        return self.open(Request(f"{self.stage.bot_url}{path}", body))  # noqa: S310 - loopback, as the stage's own

    def bring(self, page: str, path: str, kind: str, content: str) -> str:
        """Bring a file in, for good."""
        secret = re.findall(r'name="csrf" value="([0-9a-f]+)"', self._form(page, path))[0]
        fields = {"csrf": secret, "kind": kind, "do": "write", 'file"; filename="people.csv': content}
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
        ]
        head = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
        body = f"{''.join(parts)}--{BOUNDARY}--\r\n".encode()
        return self.open(Request(f"{self.stage.bot_url}{path}", body, head))  # noqa: S310 - see above

    def _form(self, page: str, path: str) -> str:
        """The form's own HTML; RuntimeError when the page does not offer it."""
        for each in re.findall(r"<form\b.*?</form>", self.open(page), re.S):
            if f'action="{path}"' in each:
                return str(each)
        raise RuntimeError(f"{self.account} finds no form to {path} on {page}: {self.html[:300]}")
